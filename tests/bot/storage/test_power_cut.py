"""The machine fails under the database: the power is cut while it is written, its last writes are cut short, its disk fills up."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.acts import Outcome
from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.processes import Zygote

WRITER = """
import itertools, sys
from bot.storage.store import open_store
from tests.bot.storage.test_power_cut import record
with open_store(sys.argv[1]) as store:
    for number in itertools.count(1):
        record(store, number)
        print(number, flush=True)
"""


def record(store: Store, number: int) -> None:
    """One decree with its two posts, in a recueil that may be known already."""
    name = f"r{number}"
    recueil = next((one for one in store.recueils.due(NOW) if one.title == f"RAA {name}"), None) or one_recueil(store, name)
    store.recordings.record(result_of(recueil, act(f"D{number}")), to("t", "m"), NOW)


def whole_decrees(database: Path) -> int:
    """How many decrees there are. Fails unless the file is sound, they are the first ones, and each has all that belongs to it."""
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    with open_store(f"sqlite:///{database}") as store:
        titles = sorted((decree.title for decree in store.decrees.recent(10_000).decrees), key=lambda title: int(title[1:]))
        assert titles == [f"D{number}" for number in range(1, len(titles) + 1)]
        expected = {PostState.PENDING: len(titles)} if titles else None
        assert store.outbox.counts() == ({"m": expected, "t": expected} if expected else {})
        assert store.decrees.search("prefet", 1).total == len(titles)
    return len(titles)


def copied(database: Path, name: str) -> Path:
    copy = database.with_name(name)
    shutil.copy(database, copy)
    shutil.copy(f"{database}-wal", f"{copy}-wal")
    return copy


def test_a_power_cut_while_writing_leaves_whole_decrees(tmp_path: Path, zygote: Zygote) -> None:
    database = tmp_path / "vigie.db"
    with open_store(f"sqlite:///{database}"):
        pass
    with zygote.script(WRITER, f"sqlite:///{database}") as (writer, lines):
        told = [int(lines.readline()) for _ in range(6)]
        writer.send(signal.SIGKILL)
        told += [int(line) for line in lines if line.endswith("\n")]
    log = Path(f"{database}-wal").read_bytes()
    # Said to be recorded, so there; at most one more was recorded without a word.
    assert whole_decrees(copied(database, "killed.db")) - told[-1] in {0, 1}

    # A disk that lost the end of what was written, wherever it was cut: whole decrees, fewer the more is missing.
    left = []
    for part in range(12):
        copy = copied(database, f"cut-{part}.db")
        Path(f"{copy}-wal").write_bytes(log[: len(log) * part // 12 + part * 7])
        left.append(whole_decrees(copy))
    assert left == sorted(left)
    assert left[0] == 0
    assert len(Counter(left)) > 4, "the cuts fall between several decrees"

    # Or wrote rubbish there.
    copy = copied(database, "rubbish.db")
    Path(f"{copy}-wal").write_bytes(log[: len(log) // 2] + bytes(byte ^ 0x5A for byte in log[len(log) // 2 :]))
    assert 0 < whole_decrees(copy) < told[-1]


FILLER = """
import json, os, resource, sys
from bot.storage.errors import DiskFull
from bot.storage.store import open_store
from tests.bot.storage.test_power_cut import record
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
with open_store(sys.argv[1]) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), hard))
    number, error = 0, None
    while error is None and number < 500:
        try:
            record(store, number + 1)
            number += 1
        except DiskFull as full:
            error = str(full)
    seen = store.decrees.recent(1).total
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    # The same decree again: nothing of it was left behind.
    record(store, number + 1)
