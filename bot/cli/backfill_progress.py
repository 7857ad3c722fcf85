"""How far a backfill is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bot.cli.context import stderr
from bot.ingest.backfill import BackfillProgress as Step

EVERY = 25
"""Recueils read between two lines."""


@contextmanager
def showing(console: Console = stderr) -> Iterator[Callable[[Step], None]]:
    """What a backfill is to tell its steps to. The time left is that of what is known to be unread, and grows as sources are listed."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[step].listed}/{task.fields[step].sources} sources listed"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total} read"),
        TextColumn("decrees: {task.fields[step].decrees}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[step].doing}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=0, step=Step())
        yield lambda step: progress.update(bar, completed=step.done, total=step.done + step.waiting, step=step)


class _Lines:
    """One line for each source that was listed, and for some recueils."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = (0, 0)

    def __call__(self, step: Step) -> None:
        now = (step.listed, step.done // EVERY)
        if now == self._told:
            return
        self._told = now
        line = f"{step.listed}/{step.sources} sources listed, {step.done}/{step.done + step.waiting} read, decrees: {step.decrees}"
        self._console.print(f"{line}: {step.doing}", markup=False, soft_wrap=True)
