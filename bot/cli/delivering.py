"""Posts go out while a command is still reading: a long scan keeps no decree waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.app import Parts
from bot.delivery import Delivered


@dataclass
class Delivery:
    """What became of the posts, which go out as decrees are found. `found`: some are queued; `over`: no more will be."""

    found: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    done: list[Delivered] = field(default_factory=list)


@asynccontextmanager
async def delivering(parts: Parts, *, rehearsal: bool = False) -> AsyncIterator[Delivery]:
    """Deliver what is due each time that polls or a backfill found posts, and once in the end. A rehearsal delivers nothing."""
    delivery = Delivery()
    parts.watcher.when_posted(delivery.found.set)
    parts.backfill.when_posted(delivery.found.set)
    if rehearsal:
        yield delivery
        return
    work = asyncio.create_task(_deliver(parts, delivery))
    try:
        yield delivery
        delivery.over = True
        delivery.found.set()
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def _deliver(parts: Parts, delivery: Delivery) -> None:
    over = False
    while not over:
        await delivery.found.wait()
        delivery.found.clear()
        # Looked at before, not after: what is queued while a delivery is under way may not be part of it.
        over = delivery.over
        delivery.done += await parts.deliverer.deliver_due()
