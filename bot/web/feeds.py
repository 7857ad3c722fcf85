"""Answers the addresses of feeds and calendars: Atom (RFC 4287), JSON Feed 1.1, iCalendar (RFC 5545). An entry does not depend on the day:
it is written as of the decree's last change, as a post is. Its id contains neither the site's address nor anything that may be read
otherwise later."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from bot.domain.acts import ALLOWING, GRANTS, Decree, Kind, Moment, Place, deciding_in
from bot.domain.law import Applicability, ends_first, hold, legal_advice, never_began, period
from bot.domain.posts import operator_slug, whole_city
from bot.gazetteer.gazetteer import gazetteer
from bot.messages.announcement import LONGEST_LINE, LONGEST_PIECE, Announcement, PostRow, announce, paragraphs, publisher_of, subject_text
from bot.messages.legal import current_period, first_link
from bot.messages.lines import ALONE, MessageContext, MessageInput, PostPart, capital, kind_text, period_text, place_for, short_where
from bot.messages.words import Language, cut, data_file, fitting, inert, of_topics
from bot.queries.running import running
from bot.storage.browsing import DecreeFilter
from bot.web.documents import Document, PageRequest, Parameters, Route, SiteContext
from bot.web.rendering import missing, next_change

# Events of a calendar. Pure.

_LONGEST_LINE = 75
"""Octets of a line, its end not counted (section 3.1)."""
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Span:
    """When an event is: two days, or two aware instants. `end` is exclusive. `status` is `CONFIRMED`, `TENTATIVE` or `CANCELLED`. `rule`:
    how it recurs (RFC 5545, 3.3.10), empty for once."""

    start: date | datetime
    end: date | datetime
    status: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One event. `uid` stays as it is; `updated` (aware) is when it last changed. `alarm`: how long before its start one is reminded."""

    uid: str
    span: Span
    title: str
    text: str
    link: str | None
    where: str
    updated: datetime
    alarm: timedelta | None = None


def span_of(decree: Decree, time_zone: str) -> Span | None:
    """Return when cameras may be used under a decree; None if it grants nothing or gives no day. Hours are of the IANA zone. Without a
    known end, or with a misread one: the first day; without a known beginning: the last. A later decree may end the event early, or cancel
    it; doubtful or suspended: tentative."""
    if decree.kind not in GRANTS:
        return None
    starts, ends = period(decree)
    status = "CONFIRMED"
    for change in decree.changed_by:
        held = hold(change, None)
        if never_began((change,), starts):
            status = "CANCELLED"
        elif change.kind is Kind.ABROGATION and held is Applicability.YES:
            if change.since is not None and (ends is None or change.since <= ends.day):
                ends = Moment(change.since - timedelta(days=1))
        elif held is not Applicability.NO and change.kind in {Kind.ABROGATION, Kind.SUSPENSION} and status == "CONFIRMED":
            status = "TENTATIVE"
    known = starts or ends
    if known is None:
        return None
    if starts is None or ends is None or ends_first(ends, starts):
        return Span(known.day, known.day + timedelta(days=1), status)
    if starts.time is None and ends.time is None:
        return Span(starts.day, ends.day + timedelta(days=1), status)
    zone = ZoneInfo(time_zone)
    start = datetime.combine(starts.day, starts.time or time(), zone)
    end = datetime.combine(ends.day, ends.time, zone) if ends.time else datetime.combine(ends.day + timedelta(days=1), time(), zone)
    return Span(start.astimezone(UTC), end.astimezone(UTC), status)


_BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def slots_of(decree: Decree, time_zone: str, whole: Span) -> tuple[Span, ...]:
    """Return the hours of each day of a decree within its `whole` span, one for the days between two changes of the clocks; none where it
    has no slots, or where a later decree gives it another period."""
    zone = ZoneInfo(time_zone)
    found: list[Span] = []
    for slot in decree.facts.slots if period(decree) == (decree.facts.starts, decree.facts.ends) else ():
        openings = [datetime.combine(day, slot.opens, zone) for day in slot.days if day <= _last_day(whole.end, zone)]
        for _, grouped in groupby(openings, datetime.utcoffset):
            days = list(grouped)
            start, end = days[0], datetime.combine(slot.closing(days[0].date()).day, slot.closes, zone)
            until = _calendar_instant(days[-1])
            shift = (start.astimezone(UTC).date() - start.date()).days  # a rule counts the days of UTC
            weekly = f"WEEKLY;BYDAY={','.join(_BYDAY[(day + shift) % 7] for day in slot.weekdays)}" if slot.weekdays else "DAILY"
            rule = f"FREQ={weekly};UNTIL={until}" if days[1:] else ""
            found.append(Span(start.astimezone(UTC), end.astimezone(UTC), whole.status, rule))
    return tuple(found)


