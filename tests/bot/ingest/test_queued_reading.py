"""Reading on other machines: real workers, on a real PostgreSQL, which are killed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from psycopg.errors import InternalError
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from bot.app import wiring
from bot.app.config.model import Settings
from bot.domain.acts import Reading
from bot.domain.records import Recueil, RecueilState
from bot.domain.tasks import ended
from bot.domain.text import PageText, TextOrigin
from bot.ingest.poller import Poller
from bot.ingest.queued_reading import LAYOUT, QueuedReading, ReadingWorker, open_jobs, reason, tries_again
from bot.ingest.reading_job import MOST_UNFINISHED, LocalReading, OpenedPdf, ReadingJob, ReadingTimeouts, WorkerSlot, WorkerSlots
from bot.reading.acts.cutting import assemble
from bot.reading.model import ActComplete, IsConcerned, PageRead, ReadingDone, ReadingEvent, Unreadable
from bot.storage.backup import back_up, file_digest, run_client
from bot.storage.database import Database, make_engine, parse_url
from bot.storage.errors import NotWritable, StorageError, Unavailable
from bot.storage.reading_queue import PIECE, PagesRead, ReadingEnd, ReadingQueue
from bot.storage.schema import acts, decrees
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority
from tests.bot.ingest.test_long_readings import root, scan_with_a_decree, soon, source, url
from tests.bot.ingest.test_poller import NOON, Site
from tests.bot.ingest.wired import make_poller
from tests.bot.reading.test_read_pdf import recueil
from tests.bot.storage.finding import posts_of
from tests.bot.storage.shared import SharedDatabase
from tests.present import present
from tests.processes import Forked, Zygote, clean_environ
from tests.servers.postgres import client_programs
from tests.sources.markup import download, page

CODES = ("97", "98", "99")
EACH = 4

WORKER = """
import asyncio, sys
from pathlib import Path
from tests.bot.ingest.test_queued_reading import work
asyncio.run(work(sys.argv[1], Path(sys.argv[2])))
"""


class PlainReader:
    """Reads files that are texts: a name, then pages, which are recognised one by one. One that is `slow` waits after its first page for
    the file `go`, one that is `poison` ends the whole process, one that is `early` says after its first page what it has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self, path: Path, *, known: Sequence[PageText], is_concerned: IsConcerned) -> AsyncGenerator[ReadingEvent, None]:
        name, *texts = _content(path).split("\f")
        print(f"{name} {len(known)}", flush=True)
        if "no room" in name:
            raise OSError("no room")
        if "broken" in name:
            raise Unreadable("the file is broken")
        # Of a page that is not recognised yet its running title is known, the last line.
        pages = [PageText(number, words.rpartition("\n")[2], TextOrigin.PENDING) for number, words in enumerate(texts, start=1)]
        for number, words in enumerate(texts, start=1):
            origin = TextOrigin.UNREADABLE if words == "?" else TextOrigin.OCR
            pages[number - 1] = PageText(number, "" if words == "?" else words, origin, seconds=0.5)
            yield PageRead(pages[number - 1], len(texts), number, len(texts), number)
            if number == 1 and "poison" in name:
                os.kill(os.getpid(), signal.SIGKILL)
            if number == 1 and "early" in name:
                yield ActComplete(assemble(pages))
            if number == 1 and ("slow" in name or "early" in name):
                while not (self._folder / "go").exists():  # noqa: ASYNC110 - of another process
                    await asyncio.sleep(0.05)
        yield ReadingDone(assemble(pages))


def _content(path: Path) -> str:
    return path.read_text()


async def work(address: str, folder: Path) -> None:
    """Be a worker, in a process of its own, until killed."""
    with open_store(address) as store:
        async with worker(store, PlainReader(folder)) as one:
            await one.run()


class QuickWorker(ReadingWorker):
    heartbeat, silence, takeover = 0.2, 2.0, "* * * * * *"


@asynccontextmanager
async def worker(store: Store, read: PlainReader) -> AsyncIterator[ReadingWorker]:
    queue = ReadingQueue(store.database)
    pace = ReadingTimeouts(checkpoint=0.05)
    async with open_jobs(store.database.engine.url, queue) as jobs:
        yield QuickWorker(queue, jobs, ReadingJob(LocalReading(read, store, lambda: NOON, pace), store), 1)


