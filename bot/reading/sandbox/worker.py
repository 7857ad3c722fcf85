"""Starts reading processes, gives them orders and ends them, and checks the pages that they send."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import bot
from bot.domain.tasks import carried_through
from bot.domain.text import PageText, TextOrigin
from bot.reading.model import PageRead, ReadingLimits, Unreadable
from bot.reading.sandbox.process import (
    MOST_LINE_BYTES,
    NOTHING_STATED,
    REFUSED,
    Failed,
    FileOpened,
    NotUnderstood,
    StartOrder,
    decode,
    printable,
)

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
    async def start(cls, start: StartOrder, module: str = READER) -> Worker:
        """Start a process on a file, which runs a module of ours. Raises OSError where the system refuses one more process."""
        return await carried_through(cls._start(start, module), undo=cls.end)

    @classmethod
    async def _start(cls, start: StartOrder, module: str) -> Worker:
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
        """Kill the process and its children, and return how it ended. A cancellation waits until all have ended."""
        if self._end is None:
            with suppress(ProcessLookupError):
                # They may outlive it: it leads a group of its own.
                os.killpg(self.process_id, signal.SIGKILL)
            self._end = asyncio.create_task(self._buried())
        return await carried_through(self._end)

    async def _buried(self) -> str:
        # The reader of a pipe must come to its end, or the pipe outlives the loop.
        while await self.stdout.read(64 * 1024):
            pass
        diagnosis = await self._diagnosis
        status = await self._process.wait()
        self._stdin.close()
        with suppress(OSError):
            await self._stdin.wait_closed()
        return _how_it_ended(status, diagnosis)


def child_command(module: str, start: StartOrder) -> tuple[str, ...]:
    """Runs a module of ours in a process of its own, with nothing of the user's on its path."""
    return sys.executable, "-s", "-P", "-m", module, start.argument()


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the reading process's environment: where to find its code, no secret."""
    kept = {name: environment[name] for name in ("LD_LIBRARY_PATH",) if name in environment}
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


def _how_it_ended(status: int, diagnosis: bytes) -> str:
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
    if status == REFUSED:
        return f"its confinement refuses what the reading process needs{last_words}"
    return f"the reading process ended with status {status}{last_words}"


# The pages of one file so far, and whether what a process sent is possible. Pure: no process, no clock.

_KEPT = frozenset({TextOrigin.LAYER, TextOrigin.OCR, TextOrigin.BLANK})


class PageBuffer:
    """What is known of each page, from one or several processes and from an earlier reading. Each page is kept once."""

    def __init__(self, limits: ReadingLimits, known: Iterable[PageText] = ()) -> None:
        self.limits = limits
        self.count: int | None = None
        self.salvaged = False
        self.made = NOTHING_STATED
        self.received_bytes = 0
        self.known: dict[int, PageText] = {page.number: page for page in known if page.origin in _KEPT and page.is_whole}
        self._pages: list[PageText] = []
        self.pending = 0
        """How many pages are to be recognised."""
        self.to_recognise = 0
        """How many were, before any was recognised."""

    @property
    def next_page(self) -> int:
        """The first page that was not surveyed."""
        return len(self._pages) + 1

    def surveyed(self) -> bool:
        """Every page was tried once."""
        return self.count is not None and len(self._pages) >= self.count

    def any_read(self) -> bool:
        """At least one page was read, or is known to need recognition."""
        return any(page.origin is not TextOrigin.UNREADABLE for page in self._pages)

    def progress(self, page: PageText, seconds: float | None = None) -> PageRead:
        """Return the event of a page just done, `seconds` after the first recognised page; None before that. The time left counts
        recognised pages only, as surveying is fast."""
        recognised = self.to_recognise - self.pending
        left = seconds / recognised * self.pending if seconds is not None and recognised else None
        return PageRead(page, self.count or 0, len(self._pages) - self.pending, self.to_recognise, recognised, left)

    @property
    def full(self) -> bool:
        """The processes have sent more than is allowed for one file."""
        return self.received_bytes > self.limits.max_output_bytes

    @property
    def pages(self) -> Sequence[PageText]:
        """The pages surveyed so far, in order from page 1; not a copy."""
        return self._pages

    def open(self, line: bytes) -> None:
        """Take the first line of a process. Raises Unreadable when the file cannot be read at all, NotUnderstood."""
        match self._decoded(line):
            case Failed(reason):
                raise Unreadable(printable(reason))
            case FileOpened(count, salvaged, made):
                self._opened(count)
                self.made = made
                self.salvaged = self.salvaged or salvaged
            case _:
                raise NotUnderstood("a page before the number of pages")

    def survey(self, line: bytes) -> PageText:
        """Take the page that comes next. Raises NotUnderstood."""
        page = self._decoded(line)
        if not isinstance(page, PageText) or page.number != self.next_page or self.surveyed() or page.origin is TextOrigin.OCR:
            raise NotUnderstood("something else than the page that was asked for")
        self._add(page)
        self._add_known()
        return page

    def recognise(self, line: bytes, number: int) -> PageText:
        """Take one page that was pending. Raises NotUnderstood."""
        page = self._decoded(line)
        if not isinstance(page, PageText) or page.number != number or page.origin is TextOrigin.PENDING:
            raise NotUnderstood("something else than the page that was asked for")
        # Not every damage shows again: that a page is another one is seen by who surveys both.
        page = replace(page, damaged=page.damaged or self._pages[number - 1].damaged)
        self._replace(page)
        return page

    def give_up(self, number: int) -> PageText:
        """Give up a page: the next one of the survey, or one that was pending."""
        page = PageText(number, "", TextOrigin.UNREADABLE)
        if number == self.next_page:
            self._add(page)
            self._add_known()
        else:
            self._replace(page)
        return page

    def give_up_unsurveyed(self) -> tuple[int, ...]:
        """Every page that was not surveyed is unreadable; their numbers."""
        given_up = []
        while self.count is not None and not self.surveyed():
            given_up.append(self.give_up(self.next_page).number)
        return tuple(given_up)

    def give_up_pending(self) -> tuple[int, ...]:
        """Every page still to be recognised is unreadable; their numbers."""
        given_up = tuple(page.number for page in self._pages if page.origin is TextOrigin.PENDING)
        for number in given_up:
            self.give_up(number)
        return given_up

    def _decoded(self, line: bytes) -> FileOpened | Failed | PageText:
        self.received_bytes += len(line)
        return decode(line)

    def _opened(self, count: int) -> None:
        if count == 0:
            raise Unreadable("this PDF has no page")
        if count > self.limits.max_pages:
            raise Unreadable(f"this PDF has {count} pages, more than the {self.limits.max_pages} allowed")
        if self.count not in (None, count):
            raise NotUnderstood("a page count that changes")
        self.count = count
        self._add_known()

    def _add(self, page: PageText) -> None:
        self._pages.append(page)
        if page.origin is TextOrigin.PENDING:
            self.pending += 1
            self.to_recognise += 1

    def _add_known(self) -> None:
        while not self.surveyed() and (page := self.known.pop(self.next_page, None)) is not None:
            self._add(page)

    def _replace(self, page: PageText) -> None:
        if self._pages[page.number - 1].origin is not TextOrigin.PENDING:
            raise NotUnderstood("a page that was not to be recognised")
        self._pages[page.number - 1] = page
        self.pending -= 1
