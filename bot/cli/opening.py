"""Loads settings and catalogue and opens the database, or ends the command with a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from bot.app.config.model import Settings
from bot.app.config.values import known_code
from bot.cli.context import WRONG_USE, Context, fail, fail_of_storage
from bot.domain.lazily import lazily
from bot.storage.errors import StorageError
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority, load_authorities
from sources.model import CatalogueError

service_at = lazily("bot.delivery.apprise", "service_at")

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
