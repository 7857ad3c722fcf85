from __future__ import annotations

from datetime import timedelta

from bot.storage.post_alerts import NewPostAlert
from bot.storage.store import Store
from tests.bot.storage.building import NOW

HOUR = timedelta(hours=1)
LATE = NewPostAlert("destination:t", "late", "t", "three wait")


def test_a_trouble_begins_once_and_its_end_is_told_once(store: Store) -> None:
    alerts = store.post_alerts
    alerts.change(NOW, opened=[LATE, NewPostAlert("post:3", "refused", "t")])
    alerts.change(NOW + HOUR, opened=[LATE])
    late, refused = alerts.unfinished()
    assert (late.subject, late.trouble, late.destination, late.detail) == ("destination:t", "late", "t", "three wait")
    assert (late.opened_at, late.told_at, late.closed_at) == (NOW, None, None)
    alerts.told([late.id], [], NOW + HOUR)
    alerts.change(NOW + 2 * HOUR, closed=[late.id, refused.id])
    alerts.change(NOW + 3 * HOUR, closed=[late.id])
    # What was never told need not be ended.
    [ended] = alerts.unfinished()
    assert (ended.id, ended.told_at, ended.closed_at) == (late.id, NOW + HOUR, NOW + 2 * HOUR)
    alerts.told([], [late.id], NOW + 3 * HOUR)
    assert alerts.unfinished() == []
    alerts.change(NOW + 4 * HOUR, opened=[LATE])
    assert [one.subject for one in alerts.unfinished()] == ["destination:t"], "it may begin again"
