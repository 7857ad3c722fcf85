"""Reads the pages of one crawl, each once, and each list from where new entries appear back to known ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from sources.catalogue.authority import Order, Source
from sources.crawl.trail import (
    PolledPage,
    Trail,
    choose,
    instead,
    is_outdated,
    marks_of,
    matches,
    may_be_short,
    overlap,
    past_pages,
    sections,
)
from sources.model import AnswerHead, Fetcher, FetchError, Gone, LayoutChanged, ListingEntry, Origin, Page, Paused, Unreachable, Validators
from sources.pages import READERS
from sources.pages.links import OFFSET, PageLinks, Pager, name_in
from sources.text import FILE_NUMBER, bulletin_in, is_among, label_of


@dataclass(frozen=True, slots=True)
class VisitedPage:
    """Describes a page that was read. `asked` is the linked address, `url` the one after redirects; the catalogue's `ignore` is applied."""

    asked: str
    url: str
    validators: Validators
    entries: tuple[ListingEntry, ...]
    links: PageLinks

    @property
    def pager(self) -> Pager:
        """Return the pages of the list it belongs to."""
        return self.links.pager

    @property
    def year(self) -> int | None:
        """Return the year its address announces, before or after a redirect, for the labels below it that write none."""
        periods = (label_of(url, "").period for url in (self.asked, self.url))
        return next((period.year for period in periods if period and period.year), None)


@dataclass(frozen=True, slots=True)
class PageLook:
    """Describes what one answer shows of a page of a listing: `head.url` is its address, `asked` the linked one, `version` identifies its
    content. `entries`: addresses in page order, None for "not modified"; `links`: all others of its content; `pager`: pages of its list."""

    head: AnswerHead
    asked: str
    version: Validators
    entries: tuple[str, ...] | None = None
    links: tuple[str, ...] = ()
    pager: tuple[str, ...] = ()
    is_first: bool = True
    is_last: bool = True


ANSWERS_LAST = timedelta(minutes=1)
"""How long an answer to one source serves others that read the same page, between the beginnings of their polls."""


@dataclass(slots=True)
class SharedAnswer:
    """Holds the last answer of a page, its validators, and the sources (keys) that had it. `turn` is held during its request."""

    at: datetime
    page: Page | None = None
    validators: Validators = field(default_factory=Validators)
    sources: set[str] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def to(self, source: str, validators: Validators) -> Page | None:
        """Return the page; None if it must be requested: the source has had this answer, or says that another version has not changed."""
        is_good = self.page is not None and source not in self.sources and (not self.page.unchanged or validators == self.validators)
        return self.page if is_good else None


class SharedAnswers:
    """Holds recent answers, so that sources which read the same list cost one request when they are polled together."""

    def __init__(self) -> None:
        self._answers: dict[str, SharedAnswer] = {}
        self._now = datetime.min.replace(tzinfo=UTC)

    def begin(self, now: datetime) -> None:
        """Forget what is too old for a poll that begins."""
        self._now = now
        self._answers = {url: last for url, last in self._answers.items() if last.turn.locked() or abs(now - last.at) < ANSWERS_LAST}

    async def page(self, url: str, validators: Validators, source: str, request: Callable[[str, Validators], Awaitable[Page]]) -> Page:
        """Return a page for a source, by a `request` where no other source has just had it. Raises any `FetchError`."""
        last = self._answers.setdefault(url, SharedAnswer(self._now))
        async with last.turn:
            page = last.to(source, validators)
            if page is None:
                last.page = None
                page = await request(url, validators)
                last.at, last.page, last.validators, last.sources = self._now, page, validators, set()
            last.sources.add(source)
            return page


