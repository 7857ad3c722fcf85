"""The door to the database: reading and writing transactions, and errors in the house's words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.storage.engine import WRITING
from bot.storage.errors import NoSuchRow, NotWritable, StorageError, translate
from bot.storage.schema import recueils

# PostgreSQL advisory locks, as two numbers: what is locked, and which of them.
_DECREES, _AUTHORITY = 0x76696701, 0x76696702

Used = Callable[[bool, float, StorageError | None], None]
"""Whether a transaction was one that writes, when it began (`time.monotonic`), and why it failed, None where it did not."""


class Database:
    """Safe to use from several threads: each transaction has its own connection. `name` is shown in errors: the masked address."""

    def __init__(self, engine: Engine, *, name: str, read_only: bool) -> None:
        self.engine = engine
        self.name = name
        self._read_only = read_only
        self._closed = False
        self.when_used: Used = lambda _writing, _began, _error: None
        """Called in the thread of each transaction when it has ended."""
        # SQLite makes waiting writers poll; between our own threads a lock is fairer and wakes at once.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises StorageError."""
        began = time.monotonic()
        try:
            with self._released_if_closed(), self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error, began, writing=False) from error
        self.when_used(False, began, None)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed whole, or leaves no trace when the body raises. Raises StorageError."""
        if self._read_only:
            raise NotWritable(f"the database {self.name} was opened read-only")
        began = time.monotonic()
        try:
            with self._released_if_closed(), self._turn, self.engine.execution_options(**WRITING).begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error, began, writing=True) from error
        self.when_used(True, began, None)

    def _failed(self, error: SQLAlchemyError, began: float, *, writing: bool) -> StorageError:
        found = translate(error, self.name)
        self.when_used(writing, began, found)
        return found

    def close(self) -> None:
        """Release every connection: at once those at rest, the others when the threads that use them are done."""
        self._closed = True
        # Not `engine.dispose()`: it puts another pool in this one's place, and what is in use would come back to one that nobody empties.
        self.engine.pool.dispose()

    @contextmanager
    def _released_if_closed(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._closed:
                self.engine.pool.dispose()


def lock_recueil(connection: Connection, recueil: int, *, decrees: bool) -> Row[Any]:
    """The row, once no other program records the same. Raises NoSuchRow.

    Recordings of one authority wait for each other, so that the second sees that it is a duplicate. Those that hold decrees, which
    are rare, wait for each other wherever they come from: else the keys of the decrees would make most of them fail and begin again.
    In SQLite the transaction is exclusive already.
    """
    mine = select(recueils).where(recueils.c.id == recueil)
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise NoSuchRow(f"no recueil has the id {recueil}")
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:what, hashtext(:which))")
        if decrees:
            connection.execute(lock, {"what": _DECREES, "which": ""})
        connection.execute(lock, {"what": _AUTHORITY, "which": row.authority})
        # As the one before has left it.
        row = connection.execute(mine).one()
    return row
