"""Make of answers and health what the pages of places and sources show. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.detection.text.phrases import excerpt
from bot.domain.acts import Decree, Place
from bot.domain.health import AuthorityHealth, Overview, Status
from bot.gazetteer.gazetteer import Commune, gazetteer
from bot.messages.legal import current_period
from bot.messages.lines import MessageInput, date_text, moment_at, period_text, place_for, thousands
from bot.messages.words import Language, Words, clean, words_in
from bot.queries.answers import TownAnswer
from bot.queries.phrases import authority_text, failing_since, message_of
from bot.queries.vocabulary import vocabulary
from bot.storage.search import query_terms, term
from bot.web.decree_view import Piece
from bot.web.views import (
    Card,
    Quote,
    StateLabel,
    TextSpan,
    cards,
    in_print,
    instant_text,
    short_day,
    short_moment,
    spans_of,
    standing_label,
    view_words,
)

# Sources: how each authority is read.


@dataclass(frozen=True, slots=True)
class SourceView:
    """How one authority is read. `address` is the page of its department, None where it has none; `recueils` that of its own list."""

    code: str
    name: str
    address: str | None
    label: StateLabel
    text: str
    last_read: str
    status: Status
    recueils: str


_UNREAD = frozenset({Status.NOT_COVERED, Status.UNWATCHED, Status.UNPOLLED})


def source_view(health: AuthorityHealth, places: Mapping[str, Place], at: datetime, language: Language) -> SourceView:
    """Return how an authority is read, as at `at` (aware)."""
    place, words, own = place_for(places, health.code), words_in(language), view_words(language)
    read = last_read(health)
    is_department = not place.territory and bool(place.department)
    return SourceView(
        code=health.code,
        name=in_print(f"{place.department} ({place.code})" if is_department else place.name),
        address=f"/departements/{place.code}" if is_department else None,
        label=_source_label(health, place, at, language),
        text=authority_text(health, places, language),
        last_read="" if read is None else own.place.last_read.format(time=instant_text(read, place.time_zone, words)),
        status=health.status,
        recueils=place.recueils,
    )


def last_read(health: AuthorityHealth) -> datetime | None:
    """Return when one of the routes to an authority was last read; None for never."""
    return max((route.last_ok_at for route in health.routes if route.last_ok_at is not None), default=None)


def _source_label(health: AuthorityHealth, place: Place, at: datetime, language: Language) -> StateLabel:
    own = view_words(language).status
    if health.status is Status.FAILING:
        since = failing_since(health, place)
        text = own.unread_always if since is None else own.unread_since.format(day=_short(since, place, at, language))
        return StateLabel(text, "broken")
    if health.status in _UNREAD:
        return StateLabel(own.never_read if health.status is Status.UNPOLLED else own.not_covered, "off")
    if health.status is Status.PARTLY:
        return StateLabel(own.partly, "doubt")
    if health.status is Status.LATE:
        return StateLabel(own.late, "read")
    read = last_read(health)
    return StateLabel(own.read.format(time="" if read is None else _moment_text(read, place, at, language)).strip(), "read")


def _short(day: date, place: Place, at: datetime, language: Language) -> str:
    return short_day(day, at.astimezone(ZoneInfo(place.time_zone)).year, words_in(language), language)


def _moment_text(instant: datetime, place: Place, at: datetime, language: Language) -> str:
    zone = ZoneInfo(place.time_zone)
    return short_moment(moment_at(instant, zone), at.astimezone(zone).year, words_in(language), language)


@dataclass(frozen=True, slots=True)
class SourcesView:
    """All authorities: those that cannot be read first, then those read in part, read, not read yet, and not covered."""

    broken: tuple[SourceView, ...]
    read: tuple[SourceView, ...]
    waiting: tuple[SourceView, ...]
    off: tuple[SourceView, ...]
    stalled: str

    @property
    def watched(self) -> int:
        """Return how many are to be read."""
        return len(self.broken) + len(self.read) + len(self.waiting)


def sources_view(overview: Overview, places: Mapping[str, Place], language: Language) -> SourcesView:
    """Return how everything is read; the freshest of each sort first, those that cannot be read longest first."""
    views = [(health, source_view(health, places, overview.at, language)) for health in overview.authorities]

    def of(*statuses: Status) -> tuple[SourceView, ...]:
        kept = [pair for pair in views if pair[0].status in statuses]
        broken = Status.FAILING in statuses
        order = sorted(kept, key=lambda pair: _age(pair[0], overview.at, broken=broken))
        return tuple(view for _, view in order)

    stalled = overview.stalled_since
    day = "" if stalled is None else date_text(stalled.date(), words_in(language).dates)
    return SourcesView(
        broken=of(Status.FAILING),
        read=of(Status.PARTLY) + of(Status.OK, Status.LATE),
        waiting=of(Status.UNPOLLED),
        off=of(Status.NOT_COVERED, Status.UNWATCHED),
        stalled="" if stalled is None else vocabulary(language).state.stalled.format(date=day),
    )


def _age(health: AuthorityHealth, at: datetime, *, broken: bool) -> tuple[float, str]:
    since = health.main.since if health.main is not None and broken else None
    instant = since if broken else last_read(health)
    if instant is None:
        return (float("inf"), health.code)
    age = (at - instant).total_seconds()
    return (-age if broken else age, health.code)


# Places: an answer in one sentence, then what it rests on.


@dataclass(frozen=True, slots=True)
class Panel:
    """The answer: how it looks, its label, its sentence, and what must be read with it."""

    look: str
    label: StateLabel
    sentence: str
    nuances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TownView:
    """The page of a town. `broken` are the authorities that cannot be read: then the page says first what prevents reading."""

    code: str
    name: str
    department: Piece
    meta: tuple[str, ...]
    panel: Panel
    named: tuple[Card, ...]
    total: int
    pages: int
    unplaced: tuple[Card, ...]
    unplaced_total: int
    sources: tuple[SourceView, ...]
    broken: tuple[SourceView, ...]
    since: str
    caution: str
    part: tuple[Piece, ...]


def with_article(place: Place, language: Language) -> str:
    """Return `la préfecture de la Drôme`, for the middle of a sentence."""
    name = in_print(place.name)
    if language == "fr":
        name = name[:1].lower() + name[1:]
    return view_words(language).place.authority.format(name=name)


def town_view(answer: TownAnswer, first: TownAnswer, places: Mapping[str, Place], language: Language, department: str) -> TownView:
    """Return the content of a town's page. `first` is the first page of the answer, for the sentence; `department` is the department's
    name."""
    own, commune, ask = view_words(language).place, answer.commune, vocabulary(language).ask
    words = words_in(language)
    current = [message_of(decree, places, answer.at, language) for decree in first.decrees[: first.current]]
    sources = tuple(source_view(health, places, answer.at, language) for health in by_nearness(answer.health, commune.department))
    whole = None if commune.part_of is None else gazetteer().commune(commune.part_of)
    return TownView(
        code=commune.code,
        name=commune.name,
        department=Piece(f"{department} ({commune.department})", f"/departements/{commune.department}"),
        meta=tuple(_town_meta(commune, own, language)),
        panel=_town_panel(first, current, places, language),
        named=cards(answer.decrees, places, answer.at, language),
        total=answer.total,
        pages=answer.pages,
        unplaced=cards(answer.unplaced, places, answer.at, language),
        unplaced_total=answer.unplaced_total,
        sources=sources,
        broken=tuple(view for view in sources if view.status is Status.FAILING and not view.code.startswith("R-")),
        since="" if answer.since is None else ask.town_since.format(date=date_text(answer.since.date(), words.dates)),
        caution=" ".join(filter(None, (ask.unfinished if answer.unfinished else "", ask.town_caution))),
        part=() if whole is None else _of_the_whole(ask.town_part.format(whole=whole.name, name=commune.name), whole),
    )


def _of_the_whole(text: str, whole: Commune) -> tuple[Piece, ...]:
    """Link the name of the city where the text says to ask for it: at its end."""
    before, name, after = text.rpartition(whole.name)
    return Piece(before), Piece(name, f"/communes/{whole.code}"), Piece(after)


def by_nearness(health: Iterable[AuthorityHealth], department: str) -> list[AuthorityHealth]:
    """Return the authority of the department first, then the others that decide there, regions last."""
    return sorted(health, key=lambda one: (one.code != department, one.code.startswith("R-"), one.code))


def _town_meta(commune: Commune, own: Words, language: Language) -> Iterator[str]:
    if commune.postcodes:
        yield ", ".join(commune.postcodes[:3]) + ("…" if len(commune.postcodes) > 3 else "")
    if commune.population is not None:
        yield own.people.format(n=thousands(commune.population, language))


def _town_panel(answer: TownAnswer, current: Sequence[MessageInput], places: Mapping[str, Place], language: Language) -> Panel:
    own, ask, statuses = view_words(language).place, vocabulary(language).ask, view_words(language).status
    name = answer.commune.name
    labels = [(standing_label(message), message) for message in current]
    looks = {look: [message for label, message in labels if label.look == look] for look in ("now", "soon", "doubt")}
    other = _other_decrees(answer, places, language)
    nuances = [*freshness(answer.health, places, answer.commune.department, language)]
    unread = _unread(answer.health, places, answer.commune.department, language)
    may_be = StateLabel(statuses.may_concern, "doubt") if other else None
    if looks["now"]:
        text = _of_decrees(looks["now"], name, own.one_running, own.one_running_event, own.many_running)
        made = Panel("now", standing_label(looks["now"][0]), text, (other, unread, *nuances))
    elif unread:
        made = Panel("broken", StateLabel(statuses.unread, "broken"), unread, (_named_before(answer, language), other))
    elif not {health.status for health in answer.health} - _UNREAD:
        made = _never_read(answer.health, places, answer.commune.department, language)
    elif looks["soon"]:
        text = _of_decrees(looks["soon"], name, own.one_upcoming, own.one_upcoming_event, own.many_upcoming)
        made = Panel("soon", standing_label(looks["soon"][0]), text, (other, *nuances))
    elif looks["doubt"]:
        made = Panel("doubt", standing_label(looks["doubt"][0]), own.in_doubt.format(name=name), (other, *nuances))
    else:
        text = own.ended.format(name=name) if answer.total else ask.town_none.format(name=name, code=answer.commune.department)
        label = may_be or StateLabel(statuses.not_named, "past")
        caution = "" if may_be else vocabulary(language).nothing_warning
        made = Panel("doubt" if may_be else "none", label, " ".join(filter(None, (text, other))), (caution, *nuances))
    return replace(made, nuances=tuple(filter(None, made.nuances)))


def _of_decrees(messages: Sequence[MessageInput], name: str, one: str, with_event: str, many: str) -> str:
    message = messages[0]
    if len(messages) > 1:
        return many.format(name=name, n=len(messages))
    event = in_print(message.decree.facts.event or "")
    period = period_text(current_period(message), message.words) or ""
    return (with_event if event else one).format(name=name, period=period, event=event)


def _other_decrees(answer: TownAnswer, places: Mapping[str, Place], language: Language) -> str:
    """Return how many decrees name no town, and whose they are where all are of one authority."""
    own, total = view_words(language).place, answer.unplaced_total
    if not total:
        return ""
    codes = {one.authority for one in answer.unplaced}
    is_one = len(codes) == 1 and len(answer.unplaced) == total
    authority = with_article(place_for(places, codes.pop()), language) if is_one else own.deciding
    return (own.may_concern_one if total == 1 else own.may_concern_many).format(name=answer.commune.name, n=total, authority=authority)


def _named_before(answer: TownAnswer, language: Language) -> str:
    own = view_words(language).place
    return own.recorded_one if answer.total == 1 else own.recorded.format(n=answer.total) if answer.total else ""


def _unread(health: Iterable[AuthorityHealth], places: Mapping[str, Place], department: str, language: Language) -> str:
    """Say which authorities of a place cannot be read, the region's aside; nothing where all can."""
    own = view_words(language).place
    said = []
    for one in by_nearness(health, department):
        if one.status is Status.FAILING and not one.code.startswith("R-"):
            place = place_for(places, one.code)
            since = failing_since(one, place)
            words = {"authority": with_article(place, language)}
            if since is None:
                said.append(own.unread_always.format(**words))
            else:
                said.append(own.unread_since.format(date=date_text(since, words_in(language).dates), **words))
    return " ".join(said)


