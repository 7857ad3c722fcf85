"""How long a message stays that of one program."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.model import PostCause, PostState
from bot.storage.holding import SETTLE
from bot.storage.outbox import LEASE
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_outbox import MINUTE, claimed, queue, state_of


def test_a_sign_of_life_keeps_a_message(opener: Callable[[], Store]) -> None:
    at_work, other = opener(), opener()
    queue(at_work, "A")
    post = claimed(at_work)
    assert at_work.outbox.renew(post, NOW + 4 * MINUTE)
    assert other.outbox.unknown_due("t", NOW + LEASE) == []
    assert other.outbox.next_due(NOW + LEASE) == NOW + 4 * MINUTE + LEASE
    assert len(other.outbox.unknown_due("t", NOW + 4 * MINUTE + LEASE)) == 1


def test_one_that_comes_too_late_changes_nothing(opener: Callable[[], Store]) -> None:
    stopped, other = opener(), opener()
    queue(stopped, "A")
    post = claimed(stopped)
    assert not other.outbox.renew(post, NOW), "nobody keeps what another holds"
    (taken,) = other.outbox.unknown_due("t", NOW + LEASE)
    assert not stopped.outbox.renew(post, NOW + LEASE)
    assert other.outbox.move(taken, PostState.PENDING, NOW + LEASE, cause=PostCause.RECONCILE_ABSENT)
    again = other.outbox.claim("t", NOW + LEASE)
    assert again is not None
    assert not stopped.outbox.renew(post, NOW + LEASE)
    assert state_of(other, post).state is PostState.SENDING


def test_what_a_program_left_that_is_seen_to_be_gone_is_looked_for_at_once(opener: Callable[[], Store]) -> None:
    killed, alive, next_one = opener(), opener(), opener()
    killed.outbox.run_at("here|boot|17|1", lambda place: False)
    alive.outbox.run_at("here|boot|18|2", lambda place: False)
    next_one.outbox.run_at("here|boot|19|3", lambda place: place == "here|boot|17|1")
    left, kept = queue(killed, "A", "B")
    assert claimed(killed).id == left.id
    assert claimed(alive).id == kept.id
    # Its request may have left a moment before.
    assert next_one.outbox.unknown_due("t", NOW) == []
    assert (state_of(next_one, left).state, state_of(next_one, left).cause) == (PostState.UNKNOWN, PostCause.KILLED)
    assert state_of(next_one, kept).state is PostState.SENDING
    assert next_one.outbox.next_due(NOW) == NOW + SETTLE
    assert [post.id for post in next_one.outbox.unknown_due("t", NOW + SETTLE)] == [left.id]


def test_a_program_of_another_machine_has_its_whole_lease(opener: Callable[[], Store]) -> None:
    elsewhere, here = opener(), opener()
    elsewhere.outbox.run_at("elsewhere|boot|17|1", lambda place: False)
    here.outbox.run_at("here|boot|17|1", lambda place: False)
    queue(elsewhere, "A")
    claimed(elsewhere)
    assert here.outbox.recover(NOW + LEASE - timedelta(seconds=1)) == 0
    assert here.outbox.recover(NOW + LEASE) == 1
