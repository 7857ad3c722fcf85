from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event, insert, select, text

from bot.domain.acts import Facts, Kind, Moment, Outcome, Reference
from bot.domain.records import RecueilState, SourceState
from bot.storage.database import in_memory, masked, parse_url, written
from bot.storage.errors import BadUrl, Conflict, Corrupt, DiskFull, Locked, NotWritable, StorageError, Unavailable, WrongSchema
from bot.storage.schema import search_rules
from bot.storage.store import Store, open_store, rehearsal_store
from tests.bot.storage.building import NOW, act, new_recueil, one_recueil, result_of, to
from tests.bot.storage.finding import found, stored

pytestmark = pytest.mark.postgresql

NOBODY = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vigie.db"


def at(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter: pytest's are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="vigie-open-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Permissions mean nothing to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.usefixtures("laid_out")
def test_the_file_is_made_and_its_folder_is_not(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "vigie.db"
    with pytest.raises(Unavailable, match=r"the folder of the database sqlite:///.* does not exist: create it first") as caught:
        open_store(at(file))
    assert caught.value.is_lasting
    assert not file.parent.exists()
    file.parent.mkdir()
    open_store(at(file)).close()
    assert file.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.usefixtures("laid_out")
def test_a_new_file_is_for_its_owner_only_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "vigie.db"
    with open_store(at(file)):
        assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == dict.fromkeys(
            ("vigie.db", "vigie.db-wal", "vigie.db-shm"), 0o600
        )
    file.chmod(0o640)
    open_store(at(file)).close()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_folder_that_cannot_be_written_is_told(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with (
        without_privileges(),
        pytest.raises(Unavailable, match="cannot be opened: check that its folder exists"),
    ):
        open_store(at(open_folder / "vigie.db"))


def test_a_file_that_cannot_be_written_is_told_and_can_still_be_read(open_folder: Path) -> None:
    file = open_folder / "vigie.db"
    with open_store(at(file)) as store:
        one_recueil(store)
    file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    open_folder.chmod(0o777)
    with without_privileges():
        with pytest.raises(NotWritable, match="check the permissions of the file and of its folder"):
            open_store(at(file))
        with open_store(at(file), read_only=True) as store:
            assert len(store.recueils.due(NOW)) == 1


@pytest.mark.parametrize("content", [b"not a database at all, but long " * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_told_and_left_alone(file: Path, content: bytes, read_only: bool) -> None:
    file.write_bytes(content)
    with pytest.raises(Corrupt, match=r"sqlite:///.*/vigie\.db is"):
        open_store(at(file), read_only=read_only)
    assert file.read_bytes() == content


def test_a_damaged_page_is_told_when_it_is_met(file: Path) -> None:
    with open_store(at(file)) as store:
        store.recueils.add([new_recueil(str(number)) for number in range(3000)], NOW)
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    file.write_bytes(content)
    with open_store(at(file), read_only=True) as store, pytest.raises(Corrupt, match="restore a backup"):
        store.recueils.due(NOW)


def test_a_database_of_another_program_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE bookmarks (id INTEGER)")
    other.close()
    with pytest.raises(WrongSchema, match=r"another program \(bookmarks\)"):
        open_store(at(file))


def test_a_lock_that_lasts_is_told_and_nothing_was_written(file: Path) -> None:
    with open_store(at(file), busy_timeout=0.05) as store:
        recueil = one_recueil(store)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match=r"vigie\.db is locked by another process; try again later"):
            store.recordings.record(result_of(recueil, act("A")), to("t"), NOW)
        assert store.recueils.get(recueil.id) == recueil, "readers are not kept out"
        other.execute("ROLLBACK")
        other.close()
        assert len(store.recordings.record(result_of(recueil, act("A")), to("t"), NOW).posts) == 1


def test_a_lock_that_ends_is_waited_for(file: Path) -> None:
    with open_store(at(file)) as store:
        other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        asked = threading.Event()

        @event.listens_for(store.database.engine, "before_cursor_execute")
        def _(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement == "BEGIN IMMEDIATE":
                asked.set()

        def let_go() -> None:
            asked.wait(60)
            other.execute("COMMIT")

        helper = threading.Thread(target=let_go)
        helper.start()
        assert one_recueil(store).id == 1
        helper.join(30)
        other.close()


@pytest.mark.parametrize("begun", [True, False], ids=["in use", "begun later"])
def test_a_connection_that_outlives_the_store_is_released_when_it_comes_back(file: Path, begun: bool) -> None:
    """A program told to stop closes its store while a thread may still be in a transaction."""
    store = open_store(at(file))
    opened, closed = threading.Event(), threading.Event()
    released: list[object] = []
    event.listen(store.database.engine, "close", lambda connection, _record: released.append(connection))

    def use() -> None:
        if not begun:
            closed.wait(60)
        with store.database.reading() as connection:
            opened.set()
            closed.wait(60)
            assert connection.scalar(text("SELECT 1")) == 1

    helper = threading.Thread(target=use)
    helper.start()
    if begun:
        assert opened.wait(60)
    store.close()
    before = len(released)
    closed.set()
    helper.join(30)
    assert len(released) == before + 1


def test_a_full_disk_is_told_and_nothing_is_half_written(file: Path) -> None:
    with open_store(at(file)) as store:
        recueil = one_recueil(store)
        store.database.close()

        @event.listens_for(store.database.engine, "connect")
        def _(connection: sqlite3.Connection, _record: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 4}")

        # Words that no compression makes small.
        huge = act("A", text=" ".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(20_000)))
        with pytest.raises(DiskFull, match="the disk is full"):
            store.recordings.record(result_of(recueil, huge), to("t"), NOW)
        assert store.recueils.get(recueil.id) == recueil
        assert store.decrees.recent(1).total == 0
        assert store.outbox.counts() == {}


def test_a_store_can_be_read_while_another_writes(file: Path) -> None:
    with open_store(at(file)) as store:
        recueil = one_recueil(store)
        with store.database.writing() as connection:
            connection.execute(text("UPDATE recueils SET title = 'changed'"))
            assert store.recueils.get(recueil.id).title == recueil.title
        assert store.recueils.get(recueil.id).title == "changed"


def test_a_time_without_a_zone_is_an_error(store: Store) -> None:
    with pytest.raises(StorageError, match="a time without a zone cannot be stored"):
        store.recueils.add([new_recueil()], NOW.replace(tzinfo=None))


def test_read_only_reads_what_is_there_and_refuses_to_write(url: str, opener: Callable[[], Store]) -> None:
    recueil = one_recueil(opener())
    with open_store(url, read_only=True) as store:
        assert store.recueils.get(recueil.id) == recueil
        for write in (
            lambda: store.recueils.add([new_recueil("b")], NOW),
            lambda: store.recordings.record(result_of(recueil, act("A")), to("t"), NOW),
            lambda: store.outbox.claim("t", NOW),
        ):
            with pytest.raises(NotWritable, match="was opened read-only"):
                write()
        with pytest.raises(NotWritable), store.database.reading() as connection:
            connection.execute(text("DELETE FROM recueils"))


def test_read_only_without_a_database_is_empty_and_leaves_no_trace(tmp_path: Path) -> None:
    with open_store(at(tmp_path / "absent" / "vigie.db"), read_only=True) as store:
        assert store.recueils.unseen("26", ["u"]) == {"u"}
        assert store.decrees.search("camera", 1).total == 0
        with pytest.raises(NotWritable):
            one_recueil(store)
    assert list(tmp_path.iterdir()) == []


def test_read_only_on_a_database_without_tables_makes_none(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    with open_store(url, read_only=True) as store:
        assert store.decrees.recent(1).total == 0
    with open_store(url, read_only=True) as store:
        assert store.decrees.recent(1).total == 0
    with open_store(url) as store:
        assert one_recueil(store).id == 1


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    with pytest.raises(Unavailable) as raised:
        open_store("postgresql://vigie:s3cret@127.0.0.1:1/vigie")
    shown = str(raised.value)
    assert "postgresql+psycopg://vigie:***@127.0.0.1:1/vigie cannot be used" in shown
    assert "s3cret" not in shown


def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Unavailable, match=r"needs the PostgreSQL driver: pip install 'vigie-vsa\[postgres\]'"):
        open_store("postgresql://vigie@127.0.0.1:1/vigie")


def test_a_database_that_does_not_exist_is_told(server: str) -> None:
    with pytest.raises(Unavailable, match='database "absent" does not exist'):
        open_store(server.format(database="absent"))


@pytest.mark.parametrize(
    ("text", "driver", "database"),
    [
        ("sqlite:///vigie.db", "sqlite", "vigie.db"),
        ("sqlite:////var/lib/vigie/vigie.db", "sqlite", "/var/lib/vigie/vigie.db"),
        (" sqlite+pysqlite:///vigie.db\n", "sqlite", "vigie.db"),
        ("sqlite://", "sqlite", ":memory:"),
        ("sqlite:///:memory:", "sqlite", ":memory:"),
        ("postgresql://u:p@host/vigie", "postgresql+psycopg", "vigie"),
        ("postgres://u@host/vigie", "postgresql+psycopg", "vigie"),
        ("postgresql+psycopg://u@/vigie?host=/run/postgresql", "postgresql+psycopg", "vigie"),
    ],
)
def test_what_is_accepted(text: str, driver: str, database: str) -> None:
    url = parse_url(text)
    assert (url.drivername, url.database) == (driver, database)
    assert in_memory(url) is (database == ":memory:")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a database address"),
        ("vigie.db", "not a database address"),
        ("mysql://root:s3cret@host/vigie", "only sqlite and postgresql"),
        ("sqlite://vigie.db", "three slashes"),
        ("sqlite:///vigie.db?mode=ro", "no options"),
        ("postgresql://u:s3cret@host:port/vigie", "not a database address"),
        ("postgresql://u:s3cret@s3cret@host/vigie", "write it as %40"),
        ("u:s3cret@host/vigie", "not a database address"),
        ("postgresql+asyncpg://u:s3cret@host/vigie", "only sqlite and postgresql"),
    ],
)
def test_what_is_not_says_why_and_keeps_the_password(text: str, words: str) -> None:
    with pytest.raises(BadUrl, match=words) as raised:
        parse_url(text)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


@given(st.text(alphabet="s3cret@:/?#%&= ", min_size=1))
def test_no_password_is_ever_shown(rest: str) -> None:
    secret = f"HIDDEN{rest}HIDDEN"
    try:
        shown = masked(parse_url(f"postgresql://user:{secret}@host/vigie"))
    except BadUrl as error:
        shown = str(error)
    assert "HIDDEN" not in shown


# A transaction that met another program's begins again, and leaves nothing of the try before.


def writes(version: str, *troubles: StorageError) -> Callable[[Connection], str]:
    """Work that adds a row, and then meets each of these troubles once."""
    left = list(troubles)

    def work(connection: Connection) -> str:
        connection.execute(insert(search_rules), {"version": version})
        if left:
            raise left.pop(0)
        return version

    return work


def versions(store: Store) -> list[str]:
    with store.database.reading() as connection:
        return [one for one in connection.execute(select(search_rules.c.version)).scalars() if one.startswith("test")]


@pytest.mark.parametrize(("troubles", "raised"), [([Conflict("again")] * 5, Conflict), ([Locked("busy")], Locked)])
def test_what_goes_on_failing_is_told_and_leaves_nothing(store: Store, troubles: list[StorageError], raised: type[StorageError]) -> None:
    with pytest.raises(raised, match=str(troubles[0])):
        written(store.database, writes("test", *troubles))
    assert versions(store) == []


def test_a_key_that_another_has_taken_is_a_conflict_each_time(store: Store) -> None:
    written(store.database, writes("test"))
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(insert(search_rules), {"version": "test"})

    with pytest.raises(Conflict):
        written(store.database, work)
    assert (len(tries), versions(store)) == (5, ["test"])


# A rehearsal knows what the real store knows, and leaves it as it was.


LATER = NOW + timedelta(hours=1)
FACTS = Facts(number="2024-493", signed=NOW.date(), starts=Moment(NOW.date()), operators=("SNCF",), cameras=12)
TRAIL = SourceState("26:site", trail='{"way": 1}', baseline_at=NOW, next_check_at=LATER, failures=2, error="refused")


@pytest.fixture
def real(store: Store) -> Store:
    """A decree of 26 that was posted, one of 83 first seen there, a recueil of each still to be read, and their trails."""
    for authority in ("26", "83"):
        recueil = one_recueil(store, "read", authority=authority)
        store.recordings.record(result_of(recueil, act(f"Decree of {authority}", facts=FACTS)), to("t"), NOW)
        store.recueils.add([new_recueil("waiting", authority=authority)], NOW)
        store.sources.save(replace(TRAIL, key=f"{authority}:site"))
    return store


@pytest.fixture
def stage(real: Store, url: str) -> Iterator[Store]:
    with rehearsal_store(url, ["26"]) as copy:
        yield copy


def test_it_knows_the_trail_and_the_recueils_of_what_is_watched(real: Store, stage: Store) -> None:
    assert stage.sources.all() == [TRAIL]
    assert stage.recueils.counts()["26"] == real.recueils.counts()["26"]
    known = [new_recueil(name).url for name in ("read", "waiting")]
    assert stage.recueils.unseen("26", [*known, "https://prefecture.example/26/new.pdf"]) == {"https://prefecture.example/26/new.pdf"}
    assert stage.recueils.due(LATER, {"26"}) == real.recueils.due(LATER, {"26"})
    assert stage.recueils.due(LATER, {"83"}) == []


def test_it_knows_every_decree_wherever_it_was_first_seen(real: Store, stage: Store) -> None:
    assert stage.decrees.recent(10) == real.decrees.recent(10)
    (again,) = stage.recueils.add([new_recueil("republished")], LATER)
    recorded = stage.recordings.record(result_of(again, act("Decree of 83", facts=FACTS)), to("t"), LATER)
    assert recorded.decrees == ()
    assert recorded.posts == ()


def test_what_is_new_is_new_there_and_nowhere_else(real: Store, stage: Store) -> None:
    before = real.decrees.recent(10), real.recueils.counts(), real.outbox.counts(), real.sources.all()
    (waiting,) = stage.recueils.due(LATER, {"26"})
    recorded = stage.recordings.record(result_of(waiting, act("New decree")), to("t"), LATER)
    stage.sources.save(SourceState("26:site"))
    assert [decree.title for decree in recorded.decrees] == ["New decree"]
    assert len(recorded.posts) == 1
    assert (real.decrees.recent(10), real.recueils.counts(), real.outbox.counts(), real.sources.all()) == before


def test_no_post_is_copied(real: Store, stage: Store) -> None:
    assert real.outbox.counts() != {}
    assert stage.outbox.counts() == {}


def test_a_decree_read_again_is_recognised_by_its_place(store: Store, url: str) -> None:
    """As in the real store: its text has changed, and with it its keys, but not its pages."""
    recueil = one_recueil(store)
    half_read = result_of(recueil, act("Half read", first=3, last=5), unreadable=(4,), next_try_at=LATER)
    (known,) = store.recordings.record(half_read, to("t"), NOW).decrees
    with rehearsal_store(url, ["26"]) as stage:
        (due,) = stage.recueils.due(LATER)
        assert due.state is RecueilState.INCOMPLETE
        recorded = stage.recordings.record(result_of(due, act("Wholly read", first=3, last=5)), to("t"), LATER)
        assert recorded.decrees == ()
        assert [decree.id for decree in stage.decrees.recent(10).decrees] == [known.id]


def test_without_a_database_it_is_a_first_run(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    with rehearsal_store(f"sqlite:///{file}", ["26"]) as stage:
        assert stage.sources.all() == []
        assert len(stage.recueils.add([new_recueil()], NOW)) == 1
    assert not file.exists()


def test_a_database_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be looked at " * 100, encoding="utf-8")
    with pytest.raises(StorageError):
        rehearsal_store(f"sqlite:///{file}", ["26"])


def test_it_knows_what_decrees_do_to_each_other_and_what_people_decided(store: Store, url: str) -> None:
    grant = found(store, Facts("2024-8", signed=NOW.date()), authority="83")
    end = found(store, Facts("2024-9", references=(Reference(Kind.ABROGATION, "2024-8"),)), Kind.ABROGATION, authority="83")
    doubtful = act("Arrêté douteux", outcome=Outcome.UNCERTAIN, act_id="26-2024-04-19-00001")
    store.recordings.record(result_of(one_recueil(store, "doubtful"), doubtful), to(), NOW)
    [review] = store.reviews.waiting(10)
    decision = store.reviews.reject(review.id, NOW, "cli").decision
    with rehearsal_store(url, ["26"]) as stage:
        assert stage.decrees.recent(10) == store.decrees.recent(10)
        assert [change.decree for change in stored(stage, grant).changed_by] == [end]
        assert stage.recordings.decided(["act:26-2024-04-19-00001"]) == {"act:26-2024-04-19-00001": decision}