class PageCache:
    """Fetches pages of one source. `requests` counts the page requests made; `answers` are those that it shares with other sources; `looks`
    are what the answers showed, in order."""

    def __init__(self, fetcher: Fetcher, source: Source, answers: SharedAnswers | None = None) -> None:
        self._fetcher = fetcher
        self._source = source
        self._answers = answers or SharedAnswers()
        self._read: dict[str, VisitedPage] = {}
        self.requests = 0
        self.looks: list[PageLook] = []
        self.unfetched: list[str] = []

    @property
    def known(self) -> tuple[str, ...]:
        """Return every address met, before and after redirects."""
        return tuple(self._read)

    @property
    def has_pages(self) -> bool:
        """Return whether any page came: not where every answer was an error or "not modified"."""
        return bool(self._read)

    async def changed(self, url: str, validators: Validators, *, at: str | None = None) -> VisitedPage | None:
        """Return the page as it is now, None if unchanged; `at` is requested where `url` is known to redirect to it. Raises any
        `FetchError`, and `LayoutChanged` if `at` leads elsewhere."""
        page = await self._answers.page(at or url, validators, self._source.key, self._ask)
        if at is not None and page.url != at:
            raise LayoutChanged(f"{url}: redirected to {at} before, which now leads to {page.url}")
        if page.unchanged:
            if page.head is not None:
                self.looks.append(PageLook(page.head, url, validators))
            return None
        # A walk is to find anew what `url` gives.
        return replace(self._keep(at or url, page), asked=url)

    async def page(self, url: str) -> VisitedPage:
        """Return the page, from memory when this poll has read it already. Raises any `FetchError`."""
        return self._read.get(url) or self._keep(url, await self._answers.page(url, Validators(), self._source.key, self._ask))

    async def page_of_way(self, url: str) -> VisitedPage:
        """Return the page, requested twice if the first answer brings a session. Raises any `FetchError`, and `LayoutChanged` if the site
        still returns another page."""
        for _ in range(2):
            page = await self.page(url)
            if not page.links.is_stranger:
                return page
        raise LayoutChanged(f"{url}: the site gives another page than the one asked for")

    def has_read(self, url: str) -> bool:
        """Return whether this poll has read the page, under this address or as the target of a redirect."""
        return url in self._read

    async def _ask(self, url: str, validators: Validators) -> Page:
        self.requests += 1
        try:
            return await self._fetcher.page(url, validators)
        except Paused:
            self.requests -= 1  # never sent
            raise

    def _keep(self, url: str, page: Page) -> VisitedPage:
        links = READERS[self._source.reader](page.html, page.url)
        entries = () if links.is_stranger else self._allowed(links.entries(wants_details=self._source.wants_details))
        if page.head is not None and not links.is_stranger:
            self.looks.append(_look_of(page.head, url, page.validators, entries, links))
        ignore = self._source.ignore
        self.unfetched += [f"{text}: {page.url}" for text in self._unfetched(links, entries)]
        links = PageLinks(
            documents=self._allowed(links.documents),
            details=self._allowed(links.details),
            ways=tuple(way for way in links.ways if not matches(ignore, way.url, way.text)),
            pager=links.pager,
            is_stranger=links.is_stranger,
        )
        visited = VisitedPage(url, page.url, page.validators, entries, links)
        if links.is_stranger:
            return visited  # not remembered: requested again once the session is there, the address gives the real page
        self._read[url] = visited
        self._read.setdefault(page.url, visited)
        return visited

    def _unfetched(self, links: PageLinks, entries: Sequence[ListingEntry]) -> Iterator[str]:
        """Yield texts of a page that name a recueil of the last weeks and lead to no entry."""
        others = [f"{entry.title} {name_in(entry.url)}" for entry in entries]
        days = {entry.published for entry in entries}
        foreign = (entry.title for entry in links.documents if not self._fetcher.may_fetch(entry.url) and bulletin_in(entry.title))
        for text in (*links.named, *foreign):
            if not (is_among(bulletin_in(text) or text, others, days) or matches(self._source.ignore, text)):
                yield text

    def _allowed(self, entries: Sequence[ListingEntry]) -> tuple[ListingEntry, ...]:
        """Remove what the catalogue ignores, and what is on a host where nothing may be fetched."""
        fetchable = (entry for entry in entries if self._fetcher.may_fetch(entry.url))
        return tuple(entry for entry in fetchable if not matches(self._source.ignore, entry.url, entry.title))


def _look_of(head: AnswerHead, asked: str, version: Validators, entries: Sequence[ListingEntry], links: PageLinks) -> PageLook:
    """Return what a page shows; `links` are all of it, those included that do not count for its source."""
    listed = {entry.url: None for entry in entries}
    others = {link.url: None for kind in (links.documents, links.details, links.ways) for link in kind if link.url not in listed}
    pager = links.pager
    pages = tuple(url for _, url in pager.pages)
    is_first, is_last = pager.previous is None, pager.next is None
    return PageLook(head, asked, version, tuple(listed), tuple(others), pages, is_first, is_last)


