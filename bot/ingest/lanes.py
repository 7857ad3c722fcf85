"""Two lanes for readings, so that what takes long holds up nothing else: short ones pass, long ones wait for each other."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class WorkerSlots:
    """`quick` places for fetching and for short readings, `slow` ones for what turns out to be long."""

    def __init__(self, *, quick: int, slow: int) -> None:
        self._quick = asyncio.Semaphore(quick)
        self._slow = asyncio.Semaphore(slow)

    def passage(self) -> WorkerSlot:
        """The way of one recueil through the lanes."""
        return WorkerSlot(self._quick, self._slow)


class WorkerSlot:
    """Holds a place in the quick lane while entered, until it moves over or steps aside; what it holds in the end is given back."""

    def __init__(self, quick: asyncio.Semaphore, slow: asyncio.Semaphore) -> None:
        self._quick = quick
        self._slow = slow
        self._held: asyncio.Semaphore | None = None
        self.left = asyncio.Event()
        """Set once the quick lane was left: whoever waits for what is quick need not wait any longer."""

    async def __aenter__(self) -> Self:
        await self._take(self._quick)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._give_back()

    def step_aside(self) -> None:
        """Hold no place from here on."""
        self._give_back()
        self.left.set()

    async def move_over(self) -> None:
        """Wait for a place in the slow lane, holding the one in the quick lane meanwhile where it still does, and change over."""
        if self._held is not self._slow:
            await self._take(self._slow)
        self.left.set()

    async def come_back(self) -> None:
        """Wait for a place in the quick lane again, after having stepped aside."""
        if self._held is None:
            await self._take(self._quick)

    async def _take(self, lane: asyncio.Semaphore) -> None:
        await lane.acquire()
        self._give_back()
        self._held = lane

    def _give_back(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.release()
