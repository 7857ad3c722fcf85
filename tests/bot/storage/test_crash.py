"""`kill -9` between every two statements of a recording, and in the middle of a send."""

from __future__ import annotations

import signal
from pathlib import Path

from bot.domain.acts import Outcome
from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.storage.outbox import SETTLE
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.processes import Zygote

# One process without threads that forks: starting an interpreter for every statement would take minutes. A statement that only reads leaves
# what the one before has left.
KILLER = """
import json, os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import event
from bot.storage.store import open_store
from tests.bot.storage import test_crash

origin, folder, work = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
NAME = origin.name

def put_origin():
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    shutil.copy(origin, work / NAME)

put_origin()
# Opened once, and all its statements compiled. No connection is open when it forks.
store = open_store(f"sqlite:///{work / NAME}")
test_crash.second_reading(store)
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
        test_crash.second_reading(store)
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


SENDER = """
import os, signal, sys
from bot.storage.store import Store, open_store
from tests.bot.storage.building import NOW
post = open_store(sys.argv[1]).outbox.claim("t", NOW)
print(post.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_while_sending_the_post_is_looked_for_and_not_sent_again(tmp_path: Path, zygote: Zygote) -> None:
    url = f"sqlite:///{tmp_path / 'vigie.db'}"
    with open_store(url) as store:
        store.recordings.record(result_of(one_recueil(store), act("A")), to("t"), NOW)
    run = zygote.run_script(SENDER, url)
    assert run.code == -signal.SIGKILL, run.err
    with open_store(url) as store:
        assert store.outbox.recover(NOW) == 1
        (post,) = store.outbox.unknown_due("t", NOW + SETTLE)
        assert (post.id, post.attempts, post.state) == (int(run.out), 1, PostState.UNKNOWN)
        assert store.outbox.claim("t", NOW + SETTLE) is None
