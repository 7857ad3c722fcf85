"""Make of decrees the values that pages show: labels, dates, cards of lists. Pure; the words come from the messages and from `words/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from bot.detection.text.phrases import without_names
from bot.domain.acts import ALLOWING, GRANTS, Decree, Kind, Moment, Place
from bot.domain.law import Recourse, Standing, never_began
from bot.domain.law import cameras as cameras_on
from bot.domain.posts import operator_slug
from bot.domain.topics import topics
from bot.gazetteer.gazetteer import named_communes, typographic
from bot.messages.legal import current_period, deadline, flag_lines, list_standing, recourse_line
from bot.messages.lines import MessageInput, capital, date_text, moment_at, moment_text, period_text, short_where, time_text
from bot.messages.online import advice_beside_looks, timeliness_line
from bot.messages.words import Language, Words, clean, link_to, words_file
from bot.queries.phrases import message_of

_LONGEST_PHRASE = 200
_MARGIN = 70
"""Characters kept before and after the marked words of a long phrase."""
_NAMED_IN_TITLE = 2


@cache
def view_words(language: Language) -> Words:
    """Return the words of a language, read once from its packaged file."""
    return words_file("bot.web", "words", f"{language}.toml")["views"]


# Labels: a sign, drawn by the style sheet from `look`, and its words.


@dataclass(frozen=True, slots=True)
class StateLabel:
    """A few words and how they look: now, soon, past, stop, doubt, read, broken, off."""

    text: str
    look: str


_LOOKS = {
    Standing.UPCOMING: "soon",
    Standing.IN_FORCE: "now",
    Standing.OVER: "past",
    Standing.ENDED: "stop",
    Standing.SUSPENDED: "stop",
    Standing.IN_DOUBT: "doubt",
    Standing.UNKNOWN: "doubt",
    Standing.CHANGE: "past",
    Standing.REFUSED: "past",
}


def has_begun(message: MessageInput) -> bool:
    """Return whether the period runs: UPCOMING is then a decree between its hours."""
    return message.legal_advice is not None and message.legal_advice.recourse is Recourse.RUNNING


def standing_label(message: MessageInput) -> StateLabel:
    """Return where a decree stands; of one that is never in force itself, its kind."""
    advice = message.legal_advice
    standing = Standing.UNKNOWN if advice is None else advice.standing
    words = view_words(message.language).status
    if standing is Standing.UPCOMING and not has_begun(message):
        text: str | None = words.upcoming
    elif standing is Standing.IN_DOUBT:
        text = words.in_doubt
    elif message.decree.kind in GRANTS:
        text = list_standing(message)
    else:
        text = message.words.short_kinds[message.decree.kind]
    # "plus en vigueur depuis le 3 mai 2024" is said beside the label.
    short = {Standing.ENDED: message.words.standing.ended, Standing.SUSPENDED: message.words.standing.suspended}
    return StateLabel(capital(short.get(standing) or text or words.in_doubt), _LOOKS[standing])


# Days, in short and in full.


def full_day(day: date, words: Words, language: Language) -> str:
    """Return `dimanche 29 novembre 2026`."""
    return full_moment(Moment(day), words, language)


def full_moment(moment: Moment, words: Words, language: Language) -> str:
    """Return `dimanche 29 novembre 2026 à 6 h`."""
    own = view_words(language).days
    return own.full.format(weekday=own.weekdays[moment.day.weekday()], date=moment_text(moment, words.dates))


def short_day(day: date, this_year: int, words: Words, language: Language) -> str:
    """Return `27 nov.`, with the year where it is another one than this."""
    own = view_words(language).days
    number = words.dates.first if day.day == 1 else str(day.day)
    form = own.short if day.year == this_year else own.short_year
    return form.format(day=number, month=own.short_months[day.month - 1], year=day.year)


def short_moment(moment: Moment, this_year: int, words: Words, language: Language) -> str:
    """Return `29 nov., 6 h`."""
    day = short_day(moment.day, this_year, words, language)
    return day if moment.time is None else view_words(language).days.at.format(day=day, time=time_text(moment.time, words.dates))


def weekday_moment(moment: Moment, this_year: int, words: Words, language: Language) -> str:
    """Return `dim. 29 nov., 6 h`."""
    own = view_words(language).days
    return own.full.format(weekday=own.short_weekdays[moment.day.weekday()], date=short_moment(moment, this_year, words, language))


def instant_text(at: datetime, time_zone: str, words: Words) -> str:
    """Return an instant (aware) by the clock of a place (IANA name): `28 novembre 2026 à 9 h 12`."""
    return moment_text(moment_at(at, ZoneInfo(time_zone)), words.dates)


# Phrases of an act, with the words that prove something marked.


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A piece of text, marked or not."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A phrase of an act: `page` of the file, and the address of that page, None where there is none."""

    spans: tuple[TextSpan, ...]
    page: int | None = None
    link: str | None = None


