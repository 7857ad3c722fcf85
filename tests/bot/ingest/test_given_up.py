"""An operator has read again what could not be read."""

from __future__ import annotations

import pytest

from bot.domain.records import RecueilState
from bot.ingest.poller import RetryRequest, retry, retry_request_of
from bot.reading.model import Unreadable
from bot.storage.store import Store
from tests.bot.ingest.test_poller import NOON, Bench, Site, files, reading, url, vsa
from tests.bot.storage.finding import mark
from tests.sources.markup import ROOT


@pytest.fixture
async def bench(store: Store) -> Bench:
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


async def test_one_is_read_again_by_its_address(bench: Bench) -> None:
    assert {held.url for held in bench.store.recueils.given_up()} == {url(1), url(2), url(3)}
    done = await retry(bench.watcher, bench.store, RetryRequest(urls=frozenset({url(2)})), NOON)
    assert ([one.url for one in done.recueils], bench.site.downloads) == ([url(2)], [url(2)])
    assert [decree.facts.number for decree in done.ingested.decrees] == ["2026-2"]
    assert {held.url for held in bench.store.recueils.given_up()} == {url(1), url(3)}


@pytest.mark.parametrize("wanted", [RetryRequest(), RetryRequest(frozenset({"99"}))])
async def test_all_are_read_again_and_what_still_cannot_be_is_tried_as_if_for_the_first_time(bench: Bench, wanted: RetryRequest) -> None:
    done = await retry(bench.watcher, bench.store, wanted, NOON)
    assert len(done.recueils) == 4
    assert sorted(decree.facts.number or "" for decree in done.ingested.decrees) == ["2026-1", "2026-2", "2026-3"]
    assert [item.url for item in done.ingested.unread] == [url(4)]
    assert (bench.row(url(4)).state, bench.row(url(4)).attempts) == (RecueilState.WAITING, 1)
    assert bench.store.recueils.given_up() == []


async def test_those_of_another_authority_are_left(bench: Bench) -> None:
    done = await retry(bench.watcher, bench.store, RetryRequest(frozenset({"98"})), NOON)
    assert (done.recueils, bench.site.downloads) == ((), [])
