"""Finds the new entries of a source: one request when the way is known, else a walk from the root to the day's listings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum

from sources.catalogue.authority import Source
from sources.crawl.lists import Lists, PageCache, PageLook, SharedAnswers, VisitedPage, ask_again
from sources.crawl.trail import (
    GRACE,
    PolledPage,
    RouteChoice,
    Trail,
    awaits_new_year,
    choose,
    folder_above,
    has_ended,
    has_lost_all,
    has_moved,
    has_replaced,
    homes,
    instead,
    is_below,
    list_of,
    missed_since,
    must_walk,
    overlap,
    sections,
    wanted,
)
from sources.model import AnswerHead, CrawlFailed, Fetcher, FetchError, Gone, LayoutChanged, ListingEntry, NotAPage, Origin, Validators
from sources.pages.links import PageLink

MAX_PAGES = 16
"""Pages one walk may read on its way. More means that the layout is not understood."""

MAX_CARD_PAGES = 3
"""Pages of year or month cards read to find today's: thirty cards."""

MAX_INDEX_PAGES = 6
"""Pages read of an index in which no year and no month was met yet: it lists other things too (Provence-Alpes-Côte d'Azur)."""

MAX_HOMES = 2
"""Links tried, likeliest first, to find where the recueil has moved."""


@dataclass(frozen=True, slots=True)
class Crawl:
    """Holds the result of one poll. `listed`: entries of the pages read, each address once, none if `unchanged` (only 304). `trail`: for
    the next poll. `requests`: of pages. While true: `moved_to`, the root's new address; `emptied`, pages without entries now;
    `unread`, why pages could not be read. `unfetched`: texts naming a recueil, no link. `looks`: what answers showed."""

    listed: tuple[ListingEntry, ...]
    trail: Trail
    requests: int
    unchanged: bool = False
    moved_to: str | None = None
    emptied: tuple[str, ...] = ()
    unread: tuple[FetchError, ...] = ()
    unfetched: tuple[str, ...] = ()
    looks: tuple[PageLook, ...] = ()

    def require_whole(self) -> None:
        """Raise `CrawlFailed` if a page could not be read."""
        if self.unread:
            raise CrawlFailed(self.unread[0], self.requests)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Describes the files a detail page holds (at least one), the page requests made, and the head of the page's answer, if it has one."""

    documents: tuple[ListingEntry, ...]
    requests: int
    head: AnswerHead | None = None