@asynccontextmanager
async def queueing(store: Store) -> AsyncIterator[QueuedReading]:
    queue = ReadingQueue(store.database)
    async with open_jobs(store.database.engine.url, queue) as jobs:
        queued = QueuedReading(queue, jobs)
        watching = asyncio.create_task(queued.watch())
        try:
            yield queued
        finally:
            await ended([watching])


@asynccontextmanager
async def polling(store: Store, sites: Site) -> AsyncIterator[Poller]:
    """The process that polls, and queues what it finds."""
    async with queueing(store) as queued:
        authorities = {code: Authority(code, f"Préfecture {code}", code, "Europe/Paris", (source(code),)) for code in CODES}
        poller = make_poller(authorities, sites, PlainReader(Path()), store, lambda: NOON, queued=queued)
        try:
            yield poller
        finally:
            await poller.stop()


@pytest.fixture
def address(shared: SharedDatabase) -> Iterator[str]:
    yield shared.ready()
    shared.empty()
    shared.drop_queue()


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with open_store(address) as opened:
        yield opened


def publish(sites: Site, code: str, *names: str, pages: int = 3) -> None:
    """Publish recueils of these names, each with a decree on its first page."""
    sites.pages[root(code)] = page(*(download(number, "14/08/2026") for number in range(len(names), 0, -1)))
    for number, name in enumerate(names, start=1):
        texts = scan_with_a_decree(f"2026-{code}{number}", pages)
        stamps = [f"\nCabinet - {code}-2026-08-14-{number:03d}{each:02d} - Arrêté portant avis {each}" for each in range(pages)]
        whole = [words + stamp for words, stamp in zip(texts, stamps, strict=True)]
        sites.put[url(code, number)] = "\f".join([f"{name}-{code}-{number}", *whole])


async def poll(poller: Poller, *codes: str) -> None:
    for one in poller.sources:
        if one.authority in codes:
            await soon(poller.poll(one))


@asynccontextmanager
async def queued_recueils(store: Store, *names: str) -> AsyncIterator[Poller]:
    """The process that polls, once it has found recueils of these names."""
    sites = Site({})
    publish(sites, "99", *names)
    async with polling(store, sites) as poller:
        await poll(poller, "99")
        yield poller


@asynccontextmanager
async def at_work(store: Store, folder: Path) -> AsyncIterator[None]:
    """A worker in this process, until the end of the block."""
    async with worker(store, PlainReader(folder)) as one:
        reading = asyncio.create_task(one.run())
        try:
            yield
        finally:
            await ended([reading])


def rows(store: Store) -> list[Recueil]:
    return [recueil for code in CODES for recueil in store.recueils.of(code)]


def numbers(store: Store) -> list[str]:
    """The numbers of the decrees that are to be posted, of each post one."""
    return sorted(post.decree.facts.number or "" for post in posts_of(store, range(1, 100)))


def expected(*codes: str) -> list[str]:
    return sorted(f"2026-{code}{number}" for code in codes for number in range(1, EACH + 1))


class Workers:
    """Workers in processes of their own."""

    def __init__(self, zygote: Zygote, address: str, folder: Path) -> None:
        self._zygote = zygote
        self._arguments = (address, str(folder))
        self._stack = ExitStack()

    def start(self) -> tuple[Forked, TextIO]:
        return self._stack.enter_context(self._zygote.script(WORKER, *self._arguments))

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def workers(zygote: Zygote, address: str, tmp_path: Path) -> Iterator[Workers]:
    running = Workers(zygote, address, tmp_path)
    yield running
    running.close()


async def line(lines: TextIO) -> str:
    """What a worker has just begun to read, and how many of its pages were known."""
    return (await soon(asyncio.to_thread(lines.readline))).strip()


