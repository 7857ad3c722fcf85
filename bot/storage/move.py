"""Carry everything over from a SQLite file to an empty PostgreSQL database: table by table, each counted and compared.

Until all of it is there, the version of the schema is not: no program opens a database that has a part. What was carried over by a run that
was killed is gone on with, as long as the file is still the same (table `vigie_moving`); else it begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from bot.storage.backup import file_digest, file_of, require_file
from bot.storage.columns import EnumText, JsonDocument, PackedText
from bot.storage.database import Database, make_engine, masked, parse_url
from bot.storage.errors import Corrupt, Locked, StorageError
from bot.storage.locks import Locks, alone
from bot.storage.migrate import VERSION_TABLE, hide_version, lay_out, revision, show_version
from bot.storage.schema import metadata
from bot.storage.store import Store, open_store

_AT_ONCE = 500
_OWN = frozenset({"act_numbers", "decree_revision"})
"""What each kind of database keeps in its own way."""

_moving = Table("vigie_moving", MetaData(), Column("source", Text, nullable=False), Column("done", Text, nullable=False))


def move(source: str, target: str, on_rows: Callable[[str, int, int], None]) -> dict[str, int]:
    """Carry over all rows, and return how many each table has. `on_rows` is called with a table, how many of its rows are there, and of how
    many.

    Raises StorageError: where a program works on either database, or the target has tables of another instance.
    """
    to = parse_url(target)
    if parse_url(source).get_backend_name() != "sqlite" or to.get_backend_name() != "postgresql":
        raise StorageError("only a SQLite database can be moved, and only to PostgreSQL")
    require_file(source)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(source))
        database = Database(make_engine(to, read_only=False), name=masked(to), read_only=False)
        stack.callback(database.close)
        stack.enter_context(alone(store.locks, store.database.name, "vigie move"))
        stack.enter_context(alone(Locks(database), database.name, "vigie move"))
        return _carry_over(store, database, on_rows)


def _carry_over(store: Store, database: Database, on_rows: Callable[[str, int, int], None]) -> dict[str, int]:
    tables = [table for table in metadata.sorted_tables if table.name not in _OWN]
    done = _begun(database, _fingerprint(store))
    counts: dict[str, int] = {}
    with store.database.reading() as origin:
        schema, last = revision(origin), origin.execute(select(metadata.tables["act_numbers"].c.last)).scalar()
        for table in tables:
            rows = counts[table.name] = origin.execute(select(func.count()).select_from(table)).scalar_one()
            if table.name not in done:
                with database.writing() as goal:
                    _copy(origin, goal, _plain(table), rows, on_rows)
                    goal.execute(insert(_moving), {"source": "", "done": table.name})
            on_rows(table.name, rows, rows)
    with database.writing() as goal:
        for table in metadata.sorted_tables:
            _go_on_counting(goal, table, last or 0)
        show_version(goal, schema)
        _moving.drop(goal)
    return counts


def _fingerprint(store: Store) -> str:
    """The content of the file: of another content another move is made. Raises Locked."""
    database = store.database
    # Its log is written into it first. Where somebody reads what was before, it answers that it could not.
    if database.plain_value("PRAGMA wal_checkpoint(TRUNCATE)"):
        raise Locked(f"another program reads the database {database.name} (vigie serve?): stop it first")
    return file_digest(file_of(database.engine.url))


def _begun(database: Database, source: str) -> frozenset[str]:
    """Prepare the target, and return the tables that an earlier run of this move has carried over."""
    with database.writing() as goal:
        there = set(inspect(goal).get_table_names())
        if _moving.name in there:
            rows = goal.execute(select(_moving)).all()
            if source in {row.source for row in rows}:
                return frozenset(row.done for row in rows if row.done)
            for table in reversed(metadata.sorted_tables):
                if table.name not in _OWN:
                    goal.execute(delete(table))
            goal.execute(delete(_moving))
        elif there & {VERSION_TABLE, *metadata.tables}:
            raise StorageError(f"the database {database.name} has tables of Vigie already: make an empty one (createdb)")
        else:
            lay_out(goal)
            hide_version(goal)
            _moving.create(goal)
            goal.execute(delete(metadata.tables["search_rules"]))
        goal.execute(insert(_moving), {"source": source, "done": ""})
    return frozenset()


def _plain(table: Table) -> Table:
    """The table with values as they are stored: none is read as what this version makes of it."""
    return Table(table.name, MetaData(), *(Column(column.name, _plain_type(column.type), key=column.name) for column in table.c))


def _plain_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    if isinstance(kind, TypeDecorator):
        plain: dict[type[Any], TypeEngine[Any]] = {EnumText: String(), JsonDocument: JSON(none_as_null=True), PackedText: LargeBinary()}
        return plain.get(type(kind), kind)
    return JSON(none_as_null=True) if isinstance(kind, JSON) else kind


def _copy(origin: Connection, goal: Connection, table: Table, of: int, on_rows: Callable[[str, int, int], None]) -> None:
    """Copy all rows, and compare what is there then with what was to be."""
    wanted = _Sum()
    for rows in origin.execute(select(table)).mappings().partitions(_AT_ONCE):
        values = [dict(row) for row in rows]
        goal.execute(insert(table), values)
        wanted.add(values)
        on_rows(table.name, wanted.rows, of)
    found = _Sum()
    for rows in goal.execute(select(table).execution_options(yield_per=_AT_ONCE)).mappings().partitions():
        found.add([dict(row) for row in rows])
    if (found.rows, found.total) != (wanted.rows, wanted.total):
        raise Corrupt(f"the table {table.name} was not carried over whole: {found.rows} of {wanted.rows} rows, or other values")


class _Sum:
    """Rows as a sum that does not depend on their order."""

    def __init__(self) -> None:
        self.rows, self.total = 0, 0

    def add(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            told = repr(sorted((name, _told(name, value)) for name, value in row.items()))
            self.total = (self.total + int.from_bytes(hashlib.sha256(told.encode()).digest())) % 2**256
            self.rows += 1


def _told(name: str, value: Any) -> str:
    if name in {"head", "everything"}:  # terms, which PostgreSQL sorts and quotes
        return repr(sorted(set(str(value).replace("'", "").split())))
    return repr(bytes(value) if isinstance(value, memoryview) else value)


def _go_on_counting(goal: Connection, table: Table, last_act: int) -> None:
    """Let the next row have the number after the last one, also where that row is gone."""
    if "id" not in table.c or table.name in _OWN:
        return
    sequence = goal.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name}).scalar()
    highest = max(goal.execute(select(func.max(table.c.id))).scalar() or 0 if sequence else 0, last_act if table.name == "acts" else 0)
    if sequence and highest:
        goal.execute(text("SELECT setval(CAST(:sequence AS regclass), :highest)"), {"sequence": sequence, "highest": highest})