class Crawler:
    """Polls sources through a `Fetcher`. Holds no state but the answers of the last minute: what must be remembered is in the `Trail`."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._answers = SharedAnswers()

    async def poll(self, source: Source, trail: Trail | None, *, today: date, now: datetime, former: bool = False) -> Crawl:
        """Request the pages where new recueils appear. `today` is the authority's local date, `now` an aware instant. A walk with `former`
        also reads months that ended lately, under which some recueils are filed. Raises `CrawlFailed` when nothing could be read: no
        listing where one must be (`LayoutChanged`), or a failed request."""
        self._answers.begin(now)
        visits = PageCache(self._fetcher, source, self._answers)
        listed: dict[str, ListingEntry] = {}
        try:
            kept, unread = await self._poll(visits, source, trail, today, now, listed, former=former)
        except FetchError as cause:
            raise CrawlFailed(cause, visits.requests) from cause
        entries = wanted(tuple(listed.values()), source.only)
        more = tuple(visits.unfetched), tuple(visits.looks)
        return Crawl(entries, kept, visits.requests, not visits.has_pages, kept.moved_to, kept.emptied, unread, *more)

    async def documents(self, source: Source, listed: ListingEntry) -> Resolved:
        """Return the files of an entry: those of its detail page (with the listing's date if the page shows none), or itself. Raises
        `CrawlFailed`; `LayoutChanged` when the page has no document."""
        if not listed.is_detail:
            return Resolved((listed,), 0)
        visits = PageCache(self._fetcher, source)
        try:
            page = await visits.page(listed.url)
            if not page.links.documents:
                raise LayoutChanged(f"no document on the page of {listed.title!r}: {listed.url}")
        except NotAPage:  # as of a link to `download.php?id=12`, which nothing shows to be one to a file
            return Resolved((replace(listed, is_detail=False),), visits.requests)
        except FetchError as cause:
            raise CrawlFailed(cause, visits.requests) from cause
        dated = (replace(document, published=document.published or listed.published) for document in page.links.documents)
        return Resolved(tuple(dated), visits.requests, visits.looks[-1].head if visits.looks else None)

    async def _poll(
        self,
        visits: PageCache,
        source: Source,
        trail: Trail | None,
        today: date,
        now: datetime,
        listed: dict[str, ListingEntry],
        *,
        former: bool,
    ) -> tuple[Trail, tuple[FetchError, ...]]:
        """Add entries to `listed`; return the trail to keep, and why pages could not be read. Raises FetchError."""
        if trail is not None and not must_walk(trail, source.fingerprint, today, now):
            again = await ask_again(visits, source, trail, today, now, listed)
            if again is not None:
                return again
        walk = Traversal(visits, source, trail, today, former=former)
        await walk.run()
        listed |= walk.lists.listed
        listed |= {url: replace(listed[url], origin=origin) for url, origin in walk.origins.items() if url in walk.lists.listed}
        pages = tuple((walk.lists.polled | walk.emptied(tuple(listed.values())) | walk.to_ask_again()).values())
        polled_on = trail.polled_on if trail is not None and walk.unread else today
        known = dict.fromkeys((*visits.known, *sorted(walk.gone), *walk.unread, *sorted(walk.parts)))
        before = tuple(walk.former) if former else trail.former if trail is not None else ()
        fresh = Trail(
            source.fingerprint, now, today, polled_on, pages, tuple(known), moved_to=walk.moved_to, whole_at=now, former=before
        )  # fmt: skip
        return fresh, tuple(walk.unread.values())


class PageContents(IntEnum):
    """Classifies a page and those it leads to: no entry, only past entries, or entries of the day or the days of grace before it."""

    NOTHING = 0
    PAST = 1
    CURRENT = 2


class Expected(IntEnum):
    """Classifies what belongs at or below a page: nothing new, late entries, or today's recueils."""

    NOTHING = 0
    LATE = 1
    TODAY = 2


class TooManyPages(LayoutChanged):
    """Ends a walk that read too many pages: the rest of the way is not requested."""


class Traversal:
    """Walks once, with `run`. `lists`: lists found and pages to poll. `moved_to`: the root's other address, if any. `unread`: pages that
    could not be read, and why, vanished ones included. `gone`: those that may be gone, and are. `origins`: entries not on a current page.
    `parts`: links without a period, followed or not. `former`: former months, if requested."""

    def __init__(self, visits: PageCache, source: Source, trail: Trail | None, today: date, *, former: bool = False) -> None:
        self.former: set[str] = set()
        self.lists = Lists(visits, source, trail, today)
        self.moved_to: str | None = None
        self.unread: dict[str, FetchError] = {}
        self.gone: dict[str, Gone] = {}
        self.origins: dict[str, Origin] = {}
        self.parts: set[str] = set()
        self._source = source
        self._trail = trail
        self._today = today
        self._since = missed_since(trail, today, former=former)
        self._visits = visits
        self._asked = 0
        self._met: dict[str, VisitedPage] = {}
        self._found: dict[str, PageContents] = {}
        self._levels: set[str] = set()
        self._fallbacks: set[str] = set()
        self._never_read = {page.url for page in trail.pages if page.never_read} if trail is not None else set()
        self._former = trail.former if former and trail is not None else None
        self._is_first = trail is None
        self._unread_at_first: set[str] = set()

    async def run(self) -> None:
        """Walk from the root. Raises `LayoutChanged` when no document is found, or any `FetchError` that kept it from finding one."""
        root = self._source.root
        gone: Gone | None = None
        try:
            page = await self._step(root)
        except Gone as error:
            gone = error
            page = await self._folder_above(gone)
        found = PageContents.NOTHING
        if not is_below(root, page.url):  # a folder above, whether requested or redirected to, holds much that is no recueil
            if has_moved(root, page.url):
                self.moved_to = page.url
            found = await self._try(root, None, expected=Expected.TODAY, may_be_gone=False)
        if found is not PageContents.CURRENT and all(isinstance(error, Gone) for error in self.unread.values()):
            found = await self._look_elsewhere(page.links.ways, found)
        if found is not PageContents.NOTHING:
            for known in self._vanished(found):
                if known.url in self.gone:
                    self.unread[known.url] = self.gone.pop(known.url)
                else:
                    await self._try(known.url, None, expected=Expected.TODAY, may_be_gone=False)
        if found is not PageContents.NOTHING or (self.unread and self.lists.listed):
            return
        if self.unread or not self._awaits_new_year():
            nothing = LayoutChanged(f"no listing found at {root}: no page on the way holds a document")
            raise next(iter(self.unread.values()), gone or nothing)

    async def _step(self, url: str) -> VisitedPage:
        """Read a page on the way. Raises `TooManyPages`, `LayoutChanged` where the site gives another page, and any other `FetchError`."""
        if not self._visits.has_read(url):
            self._asked += 1
            if self._asked > MAX_PAGES:
                raise TooManyPages(f"no listing found within {MAX_PAGES} pages from {self._source.root}")
        page = self._met[url] = await self._visits.page_of_way(url)
        return page

    def emptied(self, listed: Sequence[ListingEntry]) -> dict[str, PolledPage]:
        """Return the pages of the trail that this walk met without an entry, and whose entries are not `listed` elsewhere: to be polled
        further. A page that leads to current recueils is a level of the way, not a list."""
        lost = {}
        for known in self._lost(listed):
            page = self._met.get(known.url)
            if page is not None and not page.entries and known.url not in self._levels:
                lost[known.url] = replace(known, validators=page.validators, is_emptied=True, leads_to=None)
        return lost

    def to_ask_again(self) -> dict[str, PolledPage]:
        """Return the pages that could not be read, to be polled further, with what was known of them."""
        known = {page.url: page for page in self._trail.pages} if self._trail is not None else {}
        # The list behind a page that was not in the trail may hold what the trail has met: the next walk reads back to that.
        met = tuple(sorted(self._trail.marks)) if self._trail is not None else ()
        blank = {url: PolledPage(url, Validators(), met, never_read=url in self._unread_at_first) for url in self.unread}
        # Its own address is in trouble, not where it led: of that one each poll would walk the way again.
        return {
            url: replace(known.get(url, page), validators=Validators(), is_unread=True, behind=None, leads_to=None)
            for url, page in blank.items()
        }

    def _lost(self, listed: Sequence[ListingEntry]) -> list[PolledPage]:
        """Return the pages of the trail none of whose entries is `listed` now."""
        if self._trail is None or self._trail.catalogue != self._source.fingerprint:
            return []
        return [known for known in self._trail.pages if has_lost_all(known, self._trail, listed, self._today)]

    def _vanished(self, found: PageContents) -> list[PolledPage]:
        """Return the pages of the trail that lost all their entries and that this walk did not meet: unlinked or gone. If current recueils
        were `found`, pages whose period is over, or that another page replaced, are left out."""
        met = {list_of(url) for url in self._met}
        linked = {way.url for page in self._met.values() for way in page.links.ways} - self.gone.keys()
        lost = [
            known
            for known in self._lost(tuple(self.lists.listed.values()))
            if known.url not in linked and list_of(known.url) not in met and known.url not in self.unread
        ]
        return [known for known in lost if found is not PageContents.CURRENT or not self._is_settled(known)]

    def _leads_to_the_past(self, url: str, page: VisitedPage) -> bool:
        """Return whether a page of the trail whose time is not over redirects to one whose time is, and that lists nothing of it."""
        was_ended, is_ended = (has_ended(each, self._today, self._today.year) for each in (url, page.url))
        return is_ended and not was_ended and any(known.url == url for known in self._lost(page.entries))

    def _is_settled(self, known: PolledPage) -> bool:
        if self._trail is None or has_ended(known.url, self._today, self._trail.polled_on.year):
            return True
        fresh = (page for url, page in self.lists.polled.items() if url not in self._fallbacks)
        return any(has_replaced(page, known, self._trail) for page in fresh)

    async def _follow(self, url: str, *, year: int | None, expected: Expected) -> PageContents:
        """Visit a page and those it leads to; return what was found. `expected` is what belongs at or below it."""
        if url in self._found:
            return self._found[url]
        self._found[url] = PageContents.NOTHING
        page = await self._step(url)
        if page.url != url and self._found.get(page.url):
            return self._found[page.url]  # redirected to where we have been
        if self._leads_to_the_past(url, page):
            raise Gone(f"{url}: no longer there, it leads to {page.url}")
        self._found.setdefault(page.url, PageContents.NOTHING)
        year = page.year or year
        if page.entries:
            await self.lists.read(page, self._step)
        pages = await self._pages_of_ways(page, year)
        ways = tuple(way for each in pages for way in each.links.ways)
        choice = self._choose(ways, year)
        # What sorts by no period may sort by branch or category, which the catalogue's patterns do not cover where pages were renamed.
        lists_or_sorts = bool(page.entries) or any(way.period for way in ways)
        named = sections(ways, page.url, self._source.root)
        self.parts |= {way.url for way in named}
        parts = () if lists_or_sorts else named
        found = await self._follow_all(choice, parts, year, expected=expected)
        beside = PageContents.NOTHING
        if found is not PageContents.CURRENT and expected is Expected.TODAY:
            for way in instead(choice, named):
                beside = max(beside, await self._try_instead(way, year))
        if PageContents.CURRENT in {found, beside}:
            self._levels |= {url, page.url}
        if page.entries:
            found = PageContents.CURRENT
        found = max(await self._follow_past(choice, year, found, beside), beside)
        is_leaf = not (lists_or_sorts or choice.current or parts or url == self._source.root)
        if self._may_bring_more(choice, expected, is_leaf=is_leaf):
            for each in (pages[0], pages[-1]):
                if not each.entries or len(pages) > 1:
                    self.lists.poll(each)
        self._found[url] = self._found[page.url] = found
        return found

    def _may_bring_more(self, choice: RouteChoice, expected: Expected, *, is_leaf: bool) -> bool:
        """Return whether what is `expected` may still appear on a page that lists nothing; an unreadable page may get another address."""
        is_awaited = choice.is_awaited or any(way.url in self.unread for way in choice.current)
        return (expected is Expected.TODAY and is_awaited) or (expected is not Expected.NOTHING and (choice.is_late or is_leaf))

    async def _follow_all(self, choice: RouteChoice, parts: Sequence[PageLink], year: int | None, *, expected: Expected) -> PageContents:
        found = PageContents.NOTHING
        for way in choice.current:
            found = max(found, await self._try(way.url, _year(way, year), expected=expected, may_be_gone=False))
        for way in parts:
            found = max(found, await self._try(way.url, _year(way, year), expected=expected))
        for way in choice.recent:
            found = max(found, await self._try(way.url, _year(way, year), expected=min(expected, Expected.LATE)))
        return found

    async def _follow_past(self, choice: RouteChoice, year: int | None, found: PageContents, beside: PageContents) -> PageContents:
        """Follow the ways of the past as far as what was `found` requires; return what was found. `beside` has no period."""
        for way in choice.missed:
            kept, before = dict(self.lists.polled), set(self.lists.listed)
            there = min(PageContents.PAST, await self._try(way.url, _year(way, year)))
            if found:
                self.lists.polled = kept  # read once
            found = max(found, there)
            if self._former is not None and not (way.url in self._former or self._is_on_trail(way.url)):
                # Read for the first time: what is there is old, unless its day says otherwise.
                fresh = {url for url, entry in self.lists.listed.items() if entry.published and entry.published >= self._today - GRACE}
                self._mark(before | fresh, Origin.PAST)
            self.former.add(way.url)
        # Some sites lag behind, some months have no recueil: then the latest that has one shows that the way is right.
        for way in choice.earlier:
            if found or self.unread:
                break
            if beside is not PageContents.CURRENT or self._is_on_trail(way.url):
                found = await self._fall_back(way, year)
        return found

    async def _try(self, url: str, year: int | None, *, expected: Expected = Expected.NOTHING, may_be_gone: bool = True) -> PageContents:
        """Follow a page and record when it cannot be read. A page of the past, or one that may be no way, may be gone."""
        before = set(self.lists.listed)
        was_first, self._is_first = self._is_first, self._is_first or url in self._never_read
        try:
            return await self._follow(url, year=year, expected=expected)
        except TooManyPages as error:
            self.unread[self._source.root] = error
        except Gone as error:
            if may_be_gone:
                self.gone[url] = error
            else:
                self._cannot_read(url, error)
        except FetchError as error:
            self._cannot_read(url, error)
        finally:
            if url in self._never_read:
                self._mark(before, Origin.FIRST_READ)
            self._is_first = was_first
        return PageContents.NOTHING

    def _cannot_read(self, url: str, error: FetchError) -> None:
        self.unread[url] = error
        if self._is_first:
            self._unread_at_first.add(url)

    def _mark(self, before: Collection[str], origin: Origin) -> None:
        """Record the pages of the entries that were not listed `before`."""
        for url in self.lists.listed.keys() - before:
            self.origins.setdefault(url, origin)

    async def _try_instead(self, way: PageLink, year: int | None) -> PageContents:
        """Follow a link without a period instead of one for today. It is current if its entries are known or recent. If none is known it
        may be any list: only recent entries are news."""
        before = set(self.lists.listed)
        found = await self._try(way.url, year, expected=Expected.TODAY)
        entries = [entry for url, entry in self.lists.listed.items() if url not in before]
        if self._trail is None or overlap(entries, self._trail.marks):
            return found
        self._mark(before, Origin.FIRST_READ)
        is_recent = any(entry.published is not None and entry.published >= self._today - GRACE for entry in entries)
        return found if is_recent else min(found, PageContents.PAST)

    async def _fall_back(self, way: PageLink, year: int | None) -> PageContents:
        """Follow a link to the past, which shows that the way is right. What a list holds that no poll has read is no news."""
        before, polled = set(self.lists.listed), set(self.lists.polled)
        found = min(PageContents.PAST, await self._try(way.url, _year(way, year)))
        fallbacks = self.lists.polled.keys() - polled
        self._fallbacks |= fallbacks
        if not any(map(self._is_on_trail, fallbacks)):
            self._mark(before, Origin.PAST)
        return found

    def _is_on_trail(self, url: str) -> bool:
        """Return whether the trail has this page, or one below it."""
        pages = self._trail.pages if self._trail is not None else ()
        return any(list_of(page.url) == list_of(url) or is_below(page.url, url) for page in pages)

    def _choose(self, ways: Sequence[PageLink], year: int | None) -> RouteChoice:
        return choose(ways, self._today, year=year, always=self._source.follow, since=self._since)

    async def _pages_of_ways(self, page: VisitedPage, year: int | None) -> list[VisitedPage]:
        """Return the pages of a list of years or months, only as far as needed to meet today's. What else they list is noted."""
        pages = [page]
        ways = page.links.ways
        while page.pager.next and len(pages) < self._worth_reading(pages[0], ways, year):
            try:
                page = await self._step(page.pager.next)
            except Gone:
                break  # pages come and go
            known = {way.url for way in ways}
            is_sorted = any(way.period for way in ways)
            if is_sorted and not any(way.period and way.url not in known for way in page.links.ways):
                break  # the pager is that of a list of recueils
            self.lists.enter(page)
            pages.append(page)
            ways += page.links.ways
        return pages

    def _worth_reading(self, first: VisitedPage, ways: Sequence[PageLink], year: int | None) -> int:
        """Return how many pages of a list of ways, the `ways` read so far, to read in search of today's."""
        choice = self._choose(ways, year)
        if choice.is_awaited:
            return MAX_CARD_PAGES
        is_index = not (first.entries or choice.current or any(way.period for way in ways))
        return MAX_INDEX_PAGES if is_index else 0

    async def _folder_above(self, gone: Gone) -> VisitedPage:
        """Return the page of the folder in which the root stood. Raises `gone` where there is none."""
        above = folder_above(self._source.root)
        if above is None:
            raise gone
        try:
            return await self._step(above)
        except Gone:
            raise gone from None

    async def _look_elsewhere(self, ways: Sequence[PageLink], found: PageContents) -> PageContents:
        """Follow links that name the recueil from the root's old page, or from the folder above it, for more than was `found`."""
        for way in homes(ways, self._source.root)[:MAX_HOMES]:
            if way.url in self._found:
                continue
            kept = dict(self.lists.listed), dict(self.lists.polled)
            before, self.unread = self.unread, {}
            there = await self._try(way.url, None, expected=Expected.TODAY)
            if there > found:
                self.moved_to = self._met[way.url].url
                return there
            self.lists.listed, self.lists.polled = kept
            # A maze, or a stranger, is no home; a page that does not answer may be the one.
            self.unread = before | {url: error for url, error in self.unread.items() if not isinstance(error, LayoutChanged)}
        return found

    def _awaits_new_year(self) -> bool:
        """Return whether to wait for the first recueil of a year on pages that list nothing yet; they are polled from now on."""
        if self._trail is None or not awaits_new_year(self._trail, self._today):
            return False
        for known in self._trail.pages:
            if known.url in self._met:
                self.lists.poll(self._met[known.url])
        return bool(self.lists.polled)


def _year(way: PageLink, year: int | None) -> int | None:
    return way.period.first_year or year if way.period is not None else year
