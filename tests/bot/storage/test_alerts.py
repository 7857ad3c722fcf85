from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain.records import Alert, NewAlert
from bot.storage.store import Store
from tests.bot.storage.building import NOW

LATER = NOW + timedelta(hours=1)


@pytest.mark.postgresql
def test_a_trouble_is_remembered_until_its_end_is_told(store: Store) -> None:
    assert store.alerts.unfinished() == []
    store.alerts.change(NOW, opened=[NewAlert("26:site", "blocked", "503"), NewAlert("38:site", "moved", "404")])
    blocked, moved = store.alerts.unfinished()
    assert (blocked.subject, blocked.cause, blocked.detail, blocked.opened_at) == ("26:site", "blocked", "503", NOW)
    assert (blocked.notified_at, blocked.closed_at) == (None, None)

    store.alerts.notified([blocked.id, moved.id], (), LATER)
    store.alerts.change(LATER, closed=[blocked.id])
    assert store.alerts.unfinished() == [
        Alert(blocked.id, "26:site", "blocked", "503", NOW, notified_at=LATER, closed_at=LATER),
        Alert(moved.id, "38:site", "moved", "404", NOW, notified_at=LATER),
    ]
    store.alerts.notified((), [blocked.id], LATER)
    assert [alert.subject for alert in store.alerts.unfinished()] == ["38:site"]


@pytest.mark.postgresql
def test_what_is_dropped_is_finished_though_it_was_told(store: Store) -> None:
    store.alerts.change(NOW, opened=[NewAlert("26:site", "unreachable")])
    (known,) = store.alerts.unfinished()
    store.alerts.notified([known.id], (), NOW)
    store.alerts.change(LATER, opened=[NewAlert("26:site", "structure")], dropped=[known.id])
    assert [alert.cause for alert in store.alerts.unfinished()] == ["structure"]


@pytest.mark.postgresql
def test_what_goes_on_after_all_is_not_over(store: Store) -> None:
    store.alerts.change(NOW, opened=[NewAlert("26:site", "blocked")])
    (known,) = store.alerts.unfinished()
    store.alerts.notified([known.id], (), NOW)
    store.alerts.change(LATER, closed=[known.id])
    store.alerts.change(LATER, reopened=[known.id])
    assert store.alerts.unfinished() == [Alert(known.id, "26:site", "blocked", "", NOW, notified_at=NOW)]


@pytest.mark.postgresql
def test_two_programs_do_not_open_one_trouble_twice(opener: Callable[[], Store]) -> None:
    for store in (opener(), opener()):
        store.alerts.change(NOW, opened=[NewAlert("26:site", "blocked"), NewAlert("26:site", "late")])
    assert [alert.cause for alert in opener().alerts.unfinished()] == ["blocked", "late"]


def test_the_same_trouble_may_come_again(store: Store) -> None:
    for when in (NOW, LATER):
        store.alerts.change(when, opened=[NewAlert("26:site", "blocked", "no\x00thing")])
        (known,) = store.alerts.unfinished()
        assert (known.opened_at, known.detail) == (when, "nothing")
        store.alerts.change(when, closed=[known.id])
