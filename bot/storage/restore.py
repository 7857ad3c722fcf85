"""Put a backup in the place of a database, so that nothing is posted twice.

A backup is older than what was posted since. What waited in it may be there by now, and so may be what was found after it, of which it
knows nothing and which is found anew. So a restored database notes that it is one (table `restores`) in the very step that makes it usable:
what waits in it is in doubt, and so is each decree of a recueil that was there before the restore (`bot.domain.posts.may_be_posted`). What
is in doubt is looked for at its destination before anything is sent there, or left to a person.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, case, delete, func, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.posts import PostState
from bot.domain.routing import CHATS, NoticeState
from bot.storage.backup import copy_checked, file_of, run_client, stamp, verify, whole
from bot.storage.columns import Instant
from bot.storage.database import Database, begin_to_write, make_engine, masked, parse_url, translate
from bot.storage.errors import Locked, StorageError, Unavailable
from bot.storage.locks import Locks, alone
from bot.storage.migrate import VERSION_TABLE, adopt
from bot.storage.posts import perhaps_sent
from bot.storage.schema import metadata, notices, posts, recueils, requests, restores, sources

_UNKNOWN_AGE = timedelta(days=90)
"""How old a backup is taken to be that shows no instant at all."""


class WouldReplace(StorageError):
    """There is a database, and nobody said that it may be replaced."""

    is_lasting = True


@dataclass(frozen=True, slots=True)
class Restored:
    """Describes a restored database: the last that it knows of, None where nothing had happened, its posts in doubt that are looked for,
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
                adopt(connection, None, str(backup))
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
    with database.writing() as connection:
        adopt(connection, schema[1], str(backup))
        return Restored(*mark_restored(connection, now), None)


def mark_restored(connection: Connection, now: datetime) -> tuple[datetime | None, int, int]:
    """Note that this database was restored, and put in doubt what waits in it. Return the last that it knows of, how many posts are looked
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
