"""The program on a clock that hurries: `python -m benchmarks.soak.hurried FILE DAYS HOURS MINUTES ARGUMENTS…`.

All clocks are put forward wherever its loop would wait for a time to come, unless something is at work for it: a thread, a process, an
answer. After every so many HOURS what the program has is written to FILE, a line of JSON each; after so many DAYS it gets SIGTERM. All
else is `vigie ARGUMENTS…`: its own scheduler, loops, database and connections; but what looks around every few seconds or once a minute
(what is due, whether its locks are its own, whether another process requests something) does so every so many MINUTES.

Of the program only modules are imported that are changed here, and after time itself was: many bind `time.monotonic` as a default.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import selectors
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx

from tests import clock

_TIMED = (
    "bot.app.inventory",
    "bot.app.service",
    "sources.http.politeness",
    "apscheduler.executors.base",
    "apscheduler.schedulers.base",
    "apscheduler.triggers.interval",
)
"""The modules that ask `datetime` what time it is."""
_LOOK = 0.02
"""Real seconds between two looks whether a process that was started still runs."""


class Time:
    """How far all clocks were put forward, how much is at work, and what was to be written when."""

    ahead = 0.0
    at_work = 0
    samples: Samples | None = None


class Samples:
    """Writes what the program has, again and again, and ends it at last."""

    def __init__(self, file: Path, database: Path, every: timedelta, until: timedelta) -> None:
        self._file, self._database = file, database
        self._every, self._until = every.total_seconds(), until.total_seconds()
        self._next = self._every

    def passed(self, ahead: float) -> None:
        """Note that the clocks are so far ahead."""
        if ahead < self._next:
            return
        sample = {"hours": round(ahead / 3600, 1), **self._has()}
        with self._file.open("a", encoding="ascii") as file:
            file.write(f"{json.dumps(sample)}\n")
        self._next = ahead - ahead % self._every + self._every
        if ahead >= self._until:
            self._next = float("inf")
            Time.at_work += 1  # from here on time is as it is: the program ends
            os.kill(os.getpid(), signal.SIGTERM)

    def _has(self) -> dict[str, int]:
        gc.collect()
        wal = self._database.with_name(f"{self._database.name}-wal")
        return {
            "memory": int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE"),
            "objects": len(gc.get_objects()),
            "handles": len(list(Path("/proc/self/fd").iterdir())),
            "threads": threading.active_count(),
            "tasks": len(asyncio.all_tasks(asyncio.get_event_loop_policy().get_event_loop())),
            "database": self._database.stat().st_size,
            "log": wal.stat().st_size if wal.exists() else 0,
        }


class Selector(selectors.EpollSelector):
    """Waits for nothing but what others do: where only a time is waited for, that is now."""

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return what is ready, perhaps nothing."""
        found = super().select(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        if timeout is None or Time.at_work or _has_children():
            return super().select(_LOOK if timeout is None else min(timeout, _LOOK))
        Time.ahead += timeout
        if Time.samples is not None:
            Time.samples.passed(Time.ahead)
        return found


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


class Now(datetime):
    """What the modules that are `_TIMED` have in place of `datetime`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        """Return the hurried time."""
        return clock.Time.now(tz) + timedelta(seconds=Time.ahead)


def hurry(look: timedelta) -> None:
    """Change time and how often the program looks around, and count what is at work."""
    steady, in_thread, send = time.monotonic, asyncio.BaseEventLoop.run_in_executor, httpx.AsyncHTTPTransport.handle_async_request
    time.monotonic = lambda: steady() + Time.ahead
    selectors.DefaultSelector = Selector  # type: ignore[assignment, misc]
    for name in _TIMED:
        import_module(name).datetime = Now  # type: ignore[attr-defined]
    delivering, instance, service = (import_module(f"bot.app.{name}") for name in ("delivering", "instance", "service"))
    instance.WATCH, service.TICK, service.ROUND_UP = look.total_seconds(), look, look  # type: ignore[attr-defined]
    delivering.LONGEST_NAP = look  # type: ignore[attr-defined]
    instance.serve.__kwdefaults__["pause"] = look.total_seconds()

    def counted(loop: Any, executor: Any, work: Any, *arguments: Any) -> Any:
        Time.at_work += 1
        future = in_thread(loop, executor, work, *arguments)
        future.add_done_callback(_done)
        return future

    async def sent(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/getUpdates"):
            request = await _held(request)
        Time.at_work += 1
        try:
            response = await send(transport, request)
        except BaseException:
            _done()
            raise
        _count_until_closed(response)
        return response

    asyncio.BaseEventLoop.run_in_executor = counted  # type: ignore[assignment, method-assign]
    httpx.AsyncHTTPTransport.handle_async_request = sent  # type: ignore[assignment, method-assign]


def _done(_: object = None) -> None:
    Time.at_work -= 1


def _count_until_closed(response: httpx.Response) -> None:
    stream: Any = response.stream
    close, is_open = stream.aclose, [True]

    async def aclose() -> None:
        if is_open:
            is_open.clear()
            _done()
        await close()

    stream.aclose = aclose


async def _held(request: httpx.Request) -> httpx.Request:
    """Wait as long as Telegram would hold a request for news, by the hurried clock, and return one that it answers at once."""
    content = await request.aread()
    seconds = re.search(rb"timeout=(\d+)", content)
    if seconds is not None:
        await asyncio.sleep(int(seconds[1]))
    content = re.sub(rb"timeout=\d+", b"timeout=0", content)
    headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"content-length"]
    return httpx.Request(request.method, request.url, headers=headers, content=content, extensions=request.extensions)


def main(arguments: Sequence[str]) -> None:
    """Run the command."""
    file, days, hours, minutes, *command = arguments
    hurry(timedelta(minutes=float(minutes)))
    Time.samples = Samples(Path(file), Path("vigie.db"), timedelta(hours=float(hours)), timedelta(days=float(days)))
    sys.argv[1:] = command
    import_module("bot.cli.main").main()


if __name__ == "__main__":
    main(sys.argv[1:])
