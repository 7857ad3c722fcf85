"""What reading costs, and processes that cost as much and read nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.day.clock import Processors
from benchmarks.day.papers import Page, Paper, pages_of
from benchmarks.day.sites import name_in
from bot.domain.text import PageText, TextOrigin
from bot.reading.sandbox.process import FileOpened, RecogniseOrder, StartOrder, encode, parse_order
from bot.reading.sandbox.worker import READER


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of processor time of reading processes: to start one, for the text layer of a page, to recognise a page."""

    start: float
    layer: float
    scan: float


COSTS = Costs(start=0.13, layer=0.003, scan=0.98)
"""What a recueil of text and one of scans took, read with the real reader (2 December 2026, two cores)."""


class SimulatedReader:
    """In the place of a `Worker`: answers the orders of the real reader with what stands in papers, each in its time."""

    def __init__(self, pages: list[Page], costs: Costs, processors: Processors) -> None:
        self.process_id = 0
        self.stdout = asyncio.StreamReader()
        self._pages = pages
        self._costs = costs
        self._processors = processors
        self._work: asyncio.Task[None] | None = None
        self._say(FileOpened(len(pages)))

    @classmethod
    async def start(
        cls, papers: Mapping[str, Paper], costs: Costs, processors: Processors, start: StartOrder, module: str = READER
    ) -> SimulatedReader:
        """In the place of `Worker.start`."""
        await processors.work(costs.start)
        return cls(pages_of(papers[name_in(Path(start.path))]), costs, processors)

    def send(self, line: bytes) -> None:
        """Take an order, and begin to carry it out."""
        order = parse_order(line)
        self._work = asyncio.create_task(self._recognise(order.page) if isinstance(order, RecogniseOrder) else self._survey(order.first))

    async def end(self) -> str:
        """End at once, as a process that is killed."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        return "it was ended"

    async def _survey(self, first: int) -> None:
        for number, page in enumerate(self._pages[first - 1 :], first):
            await self._processors.work(self._costs.layer)
            self._say(PageText(number, page.layer, TextOrigin.LAYER if page.image is None else TextOrigin.PENDING))

    async def _recognise(self, number: int) -> None:
        await self._processors.work(self._costs.scan)
        page = self._pages[number - 1]
        self._say(PageText(number, f"{page.image}\n{page.layer}", TextOrigin.OCR, confidence=90, seconds=self._costs.scan))

    def _say(self, message: FileOpened | PageText) -> None:
        self.stdout.feed_data(encode(message))
