"""Write decrees as events of a calendar (iCalendar, RFC 5545). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.acts import GRANTS, Decree, Kind, Moment
from bot.domain.law import Applicability, ends_first, hold, period

_LONGEST_LINE = 75
"""Octets of a line, its end not counted (section 3.1)."""
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Span:
    """When an event is: two days, or two aware instants. `end` is exclusive. `status` is `CONFIRMED`, `TENTATIVE` or `CANCELLED`."""

    start: date | datetime
    end: date | datetime
    status: str


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One event. `uid` stays as it is; `updated` (aware) is when it last changed."""

    uid: str
    span: Span
    title: str
    text: str
    link: str | None
    where: str
    updated: datetime


def span_of(decree: Decree, time_zone: str) -> Span | None:
    """Return when the cameras may be used under a decree, later decrees taken into account; None where it grants nothing or gives no day.

    Hours are those of the place, in the IANA zone given. A period without a known end, or whose end is misread, is its first day; one
    without a known beginning its last. What later ended it ends the event on that day, or cancels it; what is in doubt or suspended is
    tentative.
    """
    if decree.kind not in GRANTS:
        return None
    starts, ends = period(decree)
    status = "CONFIRMED"
    for change in decree.changed_by:
        held = hold(change, None)
        if change.kind is Kind.ABROGATION and held is Applicability.YES:
            if change.retroactive or change.since is None or starts is None or change.since <= starts.day:
                status = "CANCELLED"
            elif ends is None or change.since <= ends.day:
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


def calendar(name: str, language: str, events: Iterable[CalendarEvent]) -> bytes:
    """Return a calendar in UTF-8, its lines folded."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Vigie//Vigie//{language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        *(line for event in events for line in _event(event)),
        "END:VCALENDAR",
    ]
    return b"".join(map(_folded, lines))


def _event(event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{_instant(event.updated)}"
    yield f"LAST-MODIFIED:{_instant(event.updated)}"
    yield _moment("DTSTART", event.span.start)
    yield _moment("DTEND", event.span.end)
    yield f"SUMMARY:{_text(event.title)}"
    yield f"DESCRIPTION:{_text(event.text)}"
    if event.where:
        yield f"LOCATION:{_text(event.where)}"
    if event.link is not None:
        yield f"URL:{_CONTROL.sub('', event.link)}"
    yield f"STATUS:{event.span.status}"
    # Nobody is busy because cameras are on.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(name: str, at: date | datetime) -> str:
    return f"{name}:{_instant(at)}" if isinstance(at, datetime) else f"{name};VALUE=DATE:{at:%Y%m%d}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
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
