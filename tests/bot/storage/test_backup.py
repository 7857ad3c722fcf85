"""Backups: whole beside programs that write, absent after a kill, checked, and kept by a rule."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text, update

from bot.domain.posts import FollowMode, NoticeState, PostCause, PostState
from bot.storage.backup import (
    DAYS,
    MONTHS,
    WEEKS,
    back_up,
    backups_in,
    newest_of,
    run_client,
    shrink,
    stamp,
    to_remove,
    verify,
)
from bot.storage.database import parse_url
from bot.storage.errors import Corrupt, DiskFull, Locked, StorageError, Unavailable, WrongSchema
from bot.storage.locks import LockName
from bot.storage.schema import decrees, followers, metadata, notices, restores
from bot.storage.store import Store, open_store
from bot.storage.transfer import WouldReplace, move, restore
from tests.bot.storage.building import NOW
from tests.bot.storage.every_row import fill
from tests.bot.storage.test_power_cut import WRITER, record, whole_decrees
from tests.processes import Zygote
from tests.servers.postgres import client_programs

pytestmark = pytest.mark.postgresql

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.storage.backup import back_up
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
back_up(sys.argv[1], Path(sys.argv[2]), datetime(2026, 9, 16, tzinfo=UTC))
"""


@pytest.fixture
def address(tmp_path: Path) -> str:
    """The address of a database in a file, `vigie.db`, with one decree."""
    url = f"sqlite:///{tmp_path / 'vigie.db'}"
    with open_store(url) as store:
        record(store, 1)
    return url


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """The folder of backups, which is not there yet."""
    return tmp_path / "copies"


@pytest.fixture
def writer(tmp_path: Path, zygote: Zygote) -> Iterator[str]:
    """A database to which another process writes, one decree after the other."""
    url = f"sqlite:///{tmp_path / 'vigie.db'}"
    with zygote.script(WRITER, url) as (_, lines):
        lines.readline()
        yield url


def test_each_copy_beside_a_writer_is_whole(writer: str, tmp_path: Path) -> None:
    counts = [whole_decrees(back_up(writer, tmp_path / "copies", NOW + timedelta(days=day)).path) for day in range(4)]
    assert counts == sorted(counts)
    assert counts[0] >= 1


