from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.domain.records import NewRecueil, NextPoll, RecueilState, SourceState
from bot.storage.store import Store
from tests.bot.storage.building import NOW

pytestmark = pytest.mark.postgresql


def test_a_source_never_saved_is_fresh(store: Store) -> None:
    assert store.sources.get("26:site") == SourceState("26:site")
    assert store.sources.all() == []


def test_what_was_saved_last_is_remembered(store: Store) -> None:
    first = SourceState("26:site", trail='{"way": ["é"]}', baseline_at=NOW, next_check_at=NOW + timedelta(minutes=5), last_ok_at=NOW)
    store.sources.save(first)
    assert store.sources.get("26:site") == first
    assert store.sources.next_polls() == [NextPoll("26:site", first.next_check_at, NOW, 0)]
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


def test_what_lies_in_the_future_goes_back_with_the_clock(store: Store) -> None:
    day, hour = timedelta(days=1), timedelta(hours=1)
    store.sources.save(SourceState("26:site", next_check_at=NOW + day + hour, last_ok_at=NOW + day, failing_since=NOW + day))
    store.sources.save(SourceState("38:site", next_check_at=NOW - hour, last_ok_at=NOW - 2 * hour))
    [recueil] = store.recueils.add(
        [NewRecueil("26", "26:site", "https://x/1", "RAA", None, is_detail=False, state=RecueilState.WAITING)], NOW
    )
    store.recueils.failed(recueil.id, "503", now=NOW, next_try_at=NOW + day + hour)
    store.sources.clock_set_back(day, NOW)
    ahead, behind = store.sources.get("26:site"), store.sources.get("38:site")
    assert (ahead.next_check_at, ahead.last_ok_at) == (NOW + hour, NOW)
    assert (behind.next_check_at, behind.last_ok_at) == (NOW - hour, NOW - 2 * hour)
    assert [one.next_try_at for one in store.recueils.of("26")] == [NOW + hour]
