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
from bot.ingest.ingestor import Clock, Ingestor, IngestResult, new_recueil
from bot.ingest.scope import RECENT, Watch, must_list, still_to_read, take_from_index, take_in, undated_at_baseline
from bot.storage.database import run_to_completion
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

    async def run(self, wanted: BackfillRequest, told: Callable[[BackfillProgress], None] = lambda _: None) -> BackfillReport:
        """Complete the history of the authorities that are wanted. `told` is called at each step.

        Never raises for what a site or a PDF does: the report says what failed, and the next run tries again. Raises StorageError.
        """
        codes = self._catalogue.authorities if wanted.codes is None else wanted.codes
        wanted_ones = [self._catalogue.authorities[code] for code in codes]
        covered = [authority for authority in wanted_ones if authority.sources]
        tally = Tally(wanted, told, sources=sum(len(authority.sources) for authority in covered))
        tally.tell("national index")
        index, index_error = await self._national_index()
        turn, room = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(self._limits.workers)

        async def complete(authority: Authority) -> None:
            async with turn:
                await self._complete(authority, index, tally, room)

        await _all(complete(authority) for authority in covered)
        return tally.report(wanted_ones, index_error)

    async def _national_index(self) -> tuple[NationalIndex | None, str | None]:
        try:
            return await fetch_index(self._index), None
        except FetchError as error:
            log.warning("backfill.index_failed", error=str(error))
            return None, str(error)

    async def _complete(self, authority: Authority, index: NationalIndex | None, tally: Tally, room: asyncio.Semaphore) -> None:
        for source in authority.sources:
            tally.listings.append(await self._list(source, tally))
            tally.tell(source.key)
        tried: set[int] = set()
        await self._read_all(authority, tally, room, tried)
        # Only now: the files of detail pages have rows of their own, and are not taken for others.
        if index is not None and index.of(authority.code):
            tally.index.append(await self._add_from(index, authority, tally.wanted))
            await self._read_all(authority, tally, room, tried)

    # --- listing -----------------------------------------------------------------------------------------------------

    async def _list(self, source: Source, tally: Tally) -> SourceListing:
        since = tally.wanted.since
        if not must_list(await asyncio.to_thread(self._store.backfills.listed_at, source.key, since), self._clock()):
            return SourceListing(source, skipped=True)

        def told(pages: int, found: int) -> None:
            tally.tell(f"{source.key}: {pages} pages, {found} recueils")

        past = await history(self._fetcher, source, since, today=self._catalogue.today(source.authority, self._clock()), on_page=told)
        for trouble in past.troubles:
            log.warning("backfill.page_failed", source=source.key, url=trouble.url, error=trouble.error)
        unseen = await asyncio.to_thread(self._store.recueils.unseen, source.authority, [each.listed.url for each in past.found])
        state = await asyncio.to_thread(self._store.sources.get, source.key)
        undated = undated_at_baseline(past.found, source.order) if state.baseline_at is None else ()
        intake = take_in(past.found, unseen, self._watch_of(source, state), undated)
        await self._add(source, intake.taken, tally.wanted)
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

    def _watch_of(self, source: Source, state: SourceState) -> Watch:
        if state.baseline_at is None:
            return Watch(self._catalogue.today(source.authority, self._clock()), recent=max(RECENT, self._limits.announce_since))
        trail = Trail.from_json(state.trail)
        until = self._catalogue.today(source.authority, state.last_ok_at or state.baseline_at)
        return Watch(until, frozenset(trail.known) if trail is not None else ())

    # --- reading -----------------------------------------------------------------------------------------------------

    async def _read_all(self, authority: Authority, tally: Tally, room: asyncio.Semaphore, tried: set[int]) -> None:
        """Read all that is left and was not tried, and the files of the detail pages among it."""
        while left := [recueil for recueil in await self._left(authority, tally.wanted) if recueil.id not in tried]:
            tried |= {recueil.id for recueil in left}
            tally.found(left)
            tally.tell(authority.name)
            await _all(self._take(recueil, tally, room) for recueil in left)

    async def _left(self, authority: Authority, wanted: BackfillRequest) -> list[Recueil]:
        left = await asyncio.to_thread(self._store.recueils.left, authority.code, wanted.since)
        recorded = await asyncio.to_thread(self._store.recueils.of, authority.code) if left else []
        return still_to_read(left, recorded, wanted.since)

    async def _take(self, recueil: Recueil, tally: Tally, room: asyncio.Semaphore) -> None:
        async with room:
            if not tally.may_begin(recueil):
                return
            silent = not tally.wanted.announce
            # Were it taken up behind the back of a run that was stopped, the next one would leave it to nobody.
            mine = await run_to_completion(self._store.recueils.take_up, recueil, silent=silent, now=self._clock())
            tally.ended(recueil, None if mine is None else await self._ingestor.ingest(mine))


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run side by side. Stopped, or when one of them fails, all have ended before this does."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """Holds what a backfill did. `read` counts recueils, `resolved` the pages that gave their files, `elsewhere` what another backfill took
    up, `remaining` what `limit` left to the next run. `index_error` says why there is no national index.
    """

    wanted: BackfillRequest
    listings: tuple[SourceListing, ...]
    index: tuple[FromIndex, ...]
    index_error: str | None
    not_covered: tuple[Authority, ...]
    ingested: IngestResult
    read: int
    resolved: int
    elsewhere: int
    remaining: int

    @property
    def ok(self) -> bool:
        """Return whether nothing is missing for a failure. What a site has taken away is reported, and is no failure."""
        listed = all(listing.is_complete for listing in self.listings)
        return listed and self.index_error is None and all(unread.gone for unread in self.ingested.unread)


@dataclass(slots=True)
class Tally:
    """Counts what has been done so far; `told` is called at each step."""

    wanted: BackfillRequest
    told: Callable[[BackfillProgress], None]
    sources: int
    listings: list[SourceListing] = field(default_factory=list)
    index: list[FromIndex] = field(default_factory=list)
    ingested: IngestResult = field(default_factory=IngestResult)
    begun: int = 0
    done: int = 0
    read: int = 0
    resolved: int = 0
    elsewhere: int = 0
    remaining: int = 0
    waiting: int = 0

    def tell(self, doing: str) -> None:
        """Report how far it is. `doing` says what is being done."""
        self.told(BackfillProgress(len(self.listings), self.sources, self.done, self.waiting, len(self.ingested.decrees), doing))

    def found(self, left: Sequence[Recueil]) -> None:
        """These are to be read. Detail pages are not counted: their files will be."""
        self.waiting += sum(not recueil.is_detail for recueil in left)

    def may_begin(self, recueil: Recueil) -> bool:
        """Return whether one more may be taken up; it is then counted."""
        if self.wanted.limit is not None and self.begun >= self.wanted.limit:
            self.remaining += 1
            self.waiting -= not recueil.is_detail
            return False
        self.begun += not recueil.is_detail
        return True

    def ended(self, recueil: Recueil, ingested: IngestResult | None) -> None:
        """Count what one gave; None where another backfill had taken it up."""
        if ingested is None:
            self.elsewhere += 1
        else:
            self.ingested += ingested
            self.read += not (recueil.is_detail or ingested.unread)
            self.resolved += recueil.is_detail and not ingested.unread
        self.done += not recueil.is_detail
        self.waiting -= not recueil.is_detail
        self.tell(recueil.authority)

    def report(self, authorities: Sequence[Authority], index_error: str | None) -> BackfillReport:
        """Return all of it, at the end, in the order of the authorities."""
        sources = {source.key: place for place, source in enumerate(source for each in authorities for source in each.sources)}
        codes = {authority.code: place for place, authority in enumerate(authorities)}
        return BackfillReport(
            wanted=self.wanted,
            listings=tuple(sorted(self.listings, key=lambda listing: sources[listing.source.key])),
            index=tuple(sorted(self.index, key=lambda each: codes[each.authority])),
            index_error=index_error,
            not_covered=tuple(authority for authority in authorities if not authority.sources),
            ingested=self.ingested,
            read=self.read,
            resolved=self.resolved,
            elsewhere=self.elsewhere,
            remaining=self.remaining,
        )