def test_both_databases_are_backed_up_and_checked(store: Store, url: str, tmp_path: Path, client_programs_in_path: None) -> None:
    record(store, 1)
    made = back_up(url, tmp_path / "copies", NOW)
    assert made.path.name == f"vigie-{stamp(NOW)}.{'db' if url.startswith('sqlite') else 'dump'}"
    assert made.path.stat().st_mode & 0o077 == 0
    assert backups_in(tmp_path / "copies") == {made.path: NOW}
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == [made.path.name, f"{made.path.name}.sha256"]
    verify(made.path)
    content = bytearray(made.path.read_bytes())
    content[len(content) // 2] ^= 1
    made.path.write_bytes(content)
    with pytest.raises(Corrupt, match="not as it was written"):
        verify(made.path)


@pytest.fixture
def client_programs_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", client_programs())


def test_killed_before_it_is_complete_there_is_no_backup_and_the_next_one_tidies(address: str, copies: Path, zygote: Zygote) -> None:
    assert zygote.run_script(KILLED, address, str(copies)).code == -signal.SIGKILL
    assert backups_in(copies) == {}
    assert list(copies.iterdir()) != []
    made = back_up(address, copies, NOW)
    assert sorted(copies.iterdir()) == sorted([made.path, made.path.with_name(f"{made.path.name}.sha256")])


def test_a_damaged_database_gives_no_backup(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with open_store(f"sqlite:///{database}") as store:
        for number in range(30):
            record(store, number)
    content = bytearray(database.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = bytes(64)
    database.write_bytes(content)
    with pytest.raises(Corrupt, match="damaged"):
        back_up(f"sqlite:///{database}", tmp_path / "backups", NOW)
    assert list((tmp_path / "backups").iterdir()) == []


def test_nothing_is_compacted_while_a_program_reads_what_was_before(address: str) -> None:
    with open_store(address, read_only=True) as reader, open_store(address) as store:
        with reader.database.reading() as connection:
            connection.execute(select(decrees)).all()
            record(store, 2)
            with pytest.raises(Locked, match="another program reads the database"):
                shrink(parse_url(address))
        before, after = shrink(parse_url(address))
        assert 0 < after <= before


def test_a_full_disk_is_that_of_the_copy(address: str, copies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Small(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **options: Any) -> None:
            target.execute("PRAGMA max_page_count = 9")
            super().backup(target, **options)

    monkeypatch.setattr("bot.storage.backup.sqlite3.connect", partial(sqlite3.connect, factory=Small))
    with pytest.raises(DiskFull, match=r"/copies/\S+ cannot grow: the disk is full"):
        back_up(address, copies, NOW)
    assert list(copies.iterdir()) == []


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="there is no database"):
        back_up(f"sqlite:///{tmp_path / 'vigie.db'}", tmp_path / "copies", NOW)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"pg_dump is not installed: .*postgresql-client"):
        run_client("pg_dump", parse_url("postgresql://vigie:geheim@127.0.0.1:1/vigie"))


def test_a_program_that_fails_is_quoted_without_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@" >&2\ntest "$PGPASSWORD" = geheim && echo "pg_dump: error: no room" >&2\nexit 1\n', "ascii")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(StorageError, match="failed: pg_dump: error: no room") as failed:
        run_client("pg_dump", parse_url("postgresql://vigie:geheim@127.0.0.1/vigie"))
    assert "geheim" not in str(failed.value)


def test_no_password_is_among_the_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@ by $PGPASSWORD"\n', "ascii")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    said = run_client("pg_dump", parse_url("postgresql://db/vigie?user=vigie&password=geheim&sslmode=require"))
    assert said == "--dbname=postgresql://db/vigie?sslmode=require&user=vigie by geheim\n"


def test_a_note_that_is_damaged_is_said(address: str, copies: Path) -> None:
    made = back_up(address, copies, NOW).path
    made.with_name(f"{made.name}.sha256").write_bytes(bytes(range(128, 200)))
    with pytest.raises(Corrupt, match="not as it was written"):
        verify(made)


def test_what_was_just_made_stays_whatever_the_clock_says(address: str, copies: Path) -> None:
    """A small board without a clock begins in the past."""
    copies.mkdir()
    for days in (*range(1, 40), *range(40, 600, 30)):
        (copies / at(NOW + timedelta(days=days))).touch()
    made = back_up(address, copies, NOW)
    assert made.path.is_file()
    assert made.path not in made.removed


def test_one_at_a_time_in_a_folder(address: str, copies: Path) -> None:
    copies.mkdir()
    holder = subprocess.Popen(["flock", str(copies), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        holder.stdin.write(b"!\n")
        holder.stdin.flush()
        holder.stdout.read(1)
        with pytest.raises(Unavailable, match="another backup"):
            back_up(address, copies, NOW)
    finally:
        holder.communicate()
    back_up(address, copies, NOW)


def at(day: datetime) -> Path:
    return Path(f"vigie-{stamp(day)}.db")


def kept(days: list[datetime]) -> list[datetime]:
    made: dict[Path, datetime] = {}
    for day in days:
        made[at(day)] = day
        for gone in to_remove(made):
            del made[gone]
    return sorted(made.values())


def test_a_year_of_daily_backups_keeps_days_weeks_and_months() -> None:
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    days = [start + timedelta(days=number) for number in range(500)]
    left = kept(days)
    assert left[-DAYS:] == days[-DAYS:]
    assert len({day.isocalendar()[:2] for day in left}) >= WEEKS
    months = [(day.year, day.month) for day in left]
    assert sorted(set(months)) == sorted({(day.year, day.month) for day in days})[-MONTHS:]
    assert len(left) <= DAYS + WEEKS + MONTHS


def test_nothing_is_removed_for_days_on_which_the_machine_was_off() -> None:
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    sparse = [start, start + timedelta(days=100), start + timedelta(days=101), start + timedelta(days=400)]
    assert kept(sparse) == sparse
    assert to_remove({}) == []


def test_of_one_day_the_last_stays() -> None:
    start = datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert kept([start + timedelta(hours=number) for number in range(12)]) == [start + timedelta(hours=11)]


def test_files_of_others_stay(address: str, copies: Path) -> None:
    copies.mkdir()
    for name in ("vigie.db", "vigie-holiday.db", "notes.txt", "vigie-20260101T000000Z.db.gz"):
        (copies / name).write_text("mine")
    for hour in range(3):
        back_up(address, copies, NOW + timedelta(hours=hour))
    assert {"vigie.db", "vigie-holiday.db", "notes.txt", "vigie-20260101T000000Z.db.gz"} < {path.name for path in copies.iterdir()}
    assert list(backups_in(copies).values()) == [NOW + timedelta(hours=2)]
    shutil.rmtree(copies)


# A backup in the place of a database: whole, marked before any program can use it, and never over what is in use.


KILLED_IN_RESTORE = """
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
def elsewhere(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Where to restore to: a database that is not there yet, or has nothing in it."""
    empty: str = f"sqlite:///{tmp_path / 'elsewhere.db'}" if url.startswith("sqlite") else request.getfixturevalue("empty_database")
    return empty


def test_a_round_trip(store: Store, url: str, elsewhere: str, tmp_path: Path, client_programs_in_path: None) -> None:
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


def test_a_copy_made_beside_a_writer_is_restored_over_it_once_it_has_ended(writer: str, tmp_path: Path) -> None:
    backup = back_up(writer, tmp_path / "copies", NOW).path
    restored = tmp_path / "other.db"
    done = restore(backup, f"sqlite:///{restored}", NOW)
    with open_store(f"sqlite:///{restored}") as store:
        decrees = store.decrees.recent(10_000)
        assert store.outbox.counts() == {name: {PostState.UNKNOWN: decrees.total} for name in ("m", "t")}
    assert done.sought == 2 * decrees.total > 0
    with pytest.raises(Locked, match="stop it first"):
        restore(backup, writer, NOW, replace=True)


def test_what_is_there_is_put_aside_where_that_is_wanted(address: str, copies: Path, tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    backup = back_up(address, copies, NOW).path
    with open_store(address) as store:
        record(store, 2)
        with pytest.raises(WouldReplace, match="--replace"):
            restore(backup, address, NOW)
        assert store.locks.take(LockName.WORK, "vigie poll")
        with pytest.raises(Locked, match=r"vigie poll.* works on the database"):
            restore(backup, address, NOW, replace=True)
    done = restore(backup, address, NOW, replace=True)
    assert done.aside is not None
    with open_store(address) as store:
        assert store.decrees.recent(9).total == 1
    assert whole_decrees(done.aside) == 2
    database.write_bytes(b"SQLite format 3\0 no more")
    second = restore(backup, address, NOW, replace=True)  # within the same second
    assert second.aside is not None
    assert second.aside.read_bytes() == b"SQLite format 3\0 no more"
    with open_store(address) as store:
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
            ended = zygote.run_script(KILLED_IN_RESTORE, str(backup), f"sqlite:///{database}", str(step), str(most)).code
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
def test_no_log_of_a_former_database_gets_into_the_restored_one(address: str, copies: Path, tmp_path: Path, log: str) -> None:
    """Somebody removed the damaged file and not what was beside it, or a restore was killed: SQLite would write it into the new one."""
    database = tmp_path / "vigie.db"
    backup = back_up(address, copies, NOW).path
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
    restore(backup, address, NOW)
    assert restored_decrees(database) == 1
    (aside,) = tmp_path.glob(f"vigie.db.*{log}")
    assert aside.read_bytes() == left


def test_what_is_no_backup_is_refused(address: str, copies: Path, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'other.db'}"
    backup = back_up(address, copies, NOW).path
    backup.write_bytes(backup.read_bytes()[:-4096])
    with pytest.raises(Corrupt, match="not as it was written"):
        restore(backup, target, NOW)
    other = tmp_path / "shopping.db"
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("CREATE TABLE list (what)")
    with pytest.raises(WrongSchema, match=r"shopping\.db holds tables of another program"):
        restore(other, target, NOW)
    another = back_up(address, tmp_path / "later", NOW).path
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


# From a SQLite file to a real PostgreSQL server: everything, once, whatever kills it on the way.


KILLED_ON_THE_WAY = """
import os, signal, sys
from bot.storage.transfer import move
def on_rows(name, there, of):
    if name == "decrees":
        os.kill(os.getpid(), signal.SIGKILL)
move(sys.argv[1], sys.argv[2], on_rows)
"""


def silent(_name: str, _there: int, _of: int) -> None:
    """Show nothing."""


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A database with a row of each kind, and some decrees that can be searched."""
    url = f"sqlite:///{tmp_path / 'vigie.db'}"
    with open_store(url) as store, store.database.writing() as connection:
        fill(connection)
        connection.execute(update(notices).values(state=NoticeState.SENT))
        connection.execute(update(followers).values(mode=min(FollowMode)))
    with open_store(url) as store:
        for number in range(1, 4):
            record(store, number)
    return url


def everything(store: Store) -> dict[str, list[dict[str, object]]]:
    """All rows, as the program reads them, but for what each kind of database keeps in its own way."""
    own = {"act_numbers", "decree_revision", "act_terms"}
    with store.database.reading() as connection:
        return {
            table.name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)
            for table in metadata.sorted_tables
            if table.name not in own
        }


def copied(source: str) -> str:
    """A copy: the file itself is opened no more once it was moved."""
    file = source.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as before, closing(sqlite3.connect(f"{file}.copy")) as copy:
        before.backup(copy)
    return f"{source}.copy"


def same(source: str, target: str) -> None:
    with open_store(source) as before, open_store(target) as after:
        assert everything(after) == everything(before)
        assert after.decrees.search("prefet", 1).total == before.decrees.search("prefet", 1).total >= 3
        for store in (before, after):
            record(store, 99)
        newest = [max(post.id for post in store.posts.listed(states=tuple(PostState))) for store in (before, after)]
        assert newest[0] == newest[1]
        acts = [
            store.database.value(select(metadata.tables["acts"].c.id).order_by(metadata.tables["acts"].c.id.desc()))
            for store in (before, after)
        ]
        assert acts[0] == acts[1], "no number is given twice"


def test_all_of_it_is_there(source: str, empty_database: str) -> None:
    told: dict[str, tuple[int, int]] = {}
    before = copied(source)
    tables = move(source, empty_database, lambda name, there, of: told.__setitem__(name, (there, of)))
    assert told == {name: (rows, rows) for name, rows in tables.items()}
    assert tables["decrees"] == 9
    assert set(tables) == set(metadata.tables) - {"act_numbers", "decree_revision"}
    assert [name for name, rows in tables.items() if not rows] == ["decree_operators"]
    same(before, empty_database)
    with pytest.raises(StorageError, match="has tables of Vigie already"):
        move(before, empty_database, silent)
    for read_only in (True, False):
        with pytest.raises(WrongSchema, match=r"carried over to PostgreSQL \(vigie move\): name that one in database.url") as caught:
            open_store(source, read_only=read_only)
        assert caught.value.is_lasting


def test_killed_on_the_way_it_leaves_nothing_and_begins_anew(source: str, empty_database: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_ON_THE_WAY, source, empty_database], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").fetchone() == (0,)
    before = copied(source)
    move(source, empty_database, silent)
    same(before, empty_database)


def test_nothing_is_done_while_a_program_works(source: str, empty_database: str) -> None:
    with open_store(source) as store:
        assert store.locks.take(LockName.RUN, "vigie run")
        with pytest.raises(Locked, match=r"vigie run.* works on the database"):
            move(source, empty_database, silent)


def test_only_to_postgresql(source: str) -> None:
    with pytest.raises(StorageError, match="only to PostgreSQL"):
        move(source, source, silent)
