"""The words of one language, from the data file that bears its name, and how days, hours and periods are written in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.domain.acts import Facts, Kind, Moment, Purpose

# The words about standing, flags and law: what a message says that rests on `LegalAdvice`.


class Table(BaseModel):
    """A table of a data file: a missing or unknown key is an error when the file is read, not an odd message later."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def for_each(names: Collection[str]) -> AfterValidator:
    """Require words for each of these names, and for no other."""

    def checked(words: Mapping[str, object]) -> Mapping[str, object]:
        if missing := set(names) ^ set(words):
            raise ValueError(f"missing, or not known: {', '.join(sorted(missing))}")
        return words

    return AfterValidator(checked)


def data_file(package: str, *path: str) -> dict[str, Any]:
    """Return the content of a packaged TOML file, its texts with `no_break_spaces`."""
    return {key: _spaced(value) for key, value in raw_file(package, *path).items()}


def text_file(package: str, *path: str) -> str:
    """Return the content of a packaged text file, with `no_break_spaces`."""
    return no_break_spaces(files(package).joinpath(*path).read_text(encoding="utf-8"))


def raw_file(package: str, *path: str) -> dict[str, Any]:
    """Return the content of a packaged TOML file as it stands."""
    return tomllib.loads(files(package).joinpath(*path).read_text(encoding="utf-8"))


def _spaced(value: Any) -> Any:
    match value:
        case str():
            return no_break_spaces(value)
        case list():
            return [_spaced(item) for item in value]
        case dict():
            return {key: _spaced(item) for key, item in value.items()}
    return value


_NARROW = re.compile(r" (?=[;!?](?!\w))")
_WIDE = re.compile(
    r" (?=:(?:\s|$)|»)|(?<=«) "
    r"|(?<=n°) (?=[\d{\[])|(?<=\bno\.) (?=[\d{])"
    r"|(?:(?<=\bart\.)|(?<=\barticle)|(?<=\barticles)|(?<=\bp\.)|(?<=\bpage)|(?<=\bPage)) (?=[\d{]|[LR]\.)"
    r"|(?:(?<=\b[LR]\.)|(?<=\b[LR]\.\*)) (?=\d)"
    r"|(?<=[\d}]) (?=(?:h|min|j|jours?|mois|heures?|secondes?|minutes?|days?|hours?|months?|seconds?)\b)"
    r"|(?<=\bh) (?={minute|\d\d\b)"
    r"|(?:(?<=\b\d)|(?<=\b\d\d)|(?<=\b1er)|(?<={day})|(?<=\b[Ll]e {day})) (?={month}|(?:janvier|février|mars|avril|mai|juin|juillet|août"
    r"|septembre|octobre|novembre|décembre)\b)"
)


def no_break_spaces(text: str) -> str:
    """Return a text of ours with the spaces at which no line may break, as French typography has it.

    U+202F before ; ! ?, U+00A0 before : and within « », after n°, art., page, L., R., between a number and its unit, and in dates.

    Only for words of the program: what a document says stays as it is.
    """
    return _NARROW.sub("\u202f", _WIDE.sub("\u00a0", text))


class StandingWords(Table):
    """Where a decree stands, in lists."""

    upcoming: str
    in_force: str
    started: str
    over: str
    ended: str
    ended_since: str
    suspended: str
    suspended_since: str
    in_doubt: str
    unknown: str
    modified: str
    renewed: str


class FlagWords(Table):
    """What is striking in the dates, whole in posts and brief in lists. `late` is said where the number of days is not known,
    `outside` where it is not known which days those are."""

    late: str
    late_one: str
    late_many: str
    late_brief: str
    outside: str
    outside_days: str
    outside_brief: str
    longer: str
    longer_one: str
    longer_many: str
    longer_brief: str


class RecourseWords(Table):
    """Sentences of the paragraph of posts about contesting. The `brief` ones replace it where room is scarce; `brief_possible` and
    `brief_useless` say in them what becomes of an urgent application."""

    nothing: str
    limit: str
    limit_passed: str
    limit_unknown: str
    limit_at_least: str
    over: str
    differs: str
    urgent: str
    no_longer: str
    ended: str
    in_doubt: str
    source: str
    no_court: str
    short_court: str
    two_courts: str
    brief: str
    brief_passed: str
    brief_unknown: str
    brief_at_least: str
    brief_possible: str
    brief_useless: str


class AdviceWords(Table):
    """Lines of the long form about contesting. Fields that begin with `art_` are articles, as `article` writes them."""

    heading: str
    limit: str
    limit_passed: str
    limit_unknown: str
    limit_at_least: str
    court_both: str
    court_named: str
    court_seat: str
    court_differs: str
    court_unknown: str
    who: str
    unknown: str
    suspension: str
    liberty: str
    traps: str
    sources: str
    article: str


Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


