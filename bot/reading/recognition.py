"""The second pass over a file: pages that need it are recognised by several processes side by side, in the order that matters.

Each lane takes page after page from the plan. Whoever follows is called from a task of its own, so that no lane waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from bot.domain import Act, PageText
from bot.reading import plan
from bot.reading.acts.cutting import cut_acts
from bot.reading.assembly import assemble
from bot.reading.follow import Follower
from bot.reading.ledger import PageBuffer
from bot.reading.limits import Unreadable
from bot.reading.pace import PageRate
from bot.reading.sandbox.wire import NotUnderstood, Recognise, Start
from bot.reading.sandbox.worker import Worker, whole

_CUT_SHARE = 20
"""Acts are cut anew once in so many times what it takes, at most: a recueil of 500 pages would else be cut more than it is read."""


class Recognition:
    """Recognises what is pending in a ledger."""

    def __init__(self, start: Start, ledger: PageBuffer, follower: Follower, pace: PageRate, deadline: float) -> None:
        """`deadline` is a time of the event loop."""
        self._start, self._ledger, self._follower, self._pace, self._deadline = start, ledger, follower, pace, deadline
        self._outlook = PagePriority(follower.concerned)
        self._taken: set[int] = set()
        self._next_cut = 0.0
        self._news = asyncio.Event()
        self._whole = asyncio.Event()
        self._over = False
        self.lost: dict[int, str] = {}
        """The pages that cost a process, and why."""

    async def run(self, worker: Worker | None) -> str:
        """Recognise until nothing is pending, or a limit is reached: then say which. Ends `worker`, which has the file open already.

        Raises what the follower raises.
        """
        count = max(1, min(self._ledger.limits.workers, self._ledger.pending))
        lanes = [OcrWorker(self._start, self._ledger, self._deadline, worker if index == 0 else None) for index in range(count)]
        self._pace.begin()
        try:
            async with asyncio.TaskGroup() as group:
                await self._cut()
                group.create_task(self._look())
                group.create_task(self._tell_early())
                await self._all(lanes)
                self._over = True
                self._news.set()
                self._whole.set()
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        finally:
            await whole(_released(lanes))
        return self._stop() or ""

    async def _all(self, lanes: Sequence[OcrWorker]) -> None:
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(self._run(lane))

    async def _run(self, lane: OcrWorker) -> None:
        while self._stop() is None and (number := self._outlook.next_page(self._ledger.pages, self._taken)) is not None:
            self._taken.add(number)
            try:
                page = await lane.recognise(number)
            except Lost as lost:
                if self._late():
                    break
                self.lost[number] = str(lost)
                page = self._ledger.give_up(number)
            finally:
                self._taken.discard(number)
            self._outlook.arrived(page, self._ledger.pages)
            self._pace.tell(page)
            self._news.set()

    def _stop(self) -> str | None:
        """The limit that was reached, None while we may go on."""
        if self._late():
            return "it took too long"
        if self._ledger.full:
            return "the text is longer than allowed"
        return "too many processes were lost" if len(self.lost) > self._ledger.limits.max_crashes else None

    def _late(self) -> bool:
        return asyncio.get_running_loop().time() >= self._deadline

    async def _look(self) -> None:
        """Keep the acts up to date as pages come in, and see which of those that are concerned have been read whole."""
        while not self._over:
            if self._outlook.stale and asyncio.get_running_loop().time() >= self._next_cut:
                await self._cut()
            if self._outlook.newly_whole(self._ledger.pages):
                self._whole.set()
            await self._news.wait()
            self._news.clear()

    async def _tell_early(self) -> None:
        """Call the follower, one call at a time, while other pages are pending: else the reading itself is about to say it."""
        while not self._over:
            await self._whole.wait()
            self._whole.clear()
            if self._ledger.pending and not self._over:
                await self._follower.early(await asyncio.to_thread(assemble, tuple(self._ledger.pages), salvaged=self._ledger.salvaged))

    async def _cut(self) -> None:
        loop = asyncio.get_running_loop()
        began, pages = loop.time(), tuple(self._ledger.pages)
        # In a thread: thousands of pages take a second, in which everything else would stand still.
        acts, judged = await asyncio.to_thread(self._cut_and_judge, pages)
        self._outlook.take(acts, judged)
        for before, page in zip(pages, self._ledger.pages, strict=True):
            if page is not before:
                self._outlook.arrived(page, self._ledger.pages)
        self._next_cut = loop.time() + _CUT_SHARE * (loop.time() - began)

    def _cut_and_judge(self, pages: Sequence[PageText]) -> tuple[tuple[Act, ...], Mapping[plan.Span, bool]]:
        acts = cut_acts(pages)
        return acts, self._outlook.judge(acts)


async def _released(lanes: Sequence[OcrWorker]) -> None:
    await asyncio.gather(*(lane.release() for lane in lanes))


def _first(errors: BaseExceptionGroup) -> BaseException:
    """What went wrong first: the others are of its making."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


