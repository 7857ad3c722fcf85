"""Reads a PDF in separate processes, which may crash, hang or exhaust their memory without harm: first the text layer of every page, then
the pages to recognise, in parallel."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from enum import IntEnum
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import structlog

from bot.domain.acts import Act, Reading
from bot.domain.tasks import carried_through
from bot.domain.text import PageText, TextOrigin, fold_words
from bot.domain.topics import own_folder
from bot.reading.acts.cutting import assemble, cut_acts
from bot.reading.acts.titles import is_contents, marked_ids, opens_decree, read_separator
from bot.reading.model import ActComplete, IsConcerned, PageRead, ReadingDone, ReadingEvent, ReadingLimits, Unreadable
from bot.reading.pages.recognition import EngineKind, engine_kind, find_data
from bot.reading.sandbox.process import NotUnderstood, RecogniseOrder, StartOrder, TextLayerOrder
from bot.reading.sandbox.worker import PageBuffer, Worker

log = structlog.get_logger()


# Recognises the pages that need it, by several processes side by side, in the order that matters: the second pass over a file. Each
# `OcrWorker` takes page after page by `PagePriority`, whatever the caller does with the pages that it is given meanwhile.

_CUT_SHARE = 20
"""Acts are cut anew once in so many times what it takes, at most: a recueil of 500 pages would else be cut more than it is read."""


class Recognition:
    """Recognises what is pending in a buffer."""

    def __init__(self, start: StartOrder, buffer: PageBuffer, is_concerned: IsConcerned, deadline: float) -> None:
        """`deadline` is a time of the event loop."""
        self._start, self._buffer, self._deadline = start, buffer, deadline
        self._priority = PagePriority(is_concerned)
        self._taken: set[int] = set()
        self._began = self._next_cut = 0.0
        self._arrived: asyncio.Queue[PageRead | None] = asyncio.Queue()
        self.lost: dict[int, str] = {}
        """The pages that cost a process, and why."""

    async def events(self, worker: Worker | None) -> AsyncGenerator[PageRead | ActComplete, None]:
        """Recognise until nothing is pending, or a limit is reached, named by `stopped`. Ends `worker`, which has the file open. Between
        two events acts are cut anew; one `ActComplete` reports all completed since the last, none once no page is pending, as the end of
        the reading follows. Raises what the deciding function raises."""
        count = max(1, min(self._buffer.limits.workers, self._buffer.pending))
        workers = [OcrWorker(self._start, self._buffer, self._deadline, worker if index == 0 else None) for index in range(count)]
        await self._cut()
        self._began = asyncio.get_running_loop().time()
        work = asyncio.create_task(self._recognise(workers))
        try:
            event: PageRead | None
            while True:
                if self._priority.newly_whole(self._buffer.pages) and self._buffer.pending and not work.done():
                    yield ActComplete(await asyncio.to_thread(assemble, tuple(self._buffer.pages), salvaged=self._buffer.salvaged))
                if (event := await self._arrived.get()) is None:
                    break
                yield event
                if self._priority.stale and asyncio.get_running_loop().time() >= self._next_cut:
                    await self._cut()
            await work
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        finally:
            work.cancel()
            await carried_through(_ended(work, workers))

    def stopped(self) -> str | None:
        """Return the limit that was reached, None while we may go on."""
        if self._late():
            return "it took too long"
        if self._buffer.full:
            return "the text is longer than allowed"
        return "too many processes were lost" if len(self.lost) > self._buffer.limits.max_crashes else None

    async def _recognise(self, workers: Sequence[OcrWorker]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for worker in workers:
                    group.create_task(self._run(worker))
        finally:
            self._arrived.put_nowait(None)

    async def _run(self, worker: OcrWorker) -> None:
        loop = asyncio.get_running_loop()
        while self.stopped() is None and (number := self._priority.next_page(self._buffer.pages, self._taken)) is not None:
            self._taken.add(number)
            try:
                page = await worker.recognise(number)
            except RecognitionLost as lost:
                if self._late():
                    break
                self.lost[number] = str(lost)
                page = self._buffer.give_up(number)
            finally:
                self._taken.discard(number)
            self._priority.arrived(page, self._buffer.pages)
            self._arrived.put_nowait(self._buffer.progress(page, loop.time() - self._began))

    def _late(self) -> bool:
        return asyncio.get_running_loop().time() >= self._deadline

    async def _cut(self) -> None:
        loop = asyncio.get_running_loop()
        began, pages = loop.time(), tuple(self._buffer.pages)
        # In a thread: thousands of pages take a second, in which everything else would stand still.
        acts, judged = await asyncio.to_thread(self._cut_and_judge, pages)
        self._priority.take(acts, judged)
        for before, page in zip(pages, self._buffer.pages, strict=True):
            if page is not before:
                self._priority.arrived(page, self._buffer.pages)
        self._next_cut = loop.time() + _CUT_SHARE * (loop.time() - began)

    def _cut_and_judge(self, pages: Sequence[PageText]) -> tuple[tuple[Act, ...], Mapping[Span, bool]]:
        acts = cut_acts(pages)
        return acts, self._priority.judge(acts)


async def _ended(work: asyncio.Task[None], workers: Sequence[OcrWorker]) -> None:
    await asyncio.gather(work, return_exceptions=True)
    await asyncio.gather(*(worker.release() for worker in workers))


def _first(errors: BaseExceptionGroup) -> BaseException:
    """Return the first error, which caused the others."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class RecognitionLost(Exception):
    """The page could not be recognised and its process is gone. The message says why."""


