"""Completing history: list a source's past, add what the national index has, read all that was left unread. In silence unless posts are
requested.

It can be stopped at any point: what was listed and read is in the database, and the next run goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.records import Recueil, RecueilState, SourceState
from bot.domain.tasks import ended, run_to_completion
from bot.ingest.ingestor import Clock, Ingestor, IngestResult, new_recueil
from bot.ingest.scope import RECENT, PollCoverage, must_list, still_to_read, take_from_index, take_in, undated_at_baseline
from sources.catalogue.authority import Authority, Catalogue, Source, hosts
from sources.crawl.history import PageTrouble, history
from sources.crawl.index import DataFetcher, NationalIndex, fetch_index
from sources.crawl.trail import Trail
from sources.model import Fetcher, FetchError, ListingEntry

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

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
        """Complete the history of the authorities that are wanted. `on_step` is called at each step.

        Never raises for what a site or a PDF does: the report says what failed, and the next run tries again. Raises StorageError.
        """
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
        if index is not None and index.of(authority.code):
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
        intake, elsewhere = take_from_index(index.of(authority.code), recorded, wanted.since, hosts=ours, watch=watch)
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
    """Requests everything published since a day, by the authorities with these codes (None: by all). `announce` queues posts; `limit`
    bounds the recueils read in this run.
    """

    since: date
    announce: bool = False
    limit: int | None = None
    codes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SourceListing:
    """Describes the past of one source. `new` were never seen before and taken; `left` are left to the next poll, which must meet them.

    `skipped`: it was listed completely less than a day ago.
    """

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
    """Counts what a backfill does, and says so at the end. `read` counts recueils, `resolved` the pages that gave their files, `elsewhere`
    what another backfill took up, `remaining` what `limit` left to the next run. `index_error` says why there is no national index.
    """

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
        """Return whether nothing is missing for a failure. What a site has taken away is reported, and is no failure."""
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
