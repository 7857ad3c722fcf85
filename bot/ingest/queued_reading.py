"""Reads on other machines, through jobs of procrastinate: the polling process queues files, workers read them, and only pages travel. The
process that queued a file judges and records it: a recueil is recorded once, however many workers run its job."""

from __future__ import annotations

import asyncio
import errno
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import procrastinate
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.schema import SchemaManager
from psycopg.errors import InternalError
from psycopg_pool import PoolTimeout
from sqlalchemy import URL

from bot.domain.acts import Reading
from bot.domain.tasks import ended, run_to_completion
from bot.ingest.reading_job import RULES, Early, EndedProgram, OpenedPdf, ReadingJob, ReadSoFar, WorkerSlot, WorkerSlots
from bot.reading.acts.cutting import assemble
from bot.reading.model import Unreadable
from bot.storage.backup import file_digest
from bot.storage.database import masked
from bot.storage.errors import StorageError, Unavailable
from bot.storage.reading_queue import PagesRead, ReadingEnd, ReadingQueue, ReadingState
from sources.http.scratch import ScratchFolder

log = structlog.get_logger()

LAYOUT = f"2 {RULES} {procrastinate.__version__}"
"""Version of the queue's tables and of the reading rules. Processes of another version neither make nor take our jobs."""

AHEAD = 200
"""Files that are queued at the same time, so that workers never wait for a download. The database holds them meanwhile."""

LOOK = 1.0
"""Seconds between two looks at what came of the files that are queued."""

_FIRST, _LATER = 1, 0
_MOST_TRIES = 3
"""Times that a file is tried which the machine of a worker could not read: its disk may be full, and that of another is not."""


@asynccontextmanager
async def open_jobs(url: URL, queue: ReadingQueue) -> AsyncIterator[procrastinate.App]:
    """Open the jobs of a queue, on the database at `url`. Raises StorageError."""
    # Words of options end at a space (https://www.postgresql.org/docs/current/libpq-connect.html).
    schema = (await asyncio.to_thread(lambda: queue.quoted)).replace("\\", r"\\").replace(" ", r"\ ")
    given = url.query.get("options", "")
    options = f"{given if isinstance(given, str) else ' '.join(given)} -c search_path={schema}"
    address = url.set(drivername="postgresql").difference_update_query(["options"]).render_as_string(hide_password=False)
    # Nothing is prepared: tables that are made anew have other types.
    arguments = {"options": options, "connect_timeout": 10, "application_name": "vigie", "prepare_threshold": None}
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, kwargs=arguments, min_size=1, max_size=6))
    try:
        await app.open_async()
    except (ConnectorException, PoolTimeout) as error:
        raise Unavailable(f"the database {masked(url)} cannot be used: {reason(error)}") from error
    try:
        yield app
    finally:
        await app.close_async()


def reason(error: BaseException | None) -> str:
    """Return the first line of an error's cause, where procrastinate puts the details; a default without one."""
    found = None if error is None else error.__cause__ or error
    return next(iter(str(found or "").strip().splitlines()), "") or "the connection to the queue was lost"


# The process that polls.