class OcrWorker:
    """Recognises one page at a time, in a process that is replaced when it is lost, or has grown. Whoever makes one must release it."""

    def __init__(self, start: StartOrder, buffer: PageBuffer, deadline: float, worker: Worker | None = None) -> None:
        """`worker` is a process already running, which has said how many pages there are. `deadline` is a time of the event loop."""
        self._start, self._buffer, self._deadline, self._worker = start, buffer, deadline, worker
        self._done = 0

    async def recognise(self, number: int) -> PageText:
        """Recognise one page. Raises Lost."""
        loop = asyncio.get_running_loop()
        limits = self._buffer.limits
        if self._done >= limits.pages_per_worker:
            await self.release()
        lost = "it took too long"
        try:
            async with asyncio.timeout_at(min(self._deadline, loop.time() + limits.silent_seconds)):
                worker = self._worker or await self._fresh()
                worker.send(RecogniseOrder(number).line())
                line = await worker.stdout.readline()
            if line:
                page = self._buffer.recognise(line, number)
                self._done += 1
                return page
            lost = ""
        except TimeoutError:
            pass
        except (NotUnderstood, ValueError) as error:
            # ValueError: a line beyond the limit of the stream.
            lost = f"the reading process misbehaved ({error})"
        except (OSError, Unreadable) as error:
            # No process could be had, or it does not open the file that the first one opened.
            lost = str(error)
        ended = await self.release()
        raise RecognitionLost(lost or ended)

    async def release(self) -> str:
        """End the process, if one is running, and say how it ended."""
        worker, self._worker, self._done = self._worker, None, 0
        return await worker.end() if worker else ""

    async def _fresh(self) -> Worker:
        self._worker = await Worker.start(self._start)
        self._buffer.open(await self._worker.stdout.readline())
        return self._worker


# Which page to recognise next: what may hold a decree on cameras first, everything in the end.

Span = tuple[str | None, int, int]
"""Identifies an act from one cutting to the next: its identifier and its pages."""

_FRONT_PAGES = 3
"""The cover and the table of contents stand there; as scans they are worth more than any other page."""
_WHOLE_VIEW = 12
"""An act of more pages is shown in part: looking through a bulk act of 500 pages at each of them would take longer than reading it."""
_HEAD_VIEW = 2


class ActPriority(IntEnum):
    """When an act is opened, by its title and service."""

    FIRST = 0
    THEN = 1
    MUTE = 2
    LAST = 3