def unread_label(health: Sequence[AuthorityHealth], language: Language) -> StateLabel | None:
    """Return how a place looks whose authorities cannot be read, or are not; None where they are read."""
    statuses = view_words(language).status
    if any(one.status is Status.FAILING and not one.code.startswith("R-") for one in health):
        return StateLabel(statuses.unread, "broken")
    known = {one.status for one in health}
    if known - _UNREAD:
        return None
    return StateLabel(statuses.never_read if Status.UNPOLLED in known else statuses.not_covered, "off")


def _never_read(health: Iterable[AuthorityHealth], places: Mapping[str, Place], department: str, language: Language) -> Panel:
    """Say that nobody who decides there is read, or not yet."""
    own, statuses = view_words(language).place, view_words(language).status
    waiting = next((one for one in by_nearness(health, department) if one.status is Status.UNPOLLED), None)
    if waiting is None:
        return Panel("off", StateLabel(statuses.not_covered, "off"), vocabulary(language).unwatched, ())
    authority = with_article(place_for(places, waiting.code), language)
    return Panel("off", StateLabel(statuses.never_read, "off"), own.never_read.format(authority=authority), ())


def freshness(health: Iterable[AuthorityHealth], places: Mapping[str, Place], department: str, language: Language) -> Iterator[str]:
    """Yield what is read in part only, and when the recueils of the authority of the department were last read."""
    own = view_words(language).place
    for one in health:
        read = last_read(one)
        if one.status is Status.PARTLY:
            yield authority_text(one, places, language)
        if one.code == department and read is not None:
            yield own.last_read.format(time=instant_text(read, place_for(places, one.code).time_zone, words_in(language)))