MAX_CATCH_UP = 10
"""Most further pages of a list that one walk reads to reach known entries: some 100 bulletins. Older ones are for a backfill."""

RECENT = timedelta(days=3)
"""Without known entries, a list is read back over this time only."""


@dataclass(slots=True)
class Lists:
    """Reads the lists of one walk. `listed` has the entries by address, and `polled` the pages to poll from now on."""

    visits: PageCache
    source: Source
    trail: Trail | None
    today: date
    listed: dict[str, ListingEntry] = field(default_factory=dict)
    polled: dict[str, PolledPage] = field(default_factory=dict)
    _catch_up: int = 0

    async def read(self, first: VisitedPage, step: Callable[[str], Awaitable[VisitedPage]]) -> None:
        """Read a list from its first page, from both ends if its order is unknown. `step` requests a page of the way. Raises any
        FetchError."""
        if len(first.pager.pages) < 2:
            self.enter(first)
            self.poll(first)
            return
        order = self._order(first.entries)
        if order != "oldest-first":
            await self._read_beginning(first)
        newest = await self._read_end(first, step) if order != "newest-first" else []
        if order not in {"newest-first", "oldest-first"}:
            order = order_shown(first.entries, newest[-1].entries)
        if order != "oldest-first":
            self.poll(first)
        if order != "newest-first":
            # A last page without an entry is one of cards, beside which some recueils were filed.
            newest = [page for page in newest if page.entries]
            for page in newest:
                self.poll(page, behind=newest[-1].asked if page is not newest[-1] else None)

    def _order(self, entries: Sequence[ListingEntry]) -> Order:
        """Return the order of the catalogue; `unknown` where the first page shows another one, by its days or the numbers of its files."""
        days = [entry.published.toordinal() for entry in entries if entry.published is not None]
        numbers = [int(found[1]) for entry in entries if (found := FILE_NUMBER.search(entry.url))]
        shown = days if len(days) == len(entries) else numbers
        order = self.source.order
        has_turned = len(set(shown)) > 2 and shown == sorted(shown, reverse=order == "oldest-first")
        return "unknown" if has_turned else order

    def enter(self, page: VisitedPage) -> None:
        """Record what a page lists."""
        for entry in page.entries:
            self.listed.setdefault(entry.url, entry)

    def poll(self, page: VisitedPage, *, behind: str | None = None) -> None:
        """Poll a page from now on; with `behind`, only once the page at that address has changed."""
        self.polled.setdefault(page.asked, polled(page, behind=behind))

    async def _read_beginning(self, first: VisitedPage) -> None:
        self.enter(first)
        # Sorted by the date of its title, a recueil put on line late enters below the first page: the second is read too, at each walk.
        second = await self._older(first.pager.next)
        if second is not None:
            self.enter(second)
            await self._catch_up_from(second, [first, second], onward=True)

    async def _read_end(self, first: VisitedPage, step: Callable[[str], Awaitable[VisitedPage]]) -> list[VisitedPage]:
        """Return the last two pages, in page order."""
        last, seen = first, {first.asked}
        # A last page that redirects to the first would lead to itself for ever.
        while last.pager.last and last.pager.last not in seen:
            seen.add(last.pager.last)
            last = await step(last.pager.last)
        newest = [last]
        if before := await self._older(last.pager.previous):
            newest.insert(0, before)
        for page in (first, *newest):
            self.enter(page)
        await self._catch_up_from(newest[0], newest, onward=False)
        return newest

    async def _catch_up_from(self, page: VisitedPage, read: list[VisitedPage], *, onward: bool) -> None:
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
            self.enter(page)
            entries = list(page.entries)

    async def _older(self, url: str | None) -> VisitedPage | None:
        """Return a further page back in a list, None where there is none: its address may be worked out, and pages come and go."""
        try:
            return await self.visits.page(url) if url else None
        except Gone:
            return None

    def _goes_further_back(self, entries: list[ListingEntry]) -> bool:
        """Return whether older entries may be unseen: none of these was met before, and all are recent."""
        if not entries:
            return False
        if self.trail is None or not self.trail.marks:
            return all(entry.published is not None and entry.published >= self.today - RECENT for entry in entries)
        since = self.trail.polled_on - RECENT
        return not overlap(entries, self.trail.marks) and all(entry.published is None or entry.published >= since for entry in entries)


