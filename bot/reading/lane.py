"""One place among the processes that recognise: a process that is replaced when it is lost, or has grown."""

from __future__ import annotations

import asyncio

from bot.domain import PageText
from bot.reading.ledger import Ledger
from bot.reading.limits import Unreadable
from bot.reading.sandbox.wire import NotUnderstood, Recognise, Start
from bot.reading.sandbox.worker import Worker


class Lost(Exception):
    """The page could not be recognised and its process is gone. The message says why."""


class Lane:
    """Recognises one page at a time. Whoever makes one must release it."""

    def __init__(self, start: Start, ledger: Ledger, deadline: float, worker: Worker | None = None) -> None:
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
