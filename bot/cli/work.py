"""What commands share that work on catalogue and database: loading both, showing how far work is and to whom it was handed."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TextIO

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.app.config.model import Settings
from bot.app.config.values import known_code
from bot.cli.context import WRONG_USE, Context, fail, fail_of_storage, stderr
from bot.delivery.apprise import service_at
from bot.delivery.deliverer import Delivered
from bot.domain.acts import Decree
from bot.domain.posts import PostState
from bot.storage.errors import StorageError
from bot.storage.locks import LockHolder
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority, load_authorities
from sources.model import CatalogueError

Code = Annotated[str, typer.Argument(help="Department code.")]
Codes = Annotated[list[str] | None, typer.Argument(metavar="CODE", help="Department codes; all of them when none is given.")]
WatchedCodes = Annotated[
    list[str] | None, typer.Argument(metavar="CODE", help="Department codes; all the watched ones when none is given.")
]


def load(context: Context, *, logs: str | None = "warning") -> tuple[Settings, dict[str, Authority]]:
    """Load settings and catalogue; end the program with a message where one of them is wrong. `logs` as in `Context.load_settings`."""
    try:
        authorities = load_authorities()
    except CatalogueError as error:
        fail(str(error), WRONG_USE)
    return context.load_settings(known_codes=frozenset(authorities), check_service=service_at, logs=logs), authorities


def chosen(codes: list[str] | None, authorities: dict[str, Authority]) -> list[Authority]:
    """Return the authorities named on the command line, all of them when none is; end the program on an unknown code."""
    if not codes:
        return list(authorities.values())
    known = frozenset(authorities)
    try:
        return [authorities[known_code(code, known)] for code in dict.fromkeys(code.upper() for code in codes)]
    except ValueError as error:
        fail(str(error), WRONG_USE)


@contextmanager
def opened(settings: Settings, *, read_only: bool = False, existing: bool = False) -> Iterator[Store]:
    """Open the database, as `open_store` does; end the program with a message where it cannot be used."""
    try:
        with open_store(settings.database.url, read_only=read_only, existing=existing) as store:
            yield store
    except StorageError as error:
        fail_of_storage(error)


def console_for(*, as_json: bool) -> TextIO:
    """Return where the console destination writes. Its posts must not mix with JSON: there they count as sent, and are in it."""
    return io.StringIO() if as_json else sys.stdout


def nowhere(_: Decree) -> Sequence[str]:
    """Route a decree to no destination: it is recorded and not posted."""
    return ()


def all_sent(delivered: Sequence[Delivered]) -> bool:
    """Return whether every post was sent."""
    return all(item.state is PostState.SENT for item in delivered)


@contextmanager
def progress(on: str, *, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Show on a terminal what takes a while, and for how long it has. What is yielded is told what is under way, how much of it is done,
    and of how much where that is known (else 0). Any thread may call it.
    """
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
