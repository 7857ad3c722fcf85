"""Posts go out while a command is still reading: a long scan keeps no decree waiting, nor does one destination that is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bot.app import Parts
from bot.delivery import Delivered
from bot.model import PostState

LONGEST_NAP = timedelta(minutes=1)
"""How long a command that has all but ended waits for the next post to have its turn."""


@dataclass
class Delivery:
    """What became of the posts, which go out as decrees are found. `over`: no more will be."""

    waiting: Mapping[str, asyncio.Event]
    """By destination: set when there may be something for it."""
    over: bool = False
    done: list[Delivered] = field(default_factory=list)

    def found(self) -> None:
        """Some are queued."""
        for destination in self.waiting.values():
            destination.set()


@asynccontextmanager
async def delivering(parts: Parts, *, rehearsal: bool = False) -> AsyncIterator[Delivery]:
    """Deliver what is due each time that polls or a backfill found posts, and in the end until all had their turn.

    A rehearsal delivers nothing.
    """
    delivery = Delivery({destination: asyncio.Event() for destination in parts.deliverer.destinations})
    parts.watcher.when_posted(delivery.found)
    parts.backfill.when_posted(delivery.found)
    if rehearsal:
        yield delivery
        return
    work = [asyncio.create_task(_deliver(parts, delivery, destination)) for destination in delivery.waiting]
    try:
        yield delivery
        delivery.over = True
        delivery.found()
        await asyncio.gather(*work)
    finally:
        for each in work:
            each.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _deliver(parts: Parts, delivery: Delivery, destination: str) -> None:
    over, sent, found = False, False, delivery.waiting[destination]
    while not over:
        await found.wait()
        found.clear()
        # Looked at before, not after: what is queued while a delivery is under way may not be part of it.
        over = delivery.over
        sent = await _pass(parts, delivery, destination)
    # Many posts for one destination go one by one. What does not go out at all is left to the next round.
    while sent and (nap := await _nap(parts, destination)) is not None:
        await asyncio.sleep(nap)
        sent = await _pass(parts, delivery, destination)


async def _pass(parts: Parts, delivery: Delivery, destination: str) -> bool:
    """Whether anything was sent."""
    done = await parts.deliverer.deliver_due(destination)
    delivery.done += done
    return any(item.state is PostState.SENT for item in done)


async def _nap(parts: Parts, destination: str) -> float | None:
    """Seconds until something is due there again; None where nothing is within `LONGEST_NAP`."""
    now = parts.clock()
    due = await parts.deliverer.next_due(now, destination)
    return None if due is None or due - now > LONGEST_NAP else max((due - now).total_seconds(), 0.0)