def _last_day(end: date | datetime, zone: ZoneInfo) -> date:
    """Return the last day before an exclusive end."""
    return (end - timedelta(microseconds=1)).astimezone(zone).date() if isinstance(end, datetime) else end - timedelta(days=1)


def calendar(name: str, language: str, events: Iterable[CalendarEvent]) -> bytes:
    """Return a calendar in UTF-8, its lines folded."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Vigie//Vigie//{language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_calendar_text(name)}",
        f"X-WR-CALNAME:{_calendar_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        *(line for event in events for line in _event(event)),
        "END:VCALENDAR",
    ]
    return b"".join(map(_folded, lines))


def _event(event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_calendar_text(event.uid)}"
    yield f"DTSTAMP:{_calendar_instant(event.updated)}"
    yield f"LAST-MODIFIED:{_calendar_instant(event.updated)}"
    yield _moment("DTSTART", event.span.start)
    yield _moment("DTEND", event.span.end)
    if event.span.rule:
        yield f"RRULE:{event.span.rule}"
    yield f"SUMMARY:{_calendar_text(event.title)}"
    yield f"DESCRIPTION:{_calendar_text(event.text)}"
    if event.where:
        yield f"LOCATION:{_calendar_text(event.where)}"
    if event.link is not None:
        yield f"URL:{_CONTROL.sub('', event.link)}"
    yield f"STATUS:{event.span.status}"
    # Nobody is busy because cameras are on.
    yield "TRANSP:TRANSPARENT"
    if event.alarm is not None:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_calendar_text(event.title)}")
        yield from (f"TRIGGER:-P{event.alarm.days}D", "END:VALARM")
    yield "END:VEVENT"


def _moment(name: str, at: date | datetime) -> str:
    return f"{name}:{_calendar_instant(at)}" if isinstance(at, datetime) else f"{name};VALUE=DATE:{at:%Y%m%d}"


def _calendar_instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _calendar_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", escaped).replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Return a line with its end, cut where it is too long, never within a character."""
    rest, parts, room = line.encode("utf-8"), [], _LONGEST_LINE
    while len(rest) > room:
        end = room
        while rest[end] & 0xC0 == 0x80:  # goes on with a character
            end -= 1
        parts.append(rest[:end])
        rest, room = rest[end:], _LONGEST_LINE - 1
    return b"\r\n ".join((*parts, rest)) + b"\r\n"


# Entries of feeds. Pure.

