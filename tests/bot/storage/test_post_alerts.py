from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import insert

from bot.alerts import PostTeller, Turn
from bot.alerts.post_decisions import SETTLE
from bot.model import PostCause, PostState
from bot.storage.locks import lock_alerts
from bot.storage.post_alerts import NewPostAlert
from bot.storage.schema import post_alerts
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_outbox import claimed, queue

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


def test_what_two_programs_note_at_once_is_one_trouble(opener: Callable[[], Store]) -> None:
    one, other = opener(), opener()
    noting = threading.Thread(target=lambda: other.post_alerts.change(NOW, opened=[LATE]))
    with one.database.writing() as connection:
        lock_alerts(connection)
        row = {"subject": LATE.subject, "trouble": LATE.trouble, "destination": "t", "detail": "", "opened_at": NOW}
        connection.execute(insert(post_alerts), row)
        noting.start()
        noting.join(0.3)
        assert noting.is_alive(), "it waits for what is about to be written"
    noting.join()
    assert len(one.post_alerts.unfinished()) == 1


class Program:
    """One of several programs on a database, which tell operators. `meanwhile` is done while its message is on its way."""

    def __init__(self, store: Store, said: list[str]) -> None:
        self.said = said
        self.meanwhile: Program | None = None
        self.teller = PostTeller(
            posts=store.posts, edits=store.edits_told, alerts=store.post_alerts, turn=Turn(store.leases, "posts", lambda: NOW + HOUR),
            destinations=["t"], late_after=HOUR, chat=self, clock=lambda: NOW + HOUR, language="en",
        )  # fmt: skip

    async def tell(self, text: str) -> None:
        if self.meanwhile is not None:
            await self.meanwhile.teller.look()
        self.said.append(text)


async def test_two_programs_at_once_tell_operators_once(opener: Callable[[], Store]) -> None:
    said: list[str] = []
    one, other = Program(opener(), said), Program(store := opener(), said)
    queue(store, "A")
    store.outbox.move(claimed(store), PostState.REFUSED, NOW, cause=PostCause.REFUSED_CONTENT, error="too long")
    store.post_alerts.change(NOW + HOUR - SETTLE, opened=[NewPostAlert("post:1", "refused", "t", "too long")])
    one.meanwhile = other
    await one.teller.look()
    assert len(said) == 1
    await other.teller.look()
    assert len(said) == 1
    store.posts.decide(store.posts.get(1), PostState.REFUSED, NOW, cause=PostCause.BY_PERSON)
    await other.teller.look()
    assert len(said) == 2, "the turn was given back"
