"""What one process at a time may be, on a file and on a server."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app.instance import run_alone
from bot.storage.errors import DiskFull, NotWritable, StorageError, Unavailable
from bot.storage.locks import LockName, WorkRequest
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, at_once
from tests.present import present
from tests.processes import Forked, Zygote

pytestmark = pytest.mark.postgresql

RUN, WORK = LockName

HOLDER = """
import signal, sys
from bot.storage.locks import LockName
from bot.storage.store import open_store
store = open_store(sys.argv[1])
assert store.locks.take(LockName.WORK, "vigie poll")
print("taken", flush=True)
signal.pause()
"""

CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'vigie run|%'"""
"""The server is other tests' too."""


@contextmanager
def holding(zygote: Zygote, url: str) -> Iterator[Forked]:
    """Another process, which holds a lock until it is ended."""
    with zygote.script(HOLDER, url) as (process, lines):
        assert lines.readline() == "taken\n"
        yield process


def test_one_at_a_time(opener: Callable[[], Store]) -> None:
    one, other = opener().locks, opener().locks
    assert one.holder(RUN) is None
    assert not one.is_ours(RUN)
    assert one.take(RUN, "vigie run")
    assert not one.take(RUN, "vigie run"), "it is held already"
    assert not other.take(RUN, "vigie run")
    assert other.take(WORK, "vigie poll"), "another lock"
    assert (one.is_ours(RUN), other.is_ours(RUN)) == (True, False)
    for store in (one, other):
        found = present(store.holder(RUN))
        assert (found.command, found.pid) == ("vigie run", os.getpid())
        assert str(found).startswith("vigie run on host ")
        assert re.search(rf", process {os.getpid()}, since 20\d\d-\d\d-\d\d \d\d:\d\d UTC$", str(found))
    other.release(RUN)
    assert not other.take(RUN, "vigie run"), "nobody gives up what is another's"
    one.release(RUN)
    assert one.holder(RUN) is None
    assert other.take(RUN, "vigie run")
    other.close()
    assert one.holder(WORK) is None


def test_whoever_may_only_read_sees_who_holds_it(url: str, store: Store) -> None:
    assert store.locks.take(RUN, "vigie run")
    with open_store(url, read_only=True) as reader:
        assert present(reader.locks.holder(RUN)).pid == os.getpid()
        assert reader.locks.holder(WORK) is None


def test_the_lock_of_a_killed_process_is_free_at_once(url: str, store: Store, zygote: Zygote) -> None:
    with holding(zygote, url) as process:
        assert not store.locks.take(WORK, "vigie run")
        found = present(store.locks.holder(WORK))
        assert (found.command, found.pid) == ("vigie poll", process.pid)
        process.send(signal.SIGKILL)
        process.wait(30)
        while not store.locks.take(WORK, "vigie run"):
            """A server sees a moment later that a connection was closed."""


def test_of_many_that_begin_at_once_one_has_it(opener: Callable[[], Store]) -> None:
    stores = [opener() for _ in range(4)]
    had = at_once(4, lambda number: stores[number].locks.take(RUN, "vigie run"))
    assert sorted(had) == [False, False, False, True]


def test_whoever_only_looks_keeps_nobody_from_taking_it(opener: Callable[[], Store]) -> None:
    one, other = opener().locks, opener().locks
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            other.holder(RUN)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(50):
            assert one.take(RUN, "vigie run")
            one.release(RUN)
    finally:
        done.set()
        looking.join(30)


def test_a_connection_that_is_cut_loses_its_lock_and_that_is_seen(opener: Callable[[], Store]) -> None:
    one, other = opener(), opener()
    if one.database.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connection")
    assert one.locks.take(WORK, "vigie run")
    with other.database.reading() as connection:
        assert connection.execute(text(CUT)).scalars().all() == [True]
    assert not one.locks.is_ours(WORK)
    while not other.locks.take(WORK, "vigie poll"):
        """The server is still closing it."""
    assert not one.locks.take(WORK, "vigie run")
    other.locks.release(WORK)
    assert one.locks.take(WORK, "vigie run"), "a new connection"


