"""One poll's visits to a site: each page asked at most once, counted, read with the source's reader; how many a walk may make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sources.catalogue.authority import Source
from sources.crawl.route import matches
from sources.model import Fetcher, LayoutChanged, ListingEntry, Page, Paused, Validators
from sources.pages import READERS, PageLinks, Pager
from sources.text.periods import label_of

MAX_PAGES = 12
"""Pages one walk may read on its way. More means that the layout is not understood."""


@dataclass(frozen=True, slots=True)
class Visited:
    """A page that was read. `asked` is the address the site links, `url` the one after redirects; the catalogue's `ignore` is applied."""

    asked: str
    url: str
    validators: Validators
    entries: tuple[ListingEntry, ...]
    links: PageLinks

    @property
    def pager(self) -> Pager:
        """The pages of the list it belongs to."""
        return self.links.pager

    @property
    def year(self) -> int | None:
        """The year its address announces, before or after a redirect, for the labels below it that write none."""
        periods = (label_of(url, "").period for url in (self.asked, self.url))
        return next(
            (period.first_year for period in periods if period and period.first_year and period.first_year == period.last_year), None
        )


class PageCache:
    """Fetches pages of one source. `requests` counts the page requests made."""

    def __init__(self, fetcher: Fetcher, source: Source) -> None:
        self._fetcher = fetcher
        self._source = source
        self._read: dict[str, Visited] = {}
        self.requests = 0

    @property
    def known(self) -> tuple[str, ...]:
        """Every address met, before and after redirects."""
        return tuple(self._read)

    @property
    def has_pages(self) -> bool:
        """Whether any page came: not where every answer was an error or "not modified"."""
        return bool(self._read)

    async def changed(self, url: str, validators: Validators) -> Visited | None:
        """The page as it is now, None where the server says that it did not change. Raises any `FetchError`."""
        page = await self._ask(url, validators)
        return None if page.unchanged else self._keep(url, page)

    async def page(self, url: str) -> Visited:
        """The page, from memory when this poll has read it already. Raises any `FetchError`."""
        return self._read.get(url) or self._keep(url, await self._ask(url, Validators()))

    def has_read(self, url: str) -> bool:
        """Whether this poll has read the page, under this address or as the target of a redirect."""
        return url in self._read

    async def _ask(self, url: str, validators: Validators) -> Page:
        self.requests += 1
        try:
            return await self._fetcher.page(url, validators)
        except Paused:
            self.requests -= 1  # never sent
            raise

    def _keep(self, url: str, page: Page) -> Visited:
        links = READERS[self._source.reader](page.html, page.url)
        entries = () if links.is_stranger else self._allowed(links.entries(wants_details=self._source.wants_details))
        ignore = self._source.ignore
        links = PageLinks(
            documents=self._allowed(links.documents),
            details=self._allowed(links.details),
            ways=tuple(way for way in links.ways if not matches(ignore, way.url, way.text)),
            pager=links.pager,
            is_stranger=links.is_stranger,
        )
        visited = Visited(url, page.url, page.validators, entries, links)
        if links.is_stranger:
            return visited  # not remembered: asked again once the session is there, the address gives the real page
        self._read[url] = visited
        self._read.setdefault(page.url, visited)
        return visited

    def _allowed(self, entries: Sequence[ListingEntry]) -> tuple[ListingEntry, ...]:
        """Without what the catalogue ignores, and what is on a host where nothing may be fetched."""
        fetchable = (entry for entry in entries if self._fetcher.may_fetch(entry.url))
        return tuple(entry for entry in fetchable if not matches(self._source.ignore, entry.url, entry.title))


class TooManyPages(LayoutChanged):
    """The walk is over: the rest of the way is not asked."""


class Steps:
    """Asks the pages of the way. `met` has those that came, by the address they were asked at."""

    def __init__(self, visits: PageCache, root: str) -> None:
        self.met: dict[str, Visited] = {}
        self._visits = visits
        self._root = root
        self._taken = 0

    async def to(self, url: str) -> Visited:
        """A page on the way. Raises `TooManyPages`, `LayoutChanged` where the site gives another page, and any other `FetchError`."""
        page = await self._ask(url)
        if page.links.is_stranger:
            page = await self._ask(url)  # the answer to the first request brought the session
        if page.links.is_stranger:
            raise LayoutChanged(f"{url}: the site gives another page than the one asked for")
        self.met[url] = page
        return page

    async def _ask(self, url: str) -> Visited:
        if not self._visits.has_read(url):
            self._taken += 1
            if self._taken > MAX_PAGES:
                raise TooManyPages(f"no listing found within {MAX_PAGES} pages from {self._root}")
        return await self._visits.page(url)
