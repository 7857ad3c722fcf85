"""From a source to its new entries: one request when the way is known, a walk from the root when it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sources.catalogue.authority import Source
from sources.crawl.lists import PageCache, Visited, polled
from sources.crawl.trail import Polled, Trail, choose, instead, is_outdated, must_walk, sections, wanted
from sources.crawl.walk import Traversal
from sources.model import CrawlFailed, Fetcher, FetchError, Gone, LayoutChanged, ListingEntry, Origin


@dataclass(frozen=True, slots=True)
class Crawl:
    """What one poll found.

    `listed` has each address once: everything on the pages that were read, seen before or not. It is empty when `unchanged`: the server
    answered 304 for every page. `trail` is to be kept for the next poll; `requests` counts the page requests made.

    `moved_to` is where the root page is now when it is not where the catalogue says, whether it redirects there, links there or is gone and
    was found through the folder above. `emptied` are pages that always had entries, are still on the way and list none any more, though
    none of theirs was met elsewhere (a page whose only recueil was withdrawn counts: that is worth a look). `unread` says why pages that
    belong to the way could not be read, while others could; one that had entries and has vanished is among them. The rest of the crawl is
    good; all three are reported at each poll for as long as they are true.
    """

    listed: tuple[ListingEntry, ...]
    trail: Trail
    requests: int
    unchanged: bool = False
    moved_to: str | None = None
    emptied: tuple[str, ...] = ()
    unread: tuple[FetchError, ...] = ()

    def require_whole(self) -> None:
        """Raise `CrawlFailed` where a page could not be read, for whom half a crawl is none."""
        if self.unread:
            raise CrawlFailed(self.unread[0], self.requests)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The files a detail page holds (at least one), and the page requests made."""

    documents: tuple[ListingEntry, ...]
    requests: int


Polling = tuple[dict[str, ListingEntry], Trail, tuple[FetchError, ...]]
"""The entries by address, the trail to keep, and why pages could not be read."""


class Crawler:
    """Polls sources through a `Fetcher`. Holds no state of its own: what must be remembered is in the `Trail`."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def poll(self, source: Source, trail: Trail | None, *, today: date, now: datetime) -> Crawl:
        """Ask the pages where new recueils appear. `today` is the authority's local date, `now` an aware instant.

        Raises `CrawlFailed` when nothing could be read: no listing where one must be (`LayoutChanged`), or a request that failed.
        """
        visits = PageCache(self._fetcher, source)
        try:
            listed, kept, unread = await self._poll(visits, source, trail, today, now)
        except FetchError as cause:
            raise CrawlFailed(cause, visits.requests) from cause
        entries = wanted(tuple(listed.values()), source.only)
        return Crawl(entries, kept, visits.requests, not visits.has_pages, kept.moved_to, kept.emptied, unread)

    async def documents(self, source: Source, listed: ListingEntry) -> Resolved:
        """Return the files of an entry: those of its detail page, dated like the listing where the page shows no date, or itself.

        Raises `CrawlFailed`, with `LayoutChanged` when the page holds no document.
        """
        if not listed.is_detail:
            return Resolved((listed,), 0)
        visits = PageCache(self._fetcher, source)
        try:
            page = await visits.page(listed.url)
            if not page.links.documents:
                raise LayoutChanged(f"no document on the page of {listed.title!r}: {listed.url}")
        except FetchError as cause:
            raise CrawlFailed(cause, visits.requests) from cause
        dated = (replace(document, published=document.published or listed.published) for document in page.links.documents)
        return Resolved(tuple(dated), visits.requests)

    async def _poll(self, visits: PageCache, source: Source, trail: Trail | None, today: date, now: datetime) -> Polling:
        listed: dict[str, ListingEntry] = {}
        if trail is not None and not must_walk(trail, source.fingerprint, today, now):
            again = await _ask_again(visits, source, trail, today, listed)
            if again is not None:
                pages, unread = again
                kept = replace(trail, pages=pages, polled_on=trail.polled_on if unread else today)
                return listed, kept, unread
        walk = Traversal(visits, source, trail, today)
        await walk.run()
        listed |= {url: replace(entry, origin=walk.origins.get(url, entry.origin)) for url, entry in walk.lists.listed.items()}
        pages = tuple((walk.lists.polled | walk.emptied(tuple(listed.values())) | walk.to_ask_again()).values())
        polled_on = trail.polled_on if trail is not None and walk.unread else today
        known = dict.fromkeys((*visits.known, *sorted(walk.gone), *walk.unread, *sorted(walk.parts)))
        fresh = Trail(source.fingerprint, now, today, polled_on, pages, tuple(known), moved_to=walk.moved_to)
        return listed, fresh, tuple(walk.unread.values())


Again = tuple[tuple[Polled, ...], tuple[FetchError, ...]]
"""The pages to ask from now on, and why some of them could not be read."""


async def _ask_again(visits: PageCache, source: Source, trail: Trail, today: date, listed: dict[str, ListingEntry]) -> Again | None:
    """Ask the trail's pages and add what they list to `listed`; None when the way must be walked again.

    Raises the first `FetchError` where no page answers.
    """
    pages: dict[str, Polled] = {}
    same: set[str] = set()
    outdated: set[str] = set()
    unread: list[FetchError] = []
    for known in sorted(trail.pages, key=lambda page: page.behind is not None):
        if outdated and known.behind not in outdated:
            continue
        if known.behind in same:
            pages[known.url] = known
            continue
        try:
            page = await visits.changed(known.url, known.validators)
        except FetchError as error:
            if isinstance(error, Gone) and not known.is_unread:
                return None
            unread.append(error)
            pages[known.url] = known
            continue
        if page is None:
            pages[known.url] = known
            same.add(known.url)
            continue
        if page.links.is_stranger:
            return None
        origin = Origin.FIRST_READ if known.never_read else Origin.CURRENT
        listed.update((entry.url, replace(entry, origin=origin)) for entry in page.entries)
        if known.is_unread or _is_outdated(known, page, source, trail, today):
            # The walk may stop before the page behind this one: what entered there is taken in first.
            outdated.add(known.url)
            continue
        is_still_empty = known.is_emptied and not page.entries
        now = replace(known, validators=page.validators) if is_still_empty else polled(page, behind=known.behind)
        if now.marks == known.marks:  # a server without validators sends the same page again
            same.add(known.url)
        pages[known.url] = now
    if outdated:
        return None
    if unread and not same and not visits.has_pages:
        raise unread[0]
    return tuple(pages[known.url] for known in trail.pages), tuple(unread)


def _is_outdated(known: Polled, page: Visited, source: Source, trail: Trail, today: date) -> bool:
    choice = choose(page.links.ways, today, year=page.year, always=source.follow)
    parts = sections(page.links.ways, page.url, source.root)
    ways = (*choice.current, *choice.recent, *instead(choice, parts))
    return is_outdated(known, page.links, page.entries, ways, trail, grows=source.order != "newest-first")
