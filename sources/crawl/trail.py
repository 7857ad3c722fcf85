"""What the crawler remembers of a source between two polls, and when that is no longer enough. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from sources.crawl.route import GRACE, is_below, list_of
from sources.model import ListingEntry, Validators
from sources.pages import PageLink, PageLinks
from sources.text.periods import label_of, read_label

WALK_EVERY = timedelta(days=1)
"""The longest time between two walks from the root."""

LONGEST_ABSENCE = timedelta(days=60)
"""How far back a walk looks for months that went by since the last poll. What is older is a backfill's."""

_EACH_END = 10
"""Entries remembered of each end of a list: enough to see that two readings overlap."""


@dataclass(frozen=True, slots=True)
class Polled:
    """A page asked at every poll, under the address the site links. `marks` identify entries it had, none when it had none.

    `is_emptied`: it lists none of them any more, nor others. `is_unread`: the walk could not read it, and the way is walked again once it
    answers. `behind` is the page that also changes when something enters this one, the last of the same list, which gets what it pushes
    out: this one is asked only when that one has changed. `never_read`: it was there at the first poll, and could not be read since.
    """

    url: str
    validators: Validators
    marks: tuple[str, ...]
    is_emptied: bool = False
    is_unread: bool = False
    behind: str | None = None
    never_read: bool = False


@dataclass(frozen=True, slots=True)
class Trail:
    """The way that was found. `known` are all addresses met on it; `catalogue` changes when the source's description does.

    `polled_on` is the last day on which every page could be read. `moved_to` is where the root page was found, when not where the
    catalogue says.
    """

    catalogue: str
    walked_at: AwareDatetime
    walked_on: date
    polled_on: date
    pages: tuple[Polled, ...]
    known: tuple[str, ...]
    version: Literal[1] = 1
    moved_to: str | None = None

    def to_json(self) -> str:
        """Return one line of JSON."""
        return _ADAPTER.dump_json(self).decode()

    @staticmethod
    def from_json(text: str | None) -> Trail | None:
        """Return the trail `to_json` wrote; None for anything else, which only means that the way must be walked again."""
        if text is None:
            return None
        try:
            trail = _ADAPTER.validate_json(text)
        except ValidationError:
            return None
        return trail if trail.pages else None

    @property
    def marks(self) -> frozenset[str]:
        """The entries remembered of all pages."""
        return frozenset(mark for page in self.pages for mark in page.marks)

    @property
    def emptied(self) -> tuple[str, ...]:
        """The pages that lost all their entries."""
        return tuple(page.url for page in self.pages if page.is_emptied)


_ADAPTER: TypeAdapter[Trail] = TypeAdapter(Trail)


def must_walk(trail: Trail | None, catalogue: str, today: date, now: datetime) -> bool:
    """Whether to walk from the root whatever the pages say: nothing remembered, month or year turned, a day gone by, clock set back."""
    return (
        trail is None
        or trail.catalogue != catalogue
        or (trail.walked_on.year, trail.walked_on.month) != (today.year, today.month)
        or not timedelta(0) <= now - trail.walked_at < WALK_EVERY
    )


def is_outdated(
    polled: Polled, links: PageLinks, entries: Sequence[ListingEntry], ways: Iterable[PageLink], trail: Trail, *, grows: bool
) -> bool:
    """Return whether a page polled by the trail no longer says what the trail was built on.

    It lost or replaced all its entries, got its first ones, shows a way that was not there among the `ways` to follow today, or (when its
    list `grows` at the end) a further page.
    """
    is_as_known = overlap(entries, polled.marks) if entries else polled.is_emptied or not polled.marks
    if not is_as_known:
        return True
    known = set(trail.known)
    if any(way.url not in known for way in ways):
        return True
    return grows and links.pager.last is not None and links.pager.last not in known


def missed_since(trail: Trail | None, today: date) -> date:
    """The day since which recueils may have come that no poll has seen: the last one on which the source was read, today where polls go on
    from day to day."""
    if trail is None or trail.polled_on >= today - timedelta(days=1):
        return today
    return max(trail.polled_on, today - LONGEST_ABSENCE)


def has_lost_all(known: Polled, trail: Trail, listed: Iterable[ListingEntry], today: date) -> bool:
    """Return whether a page that a walk has just met without an entry is one that lost those it had.

    Not when one of them was `listed` elsewhere by the same walk, nor when its address tells no year and the year has turned since: such a
    page ("année en cours") begins anew. A page whose only recueil was withdrawn counts: that is worth a look.
    """
    has_begun_anew = trail.polled_on.year != today.year and not names_year(known.url)
    return bool(known.marks) and not has_begun_anew and not overlap(listed, known.marks)


def has_replaced(page: Polled, known: Polled, trail: Trail) -> bool:
    """Return whether a page that a walk found takes the place of one of the trail: it lists something, and did not before.

    A page above it does not: there some recueils are filed by mistake or for show.
    """
    before = {list_of(polled.url) for polled in trail.pages if polled.marks}
    return bool(page.marks) and list_of(page.url) not in before and not is_below(known.url, list_of(page.url))


def has_ended(url: str, today: date, year: int) -> bool:
    """Whether the stretch of time that an address tells, in the last of its segments that has one, is over. `year` is for months alone."""
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    for end in range(len(segments), 0, -1):
        period = label_of("https://site/" + "/".join(segments[:end]), "").period
        if period is not None:
            bounds = period.bounds(year)
            return bounds is not None and bounds[1] < today
    return False


def awaits_new_year(trail: Trail | None, today: date) -> bool:
    """Whether nothing at all may be listed today: the first days of a year, on a site whose pages tell no year and begin anew with it.

    The pages listed something until the year turned, or are awaited since.
    """
    if trail is None or today - date(today.year, 1, 1) >= GRACE:
        return False
    return any(not names_year(page.url) and (trail.polled_on.year < today.year or not page.marks) for page in trail.pages)


def names_year(url: str) -> bool:
    """Return whether an address tells a year, in any of its segments."""
    labels = (read_label(unquote(segment)) for segment in urlsplit(url).path.split("/"))
    return any(label.period is not None and label.period.first_year is not None and not label.period.is_open for label in labels)


def overlap(entries: Iterable[ListingEntry], marks: Iterable[str]) -> bool:
    """Return whether an entry is among those remembered."""
    remembered = frozenset(marks)
    return any(_mark(entry) in remembered for entry in entries)


def marks_of(entries: Sequence[ListingEntry]) -> tuple[str, ...]:
    """Return what to remember of a list: some entries of both ends."""
    chosen = entries if len(entries) <= 2 * _EACH_END else (*entries[:_EACH_END], *entries[-_EACH_END:])
    return tuple(dict.fromkeys(_mark(entry) for entry in chosen))


def _mark(entry: ListingEntry) -> str:
    return hashlib.sha256(entry.url.encode()).hexdigest()[:12]
