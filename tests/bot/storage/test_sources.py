from __future__ import annotations

from datetime import datetime, timedelta, timezone

from bot.storage.rows import SourceState
from bot.storage.store import Store
from tests.bot.storage.building import NOW


def test_a_source_never_saved_is_fresh(store: Store) -> None:
    assert store.sources.get("26:site") == SourceState("26:site")
    assert store.sources.all() == []


def test_what_was_saved_last_is_remembered(store: Store) -> None:
    first = SourceState("26:site", trail='{"way": ["é"]}', baseline_at=NOW, next_check_at=NOW + timedelta(minutes=5), last_ok_at=NOW)
    store.sources.save(first)
    assert store.sources.get("26:site") == first
    second = SourceState("26:site", trail=None, baseline_at=NOW, failures=3, site_failures=2, error="refused: 503")
    store.sources.save(second)
    store.sources.save(SourceState("01:site"))
    assert store.sources.all() == [SourceState("01:site"), second]


def test_times_come_back_in_utc_whatever_their_zone(store: Store) -> None:
    paris = datetime(2024, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    store.sources.save(SourceState("26:site", next_check_at=paris))
    found = store.sources.get("26:site").next_check_at
    assert found == paris
    assert found is not None
    assert found.utcoffset() == timedelta(0)
