"""Run the bot (`vigie run`): poll what is due, deliver what is queued, answer questions, until `stop` is set."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.app.instance import DeliveryLoops, Handler, nap, serve
from bot.app.logs import flush_groups
from bot.app.systemd import ALIVE, READY
from bot.app.wiring import Parts
from bot.delivery.deliverer import Delivered
from bot.delivery.followers import FollowerPool
from bot.domain.health import nobody_answers
from bot.domain.posts import PostState
from bot.domain.records import SourceState
from bot.domain.tasks import ended
from bot.ingest.ingestor import IngestResult
from bot.ingest.poller import SourceReport
from bot.storage.errors import DiskFull, StorageError
from sources.catalogue.authority import Source

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

TICK = timedelta(seconds=5)
"""How often the clock is looked at. What is due is in the database, so a missed tick costs nothing."""

JUMP = timedelta(seconds=30)
"""How far the clock may move against one that nobody can set, between two looks, before it is said to have been set."""

ALERTS = timedelta(minutes=2)
"""Interval between two checks of what operators are to be notified of."""

CHECKS = timedelta(minutes=10)
"""How often it is checked whether the destinations take posts: their tokens, chats and rights."""

ROUND_UP = timedelta(minutes=1)
"""Time for which the log collects the lines of a group."""

UNREAD = timedelta(minutes=10)
"""Interval between two checks of what chats that follow something are to be notified of."""

STAMPS = timedelta(minutes=10)
"""Interval between two requests for time stamps that are missing."""

GO_ON = timedelta(hours=1)
"""How often the log says that the bot works, and what it did meanwhile."""

DAILY = timedelta(days=1)

Part = Callable[[], Coroutine[Any, Any, None]]
"""What goes on until it is cancelled."""


class Service:
    """Keeps the parts going side by side: none of them can stop the others, and all stop together."""

    def __init__(
        self,
        parts: Parts,
        handlers: Mapping[str, Handler] = MappingProxyType({}),
        also: Mapping[str, Part] = MappingProxyType({}),
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Initialise with `handlers` of requests by kind, further parts `also` by log name, `tell` of the service manager."""
        self._parts = parts
        self._handlers = handlers
        self._also = also
        self._tell = tell
        self._posted_to_followers = asyncio.Event()
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._down: dict[str, str | None] = {}
        self._status_log = StatusLogger(watched={source.key for source in parts.poller.sources}, store=parts.store)
        parts.store.database.when_used = DatabaseLog().used
        self._loops = DeliveryLoops(parts.deliverer, parts.clock, self._log_delivery)
        # A decree is announced while the rest of its recueil is read, and a recueil that takes long when it ends.
        parts.recorder.on_queued = self._posted
        self._parts.poller.when_late(lambda late: self._status_log.found(late.ingested))
        if self._parts.telegram is not None:
            self._parts.telegram.when_posted(self._posted)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then end every part: what was sent is recorded, what was not is still due."""
        await asyncio.to_thread(self._parts.tidy)
        await asyncio.to_thread(self._parts.store.notices.recover, self._parts.clock())
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
        now = datetime.now(UTC)
        jobs = [
            (self._check, "check of destinations", CHECKS, now),
            (self._drop_old_pages, "removal of old pages", DAILY, now),
            (self._status_log.round_up, "state of the network", ROUND_UP, now + ROUND_UP),
            (self._status_log.go_on, "progress", GO_ON, now + GO_ON),
        ]
        if self._parts.unread is not None:
            jobs.append((self._parts.unread.notify, "notices to chats that follow something", UNREAD, now + UNREAD))
        if self._parts.timestamper is not None:
            jobs.append((self._parts.timestamper.stamp, "time stamps", STAMPS, now + ROUND_UP))
        if self._parts.notifier is not None:
            jobs.append((self._parts.notifier.notify, "notices to operators", ALERTS, now))
        for job, name, every, first in jobs:
            scheduler.add_job(partial(_run_job, job, name), "interval", seconds=every.total_seconds(), next_run_time=first)
        parts: dict[str, Part] = {f"delivery to {name}": partial(self._loops.serve, name) for name in self._loops.destinations}
        if self._parts.followers is not None:
            parts["delivery to followers"] = partial(self._follower_loop, self._parts.followers)
        parts |= {"requests": partial(serve, self._parts.store, self._handlers), "polling": partial(self._poll_due, scheduler)}
        if self._parts.telegram is not None:
            parts["questions"] = partial(self._parts.telegram.run, stop)
        parts |= {f"mentions of {answers.name}": answers.run for answers in self._parts.mentions}
        parts |= self._also
        parts["start"] = self._status_log.start
        scheduler.start()
        running = [asyncio.create_task(_keep_going(part, name)) for name, part in parts.items()]
        self._tell(READY)
        try:
            await stop.wait()
        finally:
            log.info("run.stopping")
            await end_jobs(scheduler)
            await ended([*self._polls.values(), *running])
            await self._parts.poller.stop()
            flush_groups()
            log.info("run.stopped")

    async def _check(self) -> None:
        await self._parts.checker.check()
        # What waited for a destination that takes posts again is due.
        self._posted()

    async def _drop_old_pages(self) -> None:
        if gone := await asyncio.to_thread(self._parts.store.follows.tidy, self._parts.clock()):
            log.info("followers.expired", chats=gone)
        await asyncio.to_thread(self._parts.retention.apply)

    async def _poll_due(self, scheduler: AsyncIOScheduler) -> None:
        """Poll due sources by the monotonic clock: after the wall clock is set back, APScheduler would not start jobs, so these are moved
        back too. Set ahead, it starts them at its next wake-up.
        """
        loop = asyncio.get_running_loop()
        wall, steady = self._parts.clock(), loop.time()
        while True:
            await self._tick()
            await asyncio.sleep(TICK.total_seconds())
            passed = timedelta(seconds=loop.time() - steady)
            jump = self._parts.clock() - wall - passed
            wall, steady = self._parts.clock(), loop.time()
            if jump > JUMP:
                log.warning("clock.advanced", seconds=round(jump.total_seconds()))
            elif jump < -JUMP:
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=job.next_run_time + jump)
                await self._parts.poller.clock_set_back(-jump)

    async def _tick(self) -> None:
        try:
            due = await self._parts.poller.due()
        except StorageError as error:
            log.log(_severity(error), "poll.due_unknown", error=str(error))
            return
        # This loop turns and the database answers: whoever restarts a bot that hangs need not.
        self._tell(ALIVE)
        for source in due:
            if source.key not in self._polls:
                task = asyncio.create_task(self._poll(source))
                self._polls[source.key] = task
                task.add_done_callback(partial(self._polls.pop, source.key))

    async def _poll(self, source: Source) -> None:
        # Whatever goes wrong here, the watcher itself holds the source back for a while: its site must not pay for our full disk.
        try:
            report, ingested = await self._parts.poller.poll(source)
        except StorageError as error:
            log.log(_severity(error), "poll.not_recorded", source=source.key, error=str(error))
            return
        except OSError as error:
            # The machine: no room or no right to write temporary files, too many open files, no memory for a process.
            log.error("poll.failed", source=source.key, error=str(error))
            return
        except Exception:
            # A fault of ours in one source must not silence the others.
            log.exception("poll.crashed", source=source.key)
            return
        self._status_log.note(report, ingested)

    def _posted(self) -> None:
        self._loops.wake()
        self._posted_to_followers.set()

    async def _follower_loop(self, followers: FollowerPool) -> None:
        """Serve the chats that follow something, round after round while there is something to do."""
        while True:
            self._posted_to_followers.clear()
            done = await followers.deliver_round()
            if done.messages and not done.stopped:
                continue
            now = self._parts.clock()
            await nap(self._posted_to_followers, await followers.next_due(now), now)

    def _log_delivery(self, item: Delivered) -> None:
        """Log a destination that is down once, and its end once: not at every attempt."""
        destination, decree = item.post.destination, item.post.decree.id
        if item.state is PostState.SENT:
            if self._down.pop(destination, None) is not None:
                log.info("destination.recovered", destination=destination)
            log.info("post.sent", destination=destination, decree=decree)
        elif item.state is PostState.PENDING:
            if self._down.get(destination) != item.error:
                self._down[destination] = item.error
                if item.alert:
                    log.error("destination.needs_operator", destination=destination, decree=decree, error=item.error)
                else:
                    log.warning("post.delayed", destination=destination, decree=decree, error=item.error)
        elif item.alert:
            log.error("post.needs_operator", destination=destination, decree=decree, state=item.state.value, error=item.error)


def _severity(error: StorageError) -> int:
    """Return the level at which to log what the database could not do; an outage is logged once, by `DatabaseLog`."""
    return logging.DEBUG if error.is_outage else logging.ERROR


async def _keep_going(part: Part, name: str) -> None:
    """Run a part, and restart it after a pause when it crashes, which is logged."""
    while True:
        try:
            await part()
        except StorageError as error:
            log.log(_severity(error), "part.failed", part=name, error=str(error))
            await asyncio.sleep(60)
        except Exception:
            log.exception("part.failed", part=name)
            await asyncio.sleep(60)
        else:
            return


async def _run_job(job: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    try:
        await job()
    except StorageError as error:
        log.log(_severity(error), "job.failed", job=name, error=str(error))
    except asyncio.CancelledError:
        # Only the scheduler cancels this, when all stops; it would print the rest as the failure of a job.
        log.debug("job.cancelled")


async def end_jobs(scheduler: AsyncIOScheduler) -> None:
    """Cancel the running jobs and start none. A job cancelled before its first turn would be logged with a traceback: it gets that turn."""
    scheduler.pause()
    await asyncio.sleep(0)
    scheduler.shutdown(wait=False)


# What the log of `vigie run` says of the whole: what does not work when it starts, whether any site answers, and that it goes on.


class StatusLogger:
    """Logs the state of the sources with these keys. Every method that looks at the store raises StorageError."""

    def __init__(self, *, watched: Collection[str], store: Store) -> None:
        self._watched = frozenset(watched)
        self._store = store
        self._polls = self._new = self._decrees = 0
        self._is_cut_off = False

    def note(self, report: SourceReport, ingested: IngestResult) -> None:
        """Count one poll."""
        self._polls += 1
        self._new += report.new
        self.found(ingested)

    def found(self, ingested: IngestResult) -> None:
        """Count what was read, in a poll or later in the background."""
        self._decrees += len(ingested.decrees)

    async def start(self) -> None:
        """Log again what was logged before a restart: whoever starts the bot must see what does not work."""
        states = await self._states()
        for state in states:
            if state.failures:
                log.warning(
                    "source.still_failing", source=state.key, cause=state.cause, error=state.error, failures=state.failures,
                    next_check=state.next_check_at and state.next_check_at.isoformat(timespec="minutes"), group="source",
                )  # fmt: skip
        flush_groups()
        log.info("run.watching", sources=len(self._watched), failing=_failing(states), database=self._store.database.name)

    async def round_up(self) -> None:
        """Write the groups of the last minute, and once when no site answers any more, and once when they do again."""
        flush_groups()
        states = await self._states()
        is_cut_off = len(states) == len(self._watched) and nobody_answers([state.cause if state.failures else None for state in states])
        if is_cut_off and not self._is_cut_off:
            log.error("network.down", sources=len(states))
        elif self._is_cut_off and not is_cut_off:
            log.info("network.recovered")
        self._is_cut_off = is_cut_off

    async def go_on(self) -> None:
        """Log activity since the last call, so that a quiet log shows a running bot."""
        failing = _failing(await self._states())
        log.info("run.progress", sources=len(self._watched), failing=failing, polls=self._polls, new=self._new, decrees=self._decrees)
        self._polls = self._new = self._decrees = 0

    async def _states(self) -> list[SourceState]:
        return [state for state in await asyncio.to_thread(self._store.sources.all) if state.key in self._watched]


class DatabaseLog:
    """Logs once that the database cannot be used, and once that it can again. May be called from any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._down: dict[bool, tuple[float, float, StorageError]] = {}
        self._up_since = -math.inf

    def used(self, writing: bool, began: float, error: StorageError | None) -> None:
        """Record the end of a transaction (`Database.when_used`). A failure that began before the last outage ended belongs to it; a
        success that began before the last failure counts for nothing.
        """
        with self._lock:
            now = self._monotonic()
            since, _, _ = before = self._down.get(writing, (now, now, error))
            if error is not None and error.is_outage:
                if began < self._up_since:
                    return
                if not self._down:
                    log.error("database.unavailable", error=str(error))
                self._down[writing] = (since, now, error)
            elif error is None and writing in self._down and began >= before[1] and now - before[1] >= _calm(before[2]):
                del self._down[writing]
                if not self._down:
                    self._up_since = now
                    log.info("database.recovered", seconds=round(now - since))


def _calm(error: StorageError | None) -> float:
    """Return how many seconds without failure end an outage; on a full disk, small writes succeed."""
    return 600.0 if isinstance(error, DiskFull) else 0.0


def _failing(states: Collection[SourceState]) -> int:
    return sum(state.failures > 0 for state in states)
