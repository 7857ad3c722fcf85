"""Read a PDF in processes of their own, which may crash, hang or fill their memory without harm.

First the text layer of every page, which is quick; then, where pages must be recognised, several processes side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from bot.domain import PageText, Reading
from bot.reading.assembly import assemble
from bot.reading.follow import Follower
from bot.reading.ledger import PageBuffer
from bot.reading.limits import ReadingLimits, Unreadable
from bot.reading.pace import PageRate
from bot.reading.pages.ocr import EngineKind, engine_kind
from bot.reading.recognition import Recognition
from bot.reading.sandbox.wire import NotUnderstood, Start, Survey
from bot.reading.sandbox.worker import Worker

log = structlog.get_logger()

_USUAL = ReadingLimits()
_NOBODY = Follower()


async def read_pdf(path: Path, limits: ReadingLimits = _USUAL, *, known: Sequence[PageText] = (), follower: Follower = _NOBODY) -> Reading:
    """Read a PDF file. Pages that could not be read are listed in the reading, never passed over.

    `known` are pages of the same file that were read before: those that could be read are not read again.

    Raises Unreadable when the file is no PDF, is locked, has too many pages, or gave no page within the limits; and what `follower` raises.
    """
    # Only a look at the first bytes: pdfium itself looks for the header in the first 1024.
    head = await asyncio.to_thread(_head, path)
    if b"%PDF-" not in head:
        raise Unreadable("this is not a PDF: it does not start like one" if head else "the file is empty")
    ledger = PageBuffer(limits, known)
    end = await _read(path, ledger, follower)
    if not ledger.any_read() and (ledger.salvaged or not end.surveyed):
        raise Unreadable(f"no page could be read: {end.why or 'the file is cut short, or damaged beyond reading'}")
    # In a thread: thousands of pages take a second, in which everything else would stand still.
    return await asyncio.to_thread(assemble, ledger.pages, salvaged=ledger.salvaged)


@dataclass(frozen=True, slots=True)
class _End:
    """How the reading ended: whether every page was tried once, and what stopped it otherwise."""

    surveyed: bool
    why: str


async def _read(path: Path, ledger: PageBuffer, follower: Follower) -> _End:
    """Fill the ledger: every page is read or given up."""
    loop = asyncio.get_running_loop()
    limits = ledger.limits
    deadline = loop.time() + limits.seconds
    pace = PageRate(ledger, follower.told, loop.time)
    start = _start(path, limits)
    found = await text_layer_pass(start, ledger, deadline, pace.tell)
    if isinstance(found, str) and ledger.count is None and loop.time() < deadline:
        # Counting what the file does not say loads every page: one that is deadly must not cost the others.
        start = replace(start, trusting=True)
        found = await text_layer_pass(start, ledger, deadline, pace.tell)
    worker, ended = (None, found) if isinstance(found, str) else (found, "")
    surveyed = ledger.surveyed()
    _tell_given_up(path, ledger.give_up_unsurveyed(), ended)
    try:
        if ledger.pending:
            kind = await asyncio.to_thread(engine_kind) if limits.ocr else None
            if kind is EngineKind.COMMAND and worker is not None:
                # The process that surveyed may start no program.
                await worker.end()
                worker = None
            # Without an engine too: what a doubtful layer holds is then better than nothing.
            recognition = Recognition(replace(start, commands=kind is EngineKind.COMMAND), ledger, follower, pace, deadline)
            ended = await recognition.run(worker)
            for page, reason in recognition.lost.items():
                log.warning("page not recognised", file=path.name, page=page, why=reason)
    finally:
        if worker is not None:
            await worker.end()
    _tell_given_up(path, ledger.give_up_pending(), ended)
    return _End(surveyed, ended)


def _start(path: Path, limits: ReadingLimits) -> Start:
    return Start(str(path.absolute()), limits.memory_bytes, max(1, round(limits.seconds)), limits.page_seconds, ocr=limits.ocr)


def _tell_given_up(path: Path, pages: Sequence[int], why: str) -> None:
    if pages:
        log.warning("pages given up", file=path.name, pages=len(pages), first=pages[0], why=why)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror or type(error).__name__}") from error


# The first pass over a file: the text layer of every page, in one process after the other until every page was tried.


async def text_layer_pass(start: Start, ledger: PageBuffer, deadline: float, told: Callable[[PageText], None]) -> Worker | str:
    """Survey every page. Gives the process, alive and with nothing left to do; or, where not every page was tried, why.

    A process that dies, hangs or misbehaves costs the page it was at. `deadline` is a time of the event loop. Raises Unreadable.
    """
    end = ""
    for _ in range(1 + ledger.limits.max_crashes):
        worker = await Worker.start(start)
        try:
            worker.tell(Survey(ledger.next_page, frozenset(ledger.known)))
            stopped = await listen(worker.stdout, ledger, deadline, told)
        except BaseException:
            await worker.end()
            raise
        if ledger.surveyed():
            return worker
        ended = await worker.end()
        end = stopped or ended
        # The page it died on is given up; the rest is worth another process as long as there is time.
        if asyncio.get_running_loop().time() >= deadline or ledger.full or ledger.count is None:
            return end
        told(ledger.give_up(ledger.next_page))
        if ledger.surveyed():
            break
    return end


async def listen(stdout: asyncio.StreamReader, ledger: PageBuffer, deadline: float, told: Callable[[PageText], None]) -> str | None:
    """Take lines until every page was tried (or the process is gone: None); otherwise say why we stopped listening."""
    loop = asyncio.get_running_loop()
    opened = False
    while not ledger.full:
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + ledger.limits.silent_seconds)):
                line = await stdout.readline()
            if not line:
                return None
            page: PageText | None = None
            if opened:
                page = ledger.survey(line)
            else:
                ledger.open(line)
                opened = True
        except TimeoutError:
            return "it took too long" if loop.time() >= deadline else f"page {ledger.next_page} took too long"
        except (NotUnderstood, ValueError) as error:
            # ValueError: a line beyond the limit of the stream.
            return f"the reading process misbehaved ({error})"
        if page is not None:
            told(page)
        if ledger.surveyed():
            return "every page was tried"
    return "the text is longer than allowed"
