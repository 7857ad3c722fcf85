"""One recueil, from its address to what is recorded of it: what polls and backfills have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.domain.acts import Outcome, Reading
from bot.domain.records import NewRecueil, ReadResult, RecordingResult, Recueil, RecueilState
from bot.ingest import decisions as decide
from bot.ingest.archive import OpenedPdf, RecueilFiles
from bot.ingest.catalogue import Catalogue
from bot.ingest.judging import uncertain_acts
from bot.ingest.reading_job import File, Hostile, ReadingJob, WorkerSlot, WorkerSlots, ended
from bot.ingest.recorder import Clock, Recorder
from bot.ingest.results import BackgroundResult, IngestResult, Unread
from bot.reading.model import Unreadable
from bot.storage.errors import StorageError
from sources.catalogue.authority import Source
from sources.crawl.crawler import Crawler
from sources.model import CrawlFailed, FetchError, Gone, ListingEntry, Paused

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

HELD_FOR = timedelta(hours=1)
"""How long a recueil is left alone after the database failed to take what was read of it: long work is not begun anew at once."""


class Ingestor:
    """Fetches, reads, judges and records one recueil."""

    def __init__(
        self, catalogue: Catalogue, crawler: Crawler, files: RecueilFiles, job: ReadingJob, recorder: Recorder, store: Store, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._crawler = crawler
        self._files = files
        self._job = job
        self._recorder = recorder
        self._store = store
        self._clock = clock

    async def ingest(self, recueil: Recueil, slot: WorkerSlot | None = None) -> IngestResult:
        """Read one recueil to its end, or find the files of a detail page, and record what became of it.

        `slot` is where it waits for its turn, and tells when it turns out to be long; without one it has its turn at once. Never raises for
        what a site or a PDF does, nor for a fault of ours that it sets off. Raises StorageError.
        """
        early: list[RecordingResult] = []
        async with slot or WorkerSlots(quick=1, slow=1).slot() as held:
            result = await self._ingest(recueil, held, early)
        # Reported even where the rest could not be read: they are announced.
        decrees = tuple(decree for each in early for decree in each.decrees)
        return IngestResult(decrees=decrees, posts=tuple(post for each in early for post in each.posts)) + result

    async def _ingest(self, recueil: Recueil, slot: WorkerSlot, early: list[RecordingResult]) -> IngestResult:
        try:
            if recueil.is_detail:
                return await self._resolve(recueil)
            # Read wholly before, and not recorded: killed in between, or a fault of ours that is mended.
            reading = await self._job.stored(recueil.sha256) if recueil.sha256 is not None else None
            if reading is not None:
                return await self._record_again(recueil, reading)
            return await self._read(recueil, slot, early)
        except CrawlFailed as failure:
            return await self._try_later(recueil, failure.cause, failure.requests)
        except (FetchError, Unreadable) as error:
            return await self._try_later(recueil, error)
        except StorageError:
            raise
        except Exception as fault:
            # One document that our code does not stand must neither hold up the others nor be fetched at every poll for ever.
            log.exception("recueil not read by a fault of the program", url=recueil.url)
            return await self._try_later(recueil, Unreadable(fault_of(fault)))

    async def _resolve(self, recueil: Recueil) -> IngestResult:
        """Find the files of a detail page: each has a row of its own from here on."""
        source = self._catalogue.source_of(recueil)
        if source is None:
            return await self._try_later(recueil, Unreadable(f"the catalogue has no source {recueil.source} any more"))
        page = ListingEntry(recueil.url, recueil.title, recueil.published, is_detail=True)
        resolved = await self._crawler.documents(source, page)
        # Files are left to whoever has the page: to a backfill, and in silence, where the page was.
        state = RecueilState.KNOWN if recueil.state is RecueilState.KNOWN else RecueilState.WAITING
        children = [new_recueil(source, child, state, silent=recueil.silent) for child in resolved.documents]
        await asyncio.to_thread(self._store.recueils.resolved, recueil.id, children, self._clock())
        return IngestResult(requests=resolved.requests)

    async def _read(self, recueil: Recueil, slot: WorkerSlot, early: list[RecordingResult]) -> IngestResult:
        """Fetch, read, judge, keep, record. What is recorded before the end is put into `early`."""
        async with self._files.fetched(recueil) as opened:
            file = File(opened.path, opened.sha256, opened.size)
            reading = await self._job.read(file, slot, partial(self._record_early, recueil, opened, early))
            result = await self._recorder.judge(recueil, reading)
            kept = await self._keep(opened, result)
            # The same bytes, if damaged, give no more: another copy is fetched.
            opened.wholly_read = (reading.complete or reading.damaged) and kept
        recorded = await self._recorder.record(recueil, result)
        return _reported(recueil, result, recorded, early)

    async def _record_again(self, recueil: Recueil, reading: Reading) -> IngestResult:
        """Judge, keep, record what was read before."""
        result = await self._recorder.judge(recueil, reading)
        async with self._files.unread(recueil) as opened:
            if opened is not None:
                opened.wholly_read = await self._keep(opened, result)
        recorded = await self._recorder.record(recueil, result)
        return _reported(recueil, result, recorded)

    async def _record_early(self, recueil: Recueil, opened: OpenedPdf, early: list[RecordingResult], reading: Reading) -> None:
        """Record the decrees of a recueil that is read in part, so that they are announced while the rest is read."""
        result = None if recueil.silent else await self._recorder.judge_early(recueil, reading)
        if result is not None:
            await self._keep(opened, result)
            recorded = await self._recorder.record_early(recueil, result)
            early += [recorded] if recorded is not None else []

    async def _keep(self, opened: OpenedPdf, result: ReadResult) -> bool:
        """Keep the file before what is found in it is announced: a post shows a page of it, and a person may decide what it is."""
        uncertain = any(item.verdict.outcome is Outcome.UNCERTAIN for item in result.judged)
        return await self._files.keep(opened, decrees=bool(result.decrees) or uncertain)

    async def _try_later(self, recueil: Recueil, error: FetchError | Unreadable, requests: int = 0) -> IngestResult:
        if isinstance(error, Paused):
            # Not requested, so not an attempt: it stays due, for the next poll. That the address rests is reported of the sources on it.
            log.debug("recueil not asked", url=recueil.url, error=str(error))
            return IngestResult(unread=(Unread(recueil.url, str(error)),), requests=requests)
        now = self._clock()
        retry_after = error.retry_after if isinstance(error, FetchError) else None
        # Errors of the client name the address themselves.
        message = str(error) if isinstance(error, FetchError) else f"{recueil.url}: {error}"
        # Read in part before, and not read now: what is counted are its readings.
        unfetched = recueil.state is RecueilState.INCOMPLETE and isinstance(error, FetchError)
        # Nor does an outage of its address, or of this machine's network, use up its attempts; the first tells that there is trouble.
        counted = not unfetched and (recueil.attempts == 0 or not isinstance(error, FetchError) or error.is_of_site)
        if isinstance(error, Hostile):
            again = None
        elif unfetched:
            again = decide.refetch_at(recueil.tried_at, now, retry_after)
        else:
            again = decide.retry_at(recueil.attempts + 1 if counted else 1, now, retry_after)
        await asyncio.to_thread(self._store.recueils.failed, recueil.id, message, now=now, next_try_at=again, counted=counted)
        write = log.warning if recueil.attempts == 0 or again is None else log.info
        write("recueil not read", url=recueil.url, error=message, given_up=again is None)
        return IngestResult(unread=(Unread(recueil.url, message, gone=isinstance(error, Gone)),), requests=requests)


def _reported(recueil: Recueil, result: ReadResult, recorded: RecordingResult, early: list[RecordingResult] | None = None) -> IngestResult:
    """Log what was read of a recueil, and return it."""
    reading = result.reading
    uncertain = () if recorded.duplicate else uncertain_acts(recueil.authority, recueil.url, result.judged)
    for act in uncertain:
        # Not its title: it may name a private person.
        log.warning("an act needs a person to look at it", url=f"{act.url}#page={act.page}", act=act.act_id)
    if recorded.lost:
        log.warning("decrees were not found again, a person must look at them", url=recueil.url, decrees=list(recorded.lost))
    if not reading.complete:
        log.warning("recueil incomplete", url=recueil.url, unreadable_pages=list(reading.unreadable_pages), damaged=reading.damaged)
    log.info(
        "recueil read", url=recueil.url, pages=reading.page_count, acts=len(reading.acts), ocr=len(reading.ocr_pages),
        decrees=sum(len(each.decrees) for each in (*(early or ()), recorded)), duplicate=recorded.duplicate,
    )  # fmt: skip
    return IngestResult(
        decrees=recorded.decrees,
        uncertain=uncertain,
        posts=recorded.posts,
        incomplete=() if reading.complete else (recueil.url,),
        opened=1,
    )


def fault_of(fault: Exception) -> str:
    """Return the message for an error that only a fault of ours explains; the log has the rest."""
    return f"a fault of the program ({type(fault).__name__}), see its log"


def new_recueil(source: Source, listed: ListingEntry, state: RecueilState, *, silent: bool = False) -> NewRecueil:
    """Make the row of an entry of a listing."""
    return NewRecueil(
        authority=source.authority,
        source=source.key,
        url=listed.url,
        title=listed.title,
        published=listed.published,
        is_detail=listed.is_detail,
        state=state,
        silent=silent,
    )


# Recueils in hand: what is quick is waited for, what takes long goes on in the background, and none is taken twice at once.


class BackgroundTasks:
    """Runs the ingestor within the worker slots. `on_done` is called in the event loop when a recueil that went on in the background has
    ended; without it `finish` returns it."""

    def __init__(self, ingestor: Ingestor, slots: WorkerSlots, clock: Clock) -> None:
        self._ingestor = ingestor
        self._slots = slots
        self._clock = clock
        self._in_hand: dict[int, asyncio.Task[IngestResult]] = {}
        self._late: dict[int, asyncio.Task[IngestResult]] = {}
        self._held: dict[int, datetime] = {}
        self._ended: list[BackgroundResult] = []
        self._failure: StorageError | None = None
        self.on_done: Callable[[BackgroundResult], None] | None = None

    def is_free(self, recueil: Recueil) -> bool:
        """Return whether it may be submitted: it is not in hand, and did not fail for the database a short while ago."""
        return recueil.id not in self._in_hand and self._held.get(recueil.id, self._clock()) <= self._clock()

    async def submit(self, recueil: Recueil) -> IngestResult:
        """Read one that is free: wholly, or until it leaves the quick slot. `IngestResult.unfinished` then names it, and it goes on.

        Raises StorageError.
        """
        slot = self._slots.slot()
        work = asyncio.create_task(self._ingestor.ingest(recueil, slot))
        self._in_hand[recueil.id] = work
        work.add_done_callback(lambda _: self._in_hand.pop(recueil.id, None))
        left = asyncio.create_task(slot.left.wait())
        try:
            await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await ended([work])
            raise
        finally:
            await ended([left])
        if work.done():
            return work.result()
        self._late[recueil.id] = work
        work.add_done_callback(lambda done: self._came_in(recueil, done))
        log.info("recueil takes long, it is read in the background", url=recueil.url)
        return IngestResult(unfinished=(recueil.url,))

    async def finish(self) -> list[BackgroundResult]:
        """Wait for all that went on in the background; what each gave, unless `on_done` had it. Raises StorageError, once all ended."""
        while self._late:
            await asyncio.wait(set(self._late.values()))
        came, self._ended = self._ended, []
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return came

    async def stop(self) -> None:
        """End what goes on. Nothing is lost: what was read of it is stored, and the rest is read at the next start."""
        while tasks := list(self._late.values()):
            await ended(tasks)

    def _came_in(self, recueil: Recueil, done: asyncio.Task[IngestResult]) -> None:
        del self._late[recueil.id]
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, StorageError):
            log.error("recueil read in the background and not recorded, it will be read again", url=recueil.url, error=str(error))
            self._held[recueil.id] = self._clock() + HELD_FOR
            self._failure = error
        elif error is not None:
            log.error("recueil read in the background and lost by a fault of the program", url=recueil.url, exc_info=error)
        else:
            self._held.pop(recueil.id, None)
            late = BackgroundResult(recueil, done.result())
            if self.on_done is not None:
                self.on_done(late)
            else:
                self._ended.append(late)