def quote(text: str, marked: Iterable[str], decree: Decree, page: int | None = None) -> Quote:
    """Quote a phrase without persons' names. Those of these words that stand in it are marked; all of it where none does."""
    phrase = clean(without_names(text))
    found = [at for word in marked if (at := _span(phrase, clean(word))) is not None] or [(0, len(phrase))]
    return Quote(spans_of(phrase, found), page, None if page is None else link_to(decree.url, page))


def in_print(text: str) -> str:
    """Return a text of a decree as pages say it: harmless, with the apostrophe of print. What is quoted stays as it stands in the act."""
    return typographic(clean(text))


def _span(phrase: str, word: str) -> tuple[int, int] | None:
    lowered, wanted = typographic(phrase.lower()), typographic(word.lower())
    # Where lower case has other lengths, positions would be those of another text.
    at = lowered.find(wanted) if wanted and len(lowered) == len(phrase) else -1
    return None if at < 0 else (at, at + len(wanted))


def spans_of(phrase: str, marks: Iterable[tuple[int, int]]) -> tuple[TextSpan, ...]:
    """Return a phrase in pieces, those between these positions marked; a long one is cut around the first of them."""
    places = sorted(marks)
    first, last = 0, len(phrase)
    if last > _LONGEST_PHRASE:
        marked = places[0][0] if places else 0
        first = max(marked - _MARGIN, 0)
        first = phrase.find(" ", first) + 1 if first and " " in phrase[first:] else first
        last = min(last, first + _LONGEST_PHRASE)
        last = phrase.rfind(" ", first, last) if last < len(phrase) and " " in phrase[first:last] else last
    spans = [TextSpan("[…] ")] if first else []
    at = first
    for start, stop in places:
        begin, end = max(start, at), min(stop, last)
        if begin >= end:
            continue
        spans += [TextSpan(phrase[at:begin]), TextSpan(phrase[begin:end], marked=True)]
        at = end
    spans += [TextSpan(phrase[at:last]), TextSpan(" […]" if last < len(phrase) else "")]
    return tuple(span for span in spans if span.text)


# Cards: one decree of a list.


@dataclass(frozen=True, slots=True)
class DecreeTitle:
    """What a decree is called: `record` in the words of the act, which are French, then what Vigie adds."""

    record: str
    added: str = ""

    @property
    def text(self) -> str:
        """Return all of it."""
        return f"{self.record}{self.added}"


@dataclass(frozen=True, slots=True)
class Card:
    """One decree of a list. `spoken` is the period for whoever hears the page; `limit` says until when it can be contested, in pieces."""

    id: int
    address: str
    title: DecreeTitle
    label: StateLabel
    dates: str
    spoken: str
    where: str
    meta: tuple[str, ...]
    flags: tuple[str, ...]
    limit: tuple[TextSpan, ...]
    found: str
    kind: str
    topic: str
    quote: Quote | None = None


def card(decree: Decree, places: Mapping[str, Place], at: datetime, language: Language, found: Quote | None = None) -> Card:
    """Return a decree as lists show it at `at` (aware), with the phrase `found` in it where there is one."""
    message = message_of(decree, places, at, language)
    words = message.words
    period = current_period(message)
    year = message.today.year
    return Card(
        id=decree.id or 0,
        address=f"/arretes/{decree.id}",
        title=title_of(message),
        label=standing_label(message),
        dates=_dates(period.starts, period.ends, year, message) or undated(decree, language),
        spoken=period_text(period, words) or undated(decree, language),
        where=clean(short_where(message.place, words)),
        meta=_meta(message, is_placed=bool(decree.communes)),
        flags=flags_of(message),
        limit=_limit(message),
        found="" if decree.published is None else short_day(decree.published, year, words, language),
        kind=capital(words.short_kinds[decree.kind]),
        topic=decree.topic,
        quote=found,
    )


def cards(decrees: Iterable[Decree], places: Mapping[str, Place], at: datetime, language: Language) -> tuple[Card, ...]:
    """Return decrees as lists show them at `at` (aware)."""
    return tuple(card(decree, places, at, language) for decree in decrees)


def undated(decree: Decree, language: Language) -> str:
    """Return what stands in place of a period that is not known: what changes another decree may give it none."""
    own = view_words(language).card
    return own.no_period if decree.kind not in GRANTS and decree.kind is not Kind.REFUSAL else own.unknown


def formerly(message: MessageInput) -> str:
    """Return the period of a decree before a later decree gave it another; empty where none did."""
    before = period_text(message.decree.facts, message.words)
    return "" if before is None or before == period_text(current_period(message), message.words) else before


def camera_counts(message: MessageInput) -> tuple[int | None, int | None]:
    """Return how many cameras there are now, and how many there were before a later decree changed that; None where nothing is known."""
    now, before = cameras_on(message.decree, message.today), message.decree.facts.sure.cameras
    return now, None if now == before else before


