"""The past of every source of the catalogue, on a site that looks and publishes as the catalogue says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import pytest

import sources.crawl.lists
from sources.catalogue.authority import load_authorities
from sources.crawl.history import history
from sources.pages import READERS
from tests.france.country import France
from tests.france.serving import Shortcut
from tests.france.sweep import Clock, client

JANUARY = datetime(2027, 1, 4, 8, tzinfo=UTC)
"""The way leads through two years and three months."""

SHOWN_BY_MOSELLE = 51
"""The site of the Moselle shows no more than its newest acts on a page, and no pager to the others."""


@pytest.fixture(autouse=True)
def _pages_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readers are pure, and sources share pages."""
    monkeypatch.setattr(sources.crawl.lists, "READERS", {name: lru_cache(maxsize=512)(reader) for name, reader in READERS.items()})


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