class QueuedReading:
    """Queues files for workers, and waits for the results."""

    def __init__(self, queue: ReadingQueue, jobs: procrastinate.App) -> None:
        self._queue = queue
        self._jobs = jobs
        self._waiting: dict[str, asyncio.Event] = {}
        self.read_so_far = ReadSoFar()

    async def prepare(self) -> None:
        """Make the queue where there is none. Raises StorageError."""
        await run_to_completion(self._queue.make, LAYOUT, SchemaManager.get_schema())

    async def read(self, file: OpenedPdf, slot: WorkerSlot, early: Early) -> Reading:
        """Queue a file, and wait for its pages, as `ReadingJob.read`. Short readings do not wait for it. After a cancellation it stays
        queued: the next reader finds its result."""
        # However many wait for room in the queue, others have their turn: what is polled and found must not stand still.
        slot.release()
        await slot.demote()
        changed = self._waiting.setdefault(file.sha256, asyncio.Event())
        parts = 0
        try:
            while True:
                await self.prepare()
                await run_to_completion(self._queue.send, file.sha256, file.path, file.size)
                await self._defer(file)
                # It is not there any more where the server has crashed, or the tables were made anew.
                while (state := await self._state(file.sha256)) is not None:
                    if state.is_ended:
                        end = await run_to_completion(self._queue.take, file.sha256)
                        if end is not None:
                            return await self._taken(end)
                    elif state.parts > parts:
                        parts = state.parts
                        part = await asyncio.to_thread(self._queue.part, file.sha256)
                        if part is not None:
                            await early(await _assembled(part))
                    else:
                        await changed.wait()
                        changed.clear()
        finally:
            del self._waiting[file.sha256]

    async def watch(self) -> None:
        """Look at what came of the files that are waited for, until cancelled. Says once that no worker is there, and once that one is."""
        seen: dict[str, ReadingState] = {}
        unattended, look = 0, 0
        while True:
            await asyncio.sleep(LOOK)
            if not self._waiting:
                continue
            with suppress(StorageError):  # looked at again soon
                now = await asyncio.to_thread(self._queue.states, list(self._waiting))
                for sha256, changed in self._waiting.items():
                    if sha256 not in now or now[sha256] != seen.get(sha256):
                        changed.set()
                seen, look = now, look + 1
                if look % 30 == 0:
                    unattended = await self._attended(unattended)

    async def _attended(self, unattended: int) -> int:
        """Return at how many looks in a row no worker was there."""
        state = await asyncio.to_thread(self._queue.state)
        if state is None or state.workers:
            if unattended > 1:
                log.info("queue.attended")
            return 0
        if unattended == 1:
            log.warning("queue.unattended", waiting=state.waiting + state.reading, start="vigie worker")
        return unattended + 1

    async def _state(self, sha256: str) -> ReadingState | None:
        return (await asyncio.to_thread(self._queue.states, [sha256])).get(sha256)

    async def _defer(self, file: OpenedPdf) -> None:
        job = self._jobs.configure_task("read", queue=LAYOUT, lock=file.sha256, priority=_LATER if file.silent else _FIRST)
        for is_last in (False, True):
            try:
                # One that is being read may have begun before the file was there. With a queueing lock its worker could not give it back.
                if not [*await self._jobs.job_manager.list_jobs_async(lock=file.sha256, status="todo")]:
                    await job.defer_async(sha256=file.sha256)
            except (ConnectorException, PoolTimeout) as error:
                # "cache lookup failed for type": the tables were made anew at this instant.
                if is_last or not isinstance(error.__cause__, InternalError):
                    raise Unavailable(f"the reading could not be queued: {reason(error)}") from error
            else:
                return

    async def _taken(self, end: ReadingEnd) -> Reading:
        if end.read is None:
            raise Unreadable(end.error) if end.again_at is None else EndedProgram(end.error, end.again_at)
        for page in end.read.pages:
            self.read_so_far.add(page)
        return await _assembled(end.read)


async def _assembled(read: PagesRead) -> Reading:
    return await asyncio.to_thread(assemble, read.pages, salvaged=read.salvaged)


# The workers.


