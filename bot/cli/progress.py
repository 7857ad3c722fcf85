"""Shows how far the reading of a file, and a backfill, is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from math import ceil
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bot.cli import read
from bot.cli.context import stderr
from bot.cli.read import ReadFile
from bot.domain.acts import Reading
from bot.domain.text import PageText
from bot.ingest.backfill import BackfillProgress
from bot.reading.model import PageRead, ReadingDone, ReadingLimits
from bot.reading.reader import stream_pdf


def register(app: typer.Typer) -> None:
    """Register `vigie read` for a terminal, whose bar is slow to import."""
    read.register(app, showing=showing_pages)


@contextmanager
def showing_pages(doing: str) -> Iterator[ReadFile]:
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


# How far it is: a bar on a terminal, a line now and then elsewhere.

EVERY = 25
"""Recueils read between two lines."""


@contextmanager
def showing_steps(console: Console = stderr) -> Iterator[Callable[[BackfillProgress], None]]:
    """Show the steps of a backfill; the time left is that of known unread recueils, and grows with listing."""
    if not console.is_terminal:
        yield step_printer(console)
        return
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=0)
        yield lambda step: progress.update(bar, completed=step.done, total=step.done + step.waiting, description=_step_text(step))


def _step_text(step: BackfillProgress) -> str:
    read = f"{step.done}/{step.done + step.waiting} read, decrees: {step.decrees}"
    return f"{step.listed}/{step.sources} sources listed, {read}: {step.doing}"


def step_printer(console: Console) -> Callable[[BackfillProgress], None]:
    """Return what prints how far a backfill is: a line for each source that was listed, and for some recueils."""
    shown = (0, 0)

    def print_step(step: BackfillProgress) -> None:
        nonlocal shown
        now = (step.listed, step.done // EVERY)
        if now != shown:
            shown = now
            console.print(_step_text(step), markup=False, soft_wrap=True)

    return print_step
