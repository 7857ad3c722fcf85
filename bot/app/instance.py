"""Lets one process at a time poll, read and deliver, by two locks (`bot.storage.locks`): `run`, of the bot, and `work`, of whoever works.

A command that finds `work` taken files a request for the holder; if the lock becomes free without an answer, it does the rest. A starting
bot waits for a working command, which hands over the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from bot.app.wiring import Parts
from bot.delivery.deliverer import Delivered, Deliverer
from bot.domain.posts import Post, PostCause, PostState
from bot.domain.tasks import beside, ended, first_of, run_to_completion, when
from bot.storage.errors import HandedOverFailed, StorageError
from bot.storage.locks import LockHolder, LockName, WorkRequest

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

T = TypeVar("T")
Json = dict[str, Any]
OnProgress = Callable[[Any], None]
Handler = Callable[[Json, OnProgress], Awaitable[Json]]
"""Carries out a request by its arguments, and reports its progress. The result is JSON."""

PAUSE = 0.5
"""Seconds between two looks at a lock or a request of another process."""

WATCH = 2.0
"""Seconds between two looks whether a lock is still held: several before the next holder looks for what was being sent, see `SETTLE`."""

_UNANSWERED = 10.0
"""Seconds without an answer after which the connection that holds a lock is taken for lost."""


_STOPPED = frozenset({"backfill"})


class AlreadyRunning(Exception):
    """Raised when another `vigie run` works on this database; the message gives host and start."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """The work of a command for another process: `arguments` are JSON."""

    kind: str
    arguments: Json


async def run_alone(
    store: Store,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    work: Callable[[asyncio.Event], Awaitable[None]],
    *,
    said: Callable[[], Awaitable[None]] | None = None,
    pause: float = PAUSE,
) -> None:
    """Run the bot until `stop`. `work` gets an event set at the stop or on a lost lock, and must then end soon; it runs again once both
    locks are held. `said` is called once, when `run` is held. Raises AlreadyRunning, and StorageError if locking fails at the start.
    """
    began = interrupted = False
    while not stop.is_set():
        try:
            if not await asyncio.to_thread(store.locks.take, LockName.RUN, "vigie run"):
                raise AlreadyRunning(f"another `vigie run` works on this database: {await _holder(store, LockName.RUN)}. Stop it first")
            if not began and said is not None:
                await said()
            began = True
            ending = asyncio.Event()
            async with _held(store, LockName.RUN, ending), beside(when(stop, ending.set)):
                if await _waited_for(store, ending, pause):
                    async with _held(store, LockName.WORK, ending):
                        await _begin(store, clock)
                        if interrupted:
                            log.info("run.resumed")
                        interrupted = False
                        await work(ending)
        except StorageError as error:
            if not began:
                raise
            if not interrupted:
                log.error("run.interrupted", error=str(error))
            interrupted = True
            await first_of(asyncio.sleep(10 * pause), stop)


async def work_alone(
    store: Store,
    clock: Callable[[], datetime],
    order: WorkOrder,
    work: Callable[[asyncio.Event], Coroutine[Any, Any, Json | None]],
    on_progress: OnProgress,
    *,
    pause: float = PAUSE,
) -> Json:
    """Carry out an order by `work`, or hand it to the working process; return the result. `work` gets an event set when a bot waits, then
    stops and returns None. `on_progress` gets the holder, then its progress. Raises HandedOverFailed, StorageError.
    """
    while True:
        # A bot that waits for its turn goes first.
        is_bot_there = await _holder(store, LockName.RUN) is not None
        if not is_bot_there and await asyncio.to_thread(store.locks.take, LockName.WORK, f"vigie {order.kind}"):
            result = await _worked(store, clock, order, work, pause)
        else:
            result = await _handed_over(store, order, on_progress, pause)
        if result is not None:
            return result


async def serve(store: Store, handlers: Mapping[str, Handler], *, pause: float = PAUSE) -> None:
    """Carry out requests concurrently until cancelled. A backfill whose requester is gone is stopped; short work is finished."""
    jobs: dict[str, _Job] = {}
    try:
        while True:
            with suppress(StorageError):  # looked at again soon
                waiting = {request.id: request for request in await asyncio.to_thread(store.requests.unanswered)}
                for request in waiting.values():
                    if request.id not in jobs and request.kind in handlers:
                        jobs[request.id] = _Job(store, request, handlers[request.kind])
                for number, job in list(jobs.items()):
                    if number in waiting:
                        await job.report()
                    elif job.kind in _STOPPED or job.task.done():
                        await jobs.pop(number).stop()
            await asyncio.sleep(pause)
    finally:
        for job in jobs.values():
            await job.stop()


async def _worked(
    store: Store,
    clock: Callable[[], datetime],
    order: WorkOrder,
    work: Callable[[asyncio.Event], Coroutine[Any, Any, Json | None]],
    pause: float,
) -> Json | None:
    lost, give_way = asyncio.Event(), asyncio.Event()
    async with _held(store, LockName.WORK, lost), beside(_look_for_a_bot(store, give_way, pause)):
        await _begin(store, clock)
        result = await first_of(work(give_way), lost)
        if result is None:
            return None
        for request in await asyncio.to_thread(store.requests.unanswered):
            if (request.kind, request.arguments) == (order.kind, order.arguments):
                # The same, while it was done: it need not be done twice.
                await asyncio.to_thread(store.requests.answer, request.id, result)
        return result


async def _handed_over(store: Store, order: WorkOrder, on_progress: OnProgress, pause: float) -> Json | None:
    """Return what came of it, None once nobody works."""
    number: str | None = None
    holder: LockHolder | None = None
    progress: Any = None
    try:
        while True:
            now_held = await _holder(store, LockName.WORK) or await _holder(store, LockName.RUN)
            request = None if number is None else await asyncio.to_thread(store.requests.get, number)
            if request is not None and request.result is not None:
                if "error" in request.result:
                    raise HandedOverFailed(f"{holder or 'the running bot'} could not do it: {request.result['error']}")
                return dict(request.result)
            if now_held is None:
                return None
            if now_held != holder:
                holder = now_held
                on_progress(holder)
            if request is None:
                # Not made yet, or removed by a process that has begun since.
                number = await asyncio.to_thread(store.requests.add, order.kind, order.arguments)
            elif request.progress != progress:
                progress = request.progress
                on_progress(progress)
            await asyncio.sleep(pause)
    finally:
        if number is not None:
            with suppress(StorageError):  # the next process that works removes it
                await run_to_completion(store.requests.remove, number)


class _Job:
    """Holds a request that is being carried out."""

    def __init__(self, store: Store, request: WorkRequest, handler: Handler) -> None:
        self._store = store
        self._id = request.id
        self.kind = request.kind
        self._progress: Any = None
        self._reported: Any = None
        log.info("request.started", kind=request.kind)
        self.task = asyncio.create_task(self._carry_out(request, handler))

    async def report(self) -> None:
        if self._progress != self._reported:
            self._reported = self._progress
            await asyncio.to_thread(self._store.requests.report, self._id, self._reported)

    async def stop(self) -> None:
        await ended([self.task])

    async def _carry_out(self, request: WorkRequest, handler: Handler) -> None:
        try:
            result = await handler(request.arguments, self._tell)
        except StorageError as error:
            result = {"error": str(error)}
        except Exception as error:
            log.exception("request.crashed", kind=request.kind)
            result = {"error": f"a fault of the program ({type(error).__name__}), see its log"}
        while True:
            try:
                await asyncio.to_thread(self._store.requests.answer, self._id, result)
            except StorageError as error:
                log.warning("request.unanswered", error=str(error))
                await asyncio.sleep(WATCH)
            else:
                return

    def _tell(self, progress: Any) -> None:
        self._progress = progress


async def _begin(store: Store, clock: Callable[[], datetime]) -> None:
    """Recover posts left SENDING by the former holder, and delete stale requests."""
    await asyncio.to_thread(store.outbox.recover, clock())
    await asyncio.to_thread(store.requests.clear)


async def _holder(store: Store, name: LockName) -> LockHolder | None:
    return await asyncio.to_thread(store.locks.holder, name)


async def _waited_for(store: Store, ending: asyncio.Event, pause: float) -> bool:
    """Wait for the lock `work`; false if `ending` is set first."""
    said: LockHolder | None = None
    while not ending.is_set():
        if await asyncio.to_thread(store.locks.take, LockName.WORK, "vigie run"):
            return True
        holder = await _holder(store, LockName.WORK)
        if holder is not None and holder != said:
            said = holder
            log.info("lock.waiting", holder=str(holder))
        await first_of(asyncio.sleep(pause), ending)
    return False


async def _look_for_a_bot(store: Store, give_way: asyncio.Event, pause: float) -> None:
    while not give_way.is_set():
        with suppress(StorageError):
            if await _holder(store, LockName.RUN) is not None:
                give_way.set()
        await asyncio.sleep(2 * pause)


@asynccontextmanager
async def _held(store: Store, name: LockName, lost: asyncio.Event) -> AsyncIterator[None]:
    """Give a lock up in the end; set `lost` should it be lost before."""
    try:
        async with beside(_watch(store, name, lost)):
            yield
    finally:
        await run_to_completion(store.locks.release, name)


async def _watch(store: Store, name: LockName, lost: asyncio.Event) -> None:
    while not lost.is_set():
        await asyncio.sleep(WATCH)
        try:
            async with asyncio.timeout(_UNANSWERED):
                is_ours = await asyncio.to_thread(store.locks.is_ours, name)
        except TimeoutError:
            is_ours = False
        if not is_ours:
            log.error("lock.lost", lock=name.value)
            lost.set()


# Deliveries, while this process holds the lock `work`; other commands hand their posts to it by a `DELIVER` request.

DELIVER = "deliver"

LONGEST_NAP = timedelta(minutes=1)
"""How soon the outbox is looked at in any case, which people write too (`vigie outbox`), and how long a command waits for posts."""

_PUT_OFF = frozenset({
    PostCause.NOT_SENT, PostCause.RATE_LIMITED, PostCause.REFUSED_DESTINATION, PostCause.AWAITS_EARLIER, PostCause.RECONCILE_UNCLEAR,
    PostCause.CANNOT_ASK,
})  # fmt: skip


class DeliveryLoops:
    """Runs one loop per destination, so that none waits for another. `noted` receives the outcome of each message."""

    def __init__(self, deliverer: Deliverer, clock: Callable[[], datetime], noted: Callable[[Delivered], object]) -> None:
        self._deliverer = deliverer
        self._clock = clock
        self._noted = noted
        self._is_over = False
        self._posted = {destination: asyncio.Event() for destination in deliverer.destinations}

    @property
    def destinations(self) -> Collection[str]:
        """Return the names of all that are served."""
        return self._posted

    def wake(self) -> None:
        """Check at once for due posts, after some were queued or a destination recovered."""
        for posted in self._posted.values():
            posted.set()

    def finish(self) -> None:
        """End each loop after one more pass, or once no post is due soon."""
        self._is_over = True
        self.wake()

    async def serve(self, destination: str, give_way: asyncio.Event | None = None) -> None:
        """Deliver to one destination until `finish`; with `give_way` set, waits for no post."""
        posted = self._posted[destination]
        while True:
            posted.clear()
            # Looked at before, not after: what is queued while a delivery is under way may not be part of it.
            is_over = self._is_over
            done = await self._deliverer.deliver_due(destination)
            for item in done:
                self._noted(item)
            now = self._clock()
            due = await self._deliverer.next_due(now, destination)
            if is_over:
                is_soon = due is not None and due - now <= LONGEST_NAP and any(item.state is PostState.SENT for item in done)
                if not is_soon or (give_way is not None and give_way.is_set()):
                    return
            await nap(posted, due, now)


async def nap(posted: asyncio.Event, due: datetime | None, now: datetime) -> None:
    """Wait until something is due, or was posted; not for long in any case."""
    seconds = LONGEST_NAP if due is None else min(max(due - now, timedelta(seconds=1)), LONGEST_NAP)
    with suppress(TimeoutError):
        await asyncio.wait_for(posted.wait(), seconds.total_seconds())


# Commands.


@asynccontextmanager
async def delivering(parts: Parts, give_way: asyncio.Event) -> AsyncIterator[dict[int, Delivered]]:
    """Deliver until each post had its turn or `give_way` is set. Yields the last outcome of each message by post id."""
    await asyncio.to_thread(parts.tidy)
    done: dict[int, Delivered] = {}
    loops = DeliveryLoops(parts.deliverer, parts.clock, lambda item: done.update({item.post.id: item}))
    parts.recorder.on_queued = loops.wake
    serving = [asyncio.create_task(loops.serve(destination, give_way)) for destination in loops.destinations]
    try:
        async with beside(when(give_way, loops.wake)):
            yield done
            loops.finish()
            await asyncio.gather(*serving)
    finally:
        await ended(serving)
        # What takes long to read must not go on behind the back of the next process.
        await parts.poller.stop()


async def became_of(parts: Parts, posts: Collection[int]) -> list[Delivered]:
    """Return the outcome of posts delivered by this process, each after its turn, within a minute."""
    until = parts.clock() + LONGEST_NAP
    while True:
        found = await asyncio.to_thread(parts.store.posts.listed, states=(), also=posts)
        waiting = {post.destination for post in found if _has_no_turn_yet(post)}
        now = parts.clock()
        due = await parts.deliverer.next_due(now, *waiting) if waiting else None
        if due is None or max(due, now) >= until:
            return [Delivered(post, post.state, post.error) for post in found]
        await asyncio.sleep(PAUSE)


def _has_no_turn_yet(post: Post) -> bool:
    """Return whether it is untried, being sent, or about to be tried again."""
    if post.state is PostState.SENDING:
        return True
    return post.state in {PostState.PENDING, PostState.UNKNOWN} and post.cause not in _PUT_OFF


async def deliver(parts: Parts, posts: Collection[int], on_progress: OnProgress) -> list[Delivered]:
    """Deliver a command's queued posts, here or by the working process; return the outcomes. Raises StorageError, HandedOverFailed."""
    if not posts:
        return []
    order = WorkOrder(DELIVER, {"posts": sorted(posts)})
    await work_alone(parts.store, parts.clock, order, partial(_deliver_alone, parts, posts), on_progress)
    found = await asyncio.to_thread(parts.store.posts.listed, states=(), also=posts)
    return [Delivered(post, post.state, post.error) for post in found]


async def _deliver_alone(parts: Parts, posts: Collection[int], give_way: asyncio.Event) -> Json | None:
    async with delivering(parts, give_way):
        return None if await first_of(became_of(parts, posts), give_way) is None else {}


async def handed_delivery(parts: Parts, order: Json, _on_progress: OnProgress) -> Json:
    """Deliver what another process has queued, beside what this one does."""
    parts.recorder.on_queued()
    await became_of(parts, order["posts"])
    return {}
