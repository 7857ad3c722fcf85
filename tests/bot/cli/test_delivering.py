from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from bot.app import Parts
from bot.cli.delivering import delivering


class Outbox:
    """Delivers what was queued when it was asked; each delivery waits to be let go."""

    def __init__(self) -> None:
        self.queued: list[str] = []
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def deliver_due(self) -> list[Any]:
        due, self.queued = self.queued, []
        self.asked.set()
        await self.go.wait()
        return due


def parts_of(outbox: Outbox) -> tuple[Parts, list[Callable[[], None]]]:
    told: list[Callable[[], None]] = []
    reader = SimpleNamespace(when_posted=told.append)
    return cast("Parts", SimpleNamespace(watcher=reader, backfill=reader, deliverer=outbox)), told


async def test_what_is_found_goes_out_at_once_and_what_is_found_meanwhile_in_the_end() -> None:
    outbox = Outbox()
    parts, told = parts_of(outbox)
    async with delivering(parts) as delivery:
        outbox.queued.append("first")
        told[0]()
        await outbox.asked.wait()
        assert outbox.queued == []
        # Queued while the first is on its way, right before the end.
        outbox.queued.append("last")
        asyncio.get_running_loop().call_soon(outbox.go.set)
    assert list(map(str, delivery.done)) == ["first", "last"]


async def test_a_rehearsal_delivers_nothing() -> None:
    outbox = Outbox()
    outbox.queued.append("first")
    parts, _ = parts_of(outbox)
    async with delivering(parts, rehearsal=True) as delivery:
        delivery.found.set()
    assert (delivery.done, outbox.queued) == ([], ["first"])
