"""How far the reading of one file is: a bar on a terminal, and above it the decrees that are found before the end."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from bot.cli.read_output import METHODS
from bot.domain import Act, PageText, Reading
from bot.ingest.judging import concerned
from bot.reading.follow import Follower
from bot.reading.follow import PageProgress as Step


@contextmanager
def showing(console: Console, doing: str) -> Iterator[Follower]:
    """What follows a reading on this console, a terminal. `doing` is shown until the first page is read."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        screen = _Screen(console, progress, doing)
        yield Follower(concerned=_concerned, early=screen.early, told=screen.told)


class _Screen:
    def __init__(self, console: Console, progress: Progress, doing: str) -> None:
        self._console = console
        self._progress = progress
        self._bar = progress.add_task(doing, total=None)
        self._shown: set[str] = set()

    def told(self, step: Step) -> None:
        self._progress.update(self._bar, completed=step.read, total=step.pages, description=step_words(step))

    async def early(self, reading: Reading) -> None:
        for line in await asyncio.to_thread(_early_lines, reading):
            if line not in self._shown:
                self._shown.add(line)
                self._console.print(Text(line), soft_wrap=True)


def step_words(step: Step) -> str:
    """`12/60 pages, 3/48 recognised, p. 87: ocr 91 %, 40 s left`."""
    parts = [f"{step.read}/{step.pages} pages"]
    if step.to_recognise:
        parts.append(f"{step.recognised}/{step.to_recognise} recognised")
    if step.page is not None:
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


def _concerned(act: Act) -> bool:
    # Judging is imported when a page has to wait for OCR: a document that is read at once has no need of it here.

    return concerned(act)


def _early_lines(reading: Reading) -> tuple[str, ...]:
    from bot.cli.read_report import early_lines  # noqa: PLC0415 - as above

    return early_lines(reading)
