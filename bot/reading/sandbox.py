"""Read a PDF in a process of its own, which may crash, hang or fill its memory without harm.

One process per PDF; when it dies on a page, that page is unreadable and a new process goes on with the next one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import bot
from bot.model import PageText, Reading, TextOrigin
from bot.reading.assemble import assemble
from bot.reading.wire import MOST_LINE_BYTES, Failed, NotUnderstood, Opened, Order, decode

_MOST_DIAGNOSIS = 16 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one PDF may take. Times are in seconds of wall clock for the whole file and for one page."""

    seconds: float = 900
    page_seconds: float = 90
    memory_bytes: int = 1024**3
    max_pages: int = 2000
    max_output_bytes: int = 128 * 1024**2
    max_crashes: int = 3
    ocr: bool = True


class Unreadable(Exception):
    """Nothing of this file could be read. The message is for an operator and says why."""


async def read_pdf(path: Path, limits: Limits = Limits()) -> Reading:
    """Read a PDF file. Pages that could not be read are listed in the reading, never passed over.

    Raises Unreadable when the file is no PDF, is locked, has too many pages, or gave no page within the limits.
    """
    # Only a look at the first bytes: pdfium itself looks for the header in the first 1024.
    head = await asyncio.to_thread(_head, path)
    if b"%PDF-" not in head:
        raise Unreadable("this is not a PDF: it does not start like one" if head else "the file is empty")
    pages = _Pages(limits)
    deadline = asyncio.get_running_loop().time() + limits.seconds
    end = "the file gave no page"
    for _ in range(1 + limits.max_crashes):
        end = await _run(path, pages, deadline)
        # The page it died on is given up; the rest is worth another process as long as there is time.
        if pages.all_tried or asyncio.get_running_loop().time() >= deadline or pages.full or pages.count is None:
            break
        pages.skip_one()
    # A document of scans on a machine without OCR is known to be unread; one that gave nothing at all is an error.
    if not pages.any_read and not pages.all_tried:
        raise Unreadable(f"no page could be read: {end}")
    # In a thread: thousands of pages take a second, in which everything else would stand still.
    return await asyncio.to_thread(assemble, pages.all())


class _Pages:
    """The pages so far, from one or several processes."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.count: int | None = None
        self.received_bytes = 0
        self._read: list[PageText] = []

    @property
    def next_page(self) -> int:
        return len(self._read) + 1

    @property
    def all_tried(self) -> bool:
        return self.count is not None and len(self._read) >= self.count

    @property
    def any_read(self) -> bool:
        return any(page.origin is not TextOrigin.UNREADABLE for page in self._read)

    @property
    def full(self) -> bool:
        return self.received_bytes > self.limits.max_output_bytes

    def skip_one(self) -> None:
        self._read.append(PageText(self.next_page, "", TextOrigin.UNREADABLE))

    def take(self, line: bytes) -> None:
        """Raises Unreadable, or NotUnderstood."""
        self.received_bytes += len(line)
        match decode(line):
            case Failed(reason):
                raise Unreadable(_printable(reason))
            case Opened(count):
                self._opened(count)
            case PageText() as page if self.count is not None and page.number == self.next_page <= self.count:
                self._read.append(page)
            case _:
                raise NotUnderstood("a page that was not asked for")

    def all(self) -> tuple[PageText, ...]:
        missing = range(self.next_page, (self.count or 0) + 1)
        return (*self._read, *(PageText(number, "", TextOrigin.UNREADABLE) for number in missing))

    def _opened(self, count: int) -> None:
        if count == 0:
            raise Unreadable("this PDF has no page")
        if count > self.limits.max_pages:
            raise Unreadable(f"this PDF has {count} pages, more than the {self.limits.max_pages} allowed")
        if self.count not in (None, count):
            raise NotUnderstood("a page count that changes")
        self.count = count


async def _run(path: Path, pages: _Pages, deadline: float) -> str:
    """Run one process from the next page on, and say how it ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-s", "-B", "-P", "-m", "bot.reading.child", _order(path, pages).argument(),
        stdin=asyncio.subprocess.PIPE,  # never written to: its end tells the child that we are gone
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=child_environment(os.environ),
        limit=MOST_LINE_BYTES,
        start_new_session=True,
    )  # fmt: skip
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("a process started with pipes has them")
    diagnosis = asyncio.create_task(_drain(process.stderr))
    stopped: str | None = None
    try:
        stopped = await _listen(process.stdout, pages, deadline)
    finally:
        _kill(process)
        # The reader of a pipe must come to its end, or the pipe outlives the loop.
        await asyncio.shield(asyncio.gather(process.wait(), diagnosis))
    return stopped or _how(process.returncode, diagnosis.result())


def _order(path: Path, pages: _Pages) -> Order:
    limits = pages.limits
    cpu_seconds = max(1, round(limits.seconds))
    return Order(str(path.absolute()), pages.next_page, limits.memory_bytes, cpu_seconds, ocr=limits.ocr)


async def _listen(stdout: asyncio.StreamReader, pages: _Pages, deadline: float) -> str | None:
    """Take lines until the process has nothing more to say; otherwise say why we stopped listening."""
    loop = asyncio.get_running_loop()
    while not pages.full:
        until = min(deadline, loop.time() + pages.limits.page_seconds)
        try:
            async with asyncio.timeout_at(until):
                line = await stdout.readline()
            if not line:
                return None
            pages.take(line)
        except TimeoutError:
            return "it took too long" if loop.time() >= deadline else f"page {pages.next_page} took too long"
        except (NotUnderstood, ValueError) as error:
            # ValueError: a line beyond the limit of the stream.
            return f"the reading process misbehaved ({error})"
        if pages.all_tried:
            return "every page was tried"
    return "the text is longer than allowed"


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What the reading process gets of our environment: where to find its code and data, no secret."""
    kept = {name: environment[name] for name in ("TESSDATA_PREFIX", "LD_LIBRARY_PATH") if name in environment}
    return {
        "PATH": environment.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "OMP_THREAD_LIMIT": "1",
        "PYTHONPATH": str(Path(bot.__file__).resolve().parents[1]),
        **kept,
    }


async def _drain(stream: asyncio.StreamReader) -> bytes:
    """Read to the end, so that the process never waits for us, and keep the last part."""
    kept = b""
    while piece := await stream.read(4096):
        kept = (kept + piece)[-_MOST_DIAGNOSIS:]
    return kept


def _kill(process: asyncio.subprocess.Process) -> None:
    """End the process and those it started, which may outlive it: it leads a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _how(status: int | None, diagnosis: bytes) -> str:
    lines = diagnosis.decode("utf-8", "replace").strip().splitlines()
    last_words = f" ({_printable(lines[-1])})" if lines else ""
    if status is not None and status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"the reading process was ended by {name}{last_words}"
    return f"the reading process ended with status {status}{last_words}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:300]


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror or type(error).__name__}") from error
