"""Ingests one recueil: fetches, reads, judges, records, queues its posts. For polls and backfills."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.domain.acts import Decree, Outcome, Reading
from bot.domain.health import Cause
from bot.domain.posts import FollowTargets, Post
from bot.domain.publication import Look, Online
from bot.domain.records import CHECKED, Decision, NewAlert, NewRecueil, ReadResult, RecordingResult, Recueil, RecueilState, UncertainAct
from bot.domain.tasks import ended, run_to_completion
from bot.domain.topics import WatchedTopics
from bot.ingest import decisions as decide
from bot.ingest.archive import RecueilFiles
from bot.ingest.judging import BY_DEFAULT, JudgedBy, decision_keys, early_result, read_result, uncertain_acts
from bot.ingest.looks import look_of
from bot.ingest.reading_job import EndedProgram, OpenedPdf, ReadingJob, WorkerSlot, WorkerSlots
from bot.reading.model import Unreadable
from bot.storage.errors import StorageError
from bot.storage.recording import Route
from sources.catalogue.authority import Catalogue, Source
from sources.crawl.crawler import Crawler
from sources.model import CrawlFailed, FetchError, Gone, ListingEntry, Paused
from sources.pages.links import name_in

if TYPE_CHECKING:
    from bot.storage.store import Store


log = structlog.get_logger()


Clock = Callable[[], datetime]

HELD_FOR = timedelta(hours=1)
"""Pause of a recueil after the database failed to store its reading, before the long work is repeated."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Describes a due recueil that could not be fetched or opened; it stays due. `gone`: the site no longer has it."""

    url: str
    error: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class IngestResult:
    """Holds the result of one or many recueils. `unread`: could not be read; `incomplete` (canonical URLs): read in part; `unfinished`:
    still read in the background; `opened`: number read, wholly or in part."""

    decrees: tuple[Decree, ...] = ()
    uncertain: tuple[UncertainAct, ...] = ()
    posts: tuple[Post, ...] = ()
    unread: tuple[Unread, ...] = ()
    incomplete: tuple[str, ...] = ()
    requests: int = 0
    unfinished: tuple[str, ...] = ()
    opened: int = 0

    def __add__(self, other: IngestResult) -> IngestResult:
        return IngestResult(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def finished(self) -> IngestResult:
        """Return the same, once all that went on in the background has ended and was added."""
        return replace(self, unfinished=())


@dataclass(frozen=True, slots=True)
class BackgroundResult:
    """Holds what a recueil gave that went on in the background."""

    recueil: Recueil
    ingested: IngestResult


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
        """Read one recueil to its end, or find the files of a detail page, and record the result. `slot` is where it waits for its turn,
        and is notified that it is long; without one it starts at once. Never raises for a site, a PDF or a fault of ours that they cause.
        Raises StorageError."""
        early: list[RecordingResult] = []
        async with slot or WorkerSlots(quick=1, slow=1).slot() as held:
            result = await (self._check if recueil.state in CHECKED else self._ingest)(recueil, held, early)
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
            return await self._read_recueil(recueil, slot, early)
        except CrawlFailed as failure:
            return await self._try_later(recueil, failure.cause, failure.requests)
        except (FetchError, Unreadable) as error:
            return await self._try_later(recueil, error)
        except StorageError:
            raise
        except Exception as fault:
            # One document that our code does not stand must neither hold up the others nor be fetched at every poll for ever.
            log.exception("recueil.crashed", url=recueil.url)
            return await self._try_later(recueil, Unreadable(fault_of(fault)))

    async def _resolve(self, recueil: Recueil) -> IngestResult:
        """Find the files of a detail page: each has a row of its own from here on."""
        source, page = self._source_of(recueil), ListingEntry(recueil.url, recueil.title, recueil.published, is_detail=True)
        resolved = await self._crawler.documents(source, page)
        online = _online_by(recueil.online, look_of(resolved.head) if resolved.head is not None else None)
        children = _children(source, recueil, resolved.documents, online)
        await asyncio.to_thread(self._store.recueils.resolved, recueil.id, children, self._clock())
        return IngestResult(requests=resolved.requests)

    def _source_of(self, recueil: Recueil) -> Source:
        source = self._catalogue.source_of(recueil.authority, recueil.source)
        if source is None:
            raise Unreadable(f"the catalogue has no source {recueil.source} any more")
        return source

    async def _check(self, recueil: Recueil, slot: WorkerSlot, early: list[RecordingResult]) -> IngestResult:
        """Read the file again if the site replaced it. What cannot be requested now is requested the next time."""
        again, is_replaced = decide.check_at(recueil.found_at, self._clock(), is_zip=recueil.state is RecueilState.RESOLVED), False
        try:
            is_replaced = await self._files.is_replaced(recueil)
        except FetchError as error:
            log.debug("recueil.not_checked", url=recueil.url, error=str(error))
            again = None if isinstance(error, Gone) else again
        checked = await asyncio.to_thread(self._store.recueils.checked, recueil, again, is_replaced=is_replaced)
        if not is_replaced:
            return IngestResult()
        log.info("recueil.replaced", url=recueil.url)
        return await self._ingest(checked, slot, early)

    async def _unpack(self, recueil: Recueil, opened: OpenedPdf, files: Mapping[str, str]) -> IngestResult:
        """Have the PDFs of a zip read, but for those that were in it before."""
        source, now = self._source_of(recueil), self._clock()
        entries = [ListingEntry(url, name_in(url.partition("#")[2]), recueil.published) for url in files]
        packed = (await asyncio.to_thread(self._store.recueils.get, recueil.id)).online
        online = _online_by(packed, packed.file if packed is not None else None, is_file=True)
        children = _children(source, recueil, entries, online)
        again = None if recueil.silent else decide.check_at(recueil.found_at, now, is_zip=True)
        await asyncio.to_thread(self._store.contents.begin, opened.sha256, opened.size)
        await asyncio.to_thread(self._store.contents.ended, opened.sha256)
        await asyncio.to_thread(self._store.recueils.resolved, recueil.id, children, now, files=files, next_try_at=again)
        opened.wholly_read = True
        return IngestResult(opened=1)

    async def _read_recueil(self, recueil: Recueil, slot: WorkerSlot, early: list[RecordingResult]) -> IngestResult:
        """Fetch, read, judge, keep, record. What is recorded before the end is put into `early`."""
        async with self._files.fetched(recueil) as opened:
            if (files := await self._files.unpacked(recueil, opened)) is not None:
                return await self._unpack(recueil, opened, files)
            reading = await self._job.read(opened, slot, partial(self._record_early, recueil, opened, early))
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
            log.debug("recueil.paused", url=recueil.url, error=str(error))
            return IngestResult(unread=(Unread(recueil.url, str(error)),), requests=requests)
        now = self._clock()
        retry_after = error.retry_after if isinstance(error, FetchError) else None
        # Errors of the client name the address themselves.
        message = str(error) if isinstance(error, FetchError) else f"{recueil.url}: {error}"
        # Read in part before, and not read now: what is counted are its readings.
        unfetched = recueil.state is RecueilState.INCOMPLETE and isinstance(error, FetchError)
        # Nor does an outage of its address, of this machine's network or of the program use up its attempts; the first shows that there is
        # trouble.
        is_outage = isinstance(error, EndedProgram) or (isinstance(error, FetchError) and not error.is_of_site)
        counted = not unfetched and (recueil.attempts == 0 or not is_outage)
        if isinstance(error, EndedProgram):
            again: datetime | None = error.again_at
        elif unfetched:
            again = decide.refetch_at(recueil.tried_at, now, retry_after)
        else:
            again = decide.retry_at(recueil.attempts + 1 if counted else 1, now, retry_after)
        await asyncio.to_thread(self._store.recueils.failed, recueil.id, message, now=now, next_try_at=again, counted=counted)
        if isinstance(error, EndedProgram):
            alert = NewAlert(recueil.source, Cause.HOSTILE.value, f"{error.again_at:%Y-%m-%d %H:%M} UTC: {recueil.url}")
            await asyncio.to_thread(self._store.alerts.change, now, opened=[alert])
        level = logging.WARNING if recueil.attempts == 0 or again is None else logging.INFO
        log.log(level, "recueil.failed", url=recueil.url, error=message, given_up=again is None)
        return IngestResult(unread=(Unread(recueil.url, message, gone=isinstance(error, Gone)),), requests=requests)


def _reported(recueil: Recueil, result: ReadResult, recorded: RecordingResult, early: list[RecordingResult] | None = None) -> IngestResult:
    """Log what was read of a recueil, and return it."""
    reading = result.reading
    uncertain = () if recorded.duplicate else uncertain_acts(recueil.authority, recueil.url, result.judged)
    for act in uncertain:
        # Not its title: it may name a private person.
        log.warning("review.needed", url=f"{act.url}#page={act.page}", act=act.act_id)
    if recorded.lost:
        log.warning("decree.not_found_again", url=recueil.url, decrees=list(recorded.lost))
    if not reading.complete:
        log.warning("recueil.incomplete", url=recueil.url, unreadable_pages=list(reading.unreadable_pages), damaged=reading.damaged)
    log.info(
        "recueil.read", url=recueil.url, pages=reading.page_count, acts=len(reading.acts), ocr=len(reading.ocr_pages),
        decrees=sum(len(each.decrees) for each in (*(early or ()), recorded)), duplicate=recorded.duplicate,
    )  # fmt: skip
    return IngestResult(
        decrees=recorded.decrees, uncertain=uncertain, posts=recorded.posts, incomplete=() if reading.complete else (recueil.url,), opened=1
    )


def _children(source: Source, recueil: Recueil, files: Sequence[ListingEntry], online: Online | None) -> list[NewRecueil]:
    """Return the files in a page or a zip, left to whoever has that: to a backfill, and in silence, where it was."""
    state = RecueilState.KNOWN if recueil.state is RecueilState.KNOWN else RecueilState.WAITING
    return [new_recueil(source, file, state, silent=recueil.silent, online=online) for file in files]


def _online_by(online: Online | None, shown: Look | None, *, is_file: bool = False) -> Online | None:
    """Return when the files in a page or a zip went online: not before that was listed, and by the answer that showed them."""
    return Online(shown, online.before, shown if is_file else None) if online is not None and shown is not None else None


def fault_of(fault: Exception) -> str:
    """Return the message for an error caused by a fault of ours; the log has the details."""
    return f"a fault of the program ({type(fault).__name__}), see its log"


def new_recueil(
    source: Source, listed: ListingEntry, state: RecueilState, *, silent: bool = False, online: Online | None = None
) -> NewRecueil:
    """Make the row of an entry of a listing."""
    return NewRecueil(source.authority, source.key, listed.url, listed.title, listed.published, listed.is_detail, state, silent, online)


class Recorder:
    """Judges readings and records what they hold. Has no platform in it: `route` names the destinations of a decree."""

    def __init__(self, catalogue: Catalogue, store: Store, route: Route, clock: Clock, watched: WatchedTopics = BY_DEFAULT.watched) -> None:
        self._catalogue = catalogue
        self._store = store
        self._route = route
        self._clock = clock
        self._by = JudgedBy(catalogue.issuers, watched)
        self.on_queued: Callable[[], None] = lambda: None
        """Called in the event loop each time that posts were queued, be it before a recueil was read to its end."""

    async def judge(self, recueil: Recueil, reading: Reading) -> ReadResult:
        """Judge a reading that has ended, by the rules and by what people decided. Raises StorageError."""
        gained = decide.gained(recueil, reading)
        # The attempts to fetch it that came to nothing do not use up its readings.
        readings = recueil.attempts if recueil.state is RecueilState.INCOMPLETE else 0
        if not reading.complete:
            again = decide.reread_at(readings, self._clock(), gained=gained)
        else:
            is_checked = not (recueil.silent or "#" in recueil.url)  # what is in a zip is checked with it
            again = decide.check_at(recueil.found_at, self._clock()) if is_checked else None
        decided = await self._decided(recueil, reading)
        return await asyncio.to_thread(read_result, recueil, reading, next_try_at=again, decided=decided, gained=gained, by=self._by)

    async def judge_early(self, recueil: Recueil, reading: Reading) -> ReadResult | None:
        """Judge what was read so far; None where it holds no decree to announce, or where that cannot be decided yet."""
        try:
            decided = await self._decided(recueil, reading)
        except StorageError as error:
            # Not announced for now rather than announced against what a person decided; the end of the reading announces it.
            log.warning("decree.early_not_judged", url=recueil.url, error=str(error))
            return None
        now = self._clock()
        return await asyncio.to_thread(early_result, recueil, reading, next_try_at=now, decided=decided, by=self._by)

    async def _decided(self, recueil: Recueil, reading: Reading) -> Mapping[str, Decision]:
        """Return what people decided of the acts of a reading. Raises StorageError."""
        return await asyncio.to_thread(lambda: self._store.recordings.decided(decision_keys(recueil, reading, self._by.watched)))

    async def record(self, recueil: Recueil, result: ReadResult) -> RecordingResult:
        """Record what was read, queue its posts, and notify operators of what does not belong on this site. Raises StorageError."""
        recorded = await asyncio.to_thread(self._record, recueil, result)
        if recorded.posts or recorded.decrees:
            # At once: others of its authority may be read for minutes before whoever requested them all has the result.
            self.on_queued()
        await self._report_misfiled(recueil, result)
        return recorded

    async def record_early(self, recueil: Recueil, result: ReadResult) -> RecordingResult | None:
        """Record the decrees of a recueil that is read in part; None where the database could not. Cancelled, it ends first."""
        done: list[RecordingResult] = []
        try:
            await run_to_completion(lambda: done.append(self._record(recueil, result)))
        except StorageError as error:
            # A lock or a disk that is full for a moment: ended here, the reading would begin again later, and its decrees wait for it.
            log.warning("decree.early_not_recorded", url=recueil.url, error=str(error))
        finally:
            for recorded in done:
                if recorded.decrees:
                    left = len(result.reading.pending_pages)
                    log.info("decree.early", url=recueil.url, decrees=len(recorded.decrees), left=left)
                if recorded.posts or recorded.decrees:
                    self.on_queued()
        return done[0] if done else None

    def _record(self, recueil: Recueil, result: ReadResult) -> RecordingResult:
        """Record what was read, and queue its posts. Publications before the first poll of the authority's own source are history, on other
        sites too; if that source is not polled, the first poll of the other site counts."""
        issuers = self._catalogue.issuers
        strangers = {decree.authority for _, decree in result.decrees if not issuers.expected(decree.authority, recueil.authority)}
        if not strangers:
            return self._store.recordings.record(result, self._route, self._clock())
        first: dict[str, date] = {}
        for state in self._store.sources.all():
            authority = state.key.split(":", 1)[0]
            if state.baseline_at is not None:
                first[authority] = min(state.baseline_at.date(), first.get(authority, date.max))

        def route(decree: Decree) -> Sequence[str | FollowTargets]:
            since = first.get(decree.authority, first.get(recueil.authority, date.min)) if decree.authority in strangers else date.min
            return () if decree.published is not None and decree.published < since else self._route(decree)

        return self._store.recordings.record(result, route, self._clock())

    async def _report_misfiled(self, recueil: Recueil, result: ReadResult) -> None:
        """Notify operators, once a day for a source, that it shows a recueil or a decree of an authority that does not publish there."""
        issuers, number, publisher = self._catalogue.issuers, result.recueil.number, recueil.authority
        owners = {issuers.issuer(number, publisher) or publisher: number or ""}
        owners |= {decree.authority: decree.act_id or "" for _, decree in result.decrees}
        strangers = {code: shown for code, shown in owners.items() if not issuers.expected(code, publisher)}
        source = self._catalogue.source_of(recueil.authority, recueil.source)
        if not strangers or recueil.silent or source is None:
            return
        issuer_names = ", ".join(f"{issuers.name(code)} {shown}".strip() for code, shown in sorted(strangers.items()))
        log.warning("recueil.misfiled", url=recueil.url, source=source.key, issuer=issuer_names)
        alert = NewAlert(source.key, Cause.MISFILED.value, f"{issuer_names}: {recueil.url}")
        await asyncio.to_thread(self._store.alerts.change, self._clock(), opened=[alert])


# Recueils in hand: what is quick is waited for, what takes long goes on in the background, and none is taken twice at once.


class BackgroundTasks:
    """Runs the ingestor within the worker slots. `on_done` is called in the event loop when a recueil ends in the background; without it
    `finish` returns the result."""

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
        """Read a free recueil, wholly or until it leaves the quick slot: it then continues, named in `IngestResult.unfinished`. Raises
        StorageError."""
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
        log.info("recueil.deferred", url=recueil.url)
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
        """Cancel background readings. Nothing is lost: results so far are stored, and the rest is read at the next start."""
        while tasks := list(self._late.values()):
            await ended(tasks)

    def _came_in(self, recueil: Recueil, done: asyncio.Task[IngestResult]) -> None:
        del self._late[recueil.id]
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, StorageError):
            log.error("recueil.not_recorded", url=recueil.url, error=str(error))
            self._held[recueil.id] = self._clock() + HELD_FOR
            self._failure = error
        elif error is not None:
            log.error("recueil.lost", url=recueil.url, exc_info=error)
        else:
            self._held.pop(recueil.id, None)
            late = BackgroundResult(recueil, done.result())
            if self.on_done is not None:
                self.on_done(late)
            else:
                self._ended.append(late)