# One place among the processes that recognise: a process that is replaced when it is lost, or has grown.


class Lost(Exception):
    """The page could not be recognised and its process is gone. The message says why."""


class OcrWorker:
    """Recognises one page at a time. Whoever makes one must release it."""

    def __init__(self, start: Start, ledger: PageBuffer, deadline: float, worker: Worker | None = None) -> None:
        """`worker` is a process already running, which has said how many pages there are. `deadline` is a time of the event loop."""
        self._start, self._ledger, self._deadline, self._worker = start, ledger, deadline, worker
        self._done = 0

    async def recognise(self, number: int) -> PageText:
        """Recognise one page. Raises Lost."""
        loop = asyncio.get_running_loop()
        limits = self._ledger.limits
        if self._done >= limits.pages_per_worker:
            await self.release()
        lost = "it took too long"
        try:
            async with asyncio.timeout_at(min(self._deadline, loop.time() + limits.silent_seconds)):
                worker = self._worker or await self._fresh()
                worker.tell(Recognise(number))
                line = await worker.stdout.readline()
            if line:
                page = self._ledger.recognise(line, number)
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
        self._ledger.open(await self._worker.stdout.readline())
        return self._worker


# What is known of the acts while their pages come in: which are concerned, which are read whole. No process, no clock.


class PagePriority:
    """The acts as last cut, and what is thought of them."""

    def __init__(self, concerned: Callable[[Act], bool]) -> None:
        self.stale = True
        """The acts may start or end elsewhere than was thought: they are to be cut again."""
        self._ask = concerned
        self._acts: tuple[Act, ...] = ()
        self._judged: dict[plan.Span, bool] = {}
        self._announced: set[plan.Span] = set()

    def judge(self, acts: Sequence[Act]) -> Mapping[plan.Span, bool]:
        """What `concerned` says of the acts it has not seen. Changes nothing, so that it may run in a thread."""
        judged = self._judged
        return {plan.span(act): self._ask(act) for act in acts if plan.span(act) not in judged}

    def take(self, acts: Sequence[Act], judged: Mapping[plan.Span, bool]) -> None:
        """The acts were cut anew, and the new ones among them judged."""
        spans = {plan.span(act) for act in acts}
        # Their texts are kept once, with the pages of the file.
        self._acts = tuple(replace(act, pages=()) for act in acts)
        self._judged = {key: verdict for key, verdict in {**self._judged, **judged}.items() if key in spans}
        self.stale = False

    def arrived(self, page: PageText, pages: Sequence[PageText]) -> None:
        """A page was recognised; it is among `pages` already."""
        for act in plan.holding(self._acts, page.number):
            if not self._judged.get(plan.span(act), False):
                self._judged[plan.span(act)] = self._ask(plan.view(act, pages, page.number))
        self.stale = self.stale or plan.may_move_cuts(page, self._acts)

    def next_page(self, pages: Sequence[PageText], taken: Collection[int]) -> int | None:
        """The page to recognise next, None when none is left."""
        return plan.next_page(pages, self._acts, {key for key, concerned in self._judged.items() if concerned}, taken)

    def newly_whole(self, pages: Sequence[PageText]) -> bool:
        """True when an act that is concerned has been read whole since this was last asked."""
        fresh = {
            key for act in self._acts if self._judged.get(key := plan.span(act)) and key not in self._announced and plan.whole(act, pages)
        }
        self._announced |= fresh
        return bool(fresh)
