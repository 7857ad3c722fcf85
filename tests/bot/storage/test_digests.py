"""Posts that become one message: which they are is recorded before it is sent, and they change together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain.posts import Post, PostCause, PostState
from bot.storage.outbox import SETTLE, DestinationLoad, digest_key
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_outbox import MINUTE, claimed, queue

DAY = timedelta(days=1)


def gathered(store: Store, *titles: str) -> list[Post]:
    posts = queue(store, *titles)
    store.outbox.gather("t", [[post.id for post in posts]], NOW)
    return posts


def states(store: Store) -> list[PostState]:
    return [post.state for post in store.posts.listed(states=tuple(PostState))]


def test_a_digest_is_claimed_whole_under_a_key_of_its_own(store: Store) -> None:
    first, second, third = gathered(store, "A", "B", "C")
    (alone,) = queue(store, "D")
    taken = claimed(store)
    assert (taken.id, [decree.title for decree in taken.decrees], taken.attempts) == (first.id, ["A", "B", "C"], 1)
    assert taken.key == taken.digest == digest_key([third.key, first.key, second.key])
    assert states(store) == [PostState.SENDING] * 3 + [PostState.PENDING]
    assert claimed(store).id == alone.id
    assert store.outbox.claim("t", NOW) is None


@pytest.mark.postgresql
def test_each_decree_of_it_is_sent_once(store: Store) -> None:
    gathered(store, "A", "B")
    store.outbox.sent(claimed(store).id, "msg-1", NOW)
    assert [(post.state, post.reference) for post in store.posts.listed(states=[PostState.SENT])] == [(PostState.SENT, "msg-1")] * 2
    assert store.outbox.counts() == {"t": {PostState.SENT: 2}}
    assert store.outbox.sent_since("t", NOW - MINUTE) == [NOW]


@pytest.mark.postgresql
def test_it_fails_and_is_looked_for_as_one(opener: Callable[[], Store]) -> None:
    killed, other = opener(), opener()
    gathered(killed, "A", "B")
    taken = claimed(killed)
    assert killed.outbox.move(taken, PostState.PENDING, NOW, cause=PostCause.NOT_SENT, error="no connection", not_before=NOW + MINUTE)
    assert states(killed) == [PostState.PENDING] * 2
    again = killed.outbox.claim("t", NOW + MINUTE)
    assert again is not None
    assert (again.key, again.decrees, again.attempts) == (taken.key, taken.decrees, 2)
    # The program is killed: another one finds the very same message in doubt.
    other.outbox.recover(NOW + MINUTE)
    (found,) = other.outbox.unknown_due("t", NOW + MINUTE + SETTLE)
    assert (found.key, found.decrees, found.cause) == (taken.key, taken.decrees, PostCause.KILLED)
    assert other.outbox.move(found, PostState.HELD, NOW, cause=PostCause.AWAITS_PERSON)
    assert states(other) == [PostState.HELD] * 2


def test_what_is_no_longer_free_is_left_out(store: Store) -> None:
    first, second, third = queue(store, "A", "B", "C")
    taken = claimed(store)
    store.outbox.gather("t", [[first.id, second.id], [third.id]], NOW)
    assert [post.digest for post in store.posts.listed(states=tuple(PostState))] == [None] * 3, "one post is no digest"
    store.outbox.move(taken, PostState.PENDING, NOW)
    store.outbox.gather("t", [[first.id, second.id], [third.id]], NOW)
    store.outbox.gather("t", [[second.id, third.id]], NOW)
    digests = [post.digest for post in store.posts.listed()]
    assert digests[0] == digests[1] is not None
    assert digests[2] is None


def test_the_load_of_a_destination_counts_messages(store: Store) -> None:
    gathered(store, "A", "B")
    queue(store, "C", "D")
    queue(store, "E", destinations=("m",))
    assert store.outbox.load("t", NOW, NOW - DAY) == DestinationLoad(waiting=3, single=2, sent=0)
    store.outbox.sent(claimed(store).id, "1", NOW)
    store.outbox.move(claimed(store), PostState.PENDING, NOW, not_before=NOW + MINUTE)
    assert store.outbox.load("t", NOW, NOW - DAY) == DestinationLoad(waiting=1, single=1, sent=1)
    assert store.outbox.load("t", NOW + DAY, NOW) == DestinationLoad(waiting=2, single=2, sent=0)
    assert [post.decree.title for post in store.outbox.single("t", NOW)] == ["D"]


def test_one_that_a_person_drops_leaves_the_digest(store: Store) -> None:
    first, second, third = gathered(store, "A", "B", "C")
    assert store.posts.decide(store.posts.get(second.id), PostState.REFUSED, NOW, cause=PostCause.BY_PERSON)
    taken = claimed(store)
    assert [decree.title for decree in taken.decrees] == ["A", "C"]
    assert taken.key == digest_key([first.key, second.key, third.key]), "the message keeps its key"
    assert store.posts.get(second.id).state is PostState.REFUSED
