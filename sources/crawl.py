"""From a source to its new entries: one request when the way is known, a walk from the root when it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sources.authority import Source
from sources.errors import CrawlFailed, LayoutChanged
from sources.fetch import Fetcher, FetchError, Gone
from sources.listed import Listed
from sources.route import choose
from sources.trail import Polled, Trail, is_outdated, must_walk
from sources.visit import Visited, Visits
from sources.walk import Walk, polled


@dataclass(frozen=True, slots=True)
class Crawl:
    """What one poll found.

    `listed` has each address once: everything on the pages that were read, seen before or not. It is empty when `unchanged`: the server
    answered 304 for every page. `trail` is to be kept for the next poll; `requests` counts the page requests made.
    """

    listed: tuple[Listed, ...]
    trail: Trail
    requests: int
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """The files a detail page holds (at least one), and the page requests made."""

    documents: tuple[Listed, ...]
    requests: int


class Crawler:
    """Polls sources through a `Fetcher`. Holds no state of its own: what must be remembered is in the `Trail`."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def poll(self, source: Source, trail: Trail | None, *, today: date, now: datetime) -> Crawl:
        """Ask the pages where new recueils appear. `today` is the authority's local date, `now` an aware instant.

        Raises `CrawlFailed`: no listing where one must be (`LayoutChanged`), or a request that failed.
        """
        visits = Visits(self._fetcher, source)
        try:
            return await self._poll(visits, source, trail, today, now)
        except FetchError as cause:
            raise CrawlFailed(cause, visits.requests) from cause

    async def documents(self, source: Source, listed: Listed) -> Resolved:
        """The files of an entry: those of its detail page, dated like the listing where the page shows no date, or itself.

        Raises `CrawlFailed`, with `LayoutChanged` when the page holds no document.
        """
        if not listed.is_detail:
            return Resolved((listed,), 0)
        visits = Visits(self._fetcher, source)
        try:
            page = await visits.page(listed.url)
            if not page.links.documents:
                raise LayoutChanged(f"no document on the page of {listed.title!r}: {listed.url}")
        except FetchError as cause:
            raise CrawlFailed(cause, visits.requests) from cause
        dated = (replace(document, published=document.published or listed.published) for document in page.links.documents)
        return Resolved(tuple(dated), visits.requests)

    async def _poll(self, visits: Visits, source: Source, trail: Trail | None, today: date, now: datetime) -> Crawl:
        listed: dict[str, Listed] = {}
        if trail is not None and not must_walk(trail, source.fingerprint, today, now):
            pages = await _ask_again(visits, source, trail, today, listed)
            if pages is not None:
                unchanged = not visits.known
                kept = replace(trail, pages=pages, polled_on=today)
                return Crawl(tuple(listed.values()), kept, visits.requests, unchanged=unchanged)
        walk = Walk(visits, source, trail, today)
        await walk.run()
        listed.update(walk.listed)
        fresh = Trail(source.fingerprint, now, today, today, tuple(walk.polled.values()), visits.known)
        return Crawl(tuple(listed.values()), fresh, visits.requests)


async def _ask_again(visits: Visits, source: Source, trail: Trail, today: date, listed: dict[str, Listed]) -> tuple[Polled, ...] | None:
    """Ask the trail's pages and add what they list to `listed`; None when the way must be walked again."""
    pages: list[Polled] = []
    for known in trail.pages:
        try:
            page = await visits.changed(known.url, known.validators)
        except Gone:
            return None
        if page is None:
            pages.append(known)
            continue
        listed.update((entry.url, entry) for entry in page.entries)
        if _is_outdated(known, page, source, trail, today):
            return None
        pages.append(polled(page))
    return tuple(pages)


def _is_outdated(known: Polled, page: Visited, source: Source, trail: Trail, today: date) -> bool:
    choice = choose(page.links.ways, today, year=page.year, always=source.follow)
    return is_outdated(known, page.links, page.entries, choice, trail, grows=source.order != "newest-first")
