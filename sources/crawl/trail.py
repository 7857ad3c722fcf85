"""Holds what the crawler keeps of a source between two polls; decides when to walk again, and which links to follow. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from sources.model import ListingEntry, Validators
from sources.pages.links import OFFSET, PageLink, PageLinks
from sources.text import is_aside, is_slice, label_of, names_a_part, names_recueil, read_label, same_site, site_of, unlike

WALK_EVERY = timedelta(days=1)
"""The longest time between two walks from the root."""

LONGEST_ABSENCE = timedelta(days=60)
"""How far back a walk looks for months that passed since the last poll, and a daily one for late recueils. Older ones are found by a
backfill."""

WHOLE_EVERY = timedelta(minutes=20)
"""How long polls stay short after a whole one: they skip pages whose period is over, and request redirect targets directly. With polls
every quarter of an hour every second one is whole; half an hour would make it every third, as polls may come a little early."""

_EACH_END = 10
"""Entries remembered of each end of a list: enough to see that two readings overlap."""


@dataclass(frozen=True, slots=True)
class PolledPage:
    """Describes a page requested at every poll, under its linked address. `marks`: its former entries; `is_emptied`: it lists nothing now.
    `is_unread`: unreadable in the walk, repeated once it answers. `behind`: the last page of its list, which always changes too: only then
    this one is requested. `never_read`: unreadable since the first poll. `leads_to`: its redirect, if to several recueils."""

    url: str
    validators: Validators
    marks: tuple[str, ...]
    is_emptied: bool = False
    is_unread: bool = False
    behind: str | None = None
    never_read: bool = False
    leads_to: str | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """Describes the way found. `known`: all its addresses; `catalogue` changes with the source's description. `polled_on`: the last day on
    which every page was readable. `moved_to`: the root page's other address, if any. `whole_at`: when all pages were last requested, and
    answered. `former`: pages of months that ended longer ago, read since."""

    catalogue: str
    walked_at: AwareDatetime
    walked_on: date
    polled_on: date
    pages: tuple[PolledPage, ...]
    known: tuple[str, ...]
    version: Literal[1] = 1
    moved_to: str | None = None
    whole_at: AwareDatetime | None = None
    former: tuple[str, ...] = ()

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
        """Return the entries remembered of all pages."""
        return frozenset(mark for page in self.pages for mark in page.marks)

    @property
    def emptied(self) -> tuple[str, ...]:
        """Return the pages that lost all their entries."""
        return tuple(page.url for page in self.pages if page.is_emptied)


_ADAPTER: TypeAdapter[Trail] = TypeAdapter(Trail)


def past_pages(trail: Trail, today: date) -> frozenset[str]:
    """Return the pages that a short poll skips: those whose period is over and that are not in trouble; none if all periods are over."""
    over = {page.url for page in trail.pages if has_ended(page.url, today, trail.walked_on.year)}
    is_left = len(over) < len(trail.pages)
    return frozenset(page.url for page in trail.pages if is_left and page.url in over and not (page.is_unread or page.is_emptied))


def may_be_short(trail: Trail, now: datetime) -> bool:
    """Return whether the next poll may be a short one."""
    return trail.whole_at is not None and timedelta(0) <= now - trail.whole_at < WHOLE_EVERY


def requests_each_time(trail: Trail, today: date) -> int:
    """Return how many pages a poll requests when nothing is new."""
    past = past_pages(trail, today)
    return sum(page.behind is None and page.url not in past for page in trail.pages)


def must_walk(trail: Trail | None, catalogue: str, today: date, now: datetime) -> bool:
    """Return whether to walk from the root in any case: no trail, month or year turned, a day passed, clock set back."""
    return (
        trail is None
        or trail.catalogue != catalogue
        or (trail.walked_on.year, trail.walked_on.month) != (today.year, today.month)
        or not timedelta(0) <= now - trail.walked_at < WALK_EVERY
    )


def is_outdated(
    polled: PolledPage, links: PageLinks, entries: Sequence[ListingEntry], ways: Iterable[PageLink], trail: Trail, *, grows: bool
) -> bool:
    """Return whether a polled page no longer fits the trail: it lost or replaced all its entries, got its first ones, shows a new one among
    the `ways` to follow today, or (when its list `grows` at the end) a further page."""
    is_as_known = overlap(entries, polled.marks) if entries else polled.is_emptied or not polled.marks
    if not is_as_known:
        return True
    known = set(trail.known)
    if any(way.url not in known for way in ways):
        return True
    return grows and links.pager.last is not None and links.pager.last not in known


def missed_since(trail: Trail | None, today: date, *, former: bool = False) -> date:
    """Return the day since which recueils may have come unseen: the last one on which the source was read, today if polls are daily. With
    `former`, some may be filed under any month of the last ones."""
    if former:
        return today - LONGEST_ABSENCE
    if trail is None or trail.polled_on >= today - timedelta(days=1):
        return today
    return max(trail.polled_on, today - LONGEST_ABSENCE)


def has_lost_all(known: PolledPage, trail: Trail, listed: Iterable[ListingEntry], today: date) -> bool:
    """Return whether a page that a walk found empty lost the entries it had. False if one of them is `listed` elsewhere by the same walk,
    or if the address names no year and the year has turned ("année en cours" begins anew). A page whose only recueil was withdrawn
    counts."""
    has_begun_anew = trail.polled_on.year != today.year and not names_year(known.url)
    return bool(known.marks) and not has_begun_anew and not overlap(listed, known.marks)


def has_replaced(page: PolledPage, known: PolledPage, trail: Trail) -> bool:
    """Return whether a page that a walk found replaces one of the trail: it lists something, and did not before. A page above it does not:
    some recueils are filed there by mistake."""
    before = {list_of(polled.url) for polled in trail.pages if polled.marks}
    return bool(page.marks) and list_of(page.url) not in before and not is_below(known.url, list_of(page.url))


def has_ended(url: str, today: date, year: int) -> bool:
    """Return whether the period in the last segment of an address that has one is over. `year` is for months alone."""
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    for end in range(len(segments), 0, -1):
        period = label_of("https://site/" + "/".join(segments[:end]), "").period
        if period is not None:
            bounds = period.bounds(year)
            return bounds is not None and bounds[1] < today
    return False


def awaits_new_year(trail: Trail | None, today: date) -> bool:
    """Return whether an empty list is normal today: in the first days of a year, on a site whose pages name no year and begin anew, if they
    listed something until then, or are awaited since."""
    if trail is None or today - date(today.year, 1, 1) >= GRACE:
        return False
    return any(not names_year(page.url) and (trail.polled_on.year < today.year or not page.marks) for page in trail.pages)


def names_year(url: str) -> bool:
    """Return whether an address names a year, in any of its segments."""
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


# Which links to follow today: pure decisions on periods.

GRACE = timedelta(days=7)
"""How long a month or year is still watched after its end: bulletins of the last days are put online late."""

MAX_INSTEAD = 2
"""Links without a period that are tried where none is for the day."""


@dataclass(frozen=True, slots=True)
class RouteChoice:
    """Describes the ways of one page on a given day, without future ones. `current`: of the day, or always followed; `recent`: ended within
    the grace time before it; `missed`: ended since the last poll or within its grace time; `earlier`: older, newest first. `is_awaited`: a
    way for today may still appear; `is_late`: one for the days of grace may."""

    current: tuple[PageLink, ...] = ()
    recent: tuple[PageLink, ...] = ()
    missed: tuple[PageLink, ...] = ()
    earlier: tuple[PageLink, ...] = ()
    is_awaited: bool = False
    is_late: bool = False


def choose(
    ways: Sequence[PageLink], today: date, *, year: int | None, always: Sequence[str] = (), since: date | None = None
) -> RouteChoice:
    """Sort `ways`. `year` completes labels without one; `always` are patterns of ways without a period to follow any day; `since` is the
    day of the last poll, if not today."""
    graced, missed = today - GRACE, (since or today) - GRACE
    followed = tuple(way for way in ways if way.period is None and matches(always, way.url, way.text))
    dated = by_period(ways, today, year=year)
    begun = [(way, bounds) for way, bounds in dated if bounds[0] <= today]
    current = tuple(way for way, bounds in begun if bounds[1] >= today)
    return RouteChoice(
        current=followed + current,
        recent=tuple(way for way, bounds in begun if graced <= bounds[1] < today),
        missed=tuple(way for way, bounds in begun if missed <= bounds[1] < graced),
        earlier=tuple(way for way, bounds in begun if bounds[1] < missed),
        is_awaited=bool(dated) and (not current or any(is_slice(way.url) for way in current)),
        is_late=graced.year in {bounds[0].year for _, bounds in dated} and not any(bounds[0] <= graced <= bounds[1] for _, bounds in dated),
    )


def by_period(ways: Sequence[PageLink], today: date, *, year: int | None) -> list[tuple[PageLink, tuple[date, date]]]:
    """Return the ways with a period and its first and last day, the newest first. `year` is that of the page, for labels without one."""
    dated = [(way, bounds) for way in ways if way.period and (bounds := way.period.bounds(year))]
    if not dated and year is None:
        # Months alone, no year anywhere: they can only be this year's.
        dated = [(way, bounds) for way in ways if way.period and (bounds := way.period.bounds(today.year))]
    return sorted(dated, key=lambda item: (item[1][1], item[1][0]), reverse=True)


def sections(ways: Sequence[PageLink], page: str, root: str) -> tuple[PageLink, ...]:
    """Return the ways without a period to follow from a page that lists nothing and sorts by no period, where the catalogue names none:
    those below the page that name the recueil or a part of it (department, special and regular bulletins)."""
    return tuple(
        way
        for way in ways
        if way.period is None and is_below(way.url, page) and names_a_part(way.url, way.text) and not is_aside(way.url, way.text, root=root)
    )


def instead(choice: RouteChoice, parts: Sequence[PageLink]) -> tuple[PageLink, ...]:
    """Return the `parts` without a period to try, such as "Recueils en cours", on a page that sorts by period and has none for the day: the
    day's page may have lost the year or month in its name, or not exist yet."""
    return tuple(parts[:MAX_INSTEAD]) if choice.is_awaited and not choice.current else ()


