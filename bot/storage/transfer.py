"""Put a whole database in the place of another: a backup, so that nothing is posted twice, or what a SQLite file holds into PostgreSQL."""

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
    Text,
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
from bot.storage.backup import copy_checked, file_digest, file_of, require_file, run_client, stamp, verify, whole
from bot.storage.baseline import VERSION_TABLE, create_tables, has_tables, require_same, show_version
from bot.storage.columns import EnumText, Instant, JsonDocument, PackedText
from bot.storage.database import Database, begin_to_write, make_engine, masked, parse_url, translate
from bot.storage.errors import Corrupt, Locked, StorageError, Unavailable, WrongSchema
from bot.storage.locks import Locks, alone
from bot.storage.posts import perhaps_sent
from bot.storage.schema import metadata, notices, posts, recueils, requests, restores, sources
from bot.storage.store import Store, open_store

# A backup. It is older than what was posted since. What waited in it may be there by now, and so may be what was found after it, of which
# it knows nothing and which is found anew. So a restored database notes that it is one (table `restores`) in the very step that makes it
# usable: what waits in it is in doubt, and so is each decree of a recueil that was there before the restore
# (`bot.domain.posts.may_be_posted`). What is in doubt is looked for at its destination before anything is sent there, or left to a person.

_UNKNOWN_AGE = timedelta(days=90)
"""How old a backup is taken to be that shows no instant at all."""


class WouldReplace(StorageError):
    """There is a database, and nobody said that it may be replaced."""

    is_lasting = True


@dataclass(frozen=True, slots=True)
class Restored:
    """Describes a restored database: its last event, None where nothing had happened, its posts in doubt that are looked for,
    and those left to a person. `aside` is the database that was there."""

    made_at: datetime | None
    sought: int
    held: int
    aside: Path | None


def restore(backup: Path, url: str, now: datetime, *, replace: bool = False) -> Restored:
    """Make the database at `url` of a backup. One that is there is put aside, where that is wanted, and nobody works on it.

    Raises WouldReplace, Locked while a program works there, Corrupt for a backup that was changed, and other StorageErrors; OSError.
    """
    verify(backup)
    address = parse_url(url)
    is_dump = backup.suffix == ".dump"
    if is_dump != (address.get_backend_name() == "postgresql"):
        kind = "PostgreSQL" if is_dump else "SQLite"
        raise StorageError(f"{backup} is of {kind}, and database.url is not: restore it to {kind} first, then see `vigie move`")
    database = Database(make_engine(address, read_only=False), name=masked(address), read_only=False)
    try:
        with alone(Locks(database), database.name, "vigie restore"):
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
    """Write the log of a database into it, unless it is too damaged or the disk is full. Raises Locked."""
    try:
        with closing(sqlite3.connect(target, timeout=0)) as old:
            old.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise Locked(f"another program has the database {target} open (vigie serve?): stop it first") from error
    except sqlite3.DatabaseError:
        pass


def _put_logs_aside(target: Path, aside: Path) -> None:
    """Put what SQLite left beside a database beside its second name: it would write that into the database that comes in its place.

    Until that one is there, whoever opens the former database has it with its log: its name leads to the second one meanwhile.
    """
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
    """Note that this database was restored, and put in doubt what waits in it. Return its last event, how many posts are looked
    for, and how many are left to a person."""
    made_at = _last_known(connection)
    connection.execute(insert(restores), {"restored_at": now, "made_at": made_at or now - _UNKNOWN_AGE})
    waits = posts.c.state.in_((PostState.PENDING, PostState.SENDING, PostState.UNKNOWN))
    since = case((posts.c.sought_since < posts.c.created_at, posts.c.sought_since), else_=posts.c.created_at)
    common = {"sought_since": since, "not_before": None, "changed_at": now, "reconcile_attempts": 0}
    counts = []
    for where, destination in ((~posts.c.destination.startswith(CHATS), ""), (posts.c.destination.startswith(CHATS), CHATS)):
        counts.append(connection.execute(update(posts).where(waits, where).values(common | perhaps_sent(destination))).rowcount)
    # A notice that was due was sent, as one whose sending was cut short is taken for sent. Nobody waits for a request any more.
    due = update(notices).where(notices.c.state == NoticeState.UNREAD_DUE)
    connection.execute(due.values(state=NoticeState.UNREAD_SENT, changed_at=now))
    connection.execute(delete(notices).where(notices.c.state == NoticeState.READ_DUE))
    connection.execute(delete(requests))
    return made_at, counts[0], counts[1]


def _last_known(connection: Connection) -> datetime | None:
    """The last instant that is stored of something that happened: the backup is not older."""
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


# From a SQLite file to an empty PostgreSQL database: table by table, each counted and compared. Until all of it is there, the version of
# the schema is not: no program opens a database that has a part. What was carried over by a run that was killed is gone on with, as long
# as the file is still the same (table `vigie_moving`); else it begins anew.

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
        last = origin.execute(select(metadata.tables["act_numbers"].c.last)).scalar()
        for table in tables:
            rows = counts[table.name] = origin.execute(select(func.count()).select_from(table)).scalar_one()
            if table.name not in done:
                with database.writing() as goal:
                    _copy(origin, goal, stored_plainly(table), rows, on_rows)
                    goal.execute(insert(_moving), {"source": "", "done": table.name})
            on_rows(table.name, rows, rows)
    with database.writing() as goal:
        for table in metadata.sorted_tables:
            _go_on_counting(goal, table, last or 0)
        show_version(goal)
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
            create_tables(goal)
            _moving.create(goal)
        goal.execute(insert(_moving), {"source": source, "done": ""})
    return frozenset()


def stored_plainly(table: Table) -> Table:
    """Return the table with its values as they are stored: none is read as what this version makes of it."""
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
