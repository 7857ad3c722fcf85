"""Recueils that take long to read: their decrees are announced at once, and they hold up nothing."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from bot.domain.acts import Outcome, Reading
from bot.domain.posts import Post, PostState
from bot.domain.records import Decision, HeldRecueil, NewRecueil, Recueil, RecueilState
from bot.ingest.archive import PdfArchive
from bot.ingest.ingestor import BackgroundResult, IngestResult
from bot.ingest.poller import Poller, SourceReport
from bot.ingest.reading_job import MOST_UNFINISHED, LocalReading, OpenedPdf, ReadingJob, ReadingTimeouts, WorkerSlots
from bot.reading.model import ReadingDone, ReadingEvent, Unreadable
from bot.storage.errors import Locked, StorageError
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority, Source
from sources.http.files import StorageFull
from sources.model import Download
from tests.bot.ingest.test_poller import DOUBTFUL, NOON, NOTHING, QUARTER, Site, disk_full, vsa
from tests.bot.ingest.wired import make_poller
from tests.bot.scans import Scan, Scanner, scanned
from tests.bot.storage.finding import posts_of
from tests.present import present
from tests.processes import Zygote
from tests.skipping import HANGS, skip
from tests.sources.markup import download, file_href, page

LONG = 60
NEVER_LONG = ReadingTimeouts(pages=20, quick=300, urgent=300, checkpoint=300)
URGENT = ReadingTimeouts(pages=20, quick=1e9, urgent=1000, checkpoint=1e9)
DAY = "14/08/2026"


def root(code: str) -> str:
    return f"https://www.pref{code}.gouv.fr/RAA"


def url(code: str, number: int) -> str:
    return f"https://www.pref{code}.gouv.fr{file_href(number)}"


def source(code: str) -> Source:
    return Source(code, "site", "national", root(code), "newest-first", "download-list")


@dataclass
class World:
    store: Store
    archive: PdfArchive
    sites: Site = field(default_factory=lambda: Site({}))
    scanner: Scanner = field(default_factory=lambda: Scanner({}))
    careful: Scanner | None = None
    now: datetime = NOON
    # Nothing is long by the clock unless a test says so.
    pace: ReadingTimeouts = NEVER_LONG
    posted: int = 0
    queued: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: dict[str, list[int]] = field(default_factory=dict)

    def publish(self, code: str, number: int, *texts: str, urgent: int = 1, unreadable: tuple[int, ...] = (), holds: str = "") -> Scan:
        address = url(code, number)
        numbers = self.numbers.setdefault(code, [])
        numbers.insert(0, number)
        self.sites.pages[root(code)] = page(*(download(each, DAY) for each in numbers))
        if holds:
            self.sites.put[address] = holds
        scan = Scan(texts, urgent, frozenset(unreadable))
        return self.scanner.scans.setdefault(holds or address, scan)

    def restart(self) -> None:
        """Forget all that is not stored, as a new process does."""
        vars(self).pop("watcher", None)

    @cached_property
    def watcher(self) -> Poller:
        codes = ("97", "98", "99")
        return make_poller(
            {code: Authority(code, f"Préfecture {code}", code, "Europe/Paris", (source(code),)) for code in codes},
            self.sites, self.scanner, self.store, lambda: self.now,
            workers=1, on_queued=self._count, archive=self.archive, timeouts=self.pace, careful=self.careful,
        )  # fmt: skip

    def _count(self) -> None:
        self.posted += 1
        self.queued.set()

    async def poll(self, code: str) -> tuple[SourceReport, IngestResult]:
        async with asyncio.timeout(HANGS):
            return await self._poll(code)

    async def begin(self, code: str, number: int, *texts: str, urgent: int = 1) -> Scan:
        """Publish a scan and poll, until it waits for its gate: its urgent pages are recognised."""
        scan = self.publish(code, number, *texts, urgent=urgent)
        await self.poll(code)
        await soon(scan.waiting.wait())
        return scan

    async def end(self, *scans: Scan) -> list[BackgroundResult]:
        """Open the gates of these, and wait for what is still read."""
        for scan in scans:
            scan.gate.set()
        return await soon(self.watcher.finish())

    async def poll_until_others_pass(self, code: str, scan: Scan) -> tuple[SourceReport, IngestResult]:
        """A poll that finds the slow lane full: once the urgent pages of this file are recognised, the time for them is over."""
        polling = asyncio.create_task(self._poll(code))
        await soon(scan.waiting.wait())
        while not polling.done():
            skip(self.pace.urgent)
            await asyncio.sleep(0.005)
        return await polling

    async def _poll(self, code: str) -> tuple[SourceReport, IngestResult]:
        return await self.watcher.poll(next(one for one in self.watcher.sources if one.authority == code))

    def row(self, code: str, number: int) -> Recueil:
        return next(one for one in self.store.recueils.of(code) if one.url == url(code, number))

    def posts(self) -> list[Post]:
        return posts_of(self.store, range(1, 100))

    def kept(self) -> list[str]:
        return sorted(file.name for file in self.archive.unread.glob("*.pdf"))


def unread_files(folder: Path, most_bytes: int = 10_000_000) -> PdfArchive:
    """An archive that keeps nothing for good."""
    return PdfArchive(folder, folder / "kept", most_bytes=most_bytes, which="none")


def scan_with_a_decree(number: str = "2026-1", pages: int = LONG) -> list[str]:
    return [vsa(number), *(f"{NOTHING} {page}" for page in range(2, pages + 1))]


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    made = World(store, unread_files(tmp_path / "pdfs"))
    yield made
    await made.watcher.stop()
    assert made.scanner.open == 0


T = TypeVar("T")


async def soon(work: Awaitable[T]) -> T:
    """What a test waits for comes, or the test fails: it does not hang."""
    async with asyncio.timeout(HANGS):
        return await work


def lock_once(monkeypatch: pytest.MonkeyPatch, store: Store, name: str) -> None:
    """Let the first call of this method of the recordings find the database locked."""
    method, errors = getattr(store.recordings, name), iter([Locked("locked by another program")])

    def call(*arguments: object) -> object:
        for error in errors:
            raise error
        return method(*arguments)

    monkeypatch.setattr(store.recordings, name, call)


async def early(_: Reading) -> None:
    """Do nothing with what is read first."""


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


# Alert first, finish after


async def test_a_decree_is_announced_before_the_rest_of_its_recueil_is_read(world: World) -> None:
    scan = world.publish("99", 1, *scan_with_a_decree())
    report, ingested = await world.poll("99")
    await soon(scan.waiting.wait())

    assert (report.ok, report.unfinished, ingested.unfinished, ingested.decrees) == (True, (url("99", 1),), (url("99", 1),), ())
    assert [post.decree.facts.number for post in world.posts()] == ["2026-1"]
    assert world.posted == 1
    row = world.row("99", 1)
    assert (row.state, row.next_try_at, row.error) == (
        RecueilState.INCOMPLETE, NOON, f"being read: {LONG - 1} of {LONG} pages were still to be recognised",
    )  # fmt: skip

    [late] = await world.end(scan)
    assert [decree.facts.number for decree in late.ingested.decrees] == ["2026-1"]
    assert len(late.ingested.posts) == len(world.posts()) == 1
    row = world.row("99", 1)
    assert (row.state, row.next_try_at, row.error) == (RecueilState.READ, NOON + timedelta(days=1), None)
    assert report.reading(late.ingested, {late.recueil.url}).unfinished == ()
    assert len(world.store.decrees.acts_of(row.id)) == LONG
    assert world.kept() == []


async def test_a_decree_waits_for_no_other_recueil_of_its_authority(world: World) -> None:
    world.publish("99", 1, vsa("2026-1"))
    scan = world.publish("99", 2, NOTHING, NOTHING)
    poll = asyncio.create_task(world.poll("99"))
    await soon(world.queued.wait())
    assert not poll.done()
    scan.gate.set()
    await poll
    await world.end()
    assert len(world.posts()) == 1


async def test_what_cannot_be_recorded_early_is_recorded_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_once(monkeypatch, world.store, "record")
    with capture_logs() as logs:
        scan = await world.begin("99", 1, vsa("2026-1"), vsa("2026-2"), *(NOTHING for _ in range(LONG)), urgent=2)
    assert sorted(post.decree.facts.number or "" for post in world.posts()) == ["2026-1", "2026-2"]
    assert len([line for line in logs if line["event"] == "decree.early_not_recorded"]) == 1
    [late] = await world.end(scan)
    assert len(late.ingested.decrees) == len(world.posts()) == 2


async def test_what_was_announced_early_is_told_even_if_the_rest_cannot_be_read(world: World) -> None:
    scan = world.publish("99", 1, *scan_with_a_decree())

    async def cut() -> None:
        raise Unreadable("its reader was lost")

    world.scanner.after_early = cut
    report, ingested = await world.poll("99")
    for late in await world.end():
        ingested += late.ingested
        report = report.reading(late.ingested)
    assert not scan.waiting.is_set()
    assert ([decree.facts.number for decree in ingested.decrees], len(ingested.posts), len(world.posts())) == (["2026-1"], 1, 1)
    assert "its reader was lost" in (report.error or "")

    world.scanner.after_early = None
    scan.gate.set()
    world.now += QUARTER
    await world.poll("99")
    await world.end()
    assert (world.row("99", 1).state, len(world.posts())) == (RecueilState.READ, 1)


async def test_nothing_is_said_of_acts_that_are_not_wholly_read(world: World) -> None:
    scan = await world.begin("99", 1, DOUBTFUL, *(NOTHING for _ in range(LONG)))
    row = world.row("99", 1)
    assert (row.state, world.store.reviews.waiting(10), world.store.decrees.acts_of(row.id)) == (RecueilState.WAITING, [], [])
    [late] = await world.end(scan)
    assert len(late.ingested.uncertain) == len(world.store.reviews.waiting(10)) == 1


async def test_a_recueil_read_in_silence_announces_nothing_early(world: World) -> None:
    scan = world.publish("99", 1, *scan_with_a_decree())
    silent = NewRecueil("99", "99:site", url("99", 1), "RAA", NOON.date(), is_detail=False, state=RecueilState.WAITING, silent=True)
    [row] = world.store.recueils.add([silent], NOON)
    work = asyncio.create_task(world.watcher.read([row]))
    await soon(scan.waiting.wait())
    assert world.store.decrees.recent(10).total == 0
    scan.gate.set()
    ingested = await work
    ingested += sum((late.ingested for late in await world.end()), IngestResult())
    assert (len(ingested.decrees), ingested.posts, world.posts()) == (1, (), [])


# In the background


async def test_the_decree_of_another_authority_is_announced_while_a_long_scan_is_read(world: World) -> None:
    """With one place for readings: 500 pages to recognise silence nobody."""
    scan = world.publish("99", 1, *(NOTHING for _ in range(500)))
    await world.poll("99")
    world.publish("98", 1, vsa("2026-98"))
    report, ingested = await world.poll("98")
    assert (report.ok, [decree.facts.number for decree in ingested.decrees]) == (True, ["2026-98"])
    assert scan.waiting.is_set()
    assert world.scanner.open == 1

    # And so is that of another recueil of the same one, which does not take up the first again.
    world.publish("99", 2, vsa("2026-99"))
    world.now += QUARTER
    report, ingested = await world.poll("99")
    assert ([decree.facts.number for decree in ingested.decrees], report.unfinished) == (["2026-99"], ())
    assert world.scanner.known == [(url("99", 1), 0), (url("98", 1), 0), (url("99", 2), 0)]
    assert [late.recueil.url for late in await world.end(scan)] == [url("99", 1)]
    assert world.sites.downloads == [url("99", 1), url("98", 1), url("99", 2)]


async def test_when_the_slow_lane_is_full_the_pages_that_matter_are_still_read_at_once(world: World) -> None:
    world.pace = URGENT
    first = world.publish("99", 1, *scan_with_a_decree("2026-1"))
    await world.poll("99")
    second = world.publish("98", 1, *scan_with_a_decree("2026-2"))
    report, _ = await world.poll_until_others_pass("98", second)
    assert report.unfinished == (url("98", 1),)
    assert sorted(post.decree.facts.number or "" for post in world.posts()) == ["2026-1", "2026-2"]
    world.publish("97", 1, vsa("2026-3"))
    _, ingested = await world.poll("97")
    assert len(ingested.decrees) == 1
    assert world.scanner.open == 1, "the second waits for the first"

    assert {late.recueil.url for late in await world.end(second, first)} == {url("99", 1), url("98", 1)}
    assert (url("98", 1), 1) in world.scanner.known, "it goes on from the page that was read"
    assert world.scanner.recognised.count((url("98", 1), 1)) == 1
    assert len(world.posts()) == 3


async def test_a_text_waits_for_no_scan_when_the_slow_lane_is_full(world: World) -> None:
    """No time passes here: what is in its urgent minute gives way, and goes on where it was."""
    world.pace = URGENT
    first = world.publish("99", 1, *scan_with_a_decree("2026-1"))
    await world.poll("99")
    second = world.publish("98", 1, *scan_with_a_decree("2026-2"), urgent=5)
    polling = asyncio.create_task(world.poll("98"))
    await soon(second.waiting.wait())
    world.publish("97", 1, vsa("2026-3"))
    _, ingested = await world.poll("97")
    assert [decree.facts.number for decree in ingested.decrees] == ["2026-3"]

    report, _ = await soon(polling)
    assert report.unfinished == (url("98", 1),), "it left its place"
    ended: asyncio.Queue[str] = asyncio.Queue()
    world.watcher.when_late(lambda late: ended.put_nowait(late.recueil.url))
    second.gate.set()
    assert await soon(ended.get()) == url("98", 1), "it has its place again, and needs none of the slow ones"
    assert [known for name, known in world.scanner.known if name == url("98", 1)] == [0, 5]
    await world.end(first)
    assert len(world.posts()) == 3


async def test_a_short_scan_gives_way_as_a_long_one_does(world: World) -> None:
    long = world.publish("99", 1, *scan_with_a_decree("2026-1"))
    await world.poll("99")
    short = world.publish("98", 1, NOTHING, NOTHING, vsa("2026-2"))
    polling = asyncio.create_task(world.poll("98"))
    await soon(short.waiting.wait())
    world.publish("97", 1, vsa("2026-3"))
    _, ingested = await world.poll("97")
    assert [decree.facts.number for decree in ingested.decrees] == ["2026-3"]
    await soon(polling)
    await world.end(short, long)
    assert len(world.posts()) == 3


async def test_while_a_slow_slot_is_free_a_scan_moves_there_without_a_break(world: World) -> None:
    scan = world.publish("98", 1, NOTHING, NOTHING)
    polling = asyncio.create_task(world.poll("98"))
    await soon(scan.waiting.wait())
    world.publish("97", 1, vsa("2026-3"))
    _, ingested = await world.poll("97")
    assert len(ingested.decrees) == 1
    await soon(polling)
    await world.end(scan)
    assert [known for name, known in world.scanner.known if name == url("98", 1)] == [0]


async def test_what_takes_long_for_another_reason_leaves_the_quick_lane_too(world: World) -> None:
    world.pace = ReadingTimeouts(pages=20, quick=0.05, urgent=300, checkpoint=300)
    scan = world.publish("99", 1, NOTHING, NOTHING)
    report, _ = await world.poll("99")
    assert report.unfinished == (url("99", 1),)
    assert len(await world.end(scan)) == 1


async def test_stopped_it_goes_on_from_where_it_was(world: World) -> None:
    scan = await world.begin("99", 1, *scan_with_a_decree(), urgent=5)
    await world.watcher.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert world.row("99", 1).next_try_at == NOON, "due at the next start"
    assert world.kept() == [f"{sha(url('99', 1))}.pdf"]

    world.restart()
    scan.gate.set()
    report, ingested = await world.poll("99")
    late = await world.end()
    assert world.scanner.known == [(url("99", 1), 0), (url("99", 1), 5)]
    assert world.scanner.recognised.count((url("99", 1), 1)) == 1
    assert world.sites.downloads == [url("99", 1)]
    assert (len(late), len(world.posts()), world.row("99", 1).state) == (1, 1, RecueilState.READ)
    assert (ingested + late[0].ingested).decrees == (), "it was announced before"
    assert report.ok
    assert world.kept() == []


async def test_stopped_wherever_they_are_all_go_on_from_there(world: World) -> None:
    world.pace = URGENT
    scans = [
        world.publish("99", 1, *scan_with_a_decree(), holds="same"),
        world.publish("98", 1, *scan_with_a_decree(), holds="same"),
        world.publish("97", 1, *scan_with_a_decree("2026-2")),
    ]
    for code, scan in zip(("99", "98", "97"), scans, strict=True):
        report, _ = await (world.poll_until_others_pass(code, scan) if code == "97" else world.poll(code))
        assert report.unfinished == (url(code, 1),), "in the slow lane, waiting for its content, waiting for the slow lane"
    await world.watcher.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert all(len(world.store.recueils.due(NOON, {code})) == 1 for code in ("99", "98", "97"))

    world.restart()
    for scan in scans:
        scan.gate.set()
    for code in ("99", "98", "97"):
        await world.poll(code)
    await world.end()
    assert {world.row(code, 1).state for code in ("99", "98", "97")} == {RecueilState.READ}
    assert len(world.sites.downloads) == 3
    assert world.scanner.recognised.count(("same", 1)) == world.scanner.recognised.count((url("97", 1), 1)) == 1
    assert (world.kept(), list((world.archive.unread / "incoming").glob("*.pdf"))) == ([], [])


async def test_what_was_read_is_stored_every_now_and_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.pace = ReadingTimeouts(pages=20, quick=300, urgent=300, checkpoint=0.01)
    saved = asyncio.Event()
    loop, save = asyncio.get_running_loop(), world.store.contents.save

    def told(*args: object, **named: object) -> None:
        save(*args, **named)  # type: ignore[arg-type]  # passed through
        loop.call_soon_threadsafe(saved.set)

    monkeypatch.setattr(world.store.contents, "save", told)
    scan = world.publish("99", 1, *(NOTHING for _ in range(LONG)), urgent=7)
    await world.poll("99")
    async with asyncio.timeout(HANGS):
        await soon(scan.waiting.wait())
        content = world.store.contents.get(sha(url("99", 1)))
        while content is None or len(content.pages) < 7:
            saved.clear()
            await saved.wait()
            content = world.store.contents.get(sha(url("99", 1)))
    assert (len(content.pages), content.complete, content.unfinished) == (7, False, 0)


async def test_a_database_that_fails_in_the_background_is_told_and_the_recueil_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = world.publish("99", 1, *(NOTHING for _ in range(LONG)))
    await world.poll("99")
    with monkeypatch.context() as patch:
        patch.setattr(world.store.recordings, "record", disk_full)
        scan.gate.set()
        with pytest.raises(StorageError, match="disk full"):
            await world.end()
    world.now += QUARTER
    await world.poll("99")
    assert len(world.scanner.known) == 1
    world.now += timedelta(hours=1)
    await world.poll("99")
    await world.end()
    assert (world.row("99", 1).state, len(world.scanner.known)) == (RecueilState.READ, 1), "its pages were stored: nothing is read twice"


# Contents


async def test_the_same_content_at_two_addresses_is_read_once_and_judged_for_each(world: World) -> None:
    texts = scan_with_a_decree(pages=3)
    world.publish("99", 1, *texts, urgent=3, holds="same")
    world.publish("98", 1, *texts, urgent=3, holds="same")
    await world.poll("99")
    await world.poll("98")
    assert world.scanner.known == [("same", 0)]
    assert [world.row(code, 1).state for code in ("99", "98")] == [RecueilState.READ] * 2
    [acts] = [world.store.decrees.acts_of(world.row("98", 1).id)]
    assert Outcome.DECREE in {act.outcome for act in acts}
    # By its identities one decree, or one for each authority: the words of the law decide, not the address.
    assert {post.decree.authority for post in world.posts()} <= {"98", "99"}


async def test_the_same_content_while_it_is_read_waits_for_it_and_holds_up_nobody(world: World) -> None:
    texts = [NOTHING for _ in range(LONG)]
    scan = world.publish("99", 1, *texts, holds="same")
    world.publish("98", 1, *texts, holds="same")
    await world.poll("99")
    report, _ = await world.poll("98")
    assert report.unfinished == (url("98", 1),)
    world.publish("97", 1, vsa("2026-97"))
    assert len((await world.poll("97"))[1].decrees) == 1
    assert len(await world.end(scan)) == 2
    assert [known for known in world.scanner.known if known[0] == "same"] == [("same", 0)]


async def test_a_reading_in_part_goes_on_from_its_pages_and_its_file(world: World) -> None:
    scan = world.publish("99", 1, *scan_with_a_decree(pages=4), urgent=4, unreadable=(3,))
    report, _ = await world.poll("99")
    assert report.incomplete == (url("99", 1),)
    assert len(world.kept()) == 1
    world.scanner.scans[url("99", 1)] = Scan(scan.texts, urgent=4)
    world.now += timedelta(hours=1)
    await world.poll("99")
    assert world.scanner.known == [(url("99", 1), 0), (url("99", 1), 3)]
    assert world.sites.downloads == [url("99", 1)]
    assert (world.row("99", 1).state, world.kept(), len(world.posts())) == (RecueilState.READ, [], 1)


async def test_pages_read_by_other_rules_are_read_anew(world: World) -> None:
    scan = world.publish("99", 1, NOTHING, NOTHING, urgent=2, unreadable=(2,))
    await world.poll("99")
    content = present(world.store.contents.get(sha(url("99", 1))))
    world.store.contents.save(content.sha256, content.pages, page_count=2, complete=False, rules="of before", now=NOON)
    world.scanner.scans[url("99", 1)] = Scan(scan.texts, urgent=2)
    world.now += timedelta(hours=1)
    await world.poll("99")
    assert world.scanner.known[-1] == (url("99", 1), 0)
    assert world.row("99", 1).state is RecueilState.READ


async def test_a_kept_file_that_was_damaged_is_fetched_again(world: World) -> None:
    world.publish("99", 1, NOTHING, NOTHING, urgent=2, unreadable=(2,))
    await world.poll("99")
    [name] = world.kept()
    (world.archive.unread / name).write_text("rust")
    world.now += timedelta(hours=1)
    with capture_logs() as logs:
        await world.poll("99")
    assert [line["event"] for line in logs if line["event"].startswith("archive.")] == ["archive.damaged"]
    assert world.sites.downloads == [url("99", 1)] * 2


async def test_without_a_folder_that_can_be_used_it_is_read_all_the_same_and_told_once(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    world.archive = unread_files(tmp_path / "file" / "pdfs", most_bytes=1)
    for number in (1, 2):
        world.publish("99", number, vsa(f"2026-{number}"))
    with capture_logs() as logs:
        _, ingested = await world.poll("99")
    assert len(ingested.decrees) == 2
    assert len([line for line in logs if line["event"] == "archive.folder_failed"]) == 1


async def test_where_there_is_no_room_to_keep_it_it_is_read_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = world.sites.download

    async def download(url: str, target: Path) -> Download:
        if world.archive.unread in target.parents:
            raise StorageFull(f"{url}: no space left to save it in {target.parent}")
        return await fetch(url, target)

    monkeypatch.setattr(world.sites, "download", download)
    world.publish("99", 1, vsa("2026-1"))
    with capture_logs() as logs:
        _, ingested = await world.poll("99")
    assert len(ingested.decrees) == 1
    assert [line["event"] for line in logs if line["event"].startswith("archive.")] == ["archive.not_kept"]


# Files that end the program


async def test_a_file_that_ends_the_program_again_and_again_waits_and_is_then_read_alone(world: World) -> None:
    world.publish("99", 1, vsa("2026-1"))
    world.careful = Scanner(world.scanner.scans)
    for _ in range(MOST_UNFINISHED):
        world.store.contents.begin(sha(url("99", 1)), 1)
    report, _ = await world.poll("99")
    again = NOON + timedelta(hours=1)
    assert f"{MOST_UNFINISHED} readings of this file came to nothing" in (report.error or "")
    assert (world.row("99", 1).state, world.row("99", 1).next_try_at, world.scanner.known) == (RecueilState.WAITING, again, [])
    assert (world.store.recueils.given_up(), world.careful.known) == ([], [])
    assert world.store.recueils.held(MOST_UNFINISHED) == [HeldRecueil("99", url("99", 1), again, MOST_UNFINISHED)]
    notified = [(alert.subject, alert.cause, alert.detail) for alert in world.store.alerts.unfinished()]
    assert notified == [("99:site", "hostile", f"2026-08-14 13:00 UTC: {url('99', 1)}")]
    world.restart()
    world.now += timedelta(minutes=30)
    await world.poll("99")
    assert world.careful.known == [], "nor at a restart"

    other = world.publish("98", 1, "Arrêté", "Arrêté")
    world.now = again
    beside = asyncio.create_task(world.poll("98"))
    await soon(other.waiting.wait())
    report, _ = await world.poll("99")
    assert (report.unfinished, world.careful.known) == ((url("99", 1),), []), "not while another is read"
    other.gate.set()
    await beside
    late = {each.recueil.url: each.ingested for each in await world.end()}
    assert [decree.facts.number for decree in late[url("99", 1)].decrees] == ["2026-1"]
    assert {name for name, _ in world.scanner.known} == {url("98", 1)}
    assert [name for name, _ in world.careful.known] == [url("99", 1)]
    assert world.store.recueils.held(1) == []


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_file_that_ended_the_program_is_never_given_up(world: World, at_once: bool) -> None:
    """Read with lower limits it may end the program once more, or only its own reader: either way it waits longer, and then is tried."""
    world.publish("99", 1, vsa("2026-1"))
    tried: list[datetime] = []

    def crash(*_: object, **__: object) -> AsyncGenerator[ReadingEvent, None]:
        tried.append(world.now)
        raise SystemExit if at_once else Unreadable("its reader was killed")

    read, world.careful = world.scanner, crash  # type: ignore[assignment]  # another reader
    world.scanner = crash  # type: ignore[assignment]
    content = sha(url("99", 1))
    for _ in range(MOST_UNFINISHED):
        world.store.contents.begin(content, 1)
    pauses = []
    for _ in range(9):
        await world.poll("99")
        await world.end()
        due = present(world.row("99", 1).next_try_at)
        pauses.append((due - world.now) / timedelta(hours=1))
        world.now = due
        if at_once:
            # As a kill leaves it.
            world.store.contents.begin(content, 1)
            world.restart()
    assert pauses == [1, 2, 4, 8, 16, 24, 24, 24, 24]
    assert len(tried) == (0 if at_once else 8)
    assert world.store.recueils.given_up() == []
    world.restart()

    [back] = world.store.recueils.retry(world.now, urls=[url("99", 1)])
    world.scanner = read
    world.restart()
    assert len((await world.watcher.read([back])).decrees) == 1, "as a person wants, at once"
    assert world.sites.downloads == [url("99", 1)], "it was kept"


async def test_bytes_of_which_nothing_could_be_read_are_not_read_again_at_every_poll(world: World) -> None:
    world.publish("99", 1, vsa("2026-1"))
    tried = 0

    def crash(*_: object, **__: object) -> AsyncGenerator[ReadingEvent, None]:
        nonlocal tried
        tried += 1
        raise Unreadable("no page could be read: its reader was killed")

    read, world.scanner = world.scanner, crash  # type: ignore[assignment]  # another reader
    for _ in range(3):
        report, _ = await world.poll("99")
        assert "its reader was killed" in (report.error or "")
        world.now += QUARTER
    assert (tried, len(world.sites.downloads), world.kept()) == (1, 3, []), "fetched anew: the site may have mended it"
    world.sites.put[url("99", 1)] = "mended"
    read.scans["mended"] = read.scans[url("99", 1)]
    world.scanner = read
    world.restart()
    world.now += timedelta(minutes=30)
    assert len((await world.poll("99"))[1].decrees) == 1


# Several recueils with the same bytes, and the places they hold.


async def test_the_third_to_come_keeps_no_place_that_the_second_waits_for(tmp_path: Path) -> None:
    """It comes at the very moment at which the first has let go of the content and the second does not have it yet."""
    begun, fail = asyncio.Event(), asyncio.Event()
    first_is_over = False

    async def read(*_: object, **__: object) -> AsyncGenerator[ReadingEvent, None]:
        begun.set()
        await fail.wait()
        for error in (Unreadable("broken"),):
            raise error
        yield ReadingDone(scanned([]))

    (tmp_path / "scan.pdf").touch()
    with open_store("sqlite://") as store:
        job = ReadingJob(LocalReading(read, store, lambda: NOON, ReadingTimeouts(quick=0, urgent=60)), store)
        slots = WorkerSlots(quick=1, slow=1)
        ways = [slots.slot() for _ in range(3)]

        async def read_one(number: int, may_come: Callable[[], bool] = lambda: True) -> None:
            nonlocal first_is_over
            async with ways[number]:
                while not may_come():  # noqa: ASYNC110 - at every turn of the loop: an event would wake it too late
                    await asyncio.sleep(0)
                try:
                    await job.read(OpenedPdf(tmp_path / "scan.pdf", sha("scan"), 4), ways[number], early)
                finally:
                    first_is_over = True

        tasks = [asyncio.create_task(read_one(0))]
        await soon(begun.wait())
        await soon(ways[0].left.wait())
        tasks.append(asyncio.create_task(read_one(1)))
        await soon(ways[1].left.wait())
        tasks.append(asyncio.create_task(read_one(2, lambda: first_is_over)))
        fail.set()
        for task in tasks:
            with pytest.raises(Unreadable, match="broken"):
                await soon(task)


async def test_a_file_that_vanishes_is_no_fault_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.touch()

    def read(path: Path, **_: object) -> AsyncGenerator[ReadingEvent, None]:
        path.unlink()
        raise Unreadable("the file cannot be opened: No such file or directory")

    with open_store("sqlite://") as store:
        job = ReadingJob(LocalReading(read, store, lambda: NOON), store)
        async with WorkerSlots(quick=1, slow=1).slot() as way:
            with pytest.raises(Unreadable, match="removed from this machine while it was read"):
                await job.read(OpenedPdf(path, sha("scan"), 4), way, early)
        content = present(store.contents.get(sha("scan")))
        assert (content.error, content.unfinished) == (None, 0)


# What people decided holds for decrees that are told before their recueil is read to its end.


def rejected(keys: Collection[str]) -> dict[str, Decision]:
    """All of them, by a person."""
    return dict.fromkeys(keys, Decision(Outcome.NOT_CONCERNED, None, NOON, "cli"))


async def test_what_a_person_rejected_is_not_told_early_nor_late(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.store.recordings, "decided", rejected)
    scan = await world.begin("99", 1, *scan_with_a_decree())
    assert world.posts() == []
    [late] = await world.end(scan)
    assert (late.ingested.decrees, world.posts()) == ((), [])
    assert {act.outcome for act in world.store.decrees.acts_of(late.recueil.id)} == {Outcome.NOT_CONCERNED}


async def test_where_nobody_can_tell_what_was_decided_the_end_of_the_reading_tells(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_once(monkeypatch, world.store, "decided")
    with capture_logs() as logs:
        scan = await world.begin("99", 1, *scan_with_a_decree())
    assert world.posts() == []
    assert len([line for line in logs if line["event"] == "decree.early_not_judged"]) == 1
    [late] = await world.end(scan)
    assert [decree.facts.number for decree in late.ingested.decrees] == ["2026-1"]
    assert len(world.posts()) == 1


# `kill -9` of a real process while it reads: nothing announced twice, nothing lost, and no page read again that was stored.


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.bot.ingest.test_long_readings import MOMENTS, read_and_die
for moment in MOMENTS:
    if (child := os.fork()) == 0:
        asyncio.run(read_and_die(Path(sys.argv[1], moment), moment))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, moment
"""
MOMENTS = ("while the decree is recorded", "when the decree is recorded", "before the end is recorded", "when the end is recorded")


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def read_and_die(folder: Path, moment: str) -> None:
    """Read a scan with a decree on its first page, and be killed at that moment. Runs in a process of its own."""
    with open_store(f"sqlite:///{folder / 'vigie.db'}") as store:
        world = World(store, unread_files(folder / "pdfs"))
        scan = world.publish("99", 1, *scan_with_a_decree())
        record = store.recordings.record
        if moment == MOMENTS[0]:
            store.recordings.record = _die  # type: ignore[method-assign,assignment]  # a kill between two steps
        await world.poll("99")
        await asyncio.wait_for(scan.waiting.wait(), 60)
        if moment == MOMENTS[1]:
            _die()
        if moment == MOMENTS[2]:
            store.recordings.record = _die  # type: ignore[method-assign,assignment]
        elif moment == MOMENTS[3]:

            def record_and_die(*arguments: object) -> None:
                record(*arguments)  # type: ignore[arg-type]  # passed through
                _die()

            store.recordings.record = record_and_die  # type: ignore[method-assign,assignment]
        scan.gate.set()
        await world.watcher.finish()


