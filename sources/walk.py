"""From the root page of a source to the listings that are current on a given day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sources.authority import Source
from sources.errors import LayoutChanged
from sources.fetch import Gone
from sources.listed import Listed
from sources.pages import Way
from sources.route import choose
from sources.trail import Polled, Trail, marks_of, overlap
from sources.visit import Visited, Visits

MAX_PAGES = 12
"""Pages one walk may read on its way. More means that the layout is not understood."""

MAX_CARD_PAGES = 3
"""Pages of year or month cards read to find today's: thirty cards."""

MAX_CATCH_UP = 10
"""Further pages of paginated lists one walk may read to meet what was seen before: some 100 bulletins. Older ones are a backfill's."""

RECENT = timedelta(days=3)
"""Without a memory to meet, a list is read back over this time only."""


@dataclass(slots=True)
class Walk:
    """One walk. After `run`, `listed` holds what was found, by address, and `polled` the pages to ask from now on."""

    visits: Visits
    source: Source
    trail: Trail | None
    today: date
    listed: dict[str, Listed] = field(default_factory=dict)
    polled: dict[str, Polled] = field(default_factory=dict)
    _steps: int = 0
    _catch_up: int = 0
    _found: dict[str, bool] = field(default_factory=dict)

    async def run(self) -> None:
        """Walk from the root. Raises `LayoutChanged` when no document is found at all, and any other `FetchError`."""
        if not await self._follow(self.source.root, year=None, is_due=True):
            raise LayoutChanged(f"no listing found at {self.source.root}: no page on the way holds a document")

    async def _follow(self, url: str, *, year: int | None, is_due: bool) -> bool:
        """Visit a page and what it leads to; whether a document was found. `is_due`: today's bulletins belong at or below it."""
        if url in self._found:
            return self._found[url]
        self._found[url] = False
        page = await self._step(url)
        if page.url != url and self._found.get(page.url):
            return True  # redirected to where we have been
        self._found.setdefault(page.url, False)
        year = page.year or year
        pages = [page]
        if page.entries:
            await self._list(page)
        elif page.pager.next:
            pages = await self._pages_of_ways(page, year)
        found = bool(page.entries)
        ways = tuple(way for each in pages for way in each.links.ways)
        choice = choose(ways, self.today, year=year, always=self.source.follow)
        for way in choice.current:
            found |= await self._follow(way.url, year=_year(way, year), is_due=is_due)
        for way in choice.recent:
            found |= await self._try(way, year)
        # Some sites lag behind, some months have no recueil: then the latest that has one tells that the way is right.
        for way in choice.earlier:
            if found:
                break
            found = await self._try(way, year)
        is_leaf = not any(way.period for way in ways) and not choice.current
        if is_due and not page.entries and (choice.is_awaited or (is_leaf and url != self.source.root)):
            for each in (pages[0], pages[-1]):
                self._poll(each)
        self._found[url] = self._found[page.url] = found
        return found

    async def _try(self, way: Way, year: int | None) -> bool:
        """Follow a way to the past: it may be gone without harm."""
        try:
            return await self._follow(way.url, year=_year(way, year), is_due=False)
        except Gone:
            return False

    async def _step(self, url: str) -> Visited:
        if not self.visits.has_read(url):
            self._steps += 1
            if self._steps > MAX_PAGES:
                raise LayoutChanged(f"no listing found within {MAX_PAGES} pages from {self.source.root}")
        return await self.visits.page(url)

    async def _pages_of_ways(self, page: Visited, year: int | None) -> list[Visited]:
        """The pages of a list of years or months, only as far as needed to meet today's."""
        pages = [page]
        ways = page.links.ways
        while page.pager.next and len(pages) < MAX_CARD_PAGES and choose(ways, self.today, year=year, always=self.source.follow).is_awaited:
            page = await self._step(page.pager.next)
            pages.append(page)
            ways += page.links.ways
        return pages

    async def _list(self, first: Visited) -> None:
        """Read a listing from its first page: the page or pages where new entries appear, and back to what was seen before."""
        if len(first.pager.pages) < 2:
            self._take(first)
            return
        if self.source.order == "newest-first":
            self._take(first)
            # Sorted by the date of its title, a recueil put on line late enters below the first page: the second is read too, at each walk.
            second = await self._older(first.pager.next)
            if second is None:
                return
            self._enter(second)
            await self._catch_up_from(second, [first, second], onward=True)
            return
        last = first
        while last.pager.last:
            last = await self._step(last.pager.last)
        newest = [last]
        if before := await self._older(last.pager.previous):
            newest.append(before)
        for page in (first, *reversed(newest)):
            self._enter(page)
        if self.source.order != "oldest-first":
            self._poll(first)
        for page in reversed(newest):
            self._poll(page)
        if self.source.order == "oldest-first":
            await self._catch_up_from(newest[-1], newest, onward=False)

    async def _catch_up_from(self, page: Visited, read: list[Visited], *, onward: bool) -> None:
        entries = [entry for visited in read for entry in visited.entries]
        while self._goes_further_back(entries) and self._catch_up < MAX_CATCH_UP:
            older = page.pager.next if onward else page.pager.previous
            if older is None or self.visits.has_read(older):
                return
            self._catch_up += 1
            before = await self._older(older)
            if before is None:
                return
            page = before
            self._enter(page)
            entries = list(page.entries)

    async def _older(self, url: str | None) -> Visited | None:
        """A further page back in a list, None where there is none: its address may be worked out, and pages come and go."""
        try:
            return await self.visits.page(url) if url else None
        except Gone:
            return None

    def _goes_further_back(self, entries: list[Listed]) -> bool:
        """Whether older entries may be unseen: none of these was met before, and all are recent."""
        if not entries:
            return False
        if self.trail is None or not self.trail.marks:
            return all(entry.published is not None and entry.published >= self.today - RECENT for entry in entries)
        since = self.trail.polled_on - RECENT
        return not overlap(entries, self.trail.marks) and all(entry.published is None or entry.published >= since for entry in entries)

    def _take(self, page: Visited) -> None:
        self._enter(page)
        self._poll(page)

    def _enter(self, page: Visited) -> None:
        for entry in page.entries:
            self.listed.setdefault(entry.url, entry)

    def _poll(self, page: Visited) -> None:
        self.polled[page.asked] = polled(page)


def polled(page: Visited) -> Polled:
    """What to remember of a page that was just read."""
    return Polled(page.asked, page.validators, marks_of(page.entries))


def _year(way: Way, year: int | None) -> int | None:
    return way.period.first_year or year if way.period is not None else year