KindWords = Annotated[Mapping[Kind, str], for_each(Kind)]
"""One text per kind of decree."""
PurposeWords = Annotated[Mapping[Purpose, str], for_each(Purpose)]
"""The short official name of each purpose (décret n° 2023-828, article 3)."""


class FactLabels(Table):
    """What stands before each fact."""

    event: str
    period: str
    places: str
    operators: str
    requested: str
    purposes: str
    software: str
    cameras: str
    link: str
    button: str
    number: str
    signed: str
    published: str
    office: str
    decided: str
    publisher: str
    sighting: str
    page: str
    doubtful: str


class TimingWords(Table):
    """Where a decree stood in time when it was posted, and how a delay is written."""

    upcoming: str
    started: str
    ended: str
    minutes: str
    hours: str
    days: str


class DateWords(Table):
    """How days and hours are written. `first` is the first day of a month."""

    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    first: str
    day_month: str
    date: str
    time: str
    time_minutes: str
    moment: str


class PeriodWords(Table):
    """How a period is written."""

    one_day: str
    one_day_from: str
    one_day_until: str
    one_day_hours: str
    range: str
    from_on: str
    until: str


class CameraWords(Table):
    """Whose images, after the label of the cameras. `one_fixed` and `one_drone` are of a single camera."""

    videoprotection: str
    fixed: str
    drone: str
    both: str
    counted: str
    one_fixed: str
    one_drone: str


class UndoneWords(Table):
    """That what changes a decree was ended itself. `withdrawn`, `abrogated` and `ended` (the text tells neither) say by what; `revives`,
    `stays` and `unclear` what that does to a decree that it had ended. `joint` stands between them, `brief` says all of it in few words."""

    joint: str
    withdrawn: str
    abrogated: str
    ended: str
    revives: str
    stays: str
    unclear: str
    brief: str


class ChangeWords(Table):
    """What decrees do to each other. `does` and `undergoes`, in place of which an end by retrait `withdraws` and is
    `withdrawn`, take the other decree, which the others name."""

    does: KindWords
    undergoes: KindWords
    withdraws: str
    withdrawn: str
    abrogated: str
    undone: UndoneWords
    numbered: str
    numbered_dated: str
    dated: str
    other: str
    stored: str
    since: str
    on: str
    period: str


class NoticeWords(Table):
    """What an edited post says of later decrees. `below`: one that is told after it; `text` is what it does. `undone`: the mark of one that
    was ended itself.
    """

    below: str
    undone: str
    marks: KindWords


class Words(Table):
    """Everything a message says that does not come from a decree."""

    more: str
    label: str
    no_place: str
    kinds: KindWords
    short_kinds: KindWords
    purposes: PurposeWords
    labels: FactLabels
    cameras: CameraWords
    timing: TimingWords
    dates: DateWords
    periods: PeriodWords
    changes: ChangeWords
    notice: NoticeWords
    standing: StandingWords
    flags: FlagWords
    recourse: RecourseWords
    advice: AdviceWords


class FormerWords(Table):
    """Words by which posts of an earlier version are recognised. `number` stands in the buttons."""

    number: str
    link: str
    button: str
    digest_button: str


@cache
def former_words(language: Language) -> tuple[FormerWords, ...]:
    """Return the words of earlier versions, as they wrote them, newest first."""
    return tuple(FormerWords.model_validate(one) for one in raw_file("bot.messages", "former.toml")[language])


@cache
def words_in(language: Language) -> Words:
    """Return the words of a language, read once from its packaged file."""
    return Words.model_validate(data_file("bot.messages", f"{language}.toml"))


# When: the period of a decree in words, and where it stands relative to a given instant.

_HOURS_UP_TO = timedelta(hours=48)


class PeriodStage(Enum):
    """Where a period stands relative to an instant."""

    UNKNOWN = "unknown"
    UPCOMING = "upcoming"
    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PeriodTiming:
    """A stage, with the time left until the start when it is upcoming."""

    stage: PeriodStage
    delay: timedelta | None = None


def timing(facts: Facts, time_zone: str, now: datetime) -> PeriodTiming:
    """Return where the decree's period stands at `now` (aware).

    Hours are wall-clock hours of `time_zone` (IANA name). A start without an hour is midnight; an end without an hour is
    the end of that day. A period that ends before it starts tells nothing of its end.
    """
    zone = ZoneInfo(time_zone)
    start = _instant(facts.starts, zone, at_end=False)
    end = _instant(facts.ends, zone, at_end=True)
    if start is not None and end is not None and end <= start:
        end = None
    if end is not None and now >= end:
        return PeriodTiming(PeriodStage.ENDED)
    if start is None:
        return PeriodTiming(PeriodStage.UNKNOWN)
    if now >= start:
        return PeriodTiming(PeriodStage.STARTED)
    return PeriodTiming(PeriodStage.UPCOMING, start - now.astimezone(UTC))


