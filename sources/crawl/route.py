"""Which links to follow today: pure decisions on periods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit, urlunsplit

from sources.model import ListingEntry
from sources.pages import PageLink
from sources.pages.links import OFFSET
from sources.text.names import is_aside, names_a_part, names_recueil, unlike
from sources.text.periods import is_slice
from sources.text.urls import same_site, site_of

GRACE = timedelta(days=7)
"""How long a month or year is still watched after its end: bulletins of the last days are put online late."""

MAX_INSTEAD = 2
"""Links without a period that are tried where none is for the day."""


@dataclass(frozen=True, slots=True)
class RouteChoice:
    """The ways of one page sorted for a given day; what lies in the future is left out.

    `current` covers the day (or is always followed), `recent` ended within the grace time before it, `missed` within the grace time before
    the last poll or since, `earlier` is older, newest first. `is_awaited`: a way for this very day may still appear, as the page sorts by
    period and has none, or cuts its years by volume; `is_late`: a way for the days of grace may, which it has none for.
    """

    current: tuple[PageLink, ...] = ()
    recent: tuple[PageLink, ...] = ()
    missed: tuple[PageLink, ...] = ()
    earlier: tuple[PageLink, ...] = ()
    is_awaited: bool = False
    is_late: bool = False


def choose(
    ways: Sequence[PageLink], today: date, *, year: int | None, always: Sequence[str] = (), since: date | None = None
) -> RouteChoice:
    """Sort `ways`. `year` is that of the page, for labels without one; `always` are patterns of ways without a period to follow any day.

    `since` is the day of the last poll, where that is not today.
    """
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
    """Return which ways without a period to follow from a page that lists nothing and sorts by no period, where the catalogue does not say.

    Those below the page that name the recueil or a part of it: the branch of the department, special and regular bulletins.
    """
    return tuple(
        way
        for way in ways
        if way.period is None and is_below(way.url, page) and names_a_part(way.url, way.text) and not is_aside(way.url, way.text, root=root)
    )


def instead(choice: RouteChoice, parts: Sequence[PageLink]) -> tuple[PageLink, ...]:
    """Which of the `parts` without a period to try on a page that sorts by period and has none for the day, such as "Recueils en cours".

    The page of the day may have lost the year or month in its name; or it does not exist yet.
    """
    return tuple(parts[:MAX_INSTEAD]) if choice.is_awaited and not choice.current else ()


def homes(ways: Sequence[PageLink], root: str) -> tuple[PageLink, ...]:
    """Return where the recueil may have moved to, by the links of its old page or of the folder above, likeliest first.

    Those on the same site, without a period, that name the recueil; "[TEST] RAA" and the region's recueil do not count.
    """
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
    """Whether a page that was asked at `root` and answered at `url` has moved. Not when it answers at a page below: the current year's."""
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
    """Return the entries that count: all, or with `only` those that one of its patterns is found in.

    A list on which none counts is a list all the same: the choice is made after the crawl, never on its way.
    """
    return tuple(entry for entry in entries if not only or matches(only, entry.url, entry.title))


def matches(patterns: Iterable[str], *texts: str) -> bool:
    """Return whether one of the catalogue's patterns is found in one of the texts, in any case."""
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts)
