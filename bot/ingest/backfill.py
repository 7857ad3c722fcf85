"""Completes the history: lists a source's past, adds what the national index has, reads all that was left unread; silently unless posts are
requested. May be stopped at any point: the next run continues from the database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from bot.domain.records import Recueil, RecueilState, SourceState
from bot.domain.tasks import ended, run_to_completion
from bot.ingest.decisions import newest
from bot.ingest.ingestor import Clock, Ingestor, IngestResult, new_recueil
from sources.catalogue.authority import Authority, Catalogue, Order, Source, hosts
from sources.crawl.history import DataFetcher, HistoryEntry, IndexEntry, NationalIndex, PageTrouble, fetch_index, history, may_be_since
from sources.crawl.trail import Trail
from sources.model import Fetcher, FetchError, ListingEntry
from sources.pages.links import name_in
from sources.text import fold

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()


# What of the past is taken, and what is left: pure decisions.

LISTED_FOR = timedelta(days=1)
"""How long a source that was listed completely need not be listed again."""

RECENT = timedelta(days=3)
"""How far behind the last good poll the date of something never seen may lie, for the next poll to be the one that must meet it."""

LATE_UPLOADS = 2
"""Recueils that may be uploaded later than a newer one: more of them date an undated recueil."""

SHORTEST_NAME = 6
"""Characters of a file name that may distinguish a file from another: "raa-12" may be of any year."""

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_UPLOAD = re.compile(r"contenu/telechargement/(\d+)/")


@dataclass(frozen=True, slots=True)
class PollCoverage:
    """Holds what polls have seen of a source: the day of the last good one, in the authority's time, and the pages they read. For a source
    never polled `until` is today: its first poll may announce what is `recent`."""

    until: date
    pages: Collection[str] = ()
    recent: timedelta = RECENT

    def expects(self, published: date | None, page: str | None) -> bool:
        """Return whether the next poll must find an unknown entry and announce it: a backfill would silence it. So for pages that polls
        read, whose entries were all seen, and for dates after the last poll."""
        return page in self.pages or (published is not None and published >= self.until - self.recent)


@dataclass(frozen=True, slots=True)
class BackfillIntake:
    """Holds what was never seen before: what the backfill takes, and what it leaves to the next poll."""

    taken: tuple[ListingEntry, ...]
    left: tuple[ListingEntry, ...] = ()


def must_list(listed_at: datetime | None, now: datetime) -> bool:
    """Return whether a source is to be listed: never completely so, a day ago, or the clock was set back."""
    return listed_at is None or not timedelta(0) <= now - listed_at < LISTED_FOR


def undated_at_baseline(found: Sequence[HistoryEntry], order: Order) -> frozenset[str]:
    """Return the undated addresses that the first poll of the source will read."""
    undated = [each.listed for each in found if each.listed.published is None]
    # A walk reads an oldest-first list from its end: only the numbers of its files still show which came last.
    known = "unknown" if order == "oldest-first" else order
    return frozenset(listed.url for listed in newest(undated, known))


def take_in(found: Iterable[HistoryEntry], unseen: Collection[str], watch: PollCoverage, undated: Collection[str] = ()) -> BackfillIntake:
    """Sort what a walk found and nobody had seen. `undated` is what the first poll of a source will read besides (see above)."""
    fresh = [each for each in found if each.listed.url in unseen]
    expected = {each.listed.url for each in fresh if watch.expects(each.listed.published, each.page)}.union(undated)
    return BackfillIntake(
        tuple(each.listed for each in fresh if each.listed.url not in expected),
        tuple(each.listed for each in fresh if each.listed.url in expected),
    )


def take_from_index(
    entries: Sequence[IndexEntry], recorded: Sequence[Recueil], since: date, *, hosts: Collection[str], watch: PollCoverage
) -> tuple[BackfillIntake, int]:
    """Return the unseen entries of the national index since a day, and how many are on hosts that are not requested. The index is a week
    late: what it met before the last good poll is no news for the next one."""
    files, ages = KnownFiles(recorded), AgeEstimate(since, dates_of(recorded, entries))
    fresh = [entry for entry in entries if ages.is_since(entry.published, entry.title, entry.url) and entry not in files]
    ours = [entry for entry in fresh if urlsplit(entry.url).netloc in hosts]
    taken: list[ListingEntry] = []
    left: list[ListingEntry] = []
    for entry in ours:
        is_news = entry.crawled_at is not None and entry.crawled_at.date() > watch.until
        expected = is_news or watch.expects(entry.published, None)
        (left if expected else taken).append(ListingEntry(entry.url, entry.title, entry.published))
    return BackfillIntake(tuple(taken), tuple(left)), len(fresh) - len(ours)


def still_to_read(left: Sequence[Recueil], recorded: Sequence[Recueil], since: date) -> list[Recueil]:
    """Return those of the rows left to a backfill that it is about."""
    ages = AgeEstimate(since, dates_of(recorded))
    return [recueil for recueil in left if ages.is_since(recueil.published, recueil.title, recueil.url)]


def dates_of(recorded: Iterable[Recueil], entries: Iterable[IndexEntry] = ()) -> dict[str, date]:
    """Return the dates that are known, by address."""
    dated = {entry.url: entry.published for entry in entries} | {recueil.url: recueil.published for recueil in recorded}
    return {url: day for url, day in dated.items() if day is not None}


class KnownFiles:
    """Describes the known files of an authority: those recorded by address, and those of detail pages by name."""

    def __init__(self, recorded: Iterable[Recueil]) -> None:
        recorded = tuple(recorded)
        self._urls = {recueil.url for recueil in recorded}
        pages = [recueil for recueil in recorded if recueil.is_detail]
        self._names = {name for page in pages for name in (_name(page.title), _name(name_in(page.url))) if len(name) > SHORTEST_NAME}

    def __contains__(self, entry: IndexEntry) -> bool:
        return entry.url in self._urls or not self._names.isdisjoint({_name(entry.title), _name(name_in(entry.url))})


class AgeEstimate:
    """Decides what may have been published since a day: by its date, else the years it names, else its file number. The national platform
    numbers files in order of upload: a lower number than several dated before the day is older."""

    def __init__(self, since: date, dates: Mapping[str, date]) -> None:
        """Learn from the files of the same authority: `dates` are those known of files of the same authority, by address."""
        self._since = since
        before = sorted((number for url, day in dates.items() if day < since and (number := _upload(url)) is not None), reverse=True)
        self._first = before[LATE_UPLOADS] if len(before) > LATE_UPLOADS else None

    def is_since(self, published: date | None, title: str, url: str) -> bool:
        """Return whether an entry counts. An undatable one does: reading too much loses nothing."""
        if published is not None:
            return published >= self._since
        number = _upload(url)
        if number is not None and self._first is not None and number < self._first:
            return False
        return may_be_since(title, url, self._since)


def _name(text: str) -> str:
    return _NOT_WORD.sub("-", fold(text)).strip("-")


def _upload(url: str) -> int | None:
    found = _UPLOAD.search(url)
    return int(found[1]) if found else None


# The work.

AT_ONCE = 4
"""Authorities worked on side by side: while one site answers, the recueils of another are read."""


@dataclass(frozen=True, slots=True)
class BackfillLimits:
    """Says how many recueils are read at a time, each to its end, and how far back the first poll of a source may announce."""

    workers: int = 2
    announce_since: timedelta = timedelta(0)


class Backfill:
    """Completes the history of authorities."""

    def __init__(
        self,
        catalogue: Catalogue,
        fetcher: Fetcher,
        index: DataFetcher,
        ingestor: Ingestor,
        store: Store,
        clock: Clock,
        limits: BackfillLimits = BackfillLimits(),
    ) -> None:
        """Take what does the work: `fetcher` fetches pages of lists, `index` the national index."""
        self._catalogue = catalogue
        self._fetcher = fetcher
        self._index = index
        self._ingestor = ingestor
        self._store = store
        self._clock = clock
        self._limits = limits

    async def run(self, wanted: BackfillRequest, on_step: Callable[[BackfillProgress], None] = lambda _: None) -> BackfillReport:
        """Complete the history of the requested authorities. `on_step` is called at each step. Failures of sites or PDFs never raise: the
        report has them, and the next run tries again. Raises StorageError."""
        codes = self._catalogue.authorities if wanted.codes is None else wanted.codes
        report = BackfillReport(wanted, [self._catalogue.authorities[code] for code in codes], on_step)
        report.step("national index")
        index = await self._national_index(report)
        turn, room = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(self._limits.workers)

        async def complete(authority: Authority) -> None:
            async with turn:
                await self._complete(authority, index, report, room)

        await _all(complete(authority) for authority in report.authorities if authority.sources)
        report.sort()
        return report

    async def _national_index(self, report: BackfillReport) -> NationalIndex | None:
        try:
            return await fetch_index(self._index)
        except FetchError as error:
            log.warning("backfill.index_failed", error=str(error))
            report.index_error = str(error)
            return None

    async def _complete(self, authority: Authority, index: NationalIndex | None, report: BackfillReport, room: asyncio.Semaphore) -> None:
        for source in authority.sources:
            report.listings.append(await self._list(source, report))
            report.step(source.key)
        tried: set[int] = set()
        await self._read_all(authority, report, room, tried)
        # Only now: the files of detail pages have rows of their own, and are not taken for others.
        if index is not None and authority.code in index:
            report.index.append(await self._add_from(index, authority, report.wanted))
            await self._read_all(authority, report, room, tried)

    # --- listing -----------------------------------------------------------------------------------------------------

    async def _list(self, source: Source, report: BackfillReport) -> SourceListing:
        since = report.wanted.since
        if not must_list(await asyncio.to_thread(self._store.backfills.listed_at, source.key, since), self._clock()):
            return SourceListing(source, skipped=True)

        def on_page(pages: int, found: int) -> None:
            report.step(f"{source.key}: {pages} pages, {found} recueils")

        past = await history(self._fetcher, source, since, today=self._catalogue.today(source.authority, self._clock()), on_page=on_page)
        for trouble in past.troubles:
            log.warning("backfill.page_failed", source=source.key, url=trouble.url, error=trouble.error)
        unseen = await asyncio.to_thread(self._store.recueils.unseen, source.authority, [each.listed.url for each in past.found])
        state = await asyncio.to_thread(self._store.sources.get, source.key)
        undated = undated_at_baseline(past.found, source.order) if state.baseline_at is None else ()
        intake = take_in(past.found, unseen, self._watch_of(source, state), undated)
        await self._add(source, intake.taken, report.wanted)
        if past.is_complete:
            await asyncio.to_thread(self._store.backfills.listed, source.key, since, self._clock())
        return SourceListing(source, len(past.found), len(intake.taken), len(intake.left), past.requests, past.troubles)

    async def _add_from(self, index: NationalIndex, authority: Authority, wanted: BackfillRequest) -> FromIndex:
        # Any of its sources will do: the files are fetched by their address.
        source = authority.sources[0]
        recorded = await asyncio.to_thread(self._store.recueils.of, authority.code)
        states = [(each, await asyncio.to_thread(self._store.sources.get, each.key)) for each in authority.sources]
        # The source that was polled last decides what is news; one that never was, only where there is no other.
        last = max(states, key=lambda each: (each[1].baseline_at is not None, self._watch_of(*each).until))
        watch = self._watch_of(*last)
        ours = hosts(self._catalogue.authorities)
        intake, elsewhere = take_from_index(index[authority.code], recorded, wanted.since, hosts=ours, watch=watch)
        await self._add(source, intake.taken, wanted)
        return FromIndex(authority.code, len(intake.taken), len(intake.left), elsewhere)

    async def _add(self, source: Source, taken: Sequence[ListingEntry], wanted: BackfillRequest) -> None:
        # KNOWN: left to a backfill, so that no poll reads them meanwhile, nor after this one was stopped.
        rows = [new_recueil(source, entry, RecueilState.KNOWN, silent=not wanted.announce) for entry in taken]
        await asyncio.to_thread(self._store.recueils.add, rows, self._clock())

    def _watch_of(self, source: Source, state: SourceState) -> PollCoverage:
        if state.baseline_at is None:
            return PollCoverage(self._catalogue.today(source.authority, self._clock()), recent=max(RECENT, self._limits.announce_since))
        trail = Trail.from_json(state.trail)
        until = self._catalogue.today(source.authority, state.last_ok_at or state.baseline_at)
        return PollCoverage(until, frozenset(trail.known) if trail is not None else ())

    # --- reading -----------------------------------------------------------------------------------------------------

    async def _read_all(self, authority: Authority, report: BackfillReport, room: asyncio.Semaphore, tried: set[int]) -> None:
        """Read all that is left and was not tried, and the files of the detail pages among it."""
        while left := [recueil for recueil in await self._left(authority, report.wanted) if recueil.id not in tried]:
            tried |= {recueil.id for recueil in left}
            report.found(left)
            report.step(authority.name)
            await _all(self._take(recueil, report, room) for recueil in left)

    async def _left(self, authority: Authority, wanted: BackfillRequest) -> list[Recueil]:
        left = await asyncio.to_thread(self._store.recueils.left, authority.code, wanted.since)
        recorded = await asyncio.to_thread(self._store.recueils.of, authority.code) if left else []
        return still_to_read(left, recorded, wanted.since)

    async def _take(self, recueil: Recueil, report: BackfillReport, room: asyncio.Semaphore) -> None:
        async with room:
            if not report.may_begin(recueil):
                return
            silent = not report.wanted.announce
            # Were it taken up behind the back of a run that was stopped, the next one would leave it to nobody.
            mine = await run_to_completion(self._store.recueils.take_up, recueil, silent=silent, now=self._clock())
            report.ended(recueil, None if mine is None else await self._ingestor.ingest(mine))


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run side by side. Stopped, or when one of them fails, all have ended before this does."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        await ended(tasks)


# What a backfill is to do, how far it is, and what it did.


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """Requests everything published since a day, by the authorities with these codes (None: all). `announce` queues posts; `limit` bounds
    the recueils read in this run."""

    since: date
    announce: bool = False
    limit: int | None = None
    codes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SourceListing:
    """Describes the past of one source. `new`: unseen before and taken; `left`: left to the next poll, which must find them; `skipped`:
    completely listed less than a day ago."""

    source: Source
    found: int = 0
    new: int = 0
    left: int = 0
    requests: int = 0
    troubles: tuple[PageTrouble, ...] = ()
    skipped: bool = False

    @property
    def is_complete(self) -> bool:
        """Return whether all of it could be listed. A page that the site links and does not have is no reason to list again."""
        return all(trouble.gone for trouble in self.troubles)


@dataclass(frozen=True, slots=True)
class FromIndex:
    """Counts what the national index has of one authority and was never seen. `elsewhere` leads to hosts that are not in the catalogue."""

    authority: str
    new: int
    left: int
    elsewhere: int


@dataclass(frozen=True, slots=True)
class BackfillProgress:
    """Says how far a backfill is. `done` were read or tried, `waiting` are known to be left; more come as sources are listed."""

    listed: int = 0
    sources: int = 0
    done: int = 0
    waiting: int = 0
    decrees: int = 0
    doing: str = ""


@dataclass(slots=True)
class BackfillReport:
    """Counts what a backfill does. `read`: recueils; `resolved`: pages that gave their files; `elsewhere`: taken by another backfill;
    `remaining`: left to the next run by `limit`. `index_error`: why there is no national index."""

    wanted: BackfillRequest
    authorities: Sequence[Authority]
    on_step: Callable[[BackfillProgress], None]
    listings: list[SourceListing] = field(default_factory=list)
    index: list[FromIndex] = field(default_factory=list)
    index_error: str | None = None
    ingested: IngestResult = field(default_factory=IngestResult)
    read: int = 0
    resolved: int = 0
    elsewhere: int = 0
    remaining: int = 0
    _begun: int = 0
    _done: int = 0
    _waiting: int = 0

    @property
    def ok(self) -> bool:
        """Return whether no failure left anything out. What a site removed is reported, and is no failure."""
        listed = all(listing.is_complete for listing in self.listings)
        return listed and self.index_error is None and all(unread.gone for unread in self.ingested.unread)

    @property
    def not_covered(self) -> list[Authority]:
        """Return the authorities that have no source."""
        return [authority for authority in self.authorities if not authority.sources]

    def step(self, doing: str) -> None:
        """Report how far it is. `doing` says what is being done."""
        sources = sum(len(authority.sources) for authority in self.authorities)
        self.on_step(BackfillProgress(len(self.listings), sources, self._done, self._waiting, len(self.ingested.decrees), doing))

    def found(self, left: Sequence[Recueil]) -> None:
        """Count what is to be read. Detail pages are not counted: their files will be."""
        self._waiting += sum(not recueil.is_detail for recueil in left)

    def may_begin(self, recueil: Recueil) -> bool:
        """Return whether one more may be taken up; it is then counted."""
        if self.wanted.limit is not None and self._begun >= self.wanted.limit:
            self.remaining += 1
            self._waiting -= not recueil.is_detail
            return False
        self._begun += not recueil.is_detail
        return True

    def ended(self, recueil: Recueil, ingested: IngestResult | None) -> None:
        """Count what one gave; None where another backfill had taken it up."""
        if ingested is None:
            self.elsewhere += 1
        else:
            self.ingested += ingested
            self.read += not (recueil.is_detail or ingested.unread)
            self.resolved += recueil.is_detail and not ingested.unread
        self._done += not recueil.is_detail
        self._waiting -= not recueil.is_detail
        self.step(recueil.authority)

    def sort(self) -> None:
        """Put listings and index in the order of the authorities."""
        sources = [source.key for authority in self.authorities for source in authority.sources]
        codes = [authority.code for authority in self.authorities]
        self.listings.sort(key=lambda listing: sources.index(listing.source.key))
        self.index.sort(key=lambda each: codes.index(each.authority))
