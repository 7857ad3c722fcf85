from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.alerts import PostTeller, Turn
from bot.alerts.post_decisions import SETTLE
from bot.model import DestinationTrouble, PostCause, PostState
from bot.storage.post_alerts import NewPostAlert
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


class Program:
    """One of several programs on a database, which tell operators. `meanwhile` is done while its message is on its way."""

    def __init__(self, store: Store, said: list[str]) -> None:
        self.said = said
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self.teller = PostTeller(
            posts=store.posts, edits=store.edits_told, checks=store.destination_checks, alerts=store.post_alerts,
            turn=Turn(store.leases, "posts", lambda: NOW + HOUR),
            destinations=["t"], late_after=HOUR, chat=self, clock=lambda: NOW + HOUR, language="en",
        )  # fmt: skip

    async def tell(self, text: str) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()
        self.said.append(text)


async def test_two_programs_at_once_tell_operators_once(opener: Callable[[], Store]) -> None:
    said: list[str] = []
    one, other = Program(opener(), said), Program(store := opener(), said)
    queue(store, "A")
    store.outbox.move(claimed(store), PostState.REFUSED, NOW, cause=PostCause.REFUSED_CONTENT, error="too long")
    store.post_alerts.change(NOW + HOUR - SETTLE, opened=[NewPostAlert("post:1", "refused", "t", "too long")])
    one.meanwhile = other.teller.look
    await one.teller.look()
    assert len(said) == 1
    await other.teller.look()
    assert len(said) == 1
    store.posts.decide(store.posts.get(1), PostState.REFUSED, NOW, cause=PostCause.BY_PERSON)
    await other.teller.look()
    assert len(said) == 2, "the turn was given back"


async def test_what_another_program_sees_end_while_its_beginning_is_told_is_told_to_have_ended(opener: Callable[[], Store]) -> None:
    said: list[str] = []
    one, other = Program(opener(), said), Program(store := opener(), said)
    queue(store, "A")
    store.outbox.move(claimed(store), PostState.REFUSED, NOW, cause=PostCause.REFUSED_CONTENT, error="too long")
    store.post_alerts.change(NOW + HOUR - SETTLE, opened=[NewPostAlert("post:1", "refused", "t", "too long")])

    async def settled() -> None:
        store.posts.decide(store.posts.get(1), PostState.REFUSED, NOW, cause=PostCause.BY_PERSON)
        await other.teller.look()

    one.meanwhile = settled
    await one.teller.look()
    await other.teller.look()
    assert ["settled" in text for text in said] == [False, True]


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