async def test_a_bot_whose_connection_is_cut_stops_until_it_has_its_lock_again(
    opener: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = opener(), opener()
    if one.database.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connection")
    monkeypatch.setattr("bot.app.instance.WATCH", 0.01)
    stop, begun, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work(ending: asyncio.Event) -> None:
        begun.set()
        await ending.wait()
        ended.set()

    running = asyncio.create_task(run_alone(one, lambda: NOW, stop, work, pause=0.01))
    async with asyncio.timeout(60):
        await begun.wait()
        begun.clear()
        with other.database.reading() as connection:
            assert connection.execute(text(CUT)).scalars().all() == [True, True], "one for each lock"
        await ended.wait()
        await begun.wait()
        assert other.locks.holder(WORK) is not None
        stop.set()
        await running


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.ENOLCK, Unavailable)])
def test_a_lock_file_that_cannot_be_written_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[StorageError]
) -> None:
    def full(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as store:
        monkeypatch.setattr("bot.storage.locks.os.pwrite", full)
        with pytest.raises(kind, match="the disk is full" if kind is DiskFull else "file locks"):
            store.locks.take(WORK, "vigie run")


def test_schemas_of_one_database_have_locks_of_their_own(url: str, store: Store) -> None:
    if store.database.engine.dialect.name == "sqlite":
        pytest.skip("a file has no schemas")
    with store.database.writing() as connection:
        connection.execute(text("CREATE SCHEMA other"))
    try:
        with open_store(f"{url}&options=-csearch_path%3Dother") as other:
            assert store.locks.take(RUN, "vigie run")
            assert other.locks.holder(RUN) is None
            assert other.locks.take(RUN, "vigie run")
    finally:
        with store.database.writing() as connection:
            connection.execute(text("DROP SCHEMA other CASCADE"))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as store:
        yield store


def test_a_lock_file_that_was_removed_is_a_lock_that_was_lost(file: Store, tmp_path: Path) -> None:
    assert file.locks.take(RUN, "vigie run")
    (tmp_path / "vigie.db.run.lock").unlink()
    assert not file.locks.is_ours(RUN)
    file.locks.release(RUN)
    assert file.locks.take(RUN, "vigie run")


def test_a_database_that_was_moved_or_replaced_is_a_lock_that_was_lost(file: Store, tmp_path: Path) -> None:
    database, away = tmp_path / "vigie.db", tmp_path / "away.db"
    assert file.locks.take(RUN, "vigie run")
    database.rename(away)
    assert not file.locks.is_ours(RUN)
    file.locks.release(RUN)
    for replacement in (None, "another one"):
        if replacement is not None:
            database.write_text(replacement)
        with pytest.raises(Unavailable, match="removed, moved or replaced while this process had it open"):
            file.locks.take(RUN, "vigie run")
    away.rename(database)
    assert file.locks.take(RUN, "vigie run")
    assert file.locks.is_ours(RUN)


def test_a_database_that_cannot_be_looked_at_is_not_told_as_moved(file: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = Path.stat

    def refuse(path: Path) -> os.stat_result:
        if path == tmp_path / "vigie.db":
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return stat(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refuse)
        with pytest.raises(Unavailable, match=r"vigie.db.run.lock cannot be used: Stale file handle"):
            file.locks.take(RUN, "vigie run")
    assert file.locks.take(RUN, "vigie run")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refuse)
        assert not file.locks.is_ours(RUN)
    assert file.locks.is_ours(RUN)


def test_whatever_the_file_says_its_lock_counts(file: Store, tmp_path: Path) -> None:
    path = tmp_path / "vigie.db.run.lock"
    path.write_text('{"command": "vigie run", "host": "h", "pid": 1, "since": ""}')
    assert file.locks.holder(RUN) is None, "left by a process that is gone"
    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as other:
        assert other.locks.take(RUN, "vigie run")
        for content in ("", "{", "[1]", '{"pid": 1, "more": 2}'):
            path.write_text(content)
            assert str(file.locks.holder(RUN)) == "another program"


@pytest.mark.parametrize(("number", "error"), [(errno.ENOLCK, Unavailable), (errno.EOPNOTSUPP, Unavailable), (errno.EACCES, NotWritable)])
def test_a_file_system_without_locks_is_told(file: Store, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(error, match=r"the lock file .*vigie.db.run.lock cannot be used"):
        file.locks.take(RUN, "vigie run")


def test_a_database_in_memory_needs_none() -> None:
    with open_store("sqlite://") as store:
        assert store.locks.take(RUN, "vigie run")
        assert store.locks.is_ours(RUN)
        assert store.locks.holder(RUN) is None
        store.locks.release(RUN)


# Work that is handed from one process to another.


@pytest.mark.postgresql
def test_a_request_from_its_making_to_its_answer(store: Store) -> None:
    requests = store.requests
    first = requests.add("poll", {"codes": ["26"]})
    second = requests.add("backfill", {"since": "2026-01-01", "limit": None})
    assert {request.id: request for request in requests.unanswered()} == {
        first: WorkRequest(first, "poll", {"codes": ["26"]}),
        second: WorkRequest(second, "backfill", {"since": "2026-01-01", "limit": None}),
    }
    requests.report(first, "1/2 sources")
    assert requests.get(first) == WorkRequest(first, "poll", {"codes": ["26"]}, "1/2 sources")
    requests.answer(first, {})
    assert [one.id for one in requests.unanswered()] == [second]
    assert present(requests.get(first)).result == {}, "an answer, if an empty one"
    requests.remove(first)
    assert requests.get(first) is None
    assert requests.add("poll", {}) not in {first, second}
    # Nobody waits any more.
    requests.report(first, "2/2 sources")
    requests.answer(first, {"lines": []})
    requests.clear()
    assert (requests.get(first), requests.get(second), requests.unanswered()) == (None, None, [])


def test_a_result_that_nobody_has_read_yet_stays_when_another_process_begins(store: Store) -> None:
    requests = store.requests
    done, open_ = requests.add("poll", {"codes": ["26"]}), requests.add("poll", {"codes": ["38"]})
    requests.answer(done, {"by": "poll"})
    requests.clear()
    assert present(requests.get(done)).result == {"by": "poll"}
    assert requests.get(open_) is None
