from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest

from bot.app.instance import delivering
from bot.app.wiring import Parts
from bot.domain.posts import PostState

NOW = datetime(2031, 4, 19, 22, 0, tzinfo=UTC)


class Outbox:
    """Delivers what was queued when it was asked; each delivery waits to be let go."""

    destinations: tuple[str, ...] = ("t",)

    def __init__(self) -> None:
        self.queued: list[str] = []
        self.paced: list[str] = []
        self.state = PostState.SENT
        self.naps: list[timedelta | None] = []
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def deliver_due(self, destination: str) -> list[Any]:
        due, self.queued = self.queued, []
        self.asked.set()
        await self.go.wait()
        return [SimpleNamespace(name=name, post=SimpleNamespace(id=name), state=self.state) for name in due]

    async def next_due(self, now: datetime, destination: str) -> datetime | None:
        self.queued += self.paced[:1]
        del self.paced[:1]
        return None if not self.naps or (nap := self.naps.pop(0)) is None else now + nap


def parts_of(outbox: Outbox) -> Parts:
    recorder = SimpleNamespace(on_queued=lambda: None)
    poller = SimpleNamespace(stop=AsyncMock())
    return cast("Parts", SimpleNamespace(recorder=recorder, deliverer=outbox, poller=poller, clock=lambda: NOW, tidy=lambda: None))


async def test_what_is_found_goes_out_at_once_and_what_is_found_meanwhile_in_the_end() -> None:
    outbox = Outbox()
    parts = parts_of(outbox)
    async with delivering(parts, asyncio.Event()) as delivered:
        outbox.queued.append("first")
        parts.recorder.on_queued()
        await outbox.asked.wait()
        assert outbox.queued == []
        # Queued while the first is on its way, right before the end.
        outbox.queued.append("last")
        asyncio.get_running_loop().call_soon(outbox.go.set)
    assert [cast("Any", item).name for item in delivered.values()] == ["first", "last"]


@pytest.mark.parametrize(
    ("naps", "state", "expected"),
    [
        ([timedelta(), timedelta(), None], PostState.SENT, ["a", "b", "c"]),
        ([timedelta(), timedelta(hours=1)], PostState.SENT, ["a", "b"]),  # that long nobody waits
        ([timedelta(), timedelta()], PostState.PENDING, ["a"]),  # nothing goes out: it is left to the next round
    ],
)
async def test_posts_that_go_one_by_one_all_have_their_turn(naps: list[timedelta | None], state: PostState, expected: list[str]) -> None:
    outbox = Outbox()
    outbox.go.set()
    outbox.queued, outbox.paced, outbox.naps, outbox.state = ["a"], ["b", "c"], naps, state
    parts = parts_of(outbox)
    async with delivering(parts, asyncio.Event()) as delivered:
        pass
    assert [cast("Any", item).name for item in delivered.values()] == expected


async def test_a_destination_that_is_slow_keeps_nothing_from_the_others() -> None:
    class Two(Outbox):
        destinations = ("slow", "fast")

        async def deliver_due(self, destination: str) -> list[Any]:
            if destination == "slow":
                await self.go.wait()
                return []
            due, self.queued = self.queued, []
            self.asked.set()
            return [SimpleNamespace(name=name, post=SimpleNamespace(id=name), state=self.state) for name in due]

    outbox = Two()
    parts = parts_of(outbox)
    async with delivering(parts, asyncio.Event()) as delivered:
        for name in ("first", "second"):
            outbox.queued.append(name)
            outbox.asked.clear()
            parts.recorder.on_queued()
            await asyncio.wait_for(outbox.asked.wait(), 60)
        outbox.go.set()
    assert [cast("Any", item).name for item in delivered.values()] == ["first", "second"]
