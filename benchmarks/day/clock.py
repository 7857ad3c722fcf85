"""Simulated time for real code: a loop whose clock jumps to what is due next, processors that are shared, threads that are none."""

from __future__ import annotations

import asyncio
import selectors
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import structlog

P = ParamSpec("P")
T = TypeVar("T")

SLICE = 0.25
"""Seconds of processor time after which it is looked again how many share the processors."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - only to make a folder of our own in


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: what a loop would wait for time to pass, it lets pass. While it talks to a server, time stands still."""

    def __init__(self, now: float, passed: Callable[[float], object]) -> None:
        super().__init__()
        self.now = now
        self._passed = passed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Besides the loop's own pipe there are only sockets that something waits for.
        if len(self.get_map()) > 1 and timeout != 0:
            return super().select()
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("nothing will ever happen: something waits for what is not simulated")
        self.now += max(timeout, 0.0)
        self._passed(self.now)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is simulated. Nothing in it may wait for another thread or process, but for a server."""

    def __init__(self, now: float = 0.0, passed: Callable[[float], object] = lambda _: None) -> None:
        """Begin at `now`. `passed` gets the time whenever some has passed."""
        self._simulated = _Jumping(now, passed)
        super().__init__(self._simulated)

    def time(self) -> float:
        """Seconds of simulated time."""
        return self._simulated.now


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some time in which something is wrong, in seconds since the beginning."""

    begin: float
    end: float

    def holds(self, seconds: float) -> bool:
        """Whether it is wrong now."""
        return self.begin <= seconds < self.end


@dataclass(frozen=True, slots=True)
class LoopClock:
    """The clock of a `SimulatedLoop`, at `start` when its seconds are 0: many may sleep at once.

    `wrong`: by how many seconds the machine's clock is ahead meanwhile (below 0: behind).
    """

    start: datetime
    loop: asyncio.AbstractEventLoop
    wrong: Mapping[Stretch, float] = MappingProxyType({})

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self.loop.time()

    def now(self) -> datetime:
        """The instant."""
        return self.start + timedelta(seconds=self.loop.time())

    def told(self) -> datetime:
        """What the clock of the machine says."""
        ahead = sum(seconds for stretch, seconds in self.wrong.items() if stretch.holds(self.monotonic()))
        return self.now() + timedelta(seconds=ahead)

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


class AtOnce(ThreadPoolExecutor):
    """Runs what is meant for a thread at once: the order of things is then the same in each run, and no thread is waited for."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run it."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder: in memory where there is such a file system, since the database is written to a hundred thousand times."""
    return tempfile.TemporaryDirectory(prefix="vigie-simulated-", dir=_MEMORY if _MEMORY.is_dir() else None)


def drop(logger: object, method: str, event: Any) -> Any:
    """A processor that lets no log be written: it would have a hundred thousand lines."""
    raise structlog.DropEvent