def order_shown(first: Sequence[ListingEntry], last: Sequence[ListingEntry]) -> Order:
    """Return the order of a list by the dates on its first and last pages; `unknown` if they do not show it or an entry has no date."""
    beginning = [entry.published for entry in first if entry.published is not None]
    end = [entry.published for entry in last if entry.published is not None]
    if not beginning or not end or len(beginning) < len(first) or len(end) < len(last):
        return "unknown"
    if min(beginning) > max(end):
        return "newest-first"
    return "oldest-first" if max(beginning) < min(end) else "unknown"


def polled(page: VisitedPage, *, behind: str | None = None) -> PolledPage:
    """Return what to remember of a page that was just read."""
    # A single recueil may be a page of its own, that never gets another.
    leads_to = page.url if page.url != page.asked and len(page.entries) > 1 else None
    return PolledPage(page.asked, page.validators, marks_of(page.entries), behind=behind, leads_to=leads_to)


# The pages of the trail, read again.

Again = tuple[Trail, tuple[FetchError, ...]]
"""The trail to keep, and why some of its pages could not be read."""


async def ask_again(
    visits: PageCache, source: Source, trail: Trail, today: date, now: datetime, listed: dict[str, ListingEntry]
) -> Again | None:
    """Request the trail's pages and add their entries to `listed`; None when the way must be walked again. A short poll skips some pages,
    and requests others at the address they redirected to. Raises the first `FetchError` if no page answers."""
    is_short = may_be_short(trail, now)
    late = left = past_pages(trail, today) if is_short else frozenset()
    pages = {page.url: page for page in trail.pages}
    same: set[str] = set()
    outdated: set[str] = set()
    unread: list[FetchError] = []
    for known in sorted(trail.pages, key=lambda page: (page.behind is not None, page.url in late)):
        if outdated and known.behind not in outdated and known.url not in late:
            continue
        if known.behind in same or {known.url, known.behind} & left:
            continue
        at = known.leads_to if is_short else None
        try:
            page = await visits.changed(known.url, known.validators, at=at)
        except FetchError as error:
            # Where nothing answers, its own address need not be tried too: the next poll is whole.
            is_amiss = at is not None and not isinstance(error, (Unreachable, Paused))
            if is_amiss or (isinstance(error, Gone) and not known.is_unread):
                return None
            unread.append(error)
            left = frozenset()  # others may answer
            continue
        if page is None:
            same.add(known.url)
            continue
        if page.links.is_stranger:
            return None
        origin = Origin.FIRST_READ if known.never_read else Origin.CURRENT
        listed.update((entry.url, replace(entry, origin=origin)) for entry in page.entries)
        if known.is_unread or _is_outdated(known, page, source, trail, today):
            # The walk may stop before the page behind this one, or leave out those of the past: what entered there is taken in first.
            outdated.add(known.url)
            left = frozenset()
            continue
        is_still_empty = known.is_emptied and not page.entries
        fresh = known if is_still_empty else polled(page, behind=known.behind)
        # Of its own address, which may be a page that sends its readers on: by the date of the other, that one would never have changed.
        fresh = replace(fresh, validators=page.validators if at is None else known.validators)
        if fresh.marks == known.marks:  # a server without validators sends the same page again
            same.add(known.url)
        pages[known.url] = fresh
    if outdated:
        return None
    if unread and not same and not visits.has_pages:
        raise unread[0]
    # One that could not be read is requested at the next poll too: its trouble is told for as long as it lasts.
    is_whole = not left and not (is_short and any(page.leads_to for page in trail.pages))
    whole_at = None if unread else now if is_whole else trail.whole_at
    polled_on = trail.polled_on if left or unread else today
    return replace(trail, pages=tuple(pages.values()), polled_on=polled_on, whole_at=whole_at), tuple(unread)


def _is_outdated(known: PolledPage, page: VisitedPage, source: Source, trail: Trail, today: date) -> bool:
    choice = choose(page.links.ways, today, year=page.year, always=source.follow)
    parts = sections(page.links.ways, page.url, source.root)
    ways = (*choice.current, *choice.recent, *instead(choice, parts))
    grows = source.order != "newest-first" or OFFSET.search(known.url) is not None
    return is_outdated(known, page.links, page.entries, ways, trail, grows=grows)
