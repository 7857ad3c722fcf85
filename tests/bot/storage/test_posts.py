from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain.posts import PostCause, PostState
from bot.storage.errors import NoSuchRow
from bot.storage.posts import SKEW
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.bot.storage.test_outbox import MINUTE, claimed, queue

HOUR = timedelta(hours=1)


@pytest.mark.postgresql
def test_what_is_listed(store: Store) -> None:
    first, second, third, fourth = queue(store, "A", "B", destinations=("t", "m"))
    store.outbox.sent(claimed(store).id, "1", NOW)
    assert [post.id for post in store.posts.listed()] == [second.id, third.id, fourth.id]
    assert [post.id for post in store.posts.listed(destination="m")] == [second.id, fourth.id]
    assert [post.id for post in store.posts.listed(states=[PostState.SENT])] == [first.id]
    assert [post.id for post in store.posts.listed(limit=1)] == [second.id]
    assert (store.posts.get(second.id).created_at, store.posts.get(first.id).closed_at) == (NOW, NOW)


def test_nothing_has_an_unknown_number(store: Store) -> None:
    for ask in (store.posts.get, store.posts.message):
        with pytest.raises(NoSuchRow, match="no post has the id 404"):
            ask(404)


@pytest.mark.postgresql
def test_a_decision_takes_the_post_from_the_program_that_holds_it(opener: Callable[[], Store]) -> None:
    program, person = opener(), opener()
    (post,) = queue(program, "A")
    program.outbox.move(claimed(program), PostState.UNKNOWN, NOW)
    [looked_for] = program.outbox.unknown_due("t", NOW)
    assert person.posts.decide(person.posts.message(post.id), PostState.SENT, NOW, cause=PostCause.BY_PERSON, reference="77")
    assert not program.outbox.move(looked_for, PostState.PENDING, NOW, error="not there")
    found = person.posts.get(post.id)
    assert (found.state, found.reference, found.cause, found.closed_at) == (PostState.SENT, "77", PostCause.BY_PERSON, NOW)


def test_a_decision_on_what_changed_meanwhile_changes_nothing(store: Store) -> None:
    (post,) = queue(store, "A")
    seen = store.posts.message(post.id)
    claimed(store)
    assert not store.posts.decide(seen, PostState.REFUSED, NOW, cause=PostCause.BY_PERSON)
    assert store.posts.get(post.id).state is PostState.SENDING


def test_a_message_known_to_be_there_without_its_number_has_no_order(store: Store) -> None:
    first, second = queue(store, "A", "B")
    store.outbox.move(claimed(store), PostState.HELD, NOW)
    assert not store.posts.decide(first, PostState.SENT, NOW, cause=PostCause.BY_PERSON), "it is no longer pending"
    assert store.posts.decide(store.posts.get(first.id), PostState.SENT, NOW, cause=PostCause.BY_PERSON)
    assert store.posts.get(first.id).reference is None
    assert store.chat_messages.history(second.id, "@canal").known == frozenset()


@pytest.mark.parametrize(("cause", "rests"), [(None, False), (PostCause.REFUSED_DESTINATION, False), (PostCause.RATE_LIMITED, True)])
def test_a_retry_ends_the_rest_of_its_destination_but_not_one_that_the_platform_asked_for(
    store: Store, cause: PostCause | None, rests: bool
) -> None:
    (post,) = queue(store, "A")
    store.outbox.hold("t", NOW + HOUR, NOW, cause)
    store.posts.decide(store.posts.message(post.id), PostState.PENDING, NOW, cause=PostCause.BY_PERSON)
    assert (store.outbox.claim("t", NOW) is None) is rests


@pytest.mark.postgresql
def test_what_is_unsent_for_the_operators(store: Store) -> None:
    first, second, third, dropped = queue(store, "A", "B", "C", "D")
    store.outbox.gather("t", [[first.id, second.id]], NOW)
    store.posts.decide(store.posts.get(dropped.id), PostState.REFUSED, NOW, cause=PostCause.BY_PERSON)
    queue(store, "E", destinations=("gone",))
    assert [(one.id, one.message) for one in store.posts.unsent(["t"])] == [
        (first.id, first.id), (second.id, first.id), (third.id, third.id),
    ]  # fmt: skip


def test_a_clock_that_is_set_back_stalls_nothing(store: Store) -> None:
    first, second, third = queue(store, "A", "B", "C")
    store.outbox.move(claimed(store), PostState.PENDING, NOW, not_before=NOW + HOUR)
    store.outbox.move(claimed(store), PostState.UNKNOWN, NOW, not_before=NOW + HOUR)
    store.outbox.hold("t", NOW + HOUR, NOW)
    assert store.outbox.claim("t", NOW) is None
    back = NOW - timedelta(days=300)
    assert store.outbox.held_until("t", back) is None
    assert store.outbox.next_due(back) == back
    assert [post.id for post in store.outbox.unknown_due("t", back)] == [second.id]
    taken = store.outbox.claim("t", back)
    assert taken is not None
    assert taken.id == first.id
    # And a hold that is set now counts, though the one before it ends later by the calendar.
    store.outbox.hold("t", back + MINUTE, back)
    assert store.outbox.held_until("t", back) == back + MINUTE
    assert store.outbox.claim("t", back) is None
    assert store.posts.get(third.id).state is PostState.PENDING


def test_a_small_difference_of_clocks_is_no_clock_set_back(store: Store) -> None:
    queue(store, "A")
    store.outbox.move(claimed(store), PostState.PENDING, NOW, not_before=NOW + HOUR)
    assert store.outbox.claim("t", NOW - SKEW) is None