async def test_killed_while_it_reads_nothing_is_doubled_and_nothing_is_lost(tmp_path: Path, zygote: Zygote) -> None:
    """The processes are forked from one that has the program loaded."""
    for moment in MOMENTS:
        (tmp_path / moment).mkdir()
    run = await asyncio.to_thread(zygote.run_script, KILLED, str(tmp_path))
    assert run.code == 0, run.err
    for moment in MOMENTS:
        await _goes_on(tmp_path / moment, moment)


async def _goes_on(folder: Path, moment: str) -> None:
    with open_store(f"sqlite:///{folder / 'vigie.db'}") as store:
        world = World(store, unread_files(folder / "pdfs"))
        world.publish("99", 1, *scan_with_a_decree()).gate.set()
        early = moment != MOMENTS[0]
        assert store.outbox.counts() == ({"console": {PostState.PENDING: 1}} if early else {})
        if moment in MOMENTS[1:3]:
            assert store.recueils.get(1).state is RecueilState.INCOMPLETE
            assert store.recueils.due(world.now) != [], "whoever works next goes on with it at once"

        world.now += timedelta(minutes=15)
        _, ingested = await world.poll("99")
        for late in await world.watcher.finish():
            ingested += late.ingested
        await world.watcher.stop()

        assert store.recueils.get(1).state is RecueilState.READ
        assert len(ingested.decrees) == (0 if early else 1)
        assert (store.outbox.counts(), store.decrees.recent(10).total) == ({"console": {PostState.PENDING: 1}}, 1)
        assert len({(act.first_page, act.last_page) for act in store.decrees.acts_of(1)}) == len(store.decrees.acts_of(1))
        known = dict(world.scanner.known)
        stored = {MOMENTS[0]: 1, MOMENTS[1]: 1}.get(moment)
        assert known == ({} if stored is None else {url("99", 1): stored}), "pages that were stored are not read again"
        assert world.sites.downloads == [], "and its file was kept"
        assert world.kept() == []
        content = present(store.contents.get(sha(url("99", 1))))
        assert (content.complete, len(content.pages), content.unfinished) == (True, LONG, 0)
        assert isinstance(ingested, IngestResult)