TAG = "tag:vigie-vsa,2026:"
"""What ids begin with (RFC 4151)."""
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 allows.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One decree. `link` is its page on the site, `pdf` the page of the PDF; None where it has no usable address. `updated` is aware.
    `events`: when cameras may be used, and the last day to contest, where they are known."""

    id: str
    title: str
    link: str
    pdf: str | None
    text: str
    paragraphs: tuple[tuple[PostRow, ...], ...]
    pdf_label: str
    tags: tuple[str, ...]
    published: datetime
    updated: datetime
    events: tuple[CalendarEvent, ...]

    @property
    def html(self) -> str:
        """Return the same as `text`, as HTML."""
        written = ["<br>".join(html.escape(row.text) for row in part) for part in self.paragraphs]
        if self.pdf is not None:
            written.append(f'<a href="{html.escape(self.pdf)}">{html.escape(self.pdf_label)}</a>')
        return "".join(f"<p>{text}</p>" for text in written)


@dataclass(frozen=True, slots=True)
class Feed:
    """Holds what the entries share. `home`: the page with the same content; `address`: the feed's; `rights`: the
    licence, empty for none."""

    id: str
    title: str
    subtitle: str
    author: str
    home: str
    address: str
    language: Language
    rights: str
    entries: tuple[FeedEntry, ...]

    @property
    def updated(self) -> datetime:
        """Return when the last entry changed; long ago where there is none."""
        return max((entry.updated for entry in self.entries), default=_BEFORE_ALL)


def shown_since(decree: Decree) -> datetime:
    """Return since when a decree is shown as it is now."""
    return decree.changed_at or decree.found_at or _BEFORE_ALL


def entry_id(decree: Decree, language: Language) -> str:
    """Return what names a decree in the feeds of one language: nothing of it changes, and another instance gives another name."""
    found = int((decree.found_at or _BEFORE_ALL).timestamp())
    return f"{TAG}arretes:{decree.authority}:{decree.id}:{found}" + ("" if language == "fr" else f":{language}")


def entry_title(message: MessageInput, said: Announcement, *, limit: str = "") -> str:
    """Return `Valence : Fête du port · autorisation · Drôme (26) · du 19 au 22 avril 2024 · SNCF · n° 2024-00493`: one line that stays
    valid, for feeds and calendars. `said` is the `announce` of the message. `limit`: what is said of the last day, in place of kind and
    period."""
    decree, words, advice = message.decree, message.words, message.legal_advice
    texts = {line.part: line.text for line in said.lines}
    is_doubtful = any(line.is_doubtful for line in said.lines_of(PostPart.PERIOD))
    is_given_later = advice is not None and advice.starts is not None and advice.ends is not None
    bond = None if decree.kind is Kind.AUTHORISATION else first_link(decree, words)
    unsure = words.standing.unknown if is_doubtful and not is_given_later else None
    period_told = () if limit else (bond, period_text(current_period(message), words), unsure)
    subject, where = subject_text(decree, words), short_where(message.place, words)
    facts = [text for text in (*period_told, texts.get(PostPart.OPERATORS)) if text] or ([] if subject else [texts.get(PostPart.TITLE, "")])
    # Without a subject the department is where.
    kind = limit or kind_text(decree, words)
    head = [text for text in ((subject, kind, where) if subject else (where, kind)) if text]
    head[0] = capital(head[0])
    return fitting((*head, *(cut(text, LONGEST_PIECE) for text in (*facts, texts.get(PostPart.NUMBER)) if text)), LONGEST_LINE)


def entry_of(decree: Decree, place: Place, language: Language, link: str, context: MessageContext = ALONE, *, note: str = "") -> FeedEntry:
    """Return the entry of a decree of the authority at `place`, whose page is at `link`. `note` is said before all else."""
    updated = shown_since(decree)
    message = MessageInput(decree, place, updated, language, legal_advice(decree, place, updated), context)
    said = announce(message)
    rows = [[PostRow(note)]] if note else []
    # The head says what the title says, but for notices and flags; hashtags and links have places of their own.
    rows += [[PostRow(text)] for text in (line.text for line in said.lines_of(PostPart.NOTICE, PostPart.FLAGS))]
    rows += [[row for row in part if row.href is None and row.text != " ".join(said.hashtags)] for part in paragraphs(said)[1:]]
    kept = [part for part in rows if part]
    pdf = said.link
    linked = [f"{said.link_label} : {pdf}"] if pdf is not None and language == "fr" else [f"{said.link_label}: {pdf}"] if pdf else []
    text = "\n\n".join(["\n".join(row.text for row in part) for part in kept] + linked)
    return FeedEntry(
        id=entry_id(decree, language),
        title=entry_title(message, said),
        link=link,
        pdf=pdf,
        text=text,
        paragraphs=tuple(map(tuple, kept)),
        pdf_label=said.link_label,
        tags=tuple(tag.removeprefix("#") for tag in said.hashtags),
        published=decree.found_at or updated,
        updated=updated,
        # A calendar has no address of its own that another could be relative to.
        events=tuple(_events(message, said, text, link if "://" in link else pdf)),
    )


_REMINDED = timedelta(days=3)
"""How long before the last day to contest a calendar reminds of it."""


def _events(message: MessageInput, said: Announcement, text: str, link: str | None) -> Iterator[CalendarEvent]:
    """Yield when cameras may be used under a decree; then the last day to contest it, unless it is not known or nothing is allowed."""
    decree, zone, advice = message.decree, message.place.time_zone, message.legal_advice
    uid, where = entry_id(decree, message.language).removeprefix(TAG), ", ".join(line.text for line in said.lines_of(PostPart.PLACES))
    span = span_of(decree, zone)
    spans = () if span is None else slots_of(decree, zone, span) or (span,)
    found: list[tuple[str, Span, str, timedelta | None]] = []
    found += [(f"-{rank}" if rank else "", one, entry_title(message, said), None) for rank, one in enumerate(spans)]
    day = None if advice is None or decree.kind not in ALLOWING else advice.last_day
    if day is not None:
        status = "CANCELLED" if span is not None and span.status == "CANCELLED" else "CONFIRMED"
        limit = entry_title(message, said, limit=_words()[message.language]["limit"])
        found.append(("-recours", Span(day, day + timedelta(days=1), status), limit, _REMINDED))
    for mark, one, title, alarm in found:
        yield CalendarEvent(f"{uid}{mark}@vigie-vsa", one, title, text, link, where or said.where, message.now, alarm)


# The three formats.


def atom(feed: Feed) -> bytes:
    """Return an Atom feed."""
    root = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", _instant(feed.updated))
    _add(ET.SubElement(root, "author"), "name", feed.author)
    if feed.rights:
        _add(root, "rights", feed.rights)
    _add(root, "generator", "Vigie")
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": feed.address})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.home})
    for entry in feed.entries:
        _add_entry(ET.SubElement(root, "entry"), entry)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_entry(parent: ET.Element, entry: FeedEntry) -> None:
    _add(parent, "id", entry.id)
    _add(parent, "title", entry.title)
    _add(parent, "published", _instant(entry.published))
    _add(parent, "updated", _instant(entry.updated))
    ET.SubElement(parent, "link", {"rel": "alternate", "type": "text/html", "href": entry.link})
    if entry.pdf is not None:
        ET.SubElement(parent, "link", {"rel": "related", "type": "application/pdf", "href": entry.pdf})
    for tag in entry.tags:
        ET.SubElement(parent, "category", {"term": _xml(tag)})
    _add(parent, "summary", entry.text)
    _add(parent, "content", entry.html, type="html")


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _xml(text)


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def json_feed(feed: Feed) -> bytes:
    """Return a JSON Feed."""
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.subtitle,
        "home_page_url": feed.home,
        "feed_url": feed.address,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _item(entry: FeedEntry) -> dict[str, Any]:
    item = {
        "id": entry.id,
        "url": entry.link,
        "external_url": entry.pdf,
        "title": entry.title,
        "content_html": entry.html,
        "content_text": entry.text,
        "date_published": _instant(entry.published),
        "date_modified": _instant(entry.updated),
        "tags": list(entry.tags),
    }
    return {name: value for name, value in item.items() if value is not None}


def ics(feed: Feed) -> bytes:
    """Return a calendar of when decrees grant something, and of the last days to contest them."""
    return calendar(feed.title, feed.language, (event for entry in feed.entries for event in entry.events))


# The addresses.

MOST = 50
"""Decrees of a feed, and of a calendar."""
_FORMS: dict[str, tuple[Callable[[Feed], bytes], str]] = {
    "atom": (atom, "application/atom+xml; charset=utf-8"),
    "json": (json_feed, "application/feed+json; charset=utf-8"),
    "ics": (ics, "text/calendar; charset=utf-8"),
}


@cache
def _words() -> dict[str, Any]:
    return data_file("bot.web", "words", "feeds.toml")


def _title(site: SiteContext, request: PageRequest, key: str, **named: str) -> str:
    """Return the title of a feed, which names the topic where it is of one."""
    topics, language = site.questions.topics, request.language
    about = {form: of_topics(topics, language, form) for form in ("on", "of")}
    return str(_words()[language][key].format(**named, **about))


def _feed(
    site: SiteContext, request: PageRequest, decrees: Iterable[Decree], title: str, home: str, path: str,
    unplaced: frozenset[int] = frozenset(), note: str = "", changes_at: datetime | None = None,
) -> Document:  # fmt: skip
    """Return these decrees in the form asked for. Those of `unplaced` say `note`; `path` is that of the feed without its ending."""
    written = _FORMS.get(request.parameters["form"])
    if written is None:
        return missing(site, request)
    settings, language = site.settings, request.language

    def entry(decree: Decree) -> Any:
        context = MessageContext(settings.public_url or None, publisher=publisher_of(decree, site.places))
        link = settings.address(f"/arretes/{decree.id}", language)
        place = place_for(site.places, decree.authority)
        return entry_of(decree, place, language, link, context, note=note if decree.id in unplaced else "")

    feed = Feed(
        id=":".join((f"{TAG}{path.strip('/').replace('/', ':')}", *filter(None, (settings.topic, language.removeprefix("fr"))))),
        title=title,
        subtitle=_words()[language]["subtitle"].format(site=settings.name),
        author=settings.name,
        home=settings.address(home, language),
        address=settings.address(f"{path}.{request.parameters['form']}", language),
        language=language,
        rights=settings.licence_name,
        entries=tuple(entry(decree) for decree in decrees),
    )
    write, media_type = written
    # A page of somebody else may show it: there is nothing in it that depends on who asks.
    return Document(write(feed), media_type, changes_at=changes_at, headers={"Access-Control-Allow-Origin": "*"})


def _every(site: SiteContext, request: PageRequest) -> Document:
    found = site.browsing.batch(DecreeFilter(), MOST).decrees
    return _feed(site, request, found, _title(site, request, "all"), "/", "/flux/arretes")


def _in_force(site: SiteContext, request: PageRequest) -> Document:
    current = site.decrees.current(request.at.date() - timedelta(days=1))
    found = running(current, site.places, request.at).all[:MOST]
    title = _title(site, request, "in_force")
    changes_at = next_change(found, site, request.at)
    return _feed(site, request, site.questions.whole(found), title, "/envigueur", "/flux/envigueur", changes_at=changes_at)


def _department(site: SiteContext, request: PageRequest) -> Document:
    department = gazetteer().department(request.parameters["code"].zfill(2))
    there = frozenset(() if department is None else (department.code,))
    authorities = deciding_in(there, site.places)
    if department is None or not authorities:
        return missing(site, request)
    found = site.browsing.batch(DecreeFilter(authorities, there), MOST).decrees
    title = _title(site, request, "department", name=department.name, code=department.code)
    return _feed(site, request, found, title, f"/departements/{department.code}", f"/flux/departements/{department.code}")


def _commune(site: SiteContext, request: PageRequest) -> Document:
    """Return the decrees that name a commune, or the city of an arrondissement, and those of authorities there that name none: the same as
    for followers in a chat."""
    commune = gazetteer().commune(request.parameters["code"])
    authorities = frozenset() if commune is None else deciding_in({commune.department}, site.places)
    if commune is None or not authorities:
        return missing(site, request)
    codes = frozenset(filter(None, (commune.code, whole_city(commune.code))))
    naming = site.browsing.batch(DecreeFilter(communes=codes), MOST).decrees
    unplaced = site.decrees.naming_none(authorities, MOST).ids
    known = (*naming, *site.decrees.load(unplaced))
    newest = sorted(known, key=lambda decree: (shown_since(decree), decree.id or 0), reverse=True)[:MOST]
    title = _title(site, request, "commune", name=commune.name, department=commune.department)
    note = _words()[request.language]["may_concern"].format(name=commune.name)
    return _feed(site, request, newest, title, f"/communes/{commune.code}", f"/flux/communes/{commune.code}", frozenset(unplaced), note)


def _operator(site: SiteContext, request: PageRequest) -> Document:
    slug = request.parameters["slug"].lower()
    found = site.browsing.batch(DecreeFilter(operator=slug), MOST).decrees
    # As the newest of them writes it: counting all that name it would take longer than the feed.
    name = next((name for decree in found for name in decree.facts.operators if operator_slug(name) == slug), None)
    if name is None:
        return missing(site, request)
    title = _title(site, request, "operator", name=inert(name))
    return _feed(site, request, found, title, f"/operateurs/{slug}", f"/flux/operateurs/{slug}")


def _forms(_site: SiteContext) -> Iterator[Parameters]:
    return ({"form": form} for form in _FORMS)


def _listed(name: str, values: Callable[[SiteContext], Iterable[str]]) -> Callable[[SiteContext], Iterator[Parameters]]:
    return lambda site: ({name: value, **form} for value in values(site) for form in _forms(site))


FEEDS: tuple[Route, ...] = (
    Route("/flux/arretes.{form}", _every, _forms),
    Route("/flux/envigueur.{form}", _in_force, _forms),
    Route("/flux/departements/{code}.{form}", _department, _listed("code", lambda site: site.departments)),
    Route(
        "/flux/communes/{code}.{form}",
        _commune,
        _listed("code", lambda site: (one.code for one in site.decrees.communes_named(site.departments))),
    ),
    Route("/flux/operateurs/{slug}.{form}", _operator, _listed("slug", lambda site: (one.slug for one in site.browsing.operators()))),
)
