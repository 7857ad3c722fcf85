"""Simulated time for real code: a loop whose clock jumps to what is due next, processors that are shared, threads that are none."""

from __future__ import annotations

import asyncio
import selectors
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog

from tests.france.country import France
from tests.france.sweep import Clock

P = ParamSpec("P")
T = TypeVar("T")

SLICE = 0.25
"""Seconds of processor time after which it is looked again how many share the processors."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - only to make a folder of our own in


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


@contextmanager
def silence() -> Iterator[None]:
    """Let no log be written: it would have a hundred thousand lines."""

    def drop(logger: object, method: str, event: Any) -> Any:
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[drop])
    try:
        yield
    finally:
        structlog.configure(processors=before)
