"""Says between which two looks at a listing a recueil appeared, and what follows from that for a decree: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from bot.domain.acts import Moment

MOST_CLOCKS_DIFFER = timedelta(days=1)
"""The largest difference between a server's clock and ours that widens a bracket; a larger one is told and not used."""

CLOCKS_AGREE = timedelta(minutes=2)
"""The difference of clocks up to which nothing is told of it."""

WIDE = timedelta(hours=6)
"""The width from which a bracket is told as wide: the site was down, or seldom looked at."""


MOST_VERSIONS = 20
"""Former contents of a file that are named: some sites make it anew for each reader."""


@dataclass(frozen=True, slots=True)
class Look:
    """Describes one answered request: the address as requested, when by our clock (`asked_at`, `answered_at`), the HTTP status, and the
    headers `Date`, `Last-Modified` and `ETag` of the answer, None where it had none."""

    url: str
    asked_at: datetime
    answered_at: datetime
    status: int
    server_date: datetime | None = None
    last_modified: str | None = None
    etag: str | None = None

    @property
    def clocks_differ(self) -> bool:
        """Return whether the server's clock and ours differ by more than `CLOCKS_AGREE`."""
        date, least = self.server_date, CLOCKS_AGREE
        return date is not None and not self.asked_at - least <= date <= self.answered_at + least

    @property
    def earliest(self) -> datetime:
        """Return the earliest instant at which the answer was made: a cache may have kept it since the server's date."""
        date = self.server_date
        return date if date is not None and timedelta(0) < self.asked_at - date <= MOST_CLOCKS_DIFFER else self.asked_at

    @property
    def latest(self) -> datetime:
        """Return the latest instant at which the answer was made: a server's date is that of a whole second."""
        date = self.server_date
        is_used = date is not None and timedelta(0) < date - self.answered_at <= MOST_CLOCKS_DIFFER
        return date + timedelta(seconds=1) if date is not None and is_used else self.answered_at


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Names a content that an address gave before it was replaced: SHA-256 (64 hex digits), and when it came."""

    sha256: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Online:
    """Tells when a recueil went online: `first`, the first look at its listing that showed it; `before`, the last that did not, None where
    there was none (first poll, list that could not be read); `file`, the answer that brought its file; `replaced`: former contents."""

    first: Look
    before: Look | None = None
    file: Look | None = None
    replaced: tuple[FileVersion, ...] = ()

    def fetched(self, file: Look | None, sha256: str, former: FileVersion | None) -> Online:
        """Return the same once its file has come, with this content. `former`: the content that it had until now, if any."""
        replaced = self.replaced if former is None else (*self.replaced, former)
        # A content that came again was not replaced.
        replaced = replaced[:-1] if replaced and replaced[-1].sha256 == sha256 else replaced
        return replace(self, file=file or self.file, replaced=replaced[-MOST_VERSIONS:])

    @property
    def after(self) -> datetime | None:
        """Return the instant before which it was not there. None where that is not known, or where the clock was set back since."""
        earliest = self.before.earliest if self.before is not None else None
        return earliest if earliest is not None and earliest <= self.until else None

    @property
    def until(self) -> datetime:
        """Return the instant by which it was there."""
        return self.first.latest

    @property
    def is_wide(self) -> bool:
        """Return whether the bracket is `WIDE` or more, or open."""
        return self.after is None or self.until - self.after >= WIDE


_PDF_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-]\d\d)'?(\d\d)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileStatement:
    """Holds what a PDF states of itself, which can be wrong: when it was created and last modified, as it writes it
    (`D:20260814101500+02'00'`), and by which program; empty where it does not."""

    created: str = ""
    modified: str = ""
    producer: str = ""

    @property
    def created_at(self) -> datetime | None:
        """Return when it says that it was created, None where that is no date."""
        return pdf_date(self.created)

    @property
    def modified_at(self) -> datetime | None:
        """Return when it says that it was last modified, None where that is no date."""
        return pdf_date(self.modified)


def pdf_date(text: str) -> datetime | None:
    """Return a date of a PDF, without a time zone where it writes none; None for anything else."""
    found = _PDF_DATE.match(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or least) for part, least in zip(found.groups()[:6], "011000", strict=True))
    sign = -1 if (found[8] or "").startswith("-") else 1
    try:
        ahead = timedelta(hours=int(found[8] or 0), minutes=sign * int(found[9] or 0))
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(ahead) if found[7] or found[8] else None)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class LookRun:
    """Describes consecutive looks at a page of a source that showed the same entries: the first, the last, and how many. `digest`: SHA-256
    of the addresses of the entries, one a line, in page order."""

    source: str
    page: str
    first: Look
    last: Look
    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class OpenRun:
    """Holds the newest run of a page, which the next look may continue, and what the page held at its last look. `content`: digest of all;
    `version`: ETag and Last-Modified; `rules`: version of the rules that read it; `entries`, `links`: marks, of `MARK` digits each.
    `is_over`: the clock was set back since."""

    run: LookRun
    content: str
    rules: str
    version: tuple[str | None, str | None] = (None, None)
    entries: str = ""
    links: str = ""
    is_over: bool = False


MARK = 12
"""Hexadecimal digits that stand for an address."""


def over(runs: Mapping[str, OpenRun]) -> dict[str, OpenRun]:
    """Return runs that no look continues, and that prove nothing of what comes: the clock they go by was wrong."""
    return {page: replace(run, is_over=True) for page, run in runs.items()}


class Timeliness(StrEnum):
    """Classifies when a decree went online, beside its beginning and end: only what holds for the whole bracket."""

    AFTER_END = "after_end"
    AFTER_START = "after_start"
    SAME_DAY = "same_day"
    EVE = "eve"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Says how long before its beginning a decree went online: `timeliness`, and at least and at most how long before (negative: after);
    None where the beginning has no hour."""

    timeliness: Timeliness
    at_least: timedelta | None = None
    at_most: timedelta | None = None