# A department.


@dataclass(frozen=True, slots=True)
class CommuneRow:
    """A commune of a department that decrees name: how many, and how the first that counts today stands."""

    name: str
    address: str
    count: int
    label: StateLabel | None
    last: str


def department_panel(
    current: Sequence[MessageInput],
    total: int,
    health: Sequence[AuthorityHealth],
    places: Mapping[str, Place],
    code: str,
    language: Language,
) -> Panel:
    """Return the answer on a department: how many decrees are under way, how many are to come, and how it is read."""
    own, statuses = view_words(language).place, view_words(language).status
    labels = [standing_label(message) for message in current]
    now, soon = (sum(label.look == look for label in labels) for look in ("now", "soon"))
    nuances = [own.recorded_one if total == 1 else own.recorded.format(n=total)] if total else []
    nuances += freshness(health, places, code, language)
    unread = _unread(health, places, code, language)
    coming = own.and_upcoming_one if soon == 1 else own.and_upcoming.format(n=soon) if soon else ""
    if now:
        running = own.department_running_one if now == 1 else own.department_running.format(n=now)
        label = next(label for label in labels if label.look == "now")
        return Panel("now", label, " ".join(filter(None, (running, coming))), tuple(filter(None, (unread, *nuances))))
    if unread:
        return Panel("broken", StateLabel(statuses.unread, "broken"), unread, tuple(filter(None, (coming, *nuances))))
    if not {one.status for one in health} - _UNREAD:
        return _never_read(health, places, code, language)
    if soon:
        label = next(label for label in labels if label.look == "soon")
        return Panel("soon", label, coming, tuple(nuances))
    if labels:
        return Panel("doubt", labels[0], own.in_doubt.format(name=place_for(places, code).department), tuple(nuances))
    text = own.department_none_running if total else own.none_in_department
    return Panel("none", StateLabel(statuses.not_named, "past"), text, (vocabulary(language).nothing_warning, *nuances))


