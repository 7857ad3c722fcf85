"""Begin a transaction again when another program wrote at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from bot.storage.database import Database
from bot.storage.errors import Conflict

_TRIES = 5

_Result = TypeVar("_Result")


def written(database: Database, work: Callable[[Connection], _Result]) -> _Result:
    """What `work` gives, whose transaction is committed whole. It is called again after a conflict, of which nothing was kept.

    Raises StorageError, and Conflict after several tries.
    """
    for _ in range(_TRIES - 1):
        try:
            with database.writing() as connection:
                return work(connection)
        except Conflict:
            continue
    with database.writing() as connection:
        return work(connection)
