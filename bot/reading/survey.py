"""The first pass over a file: the text layer of every page, in one process after the other until every page was tried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.domain import PageText
from bot.reading.ledger import Ledger
from bot.reading.sandbox.wire import NotUnderstood, Start, Survey
from bot.reading.sandbox.worker import Worker


async def survey(start: Start, ledger: Ledger, deadline: float, told: Callable[[PageText], None]) -> Worker | str:
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


async def listen(stdout: asyncio.StreamReader, ledger: Ledger, deadline: float, told: Callable[[PageText], None]) -> str | None:
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