def _dates(starts: Moment | None, ends: Moment | None, year: int, message: MessageInput) -> str:
    own, words, language = view_words(message.language).card, message.words, message.language
    if starts is None and ends is None:
        return ""
    # Only before the arrow does a line end.
    texts = [None if one is None else short_moment(one, year, words, language).replace(" ", "\u00a0") for one in (starts, ends)]
    if texts[0] is None:
        return own.until.format(end=texts[1])
    if texts[1] is None:
        return own.since.format(start=texts[0])
    if starts is not None and ends is not None and starts.day == ends.day and starts.time is None and ends.time is None:
        return texts[0]
    return own.arrow.format(start=texts[0], end=texts[1])


def title_of(message: MessageInput) -> DecreeTitle:
    """Return `Valence : festival des Lumières`: the place, then the event, else the object, else the number; then the kind, except
    authorisations."""
    decree, own = message.decree, view_words(message.language).card
    named = tuple(named_communes(decree))
    # "Lyon 2e" says Lyon.
    whole = {commune.part_of for commune in named}
    communes = tuple(dict.fromkeys(commune.name for commune in named if commune.code not in whole))
    where = ", ".join(communes[:_NAMED_IN_TITLE])
    if len(communes) > _NAMED_IN_TITLE:
        where = own.and_more.format(names=where, n=len(communes) - _NAMED_IN_TITLE)
    if not communes:
        where = clean(short_where(message.place, message.words))
    what = _without_place(in_print(decree.facts.sure.event or ""), communes) or next(
        (in_print(place) for place in decree.facts.sure.places), ""
    )
    if not what and decree.facts.places:  # to be verified: it tells more than a number
        what = own.doubtful.format(place=in_print(decree.facts.places[0]))
    if not what and decree.facts.number:
        what = own.number.format(number=clean(decree.facts.number))
    record = own.heading.format(where=where, what=what or own.unnamed)
    if decree.kind is Kind.AUTHORISATION:
        return DecreeTitle(record)
    return DecreeTitle(record, own.heading_kind.format(kind=message.words.short_kinds[decree.kind]))


def _without_place(event: str, communes: Iterable[str]) -> str:
    """Return `festival des Lumières` for `festival des Lumières de Valence`, before which the town stands already."""
    for name in communes:
        if name.lower() not in event.lower():  # in most: to make and try an expression takes much longer
            continue
        event = re.sub(rf"\s+(?:de|d['’]|à|du)\s*{re.escape(name)}\s*$", "", event, flags=re.IGNORECASE)
    return event


def _meta(message: MessageInput, *, is_placed: bool) -> tuple[str, ...]:
    """Return who and how many; first where, unless the title begins with it."""
    decree, own = message.decree, view_words(message.language).card
    operators = ", ".join(in_print(name) for name in decree.facts.sure.operators)
    cameras = own.cameras_unknown if decree.kind in GRANTS and "cameras" not in topics()[decree.topic].without else ""
    counted, before = camera_counts(message)
    if counted is not None:
        cameras = own.one_camera if counted == 1 else own.cameras.format(n=counted)
        cameras += "" if before is None else own.cameras_before.format(n=before)
    where = clean(short_where(message.place, message.words)) if is_placed else ""
    was = formerly(message)
    return tuple(text for text in (where, operators, cameras, own.formerly.format(period=was) if was else "") if text)


_MARK = re.compile(r"^[^\w«“(]+")


def bare(text: str) -> str:
    """Return a text of the messages without the sign that begins it: pages draw their own, and screen readers would name it."""
    return _MARK.sub("", text)


def flags_of(message: MessageInput) -> tuple[str, ...]:
    """Return what is striking in the dates of a decree, a sentence each."""
    advice, words = advice_beside_looks(message), message.words
    lines = (
        () if advice is None else (*flag_lines(advice, message.decree.topic, words), *timeliness_line(message.decree, message.place, words))
    )
    return tuple(bare(line.text) for line in lines)


def _limit(message: MessageInput) -> tuple[TextSpan, ...]:
    """Return until when and where a decree can be contested, the day marked; nothing of one that allows nothing, or never began."""
    advice = message.legal_advice
    if advice is None or message.decree.kind not in ALLOWING or not_begun(message.decree):
        return ()
    brief = next(iter(recourse_line(advice, message.today, message.words))).brief or ""
    _, day = deadline(advice, message.today)
    marked = "" if day is None else date_text(day, message.words.dates)
    at = brief.find(marked)
    return spans_of(brief, [(at, at + len(marked))]) if marked and at >= 0 else (TextSpan(brief),)


def not_begun(decree: Decree) -> bool:
    """Return whether a later decree ended this one before it began."""
    return never_began(decree.changed_by, decree.facts.sure.starts)


def operator_address(name: str) -> str | None:
    """Return the path of an operator's page; None where nothing of its name is left to be written in one."""
    slug = operator_slug(name)
    return f"/operateurs/{slug}" if slug else None
