"""Read a PDF in processes of their own, which may crash, hang or fill their memory without harm.

First the text layer of every page, which is quick; then, where pages must be recognised, several processes side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import structlog

from bot.domain.acts import Reading
from bot.domain.pages import PageText, TextOrigin
from bot.reading.acts.cutting import assemble
from bot.reading.model import IsConcerned, ReadingDone, ReadingEvent, ReadingLimits, Unreadable
from bot.reading.pages.ocr import EngineKind, engine_kind
from bot.reading.recognition import Recognition
from bot.reading.sandbox.wire import NotUnderstood, StartOrder, TextLayerOrder
from bot.reading.sandbox.worker import PageBuffer, Worker

log = structlog.get_logger()

_USUAL = ReadingLimits()


async def read_pdf(path: Path, limits: ReadingLimits = _USUAL, *, known: Sequence[PageText] = ()) -> Reading:
    """Read a PDF file to its end, as `stream_pdf` does. Raises Unreadable."""
    async with aclosing(stream_pdf(path, limits, known=known)) as events:
        async for event in events:
            if isinstance(event, ReadingDone):
                return event.reading
    raise AssertionError("a reading ends with Done")


async def stream_pdf(
    path: Path, limits: ReadingLimits = _USUAL, *, known: Sequence[PageText] = (), is_concerned: IsConcerned = lambda _: False
) -> AsyncGenerator[ReadingEvent, None]:
    """Read a PDF file: yield each page as it is done, all that is read each time an act is complete early, and last the whole.

    Pages that could not be read are listed in the reading, never passed over. `known` are pages of the same file that were read before:
    those that could be read are not read again. Processes recognise pages also while the caller is at work on an event; a caller that stops
    in the middle must close the generator (`aclosing`), which ends them.

    Raises Unreadable when the file is no PDF, is locked, has too many pages, or gave no page within the limits; and what `is_concerned`
    raises.
    """
    # Only a look at the first bytes: pdfium itself looks for the header in the first 1024.
    head = await asyncio.to_thread(_head, path)
    if b"%PDF-" not in head:
        raise Unreadable("this is not a PDF: it does not start like one" if head else "the file is empty")
    buffer = PageBuffer(limits, known)
    deadline = asyncio.get_running_loop().time() + limits.seconds
    layers = TextLayerPass(_start(path, limits), buffer, deadline)
    try:
        async with aclosing(layers.pages()) as pages:
            async for page in pages:
                yield buffer.progress(page)
        is_surveyed, why = buffer.surveyed(), layers.why
        _log_given_up(path, buffer.give_up_unsurveyed(), why)
        if buffer.pending:
            kind = await asyncio.to_thread(engine_kind) if limits.ocr else None
            if kind is EngineKind.COMMAND:
                # The process that surveyed may start no program.
                await layers.release()
            # Without an engine too: what a doubtful layer holds is then better than nothing.
            start = replace(layers.start, commands=kind is EngineKind.COMMAND)
            recognition = Recognition(start, buffer, is_concerned, deadline)
            async with aclosing(recognition.events(layers.worker)) as events:
                async for event in events:
                    yield event
            why = recognition.stopped() or ""
            for number, reason in recognition.lost.items():
                log.warning("page.not_recognised", file=path.name, page=number, why=reason)
    finally:
        await layers.release()
    _log_given_up(path, buffer.give_up_pending(), why)
    if not buffer.any_read() and (buffer.salvaged or not is_surveyed):
        raise Unreadable(f"no page could be read: {why or 'the file is cut short, or damaged beyond reading'}")
    # In a thread: thousands of pages take a second, in which everything else would stand still.
    yield ReadingDone(await asyncio.to_thread(assemble, buffer.pages, salvaged=buffer.salvaged))


def _start(path: Path, limits: ReadingLimits) -> StartOrder:
    return StartOrder(str(path.absolute()), limits.memory_bytes, max(1, round(limits.seconds)), limits.page_seconds, ocr=limits.ocr)


def _log_given_up(path: Path, pages: Sequence[int], why: str) -> None:
    if pages:
        log.warning("pages.abandoned", file=path.name, pages=len(pages), first=pages[0], why=why)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror or type(error).__name__}") from error


class TextLayerPass:
    """The first pass over a file: the text layer of every page, in one process after the other until every page was tried."""

    def __init__(self, start: StartOrder, buffer: PageBuffer, deadline: float) -> None:
        """`deadline` is a time of the event loop."""
        self.start = start
        self.worker: Worker | None = None
        """The process that ended the pass, alive and with nothing left to do."""
        self.why = ""
        """What ended the last process, where the pass did not end well."""
        self._buffer, self._deadline = buffer, deadline

    async def pages(self) -> AsyncGenerator[PageText, None]:
        """Survey every page. A process that dies, hangs or misbehaves costs the page it was at. Raises Unreadable."""
        buffer, crashes = self._buffer, 0
        while crashes <= buffer.limits.max_crashes and not buffer.surveyed():
            self.worker = await Worker.start(self.start)
            read = (page.number for page in buffer.pages if page.origin is not TextOrigin.UNREADABLE)
            self.worker.send(TextLayerOrder(buffer.next_page, frozenset((*buffer.known, *read))).line())
            stopped = ""
            try:
                async with aclosing(listen(self.worker.stdout, buffer, self._deadline)) as pages:
                    async for page in pages:
                        yield page
            except ListeningStopped as reason:
                stopped = str(reason)
            if buffer.surveyed():
                self.why = ""
                return
            ended = await self.release()
            self.why = stopped or ended
            if asyncio.get_running_loop().time() >= self._deadline or buffer.full:
                return
            if buffer.count is not None:
                # The page it died on is given up; the rest is worth another process as long as there is time.
                yield buffer.give_up(buffer.next_page)
                crashes += 1
            elif self.start.trusting:
                return
            else:
                # Counting what the file does not say loads every page: one that is deadly must not cost the others.
                self.start = replace(self.start, trusting=True)

    async def release(self) -> str:
        """End the process, if one is running, and say how it ended."""
        worker, self.worker = self.worker, None
        return await worker.end() if worker else ""


class ListeningStopped(Exception):
    """A reading process is not listened to any longer. The message says why."""


async def listen(stdout: asyncio.StreamReader, buffer: PageBuffer, deadline: float) -> AsyncGenerator[PageText, None]:
    """Yield pages until every page was tried or the process is gone. Raises ListeningStopped, Unreadable."""
    loop = asyncio.get_running_loop()
    opened = False
    while not (opened and buffer.surveyed()):
        if buffer.full:
            raise ListeningStopped("the text is longer than allowed")
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + buffer.limits.silent_seconds)):
                line = await stdout.readline()
            if not line:
                return
            page = None
            if opened:
                page = buffer.survey(line)
            else:
                buffer.open(line)
                opened = True
        except TimeoutError as error:
            raise ListeningStopped("it took too long" if loop.time() >= deadline else f"page {buffer.next_page} took too long") from error
        except (NotUnderstood, ValueError) as error:
            # ValueError: a line beyond the limit of the stream.
            raise ListeningStopped(f"the reading process misbehaved ({error})") from error
        if page is not None:
            yield page