def homes(ways: Sequence[PageLink], root: str) -> tuple[PageLink, ...]:
    """Return where the recueil may have moved, by the links of its old page or the folder above, likeliest first: on the same site, without
    a period, naming the recueil, except "[TEST] RAA" and the region's recueil."""
    named = (
        way
        for way in ways
        if way.period is None
        and same_site(way.url, root)
        and place(way.url) != place(root)
        and names_recueil(way.url, way.text)
        and not is_aside(way.url, way.text, root=root)
    )
    return tuple(sorted(named, key=lambda way: unlike(way.text, root)))


def has_moved(root: str, url: str) -> bool:
    """Return whether the page requested at `root` moved to `url`. False for a page below it: the current year's."""
    return place(url) != place(root) and not is_below(url, root)


def list_of(url: str) -> str:
    """Return where the list stands that a page belongs to, the same for all its pages."""
    return place(OFFSET.sub("", url))


def is_below(url: str, page: str) -> bool:
    """Return whether an address lies in the folder of a page."""
    return place(url).startswith(place(page) + "/")


def folder_above(url: str) -> str | None:
    """Return the address of the folder in which a page stands; None for a site's home page."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path.rsplit("/", 1)[0] or "/", "", "")) if path else None


def place(url: str) -> str:
    """Return where a page is, whatever the case of its address and a slash at its end, which the platform's servers ignore."""
    return site_of(url) + urlsplit(url).path.rstrip("/").lower()


def wanted(entries: Sequence[ListingEntry], only: Sequence[str]) -> tuple[ListingEntry, ...]:
    """Return the entries that count: all, or with `only` those that match one of its patterns. A list on which none counts is still a list:
    the choice is made after the crawl."""
    return tuple(entry for entry in entries if not only or matches(only, entry.url, entry.title))


def matches(patterns: Iterable[str], *texts: str) -> bool:
    """Return whether one of the catalogue's patterns is found in one of the texts, in any case."""
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts)