def commune_rows(
    counts: Mapping[str, int], current: Iterable[MessageInput], last: Mapping[str, date | None], language: Language
) -> tuple[CommuneRow, ...]:
    """Return the communes that decrees name, those of most decrees first. `last` is when one was published last."""
    labels: dict[str, StateLabel] = {}
    for message in current:
        for named in message.decree.communes:
            labels.setdefault(named.code, standing_label(message))
    rows = []
    for code, count in counts.items():
        commune, day = gazetteer().commune(code), last.get(code)
        if commune is not None:
            said = "" if day is None else date_text(day, words_in(language).dates)
            rows.append(CommuneRow(commune.name, f"/communes/{commune.code}", count, labels.get(code), said))
    return tuple(sorted(rows, key=lambda row: (row.label is None, -row.count, row.name)))


# Search: the words that were searched, as they stand in the text of an act.

_WORD = re.compile(r"[^\W_]+")
_AROUND = 90


def found_words(text: str, words: str, decree: Decree) -> Quote | None:
    """Return the phrase of an act in which these words first stand, in any form that the search accepts, without persons' names; None
    without one."""
    wanted = set(query_terms(words))
    hits: list[tuple[int, int]] = []
    for match in _WORD.finditer(text):
        if hits and match.start() > hits[0][0] + _AROUND:
            break
        if term(match[0]) in wanted:
            hits.append(match.span())
    if not hits:
        return None
    start, end = max(hits[0][0] - _AROUND, 0), min(hits[-1][1] + _AROUND, len(text))
    start = text.find(" ", start) + 1 if start else 0
    end = text.rfind(" ", hits[-1][1], end) if end < len(text) and " " in text[hits[-1][1] : end] else end
    shown = clean(excerpt(text, start, end))
    marks = [match.span() for match in _WORD.finditer(shown) if term(match[0]) in wanted]
    return Quote((*([TextSpan("[…] ")] if start else ()), *spans_of(shown, marks), *([TextSpan(" […]")] if end < len(text) else ())))
