"""Make of one decree what its page shows: time line, facts with the phrase that proves each, what one can do, links with others. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.acts import ALLOWING, Change, Decree, Kind, Moment, Place
from bot.domain.facts import PAGE_ROWS, facts_of_row
from bot.domain.law import LegalAdvice, Standing, ends_first
from bot.domain.topics import topics
from bot.gazetteer.gazetteer import named_communes
from bot.messages.announcement import announce_in_full, publisher_of
from bot.messages.legal import AdviceParts, Deadline, advice_parts, current_period, deadline, list_changes, list_standing, no_recourse_line
from bot.messages.letters.drafting import LetterKind, draft, madada_address
from bot.messages.lines import FactLine, MessageInput, PostPart, capital, date_text, is_quoted, period_text, place_for, row_label, row_texts
from bot.messages.online import advice_beside_looks, bracket, until_text
from bot.messages.words import clean, topic_words
from bot.web.views import (
    DecreeTitle,
    Quote,
    StateLabel,
    bare,
    camera_counts,
    formerly,
    full_day,
    full_moment,
    has_begun,
    in_print,
    not_begun,
    operator_address,
    quote,
    standing_label,
    title_of,
    view_words,
    weekday_moment,
)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the time line: past, next or today. `running`: what is authorised is under way from here to the next point."""

    name: str
    when: str
    note: str
    look: str
    running: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a fact, in the words of the act where `record`; `address` is a path of this site."""

    text: str
    explained: str = ""
    address: str | None = None
    record: bool = True


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact: its term, its values, and the phrases that prove it, or a note in their place where it was calculated or not found."""

    term: str
    values: tuple[Value, ...]
    proofs: tuple[Quote, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence, which leads somewhere where it has an address: a path of this site, or a whole address of another."""

    text: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Todo:
    """What one can do: the day in one line, then in sentences. `advice` is None where a decree allows nothing: `headline` says so."""

    headline: str
    advice: AdviceParts | None
    letters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DecreeView:
    """Everything on the page of one decree. `kind` says what it is, `explained` for everybody; `standing` goes on after the label;
    `madada`: address of a request for documents that is filled in, if any."""

    id: int
    title: DecreeTitle
    kind: str
    explained: str
    number: str
    label: StateLabel
    standing: str
    flags: tuple[Value, ...]
    online: tuple[str, ...]
    timeline: tuple[Point, ...]
    todo: Todo
    madada: str
    facts: tuple[FactRow, ...]
    links: tuple[tuple[Piece, ...], ...]
    changed: tuple[tuple[Piece, ...], ...]
    sightings: tuple[Piece, ...]
    publisher: str
    printed_title: str
    pdf: str | None
    pdf_host: str
    page: int
    recueil: str
    departments: tuple[Piece, ...]
    communes: tuple[Piece, ...]


def decree_view(message: MessageInput, places: Mapping[str, Place]) -> DecreeView:
    """Return what the page of a decree shows. Legal advice is in the message."""
    decree, words, own = message.decree, message.words, view_words(message.language)
    card, advice = announce_in_full(message, places), advice_beside_looks(message)
    publisher, link = publisher_of(decree, places), card.link
    flagged = zip(card.lines_of(PostPart.FLAGS), () if advice is None else advice.flags, strict=True)
    topic = topic_words(decree.topic, message.language)
    return DecreeView(
        id=decree.id or 0,
        title=title_of(message),
        kind=bare(card.headline),
        explained=topic.explained[decree.kind],
        number="" if not decree.facts.number else words.labels.number.format(number=clean(decree.facts.number)),
        label=standing_label(message),
        standing=_standing(message),
        flags=(
            *(Value(bare(line.text), own.flags[flag].format(name=topic.name), record=False) for line, flag in flagged),
            *(Value(bare(line.text), own.timeline.by_looks, record=False) for line in card.lines_of(PostPart.TIMELINESS)),
        ),
        online=tuple(line.text for line in card.lines_of(PostPart.ONLINE)),
        timeline=timeline(message),
        todo=_todo(message),
        madada="" if message.legal_advice is None else madada_address(decree, message.place, message.legal_advice),
        facts=tuple(_facts(message)),
        links=_linked(card.lines_of(PostPart.LINKS), decree.changes),
        changed=_linked(card.lines_of(PostPart.CHANGED), decree.changed_by),
        sightings=tuple(Piece(line.text, line.href) for line in card.lines_of(PostPart.SIGHTINGS)),
        publisher="" if publisher is None else clean(publisher.name),
        printed_title=clean(decree.title),
        pdf=link,
        pdf_host="" if link is None else link.split("/")[2].removeprefix("www."),
        page=max(decree.page, 1),
        recueil=next((clean(seen.recueil) for seen in decree.sightings if seen.recueil and seen.url == decree.url), ""),
        departments=tuple(_department_pieces(decree, places)),
        communes=tuple(Piece(commune.name, f"/communes/{commune.code}") for commune in named_communes(decree)),
    )


def _department_pieces(decree: Decree, places: Mapping[str, Place]) -> Iterator[Piece]:
    place = place_for(places, decree.authority)
    if place.department and not place.territory:
        yield Piece(f"{place.department} ({place.code})", f"/departements/{place.code}")


def _standing(message: MessageInput) -> str:
    """Return what goes on after the label: until when, from when, since when."""
    advice, language = message.legal_advice, message.language
    standing = Standing.UNKNOWN if advice is None else advice.standing
    period, own = current_period(message), view_words(language)
    changes = ", ".join(list_changes(message.decree, message.words))
    text = ""
    if period.ends is not None and (standing is Standing.IN_FORCE or (standing is Standing.UPCOMING and has_begun(message))):
        text = own.card.until.format(end=full_moment(period.ends, message.words, language))
    elif standing is Standing.UPCOMING and period.starts is not None:
        text = own.card.since.format(start=full_moment(period.starts, message.words, language))
    elif standing in {Standing.ENDED, Standing.SUSPENDED, Standing.IN_DOUBT}:
        text = list_standing(message) or ""
    elif standing is Standing.OVER:
        text = period_text(period, message.words) or ""
    return " ; ".join(part for part in (text, changes) if part)


# Links: sentences of the messages in which `[12]` is the number of another decree here.

_NUMBERED = re.compile(r"\[(\d{1,10})\]")


def _linked(lines: Iterable[FactLine], changes: Iterable[Change]) -> tuple[tuple[Piece, ...], ...]:
    known = set(_ids(changes))
    return tuple(tuple(_pieces(line.text, known)) for line in lines)


def _ids(changes: Iterable[Change]) -> Iterator[int]:
    for change in changes:
        if change.decree is not None:
            yield change.decree
        yield from _ids(change.revoked_by)


def _pieces(text: str, known: Collection[int]) -> Iterator[Piece]:
    at = 0
    for match in _NUMBERED.finditer(text):
        if int(match[1]) in known:
            yield Piece(text[at : match.start()])
            yield Piece(match[0], f"/arretes/{match[1]}")
            at = match.end()
    yield Piece(text[at:])


# The time line: in the order of its dates, with today where it belongs.

_DAY_END = time(23, 59, 59)
_HOURS_UP_TO = timedelta(hours=96)


@dataclass(frozen=True, slots=True)
class _Event:
    """A dated point, as sorted: `at` on the clock of the place, None where no date is known."""

    name: str
    at: datetime | None
    when: str
    note: str = ""
    stops: bool = False
    """Whether what is authorised is no longer under way from here on."""


def timeline(message: MessageInput) -> tuple[Point, ...]:
    """Return the points of a decree's time line. One without a date stays where it usually comes: after the one before it."""
    own = view_words(message.language).timeline
    now = message.now.astimezone(ZoneInfo(message.place.time_zone)).replace(tzinfo=None)
    placed: list[tuple[datetime, _Event]] = []
    # What has no date follows the last that has one; what comes before any date comes first.
    last = datetime.combine(date.min, time())
    for event in _events(message):
        last = event.at or last
        placed.append((last, event))
    today = _Event(own.today, now, _day(now.date(), message))
    ordered = [event for _, event in sorted([*placed, (now, today)], key=lambda pair: pair[0])]
    begun = next((position for position, event in enumerate(ordered) if event.name == own.starts and event.at), None)
    ended = next((position for position, event in enumerate(ordered) if event.stops), None)
    return tuple(
        Point(
            event.name,
            event.when,
            event.note,
            "today" if event is today else "past" if event.at is not None and event.at <= now else "next",
            running=begun is not None and ended is not None and begun <= position < ended,
        )
        for position, event in enumerate(ordered)
    )


def _events(message: MessageInput) -> Iterator[_Event]:
    decree, advice = message.decree, message.legal_advice
    own = view_words(message.language).timeline
    signed, published, sure = decree.facts.signed, decree.published, decree.facts.sure.signed
    pages = [evidence.page for evidence in decree.evidence if evidence.about == "signed"]
    note = own.page.format(page=pages[0]) if pages else ""
    if signed and sure is None:
        told = message.words.labels.doubtful.format(label=_day(signed, message), page=pages[0] if pages else decree.page)
        yield _Event(own.signed, _at(signed), told)
    else:
        yield _Event(own.signed, _at(signed), _day(signed, message) if signed else own.unknown, note if signed else "")
    yield _Event(own.published, _at(published), _day(published, message) if published else own.unknown, _delay(sure, published, message))
    after, until = (None, None) if decree.online is None else bracket(decree.online, ZoneInfo(message.place.time_zone))
    if after is not None and until is not None:
        last = until_text(after, until, message.words) if after.day == until.day else _moment(until, message, "")
        yield _Event(own.online, _instant(until, at_end=False), own.between.format(after=_moment(after, message, ""), until=last))
    if decree.kind not in ALLOWING:
        return
    period = current_period(message)
    starts, ends = period.starts, period.ends
    if starts is not None or ends is not None or decree.kind is not Kind.MODIFICATION:
        yield _Event(own.starts, _instant(starts, at_end=False), _moment(starts, message, own.unknown))
        yield from _stops(message)
        yield _Event(
            own.ends, _instant(ends, at_end=True), _moment(ends, message, own.not_said), _duration(starts, ends, message), stops=True
        )
    if advice is not None:
        yield _limit_event(advice, message)


def _stops(message: MessageInput) -> Iterator[_Event]:
    """Yield from when later decrees end or suspend it, where they say when and were not ended themselves."""
    kinds = {Kind.ABROGATION, Kind.SUSPENSION}
    for change in message.decree.changed_by:
        if change.kind in kinds and change.since is not None and not change.revoked_by:
            name = capital(message.words.short_kinds[change.kind])
            yield _Event(name, _at(change.since), _day(change.since, message), stops=True)


def _limit_event(advice: LegalAdvice, message: MessageInput) -> _Event:
    own, day = view_words(message.language).timeline, advice.last_day or advice.at_least
    if day is None:
        return _Event(own.limit, None, own.unknown, own.limit_rule)
    when = _day(day, message)
    told = (when, own.limit_rule) if advice.last_day is not None else (own.at_least.format(day=when), own.at_least_rule)
    return _Event(own.limit, datetime.combine(day, _DAY_END), *told)


def _at(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time())


def _instant(moment: Moment | None, *, at_end: bool) -> datetime | None:
    if moment is None:
        return None
    return datetime.combine(moment.day, moment.time or (_DAY_END if at_end else time()))


def _day(day: date, message: MessageInput) -> str:
    return _moment(Moment(day), message, "")


def _moment(moment: Moment | None, message: MessageInput, unknown: str) -> str:
    return unknown if moment is None else weekday_moment(moment, message.today.year, message.words, message.language)


def _delay(signed: date | None, published: date | None, message: MessageInput) -> str:
    own = view_words(message.language).timeline
    if signed is None or published is None or published < signed:
        return ""
    days = (published - signed).days
    if days == 0:
        return own.same_day
    return own.after_signature_one if days == 1 else own.after_signature.format(n=days)


def _duration(starts: Moment | None, ends: Moment | None, message: MessageInput) -> str:
    text = duration_text(starts, ends, message)
    return view_words(message.language).timeline.duration.format(length=text) if text else ""


def duration_text(starts: Moment | None, ends: Moment | None, message: MessageInput) -> str:
    """Return `40 heures`, `28 jours`; nothing where an end of the period is missing, or comes before its beginning."""
    own = view_words(message.language).timeline
    if starts is None or ends is None or ends_first(ends, starts):
        return ""
    if starts.time is not None and ends.time is not None:
        length = datetime.combine(ends.day, ends.time) - datetime.combine(starts.day, starts.time)
        if length < _HOURS_UP_TO:
            return own.hours.format(n=int(length.total_seconds() // 3600) or 1)
    days = (ends.day - starts.day).days + 1
    return own.one_day if days == 1 else own.days.format(n=days)


# The facts, each with its proof.


def _facts(message: MessageInput) -> Iterator[FactRow]:
    """Yield the facts in the order in which a reader asks for them."""
    period, own = current_period(message), view_words(message.language).facts
    for row in PAGE_ROWS:
        yield from _row(row, message)
        if row == "places":
            yield from _commune_row(message)
        elif row == "period" and (length := duration_text(period.starts, period.ends, message)):
            yield FactRow(own.duration, (Value(length, record=False),), note=own.calculated)


def _values(row: str, message: MessageInput) -> Iterator[Value]:
    texts = row_texts(row, message.decree, message.words)
    if row == "purposes":
        explained = topic_words(message.decree.topic, message.language).purposes_explained
        for text, purpose in zip(texts, message.decree.facts.purposes, strict=True):
            yield Value(capital(text), explained[purpose], record=False)
    elif row == "period" and (texts or message.decree.changed_by):
        was = formerly(message)
        now = [period_text(current_period(message), message.words) or ""] if was or not texts else texts
        before = view_words(message.language).facts.formerly.format(text=was) if was else ""
        yield from (Value(capital(text), before, record=False) for text in now if text)
    elif row == "cameras":
        now_, was_ = camera_counts(message)
        own = view_words(message.language)
        if was_ is None or now_ is None:
            yield from (Value(text, record=False) for text in texts)
        else:
            yield Value(own.card.cameras.format(n=now_), own.facts.formerly.format(text=" ".join(texts)), record=False)
    elif not is_quoted(row):
        yield from (Value(capital(text) if row == "period" else text, record=False) for text in texts)
    else:
        yield from (Value(in_print(text), address=operator_address(text) if row == "operators" else None) for text in texts)


def _commune_row(message: MessageInput) -> Iterator[FactRow]:
    own = view_words(message.language).facts
    values = tuple(Value(commune.name, address=f"/communes/{commune.code}") for commune in named_communes(message.decree))
    if values:
        called = dict.fromkeys(clean(named.evidence) for named in message.decree.communes if named.evidence)
        yield FactRow(own.communes, values, note=own.also_called.format(words=", ".join(called)) if called else own.calculated)


_MOST_PROOFS = 4


def _row(row: str, message: MessageInput) -> Iterator[FactRow]:
    """Yield a row; where nothing of it was found, that, if its absence would surprise. Its values are marked where phrases prove them."""
    decree, own, facts = message.decree, view_words(message.language).facts, facts_of_row(row)
    label, values = row_label(row, decree, message.words), tuple(_values(row, message))
    if not values:
        if decree.kind in ALLOWING and facts[0].expected and row not in topics()[decree.topic].without:
            yield FactRow(label, (), note=own.not_found)
        return
    found = {fact.name: getattr(decree.facts, fact.name) for fact in facts}
    marks = [value for value in found.values() if isinstance(value, str)]
    if found.get("cameras") is not None:
        marks = [f"{found['cameras']} caméras"]
    about = {fact.about for fact in facts}
    proofs: dict[tuple[str, int], Quote] = {}
    for evidence in decree.evidence:
        if evidence.about in about and len(proofs) < _MOST_PROOFS:
            said = quote(evidence.text, [*marks, *(value.text for value in values if value.record)], decree, evidence.page)
            proofs.setdefault(("".join(span.text for span in said.spans), evidence.page), said)
    yield FactRow(label, values, tuple(proofs.values()), note=own.doubtful if found.keys() & set(decree.facts.doubtful) else "")


# What one can do.


def _todo(message: MessageInput) -> Todo:
    own, advice, words = view_words(message.language).todo, message.legal_advice, message.words
    letters = dict(_letters(message))
    if advice is None or message.decree.kind not in ALLOWING:
        return Todo(next(iter(no_recourse_line(message.decree, words))).text, None, letters)
    case, day = deadline(advice, message.today)
    if not_begun(message.decree):
        return Todo(own.not_begun, advice_parts(advice, message.today, words), letters)
    forms = {Deadline.KNOWN: own.until, Deadline.PASSED: own.passed, Deadline.AT_LEAST: own.at_least, Deadline.UNKNOWN: own.unknown}
    when = "" if day is None else date_text(day, words.dates) if case is Deadline.PASSED else full_day(day, words, message.language)
    return Todo(forms[case].format(day=when), advice_parts(advice, message.today, words), letters)


def _letters(message: MessageInput) -> Iterator[tuple[str, str]]:
    """Yield the drafts of letters by their kind. They are in French: that is what authorities read."""
    if message.legal_advice is None:
        return
    kinds = LetterKind if message.decree.kind in ALLOWING else (LetterKind.CADA,)
    for kind in kinds:
        yield kind.value, draft(kind, message.decree, message.place, message.now, message.legal_advice)
