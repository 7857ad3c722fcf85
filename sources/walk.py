"""From the root page of a source to the listings that are current on a given day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import IntEnum

from sources.authority import Source
from sources.errors import LayoutChanged
from sources.fetch import Gone
from sources.listed import Listed
from sources.lists import Lists
from sources.pages import Way
from sources.route import Choice, choose, folder_above, has_moved, homes, is_below, sections
from sources.trail import Polled, Trail, awaits_new_year, has_lost_all
from sources.visit import Visited, Visits

MAX_PAGES = 12
"""Pages one walk may read on its way. More means that the layout is not understood."""

MAX_CARD_PAGES = 3
"""Pages of year or month cards read to find today's: thirty cards."""

MAX_INDEX_PAGES = 6
"""Pages read of an index in which no year and no month was met yet: it lists other things too (Provence-Alpes-Côte d'Azur)."""

MAX_HOMES = 2
"""Links tried, likeliest first, to find where the recueil has moved."""


class Found(IntEnum):
    """What a page and those it leads to hold: no entry, only entries of the past, or those of the day or the days of grace before it."""

    NOTHING = 0
    PAST = 1
    CURRENT = 2


class Walk:
    """One walk. After `run`, `lists` has what was found and the pages to ask from now on; `moved_to` is where the root is, if elsewhere."""

    def __init__(self, visits: Visits, source: Source, trail: Trail | None, today: date) -> None:
        self.lists = Lists(visits, source, trail, today)
        self.moved_to: str | None = None
        self._visits = visits
        self._source = source
        self._trail = trail
        self._today = today
        self._steps = 0
        self._met: dict[str, Visited] = {}
        self._found: dict[str, Found] = {}
        self._levels: set[str] = set()

    async def run(self) -> None:
        """Walk from the root. Raises `LayoutChanged` when no document is found at all, and any other `FetchError`."""
        root = self._source.root
        gone: Gone | None = None
        try:
            page = await self._step(root)
        except Gone as error:
            gone = error
            page = await self._folder_above(gone)
        found = Found.NOTHING
        if not is_below(root, page.url):  # a folder above, whether asked or redirected to, holds much that is no recueil
            if has_moved(root, page.url):
                self.moved_to = page.url
            found = await self._follow(root, year=None, is_due=True)
        if found is not Found.CURRENT:
            found = await self._look_elsewhere(page.links.ways, found)
        if found is Found.NOTHING and not self._awaits_new_year():
            raise gone or LayoutChanged(f"no listing found at {root}: no page on the way holds a document")

    def emptied(self, listed: Sequence[Listed]) -> dict[str, Polled]:
        """The pages of the trail that this walk met without an entry, and none of theirs was `listed` elsewhere: to be asked further.

        A page that leads to current recueils is no list but a level of the way, where recueils were filed by mistake or for show.
        """
        if self._trail is None or self._trail.catalogue != self._source.fingerprint:
            return {}
        lost = {}
        for known in self._trail.pages:
            page = self._met.get(known.url)
            if page is None or page.entries or known.url in self._levels:
                continue
            if has_lost_all(known, self._trail, listed, self._today):
                lost[known.url] = replace(known, validators=page.validators, is_emptied=True)
        return lost

    async def _follow(self, url: str, *, year: int | None, is_due: bool) -> Found:
        """Visit a page and what it leads to; what was found. `is_due`: today's bulletins belong at or below it."""
        if url in self._found:
            return self._found[url]
        self._found[url] = Found.NOTHING
        page = await self._step(url)
        if page.url != url and self._found.get(page.url):
            return self._found[page.url]  # redirected to where we have been
        self._found.setdefault(page.url, Found.NOTHING)
        year = page.year or year
        if page.entries:
            await self.lists.read(page, self._step)
        pages = await self._pages_of_ways(page, year)
        ways = tuple(way for each in pages for way in each.links.ways)
        choice = choose(ways, self._today, year=year, always=self._source.follow)
        # What sorts by no period may sort by branch or category, which the catalogue's patterns do not tell where pages were renamed.
        lists_or_sorts = bool(page.entries) or any(way.period for way in ways)
        parts = () if lists_or_sorts else sections(ways, page.url, self._source.root)
        found = await self._follow_all(choice, parts, year, is_due=is_due)
        if found is Found.CURRENT:
            self._levels |= {url, page.url}
        if page.entries:
            found = Found.CURRENT
        # Some sites lag behind, some months have no recueil: then the latest that has one tells that the way is right.
        for way in choice.earlier:
            if found:
                break
            found = min(Found.PAST, await self._try(way, year))
        is_leaf = not (lists_or_sorts or choice.current or parts or url == self._source.root)
        if is_due and (choice.is_awaited or is_leaf):
            for each in (pages[0], pages[-1]):
                if not each.entries or len(pages) > 1:
                    self.lists.poll(each)
        self._found[url] = self._found[page.url] = found
        return found

    async def _follow_all(self, choice: Choice, parts: Sequence[Way], year: int | None, *, is_due: bool) -> Found:
        found = Found.NOTHING
        for way in choice.current:
            found = max(found, await self._follow(way.url, year=_year(way, year), is_due=is_due))
        for way in parts:
            found = max(found, await self._try(way, year, is_due=is_due))
        for way in choice.recent:
            found = max(found, await self._try(way, year))
        return found

    async def _try(self, way: Way, year: int | None, *, is_due: bool = False) -> Found:
        """Follow a way to the past, or one that may be none: it may be gone without harm."""
        try:
            return await self._follow(way.url, year=_year(way, year), is_due=is_due)
        except Gone:
            return Found.NOTHING

    async def _step(self, url: str) -> Visited:
        page = await self._ask(url)
        if page.links.is_stranger:
            page = await self._ask(url)  # the answer to the first request brought the session
        if page.links.is_stranger:
            raise LayoutChanged(f"{url}: the site gives another page than the one asked for")
        self._met[url] = page
        return page

    async def _ask(self, url: str) -> Visited:
        if not self._visits.has_read(url):
            self._steps += 1
            if self._steps > MAX_PAGES:
                raise LayoutChanged(f"no listing found within {MAX_PAGES} pages from {self._source.root}")
        return await self._visits.page(url)

    async def _pages_of_ways(self, page: Visited, year: int | None) -> list[Visited]:
        """The pages of a list of years or months, only as far as needed to meet today's. What else they list is noted."""
        pages = [page]
        ways = page.links.ways
        while page.pager.next and len(pages) < self._worth_reading(pages[0], ways, year):
            page = await self._step(page.pager.next)
            known = {way.url for way in ways}
            is_sorted = any(way.period for way in ways)
            if is_sorted and not any(way.period and way.url not in known for way in page.links.ways):
                break  # the pager is that of a list of recueils
            self.lists.enter(page)
            pages.append(page)
            ways += page.links.ways
        return pages

    def _worth_reading(self, first: Visited, ways: Sequence[Way], year: int | None) -> int:
        """How many pages of a list of ways, the `ways` read so far, to read in search of today's."""
        choice = choose(ways, self._today, year=year, always=self._source.follow)
        if choice.is_awaited:
            return MAX_CARD_PAGES
        is_index = not (first.entries or choice.current or any(way.period for way in ways) or sections(ways, first.url, self._source.root))
        return MAX_INDEX_PAGES if is_index else 0

    async def _folder_above(self, gone: Gone) -> Visited:
        """The page of the folder in which the root stood. Raises `gone` where there is none."""
        above = folder_above(self._source.root)
        if above is None:
            raise gone
        try:
            return await self._step(above)
        except Gone:
            raise gone from None

    async def _look_elsewhere(self, ways: Sequence[Way], found: Found) -> Found:
        """Follow links that name the recueil from the root's old page, or from the folder above it, for more than was `found`."""
        for way in homes(ways, self._source.root)[:MAX_HOMES]:
            if way.url in self._found:
                continue
            kept = dict(self.lists.listed), dict(self.lists.polled)
            try:
                there = await self._try(way, None, is_due=True)
            except LayoutChanged:
                there = Found.NOTHING  # a maze, or a stranger: no home
            if there > found:
                self.moved_to = self._met[way.url].url
                return there
            self.lists.listed, self.lists.polled = kept
        return found

    def _awaits_new_year(self) -> bool:
        """Whether to wait for the first recueil of a year on pages that list nothing yet; they are asked from now on."""
        if self._trail is None or not awaits_new_year(self._trail, self._today):
            return False
        for known in self._trail.pages:
            if known.url in self._met:
                self.lists.poll(self._met[known.url])
        return bool(self.lists.polled)


def _year(way: Way, year: int | None) -> int | None:
    return way.period.first_year or year if way.period is not None else year
