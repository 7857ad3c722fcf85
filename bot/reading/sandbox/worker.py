"""The parent's hold on one reading process: start it, give it orders, hear it, end it, say how it ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import bot
from bot.reading.sandbox.wire import MOST_LINE_BYTES, Start, printable

_MOST_DIAGNOSIS = 16 * 1024
_T = TypeVar("_T")


READER = "bot.reading.sandbox.child"


class Worker:
    """One running process. Whoever starts it must end it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("a process started with pipes has them")
        self.process_id = process.pid
        self.stdout = process.stdout
        self._process, self._stdin = process, process.stdin
        self._end: asyncio.Task[str] | None = None
        self._diagnosis = asyncio.create_task(_last_words(process.stderr))

    @classmethod
    async def start(cls, start: Start, module: str = READER) -> Worker:
        """Start a process on a file, which runs a module of ours. Raises OSError where the system refuses one more process."""
        return await whole(cls._start(start, module), undo=cls.end)

    @classmethod
    async def _start(cls, start: Start, module: str) -> Worker:
        process = await asyncio.create_subprocess_exec(
            *child_command(module, start),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=child_environment(os.environ),
            cwd="/",
            limit=MOST_LINE_BYTES,
            start_new_session=True,
        )
        return cls(process)

    def send(self, line: bytes) -> None:
        """Send an order, one line. A process that is gone does not get it, which reading its answer shows."""
        # Orders are short and few: the pipe takes them without waiting.
        self._stdin.write(line)

    async def end(self) -> str:
        """Kill the process and those it started, and say how it ended. Whatever cancels us meanwhile waits until nothing is left of it."""
        if self._end is None:
            with suppress(ProcessLookupError):
                # They may outlive it: it leads a group of its own.
                os.killpg(self.process_id, signal.SIGKILL)
            self._end = asyncio.create_task(self._buried())
        return await whole(self._end)

    async def _buried(self) -> str:
        # The reader of a pipe must come to its end, or the pipe outlives the loop.
        while await self.stdout.read(64 * 1024):
            pass
        diagnosis = await self._diagnosis
        status = await self._process.wait()
        self._stdin.close()
        with suppress(OSError):
            await self._stdin.wait_closed()
        return _how(status, diagnosis)


async def whole(work: Coroutine[Any, Any, _T] | asyncio.Task[_T], *, undo: Callable[[_T], Awaitable[object]] | None = None) -> _T:
    """Do this work to its end even when cancelled meanwhile, then be cancelled; `undo` is then called with what it gave."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if task.exception() is None and undo is not None:
        await undo(task.result())
    raise cancelled


def child_command(module: str, start: Start) -> tuple[str, ...]:
    """Runs a module of ours in a process of its own, with nothing of the user's on its path."""
    return sys.executable, "-s", "-P", "-m", module, start.argument()


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the reading process gets of our environment: where to find its code and data, no secret."""
    kept = {name: environment[name] for name in ("TESSDATA_PREFIX", "LD_LIBRARY_PATH") if name in environment}
    if prefix := kept.get("TESSDATA_PREFIX"):
        # The process starts in another folder.
        kept["TESSDATA_PREFIX"] = os.path.abspath(prefix)  # noqa: PTH100 - a link in it is to stay one
    return {
        "PATH": environment.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "OMP_THREAD_LIMIT": "1",
        "PYTHONPATH": str(Path(bot.__file__).resolve().parents[1]),
        **kept,
    }


async def _last_words(stream: asyncio.StreamReader) -> bytes:
    """Read to the end, so that the process never waits for us, and keep the last part."""
    kept = b""
    while piece := await stream.read(4096):
        kept = (kept + piece)[-_MOST_DIAGNOSIS:]
    return kept


def _how(status: int, diagnosis: bytes) -> str:
    lines = diagnosis.decode("utf-8", "replace").strip().splitlines()
    last_words = f" ({printable(lines[-1])})" if lines else ""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        if name == "SIGPROF":
            return "it took too long"
        return f"the reading process was ended by {name}{last_words}"
    return f"the reading process ended with status {status}{last_words}"