print(json.dumps({"recorded": number, "seen": seen, "error": error}))
"""


def test_a_disk_that_fills_up_keeps_what_was_recorded_and_takes_the_rest_once_there_is_room(tmp_path: Path, zygote: Zygote) -> None:
    database = tmp_path / "vigie.db"
    with open_store(f"sqlite:///{database}"):
        pass
    room = str(database.stat().st_size + 150_000)
    run = zygote.run_script(FILLER, f"sqlite:///{database}", room)
    assert run.code == 0, run.err
    told = run.json
    assert told["error"] is not None
    assert "vigie.db" in told["error"]
    assert told["recorded"] == told["seen"] > 0
    assert whole_decrees(database) == told["recorded"] + 1


@pytest.mark.parametrize("what", ["", "-wal", "-shm"])
def test_an_empty_file_in_place_of_one_of_its_files_is_no_decree_twice(tmp_path: Path, what: str) -> None:
    """After some power cuts a file system leaves files without content. Whatever is lost was never half there."""
    database = tmp_path / "vigie.db"
    with open_store(f"sqlite:///{database}") as store:
        record(store, 1)
        copy = copied(database, "after.db")
        shutil.copy(f"{database}-shm", f"{copy}-shm")
    Path(f"{copy}{what}").write_bytes(b"")
    if what == "":
        # Nothing can be known of it: a new database, into which the log of the old one is not mixed.
        Path(f"{copy}-wal").unlink()
    assert whole_decrees(copy) == (1 if what == "-shm" else 0)


# `kill -9` between every two statements of a recording, and in the middle of a send.


# One process without threads that forks: starting an interpreter for every statement would take minutes. A statement that only reads leaves
# what the one before has left.
KILLER = """
import json, os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import event
from bot.storage.store import open_store
from tests.bot.storage import test_power_cut

origin, folder, work = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
NAME = origin.name

def put_origin():
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    shutil.copy(origin, work / NAME)

put_origin()
# Opened once, and all its statements compiled. No connection is open when it forks.
store = open_store(f"sqlite:///{work / NAME}")
test_power_cut.second_reading(store)
store.database.engine.dispose()
ends = []
while True:
    step = len(ends)
    put_origin()
    child = os.fork()
    if child == 0:
        seen = 0
        def count():
            global seen
            seen += 1
            if seen > step:
                os.kill(os.getpid(), signal.SIGKILL)
        def count_writes(_connection, _cursor, statement, *_):
            if not statement.startswith("SELECT"):
                count()
        event.listen(store.database.engine, "after_cursor_execute", count_writes)
        event.listen(store.database.engine, "commit", lambda _: count())
        test_power_cut.second_reading(store)
        os._exit(0)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    work.rename(folder / f"{step}")
    if ends[-1] != -signal.SIGKILL:
        break
print(json.dumps(ends))
"""


def second_reading(store: Store) -> None:
    (recueil,) = store.recueils.due(NOW)
    judged = (act("A", first=3), act("B", first=4), act("C", first=5, outcome=Outcome.UNCERTAIN))
    store.recordings.record(result_of(recueil, *judged), to("t", "m"), NOW)


def test_killed_at_any_moment_a_recording_is_whole_or_absent_and_can_be_done_again(tmp_path: Path, zygote: Zygote) -> None:
    origin, copies = tmp_path / "origin.db", tmp_path / "copies"
    copies.mkdir()
    with open_store(f"sqlite:///{origin}") as store:
        recueil = one_recueil(store)
        store.recordings.record(result_of(recueil, act("A", first=3), unreadable=(4,), next_try_at=NOW), to("t", "m"), NOW)
    run = zygote.run_script(KILLER, str(origin), str(copies), str(tmp_path / "work"))
    assert run.code == 0, run.err
    ends = run.json
    assert ends[-1] == 0
    assert set(ends[:-1]) == {-signal.SIGKILL}
    assert len(ends) > 15, "a recording takes more statements than that"

    states = set()
    for step in range(len(ends)):
        with open_store(f"sqlite:///{copies / str(step) / origin.name}") as store:
            before = (
                store.recueils.get(recueil.id).state,
                [one.title for one in store.decrees.acts_of(recueil.id)],
                sorted(decree.title for decree in store.decrees.recent(10).decrees),
                len(store.reviews.waiting(10)),
                store.outbox.counts(),
                store.decrees.search("prefet", 10).total,
            )
            states.add(repr(before))
            if store.recueils.get(recueil.id).state is RecueilState.INCOMPLETE:
                second_reading(store)
            assert store.recueils.get(recueil.id).state is RecueilState.READ
            assert sorted(decree.title for decree in store.decrees.recent(10).decrees) == ["A", "B"]
            assert store.outbox.counts() == {"m": {PostState.PENDING: 2}, "t": {PostState.PENDING: 2}}
            assert store.decrees.search("prefet", 10).total == 2
    assert len(states) == 2, "as before, or as after: nothing in between"
