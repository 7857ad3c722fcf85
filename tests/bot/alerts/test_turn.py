"""Whose turn it is to tell operators, over a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.alerts import Turn
from bot.storage.leases import STALE, Lease, Leases
from tests.bot.storage.building import NOW
from tests.bot.storage.ready import ready_store


class Watched:
    """Leases that tell when one was renewed."""

    def __init__(self, leases: Leases, renewed: Callable[[], object]) -> None:
        self._leases = leases
        self._renewed = renewed
        self.release = leases.release
        self._taken = 0

    def take(self, name: str, holder: str, place: str, now: datetime, /, *, is_gone: Callable[[str], bool]) -> Lease | None:
        other = self._leases.take(name, holder, place, now, is_gone=is_gone)
        self._taken += 1
        if self._taken > 1:
            self._renewed()
        return other


async def test_a_turn_is_kept_for_as_long_as_the_telling_takes_and_then_given_back(tmp_path: Path) -> None:
    now, renewed, loop = NOW, asyncio.Event(), asyncio.get_running_loop()
    with ready_store(tmp_path) as store:
        leases = Watched(store.leases, lambda: loop.call_soon_threadsafe(renewed.set))
        one = Turn(leases, "posts", lambda: now, beat=0)
        other = Turn(store.leases, "posts", lambda: now)
        async with one.taken() as is_ours:
            assert is_ours
            now += STALE - timedelta(seconds=1)
            renewed.clear()
            await asyncio.wait_for(renewed.wait(), 60)
            await asyncio.wait_for(_again(renewed), 60)
            now += timedelta(seconds=2)
            async with other.taken() as is_theirs:
                assert not is_theirs, "a slow platform has the message for longer than a lease lasts"
        async with other.taken() as is_theirs:
            assert is_theirs


async def _again(renewed: asyncio.Event) -> None:
    """Until one that began after this has ended."""
    renewed.clear()
    await renewed.wait()