def _instant(moment: Moment | None, zone: ZoneInfo, *, at_end: bool) -> datetime | None:
    if moment is None:
        return None
    try:
        day = moment.day + timedelta(days=1) if at_end and moment.time is None else moment.day
        return datetime.combine(day, moment.time or time(), tzinfo=zone).astimezone(UTC)
    except OverflowError:  # the last or the first day of the calendar: a misread date
        return None


def timing_text(moment: PeriodTiming, words: TimingWords) -> str | None:
    """Return `À venir au moment de cette annonce`, `Commencé avant cette annonce`; None when nothing can be said."""
    match moment.stage:
        case PeriodStage.UPCOMING:
            return words.upcoming
        case PeriodStage.STARTED:
            return words.started
        case PeriodStage.ENDED:
            return words.ended
        case PeriodStage.UNKNOWN:
            return None


def delay_text(moment: PeriodTiming, words: TimingWords) -> str:
    """Return `14 h`, `3 jours`. Rounded down: whoever reads it has at least the part that is said, never less."""
    delay = moment.delay or timedelta()
    minutes = max(int(delay.total_seconds() // 60), 1)
    if minutes < 60:
        return words.minutes.format(n=minutes)
    if delay < _HOURS_UP_TO:
        return words.hours.format(n=minutes // 60)
    return words.days.format(n=delay.days)


def date_text(day: date, words: DateWords) -> str:
    """Return `17 avril 2024`, `1er mai 2024`."""
    return words.date.format(day=_day(day, words), month=words.months[day.month - 1], year=day.year)


def _day(day: date, words: DateWords) -> str:
    return words.first if day.day == 1 else str(day.day)


def time_text(clock: time, words: DateWords) -> str:
    """Return `14 h`, `14 h 30`."""
    return (words.time_minutes if clock.minute else words.time).format(hour=clock.hour, minute=clock.minute)


def moment_text(moment: Moment, words: DateWords) -> str:
    """Return `17 avril 2024 à 14 h`; the day alone where the hour is not known."""
    day = date_text(moment.day, words)
    return day if moment.time is None else words.moment.format(date=day, time=time_text(moment.time, words))


def moment_at(at: datetime, zone: ZoneInfo) -> Moment:
    """Return an instant (aware) by the clock of a place, to the minute."""
    there = at.astimezone(zone)
    return Moment(there.date(), there.time().replace(second=0, microsecond=0))


def thousands(number: int, language: Language) -> str:
    """Return a number as it is read: `64 458`, in English `64,458`."""
    return f"{number:,}".replace(",", "," if language == "en" else "\u202f")


def period_text(facts: Facts, words: Words) -> str | None:
    """Return the period with its hours, as short as it can be said; None when neither end of it is known."""
    starts, ends = facts.starts, facts.ends
    if starts is None:
        return None if ends is None else words.periods.until.format(end=moment_text(ends, words.dates))
    if ends is None:
        return words.periods.from_on.format(start=moment_text(starts, words.dates))
    if starts.day == ends.day:
        return _one_day(starts, ends, words)
    return words.periods.range.format(start=_start_of_range(starts, ends, words.dates), end=moment_text(ends, words.dates))


def days_text(stretches: Iterable[tuple[date, date]], words: Words) -> str:
    """Return stretches of days, both ends included: `le 2 mai 2031 et du 9 au 12 juin 2031`."""
    texts = [period_text(Facts(starts=Moment(first), ends=Moment(last)), words) or "" for first, last in stretches]
    return listed([text for text in texts if text], words)


def listed(texts: Sequence[str], words: Words) -> str:
    """Return `un, deux et trois`."""
    return words.cameras.both.format(one=", ".join(texts[:-1]), other=texts[-1]) if len(texts) > 1 else "".join(texts)


def _one_day(starts: Moment, ends: Moment, words: Words) -> str:
    day = date_text(starts.day, words.dates)
    start = None if starts.time is None else time_text(starts.time, words.dates)
    end = None if ends.time is None else time_text(ends.time, words.dates)
    if start and end:
        return words.periods.one_day_hours.format(day=day, start=start, end=end)
    if start:
        return words.periods.one_day_from.format(day=day, start=start)
    if end:
        return words.periods.one_day_until.format(day=day, end=end)
    return words.periods.one_day.format(day=day)


def _start_of_range(starts: Moment, ends: Moment, words: DateWords) -> str:
    """Return the start without what the end repeats: `19` in "du 19 au 22 avril 2024"."""
    if starts.time is not None or ends.time is not None or starts.day.year != ends.day.year:
        return moment_text(starts, words)
    day = _day(starts.day, words)
    if starts.day.month == ends.day.month:
        return day
    return words.day_month.format(day=day, month=words.months[starts.day.month - 1])
