"""Delivers while this process holds the lock `work`; other commands hand their posts to it by a `DELIVER` request."""

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
