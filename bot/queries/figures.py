"""Counts decrees by department, month and authority, and how each department is read, for maps, charts and texts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.acts import Decree, Place, deciding_in, department_of
from bot.domain.health import Overview, Status
from bot.domain.law import lead_time
from bot.domain.posts import FRANCE
from bot.domain.publication import Timeliness
from bot.domain.records import PublishedCounts
from bot.gazetteer.gazetteer import gazetteer
from bot.gazetteer.outlines import outlines
from bot.messages.lines import date_text, place_for
from bot.messages.words import Language, Words, inert, telegram_length, words_in
from bot.queries.departments import place_label
from bot.queries.running import RunningDecrees
from bot.queries.vocabulary import vocabulary

STEPS = (1, 3, 6, 11, 21)
"""From how many decrees on a map has its next darker step; below the first it is empty."""
MONTHS = 12


class Coverage(StrEnum):
    """Whether what is published for a department is read."""

    READ = "read"
    UNREAD = "unread"  # it cannot be read at the moment, or was not read yet
    NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True)
class DepartmentFigures:
    """Counts the decrees of all who decide in a department, except those that name communes of others only, as in the lists of
    `/departement`. `in_force`: surely in force at any hour of the day; `year`: of any kind, published since the same day a year before."""

    code: str
    name: str
    in_force: int
    year: int
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Figures:
    """Holds figures of a day in Paris. `departments`: all 101, by code; `months`: the last twelve, current one last, as first day and
    decrees published; `authorities`: codes of those with decrees in them, most first. `in_force` and `year` count each decree once;
    `doubtful`: perhaps in force. `since`: first day of the watch, or None; `stalled`: nothing is read now."""

    day: date
    departments: tuple[DepartmentFigures, ...]
    months: tuple[tuple[date, int], ...]
    authorities: tuple[tuple[str, int], ...]
    in_force: int
    doubtful: int
    year: int
    since: date | None
    stalled: bool

    @property
    def in_months(self) -> int:
        """How many decrees were published in these months."""
        return sum(count for _, count in self.months)

    def having(self, coverage: Coverage) -> tuple[DepartmentFigures, ...]:
        """Return the departments that are read like this."""
        return tuple(one for one in self.departments if one.coverage is coverage)


LEAST_FOR_A_SHARE = 10
"""Decrees below which no share is told: one more would change it much."""


@dataclass(frozen=True, slots=True)
class OnlineCounts:
    """Counts authorisations by when they surely went online: after the beginning, on its day before it, on the eve, earlier."""

    after: int = 0
    same_day: int = 0
    eve: int = 0
    earlier: int = 0

    @property
    def total(self) -> int:
        """Return how many there are."""
        return self.after + self.same_day + self.eve + self.earlier

    @property
    def shares(self) -> tuple[int, ...]:
        """Return the four in per cent; none where there are too few."""
        counts, total = (self.after, self.same_day, self.eve, self.earlier), self.total
        return () if total < LEAST_FOR_A_SHARE else tuple(round(100 * count / total) for count in counts)

    @classmethod
    def of(cls, found: Iterable[Timeliness]) -> OnlineCounts:
        """Count them."""
        counts = Counter(found)
        after = counts[Timeliness.AFTER_START] + counts[Timeliness.AFTER_END]
        return cls(after, counts[Timeliness.SAME_DAY], counts[Timeliness.EVE], counts[Timeliness.EARLIER])


@dataclass(frozen=True, slots=True)
class OnlineFigures:
    """Counts how long before their beginning authorisations of twelve months went online: all, by month, by authority (most first)."""

    all: OnlineCounts
    months: tuple[tuple[date, OnlineCounts], ...]
    authorities: tuple[tuple[str, OnlineCounts], ...]


def online_figures(decrees: Iterable[Decree], places: Mapping[str, Place], now: datetime) -> OnlineFigures:
    """Count at `now` (aware) those of which it is sure, by the month in which they went online."""
    months = _months(now.astimezone(FRANCE).date())
    found: list[tuple[date, str, Timeliness]] = []
    for decree in decrees:
        place = place_for(places, decree.authority)
        lead, online = lead_time(decree, place), decree.online
        if lead is not None and online is not None:
            month = online.until.astimezone(ZoneInfo(place.time_zone)).date().replace(day=1)
            found += [(month, decree.authority, lead.timeliness)] if month >= months[0] else []
    by_month = ((one, OnlineCounts.of(timely for month, _, timely in found if month == one)) for one in months)
    codes = Counter(authority for _, authority, _ in found)
    by_authority = ((code, OnlineCounts.of(timely for _, authority, timely in found if authority == code)) for code in codes)
    return OnlineFigures(
        OnlineCounts.of(timely for *_, timely in found),
        tuple(by_month),
        tuple(sorted(by_authority, key=lambda each: (-each[1].total, each[0]))),
    )


class View(StrEnum):
    """What of the figures is wanted."""

    MAP = "map"
    CHART = "chart"


@dataclass(frozen=True, slots=True)
class FiguresAnswer:
    """The figures, as a map of what is in force or as a chart of what was published."""

    view: View
    figures: Figures
    online: OnlineCounts = OnlineCounts()


def step(count: int) -> int:
    """Return how dark a map shows a count, from 0 (empty) to 5."""
    return sum(count >= least for least in STEPS)


def counted_since(now: datetime) -> date:
    """Return the first day that figures count at `now` (aware): a year before."""
    today = now.astimezone(FRANCE).date()
    # 29 February has no namesake in the year before.
    return today.replace(year=today.year - 1, day=28 if (today.month, today.day) == (2, 29) else today.day)


def figures(
    current: RunningDecrees,
    published: PublishedCounts,
    overview: Overview,
    since: datetime | None,
    places: Mapping[str, Place],
    now: datetime,
) -> Figures:
    """Count at `now` (aware). `current` are all decrees that count then, `published` what was published from `counted_since` on."""
    day = now.astimezone(FRANCE).date()
    running = [(decree.authority, frozenset(commune.code for commune in decree.communes)) for decree in current.today(places)]
    in_force = _Tally.of(Counter(authority for authority, _ in running), running)
    year = _Tally.of(Counter[str](), published.naming)
    months = _months(day)
    by_month, by_authority = Counter[date](), Counter[str]()
    for authority, month, count in published.months:
        year.all[authority] += count
        if month >= months[0]:
            by_month[month] += count
            by_authority[authority] += count
    stalled = overview.stalled_since is not None or overview.polled_in_future is not None
    statuses = {one.code: one.status for one in overview.authorities}
    departments = []
    for outline in outlines():
        code, known = outline.code, gazetteer().department(outline.code)
        deciding = deciding_in({code}, places)
        # Besides the prefect the préfet de police must be read, but no prefect of a region, who seldom decides.
        police = (one for one in deciding if places[one].territory and not one.startswith("R-"))
        departments.append(
            DepartmentFigures(
                code,
                code if known is None else known.name,
                in_force.concerning(code, deciding),
                year.concerning(code, deciding),
                _coverage([statuses.get(one, Status.NOT_COVERED) for one in {code, *police}], stalled=stalled),
            )
        )
    return Figures(
        day,
        tuple(departments),
        tuple((month, by_month[month]) for month in months),
        tuple(sorted(by_authority.items(), key=lambda each: (-each[1], each[0]))),
        len(running),
        len(current.unsure),
        year.all.total(),
        None if since is None else since.astimezone(FRANCE).date(),
        stalled,
    )


@dataclass(frozen=True, slots=True)
class _Tally:
    """Decrees by authority: all, those that name communes, and these by the department of a commune, each once a department."""

    all: Counter[str]
    naming: Counter[str]
    inside: Counter[tuple[str, str]]

    @classmethod
    def of(cls, every: Counter[str], naming: Iterable[tuple[str, frozenset[str]]]) -> _Tally:
        """Count `naming`: the authority of each decree, and the communes that it names."""
        named = [(authority, frozenset(map(department_of, communes))) for authority, communes in naming if communes]
        inside = Counter((authority, department) for authority, departments in named for department in departments)
        return cls(every, Counter(authority for authority, _ in named), inside)

    def concerning(self, department: str, deciding: Iterable[str]) -> int:
        """Return how many decrees of these authorities name a commune of this department, or none at all."""
        return sum(self.all[one] - self.naming[one] + self.inside[one, department] for one in deciding)


def _coverage(statuses: Collection[Status], *, stalled: bool) -> Coverage:
    """Return how a department is read of which these are all that must be: the worst counts."""
    if not {Status.NOT_COVERED, Status.UNWATCHED}.isdisjoint(statuses):
        return Coverage.NOT_COVERED
    return Coverage.UNREAD if stalled or not {Status.FAILING, Status.UNPOLLED}.isdisjoint(statuses) else Coverage.READ


def _months(day: date) -> tuple[date, ...]:
    months = [day.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return tuple(reversed(months))


# In words: the alt text of the pictures, and the answer where there are none.

_LONGEST_CAPTION = 1024
"""UTF-16 units of a caption (Bot API, `sendPhoto`)."""
_MOST_NAMES = 20
"""Departments or authorities that are named of one sort at most, fewer where the caption would be too long."""


def figures_text(answer: FiguresAnswer, places: Mapping[str, Place], language: Language) -> str:
    """Return what the picture of these figures shows, at most 1,024 UTF-16 units long."""
    texts = (_in_words(answer, places, language, most) for most in range(_MOST_NAMES, 0, -1))
    return next(text for text in texts if telegram_length(text) <= _LONGEST_CAPTION)


def authority_name(code: str, places: Mapping[str, Place]) -> str:
    """Return `Drôme (26)`, `Préfecture de police`."""
    return inert(place_label(place_for(places, code)))


def _in_words(answer: FiguresAnswer, places: Mapping[str, Place], language: Language, most: int) -> str:
    words = vocabulary(language).figures
    if answer.view is View.MAP:
        return "\n".join(_map_lines(answer.figures, words, language, most))
    lines = [*_chart_lines(answer.figures, places, words, language, most)]
    if answer.online.shares:
        after, same_day, eve, _ = answer.online.shares
        lines.insert(-1, words.online.format(after=after, same_day=same_day, eve=eve, count=answer.online.total))
    return "\n".join(lines)


def _map_lines(figures: Figures, words: Words, language: Language, most: int) -> Iterator[str]:
    yield words.map_head.format(date=date_text(figures.day, words_in(language).dates), count=figures.in_force)
    there = sorted((one for one in figures.departments if one.in_force), key=lambda one: (-one.in_force, one.code))
    counted = [words.counted.format(name=_label(one), count=one.in_force) for one in there]
    yield words.map_there.format(names=_named(counted, words, most)) if counted else words.map_none
    if figures.doubtful:
        yield words.map_doubtful.format(count=figures.doubtful)
    if figures.stalled:
        yield words.stalled
    for coverage, template in ((Coverage.UNREAD, words.map_unread), (Coverage.NOT_COVERED, words.map_not_covered)):
        if names := [_label(one) for one in figures.having(coverage)]:
            yield template.format(names=_named(names, words, most))
    yield words.caution


def _chart_lines(figures: Figures, places: Mapping[str, Place], words: Words, language: Language, most: int) -> Iterator[str]:
    yield words.chart_head.format(date=date_text(figures.months[0][0], words_in(language).dates), count=figures.in_months)
    months = (words.counted.format(name=f"{words.months[month.month - 1]} {month.year}", count=count) for month, count in figures.months)
    yield words.chart_months.format(names=", ".join(months))
    if figures.authorities:
        counted = [words.counted.format(name=authority_name(code, places), count=count) for code, count in figures.authorities]
        yield words.chart_authorities.format(names=_named(counted, words, most))
    if figures.since is not None:
        yield words.chart_since.format(date=date_text(figures.since, words_in(language).dates))
    if figures.stalled:
        yield words.stalled
    yield words.chart_caution


def _label(department: DepartmentFigures) -> str:
    return f"{department.name} ({department.code})"


def _named(names: Sequence[str], words: Words, most: int) -> str:
    more = len(names) - most
    return ", ".join((*names[:most], *([words.and_more.format(n=more)] if more > 0 else [])))
