"""The story of one poll, over a real database, with a site in memory and readings made up for the occasion."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app.demo.scenario import demo_text
from bot.domain.acts import Act, Cover, Kind, Reading
from bot.domain.health import Cause
from bot.domain.posts import Post
from bot.domain.records import NewRecueil, Recueil, RecueilState
from bot.domain.text import PageText, TextOrigin
from bot.ingest import decisions as decide
from bot.ingest.archive import PdfArchive
from bot.ingest.ingestor import IngestResult, new_recueil
from bot.ingest.poller import Poller, RetryRequest, SourceReport, retry, retry_request_of
from bot.reading.acts.cutting import cut_inner
from bot.reading.model import IsConcerned, ReadingDone, ReadingEvent, Unreadable
from bot.storage.errors import DiskFull, StorageError
from bot.storage.store import Store
from sources.catalogue.authority import Authority, Listing, Source
from sources.crawl.crawler import Crawl, Crawler
from sources.crawl.trail import Trail
from sources.model import Download, FetchError, FetchRefused, Gone, ListingEntry, Paused, Unreachable
from tests.bot.ingest.wired import make_poller
from tests.bot.storage.finding import all_recueils, mark, posts_of
from tests.present import present
from tests.sources.markup import HOST, ROOT, download, file_href, page, white_card
from tests.sources.poller import AUGUST, JULY, YEAR, cards
from tests.sources.site import MemorySite

NOON = datetime(2026, 8, 14, 12, tzinfo=UTC)
TODAY = NOON.date()
QUARTER = timedelta(minutes=15)
NOTHING = "Arrêté n° 2026-77 portant réglementation de la circulation\nVu le code de la route ;\nARRÊTE\nArticle 1er : la rue est fermée."

DOUBTFUL = NOTHING.replace("réglementation de la circulation", "mesures de sécurité").replace(
    "ARRÊTE", "Considérant qu'un traitement algorithmique des images de vidéoprotection a été mis en œuvre sur place ;\nARRÊTE"
)


def vsa(number: str) -> str:
    return demo_text("authorisation", TODAY, number=number)


def url(number: int) -> str:
    return HOST + file_href(number)


def detail(name: str) -> str:
    return f"{ROOT}/RAA-special-{name}"


def reading(*texts: str, unreadable: Sequence[int] = (), act_id: str | None = None) -> Reading:
    """A document of one act, one page a text."""
    pages = tuple(
        PageText(number, "", TextOrigin.UNREADABLE) if number in unreadable else PageText(number, text)
        for number, text in enumerate(texts, 1)
    )
    act = Act(act_id, texts[0].splitlines()[0], "Cabinet", 1, len(pages), pages)
    return Reading(len(pages), Cover(), cut_inner(act), (), tuple(unreadable))


def _content(path: Path) -> str:
    return path.read_text()


class Site(MemorySite):
    """A site with files. What a file holds is its own address, unless another was `put` there, by which the reader below knows it."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        super().__init__(pages)
        self.downloads: list[str] = []
        self.checked: list[str] = []
        self.put: dict[str, str] = {}

    def held(self, url: str) -> bytes:
        """What is in the file of this address."""
        return self.put.get(url, url).encode()

    async def download(self, url: str, target: Path) -> Download:
        self.downloads.append(url)
        if url in self.failures:
            raise self.failures[url]
        await asyncio.to_thread(target.write_bytes, content := self.held(url))
        return Download(url, target, len(content), hashlib.sha256(content).hexdigest(), self.head(url, 200))

    async def is_replaced(self, url: str, since: datetime, size: int) -> bool:
        self.checked.append(url)
        if url in self.failures:
            raise self.failures[url]
        return len(self.held(url)) != size


@dataclass
class Bench:
    """A watcher and all that surrounds it. `now` is the clock; `papers` what is in each file."""

    store: Store
    site: Site
    now: datetime = NOON
    papers: dict[str, Reading | Exception] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    workers: int = 2
    slowest: timedelta = QUARTER
    reading: Callable[[str], None] = lambda url: None
    opened: int = 0
    most_opened: int = 0
    crawler: Crawler | None = None
    archive: PdfArchive | None = None

    async def read(self, path: Path, *, known: Sequence[PageText], is_concerned: IsConcerned) -> AsyncGenerator[ReadingEvent, None]:
        address = _content(path)
        self.reading(address)
        self.opened += 1
        self.most_opened = max(self.most_opened, self.opened)
        await asyncio.sleep(0)
        self.opened -= 1
        found = self.papers.get(address, reading(f"{NOTHING} {address}"))
        if isinstance(found, Exception):
            raise found
        yield ReadingDone(found)

    def restart(self) -> None:
        """Forget all that is not in the database, as a new process does."""
        vars(self).pop("watcher", None)

    @cached_property
    def watcher(self) -> Poller:
        sources = self.sources or (source(),)
        authorities = {"99": Authority("99", "Préfecture du Test", "Test", "Europe/Paris", sources)}
        return make_poller(
            authorities, self.site, self.read, self.store, lambda: self.now,
            crawler=self.crawler, slowest=self.slowest, workers=self.workers, archive=self.archive,
        )  # fmt: skip

    async def read_next(self) -> IngestResult:
        """Read what is due as soon as the first file is."""
        self.now = self.row(url(1)).next_try_at or self.now
        return await self.watcher.read_due("99")

    async def poll(self, later: timedelta = timedelta(0), *, route: str = "site") -> tuple[SourceReport, IngestResult]:
        self.now += later
        self.site.forget()
        self.site.downloads.clear()
        return await self.watcher.poll(next(one for one in self.watcher.sources if one.route == route))

    def states(self) -> dict[str, RecueilState]:
        """What became of each file and detail page."""
        return {recueil.url: recueil.state for recueil in all_recueils(self.store)}

    def row(self, address: str) -> Recueil:
        return next(recueil for recueil in all_recueils(self.store) if recueil.url == address)

    def posts(self) -> list[Post]:
        return posts_of(self.store, range(1, 100))

    def announced(self) -> list[str]:
        """The numbers of the decrees that are posted, sorted."""
        return sorted(post.decree.facts.number or "" for post in self.posts())


