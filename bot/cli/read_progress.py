"""Shows on a terminal how far the reading of a file is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from math import ceil
from pathlib import Path

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.cli import read
from bot.cli.context import stderr
from bot.cli.read import ReadFile
from bot.domain.acts import Reading
from bot.domain.text import PageText
from bot.reading.model import PageRead, ReadingDone, ReadingLimits
from bot.reading.reader import stream_pdf


def register(app: typer.Typer) -> None:
    """Register `vigie read` for a terminal, whose bar is slow to import."""
    read.register(app, showing=showing)


@contextmanager
def showing(doing: str) -> Iterator[ReadFile]:
    """Show a reading on this terminal; `doing` until the first page."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True) as progress:
        bar = progress.add_task(doing, total=None)

        async def read_file(path: Path, limits: ReadingLimits, known: Sequence[PageText]) -> Reading:
            async with aclosing(stream_pdf(path, limits, known=known)) as events:
                async for event in events:
                    if isinstance(event, ReadingDone):
                        return event.reading
                    if isinstance(event, PageRead):
                        pages = f"{event.read}/{event.pages} pages, {event.recognised}/{event.to_recognise} recognised"
                        pages += "" if event.seconds_left is None else f", {ceil(event.seconds_left)} s left"
                        progress.update(bar, completed=event.read, total=event.pages, description=pages)
            raise AssertionError("the last event is Done")

        yield read_file
