from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.posts import DestinationTrouble, PostCause, PostState
from bot.domain.records import NewAlert
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_outbox import claimed, queue

pytestmark = pytest.mark.postgresql

HOUR = timedelta(hours=1)
LATE = NewAlert("destination:t", "late", "three wait", "t")


def test_a_trouble_begins_once_and_its_end_is_told_once(store: Store) -> None:
    alerts = store.post_alerts
    alerts.change(NOW, opened=[LATE, NewAlert("post:3", "refused", destination="t")])
    alerts.change(NOW + HOUR, opened=[LATE])
    late, refused = alerts.unfinished()
    assert (late.subject, late.cause, late.destination, late.detail) == ("destination:t", "late", "t", "three wait")
    assert (late.opened_at, late.notified_at, late.closed_at) == (NOW, None, None)
    alerts.notified([late.id], [], NOW + HOUR)
    alerts.change(NOW + 2 * HOUR, closed=[late.id, refused.id])
    alerts.change(NOW + 3 * HOUR, closed=[late.id])
    # What was never told need not be ended.
    [ended] = alerts.unfinished()
    assert (ended.id, ended.notified_at, ended.closed_at) == (late.id, NOW + HOUR, NOW + 2 * HOUR)
    alerts.notified([], [late.id], NOW + 3 * HOUR)
    assert alerts.unfinished() == []
    alerts.change(NOW + 4 * HOUR, opened=[LATE])
    assert [one.subject for one in alerts.unfinished()] == ["destination:t"], "it may begin again"


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
    other = store.outbox.claim("t", NOW + 2 * HOUR)
    assert other is not None
    store.outbox.sent(other.id, "1", NOW + 4 * HOUR)
    assert store.outbox.idle_since(NOW + 5 * HOUR) == {"t": NOW + 4 * HOUR}
    assert store.outbox.idle_since(NOW + 2 * HOUR) == {}, "nothing is due then"