def source(route: str = "site", root: str = ROOT, listing: Listing = "download-list") -> Source:
    return Source("99", route, "national", root, "newest-first", listing)


def files(*numbers: int, day: date | None = TODAY) -> str:
    shown = day.strftime("%d/%m/%Y") if day else None
    return page(*(download(number, shown) for number in numbers))


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store, Site({ROOT: files(1)}))


# The first poll, and those after


async def test_the_first_poll_reads_what_is_recent_and_knows_the_rest(bench: Bench) -> None:
    bench.site.pages[ROOT] = page(download(3, "14/08/2026"), download(2, "12/08/2026"), download(1, "01/08/2026"))
    bench.papers[url(3)] = reading(vsa("2026-1"))

    report, ingested = await bench.poll()

    assert bench.states() == {url(3): RecueilState.READ, url(2): RecueilState.READ, url(1): RecueilState.KNOWN}
    assert (report.ok, report.requests, report.new, len(report.listed)) == (True, 1, 2, 3)
    assert [(decree.kind, decree.facts.number, decree.published) for decree in ingested.decrees] == [(Kind.AUTHORISATION, "2026-1", TODAY)]
    assert [post.id for post in ingested.posts] == [post.id for post in bench.posts()]
    assert bench.store.sources.get("99:site").baseline_at == NOON


async def test_a_source_that_sleeps_is_asked_less_often_and_one_that_publishes_at_night_is_not(bench: Bench) -> None:
    bench.slowest = 4 * QUARTER
    bench.now = NOON + timedelta(hours=13)  # a Friday night; the week before is not yet known
    await bench.poll()
    assert bench.store.sources.get("99:site").next_check_at == bench.now + 4 * QUARTER
    for number in range(2, 60):
        bench.site.pages[ROOT] = files(number)
        await bench.poll(timedelta(days=1))
    assert bench.now.weekday() == 0
    # It is compared with what all sources, here itself alone, published until the poll before.
    assert (present(bench.store.sources.get("99:site").next_check_at) - bench.now) / QUARTER == pytest.approx(1 / 2, rel=0.01)


@pytest.mark.parametrize("noise", [";jsessionid={}", "?sid={}", ";jsessionid={}?sid={}&_={}"])
async def test_an_address_with_a_number_of_the_visit_is_the_same_recueil_at_every_poll(bench: Bench, noise: str) -> None:
    bench.papers[url(1)] = reading(vsa("2026-1"))
    for visit in range(4):
        bench.site.pages[ROOT] = page(
            *(download(n, "14/08/2026").replace(".pdf", f".pdf{noise.replace('{}', f'A{visit}')}") for n in (1, 2))
        )
        report, _ = await bench.poll(QUARTER)
        assert (report.ok, report.new, len(bench.site.downloads)) == (True, 0 if visit else 2, 0 if visit else 2)
    assert bench.states() == {url(1): RecueilState.READ, url(2): RecueilState.READ}
    assert len(bench.posts()) == 1


async def test_a_link_to_a_file_on_a_foreign_host_does_not_make_the_source_fail(bench: Bench) -> None:
    bench.site.foreign = ("https://www.legifrance.gouv.fr",)
    bench.site.pages[ROOT] = page(download(1), download(2).replace('href="', 'href="https://www.legifrance.gouv.fr'))
    report, _ = await bench.poll()
    assert (report.ok, report.new, bench.site.downloads) == (True, 1, [url(1)])


async def test_a_source_that_lists_what_another_gave_does_not_reach_further_back(bench: Bench) -> None:
    """Undated lists: the three newest are those of the whole list, of which the first source has had all."""
    mirror = "https://www.other.gouv.fr/RAA"
    bench.site.pages = {
        ROOT: files(6, 5, 4, day=None),
        mirror: page(*(download(n) for n in (6, 5, 4, 3, 2, 1))).replace('"/con', f'"{HOST}/con'),
    }
    bench.sources = (source(), source("mirror", mirror))
    await bench.poll()
    report, _ = await bench.poll(route="mirror")
    assert len(report.listed) == 6
    assert {address for address, state in bench.states().items() if state is RecueilState.KNOWN} == {url(1), url(2), url(3)}


async def test_a_first_poll_killed_before_it_was_remembered_is_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.site.pages[ROOT] = page(download(2, "14/08/2026"), download(1, "01/08/2026"))
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.sources, "save", _killed)
        with pytest.raises(KeyboardInterrupt):
            await bench.poll()
    assert bench.states() == {url(2): RecueilState.WAITING, url(1): RecueilState.KNOWN}

    bench.restart()
    bench.site.pages[ROOT] = page(download(3, "14/08/2026"), download(2, "14/08/2026"), download(1, "01/08/2026"))
    report, _ = await bench.poll(QUARTER)

    assert report.new == 1
    assert bench.states() == {url(3): RecueilState.READ, url(2): RecueilState.READ, url(1): RecueilState.KNOWN}


async def test_a_first_poll_that_fails_leaves_no_baseline(bench: Bench) -> None:
    bench.site.failures[ROOT] = Unreachable("timed out")
    await bench.poll()
    assert bench.store.sources.get("99:site").baseline_at is None
    bench.site.failures.clear()
    bench.site.pages[ROOT] = page(download(2, "14/08/2026"), download(1, "01/08/2026"))
    report, _ = await bench.poll(QUARTER)
    assert report.new == 1