class ReadingWorker:
    """Reads what is queued, `at_once` files at a time. Every `heartbeat` seconds it reports that it is alive; after `silence` its jobs are
    taken over, at the times of `takeover`, as in cron."""

    heartbeat, silence, takeover = 10.0, 60.0, "* * * * *"

    def __init__(self, queue: ReadingQueue, jobs: procrastinate.App, job: ReadingJob, at_once: int) -> None:
        self._queue = queue
        self._jobs = jobs
        self._job = job
        self._at_once = at_once
        jobs.task(name="read", queue=LAYOUT, pass_context=True, retry=_Again())(self._read_queued_file)
        # In a queue of its own: else the files of a worker that was killed would wait for all that is being read.
        care = jobs.task(name="take_over", queue=_CARE, queueing_lock="take_over")(self._take_over)
        jobs.periodic(cron=self.takeover)(care)

    async def run(self) -> None:
        """Work until cancelled: what is being read is then stored, and given back to the queue. Raises StorageError."""
        waits = False
        while not await asyncio.to_thread(self._queue.has, LAYOUT):
            if not waits:
                log.warning("worker.waiting", layout=LAYOUT)
            waits = True
            await asyncio.sleep(LOOK)
        log.info("worker.ready", at_once=self._at_once)
        work = [
            asyncio.create_task(
                self._jobs.run_worker_async(
                    queues=[queue],
                    concurrency=at_once,
                    install_signal_handlers=False,
                    delete_jobs=DeleteJobCondition.SUCCESSFUL,
                    shutdown_graceful_timeout=0,
                    update_heartbeat_interval=self.heartbeat,
                    stalled_worker_timeout=self.silence,
                )
            )
            for queue, at_once in ((LAYOUT, self._at_once), (_CARE, 1))
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await ended(work)
        # By itself it ends when it cannot show any more that it is alive.
        raise Unavailable("; ".join(reason(task.exception()) for task in done))

    async def _read_queued_file(self, context: procrastinate.JobContext, sha256: str) -> None:
        try:
            end = await self._ended(sha256)
        except Exception as error:
            if tries_again(error, context.job.attempts):
                log.warning("queue.tried_again", file=sha256, error=str(error))
                raise
            if isinstance(error, Unreadable):
                end = ReadingEnd(None, str(error), error.again_at if isinstance(error, EndedProgram) else None)
            else:
                log.exception("queue.crashed", file=sha256)
                end = ReadingEnd(None, f"a fault of the program ({type(error).__name__}), see the log of the worker")
        if end is not None:
            await run_to_completion(self._queue.end, sha256, end)

    async def _ended(self, sha256: str) -> ReadingEnd | None:
        """Read a file; None where nobody wants it any more, or another worker has read it."""
        size = await asyncio.to_thread(self._queue.size, sha256)
        if size is None:
            return None
        with ScratchFolder() as folder:
            path = folder / "recueil.pdf"
            await run_to_completion(self._queue.fetch, sha256, path)
            if await asyncio.to_thread(file_digest, path) != sha256:
                # Read by another meanwhile, or emptied by a crash of the server.
                if await asyncio.to_thread(self._queue.size, sha256) is None:
                    return None
                raise OSError(errno.EIO, "the file did not arrive as it was sent")
            async with WorkerSlots(quick=1, slow=1).slot() as slot:
                reading = await self._job.read(OpenedPdf(path, sha256, size), slot, partial(self._found, sha256))
        return ReadingEnd(_pages_of(reading))

    async def _found(self, sha256: str, reading: Reading) -> None:
        await asyncio.to_thread(self._queue.found, sha256, _pages_of(reading))

    async def _take_over(self, timestamp: int) -> None:
        """Queue what was being read by workers that are silent: killed, cut off, or out of power. The documented task of procrastinate."""
        manager = self._jobs.job_manager
        for job in await manager.get_stalled_jobs(queue=LAYOUT, seconds_since_heartbeat=math.ceil(self.silence)):
            with suppress(ConnectorException):  # it has ended this very moment
                await manager.retry_job(job)
                log.warning("queue.taken_over", file=job.task_kwargs.get("sha256"), attempt=job.attempts + 1)


_CARE = f"care {LAYOUT}"


def _pages_of(reading: Reading) -> PagesRead:
    return PagesRead(reading.pages, reading.salvaged)


class _Again(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Run a job again that the worker could not do, and the next one may."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        return RetryDecision(retry_in={"seconds": 10}) if tries_again(exception, job.attempts) else None


def tries_again(error: BaseException, attempts: int) -> bool:
    """Return whether a job that failed so is run again after a pause: not where it is the file that cannot be read."""
    return isinstance(error, StorageError) or (isinstance(error, OSError) and attempts + 1 < _MOST_TRIES)
