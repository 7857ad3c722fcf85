"""Shows the reading of a file: a bar on a terminal, with decrees found early above."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from bot.cli import read
from bot.cli.read_output import METHODS, early_lines
from bot.domain.acts import Reading
from bot.domain.text import PageText
from bot.ingest.judging import concerned
from bot.reading.model import ActComplete, PageRead, ReadingDone, ReadingLimits
from bot.reading.reader import stream_pdf


def register(app: typer.Typer) -> None:
    """Register `vigie read` for a terminal, whose bar is slow to import."""
    read.register(app, showing=showing)


@contextmanager
def showing(console: Console, doing: str) -> Iterator[Screen]:
    """Show a reading on this terminal; `doing` until the first page."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Screen(console, progress, doing)


class Screen:
    """Draws a bar for one reading, and lines above it."""

    def __init__(self, console: Console, progress: Progress, doing: str) -> None:
        self._console = console
        self._progress = progress
        self._bar = progress.add_task(doing, total=None)
        self._shown: set[str] = set()

    async def read(self, path: Path, limits: ReadingLimits, known: Sequence[PageText]) -> Reading:
        """Read a file, and show how far that is. Raises Unreadable."""
        async with aclosing(stream_pdf(path, limits, known=known, is_concerned=concerned)) as events:
            async for event in events:
                if isinstance(event, ReadingDone):
                    return event.reading
                await self.show(event)
        raise AssertionError("the last event is Done")

    async def show(self, event: PageRead | ActComplete) -> None:
        """Show how far the reading is, or the decrees found early, each once."""
        if isinstance(event, PageRead):
            self._progress.update(self._bar, completed=event.read, total=event.pages, description=step_words(event))
            return
        for line in await asyncio.to_thread(early_lines, event.reading):
            if line not in self._shown:
                self._shown.add(line)
                self._console.print(Text(line), soft_wrap=True)


def step_words(step: PageRead) -> str:
    """Return `12/60 pages, 3/48 recognised, p. 87: ocr 91 %, 40 s left`."""
    parts = [f"{step.read}/{step.pages} pages"]
    if step.to_recognise:
        parts.append(f"{step.recognised}/{step.to_recognise} recognised")
    parts.append(_page_words(step.page))
    if step.seconds_left is not None:
        parts.append(f"{_span(step.seconds_left)} left")
    return ", ".join(parts)


def _page_words(page: PageText) -> str:
    sure = "" if page.confidence is None else f" {page.confidence} %"
    return f"p. {page.number}: {METHODS[page.origin]}{sure}"


def _span(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 90 else f"{math.ceil(whole / 60)} min"