@pytest.mark.parametrize("level", [False, True], ids=["list", "level above it"])
async def test_a_page_that_the_first_poll_could_not_read_has_its_own_baseline(bench: Bench, level: bool) -> None:
    special, regular = f"{ROOT}/Recueils-speciaux", f"{ROOT}/Recueils-reguliers"
    specials = f"{special}/Aout-2026" if level else special
    bench.site.pages |= {ROOT: cards(special, regular), regular: files(1, day=None), special: cards(specials)}
    old, recent = page(download(3, "20/07/2026"), download(2, "13/08/2026")), page(download(4, "10/08/2026"))
    bench.site.pages[specials] = old
    bench.papers |= {url(number): reading(vsa(f"2026-{number}")) for number in (2, 3, 4, 5)}
    bench.site.failures |= {special: Unreachable("timed out"), specials: Unreachable("timed out")}
    assert not (await bench.poll())[0].ok
    # Where the list stands below a page that failed, it fails in its turn.
    del bench.site.failures[special]
    assert (await bench.poll(QUARTER))[0].ok is not level
    bench.site.failures.clear()
    # Meanwhile what enters the pages that were read is new, whatever its date.
    bench.site.pages[regular] = page(recent, download(1))
    await bench.poll(QUARTER)
    await bench.poll(QUARTER)
    known = {url(3): RecueilState.KNOWN, **dict.fromkeys((url(2), url(4), url(1)), RecueilState.READ)}
    assert bench.states() == known
    # From now on it is a page like another.
    bench.site.pages[specials] = page(old, download(5, "01/07/2026"))
    await bench.poll(QUARTER)
    assert bench.states() == {**known, url(5): RecueilState.READ}


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def disk_full(*_: object) -> list[Recueil]:
    raise DiskFull("disk full")


# Sources that fail


async def test_a_failure_is_told_once_and_so_is_its_end(bench: Bench) -> None:
    bench.site.failures[ROOT] = Unreachable("timed out")
    with capture_logs() as logs:
        reports = [(await bench.poll(QUARTER))[0] for _ in range(3)]
        bench.site.failures[ROOT] = FetchRefused("503")
        await bench.poll(QUARTER)
        bench.site.failures.clear()
        last, _ = await bench.poll(QUARTER)
    assert [(report.ok, report.error, report.requests) for report in reports] == [(False, "timed out", 1)] * 3
    assert last.ok
    told = [(line["event"], line.get("error")) for line in logs if line["log_level"] == "warning" or line["event"] == "source.recovered"]
    assert told == [("source.failed", "timed out"), ("source.failed", "503"), ("source.recovered", None)]
    assert bench.store.sources.get("99:site").failures == 0


async def test_a_poll_that_finds_nothing_new_reads_nothing_and_is_worth_no_line(bench: Bench) -> None:
    with capture_logs() as logs:
        await bench.poll()
        for _ in range(2):
            report, ingested = await bench.poll(QUARTER)
            assert (report.ok, report.listed, report.new, ingested.decrees, bench.site.downloads) == (True, (), 0, (), [])
    levels = [line["log_level"] for line in logs if line["event"] == "source.polled"]
    assert levels == ["info", "debug", "debug"], "the first look is told"


async def test_an_address_at_rest_is_not_told_again_at_every_poll(bench: Bench) -> None:
    with capture_logs() as logs:
        bench.site.failures[ROOT] = Unreachable("timed out")
        await bench.poll()
        for seconds in (40, 25, 10):
            bench.site.failures[ROOT] = Paused(f"resting for another {seconds} s: timed out")
            await bench.poll(QUARTER)
        bench.site.failures[ROOT] = Unreachable("timed out")
        await bench.poll(QUARTER)
    assert [line["error"] for line in logs if line["log_level"] == "warning"] == ["timed out"]
    assert bench.store.sources.get("99:site").error == "timed out"


async def test_a_failing_source_waits_longer_each_time_and_as_long_as_the_server_asks(bench: Bench) -> None:
    waits = []
    for retry_after in (None, None, None, 3 * 3600.0):
        failure = bench.site.failures[ROOT] = FetchRefused("503")
        failure.retry_after = retry_after
        await bench.poll()
        when = present(bench.store.sources.get("99:site").next_check_at)
        waits.append(when - bench.now)
    assert waits == [QUARTER, 2 * QUARTER, 4 * QUARTER, timedelta(hours=3)]


@pytest.mark.parametrize("back", [timedelta(minutes=20), timedelta(days=1), timedelta(days=300)])
async def test_a_clock_set_back_delays_no_poll(bench: Bench, back: timedelta) -> None:
    await bench.poll()
    bench.now -= back
    bench.restart()
    with capture_logs() as logs:
        assert await bench.watcher.due() == []
    assert [line["seconds"] for line in logs if line["event"] == "clock.set_back"] == [back.total_seconds()]
    bench.now += QUARTER
    assert [source.key for source in await bench.watcher.due()] == ["99:site"]
    assert bench.store.sources.get("99:site").last_ok_at == NOON - back


async def test_a_failing_source_keeps_its_cause_and_since_when(bench: Bench) -> None:
    await bench.poll()
    good = bench.store.sources.get("99:site")
    bench.site.failures[ROOT] = FetchRefused("503")
    report, _ = await bench.poll(QUARTER)
    assert report.cause is Cause.BLOCKED
    bench.site.failures[ROOT] = Paused("resting")
    report, _ = await bench.poll(QUARTER)
    assert report.cause is Cause.RESTING
    state = bench.store.sources.get("99:site")
    # Not asked: it is still the refusal that is wrong with it.
    assert (state.cause, state.failing_since, state.failures, state.last_ok_at) == ("blocked", NOON + QUARTER, 2, NOON)
    assert (state.trail, state.baseline_at) == (good.trail, good.baseline_at)
    bench.site.failures.clear()
    report, _ = await bench.poll(QUARTER)
    state = bench.store.sources.get("99:site")
    assert (report.cause, state.cause, state.failing_since, state.failures, state.error) == (None, None, None, 0, None)


