"""Every source of the catalogue and its past, on a site that looks and publishes as the catalogue says: found and read right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest

import sources.crawl.lists
from sources.catalogue.authority import Source, load_authorities
from sources.crawl.crawler import Crawl
from sources.crawl.history import history
from sources.model import ListingEntry
from sources.pages import READERS
from tests.france import memory
from tests.france.country import France, sparse_before
from tests.france.publications import Recueil
from tests.france.serving import Shortcut
from tests.france.sweep import AGENT, Clock, Sweeper, client

WEDNESDAY = datetime(2026, 9, 16, 8, 0, tzinfo=UTC)
"""In the middle of a month: in its first days the page of the month before is asked too."""

AUTUMN = date(2026, 9, 1)
"""Since then all that was published is there."""

# Their pages are parsed once in a process: see `memory`.


@pytest.fixture(autouse=True)
def _pages_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.crawl.lists, "READERS", memory.READERS)


@pytest.fixture
async def sweeper(request: pytest.FixtureRequest) -> AsyncIterator[Sweeper]:
    """France without sockets and without waiting, on Wednesday or from the moment that the test gives."""
    start: datetime = getattr(request, "param", WEDNESDAY)
    france = France(load_authorities(), start, is_kept=sparse_before(AUTUMN))
    clock = Clock(start, france)
    door = Shortcut(france, clock.monotonic)
    async with client(france, door, clock, interval_seconds=0) as polite:
        yield Sweeper(france, door, clock, polite)


async def test_every_first_look_finds_its_list_and_reads_it_right_and_then_what_did_not_change_is_one_page(sweeper: Sweeper) -> None:
    first = await sweeper()
    assert first.failed == {}
    assert set(first.crawls) == {source.key for source in sweeper.france.sources}
    for source in sweeper.france.sources:
        _is_right(sweeper.france, source, first.crawls[source.key])
    steady = await sweeper()
    more = {key: crawl.requests for key, crawl in steady.crawls.items() if crawl.requests != 1}
    # Three kinds of recueil, on a page each.
    assert more == {"23:site": 3}
    assert all(crawl.unchanged and not crawl.listed for crawl in steady.crawls.values())
    # Where an address redirects to is known.
    assert steady.pages == len(sweeper.france.sources) + sum(more.values()) - len(more)


def _is_right(france: France, source: Source, crawl: Crawl) -> None:
    """Only what the source published is listed, as it was published, and the newest of this month are all there."""
    online = {france.address(source, recueil): recueil for recueil in france.online(source)}
    strangers = [entry.url for entry in crawl.listed if entry.url not in online]
    assert strangers == [], source.key
    assert [entry for entry in crawl.listed if not _tells(entry, online[entry.url])] == [], source.key
    month = france.today(source).month
    newest = [url for url, recueil in list(online.items())[-10:] if recueil.day.month == month]
    assert newest, f"{source.key} published nothing this month: the test shows nothing of it"
    assert not set(newest) - {entry.url for entry in crawl.listed}, source.key


def _tells(entry: ListingEntry, recueil: Recueil) -> bool:
    number = str(recueil.number)
    return entry.published == recueil.day and (number in entry.title or "portant mesure" in entry.title)


@pytest.mark.night
@pytest.mark.parametrize("sweeper", [datetime(2026, 9, 30, 6, 0, tzinfo=UTC)], indirect=True)
async def test_nothing_is_missed_while_the_month_turns(sweeper: Sweeper) -> None:
    france = sweeper.france
    assert (await sweeper()).failed == {}
    found = 0
    # The last day's recueils are found from the page of a month that has turned by then.
    for hours in (24, 12):
        before = france.now
        sweeper.clock.advance(timedelta(hours=hours))
        sweep = await sweeper()
        assert sweep.failed == {}, france.now
        for source in france.sources:
            new = {france.address(source, recueil) for recueil in france.online(source, since=before)}
            assert not new - {entry.url for entry in sweep.crawls[source.key].listed}, f"{france.now}: {source.key}"
            found += len(new)
    assert found > 100
    assert {france.today(source).month for source in france.sources} == {10}


async def test_a_sweep_by_default_options_keeps_the_pace_and_costs_little_more_than_a_request_per_source() -> None:
    """All sources are due at once, the first time and again: the queue of their one address keeps them apart."""
    france = France(load_authorities(), WEDNESDAY, is_kept=sparse_before(AUTUMN))
    clock = Clock(WEDNESDAY, france)
    door = Shortcut(france, clock.monotonic)
    async with client(france, door, clock) as polite:
        sweeper = Sweeper(france, door, clock, polite)
        first, steady = await sweeper(), await sweeper()
    assert (first.failed, steady.failed) == ({}, {})
    gaps = [*first.gaps(), *steady.gaps()]
    assert min(gaps) >= 3 - 0.000_001, "the simulated clock is a sum of fractions"
    assert len(set(gaps)) > len(gaps) / 2, "the rhythm varies"
    assert {asked.user_agent for asked in (*first.asked, *steady.asked)} == {AGENT}
    number = len(france.sources)
    assert 3 * (number - 1) < steady.seconds <= timedelta(minutes=6).total_seconds()
    assert number <= steady.pages <= 1.2 * number
    assert steady.pages == len(steady.asked), "no robots.txt is read again"
    assert steady.bytes < first.bytes / 10


async def test_files_are_there_to_be_read(sweeper: Sweeper, tmp_path: Path) -> None:
    """A file of each kind of site, from the list to the paper."""
    tried: dict[tuple[str, str], Source] = {}
    for source in sweeper.france.sources:
        tried.setdefault((source.reader, source.listing), source)
    assert len(tried) > 10
    for number, source in enumerate(tried.values()):
        [*_, newest] = (await sweeper.poll(source)).listed
        page = await sweeper.client.page(newest.url) if newest.is_detail else None
        url = newest.url if page is None else READERS[source.reader](page.html, page.url).documents[0].url
        saved = await sweeper.client.download(url, tmp_path / f"{number}.pdf")
        with pypdfium2.PdfDocument(saved.path) as paper:
            assert url in paper[0].get_textpage().get_text_range()


def test_the_country_lives() -> None:
    """What the other tests stand on: every source publishes, at its own pace, mostly in working hours, and never the same twice."""
    start = datetime(2026, 9, 30, tzinfo=UTC)
    france = France(load_authorities(), start)
    assert len(france.sources) > 100
    a_week = {}
    for source in france.sources:
        published = france.online(source)
        assert len({france.address(source, recueil) for recueil in published}) == len(published) > 0, source.key
        a_week[source.key] = len([recueil for recueil in published if recueil.day >= date(2026, 1, 1)]) / 39
    whole = [pace for key, pace in a_week.items() if ":special-" not in key]
    assert 1 < min(whole) < 4
    assert 12 < max(whole) < 18
    everything = [recueil.up for source in france.sources for recueil in france.online(source)]
    working = sum(up.weekday() < 5 and 8 <= up.hour < 20 for up in everything)
    assert 0.8 < working / len(everything) < 0.97
    assert france.online(france.sources[0]) == France(load_authorities(), start).online(france.sources[0])


# The past.


JANUARY = datetime(2027, 1, 4, 8, tzinfo=UTC)
"""The way leads through two years and three months."""

SHOWN_BY_MOSELLE = 51
"""The site of the Moselle shows no more than its newest acts on a page, and no pager to the others."""


@pytest.mark.night
async def test_nothing_published_in_six_weeks_is_missed() -> None:
    france = France(load_authorities(), JANUARY)
    clock = Clock(JANUARY, france)
    door = Shortcut(france, clock.monotonic)
    requests = 0
    async with client(france, door, clock, interval_seconds=0) as polite:
        for source in france.sources:
            today = france.today(source)
            since = today - timedelta(days=42)
            past = await history(polite, source, since, today=today)
            published = [recueil for recueil in france.online(source) if recueil.day >= since]
            shown = published[-SHOWN_BY_MOSELLE:] if source.reader == "moselle" else published
            assert past.troubles == (), source.key
            assert {each.listed.url for each in past.found} == {france.address(source, recueil) for recueil in shown}, source.key
            assert past.is_complete
            requests += past.requests
    assert requests < 7 * len(france.sources)
