"""From a SQLite file to a real PostgreSQL server: everything, once, whatever kills it on the way."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, update

from bot.domain.posts import FollowMode, NoticeState, PostState
from bot.storage.errors import Locked, StorageError, WrongSchema
from bot.storage.locks import LockName
from bot.storage.schema import followers, metadata, notices
from bot.storage.store import Store, open_store
from bot.storage.transfer import move
from tests.bot.storage.every_row import fill
from tests.bot.storage.test_power_cut import record

KILLED = """
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
    done = subprocess.run([sys.executable, "-c", KILLED, source, empty_database], check=False, timeout=120)
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