async def test_when_something_new_was_last_found_is_remembered(bench: Bench) -> None:
    await bench.poll()
    assert bench.store.sources.get("99:site").last_new_at is None  # what the first poll finds may have been there for long
    bench.site.pages[ROOT] = files(2, 1)
    await bench.poll(QUARTER)
    bench.site.failures[ROOT] = Unreachable("timed out")
    await bench.poll(QUARTER)
    bench.site.failures.clear()
    await bench.poll(QUARTER)
    assert bench.store.sources.get("99:site").last_new_at == NOON + QUARTER


class Answers(Crawler):
    """Adds to each crawl what a test wants it to tell."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.moved_to: str | None = None
        self.emptied: tuple[str, ...] = ()
        self.unread: tuple[FetchError, ...] = ()

    async def poll(self, source: Source, trail: Trail | None, *, today: date, now: datetime, former: bool = False) -> Crawl:
        crawl = await super().poll(source, trail, today=today, now=now, former=former)
        return replace(crawl, moved_to=self.moved_to, emptied=self.emptied, unread=self.unread)


@pytest.fixture
def answers(bench: Bench) -> Answers:
    bench.crawler = crawler = Answers(bench.site)
    return crawler


async def test_a_page_that_could_not_be_read_is_a_failure_and_the_others_are_taken_in(bench: Bench, answers: Answers) -> None:
    await bench.poll()
    bench.site.pages[ROOT] = files(2)
    bench.papers[url(2)] = reading(vsa("2026-2"))
    answers.unread = (Gone(f"{ROOT}/Juillet: 404"),)
    report, ingested = await bench.poll(QUARTER)
    assert (report.ok, report.error, report.cause, report.new) == (False, f"{ROOT}/Juillet: 404", Cause.MOVED, 1)
    assert [decree.facts.number for decree in ingested.decrees] == ["2026-2"]
    for _ in range(3):
        await bench.poll(QUARTER)
    state = bench.store.sources.get("99:site")
    assert (state.cause, state.failing_since, state.failures) == ("moved", NOON + QUARTER, 4)
    # What works is not asked less often for it.
    assert state.next_check_at is not None
    assert state.next_check_at - bench.now <= timedelta(hours=1)
    answers.unread = ()
    assert (await bench.poll(timedelta(hours=1)))[0].ok
    assert bench.store.sources.get("99:site").failures == 0


@pytest.mark.parametrize("new_page", [f"{YEAR}/Recueils-en-cours", f"{YEAR}/Aout"], ids=["without a month", "of the month"])
async def test_a_page_that_vanished_is_a_failure_until_another_is_found_and_the_past_is_no_news(bench: Bench, new_page: str) -> None:
    """The page of the month and its card are gone: what is left is last month's list, of which no poll knows anything."""
    bench.site.pages |= {ROOT: cards(YEAR), YEAR: cards(JULY, AUGUST), AUGUST: files(1), JULY: page(download(8, "20/07/2026"), download(9))}
    bench.papers |= {url(number): reading(vsa(f"2026-{number}")) for number in (1, 2, 8, 9)}
    assert (await bench.poll())[0].ok
    del bench.site.pages[AUGUST]
    bench.site.pages[YEAR] = cards(JULY)
    for failures in (1, 2, 3):
        report, ingested = await bench.poll(QUARTER)
        assert (report.ok, report.cause, report.new, ingested.decrees) == (False, Cause.MOVED, 0, ())
        state = bench.store.sources.get("99:site")
        assert (state.cause, state.failures, state.error) == ("moved", failures, f"{AUGUST}: 404")
    assert bench.states() == {url(1): RecueilState.READ, url(8): RecueilState.KNOWN, url(9): RecueilState.KNOWN}
    bench.site.pages |= {YEAR: cards(JULY, new_page), new_page: files(2, 1)}
    report, ingested = await bench.poll(QUARTER)
    assert (report.ok, report.new, [decree.facts.number for decree in ingested.decrees]) == (True, 1, ["2026-2"])
    assert len(bench.posts()) == 2


async def test_a_list_that_was_emptied_is_a_failure_and_the_rest_is_taken_in(bench: Bench, answers: Answers) -> None:
    await bench.poll()
    bench.site.pages[ROOT] = files(2)
    bench.papers[url(2)] = reading(vsa("2026-2"))
    answers.emptied = (f"{ROOT}/Juillet",)
    report, ingested = await bench.poll(QUARTER)
    assert (report.ok, report.cause, report.new, len(report.listed)) == (False, Cause.EMPTIED, 1, 1)
    assert f"{ROOT}/Juillet" in (report.error or "")
    assert [decree.facts.number for decree in ingested.decrees] == ["2026-2"]
    state = bench.store.sources.get("99:site")
    assert (state.cause, state.failing_since, state.failures, state.last_ok_at) == ("emptied", NOON + QUARTER, 1, NOON)
    assert state.last_new_at == NOON + QUARTER
    assert present(Trail.from_json(state.trail)).marks != frozenset()  # what is listed now is remembered: not asked anew at each poll

    for _ in range(4):
        await bench.poll(QUARTER)
    assert present(bench.store.sources.get("99:site").next_check_at) <= bench.now + QUARTER, "what is left of it is watched as before"

    # One failed request is the first of its kind: neither a reason to wait for hours nor one to call for help.
    bench.site.failures[ROOT] = Unreachable("timed out")
    await bench.poll(QUARTER)
    state = bench.store.sources.get("99:site")
    assert (state.cause, state.failures, state.failing_since) == ("unreachable", 1, bench.now)
    assert state.next_check_at == bench.now + QUARTER
    bench.site.failures.clear()
    await bench.poll(QUARTER)
    bench.site.failures[ROOT] = Paused("resting")
    await bench.poll(QUARTER)
    state = bench.store.sources.get("99:site")
    assert (state.cause, state.failures) == ("resting", 1)
    bench.site.failures.clear()

    answers.emptied = ()
    assert (await bench.poll(QUARTER))[0].ok
    assert bench.store.sources.get("99:site").failures == 0


