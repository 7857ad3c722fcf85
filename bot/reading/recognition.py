"""The second pass over a file: pages that need it are recognised by several processes side by side, in the order that matters.

Each `OcrWorker` takes page after page from the plan, whatever the caller does with the pages that it is given meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

from bot.domain.acts import Act, PageText
from bot.reading.acts.cutting import assemble, cut_acts
from bot.reading.model import ActComplete, IsConcerned, PageRead, Unreadable
from bot.reading.page_buffer import PageBuffer
from bot.reading.plan import PagePriority, Span
from bot.reading.sandbox.wire import NotUnderstood, Recognise, Start
from bot.reading.sandbox.worker import Worker, whole

_CUT_SHARE = 20
"""Acts are cut anew once in so many times what it takes, at most: a recueil of 500 pages would else be cut more than it is read."""


class Recognition:
    """Recognises what is pending in a buffer."""

    def __init__(self, start: Start, buffer: PageBuffer, is_concerned: IsConcerned, deadline: float) -> None:
        """`deadline` is a time of the event loop."""
        self._start, self._buffer, self._deadline = start, buffer, deadline
        self._priority = PagePriority(is_concerned)
        self._taken: set[int] = set()
        self._began = self._next_cut = 0.0
        self._arrived: asyncio.Queue[PageRead | None] = asyncio.Queue()
        self.lost: dict[int, str] = {}
        """The pages that cost a process, and why."""

    async def events(self, worker: Worker | None) -> AsyncGenerator[PageRead | ActComplete, None]:
        """Recognise until nothing is pending, or a limit is reached: `stopped` then says which. Ends `worker`, which has the file open.

        Acts are cut anew and complete ones reported between two events: one `ActComplete` holds all that came in since the last. When no
        page is pending any more there is none: the end of the reading is about to say it.

        Raises what the function that decides raises.
        """
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
            await whole(_ended(work, workers))

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
            except Lost as lost:
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
    """Return what went wrong first: the others are of its making."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class Lost(Exception):
    """The page could not be recognised and its process is gone. The message says why."""


class OcrWorker:
    """Recognises one page at a time, in a process that is replaced when it is lost, or has grown. Whoever makes one must release it."""

    def __init__(self, start: Start, buffer: PageBuffer, deadline: float, worker: Worker | None = None) -> None:
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
                worker.send(Recognise(number).line())
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
        raise Lost(lost or ended)

    async def release(self) -> str:
        """End the process, if one is running, and say how it ended."""
        worker, self._worker, self._done = self._worker, None, 0
        return await worker.end() if worker else ""

    async def _fresh(self) -> Worker:
        self._worker = await Worker.start(self._start)
        self._buffer.open(await self._worker.stdout.readline())
        return self._worker