async def test_two_of_three_workers_are_killed_in_mid_work_and_every_recueil_is_recorded_once(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    sites = Site({})
    for code in CODES:
        publish(sites, code, "slow", *["quick"] * (EACH - 1))
    async with polling(store, sites) as poller:
        await poll(poller, *CODES)
        assert {recueil.state for recueil in rows(store)} == {RecueilState.WAITING}
        three = [workers.start() for _ in range(3)]
        # Each reads the one or the other until it meets one that waits: three at last, each in the middle of one.
        met = []
        for _, lines in three:
            while not (begun := await line(lines)).startswith("slow"):
                pass
            met.append(begun)
        assert sorted(met) == [f"slow-{code}-1 0" for code in CODES]
        await stored_pages(store, 3)
        for process, _ in three[:2]:
            process.send(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        (tmp_path / "go").touch()
        await soon(poller.finish())

        # The one that is left took over what the others had begun, with the page that was stored.
        taken: list[str] = []
        while len(taken) < 2:
            if (begun := await line(three[2][1])).startswith("slow"):
                taken.append(begun)
        assert sorted(taken) == sorted(f"{name.split()[0]} 1" for name in met[:2])
    assert {recueil.state for recueil in rows(store)} == {RecueilState.READ}
    assert numbers(store) == expected(*CODES)
    assert store.database.value(select(func.count()).select_from(decrees)) == EACH * len(CODES)
    # One row for each act of each recueil, as many as one reading records.
    once = store.database.rows(select(acts.c.recueil_id, func.count().label("number")).group_by(acts.c.recueil_id))
    assert len({row.number for row in once}) == 1
    assert len(once) == EACH * len(CODES)
    assert is_empty(store)


async def are_queued(store: Store, jobs: int) -> None:
    """Wait until so many files are queued."""
    queue = ReadingQueue(store.database)
    async with asyncio.timeout(60):
        while (state := await asyncio.to_thread(queue.state)) is None or state.waiting < jobs:  # noqa: ASYNC110 - of the database
            await asyncio.sleep(0.02)


async def stored_pages(store: Store, files: int) -> None:
    """Wait until a page of so many files is stored."""
    query = text("SELECT count(*) FROM contents WHERE NOT complete AND page_count IS NOT NULL")
    async with asyncio.timeout(60):
        while await asyncio.to_thread(store.database.value, query) < files:  # noqa: ASYNC110 - of the database
            await asyncio.sleep(0.02)


def is_empty(store: Store) -> bool:
    """Return whether nothing is left in the queue, of files neither."""
    queue = ReadingQueue(store.database)
    state = present(queue.state())
    left = store.database.value(text("SELECT (SELECT count(*) FROM public_queue.readings) + (SELECT count(*) FROM public_queue.pieces)"))
    return (state.waiting, state.reading, left) == (0, 0, 0)


async def test_a_file_that_kills_its_worker_three_times_waits_and_the_others_are_read(store: Store, workers: Workers) -> None:
    async with queued_recueils(store, "poison", "quick") as poller:
        finished = asyncio.create_task(poller.finish())
        for _ in range(MOST_UNFINISHED):
            process, _ = workers.start()
            assert await soon(asyncio.to_thread(process.wait)) == -signal.SIGKILL
        workers.start()
        await soon(finished)
    waits, read = sorted(rows(store), key=lambda recueil: recueil.url)
    assert (waits.state, waits.next_try_at, read.state) == (RecueilState.WAITING, NOON + timedelta(hours=1), RecueilState.READ)
    assert "3 readings of this file came to nothing" in (waits.error or "")
    assert numbers(store) == ["2026-992"]
    [alert] = store.alerts.unfinished()
    assert (alert.subject, alert.cause, alert.detail) == ("99:site", "hostile", f"2026-08-14 13:00 UTC: {waits.url}")
    assert is_empty(store)


async def test_a_decree_is_announced_while_a_worker_reads_the_rest(store: Store, tmp_path: Path) -> None:
    async with queued_recueils(store, "early") as poller, at_work(store, tmp_path):
        async with asyncio.timeout(60):
            while not numbers(store):  # noqa: ASYNC110 - of the database
                await asyncio.sleep(0.05)
        [recueil] = rows(store)
        assert recueil.state is RecueilState.INCOMPLETE
        (tmp_path / "go").touch()
        [late] = await soon(poller.finish())
    assert late.ingested.incomplete == ()
    assert [recueil.state for recueil in rows(store)] == [RecueilState.READ]
    assert numbers(store) == ["2026-991"]


async def test_a_worker_that_is_stopped_gives_back_what_it_reads(store: Store, tmp_path: Path) -> None:
    async with queued_recueils(store, "slow") as poller:
        async with at_work(store, tmp_path):
            await stored_pages(store, 1)
        state = present(ReadingQueue(store.database).state())
        assert (state.waiting, state.reading, state.workers) == (1, 0, 0)
        content = present(store.contents.get(rows(store)[0].sha256 or ""))
        assert (len(content.pages), content.unfinished) == (1, 0)
        (tmp_path / "go").touch()
        async with at_work(store, tmp_path):
            await soon(poller.finish())
    assert [recueil.state for recueil in rows(store)] == [RecueilState.READ]


async def test_the_process_that_polls_ends_and_its_successor_has_what_was_read_meanwhile(store: Store, tmp_path: Path) -> None:
    queue = ReadingQueue(store.database)
    async with queued_recueils(store, "quick"):
        await are_queued(store, 1)
    async with at_work(store, tmp_path):
        async with asyncio.timeout(60):
            while (state := queue.state()) is None or state.waiting or state.reading:  # noqa: ASYNC110 - of the database
                await asyncio.sleep(0.05)
    async with queued_recueils(store, "quick") as poller:
        await soon(poller.finish())
    assert [recueil.state for recueil in rows(store)] == [RecueilState.READ]
    assert numbers(store) == ["2026-991"]


async def test_what_cannot_be_read_says_why_and_what_was_not_read_is_told(store: Store, tmp_path: Path) -> None:
    sites = Site({})
    publish(sites, "99", "broken", "quick")
    sites.put[url("99", 2)] += "\f?"
    async with polling(store, sites) as poller, at_work(store, tmp_path):
        await poll(poller, "99")
        late = await soon(poller.finish())
    assert [unread.error for each in late for unread in each.ingested.unread] == [f"{url('99', 1)}: the file is broken"]
    assert [incomplete for each in late for incomplete in each.ingested.incomplete] == [url("99", 2)]
    assert numbers(store) == ["2026-992"]


async def test_what_two_processes_that_poll_have_queued_is_read_though_its_worker_is_killed(
    store: Store, workers: Workers, tmp_path: Path
) -> None:
    """The one that polls is started anew while a worker reads what its predecessor had queued."""
    async with queued_recueils(store, "slow"):
        process, _ = workers.start()
        await stored_pages(store, 1)
    async with queued_recueils(store, "slow") as poller:
        await are_queued(store, 1)
        process.send(signal.SIGKILL)
        process.wait()
        (tmp_path / "go").touch()
        workers.start()
        await soon(poller.finish())
    assert numbers(store) == ["2026-991"]


@pytest.mark.parametrize("how", ["dropped", "of another version", "emptied"])
async def test_what_vanishes_from_the_queue_is_queued_again(store: Store, tmp_path: Path, how: str) -> None:
    """By a person, a process of another version, or a crash of the server."""
    async with queued_recueils(store, "quick") as poller:
        await are_queued(store, 1)
        if how == "of another version":
            ReadingQueue(store.database).make("another layout", "CREATE TABLE procrastinate_jobs (id int)")
        else:
            statement = "DROP SCHEMA public_queue CASCADE" if how == "dropped" else "TRUNCATE public_queue.readings, public_queue.pieces"
            store.database.write(text(statement))
        async with at_work(store, tmp_path):
            await soon(poller.finish())
    assert numbers(store) == ["2026-991"]


async def test_tables_made_anew_while_a_file_is_queued_cost_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, failures = JobManager.list_jobs_async, iter([True])

    async def list_jobs(self: JobManager, **asked: Any) -> Any:
        if next(failures, False):
            raise ConnectorException from InternalError("cache lookup failed for type 18426")
        return await listed(self, **asked)

    monkeypatch.setattr(JobManager, "list_jobs_async", list_jobs)
    async with queued_recueils(store, "quick") as poller, at_work(store, tmp_path):
        await soon(poller.finish())
    assert next(failures, None) is None
    assert numbers(store) == ["2026-991"]


async def test_it_is_said_once_that_no_worker_is_there_and_once_that_one_is(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ingest.queued_reading.LOOK", 0.01)
    with capture_logs() as logs:
        async with queued_recueils(store, "slow") as poller:
            await _logged(logs, "queue.unattended")
            async with at_work(store, tmp_path):
                await _logged(logs, "queue.attended")
                (tmp_path / "go").touch()
                await soon(poller.finish())
    assert [entry["event"] for entry in logs if entry["event"].startswith("queue.")] == ["queue.unattended", "queue.attended"]


async def _logged(logs: Sequence[object], event: str) -> None:
    async with asyncio.timeout(60):
        while not any(isinstance(entry, dict) and entry["event"] == event for entry in logs):  # noqa: ASYNC110 - a log
            await asyncio.sleep(0.02)


async def test_the_command_reads_a_pdf_and_ends_in_order(store: Store, address: str, zygote: Zygote, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f"[database]\nurl = '{address}'\n[reading]\nengine = 'procrastinate'\nocr = false\n")
    path = tmp_path / "recueil.pdf"
    path.write_bytes(recueil(scanned=False))
    command = zygote.begin(["worker"], tmp_path, clean_environ())
    try:
        async with queueing(store) as queued, WorkerSlots(quick=1, slow=1).slot() as slot:
            file = OpenedPdf(path, file_digest(path), path.stat().st_size)
            reading = await soon(queued.read(file, slot, _nothing_early))
        assert (reading.complete, reading.page_count, len(reading.acts)) == (True, 11, 3)
        assert present(ReadingQueue(store.database).state()).workers == 1
        assert queued.read_so_far.pages.total() == 11
    finally:
        command.send(signal.SIGTERM)
    assert command.wait() == 0


async def test_status_says_that_nobody_reads_what_is_queued(store: Store, address: str, zygote: Zygote, tmp_path: Path) -> None:
    async with queued_recueils(store, "quick"):
        await are_queued(store, 1)
    said = {}
    for engine in ("procrastinate", "local"):
        (tmp_path / "config.toml").write_text(f"[database]\nurl = '{address}'\n[reading]\nengine = '{engine}'\n")
        said[engine] = zygote.run(["status", "26"], tmp_path, clean_environ())
        assert said[engine].code == 3
    assert "Read by workers: NO WORKER IS THERE (vigie worker); 1 PDF queued, 0 being read" in said["procrastinate"].out
    assert "workers" not in said["local"].out


async def _nothing_early(_: Reading) -> None:
    raise AssertionError("it is read at once")


def test_a_worker_is_refused_where_this_machine_reads(zygote: Zygote, tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    done = zygote.run(["worker"], tmp_path, clean_environ())
    assert done.code == 2
    assert 'reading.engine = "procrastinate"; here it is "local"' in done.err


async def test_the_queue_is_there_once_the_bot_has_started(store: Store, address: str) -> None:
    settings = Settings.model_validate({"database": {"url": address}, "reading": {"engine": "procrastinate"}})
    queue = ReadingQueue(store.database)
    async with wiring._file_reading(settings, store, lambda: NOON, rehearsal=True):
        assert not queue.has(LAYOUT)
    async with wiring._file_reading(settings, store, lambda: NOON, rehearsal=False):
        assert queue.has(LAYOUT)


def test_a_user_who_may_make_no_schema_is_told_what_it_lacks(store: Store, address: str) -> None:
    store.database.write(text("DROP ROLE IF EXISTS may_make_nothing"))
    store.database.write(text("CREATE ROLE may_make_nothing"))
    try:
        url = parse_url(address).update_query_dict({"options": "-c role=may_make_nothing"})
        limited = Database(make_engine(url, read_only=False), name="x", read_only=False)
        with pytest.raises(NotWritable, match="lacks the right to make the schema public_queue"):
            ReadingQueue(limited).make(LAYOUT, "")
        limited.close()
    finally:
        store.database.write(text("DROP ROLE may_make_nothing"))


async def test_the_queue_is_beside_the_schema_of_the_instance_whatever_its_name(store: Store, address: str, tmp_path: Path) -> None:
    store.database.write(text('CREATE SCHEMA "Le bot"'))
    url = parse_url(address).update_query_dict({"options": r'-c search_path="Le\ bot" -c lock_timeout=4321'})
    beside = Database(make_engine(url, read_only=False), name="x", read_only=False)
    (tmp_path / "a.pdf").write_text("a")
    try:
        queue = ReadingQueue(beside)
        async with open_jobs(url, queue) as jobs, WorkerSlots(quick=1, slow=1).slot() as slot:
            [used] = await jobs.connector.execute_query_all_async("SELECT current_setting('lock_timeout') AS of_the_user")
            reading = asyncio.create_task(QueuedReading(queue, jobs).read(OpenedPdf(tmp_path / "a.pdf", "a", 1), slot, _nothing_early))
            async with asyncio.timeout(60):
                while (state := await asyncio.to_thread(queue.state)) is None or not state.waiting:
                    assert not reading.done(), reading.exception()
                    await asyncio.sleep(0.02)
            await ended([reading])
    finally:
        beside.close()
        store.database.write(text('DROP SCHEMA IF EXISTS "Le bot", "Le bot_queue" CASCADE'))
    assert used == {"of_the_user": "4321ms"}


def test_a_backup_leaves_out_the_queue_and_no_schema_of_another_program(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", client_programs())
    ReadingQueue(store.database).make(LAYOUT, "CREATE TABLE procrastinate_jobs (id int)")
    store.database.write(text("CREATE SCHEMA their_queue"))
    store.database.write(text("CREATE TABLE their_queue.theirs (id int)"))
    try:
        made = back_up(address, tmp_path / "copies", NOON)
    finally:
        store.database.write(text("DROP SCHEMA their_queue CASCADE"))
    listed = run_client("pg_restore", None, "--list", str(made.path))
    assert "their_queue theirs" in listed
    assert "public_queue" not in listed


def test_a_schema_of_another_program_is_left_alone(store: Store) -> None:
    store.database.write(text("CREATE SCHEMA public_queue"))
    store.database.write(text("CREATE TABLE public_queue.theirs AS SELECT 1 AS kept"))
    with pytest.raises(StorageError, match=r"public_queue of the database [^ ]+ is of another program"):
        ReadingQueue(store.database).make(LAYOUT, "")
    assert store.database.value(text("SELECT kept FROM public_queue.theirs")) == 1


async def test_what_waits_for_room_in_the_queue_keeps_nobody_from_a_turn(store: Store, tmp_path: Path) -> None:
    slots = WorkerSlots(quick=1, slow=1)

    async def read(queued: QueuedReading, slot: WorkerSlot, name: str) -> Reading:
        path = tmp_path / name
        path.write_text(name)
        async with slot:
            return await queued.read(OpenedPdf(path, file_digest(path), path.stat().st_size), slot, _nothing_early)

    async with queueing(store) as queued:
        reading = []
        for name in ("first", "second"):
            slot = slots.slot()
            reading.append(asyncio.create_task(read(queued, slot, name)))
            await soon(slot.left.wait())
        async with slots.slot():
            await ended(reading)


async def test_a_worker_that_has_no_room_says_so(store: Store, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with queued_recueils(store, "no room"), at_work(store, tmp_path):
            await _logged(logs, "queue.tried_again")


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate({"database": {"url": "postgresql://vigie@db.example/vigie"}, "reading": {"engine": "procrastinate"}})
    assert wiring.is_queued(settings)
    monkeypatch.setattr(wiring, "_QUEUE_MISSING", "procrastinate")
    assert not wiring.is_queued(Settings())
    with pytest.raises(Unavailable, match=r"needs procrastinate: pip install 'vigie-vsa\[workers\]'") as raised:
        wiring.is_queued(settings)
    assert raised.value.is_lasting


def test_a_file_arrives_as_it_was_sent(store: Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * (PIECE // 256) + b"the end"
    sha256 = hashlib.sha256(content).hexdigest()
    (tmp_path / "sent.pdf").write_bytes(content)
    queue = ReadingQueue(store.database)
    queue.make(LAYOUT, "CREATE TABLE procrastinate_jobs (lock text, status text)")
    queue.send(sha256, tmp_path / "sent.pdf", len(content))
    queue.send(sha256, tmp_path / "sent.pdf", len(content))
    assert queue.size(sha256) == len(content)
    queue.fetch(sha256, tmp_path / "come.pdf")
    assert (tmp_path / "come.pdf").read_bytes() == content
    recognised = PageText(3, "é", TextOrigin.OCR, other="b", confidence=3, seconds=1.5, unsure=frozenset({"é"}))
    pages = (PageText(1, "half \ud800 of a pair \x00", damaged=True), PageText(2, "", TextOrigin.UNREADABLE), recognised)
    read = PagesRead(pages, salvaged=True)
    queue.end(sha256, ReadingEnd(read))
    queue.end(sha256, ReadingEnd(None, "a second worker, which was slower"))
    assert queue.size(sha256) is None
    assert queue.take(sha256) == ReadingEnd(read)
    assert queue.take(sha256) is None
    assert queue.states([sha256]) == {}


def test_why_the_queue_cannot_be_used_is_told_by_the_cause() -> None:
    error = ConnectorException()
    assert reason(error) == "Database error."
    error.__cause__ = OSError("connection to server failed\n\tIs it running?")
    assert reason(error) == "connection to server failed"
    assert reason(None) == "the connection to the queue was lost"


@pytest.mark.parametrize(
    ("error", "attempts", "again"),
    [
        (Unavailable("the database is gone"), 99, True),
        (OSError("no room"), 0, True),
        (OSError("no room"), 1, True),
        (OSError("no room"), 2, False),
        (Unreadable("broken"), 0, False),
        (ValueError("a fault"), 0, False),
    ],
)
def test_what_is_the_fault_of_a_machine_is_tried_by_another(error: Exception, attempts: int, again: bool) -> None:
    assert tries_again(error, attempts) is again