async def test_a_root_that_moved_is_no_failure_and_is_remembered_for_as_long_as_it_is_true(bench: Bench, answers: Answers) -> None:
    answers.moved_to = f"{HOST}/Nouveau"
    report, _ = await bench.poll()
    assert (report.ok, report.cause) == (True, None)
    assert bench.store.sources.get("99:site").moved_to == f"{HOST}/Nouveau"
    bench.site.failures[ROOT] = Unreachable("timed out")
    await bench.poll(QUARTER)
    assert bench.store.sources.get("99:site").moved_to == f"{HOST}/Nouveau"
    bench.site.failures.clear()
    answers.moved_to = None
    await bench.poll(QUARTER)
    assert bench.store.sources.get("99:site").moved_to is None


async def test_what_a_process_left_unread_is_read_as_soon_as_the_next_begins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """At night the next poll is an hour and a half away: a decree that was found would wait for it."""
    await bench.poll()
    bench.site.pages[ROOT] = page(download(2), download(1, "14/08/2026"))

    async def killed(*_: object) -> IngestResult:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bench.watcher, "read_due", killed)
        with pytest.raises(KeyboardInterrupt):
            await bench.poll(QUARTER)
    assert bench.states()[url(2)] is RecueilState.WAITING
    bench.restart()
    assert [one.key for one in await bench.watcher.due()] == ["99:site"]
    report, ingested = await bench.poll()
    assert (bench.site.asked, report.requests, ingested.opened) == ([], 0, 1), "its list is not requested at each start"
    assert bench.states()[url(2)] is RecueilState.READ
    await bench.poll()
    assert bench.site.asked == [ROOT]
    bench.restart()
    assert await bench.watcher.due() == []


async def test_a_file_that_failed_is_tried_again_when_it_is_due_and_not_at_the_next_poll(bench: Bench) -> None:
    bench.site.failures[url(1)] = Unreachable("timed out")
    await bench.poll()
    [recueil] = all_recueils(bench.store)
    assert recueil.next_try_at is not None
    wait = recueil.next_try_at - bench.now
    bench.store.sources.save(replace(bench.store.sources.get("99:site"), next_check_at=bench.now + 6 * wait))
    bench.now += wait - timedelta(seconds=1)
    assert await bench.watcher.due() == []
    bench.now += timedelta(seconds=1)
    assert [one.key for one in await bench.watcher.due()] == ["99:site"]
    del bench.site.failures[url(1)]
    await bench.poll()
    assert bench.states() == {url(1): RecueilState.READ}
    assert await bench.watcher.due() == []


async def test_a_site_that_fails_is_not_asked_at_each_start_for_what_is_unread(bench: Bench) -> None:
    await bench.poll()
    bench.site.failures[ROOT] = Unreachable("timed out")
    await bench.poll(QUARTER)
    bench.store.recueils.add([new_recueil(source(), ListingEntry(url(2), "2", None), RecueilState.WAITING)], bench.now)
    bench.restart()
    assert await bench.watcher.due() == []


async def test_a_site_that_fails_is_not_asked_sooner_for_a_database_that_failed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = FetchRefused("503")
    busy.retry_after = 7200
    bench.site.failures[ROOT] = busy
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.recueils, "due", disk_full)
        with pytest.raises(DiskFull):
            await bench.poll()
    bench.now += QUARTER
    assert await bench.watcher.due() == []
    bench.now += timedelta(hours=2)
    assert [one.key for one in await bench.watcher.due()] == ["99:site"]


