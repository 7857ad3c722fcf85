"""Replaces a whole database: by a backup, without posting twice, or from SQLite to PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    case,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeEngine

from bot.domain.posts import CHATS, NoticeState, PostState
from bot.storage.backup import copy_checked, file_of, require_file, run_client, stamp, verify, whole
from bot.storage.baseline import VERSION_TABLE, create_tables, has_tables, mark_moved, require_same, show_version
from bot.storage.columns import EnumText, Instant, JsonDocument, PackedText
from bot.storage.database import Database, begin_to_write, make_engine, masked, parse_url, translate
from bot.storage.errors import Corrupt, Locked, StorageError, Unavailable, WrongSchema
from bot.storage.locks import Locks, holding_all_locks
from bot.storage.posts import perhaps_sent
from bot.storage.schema import metadata, notices, posts, recueils, requests, restores, sources
from bot.storage.store import Store, open_store

# A backup is older than the latest posts. A restored database notes so (table `restores`) when it becomes usable: waiting posts, and
# decrees of recueils from before the restore, are in doubt (`bot.domain.posts.may_be_posted`), and looked for or held for a person.

_UNKNOWN_AGE = timedelta(days=90)
"""How old a backup is taken to be that shows no instant at all."""


class WouldReplace(StorageError):
    """There is a database, and nobody said that it may be replaced."""

    is_lasting = True


@dataclass(frozen=True, slots=True)
class Restored:
    """Describes a restored database: its last event, how many posts in doubt are looked for and left to a person, the former one."""

    made_at: datetime | None
    sought: int
    held: int
    aside: Path | None


def restore(backup: Path, url: str, now: datetime, *, replace: bool = False) -> Restored:
    """Restore a database; `replace` puts the present one aside. Raises WouldReplace, Locked, Corrupt, StorageError, OSError."""
    verify(backup)
    address = parse_url(url)
    is_dump = backup.suffix == ".dump"
    if is_dump != (address.get_backend_name() == "postgresql"):
        kind = "PostgreSQL" if is_dump else "SQLite"
        raise StorageError(f"{backup} is of {kind}, and database.url is not: restore it to {kind} first, then see `vigie move`")
    database = Database(make_engine(address, read_only=False), name=masked(address), read_only=False)
    try:
        with holding_all_locks(Locks(database), database.name, "vigie restore"):
            if is_dump:
                return _restore_dump(backup, database, now)
            return _restore_file(backup, file_of(address), now, replace=replace)
    except SQLAlchemyError as error:
        raise translate(error, database.name) from error
    finally:
        database.close()


def _restore_file(backup: Path, target: Path, now: datetime, *, replace: bool) -> Restored:
    is_there = target.exists() and target.stat().st_size > 0
    if is_there and not replace:
        raise WouldReplace(f"there is a database at {target}: with --replace it is put aside, and the backup in its place")
    with whole(target) as fresh:
        copy_checked(backup, fresh)
        engine = make_engine(parse_url(f"sqlite:///{fresh}"), read_only=False)
        try:
            with begin_to_write(engine) as connection:
                if not has_tables(connection, str(backup)):
                    raise WrongSchema(f"{backup} is not a backup of Vigie")
                found = mark_restored(connection, now)
        finally:
            engine.dispose()
        names = (
            target.with_name(f"{target.name}.{stamp(now)}{again}.replaced") for again in ("", *(f"-{number}" for number in range(2, 100)))
        )
        aside = next(path for path in names if not os.path.lexists(path))
        if is_there:
            _fold_log(target)
            os.link(target, aside)
        _put_logs_aside(target, aside)
    return Restored(*found, aside if is_there else None)


def _fold_log(target: Path) -> None:
    """Checkpoint the WAL of a database, unless it is damaged or the disk is full. Raises Locked."""
    try:
        with closing(sqlite3.connect(target, timeout=0)) as old:
            old.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise Locked(f"another program has the database {target} open (vigie serve?): stop it first") from error
    except sqlite3.DatabaseError:
        pass


def _put_logs_aside(target: Path, aside: Path) -> None:
    """Move SQLite's side files to the database's second name, lest they be applied to the new one; the former name links there."""
    logs = [suffix for suffix in ("-wal", "-journal") if Path(f"{target}{suffix}").exists()]
    for suffix in logs:
        os.link(f"{target}{suffix}", f"{aside}{suffix}")
    link = target.with_name(f".{target.name}.link")
    link.unlink(missing_ok=True)  # of a restore that was killed
    if logs and aside.exists():
        link.symlink_to(aside.name)
        link.replace(target)
    for suffix in (*logs, "-shm"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)


def _restore_dump(backup: Path, database: Database, now: datetime) -> Restored:
    with database.reading() as connection:
        if set(inspect(connection).get_table_names()) & {VERSION_TABLE, *metadata.tables}:
            raise WouldReplace(
                f"the database {database.name} has tables already: make an empty one (createdb), and name it in database.url"
            )
    # All but the version: without it no program opens these tables before they are marked.
    listed = run_client("pg_restore", None, "--list", str(backup))
    wanted = [line for line in listed.splitlines() if not re.search(rf" TABLE DATA \S+ {VERSION_TABLE} ", line)]
    with tempfile.NamedTemporaryFile("w", suffix=".list", encoding="utf-8") as chosen:
        chosen.write("\n".join(wanted) + "\n")
        chosen.flush()
        run_client(
            "pg_restore", database.engine.url, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
            f"--use-list={chosen.name}", str(backup),
        )  # fmt: skip
    version = run_client("pg_restore", None, "--data-only", f"--table={VERSION_TABLE}", "--file=-", str(backup))
    schema = re.search(rf"^COPY \S*{VERSION_TABLE} .*;\n(\w+)$", version, re.MULTILINE)
    if schema is None:
        raise Unavailable(f"{backup} is not a backup of Vigie: it names no version")
    require_same(schema[1], str(backup))
    with database.writing() as connection:
        show_version(connection)
        return Restored(*mark_restored(connection, now), None)


def mark_restored(connection: Connection, now: datetime) -> tuple[datetime | None, int, int]:
    """Record the restore and put waiting posts in doubt; return the last event, and how many posts are looked for and left to a person."""
    made_at = _last_known(connection)
    connection.execute(insert(restores), {"restored_at": now, "made_at": made_at or now - _UNKNOWN_AGE})
    waits = posts.c.state.in_((PostState.PENDING, PostState.SENDING, PostState.UNKNOWN))
    since = case((posts.c.sought_since < posts.c.created_at, posts.c.sought_since), else_=posts.c.created_at)
    common = {"sought_since": since, "not_before": None, "changed_at": now, "reconcile_attempts": 0}
    counts = []
    for where, destination in ((~posts.c.destination.startswith(CHATS), ""), (posts.c.destination.startswith(CHATS), CHATS)):
        counts.append(connection.execute(update(posts).where(waits, where).values(common | perhaps_sent(destination))).rowcount)
    # A notice that was due was sent, as one whose sending was cut short is taken for sent. Nobody waits for a request any more.
    due = update(notices).where(notices.c.state == NoticeState.DUE)
    connection.execute(due.values(state=NoticeState.SENT, changed_at=now))
    connection.execute(delete(notices).where(notices.c.state == NoticeState.END_DUE))
    connection.execute(delete(requests))
    return made_at, counts[0], counts[1]


def _last_known(connection: Connection) -> datetime | None:
    """Return the last stored instant of an event: the backup is not older."""
    columns = (
        sources.c.last_ok_at,
        sources.c.failing_since,
        recueils.c.found_at,
        recueils.c.tried_at,
        posts.c.created_at,
        posts.c.closed_at,
    )
    known = [connection.execute(select(func.max(column, type_=Instant()))).scalar_one() for column in columns]
    return max((one for one in known if one is not None), default=None)


# From SQLite to an empty PostgreSQL database: tables are copied, counted and compared, in one transaction: no program opens a part, and an
# interrupted move leaves nothing.

_AT_ONCE = 500
_OWN = frozenset({"act_numbers", "decree_revision"})
"""What each kind of database keeps in its own way."""


def move(source: str, target: str, on_rows: Callable[[str, int, int], None]) -> dict[str, int]:
    """Copy all rows, and return their number by table; `on_rows` gets a table, rows done and rows in all. Raises StorageError where a
    program works on either database, or the target has tables of another instance.
    """
    to = parse_url(target)
    if parse_url(source).get_backend_name() != "sqlite" or to.get_backend_name() != "postgresql":
        raise StorageError("only a SQLite database can be moved, and only to PostgreSQL")
    require_file(source)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(source))
        database = Database(make_engine(to, read_only=False), name=masked(to), read_only=False)
        stack.callback(database.close)
        stack.enter_context(holding_all_locks(store.locks, store.database.name, "vigie move"))
        stack.enter_context(holding_all_locks(Locks(database), database.name, "vigie move"))
        return _carry_over(store, database, on_rows)


def _carry_over(store: Store, database: Database, on_rows: Callable[[str, int, int], None]) -> dict[str, int]:
    counts: dict[str, int] = {}
    with store.database.reading() as origin, database.writing() as goal:
        if set(inspect(goal).get_table_names()) & {VERSION_TABLE, *metadata.tables}:
            raise StorageError(f"the database {database.name} has tables of Vigie already: make an empty one (createdb)")
        create_tables(goal)
        last = origin.execute(select(metadata.tables["act_numbers"].c.last)).scalar()
        for table in metadata.sorted_tables:
            if table.name in _OWN:
                continue
            rows = counts[table.name] = origin.execute(select(func.count()).select_from(table)).scalar_one()
            _copy(origin, goal, stored_plainly(table), rows, on_rows)
            on_rows(table.name, rows, rows)
            _go_on_counting(goal, table, last or 0)
        show_version(goal)
    with store.database.writing() as origin:
        mark_moved(origin)
    return counts


def stored_plainly(table: Table) -> Table:
    """Return the table with raw column types, so that values are copied as stored."""
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
            shown = repr(sorted((name, _comparable(name, value)) for name, value in row.items()))
            self.total = (self.total + int.from_bytes(hashlib.sha256(shown.encode()).digest())) % 2**256
            self.rows += 1


def _comparable(name: str, value: Any) -> str:
    if name in {"head", "everything"}:  # terms, which PostgreSQL sorts and quotes
        return repr(sorted(set(str(value).replace("'", "").split())))
    return repr(bytes(value) if isinstance(value, memoryview) else value)


def _go_on_counting(goal: Connection, table: Table, last_act: int) -> None:
    """Set the sequence of a table after its highest id ever given."""
    if "id" not in table.c:
        return
    sequence = goal.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name}).scalar()
    highest = max(goal.execute(select(func.max(table.c.id))).scalar() or 0 if sequence else 0, last_act if table.name == "acts" else 0)
    if sequence and highest:
        goal.execute(text("SELECT setval(CAST(:sequence AS regclass), :highest)"), {"sequence": sequence, "highest": highest})