def span(act: Act) -> Span:
    """Return what makes the act the same one at the next cutting."""
    return act.id, act.first_page, act.last_page


def next_page(pages: Sequence[PageText], acts: Sequence[Act], concerned: Collection[Span], taken: Collection[int]) -> int | None:
    """Return the number of the pending page to recognise next, None if all are `taken`. `pages` are all the pages of the file in order, as
    read so far; of `acts` only titles and ranges count."""
    free = [page.number for page in pages if page.origin is TextOrigin.PENDING and page.number not in taken]
    if not free:
        return None
    rest = (number for act in acts if span(act) in concerned for number in _pending(act, pages))
    front = (number for number in free if number <= _FRONT_PAGES and not any(act.id and _holds(act, number) for act in acts))
    openings = (
        opening
        for act in sorted(acts, key=lambda act: (rank(act.title, act.service), act.first_page))
        if (opening := _opening(act, pages, taken)) is not None
    )
    return next(number for some in (rest, front, openings, free) for number in some if number not in taken)


@lru_cache(maxsize=2048)
def rank(title: str, service: str | None) -> ActPriority:
    """Return how early an act of this title and service is worth opening."""
    text = _folded(f"{service or ''} / {title}")
    first, then, last = _words()
    if first.search(text):
        return ActPriority.FIRST
    # The title speaks before the service: a prefect's cabinet signs medals too.
    own = _folded(title)
    for words, found in ((last, ActPriority.LAST), (then, ActPriority.THEN)):
        if words.search(own):
            return found
    return next((found for words, found in ((then, ActPriority.THEN), (last, ActPriority.LAST)) if words.search(text)), ActPriority.MUTE)


def whole(act: Act, pages: Sequence[PageText]) -> bool:
    """No page of this act is still to be recognised."""
    return next(_pending(act, pages), None) is None


def holding(acts: Iterable[Act], number: int) -> Iterator[Act]:
    """Yield the acts that hold this page: one, rarely two that start on the same."""
    return (act for act in acts if _holds(act, number))


def view(act: Act, pages: Sequence[PageText], number: int) -> Act:
    """Return the act as read so far, once page `number` has come in; of a long one its beginning and the surroundings of that page."""
    own = pages[act.first_page - 1 : act.last_page]
    if len(own) > _WHOLE_VIEW:
        own = [page for index, page in enumerate(own) if index < _HEAD_VIEW or abs(page.number - number) <= 1]
    return replace(act, pages=tuple(own))


def may_move_cuts(page: PageText, acts: Iterable[Act]) -> bool:
    """Return whether a page that was just recognised may show that acts start or end elsewhere than was thought."""
    if page.number <= _FRONT_PAGES or is_contents(page.text, continued=True):
        return True
    own = list(holding(acts, page.number))
    ids = marked_ids(page.text)
    if ids and not any(act.id in ids for act in own):
        return True
    separator = read_separator(page.text)
    if separator is not None:
        return all((act.id, act.first_page) != (separator.id, page.number) for act in own)
    # A heading on the first page of an act, or after its separator page, is its own.
    return opens_decree(page.text) and all(page.number > _first_content(act) for act in own)


def _first_content(act: Act) -> int:
    """Return the page after the separator page, which acts with an identifier have, but not the decrees inside one that holds many."""
    return act.first_page + (1 if act.id is not None and not act.part and act.last_page > act.first_page else 0)


def _holds(act: Act, number: int) -> bool:
    return act.first_page <= number <= act.last_page


def _pending(act: Act, pages: Sequence[PageText]) -> Iterator[int]:
    return (page.number for page in pages[act.first_page - 1 : act.last_page] if page.origin is TextOrigin.PENDING)


def _opening(act: Act, pages: Sequence[PageText], taken: Collection[int]) -> int | None:
    """Return the page that says most of an act of which nothing was read: the first, after the separator page if there is one."""
    content = pages[_first_content(act) - 1 : act.last_page]
    if any(page.number in taken or (page.origin in (TextOrigin.LAYER, TextOrigin.OCR) and page.text.strip()) for page in content):
        return None
    return next((page.number for page in content if page.origin is TextOrigin.PENDING), None)