async def test_a_fault_of_the_program_is_a_failure_like_another(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the source would be due at once, and asked without end."""

    def broken(*_: object) -> None:
        raise RecursionError

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr("sources.crawl.lists.READERS", {"national": broken})
        report, _ = await bench.poll()
    assert not report.ok
    assert "RecursionError" in (report.error or "")
    assert [line["log_level"] for line in logs] == ["error", "warning"]
    assert await bench.watcher.due() == []
    report, _ = await bench.poll(QUARTER)
    assert (report.ok, report.new) == (True, 1)


# Recueils that fail


async def test_a_recueil_that_cannot_be_fetched_is_tried_again_until_it_is_given_up(bench: Bench) -> None:
    bench.site.failures[url(1)] = FetchRefused(f"{url(1)}: 503")
    report, _ = await bench.poll()
    assert [(item.url, item.gone) for item in report.unread] == [(url(1), False)]
    assert (report.ok, report.error) == (False, f"{url(1)}: 503")
    attempts = 1
    while (again := bench.row(url(1)).next_try_at) is not None:
        assert bench.row(url(1)).state is RecueilState.WAITING
        assert (await bench.watcher.read_due("99")).unread == ()  # not yet
        bench.now = again
        assert len((await bench.watcher.read_due("99")).unread) == 1
        attempts += 1
    assert (attempts, bench.row(url(1)).state) == (13, RecueilState.FAILED)
    assert bench.now - NOON > timedelta(days=4)
    bench.site.failures.clear()
    assert (await bench.poll(timedelta(days=1)))[0].ok
    assert bench.site.downloads == []


async def test_a_recueil_the_site_has_taken_away_does_not_make_the_source_fail(bench: Bench) -> None:
    bench.site.pages[ROOT] = files(2, 1)
    bench.site.failures[url(1)] = Gone("404")
    report, _ = await bench.poll()
    assert (report.ok, [item.gone for item in report.unread]) == (True, [True])
    # Asked again later, with nothing new beside it.
    report, _ = await bench.poll(QUARTER)
    assert (report.ok, report.new, [item.gone for item in report.unread]) == (True, 0, [True])


async def test_where_all_that_is_new_is_gone_the_round_of_the_source_failed(bench: Bench) -> None:
    bench.site.pages[ROOT] = files(2, 1)
    bench.site.failures |= {url(number): Gone(f"{url(number)}: 404") for number in (1, 2)}
    report, _ = await bench.poll()
    assert (report.ok, report.error, report.cause, report.new) == (False, f"{url(1)}: 404", None, 2)
    assert bench.store.sources.get("99:site").failures == 0, "its list can be read"


async def test_an_address_at_rest_uses_up_no_attempt(bench: Bench) -> None:
    bench.papers[url(1)] = reading(vsa("2026-1"))
    bench.site.failures[url(1)] = Paused("resting")
    for _ in range(20):
        report, _ = await bench.poll(QUARTER)
        assert not report.ok
    assert (bench.row(url(1)).state, bench.row(url(1)).attempts) == (RecueilState.WAITING, 0)
    bench.site.failures.clear()
    _, ingested = await bench.poll(QUARTER)
    assert len(ingested.decrees) == 1


@pytest.mark.parametrize("trouble", [Unreadable("this is not a PDF"), ValueError("a fault of ours"), OSError("no space left")])
async def test_a_recueil_that_cannot_be_read_holds_up_no_other(bench: Bench, trouble: Exception) -> None:
    bench.site.pages[ROOT] = files(1, 2, 3)
    bench.papers |= {url(1): trouble, url(2): reading(vsa("2026-2")), url(3): reading(vsa("2026-3"))}
    report, ingested = await bench.poll()
    assert sorted(decree.facts.number or "" for decree in ingested.decrees) == ["2026-2", "2026-3"]
    assert [item.url for item in report.unread] == [url(1)]
    row = bench.row(url(1))
    assert (row.state, row.attempts) == (RecueilState.WAITING, 1)
    assert row.next_try_at is not None


async def test_a_fault_in_judging_is_tried_again_later_and_not_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr("bot.ingest.judging.judge_topics", broken)
        report, _ = await bench.poll()
        assert not report.ok
        await bench.poll(timedelta(minutes=1))
        assert bench.site.downloads == []
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["recueil.crashed"]
    await bench.poll(QUARTER)
    assert bench.states() == {url(1): RecueilState.READ}


# Recueils read in part


async def test_a_recueil_with_unreadable_pages_is_recorded_and_read_again(bench: Bench) -> None:
    bench.papers[url(1)] = reading(vsa("2026-1"), "", unreadable=(2,))
    report, first = await bench.poll()
    assert (report.ok, report.incomplete) == (True, (url(1),))
    assert len(first.decrees) == len(first.posts) == 1
    assert (bench.row(url(1)).state, bench.row(url(1)).next_try_at) == (RecueilState.INCOMPLETE, NOON + timedelta(hours=1))

    bench.papers[url(1)] = reading(vsa("2026-1"), vsa("2026-2"))
    report, second = await bench.poll(timedelta(hours=1))
    assert (bench.row(url(1)).state, report.incomplete) == (RecueilState.READ, ())
    assert [decree.facts.number for decree in second.decrees] == ["2026-2"]
    assert len(bench.posts()) == 2


async def test_rereading_ends_some_day(bench: Bench) -> None:
    bench.papers[url(1)] = reading(NOTHING, "", unreadable=(2,))
    await bench.poll()
    readings = 1
    while bench.row(url(1)).next_try_at is not None:
        await bench.read_next()
        readings += 1
    assert (readings, bench.row(url(1)).state) == (6, RecueilState.INCOMPLETE)


async def test_a_recueil_hard_to_fetch_and_read_in_part_is_still_read_again(bench: Bench) -> None:
    bench.papers[url(1)] = reading(NOTHING, "", unreadable=(2,))
    bench.site.failures[url(1)] = Unreachable("timed out")
    await bench.poll()
    for _ in range(6):
        await bench.read_next()
    bench.site.failures.clear()
    await bench.read_next()
    assert (bench.row(url(1)).state, bench.row(url(1)).attempts) == (RecueilState.INCOMPLETE, 1)
    assert bench.row(url(1)).next_try_at == decide.reread_at(0, bench.now)
    await bench.read_next()
    assert bench.row(url(1)).next_try_at == decide.reread_at(1, bench.now)


async def test_a_download_that_fails_uses_up_no_reading(bench: Bench) -> None:
    bench.papers[url(1)] = reading(NOTHING, "", unreadable=(2,))
    await bench.poll()
    bench.site.failures[url(1)] = Unreachable("timed out")
    for _ in range(9):
        await bench.read_next()
    row = bench.row(url(1))
    assert (row.state, row.attempts, row.tried_at, row.pages_read) == (RecueilState.INCOMPLETE, 1, NOON, 1)
    bench.site.failures.clear()
    bench.papers[url(1)] = reading(NOTHING, vsa("2026-2"))
    assert len((await bench.read_next()).decrees) == 1
    assert bench.row(url(1)).state is RecueilState.READ


async def test_a_file_read_in_part_that_is_gone_is_given_up_some_day(bench: Bench) -> None:
    bench.papers[url(1)] = reading(NOTHING, "", unreadable=(2,))
    await bench.poll()
    bench.site.failures[url(1)] = Gone("404")
    tried = 0
    while bench.row(url(1)).next_try_at is not None:
        await bench.read_next()
        tried += 1
    assert (bench.row(url(1)).state, bench.now - NOON > decide.REFETCHED_FOR) == (RecueilState.FAILED, True)
    assert tried < 50


async def test_a_scan_that_gets_further_at_each_reading_is_read_to_its_end(bench: Bench) -> None:
    """More slices than there are retries; between them some that come to nothing, each of which uses up one."""
    pages, slices = 12, (1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12)
    texts = [NOTHING] * (pages - 1) + [vsa("2026-1")]
    for turn, read in enumerate(slices):
        bench.papers[url(1)] = reading(*texts[:read], *[""] * (pages - read), unreadable=tuple(range(read + 1, pages + 1)))
        if turn == 0:
            await bench.poll()
            continue
        await bench.read_next()
    row = bench.row(url(1))
    assert (row.state, row.attempts, len(bench.posts())) == (RecueilState.READ, 1 + 2, 1)


# Detail pages


@pytest.mark.parametrize("workers", [1, 2])
async def test_detail_pages_are_resolved_and_read_in_the_same_round(bench: Bench, workers: int) -> None:
    bench.workers = workers
    bench.sources = (source(listing="card-detail"),)
    bench.site.pages = {
        # One of the files is linked by the list too, one by both detail pages: each is read once.
        ROOT: page(
            *(white_card(detail(str(n)).removeprefix(HOST), f"RAA spécial n° {n}", "14/08/2026") for n in (1, 2)), download(1, "14/08/2026")
        ),
        detail("1"): page(download(1), download(2)),
        detail("2"): page(download(2), download(3)),
    }
    bench.papers[url(3)] = reading(vsa("2026-3"))

    async with asyncio.timeout(60):
        report, ingested = await bench.poll()

    assert bench.states() == {
        detail("1"): RecueilState.RESOLVED, detail("2"): RecueilState.RESOLVED,
        url(1): RecueilState.READ, url(2): RecueilState.READ, url(3): RecueilState.READ,
    }  # fmt: skip
    assert (report.requests, sorted(bench.site.downloads)) == (3, [url(1), url(2), url(3)])
    assert [(decree.facts.number, decree.published) for decree in ingested.decrees] == [("2026-3", TODAY)]
    assert bench.most_opened <= workers


async def test_a_detail_page_without_its_file_yet_is_asked_again(bench: Bench) -> None:
    bench.sources = (source(listing="card-detail"),)
    bench.site.pages = {ROOT: page(white_card(detail("1").removeprefix(HOST), "RAA spécial n° 1", "14/08/2026")), detail("1"): page()}
    report, _ = await bench.poll()
    assert (report.ok, report.requests, report.unread[0].url) == (False, 2, detail("1"))
    bench.site.pages[detail("1")] = page(download(1))
    report, _ = await bench.poll(QUARTER)
    assert (report.ok, bench.states()) == (True, {detail("1"): RecueilState.RESOLVED, url(1): RecueilState.READ})


@pytest.mark.parametrize("left", [(), (source("renamed", listing="card-detail"),)])
async def test_a_source_removed_from_the_catalogue(bench: Bench, left: tuple[Source, ...]) -> None:
    """What it had found is still read: files always, detail pages when the authority has another source to read them by."""
    rows = [NewRecueil("99", "99:old", url(1), "1", TODAY, is_detail=False, state=RecueilState.WAITING),
            NewRecueil("99", "99:old", detail("2"), "2", TODAY, is_detail=True, state=RecueilState.WAITING)]  # fmt: skip
    bench.store.recueils.add(rows, NOON)
    bench.site.pages[detail("2")] = page(download(2))
    bench.sources = left
    if not left:
        bench.watcher = make_poller({}, bench.site, bench.read, bench.store, lambda: bench.now)
    ingested = await bench.watcher.read_due("99")
    assert bench.states()[url(1)] is RecueilState.READ
    if left:
        assert bench.states()[url(2)] is RecueilState.READ
    else:
        assert "no source 99:old" in ingested.unread[0].error
        assert bench.states()[detail("2")] is RecueilState.WAITING


# What is found


async def test_several_decrees_in_one_bulk_act(bench: Bench) -> None:
    bench.papers[url(1)] = reading(vsa("2026-1"), vsa("2026-2"), vsa("2026-3"), act_id="99-2026-08-13-00001")
    _, ingested = await bench.poll()
    assert [(decree.facts.number, decree.page) for decree in ingested.decrees] == [("2026-1", 1), ("2026-2", 2), ("2026-3", 3)]
    assert len({key for decree in ingested.decrees for key in decree.identities}) >= 3
    assert len(bench.posts()) == 3
    # The same act in another recueil: nothing new.
    bench.site.pages[ROOT] = files(2, 1)
    bench.papers[url(2)] = reading(vsa("2026-1"), vsa("2026-2"), vsa("2026-3"), act_id="99-2026-08-13-00001")
    _, again = await bench.poll(QUARTER)
    assert (again.decrees, len(bench.posts())) == ((), 3)


async def test_two_sources_of_one_authority_share_what_they_have_seen(bench: Bench) -> None:
    mirror = "https://www.other.gouv.fr/RAA"
    bench.sources = (source(), source("mirror", mirror))
    bench.site.pages[mirror] = page(download(1, "14/08/2026")).replace('"/con', f'"{HOST}/con')
    bench.papers[url(1)] = reading(vsa("2026-1"))
    reports = await asyncio.gather(bench.poll(), bench.poll(route="mirror"))
    assert [report.ok for report, _ in reports] == [True, True]
    assert sorted(report.new for report, _ in reports) == [0, 1]
    assert len(bench.posts()) == 1


async def test_sources_that_read_one_list_are_polled_together_by_one_request(bench: Bench) -> None:
    bench.sources = (source(), replace(source("special"), only=("2026-002",)), replace(source("aside"), ignore=("2026-002",)))
    bench.slowest = timedelta(hours=2)
    for route in ("site", "special", "aside"):
        await bench.poll(timedelta(minutes=2), route=route)
    bench.site.pages[ROOT] = files(1, 2)
    bench.site.forget()
    first = present((bench.store.sources.get("99:site")).next_check_at)
    bench.now = first
    due = await bench.watcher.due()
    assert [one.route for one in due] == ["site", "special"]
    reports = [report for report, _ in await asyncio.gather(*map(bench.watcher.poll, due))]
    assert ([len(report.listed) for report in reports], bench.site.asked) == ([2, 1], [ROOT])
    assert await bench.watcher.due() == []


async def test_an_uncertain_act_is_handed_to_a_person(bench: Bench) -> None:
    bench.papers[url(1)] = reading(DOUBTFUL)
    with capture_logs() as logs:
        _, ingested = await bench.poll()
    assert (ingested.decrees, [item.url for item in ingested.uncertain]) == ((), [url(1)])
    assert [(entry["log_level"], entry["url"]) for entry in logs if entry["event"] == "review.needed"] == [("warning", f"{url(1)}#page=1")]


# Interruptions


async def test_a_database_that_fails_is_told_to_the_caller_once_nothing_runs_any_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.site.pages[ROOT] = files(1, 2, 3)
    bench.papers |= {url(n): reading(vsa(f"2026-{n}")) for n in (1, 2, 3)}
    record = bench.store.recordings.record

    def full(result: object, *rest: object) -> object:
        if getattr(result, "recueil").url == url(1):  # noqa: B009 - typed by the caller
            raise DiskFull("disk full")
        return record(result, *rest)  # type: ignore[arg-type]  # passed through

    with monkeypatch.context() as patch:
        patch.setattr(bench.store.recordings, "record", full)
        with pytest.raises(StorageError, match="disk full"):
            await bench.poll()
    assert bench.states() == {url(1): RecueilState.WAITING, url(2): RecueilState.READ, url(3): RecueilState.READ}
    assert asyncio.all_tasks() == {asyncio.current_task()}
    # However far away its next poll is.
    bench.store.sources.save(replace(bench.store.sources.get("99:site"), next_check_at=bench.now + timedelta(minutes=90)))
    assert await bench.watcher.due() == []
    bench.now += QUARTER
    assert [one.key for one in await bench.watcher.due()] == ["99:site"]
    _, ingested = await bench.poll()
    assert await bench.watcher.due() == []
    assert [decree.facts.number for decree in ingested.decrees] == ["2026-1"]
    assert len(bench.posts()) == 3


async def test_a_site_is_not_asked_without_end_because_the_database_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.sources, "save", disk_full)
        with pytest.raises(StorageError):
            await bench.poll()
    assert await bench.watcher.due() == []
    bench.now += QUARTER
    assert [one.key for one in await bench.watcher.due()] == ["99:site"]
    await bench.poll()
    bench.now += QUARTER
    assert [one.key for one in await bench.watcher.due()] == ["99:site"]


async def test_a_poll_cancelled_while_it_reads_loses_nothing(bench: Bench) -> None:
    bench.site.pages[ROOT] = files(1, 2, 3)
    bench.papers |= {url(n): reading(vsa(f"2026-{n}")) for n in (1, 2, 3)}
    task = asyncio.create_task(bench.poll())

    def stop(address: str) -> None:
        if address == url(2):
            task.cancel()

    bench.reading = stop
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    bench.reading = lambda address: None
    bench.restart()
    report, _ = await bench.poll(QUARTER)
    assert report.ok
    assert set(bench.states().values()) == {RecueilState.READ}
    assert bench.announced() == ["2026-1", "2026-2", "2026-3"]


# An operator has read again what could not be read.


@pytest.fixture
async def given_up(store: Store) -> Bench:
    """Two recueils that could not be read and were given up, one read in part and given up, one that will be tried again by itself."""
    made = Bench(store, Site({ROOT: files(4, 3, 2, 1)}))
    made.papers |= {url(number): Unreadable("it is locked") for number in (1, 2, 4)} | {url(3): reading("Arrêté", "", unreadable=(2,))}
    await made.poll()
    for number in (1, 2):
        store.recueils.failed(made.row(url(number)).id, "it is locked", now=NOON, next_try_at=None)
    mark(store, made.row(url(3)).id, RecueilState.INCOMPLETE, "1 of 2 pages could not be read: 2")
    made.papers = {url(number): reading(vsa(f"2026-{number}")) for number in (1, 2, 3)} | {url(4): Unreadable("it is locked")}
    made.site.downloads.clear()
    return made


def test_words_name_authorities_and_addresses() -> None:
    assert retry_request_of(["2a", "26", url(1)], ["26", "2A"]) == RetryRequest(frozenset({"26", "2A"}), frozenset({url(1)}))
    assert retry_request_of([], ["26"]) == RetryRequest()
    with pytest.raises(ValueError, match=r"neither the code of an authority nor an address: 27, recueil\.pdf"):
        retry_request_of(["27", "26", "recueil.pdf"], ["26"])


async def test_one_is_read_again_by_its_address(given_up: Bench) -> None:
    assert {held.url for held in given_up.store.recueils.given_up()} == {url(1), url(2), url(3)}
    done = await retry(given_up.watcher, given_up.store, RetryRequest(urls=frozenset({url(2)})), NOON)
    assert ([one.url for one in done.recueils], given_up.site.downloads) == ([url(2)], [url(2)])
    assert [decree.facts.number for decree in done.ingested.decrees] == ["2026-2"]
    assert {held.url for held in given_up.store.recueils.given_up()} == {url(1), url(3)}


@pytest.mark.parametrize("wanted", [RetryRequest(), RetryRequest(frozenset({"99"}))])
async def test_all_are_read_again_and_what_still_cannot_be_is_tried_as_if_for_the_first_time(given_up: Bench, wanted: RetryRequest) -> None:
    done = await retry(given_up.watcher, given_up.store, wanted, NOON)
    assert len(done.recueils) == 4
    assert sorted(decree.facts.number or "" for decree in done.ingested.decrees) == ["2026-1", "2026-2", "2026-3"]
    assert [item.url for item in done.ingested.unread] == [url(4)]
    assert (given_up.row(url(4)).state, given_up.row(url(4)).attempts) == (RecueilState.WAITING, 1)
    assert given_up.store.recueils.given_up() == []


async def test_those_of_another_authority_are_left(given_up: Bench) -> None:
    done = await retry(given_up.watcher, given_up.store, RetryRequest(frozenset({"98"})), NOON)
    assert (done.recueils, given_up.site.downloads) == ((), [])
