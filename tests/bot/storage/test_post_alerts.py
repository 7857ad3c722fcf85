from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from bot.domain.posts import DestinationTrouble, PostCause, PostState
from bot.domain.records import NewAlert, NewRecueil, NextPoll, RecueilState, SourceState
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_outbox import claimed, queue
from tests.present import present

pytestmark = pytest.mark.postgresql

HOUR = timedelta(hours=1)


def test_what_a_check_found_goes_on_since_it_was_first_found(store: Store) -> None:
    checks = store.destination_checks
    for hour, trouble in enumerate((None, DestinationTrouble.REFUSED, DestinationTrouble.REFUSED, None, None)):
        checks.record("t", trouble, "why" if trouble else "", NOW + hour * HOUR)
        found = checks.all()["t"]
        since = NOW + {0: 0, 1: 1, 2: 1, 3: 3, 4: 3}[hour] * HOUR
        assert (found.trouble, found.since, found.checked_at) == (trouble, since, NOW + hour * HOUR)
    assert set(checks.all()) == {"t"}


def test_what_waited_for_a_destination_that_takes_posts_again_is_due(store: Store) -> None:
    for name, cause in (("refuses", PostCause.REFUSED_DESTINATION), ("down", PostCause.NOT_SENT), ("busy", PostCause.RATE_LIMITED)):
        queue(store, name, destinations=(name,))
        post = claimed(store, name)
        store.outbox.move(post, PostState.PENDING, NOW, cause=cause, error="no", not_before=NOW + HOUR)
        store.outbox.hold(name, NOW + HOUR, NOW, cause)
        store.outbox.reopen(name, NOW)
    assert claimed(store, "refuses").destination == "refuses"
    assert claimed(store, "down").destination == "down"
    assert store.outbox.claim("busy", NOW) is None, "what a platform asks for lasts"


def test_since_when_nothing_was_tried_at_a_destination(store: Store) -> None:
    assert store.outbox.idle_since(NOW) == {}
    queue(store, "A", "B")
    assert store.outbox.idle_since(NOW + HOUR) == {"t": NOW}
    post = claimed(store)
    store.outbox.move(post, PostState.PENDING, NOW + HOUR, cause=PostCause.NOT_SENT, error="no", not_before=NOW + 3 * HOUR)
    store.outbox.hold("t", NOW + 2 * HOUR, NOW + HOUR, PostCause.NOT_SENT)
    # A rest is not idleness, nor is a slow pace.
    assert store.outbox.idle_since(NOW + 4 * HOUR) == {"t": NOW + 2 * HOUR}
    other = present(store.outbox.claim("t", NOW + 2 * HOUR))
    store.outbox.sent(other.id, "1", NOW + 4 * HOUR)
    assert store.outbox.idle_since(NOW + 5 * HOUR) == {"t": NOW + 4 * HOUR}
    assert store.outbox.idle_since(NOW + 2 * HOUR) == {}, "nothing is due then"


LATER = NOW + timedelta(hours=1)


@pytest.mark.postgresql
def test_what_is_dropped_is_finished_though_it_was_told(store: Store) -> None:
    store.alerts.change(NOW, opened=[NewAlert("26:site", "unreachable")])
    (known,) = store.alerts.unfinished()
    store.alerts.notified([known.id], (), NOW)
    store.alerts.change(LATER, opened=[NewAlert("26:site", "structure")], dropped=[known.id])
    assert [alert.cause for alert in store.alerts.unfinished()] == ["structure"]


@pytest.mark.postgresql
def test_two_programs_do_not_open_one_trouble_twice(opener: Callable[[], Store]) -> None:
    for store in (opener(), opener()):
        store.alerts.change(NOW, opened=[NewAlert("26:site", "blocked"), NewAlert("26:site", "late")])
    assert [alert.cause for alert in opener().alerts.unfinished()] == ["blocked", "late"]


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


# How far the mentions of an account are answered.


def test_each_account_has_its_own_place(store: Store) -> None:
    mentions = store.mentions
    assert mentions.newest("compte") is None
    mentions.record("compte", "")
    assert mentions.newest("compte") == "", "it began, and there was no notification"
    mentions.record("compte", "01J9ZK")
    mentions.record("autre", "12")
    mentions.record("compte", "01J9ZM")
    assert (mentions.newest("compte"), mentions.newest("autre")) == ("01J9ZM", "12")
