"""Completing history over a real database, with a site in memory: nothing is missed, nothing is read twice, and nothing is ever posted."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain.acts import Decree
from bot.domain.records import Recueil, RecueilState
from bot.ingest.backfill import Backfill, BackfillLimits, BackfillProgress, BackfillReport, BackfillRequest
from bot.ingest.ingestor import Recorder
from bot.reading.model import Unreadable
from bot.storage.errors import StorageError
from bot.storage.store import Store
from sources.catalogue.authority import Authority, Catalogue
from sources.crawl.history import PatientFetcher
from sources.model import Download, FetchError, FetchRefused, Gone, Paused, Unreachable
from tests.bot.ingest.test_poller import QUARTER, Bench, Site, detail, disk_full, files, reading, source, url, vsa
from tests.bot.ingest.wired import make_ingestor
from tests.bot.storage.finding import mark, stored
from tests.examples import by_day
from tests.sources.markup import HOST, ROOT, download, grey_card, page, white_card

SINCE = date(2026, 3, 1)
READ, KNOWN, INCOMPLETE = RecueilState.READ, RecueilState.KNOWN, RecueilState.INCOMPLETE
JUNE, MARCH, JANUARY = (f"{ROOT}/{month}-2026" for month in ("Juin", "Mars", "Janvier"))
HEADER = "titre;url;departement;mise_a_jour"


class Index:
    """The national index, in memory. `rows` are those of its table."""

    def __init__(self) -> None:
        self.rows: list[str] = [f"RAA;{HOST}/elsewhere/1;98;"]
        self.failure: FetchError | None = None

    async def json(self, url: str, target: Path) -> Download:
        table = {"url": "https://static.data.gouv.fr/raa.csv", "format": "csv", "last_modified": "2026-08-10T00:00:00Z"}
        return self._write(url, target, json.dumps({"resources": [table]}))

    async def csv(self, url: str, target: Path) -> Download:
        return self._write(url, target, "\n".join((HEADER, *self.rows)))

    def _write(self, url: str, target: Path, text: str) -> Download:
        if self.failure is not None:
            raise self.failure
        target.write_text(text)
        return Download(url, target, len(text), hashlib.sha256(text.encode()).hexdigest())


class History(Bench):
    """The bench of polls, with a past to complete."""

    index: Index
    not_covered: tuple[Authority, ...]
    slept: list[float]
    routed: list[Decree]
    recorder: Recorder

    def prepare(self) -> None:
        self.index, self.not_covered, self.slept, self.routed = Index(), (), [], []
        self.site.pages |= {
            ROOT: page(*(grey_card(way.removeprefix(HOST), way.rsplit("/", 1)[-1]) for way in (f"{ROOT}/Aout-2026", JUNE, MARCH, JANUARY))),
            f"{ROOT}/Aout-2026": files(8, day=date(2026, 8, 10)),
            JUNE: files(6, 7, day=date(2026, 6, 20)),
            MARCH: files(3, day=date(2026, 3, 20)),
            JANUARY: files(1, day=date(2026, 1, 20)),
        }

    def backfill(self) -> Backfill:
        authority = Authority("99", "Préfecture du Test", "Test", "Europe/Paris", self.sources or (source(),))
        catalogue = Catalogue({each.code: each for each in (authority, *self.not_covered)})
        self.recorder = Recorder(catalogue, self.store, self.route, lambda: self.now)
        patient = PatientFetcher(self.site, now=lambda: self.now, sleep=self.sleep)
        ingestor = make_ingestor(catalogue, patient, self.read, self.store, lambda: self.now, recorder=self.recorder)
        return Backfill(catalogue, patient, self.index, ingestor, self.store, lambda: self.now, BackfillLimits(self.workers))

    def route(self, decree: Decree) -> Sequence[str]:
        self.routed.append(decree)
        return ("console",)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.site.failures.clear()

    async def run(self, since: date = SINCE, *, announce: bool = False, limit: int | None = None) -> BackfillReport:
        self.site.forget()
        self.site.downloads.clear()
        return await self.backfill().run(BackfillRequest(since, announce, limit))


@pytest.fixture
def bench(store: Store) -> History:
    made = History(store, Site({}))
    made.prepare()
    return made


# What is read


async def test_what_was_published_since_is_listed_and_read_in_silence(bench: History) -> None:
    bench.papers[url(3)] = reading(vsa("2026-3"))

    report = await bench.run()

    assert bench.states() == dict.fromkeys((url(3), url(6), url(7), url(8)), READ)
    [listing] = report.listings
    assert (listing.found, listing.new, listing.left, listing.requests, listing.is_complete, listing.skipped) == (4, 4, 0, 4, True, False)
    assert (report.ok, report.read, report.resolved, report.remaining, report.elsewhere) == (True, 4, 0, 0, 0)
    assert [decree.facts.number for decree in report.ingested.decrees] == ["2026-3"]
    assert (report.ingested.posts, bench.posts(), bench.routed) == ((), [], [])
    assert bench.store.decrees.recent(10).total == 1


async def test_history_stands_in_lists_where_it_was_published(bench: History) -> None:
    bench.site.pages[f"{ROOT}/Aout-2026"] = files(8)
    bench.papers |= {url(8): reading(vsa("2026-8")), url(3): reading(vsa("2026-3")), url(6): reading(vsa("2026-6"))}
    await bench.poll()
    bench.now += QUARTER
    await bench.run()
    assert [decree.facts.number for decree in bench.store.decrees.recent(10).decrees] == ["2026-8", "2026-6", "2026-3"]
    assert [decree.facts.number for decree in bench.store.decrees.search("valence", 10).decrees] == ["2026-8", "2026-6", "2026-3"]


async def test_what_the_first_poll_left_is_read_as_far_back_as_asked(bench: History) -> None:
    bench.site.pages[f"{ROOT}/Aout-2026"] = page(download(8, "14/08/2026"), download(5, "10/08/2026"), download(4, "02/08/2026"))
    await bench.poll()
    assert {address for address, state in bench.states().items() if state is KNOWN} == {url(5), url(4)}
    report = await bench.run(date(2026, 8, 5))
    assert (bench.states()[url(5)], bench.states()[url(4)]) == (READ, KNOWN)
    assert (report.read, report.listings[0].new, bench.site.downloads) == (1, 0, [url(5)])


async def test_the_newest_are_read_first(bench: History) -> None:
    bench.workers = 1
    await bench.run()
    assert bench.site.downloads[0] == url(8)
    assert bench.site.downloads[-1] == url(3)


async def test_detail_pages_give_their_files(bench: History) -> None:
    bench.sources = (source(listing="card-detail"),)
    bench.site.pages = {
        ROOT: page(white_card(detail("7").removeprefix(HOST), "RAA spécial n° 7", "20/06/2026")),
        detail("7"): page(download(71, None), download(72, "19/06/2026"), download(73, "01/02/2026")),
    }
    report = await bench.run()
    # The third says itself that it is older than what is asked for.
    assert bench.states() == {detail("7"): RecueilState.RESOLVED, url(71): READ, url(72): READ, url(73): KNOWN}
    assert (report.read, report.resolved) == (2, 1)


async def test_a_limit_leaves_the_rest_to_the_next_run(bench: History) -> None:
    first = await bench.run(limit=3)
    assert (first.read, first.remaining, first.ok) == (3, 1, True)
    second = await bench.run(limit=3)
    assert (second.read, second.remaining) == (1, 0)
    assert list(bench.states().values()) == [READ] * 4


async def test_progress_is_told(bench: History) -> None:
    bench.papers[url(3)] = reading(vsa("2026-3"))
    steps: list[BackfillProgress] = []
    await bench.backfill().run(BackfillRequest(SINCE), steps.append)
    assert (steps[0].listed, steps[0].sources, steps[0].done) == (0, 1, 0)
    assert max(step.waiting for step in steps) == 4
    last = steps[-1]
    assert (last.listed, last.done, last.waiting, last.decrees) == (1, 4, 0, 1)


async def test_authorities_that_are_not_covered_are_told(bench: History) -> None:
    bench.not_covered = (Authority("98", "Nulle part", "Nulle part", "Europe/Paris", (), "no site"),)
    report = await bench.run()
    assert [authority.code for authority in report.not_covered] == ["98"]
    assert report.ok


# The national index


OLD = f"{HOST}/contenu/telechargement/12/34/file/recueil-99-2025-007.pdf"


def indexed(number: int, title: str = "recueil-99-2026") -> str:
    return f"{title};{url(number)};99;2026-08-10T00:00:00.000Z"


async def test_what_only_the_national_index_knows_is_read(bench: History) -> None:
    bench.papers[url(4)] = reading(vsa("2026-4"))
    bench.index.rows += [
        indexed(3), indexed(4, "RAA du 5 mai 2026"), indexed(2, "RAA du 2 février 2026"), f"RAA;{OLD};99;",
        "RAA du 5 mai 2026;https://elsewhere.example/1.pdf;99;", f"RAA du 6 mai 2026;{url(9)};98;",
    ]  # fmt: skip
    report = await bench.run()
    assert bench.states()[url(4)] is READ
    assert not {url(2), OLD, url(9)} & set(bench.states())
    [found] = report.index
    assert (found.authority, found.new, found.left, found.elsewhere) == ("99", 1, 0, 1)
    assert [decree.facts.number for decree in report.ingested.decrees] == ["2026-4"]
    assert bench.posts() == []
    again = await bench.run()
    assert (again.index[0].new, bench.site.downloads) == (0, [])


async def test_the_file_of_a_detail_page_is_not_read_again_from_the_index(bench: History) -> None:
    bench.sources = (source(listing="card-detail"),)
    bench.site.pages = {ROOT: page(white_card(detail("7").removeprefix(HOST), "RAA spécial n° 7", "20/06/2026")), detail("7"): files(71)}
    bench.site.failures[detail("7")] = FetchRefused("503")  # so that its file is not known by its address
    bench.index.rows.append(f"RAA-special-7;{url(71)};99;")
    report = await bench.run()
    assert (report.index[0].new, set(bench.states())) == (0, {detail("7")})


async def test_no_index_is_told_and_stops_nothing(bench: History) -> None:
    bench.index.failure = Unreachable("data.gouv.fr: timed out")
    report = await bench.run()
    assert (report.ok, report.index_error, report.read) == (False, "data.gouv.fr: timed out", 4)


# Never posted


async def test_what_a_backfill_found_is_never_posted_by_later_polls(bench: History) -> None:
    bench.papers[url(3)] = bench.papers[url(9)] = reading(vsa("2026-3"))
    await bench.run()
    await bench.poll(QUARTER)
    # The same decree in a recueil of today, and the old recueil on today's page.
    bench.site.pages[f"{ROOT}/Aout-2026"] = files(9, 3, 8, day=date(2026, 8, 14))
    _, ingested = await bench.poll(QUARTER)
    assert url(9) in bench.site.downloads
    assert (ingested.decrees, ingested.posts, bench.posts()) == ((), (), [])
    [known] = bench.store.decrees.recent(10).decrees
    assert known.id is not None
    assert len(stored(bench.store, known.id).sightings) == 2


async def test_a_recueil_read_in_part_is_read_again_by_polls_in_silence(bench: History) -> None:
    bench.papers[url(3)] = reading("Préfecture", "", unreadable=(2,))
    report = await bench.run()
    assert report.ingested.incomplete == (url(3),)
    bench.papers[url(3)] = reading("Préfecture", vsa("2026-3"))
    bench.now = bench.row(url(3)).next_try_at or bench.now
    _, ingested = await bench.poll()
    assert bench.states()[url(3)] is READ
    assert [decree.facts.number for decree in ingested.decrees] == ["2026-3"]
    assert (ingested.posts, bench.posts(), bench.routed) == ((), [], [])


async def test_files_that_a_detail_page_gives_later_are_read_in_silence(bench: History) -> None:
    """Even where an operator has made the page wait for polls again."""
    bench.sources = (source(listing="card-detail"),)
    bench.site.pages = {
        ROOT: page(white_card(detail("7").removeprefix(HOST), "RAA spécial n° 7", "20/06/2026")),
        detail("7"): page("<p>À venir</p>"),
    }
    report = await bench.run()
    assert not report.ok
    assert bench.states() == {detail("7"): KNOWN}
    await bench.poll(QUARTER)
    assert bench.states() == {detail("7"): KNOWN}

    bench.site.pages[detail("7")] = files(71)
    bench.papers[url(71)] = reading(vsa("2026-7"))
    mark(bench.store, bench.row(detail("7")).id, RecueilState.WAITING)
    _, ingested = await bench.poll(QUARTER)
    assert bench.states() == {detail("7"): RecueilState.RESOLVED, url(71): READ}
    assert len(ingested.decrees) == 1
    assert bench.posts() == []


async def test_a_backfill_that_failed_or_stopped_leaves_nothing_to_polls(bench: History) -> None:
    bench.papers[url(3)] = reading(vsa("2026-3"))
    bench.site.failures[url(3)] = FetchRefused(f"{url(3)}: 503")
    report = await bench.run()
    assert [(item.url, item.gone) for item in report.ingested.unread] == [(url(3), False)]
    assert not report.ok
    bench.site.failures.clear()
    for _ in range(3):
        await bench.poll(timedelta(days=1))
    assert bench.row(url(3)).state is KNOWN
    again = await bench.run()
    assert (again.ok, again.read, bench.states()[url(3)]) == (True, 1, READ)
    assert bench.posts() == []


async def test_with_announce_each_decree_is_posted_once(bench: History) -> None:
    bench.papers[url(3)] = bench.papers[url(9)] = reading(vsa("2026-3"))
    report = await bench.run(announce=True)
    assert [post.decree.facts.number for post in report.ingested.posts] == ["2026-3"]
    bench.site.pages[f"{ROOT}/Aout-2026"] = files(9, 8, day=date(2026, 8, 14))
    await bench.poll(QUARTER)
    again = await bench.run(announce=True)
    assert again.read == 0
    assert len(bench.posts()) == 1


async def test_posts_are_told_of_while_others_are_read(bench: History) -> None:
    bench.papers[url(3)] = reading(vsa("2026-3"))
    done: list[int] = []
    progress: list[int] = [0]
    backfill = bench.backfill()
    bench.recorder.on_queued = lambda: done.append(progress[-1])
    await backfill.run(BackfillRequest(SINCE, True, None), lambda how_far: progress.append(how_far.done))
    assert len(done) == len(bench.posts()) == 1
    assert done[0] < progress[-1]


# Beside the polls


async def test_what_was_just_published_is_left_to_the_next_poll(bench: History) -> None:
    """A backfill that took it would silence it."""
    await bench.poll()
    bench.papers[url(9)] = reading(vsa("2026-9"))
    bench.site.pages[f"{ROOT}/Aout-2026"] = page(download(9), download(8, "14/08/2026"))
    bench.site.pages[JUNE] = page(download(6, "20/06/2026"), download(10, "14/08/2026"))
    report = await bench.run()
    assert (report.listings[0].new, report.listings[0].left) == (2, 2)
    assert url(9) not in bench.states()
    _, ingested = await bench.poll(QUARTER)
    assert [post.decree.facts.number for post in ingested.posts] == ["2026-9"]


async def test_a_source_never_polled_still_has_its_baseline(bench: History) -> None:
    """What was put online before the first poll, and what stands there when a backfill comes before it, are news all the same."""
    bench.papers |= {url(number): reading(vsa(f"2026-{number}")) for number in (9, 10)}
    bench.site.pages[f"{ROOT}/Aout-2026"] = page(download(9, "13/08/2026"), download(8, "10/08/2026"))
    first = await bench.run()
    assert (first.listings[0].new, first.listings[0].left) == (4, 1)
    assert bench.store.sources.get("99:site").baseline_at is None
    bench.site.pages[f"{ROOT}/Aout-2026"] = page(
        download(10, "14/08/2026"), download(9, "13/08/2026"), download(8, "10/08/2026"), download(5, "01/08/2026")
    )
    report, ingested = await bench.poll(QUARTER)
    assert bench.store.sources.get("99:site").baseline_at == bench.now
    assert (report.new, bench.states()[url(5)]) == (2, KNOWN)
    assert [post.decree.facts.number for post in ingested.posts] == ["2026-9", "2026-10"]


async def test_the_newest_of_a_list_without_dates_are_left_to_the_first_poll(bench: History) -> None:
    bench.papers[url(9)] = reading(vsa("2026-9"))
    bench.site.pages = {ROOT: page(*(download(number) for number in (9, 8, 7, 6)))}
    report = await bench.run()
    assert (report.listings[0].new, report.listings[0].left, bench.states()) == (1, 3, {url(6): READ})
    _, ingested = await bench.poll(QUARTER)
    assert [post.decree.facts.number for post in ingested.posts] == ["2026-9"]


async def test_two_backfills_at_once_share_the_work(bench: History, monkeypatch: pytest.MonkeyPatch) -> None:
    take_up, loaded, ready = bench.store.recueils.take_up, set[int](), threading.Event()

    def take_up_when_both_have_loaded(recueil: Recueil, *, silent: bool, now: datetime) -> Recueil | None:
        assert ready.wait(60)
        return take_up(recueil, silent=silent, now=now)

    def told(number: int, step: BackfillProgress) -> None:
        if step.waiting:
            loaded.add(number)
        if len(loaded) == 2:
            ready.set()

    monkeypatch.setattr(bench.store.recueils, "take_up", take_up_when_both_have_loaded)
    both = await asyncio.gather(*(bench.backfill().run(BackfillRequest(SINCE), partial(told, number)) for number in range(2)))
    assert sorted(bench.site.downloads) == [url(3), url(6), url(7), url(8)]
    assert sum(report.read for report in both) == 4
    assert list(bench.states().values()) == [READ] * 4


# Stopped, and gone on with


async def test_a_source_listed_completely_is_not_listed_again_for_a_day(bench: History) -> None:
    await bench.run()
    bench.now += timedelta(hours=20)
    again = await bench.run()
    assert ([listing.skipped for listing in again.listings], bench.site.asked, bench.site.downloads) == ([True], [], [])
    assert (await bench.run(SINCE + timedelta(days=30))).listings[0].skipped
    assert not (await bench.run(date(2026, 1, 1))).listings[0].skipped
    assert bench.states()[url(1)] is READ
    bench.now += timedelta(hours=25)
    assert not (await bench.run()).listings[0].skipped
    assert (await bench.run()).listings[0].skipped, "the last time counts"


async def test_a_source_listed_in_part_is_listed_again(bench: History) -> None:
    bench.site.failures[JUNE] = FetchRefused(f"{JUNE}: 503")
    report = await bench.run()
    assert (report.ok, report.listings[0].is_complete, report.read) == (False, False, 2)
    assert [trouble.error for trouble in report.listings[0].troubles] == [f"{JUNE}: 503"]
    bench.site.failures.clear()
    again = await bench.run()
    assert (again.ok, again.read) == (True, 2)


@pytest.mark.parametrize("moment", by_day(range(1, 9), 4))
async def test_stopped_at_any_point_it_loses_nothing(bench: History, moment: int) -> None:
    """Ctrl-C at each step; what was read before is not read again."""
    bench.papers[url(3)] = reading(vsa("2026-3"))
    bench.workers = 1
    steps = 0

    def stop(_: BackfillProgress) -> None:
        nonlocal steps
        steps += 1
        if steps == moment and running is not None:
            running.cancel()

    running: asyncio.Task[BackfillReport] | None = None
    running = asyncio.create_task(bench.backfill().run(BackfillRequest(SINCE), stop))
    with pytest.raises(asyncio.CancelledError):
        await running
    read = {address for address, state in bench.states().items() if state is READ}
    assert RecueilState.WAITING not in bench.states().values()
    report = await bench.run()
    assert report.ok
    assert bench.states() == dict.fromkeys((url(3), url(6), url(7), url(8)), READ)
    assert not read & set(bench.site.downloads)
    assert bench.store.decrees.recent(10).total == 1
    assert bench.posts() == []


async def test_a_database_that_fails_ends_the_run_with_its_error(bench: History, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.recordings, "record", disk_full)
        with pytest.raises(StorageError, match="disk full"):
            await bench.run()
    assert set(bench.states().values()) == {KNOWN}
    assert (await bench.run()).read == 4


# Failures


async def test_an_address_at_rest_is_waited_for(bench: History) -> None:
    pause = Paused(f"{url(3)}: resting")
    pause.retry_after = 300.0
    bench.site.failures[url(3)] = pause
    report = await bench.run()
    assert (report.ok, report.read, bench.slept) == (True, 4, [300.0])


async def test_what_cannot_be_read_is_told_and_stays(bench: History) -> None:
    bench.papers |= {url(3): Unreadable("this is not a PDF"), url(6): ValueError("a fault of ours")}
    bench.site.failures[url(7)] = Gone(f"{url(7)}: 404")
    report = await bench.run()
    assert {(item.url, item.gone) for item in report.ingested.unread} == {(url(3), False), (url(6), False), (url(7), True)}
    assert (report.ok, report.read) == (False, 1)
    assert [bench.states()[url(number)] for number in (3, 6, 7)] == [KNOWN] * 3


async def test_what_a_site_has_taken_away_is_no_failure(bench: History) -> None:
    bench.site.failures[url(7)] = Gone(f"{url(7)}: 404")
    report = await bench.run()
    assert (report.ok, len(report.ingested.unread)) == (True, 1)
