"""Reads one file: short readings at once, long ones in a slow slot, and never a page twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Protocol, Self
from weakref import WeakValueDictionary

import structlog

from bot.domain.acts import Reading
from bot.domain.publication import FileStatement
from bot.domain.tasks import ended, run_to_completion
from bot.domain.text import PageText, TextOrigin
from bot.ingest.judging import concerned
from bot.reading.acts.cutting import assemble
from bot.reading.model import ActComplete, IsConcerned, PageRead, ReadingDone, ReadingEvent, Unreadable
from bot.storage.errors import StorageError

if TYPE_CHECKING:
    from bot.domain.records import Content
    from bot.storage.store import Store

# How many files are read at the same time.


class WorkerSlots:
    """Limits simultaneous readings: `quick` slots for fetching and short readings, `slow` ones for long readings, which wait while short
    ones pass. A scan in a quick slot gives way to files not known to be scans."""

    def __init__(self, *, quick: int, slow: int) -> None:
        self.quick = asyncio.Semaphore(quick)
        self.slow = asyncio.Semaphore(slow)
        self.wanted = asyncio.Event()
        """Set while a file not known to be a scan waits for a quick slot."""
        self._newcomers = 0

    def slot(self) -> WorkerSlot:
        """Return the slot of one recueil, to be entered."""
        return WorkerSlot(self)

    @contextmanager
    def newcomer(self) -> Iterator[None]:
        """Let scans give way to a file that waits for a quick slot."""
        self._newcomers += 1
        if self.quick.locked():
            self.wanted.set()
        try:
            yield
        finally:
            self._newcomers -= 1
            if not self._newcomers:
                self.wanted.clear()


class WorkerSlot:
    """Holds one of the quick slots while entered, until it is demoted or released; what it holds in the end is given back."""

    def __init__(self, slots: WorkerSlots) -> None:
        self._slots = slots
        self._held: asyncio.Semaphore | None = None
        self.left = asyncio.Event()
        """Set once the quick slot was left: callers that wait for short readings need not wait longer."""

    async def __aenter__(self) -> Self:
        with self._slots.newcomer():
            await self._take(self._slots.quick)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._give_back()

    def release(self) -> None:
        """Release the slot."""
        self._give_back()
        self.left.set()

    async def demote(self) -> None:
        """Wait for a slow slot, holding the quick one meanwhile where it still does, and change over."""
        if self._held is not self._slots.slow:
            await self._take(self._slots.slow)
        self.left.set()

    async def acquire(self) -> None:
        """Wait for a quick slot again, after a release."""
        if self._held is None:
            await self._take(self._slots.quick)

    async def wanted(self) -> None:
        """Wait until a file not known to be a scan waits for a quick slot."""
        await self._slots.wanted.wait()

    async def let_pass(self) -> None:
        """Leave the quick slot to those who wait for it, and wait for it again behind them."""
        self.release()
        await self.acquire()
        while self._slots.wanted.is_set():
            self.release()
            await self.acquire()

    async def _take(self, slots: asyncio.Semaphore) -> None:
        await slots.acquire()
        self._give_back()
        self._held = slots

    def _give_back(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.release()


@dataclass(slots=True)
class OpenedPdf:
    """Describes a file on disk while it is read. The reader of all it holds sets `wholly_read`: nobody needs it again. `silent`: nothing of
    it will be posted, so other files go first."""

    path: Path
    sha256: str
    size: int
    wholly_read: bool = False
    silent: bool = False


# What is read of one file so far, and when its reading is long.

_READ = frozenset({TextOrigin.LAYER, TextOrigin.OCR, TextOrigin.BLANK})


@dataclass(frozen=True, slots=True)
class ReadingTimeouts:
    """Sets what is long. With more than `pages` to recognise, or after `quick` seconds, a reading moves to a free slow slot; without one it
    continues for `urgent` seconds, which recognise the pages likely to matter, then leaves. With any page to recognise it lets files pass
    that are not known to be scans. Results are stored every `checkpoint` seconds."""

    pages: int = 20
    quick: float = 20
    urgent: float = 60
    checkpoint: float = 60


USUAL_PACE = ReadingTimeouts()


class ReadingProgress:
    """Collects what is read of one file. `scan`: there are pages to recognise; `long`: they take long. `unfinished` counts readings that
    ended the program, until all of the file is read."""

    def __init__(self, file: OpenedPdf, known: Sequence[PageText], long_from: int) -> None:
        self.file = file
        self.pages = {page.number: page for page in known}
        self.count: int | None = None
        self.unsaved = False
        self.unfinished = 0
        self.made: FileStatement | None = None
        self.saving = asyncio.Lock()
        self.scan = asyncio.Event()
        self.long = asyncio.Event()
        self._long_from = long_from

    def add(self, event: PageRead) -> None:
        """Take one page more."""
        self.count = event.pages
        self._add(event.page)
        if event.to_recognise > event.recognised:
            self.scan.set()
        if event.to_recognise - event.recognised > self._long_from:
            self.long.set()

    def take(self, reading: Reading) -> None:
        """Take all that is read of it."""
        self.count = reading.page_count
        self.made = reading.made or self.made
        for page in reading.pages:
            self._add(page)

    def _add(self, page: PageText) -> None:
        if page.origin in _READ and page.is_whole and self.pages.get(page.number) != page:
            self.pages[page.number] = page
            self.unsaved = True

    def in_order(self) -> tuple[PageText, ...]:
        """Return the pages that were read, by number."""
        return tuple(self.pages[number] for number in sorted(self.pages))


log = structlog.get_logger()

Early = Callable[[Reading], Awaitable[None]]

RULES = "5"
"""The version of the rules for reading pages; change it with any rule that reads pages better. Pages stored under another version are not
reused: a due recueil is read anew as a whole. One that was read is not due."""

MOST_UNFINISHED = 3
"""Readings of one file that may end with the whole program before it is read alone, with lower limits and after pauses."""

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(hours=1), timedelta(days=1)

SAME_AGAIN = timedelta(hours=1)
"""How long bytes of which nothing could be read are not read again: a machine may have been busy, most are broken or hostile."""


class Reader(Protocol):
    """Stands for `bot.reading.reader.stream_pdf` within its limits. Raises Unreadable."""

    def __call__(self, path: Path, *, known: Sequence[PageText], is_concerned: IsConcerned) -> AsyncGenerator[ReadingEvent, None]:
        """Read a PDF; `known` pages of the same file are not read again."""
        ...


@dataclass(slots=True)
class ReadSoFar:
    """Counts the pages that were read since the start, and the seconds that those took which were recognised."""

    pages: Counter[TextOrigin] = field(default_factory=Counter)
    ocr_seconds: float = 0.0

    def add(self, page: PageText) -> None:
        """Count a page. One that is still to be recognised comes again."""
        if page.origin is not TextOrigin.PENDING:
            self.pages[page.origin] += 1
        if page.origin is TextOrigin.OCR:
            self.ocr_seconds += page.seconds


class FileReading(Protocol):
    """Reads one file to its end: processes of this program do, or those of other machines."""

    read_so_far: ReadSoFar

    async def read(self, file: OpenedPdf, slot: WorkerSlot, early: Early) -> Reading:
        """Read a file whose content nobody else of this process reads. As `ReadingJob.read`."""
        ...


class ReadingJob:
    """Reads files, each content once, whoever publishes it."""

    def __init__(self, files: FileReading, store: Store) -> None:
        self._files = files
        self._store = store
        self._by_content: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._wanted: Counter[str] = Counter()

    @property
    def read_so_far(self) -> ReadSoFar:
        """Return what was read since the start."""
        return self._files.read_so_far

    async def stored(self, sha256: str) -> Reading | None:
        """Return the reading of a content that was read wholly before, by the rules of today. Raises StorageError."""
        content = await asyncio.to_thread(self._store.contents.get, sha256)
        if content is None or not content.complete or content.rules != RULES:
            return None
        return await asyncio.to_thread(assemble, content.pages)

    async def read(self, file: OpenedPdf, slot: WorkerSlot, early: Early) -> Reading:
        """Read a file to its end. `early` receives what is found before that. Raises Unreadable, StorageError, and what the reader and
        `early` raise. A cancelled reading stores its result so far."""
        lock = self._by_content.setdefault(file.sha256, asyncio.Lock())
        if self._wanted[file.sha256]:
            # The same bytes are being read for another recueil, for an hour perhaps: their pages will do. Whether the lock is held does
            # not show it: between two who hold it nobody does, and a slot kept by a third would be waited for by the second.
            slot.release()
        self._wanted[file.sha256] += 1
        try:
            async with lock:
                whole = await self.stored(file.sha256)
                if whole is not None:
                    return whole
                await slot.acquire()
                return await self._files.read(file, slot, early)
        finally:
            self._wanted -= Counter({file.sha256: 1})


def pause_after(unfinished: int) -> timedelta:
    """Return how long a file waits that ended the program so many times: an hour, then twice as long each time, a day at the most."""
    return min(_FIRST_PAUSE * (1 << min(max(unfinished - MOST_UNFINISHED, 0), 10)), _LONGEST_PAUSE)


class Company:
    """Lets files be read beside others, or one alone. Nothing waits for the one that is to be alone before it is."""

    def __init__(self) -> None:
        self._reading = 0
        self._nobody, self._nobody_alone = asyncio.Event(), asyncio.Event()
        self._nobody.set()
        self._nobody_alone.set()

    @asynccontextmanager
    async def entered(self, *, alone: bool) -> AsyncIterator[None]:
        """Wait until one may be read, and hold off those that may not be read beside it."""
        free = self._nobody if alone else self._nobody_alone
        while not free.is_set():
            await free.wait()
        self._reading += 1
        self._nobody.clear()
        if alone:
            self._nobody_alone.clear()
        try:
            yield
        finally:
            self._reading -= 1
            if not self._reading:
                self._nobody.set()
                self._nobody_alone.set()


class LocalReading:
    """Reads files in processes of this machine, and stores what is read meanwhile. `careful` has lower limits, for files that ended the
    program."""

    def __init__(
        self,
        read: Reader,
        store: Store,
        clock: Callable[[], datetime],
        pace: ReadingTimeouts = USUAL_PACE,
        careful: Reader | None = None,
        is_concerned: IsConcerned = concerned,
    ) -> None:
        self._is_concerned = is_concerned
        self._reader = read
        self._careful = careful or read
        self._company = Company()
        self._store = store
        self._clock = clock
        self._pace = pace
        self.read_so_far = ReadSoFar()

    async def read(self, file: OpenedPdf, slot: WorkerSlot, early: Early) -> Reading:
        """Go on with what is stored of a file, and give its slot to others where it turns out to be long. As `ReadingJob.read`."""
        content = await asyncio.to_thread(self._store.contents.get, file.sha256)
        usable = content.pages if content is not None and content.rules == RULES else ()
        progress = ReadingProgress(file, usable, self._pace.pages)
        if content is not None and content.unfinished >= MOST_UNFINISHED:
            await self._wait(content)
            # It needs no place of its own: nothing else is read meanwhile.
            slot.release()
            progress.unfinished = content.unfinished
            async with self._company.entered(alone=True), WorkerSlots(quick=1, slow=1).slot() as only:
                return await self._read_file(progress, only, early)
        if content is not None and content.error is not None and self._was_just_tried(content):
            raise Unreadable(content.error)
        async with self._company.entered(alone=False):
            return await self._read_file(progress, slot, early)

    async def _wait(self, content: Content) -> None:
        """Raise EndedProgram unless a file that ended the program has waited long enough since that was first seen."""
        now, pause = self._clock(), pause_after(content.unfinished)
        if content.error is None or content.read_at is None:
            await self._hold(content.sha256, content.unfinished, "it is to be read alone, with lower limits")
        elif content.read_at <= now < content.read_at + pause:
            raise EndedProgram(content.error, content.read_at + pause)

    async def _hold(self, sha256: str, unfinished: int, why: str) -> NoReturn:
        error = f"{unfinished} readings of this file came to nothing, {MOST_UNFINISHED} or more of which ended the program: {why}"
        now = self._clock()
        await run_to_completion(self._store.contents.held, sha256, error, now)
        raise EndedProgram(error, now + pause_after(unfinished))

    async def _read_file(self, progress: ReadingProgress, slot: WorkerSlot, early: Early) -> Reading:
        file = progress.file
        await run_to_completion(self._store.contents.begin, file.sha256, file.size)
        try:
            reading = await self._read_in_turn(progress, slot, early)
            if len(reading.pages) == reading.page_count:
                progress.take(reading)
                await self._save(progress, complete=reading.complete)
            else:
                await run_to_completion(self._store.contents.ended, file.sha256, unfinished=progress.unfinished)
        except Unreadable as error:
            if not await asyncio.to_thread(file.path.exists):
                # No fault of what it held: nothing is remembered of the content.
                await self._leave(progress)
                raise FileMissing("the file was removed from this machine while it was read") from error
            if progress.unfinished:
                await self._hold(file.sha256, progress.unfinished + 1, f"read alone, with lower limits, {error}")
            await run_to_completion(self._store.contents.failed, file.sha256, str(error), rules=RULES, now=self._clock())
            raise
        except BaseException:
            # Whatever ended it, it was not the end of the program: what was read is not lost, and nothing is held against the file.
            await self._leave(progress)
            raise
        return reading

    def _was_just_tried(self, content: Content) -> bool:
        """Return whether these bytes were unreadable lately: a poll alone does not read them again."""
        recent = content.read_at is not None and self._clock() - content.read_at < SAME_AGAIN
        return recent and content.rules == RULES

    async def _read_in_turn(self, progress: ReadingProgress, slot: WorkerSlot, early: Early) -> Reading:
        reading = asyncio.create_task(self._follow(progress, early))
        helpers = [asyncio.create_task(each) for each in (progress.long.wait(), self._keep(progress), self._gives_way(progress, slot))]
        urgent, clock = self._pace.urgent, asyncio.get_running_loop().time
        try:
            await asyncio.wait({reading, helpers[0], helpers[2]}, timeout=self._pace.quick, return_when=asyncio.FIRST_COMPLETED)
            while not reading.done():
                await self._checkpoint(progress)
                moving, giving_way = (asyncio.create_task(each) for each in (slot.demote(), self._gives_way(progress, slot)))
                helpers += [moving, giving_way]
                began = clock()
                await asyncio.wait({reading, moving, giving_way}, timeout=urgent, return_when=asyncio.FIRST_COMPLETED)
                if reading.done() or moving.done():
                    break
                # No slow slot is free. Others pass, and it goes on from here later: at once, or when what is likely to matter was read.
                urgent -= clock() - began
                await ended([reading, moving])
                if giving_way.done() and urgent > 0:
                    await slot.let_pass()
                else:
                    slot.release()
                    await slot.demote()
                reading = asyncio.create_task(self._follow(progress, early))
            return await reading
        finally:
            await ended([reading, *helpers])

    @staticmethod
    async def _gives_way(progress: ReadingProgress, slot: WorkerSlot) -> None:
        """Wait until this is known to be a scan, and a file that is not waits."""
        await progress.scan.wait()
        await slot.wanted()

    async def _follow(self, progress: ReadingProgress, early: Early) -> Reading:
        read = self._careful if progress.unfinished else self._reader
        async with aclosing(read(progress.file.path, known=progress.in_order(), is_concerned=self._is_concerned)) as events:
            async for event in events:
                match event:
                    case PageRead():
                        progress.add(event)
                        self.read_so_far.add(event.page)
                    case ActComplete(part):
                        progress.take(part)
                        await self._checkpoint(progress)
                        await early(part)
                    case ReadingDone(reading):
                        return reading
        raise AssertionError("the last event is Done")

    # --- what is stored meanwhile ------------------------------------------------------------------------------------

    async def _keep(self, progress: ReadingProgress) -> None:
        while True:
            await asyncio.sleep(self._pace.checkpoint)
            await self._checkpoint(progress)

    async def _checkpoint(self, progress: ReadingProgress) -> None:
        try:
            if progress.unsaved:
                await self._save(progress, complete=False)
        except StorageError as error:
            # The reading goes on: there is another checkpoint soon, and its end is logged.
            log.warning("pages.not_stored", file=progress.file.sha256, error=str(error))

    async def _save(self, progress: ReadingProgress, *, complete: bool) -> None:
        if progress.count is None:
            return
        # One after the other: what was read first must not be written last.
        async with progress.saving:
            progress.unsaved = False
            pages = progress.in_order()
            try:
                await run_to_completion(
                    self._store.contents.save,
                    progress.file.sha256,
                    pages,
                    page_count=progress.count,
                    complete=complete,
                    rules=RULES,
                    now=self._clock(),
                    unfinished=0 if complete else progress.unfinished,
                    made=progress.made,
                )
            except StorageError:
                progress.unsaved = True
                raise

    async def _leave(self, progress: ReadingProgress) -> None:
        try:
            if progress.unsaved:
                await self._save(progress, complete=False)
            await run_to_completion(self._store.contents.ended, progress.file.sha256, unfinished=progress.unfinished)
        except StorageError as error:
            log.warning("pages.not_stored", file=progress.file.sha256, error=str(error))


class EndedProgram(Unreadable):
    """Raised when the whole program ended several times while a file was read. It is tried again at `again_at`."""

    def __init__(self, message: str, again_at: datetime) -> None:
        super().__init__(message)
        self.again_at = again_at


class FileMissing(Unreadable):
    """Raised when the file is no longer there, whatever its content."""
