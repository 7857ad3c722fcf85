"""Simulated time for real code: a loop whose clock jumps to what is due next, and processors that are shared by what runs on them."""

from __future__ import annotations

import asyncio
import selectors
from datetime import datetime, timedelta

from tests.france.country import France
from tests.france.sweep import Clock

SLICE = 0.25
"""Seconds of processor time after which it is looked again how many share the processors."""


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: what a loop would wait for time to pass, it lets pass."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("nothing will ever happen: something waits for what is not simulated")
        self.now += max(timeout, 0.0)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is simulated. Nothing in it may wait for another thread, process or machine."""

    def __init__(self) -> None:
        self._simulated = _Jumping()
        super().__init__(self._simulated)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._simulated.now


class LoopClock(Clock):
    """The clock of a `SimulatedLoop`, at `start` when the loop begins: many may sleep at once."""

    def __init__(self, start: datetime, france: France, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(start, france)
        self._beginning = start
        self._loop = loop

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self._loop.time()

    def now(self) -> datetime:
        """The instant."""
        return self._beginning + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        """Let time pass, in which others work."""
        await asyncio.sleep(seconds)


class Processors:
    """So many processors, shared evenly by the processes that run; each process keeps one of them busy at the most."""

    def __init__(self, count: int) -> None:
        self.spent = 0.0
        """Seconds of processor time so far."""
        self._count = count
        self._running = 0

    async def work(self, seconds: float) -> None:
        """Take so many seconds of processor time."""
        self._running += 1
        try:
            while seconds > 0:
                piece = min(seconds, SLICE)
                await asyncio.sleep(piece * max(1.0, self._running / self._count))
                self.spent += piece
                seconds -= piece
        finally:
            self._running -= 1
