"""Shares among working commands the loading of catalogue and database and the display of progress."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.cli.context import stderr
from bot.delivery.deliverer import Delivered
from bot.domain.posts import PostState
from bot.storage.locks import LockHolder


def console_for(*, as_json: bool) -> TextIO:
    """Return the stream of console posts, apart from JSON, which includes them."""
    return io.StringIO() if as_json else sys.stdout


def all_sent(delivered: Sequence[Delivered]) -> bool:
    """Return whether every post was sent."""
    return all(item.state is PostState.SENT for item in delivered)


@contextmanager
def progress(on: str, *, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Show on a terminal what runs and for how long. Yields a function of task, amount done and total (or 0), for any thread."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=quiet or not stderr.is_terminal) as shown:
        task = shown.add_task(on, total=None)

        def update(what: str, done: int, of: int) -> None:
            shown.update(task, description=f"{what} {done:,}" + (f"/{of:,}" if of else ""), completed=done, total=of or None)

        yield update


@contextmanager
def handing_over() -> Iterator[Callable[[Any], None]]:
    """Show, while entered, to whom the work was handed and how far it is."""
    # Started where there is progress to show: a command that does the work itself shows its own.
    status = stderr.status("")

    def on_progress(what: Any) -> None:
        if isinstance(what, LockHolder):
            stderr.print(
                f"vigie: handed to {what}, which works on this database; waiting for what comes of it", markup=False, soft_wrap=True
            )
        elif stderr.is_terminal:
            status.update(str(what))
            status.start()

    try:
        yield on_progress
    finally:
        status.stop()
