"""Stores files for workers on other machines and what they read (PostgreSQL), in a schema beside the tables of procrastinate. It may be
lost: tables are UNLOGGED, not backed up, recreated when their layout changes; what is missing is queued again.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, delete, func, insert, select, text, update

from bot.domain.text import PageText, clean
from bot.storage.columns import pack_pages, unpack_pages
from bot.storage.database import Repository, insert_or_ignore
from bot.storage.errors import NotWritable, StorageError

PIECE = 1024 * 1024
"""Bytes of a file in one row: a process that sends or fetches one holds no more of it in memory."""

_LOCK = 0x76696703
_OURS = """CREATE UNLOGGED TABLE readings (sha256 varchar(64) PRIMARY KEY, size bigint NOT NULL, parts integer NOT NULL DEFAULT 0,
    part bytea, ended_at timestamptz, result bytea, error text, again_at timestamptz);
CREATE UNLOGGED TABLE pieces (sha256 varchar(64) NOT NULL REFERENCES readings ON DELETE CASCADE, number integer NOT NULL,
    data bytea NOT NULL, PRIMARY KEY (sha256, number));
ALTER TABLE pieces ALTER data SET STORAGE EXTERNAL"""
_STATE = """SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),
    (SELECT count(*) FROM {schema}.procrastinate_workers
    WHERE last_heartbeat > now() - interval '60 seconds') FROM {schema}.procrastinate_jobs WHERE task_name = 'read'"""
_THEIRS = """SELECT count(*) > 0 AND NOT bool_or(relname = 'readings') FROM pg_class
    WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = :schema)"""
_EACH = 2
"""Rows of a process of workers: one for the files that it reads, one for those that it takes over."""


@dataclass(frozen=True, slots=True)
class PagesRead:
    """Holds all pages of a file, unread ones included. `salvaged` as in `bot.domain.acts.Reading`."""

    pages: tuple[PageText, ...]
    salvaged: bool


@dataclass(frozen=True, slots=True)
class ReadingState:
    """Gives the state of a file: how many parts with early results are there, and whether its reading has ended."""

    parts: int
    is_ended: bool


@dataclass(frozen=True, slots=True)
class ReadingEnd:
    """Holds the outcome of a file: its pages, or the error. One that kept ending its worker waits until `again_at`."""

    read: PagesRead | None
    error: str = ""
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueState:
    """Counts files that wait, files being read, and worker processes."""

    waiting: int
    reading: int
    workers: int

    @property
    def is_unattended(self) -> bool:
        """Return whether something is to be read, and nobody is there to read it."""
        return not self.workers and self.waiting + self.reading > 0


class ReadingQueue(Repository):
    """Stores the files that workers read, for several programs at once. Every method raises StorageError."""

    @cached_property
    def schema(self) -> str:
        """Return the name of the schema, derived from that of this instance."""
        return f"{self._database.value(select(func.current_schema()))}_queue"

    def make(self, layout: str, tables: str) -> None:
        """Create the tables unless they have this `layout`; `tables` are procrastinate's statements. Raises StorageError, also for foreign
        tables, and NotWritable without permission.
        """
        try:
            self._make(layout, tables)
        except NotWritable as error:
            raise NotWritable(f"{error} to make the schema {self.schema} (docs/run.md, several machines)") from error

    def _make(self, layout: str, tables: str) -> None:
        with self._database.writing() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock, hashtext(:schema))"), {"lock": _LOCK, "schema": self.schema})
            if self._layout(connection) == layout:
                return
            name = self.quoted
            if connection.execute(text(_THEIRS), {"schema": self.schema}).scalar():
                raise StorageError(f"the schema {self.schema} of the database {self._database.name} is of another program: rename it")
            connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {name}"))
            connection.execute(text(f"SET LOCAL search_path TO {name}"))
            # As they are, several statements at once: the driver is not to look for parameters in them.
            connection.execution_options(no_parameters=True)
            connection.exec_driver_sql(f"{tables};\n{_OURS};\nCOMMENT ON SCHEMA {name} IS '{layout}'")

    def has(self, layout: str) -> bool:
        """Return whether there are tables, of this layout."""
        with self._database.reading() as connection:
            return self._layout(connection) == layout

    def state(self) -> QueueState | None:
        """Return how much waits, None where nothing was ever queued on this database."""
        with self._database.reading() as connection:
            if connection.dialect.name != "postgresql" or self._layout(connection) is None:
                return None
            waiting, reading, alive = connection.execute(text(_STATE.format(schema=self.quoted))).one()
        return QueueState(waiting, reading, math.ceil(alive / _EACH))

    # --- for whoever queues ------------------------------------------------------------------------------------------

    def send(self, sha256: str, path: Path, size: int) -> None:
        """Store a file for the workers, unless it is there. Raises OSError where it cannot be read."""
        with self._database.writing() as connection, path.open("rb") as file:
            new = insert_or_ignore(connection, self._readings).returning(self._readings.c.sha256)
            if connection.execute(new, {"sha256": sha256, "size": size}).one_or_none() is None:
                return
            number = 0
            while data := file.read(PIECE):
                connection.execute(insert(self._pieces), {"sha256": sha256, "number": number, "data": data})
                number += 1

    def states(self, files: Collection[str]) -> dict[str, ReadingState]:
        """Return the state of each of these files; missing ones are left out."""
        table = self._readings
        query = select(table.c.sha256, table.c.parts, table.c.ended_at).where(table.c.sha256.in_(files))
        try:
            rows = self._database.rows(query)
        except StorageError:
            with self._database.reading() as connection:
                if self._layout(connection) is not None:
                    raise
            return {}  # somebody has dropped all of it
        return {row.sha256: ReadingState(row.parts, row.ended_at is not None) for row in rows}

    def part(self, sha256: str) -> PagesRead | None:
        """Return what was found early in a file."""
        packed = self._database.value(select(self._readings.c.part).where(self._readings.c.sha256 == sha256))
        return None if packed is None else unpack_read(packed)

    def take(self, sha256: str) -> ReadingEnd | None:
        """Take the outcome of a file and delete it; None where it is missing or not ended."""
        table = self._readings
        gone = delete(table).where(table.c.sha256 == sha256, table.c.ended_at.is_not(None))
        with self._database.writing() as connection:
            row = connection.execute(gone.returning(table.c.result, table.c.error, table.c.again_at)).one_or_none()
        if row is None:
            return None
        return ReadingEnd(None if row.result is None else unpack_read(row.result), row.error or "", row.again_at)

    # --- for workers -------------------------------------------------------------------------------------------------

    def size(self, sha256: str) -> int | None:
        """Return the size of a file to read; None where it is no longer wanted, or was read."""
        table = self._readings
        size: int | None = self._database.value(select(table.c.size).where(table.c.sha256 == sha256, table.c.ended_at.is_(None)))
        return size

    def fetch(self, sha256: str, path: Path) -> None:
        """Write a file to this path. Raises OSError."""
        mine, number = select(self._pieces.c.data).where(self._pieces.c.sha256 == sha256), 0
        with path.open("xb") as file:
            while (data := self._database.value(mine.where(self._pieces.c.number == number))) is not None:
                file.write(data)
                number += 1

    def found(self, sha256: str, read: PagesRead) -> None:
        """Send what was found before all is read."""
        self._change(sha256, {"parts": self._readings.c.parts + 1, "part": pack_read(read)})

    def end(self, sha256: str, end: ReadingEnd) -> None:
        """Store the outcome of a file and delete the file; does nothing where another worker was first."""
        result = None if end.read is None else pack_read(end.read)
        came = {"result": result, "error": clean(end.error), "again_at": end.again_at}
        self._change(sha256, {**came, "ended_at": func.now(), "part": None})
        self._database.write(delete(self._pieces).where(self._pieces.c.sha256 == sha256))

    def _change(self, sha256: str, values: dict[str, object]) -> None:
        table = self._readings
        self._database.write(update(table).where(table.c.sha256 == sha256, table.c.ended_at.is_(None)).values(values))

    def _layout(self, connection: Connection) -> str | None:
        found = text("SELECT obj_description(to_regnamespace(:name), 'pg_namespace')")
        layout: str | None = connection.execute(found, {"name": self.quoted}).scalar()
        return layout

    @property
    def quoted(self) -> str:
        """Return the name of the schema as it stands in statements."""
        return self._database.engine.dialect.identifier_preparer.quote_identifier(self.schema)

    @cached_property
    def _readings(self) -> Table:
        return self._table("readings", "sha256", "size", "parts", "part", "ended_at", "result", "error", "again_at")

    @cached_property
    def _pieces(self) -> Table:
        return self._table("pieces", "sha256", "number", "data")

    def _table(self, name: str, *columns: str) -> Table:
        """Return a table as `_OURS` makes it; the driver knows the types."""
        return Table(name, MetaData(), *(Column[Any](column) for column in columns), schema=self.schema)


def pack_read(read: PagesRead) -> bytes:
    """Return a byte for `salvaged`, then the packed pages."""
    return bytes([read.salvaged]) + pack_pages(read.pages)


def unpack_read(packed: bytes) -> PagesRead:
    """Return what `pack_read` was given."""
    return PagesRead(unpack_pages(packed[1:]), salvaged=bool(packed[0]))
