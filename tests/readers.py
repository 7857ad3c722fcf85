"""Reading processes of the tests: forked from one that has their program loaded, see `tests.reading_zygote`.

They confine themselves, obey and end as those that the program starts. What starting one is, and what it may and may not do then, is
tested with real ones (`started_readers` in `tests/bot/reading/conftest.py`).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.reading.sandbox import worker
from bot.reading.sandbox.process import MOST_LINE_BYTES, StartOrder
from bot.reading.sandbox.worker import Worker, child_command, child_environment
from tests.processes import ZygoteProcess

_start = Worker._start
zygotes: dict[str, ReadingZygote] = {}
"""Those of this process, by the module that they have loaded."""


class ReadingZygote(ZygoteProcess):
    """Forks processes that run one module."""

    def __init__(self, module: str) -> None:
        python = (sys.executable, "-s", "-P", "-m", "tests.reading_zygote", module)
        super().__init__(*python, folder=Path("/"), environ=child_environment(os.environ))

    async def begin(self, argument: str) -> ForkedReader:
        """One more process. Whoever begins it waits for it."""
        pipes = [os.pipe() for _ in range(3)]
        (read_in, write_in), (read_out, write_out), (read_err, write_err) = pipes
        order = {"argument": argument, "environ": child_environment(os.environ)}
        pid = self.ask(order, [read_in, write_out, write_err])
        for theirs in (read_in, write_out, write_err):
            os.close(theirs)
        return ForkedReader(self, pid, await _writer(write_in), await _reader(read_out), await _reader(read_err))


class ForkedReader:
    """One process, as `asyncio.subprocess.Process` shows it to whoever began it."""

    def __init__(
        self, zygote: ReadingZygote, pid: int, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader
    ) -> None:
        self.pid, self.stdin, self.stdout, self.stderr = pid, stdin, stdout, stderr
        self._zygote = zygote

    async def wait(self) -> int:
        """Its exit code, negative for a signal. To be called once."""
        loop, ended, handle = asyncio.get_running_loop(), asyncio.Event(), os.pidfd_open(self.pid)
        loop.add_reader(handle, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        return self._zygote.ask({"bury": self.pid})


async def _reader(end: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", 0))
    return reader


async def _writer(end: int) -> asyncio.StreamWriter:
    loop, nothing = asyncio.get_running_loop(), asyncio.StreamReader()
    transport, protocol = await loop.connect_write_pipe(lambda: asyncio.StreamReaderProtocol(nothing), os.fdopen(end, "wb", 0))
    return asyncio.StreamWriter(transport, protocol, None, loop)


async def _forked(cls: type[Worker], start: StartOrder, module: str) -> Worker:
    if worker.child_command is not child_command:
        # The test has another program in its place.
        return await _start(start, module)
    if module not in zygotes:
        zygotes[module] = ReadingZygote(module)
    process: Any = await zygotes[module].begin(start.argument())
    return cls(process)


@contextmanager
def forked_readers() -> Iterator[None]:
    """Let this process fork its reading processes."""
    with pytest.MonkeyPatch.context() as patch:
        fork_readers(patch)
        yield
    while zygotes:
        zygotes.popitem()[1].close()


def fork_readers(patch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let them be forked, where the system can tell of one that it has ended; those of `modules` by the processes of this one, too."""
    if hasattr(os, "pidfd_open"):
        patch.setattr(Worker, "_start", classmethod(_forked))
        for module in modules:
            zygotes[module] = ReadingZygote(module)


def start_readers(patch: pytest.MonkeyPatch) -> None:
    """Let them be started as the program does."""
    patch.setattr(Worker, "_start", _start)