@cache
def _words() -> tuple[re.Pattern[str], ...]:
    data = tomllib.loads(files(__package__).joinpath("telling.toml").read_text("utf-8"))
    # The first ones stand inside longer words too (vidéoprotection).
    first = re.compile("|".join(data["first"]))
    return first, *(re.compile(rf"\b(?:{'|'.join(data[name])})s?\b") for name in ("then", "last"))


def _folded(text: str) -> str:
    return " ".join(fold_words(text).replace("’", "'").split())


class PagePriority:
    """The acts as last cut while pages come in: which of them are concerned, which are read whole, and so which page is next."""

    def __init__(self, is_concerned: IsConcerned) -> None:
        self.stale = True
        """The acts may start or end elsewhere than was thought: they are to be cut again."""
        self._is_concerned = is_concerned
        self._acts: tuple[Act, ...] = ()
        self._judged: dict[Span, bool] = {}
        self._announced: set[Span] = set()

    def judge(self, acts: Sequence[Act]) -> Mapping[Span, bool]:
        """Judge the acts that were not judged yet. Changes nothing, so that it may run in a thread."""
        judged = self._judged
        return {span(act): self._is_concerned(act) for act in acts if span(act) not in judged}

    def take(self, acts: Sequence[Act], judged: Mapping[Span, bool]) -> None:
        """Take the acts as cut anew, and what the new ones among them were judged."""
        spans = {span(act) for act in acts}
        # Their texts are kept once, with the pages of the file.
        self._acts = tuple(replace(act, pages=()) for act in acts)
        self._judged = {key: verdict for key, verdict in {**self._judged, **judged}.items() if key in spans}
        self.stale = False

    def arrived(self, page: PageText, pages: Sequence[PageText]) -> None:
        """Take a page that was recognised; it is among `pages` already."""
        for act in holding(self._acts, page.number):
            if not self._judged.get(span(act), False):
                self._judged[span(act)] = self._is_concerned(view(act, pages, page.number))
        self.stale = self.stale or may_move_cuts(page, self._acts)

    def next_page(self, pages: Sequence[PageText], taken: Collection[int]) -> int | None:
        """Return the page to recognise next, None when none is left."""
        return next_page(pages, self._acts, {key for key, concerned in self._judged.items() if concerned}, taken)

    def newly_whole(self, pages: Sequence[PageText]) -> bool:
        """Return whether an act that is concerned has been read whole since this was last called."""
        fresh = {key for act in self._acts if self._judged.get(key := span(act)) and key not in self._announced and whole(act, pages)}
        self._announced |= fresh
        return bool(fresh)


# The first pass over a file, and the two together.

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
    """Read a PDF: yield each page as it is done, acts that are complete early, last the whole, with unreadable pages listed. Readable
    `known` pages of the same file are reused. Processes run on meanwhile; a caller that stops early must close the generator (`aclosing`).
    Raises Unreadable (no PDF, locked, too many pages, none in time), and what `is_concerned` raises."""
    # Only a look at the first bytes: pdfium itself looks for the header in the first 1024.
    head = await asyncio.to_thread(_head, path)
    if b"%PDF-" not in head:
        raise Unreadable("this is not a PDF: it does not start like one" if head else "the file is empty")
    buffer = PageBuffer(limits, known)
    deadline = asyncio.get_running_loop().time() + limits.seconds
    layers = TextLayerPass(await asyncio.to_thread(_start, path, limits), buffer, deadline)
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
    whole = await asyncio.to_thread(assemble, buffer.pages, salvaged=buffer.salvaged)
    yield ReadingDone(replace(whole, made=buffer.made))


def _start(path: Path, limits: ReadingLimits) -> StartOrder:
    most = limits.memory_bytes, max(1, round(limits.seconds)), limits.page_seconds
    return StartOrder(str(path), *most, data=find_data() if limits.ocr else None, topics=own_folder())


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
    """Raised when a reading process is no longer trusted. The message has the reason."""


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
