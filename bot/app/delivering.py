"""Deliver while the process that holds the lock `work` goes on: the bot all the time, a command until what it found had its turn.

Nobody else delivers. A command that has queued posts hands them to whoever works, by a request of the kind `DELIVER`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from bot.app.instance import PAUSE, Json, OnProgress, WorkOrder, work_alone
from bot.app.wiring import Parts
from bot.delivery.deliverer import Delivered, Deliverer
from bot.domain.posts import Post, PostCause, PostState
from bot.domain.tasks import beside, ended, first_of, when

DELIVER = "deliver"

LONGEST_NAP = timedelta(minutes=1)
"""How soon the outbox is looked at in any case, which people write too (`vigie outbox`), and how long a command waits for posts."""

_PUT_OFF = frozenset({
    PostCause.NOT_SENT, PostCause.RATE_LIMITED, PostCause.REFUSED_DESTINATION, PostCause.AWAITS_EARLIER, PostCause.RECONCILE_UNCLEAR,
    PostCause.CANNOT_ASK,
})  # fmt: skip


class DeliveryLoops:
    """Serves each destination in a loop of its own: a decree must not wait for one channel because another one is slow. `noted` takes what
    became of each message."""

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
        """Look for what is due at once: posts were queued, or a destination takes posts again."""
        for posted in self._posted.values():
            posted.set()

    def finish(self) -> None:
        """Let each loop end after one more pass, or as long as posts go out, where the next one is due soon."""
        self._is_over = True
        self.wake()

    async def serve(self, destination: str, give_way: asyncio.Event | None = None) -> None:
        """Deliver to one destination until `finish`. Once `give_way` is set no post is waited for."""
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
    """Deliver while a command that holds the lock works, and in the end until all had their turn, or until this process is to give way
    to another, which delivers the rest. What is given holds the last that became of each message, by the id of its post."""
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


async def became_of(parts: Parts, posts: Collection[int]) -> list[Delivered]:
    """Return what became of posts that this process delivers all the while, once each had its turn; a minute is waited for that."""
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
    """Whether it is not tried yet, on its way, or about to be looked for or sent again."""
    if post.state is PostState.SENDING:
        return True
    return post.state in {PostState.PENDING, PostState.UNKNOWN} and post.cause not in _PUT_OFF


async def deliver(parts: Parts, posts: Collection[int], on_progress: OnProgress) -> list[Delivered]:
    """Have posts that a command has queued delivered, by whoever works on the database, else by this process; return what became of them.
    Raises StorageError and HandedOverFailed."""
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