def lead_time_of(online: Online | None, starts: Moment | None, ends: Moment | None, zone: ZoneInfo) -> LeadTime | None:
    """Return what a bracket says of a period, by the clock of `zone`; None where it says nothing for sure."""
    if online is None or (after := online.after) is None or starts is None:
        return None
    start = None if starts.time is None else datetime.combine(starts.day, starts.time, zone)
    timeliness = _timeliness(after.astimezone(zone), online.until.astimezone(zone), starts.day, start)
    if ends is not None and after >= _end_of(ends, zone):
        timeliness = Timeliness.AFTER_END
    if timeliness is None or start is None:
        return None if timeliness is None else LeadTime(timeliness)
    return LeadTime(timeliness, start - online.until, start - after)


def _timeliness(after: datetime, until: datetime, day: date, start: datetime | None) -> Timeliness | None:
    """Return how two instants of one time zone stand to a beginning: its `day`, and its instant where it has an hour."""
    first, last, eve = after.date(), until.date(), day - timedelta(days=1)
    if first > day or (start is not None and after >= start):
        return Timeliness.AFTER_START
    if last < eve:
        return Timeliness.EARLIER
    is_before = start is None or until <= start
    return {day: Timeliness.SAME_DAY, eve: Timeliness.EVE}.get(first) if first == last and is_before else None


def is_printed_earlier(online: Online | None, printed: date | None, zone: ZoneInfo) -> bool:
    """Return whether the day that a recueil prints is earlier than the first on which it can have gone online."""
    return online is not None and online.after is not None and printed is not None and printed < online.after.astimezone(zone).date()


def _end_of(ends: Moment, zone: ZoneInfo) -> datetime:
    """Return the instant at which a period is over: its hour, else the end of its last day."""
    return (
        datetime.combine(ends.day + timedelta(days=1), time(), zone) if ends.time is None else datetime.combine(ends.day, ends.time, zone)
    )
