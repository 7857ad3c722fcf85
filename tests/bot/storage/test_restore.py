"""A backup in the place of a database: whole, marked before any program can use it, and never over what is in use."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select, text

from bot.domain.posts import PostCause, PostState
from bot.storage.backup import back_up, newest_of
from bot.storage.errors import Corrupt, Locked, StorageError, Unavailable, WrongSchema
from bot.storage.locks import LockName
from bot.storage.schema import restores
from bot.storage.store import Store, open_store
from bot.storage.transfer import WouldReplace, restore
from tests.bot.storage.building import NOW
from tests.bot.storage.test_backup import client_programs_in_path, writer  # noqa: F401 - fixtures
from tests.bot.storage.test_power_cut import record, whole_decrees
from tests.processes import Zygote

pytestmark = pytest.mark.postgresql

KILLED = """
import os, resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.storage.transfer import restore
left = [int(sys.argv[3])]
def before(call):
    def counted(*given, **named):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return call(*given, **named)
    return counted
for name in ("replace", "unlink", "symlink_to"):
    setattr(Path, name, before(getattr(Path, name)))
os.link = before(os.link)
most = int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_FSIZE, (most or resource.RLIM_INFINITY, resource.RLIM_INFINITY))
restore(Path(sys.argv[1]), sys.argv[2], datetime(2026, 9, 16, tzinfo=UTC), replace=True)
"""


@pytest.fixture
def elsewhere(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where to restore to: a database that is not there yet, or has nothing in it."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'vigie.db'}"
        return
    server: str = request.getfixturevalue("server")
    name = f"vigie_elsewhere_{os.getpid()}"
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.format(database=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_a_round_trip(store: Store, url: str, elsewhere: str, tmp_path: Path, client_programs_in_path: None) -> None:  # noqa: F811
    (tmp_path / "elsewhere").mkdir()
    for number in range(1, 4):
        record(store, number)
    assert store.outbox.claim("t", NOW) is not None
    backup = back_up(url, tmp_path / "copies", NOW).path
    done = restore(newest_of(tmp_path / "copies"), elsewhere, NOW)
    assert (newest_of(backup), done.made_at, done.sought, done.held, done.aside) == (backup, NOW, 6, 0, None)
    with open_store(elsewhere) as found:
        assert found.decrees.recent(10).decrees == store.decrees.recent(10).decrees
        assert found.decrees.search("prefet", 1).total == 3
        assert found.outbox.counts() == {"m": {PostState.UNKNOWN: 3}, "t": {PostState.UNKNOWN: 3}}
        assert {(post.cause, post.sought_since) for post in found.posts.listed()} == {(PostCause.RESTORED, NOW)}
        assert [(row.restored_at, row.made_at) for row in found.database.rows(select(restores))] == [(NOW, NOW)]
        # New rows have numbers of their own.
        record(found, 4)
        assert found.outbox.counts()["t"][PostState.UNKNOWN] == 4
    assert store.outbox.counts()["t"][PostState.PENDING] == 2, "the other is as it was"
    with pytest.raises(WouldReplace):
        restore(backup, elsewhere, NOW)


def test_a_copy_made_beside_a_writer_is_restored_over_it_once_it_has_ended(writer: str, tmp_path: Path) -> None:  # noqa: F811
    backup = back_up(writer, tmp_path / "copies", NOW).path
    restored = tmp_path / "other.db"
    done = restore(backup, f"sqlite:///{restored}", NOW)
    with open_store(f"sqlite:///{restored}") as store:
        decrees = store.decrees.recent(10_000)
        assert store.outbox.counts() == {name: {PostState.UNKNOWN: decrees.total} for name in ("m", "t")}
    assert done.sought == 2 * decrees.total > 0
    with pytest.raises(Locked, match="stop it first"):
        restore(backup, writer, NOW, replace=True)


def test_what_is_there_is_put_aside_where_that_is_wanted(tmp_path: Path) -> None:
    database, url = tmp_path / "vigie.db", f"sqlite:///{tmp_path / 'vigie.db'}"
    with open_store(url) as store:
        record(store, 1)
    backup = back_up(url, tmp_path / "copies", NOW).path
    with open_store(url) as store:
        record(store, 2)
        with pytest.raises(WouldReplace, match="--replace"):
            restore(backup, url, NOW)
        assert store.locks.take(LockName.WORK, "vigie poll")
        with pytest.raises(Locked, match=r"vigie poll.* works on the database"):
            restore(backup, url, NOW, replace=True)
    done = restore(backup, url, NOW, replace=True)
    assert done.aside is not None
    with open_store(url) as store:
        assert store.decrees.recent(9).total == 1
    assert whole_decrees(done.aside) == 2
    database.write_bytes(b"SQLite format 3\0 no more")
    second = restore(backup, url, NOW, replace=True)  # within the same second
    assert second.aside is not None
    assert second.aside.read_bytes() == b"SQLite format 3\0 no more"
    with open_store(url) as store:
        assert store.decrees.recent(9).total == 1


def restored_decrees(database: Path) -> int:
    """How many decrees there are. Fails unless the file is sound, and was restored once."""
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("SELECT count(*) FROM restores").fetchone() == (1,)
    with open_store(f"sqlite:///{database}") as store:
        return store.decrees.recent(9).total


@pytest.mark.parametrize("log_stays", [False, True])
def test_killed_before_any_step_the_former_database_stays_with_its_log(tmp_path: Path, zygote: Zygote, log_stays: bool) -> None:
    """With a log that cannot be written into its database, which a limit forbids to grow, too."""
    origin = tmp_path / "origin" / "vigie.db"
    origin.parent.mkdir()
    with open_store(f"sqlite:///{origin}") as store:
        record(store, 1)
    backup = back_up(f"sqlite:///{origin}", tmp_path / "copies", NOW).path
    with open_store(f"sqlite:///{origin}") as store:
        with store.database.writing() as connection:
            connection.execute(text("CREATE TABLE much AS SELECT randomblob(2000000)"))
        record(store, 2)
        database = origin
        for step in range(99):
            database = tmp_path / str(step) / "vigie.db"
            shutil.copytree(origin.parent, database.parent)
            most = backup.stat().st_size + 100_000 if log_stays else 0
            ended = zygote.run_script(KILLED, str(backup), f"sqlite:///{database}", str(step), str(most)).code
            with closing(sqlite3.connect(database)) as raw:
                if raw.execute("SELECT count(*) FROM restores").fetchone() == (1,):
                    break
            assert (ended, whole_decrees(database)) == (-signal.SIGKILL, 2)
            restore(backup, f"sqlite:///{database}", NOW, replace=True)
            assert (restored_decrees(database), list(database.parent.glob(".*"))) == (1, [])
        assert restored_decrees(database) == 1
        (aside,) = database.parent.glob("*.replaced")
        assert (aside.with_name(f"{aside.name}-wal").exists(), whole_decrees(aside)) == (log_stays, 2)


@pytest.mark.parametrize("log", ["-wal", "-journal"])
def test_no_log_of_a_former_database_gets_into_the_restored_one(tmp_path: Path, log: str) -> None:
    """Somebody removed the damaged file and not what was beside it, or a restore was killed: SQLite would write it into the new one."""
    database, url = tmp_path / "vigie.db", f"sqlite:///{tmp_path / 'vigie.db'}"
    with open_store(url) as store:
        record(store, 1)
    backup = back_up(url, tmp_path / "copies", NOW).path
    with closing(sqlite3.connect(database, isolation_level=None)) as raw:
        if log == "-journal":
            raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute("PRAGMA cache_size = 1")
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("CREATE TABLE much AS SELECT randomblob(2000000)")
        raw.execute("DELETE FROM decrees")
        if log == "-wal":
            raw.execute("COMMIT")
        left = Path(f"{database}{log}").read_bytes()
    for path in tmp_path.glob("vigie.db*"):
        path.unlink()
    for name in ("vigie.db", ".vigie.db.restoring", ".vigie.db.part"):
        (tmp_path / f"{name}{log}").write_bytes(left)
    restore(backup, url, NOW)
    assert restored_decrees(database) == 1
    (aside,) = tmp_path.glob(f"vigie.db.*{log}")
    assert aside.read_bytes() == left


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    url, target = f"sqlite:///{tmp_path / 'vigie.db'}", f"sqlite:///{tmp_path / 'other.db'}"
    with open_store(url) as store:
        record(store, 1)
    backup = back_up(url, tmp_path / "copies", NOW).path
    backup.write_bytes(backup.read_bytes()[:-4096])
    with pytest.raises(Corrupt, match="not as it was written"):
        restore(backup, target, NOW)
    other = tmp_path / "shopping.db"
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("CREATE TABLE list (what)")
    with pytest.raises(WrongSchema, match=r"shopping\.db holds tables of another program"):
        restore(other, target, NOW)
    another = back_up(url, tmp_path / "later", NOW).path
    with closing(sqlite3.connect(another)) as raw, raw:
        raw.execute("UPDATE vigie_schema SET version_num = '9999'")
    another.with_name(f"{another.name}.sha256").unlink()
    with pytest.raises(WrongSchema, match=rf"the database {another} is of another version of Vigie"):
        restore(another, target, NOW)
    with pytest.raises(StorageError, match=r"is of SQLite, and database\.url is not"):
        restore(other, "postgresql://vigie@127.0.0.1:1/vigie", NOW)
    with pytest.raises(Unavailable, match="there is no backup"):
        newest_of(tmp_path)
    assert not (tmp_path / "other.db").exists()
