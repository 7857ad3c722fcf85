from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.posts import ChatHistory, Post, PostCause, PostState
from bot.storage.errors import NoSuchRow
from bot.storage.outbox import SETTLE
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, one_recueil, result_of, to
from tests.bot.storage.finding import posts_of

MINUTE = timedelta(minutes=1)
PENDING, SENDING, SENT, REFUSED, UNKNOWN = (
    PostState.PENDING, PostState.SENDING, PostState.SENT, PostState.REFUSED, PostState.UNKNOWN,
)  # fmt: skip


def queue(store: Store, *titles: str, destinations: tuple[str, ...] = ("t",)) -> list[Post]:
    posts: list[Post] = []
    for title in titles:
        recueil = one_recueil(store, title)
        posts += store.recordings.record(result_of(recueil, act(title)), to(*destinations), NOW).posts
    return posts


def claimed(store: Store, destination: str = "t") -> Post:
    post = store.outbox.claim(destination, NOW)
    assert post is not None
    return post


def state_of(store: Store, post: Post) -> Post:
    (found,) = [one for one in posts_of(store, [post.decree.id or 0]) if one.id == post.id]
    return found


def test_the_oldest_is_claimed_first_and_only_once(store: Store) -> None:
    first, second = queue(store, "A", "B")
    taken = claimed(store)
    assert (taken.id, taken.key, taken.decree, taken.state, taken.attempts) == (first.id, first.key, first.decree, PostState.SENDING, 1)
    assert claimed(store).id == second.id
    assert store.outbox.claim("t", NOW) is None


def test_sent_is_the_end_of_it(store: Store) -> None:
    (post,) = queue(store, "A")
    taken = claimed(store)
    store.outbox.sent(taken.id, "msg-17", NOW)
    assert (state_of(store, post).state, state_of(store, post).reference) == (PostState.SENT, "msg-17")
    for state in (PENDING, REFUSED, UNKNOWN):
        assert not store.outbox.move(taken, state, NOW, error="late answer")
        assert not store.outbox.move(state_of(store, post), state, NOW, error="late answer")
    assert state_of(store, post).state is PostState.SENT
    store.outbox.sent(post.id, "msg-18", NOW)
    assert state_of(store, post).reference == "msg-17"
    assert store.outbox.claim("t", NOW + timedelta(days=1)) is None


def test_not_sent_is_tried_again_in_its_time_and_lets_others_pass(store: Store) -> None:
    first, second = queue(store, "A", "B")
    assert store.outbox.move(claimed(store), PENDING, NOW, cause=PostCause.RATE_LIMITED, error="429", not_before=NOW + MINUTE)
    assert claimed(store).id == second.id
    assert store.outbox.claim("t", NOW) is None
    again = store.outbox.claim("t", NOW + MINUTE)
    assert again is not None
    assert (again.id, again.attempts, again.error, again.cause) == (first.id, 2, "429", PostCause.RATE_LIMITED)


def test_a_refused_one_waits_for_an_operator(opener: Callable[[], Store]) -> None:
    store, operator = opener(), opener()
    (post,) = queue(store, "A")
    store.outbox.move(claimed(store), REFUSED, NOW, cause=PostCause.REFUSED_CONTENT, error="bot was kicked")
    assert (state_of(store, post).state, state_of(store, post).error) == (PostState.REFUSED, "bot was kicked")
    assert store.outbox.claim("t", NOW + timedelta(days=1)) is None
    assert operator.posts.decide(operator.posts.message(post.id), PENDING, NOW, cause=PostCause.BY_PERSON)
    assert claimed(store).id == post.id


def test_an_unknown_one_is_looked_for_in_its_time_then_settled(store: Store) -> None:
    first, second = queue(store, "A", "B")
    for _ in range(2):
        store.outbox.move(claimed(store), UNKNOWN, NOW, error="answer lost", not_before=NOW + MINUTE)
    assert store.outbox.claim("t", NOW + MINUTE) is None
    assert store.outbox.unknown_due("t", NOW) == []
    due = store.outbox.unknown_due("t", NOW + MINUTE)
    assert [(post.id, post.state) for post in due] == [(first.id, PostState.UNKNOWN), (second.id, PostState.UNKNOWN)]
    store.outbox.sent(first.id, "msg-1", NOW)
    store.outbox.move(due[1], PENDING, NOW, error="not there")
    assert claimed(store).id == second.id


def test_what_a_killed_program_left_is_unknown_for_the_next_one_at_once(opener: Callable[[], Store]) -> None:
    killed, next_one = opener(), opener()
    here, elsewhere = queue(killed, "A", destinations=("t", "gone"))
    claimed(killed)
    claimed(killed, "gone")
    assert next_one.outbox.recover(NOW) == 2
    assert {state_of(next_one, post).state for post in (here, elsewhere)} == {UNKNOWN}
    assert next_one.outbox.claim("t", NOW + SETTLE) is None
    # Its request may have left a moment before.
    assert next_one.outbox.unknown_due("t", NOW) == []
    assert next_one.outbox.next_due(NOW, ["t"]) == NOW + SETTLE
    (found,) = next_one.outbox.unknown_due("t", NOW + SETTLE)
    assert (found.id, found.state, found.error) == (here.id, UNKNOWN, "the program was stopped while sending")
    assert found.cause is PostCause.KILLED


def test_what_this_program_could_not_record_is_looked_for_too(store: Store) -> None:
    mine, theirs = queue(store, "A", destinations=("t", "m"))
    claimed(store)
    claimed(store, "m")
    assert store.outbox.unknown_due("t", NOW) == []
    assert [post.id for post in store.outbox.unknown_due("t", NOW + SETTLE)] == [mine.id]
    assert state_of(store, theirs).state is PostState.SENDING, "its own pass may be sending it"


@pytest.mark.postgresql
def test_a_late_answer_of_a_slow_program_does_not_disturb_the_one_that_took_over(opener: Callable[[], Store]) -> None:
    slow, quick = opener(), opener()
    (post,) = queue(slow, "A")
    taken = claimed(slow)
    later = NOW + SETTLE
    quick.outbox.recover(NOW)
    [mine] = quick.outbox.unknown_due("t", later)
    assert quick.outbox.move(mine, PENDING, later, error="not there")
    assert quick.outbox.claim("t", later) is not None
    assert not slow.outbox.is_ours(taken)
    assert not slow.outbox.move(taken, PENDING, later, error="connection refused")
    assert not slow.outbox.move(taken, REFUSED, later, error="kicked")
    assert state_of(quick, post).state is PostState.SENDING
    slow.outbox.sent(post.id, "msg-1", later)
    assert state_of(quick, post).state is PostState.SENT


def test_a_destination_on_hold_gets_nothing(store: Store) -> None:
    queue(store, "A", "B", destinations=("t", "m"))
    store.outbox.move(claimed(store), UNKNOWN, NOW, error="answer lost")
    assert store.outbox.held_until("t", NOW) is None
    store.outbox.hold("t", NOW + 2 * MINUTE, NOW)
    store.outbox.hold("t", NOW + MINUTE, NOW)
    assert store.outbox.held_until("t", NOW) == NOW + 2 * MINUTE
    assert store.outbox.held_until("t", NOW + 2 * MINUTE) is None
    assert store.outbox.claim("t", NOW) is None
    assert store.outbox.unknown_due("t", NOW) == []
    assert claimed(store, "m").destination == "m"
    assert store.outbox.claim("t", NOW + 2 * MINUTE) is not None
    assert len(store.outbox.unknown_due("t", NOW + 2 * MINUTE)) == 1


def history(store: Store, post: Post) -> ChatHistory:
    return store.chat_messages.history(post.id, "@canal")


@pytest.mark.postgresql
def test_the_messages_known_at_a_destination(store: Store) -> None:
    first, second, third = queue(store, "A", "B", "C", destinations=("t",))
    (elsewhere,) = queue(store, "D", destinations=("m",))
    store.outbox.sent(elsewhere.id, "1000", NOW - MINUTE)
    assert history(store, third) == ChatHistory(is_begun=False)
    store.chat_messages.begin(third.id, "@canal")
    assert history(store, third) == ChatHistory()
    store.outbox.sent(first.id, "9", NOW - 2 * MINUTE)
    store.outbox.sent(second.id, "10", NOW - MINUTE)
    assert history(store, third) == ChatHistory(10, frozenset({9, 10}))
    # One that was sent after the post existed may come after its message: it is known, but nothing starts from it.
    store.outbox.move(claimed(store), REFUSED, NOW, error="kicked")
    (late,) = queue(store, "E")
    store.outbox.sent(late.id, "11", NOW + MINUTE)
    assert history(store, third) == ChatHistory(10, frozenset({9, 10, 11}))
    with pytest.raises(NoSuchRow):
        store.chat_messages.history(404, "@canal")
    with pytest.raises(NoSuchRow):
        store.chat_messages.begin(404, "@canal")


def test_only_numbers_have_an_order_at_a_destination(store: Store) -> None:
    """A name may have been that of a console, or of another platform, before."""
    first, second, third = queue(store, "A", "B", "C")
    store.outbox.sent(first.id, "99", NOW - MINUTE)
    store.outbox.sent(second.id, "0f3a" * 8, NOW - MINUTE)
    assert history(store, third) == ChatHistory(99, frozenset({99}), is_begun=False)


@pytest.mark.postgresql
def test_a_message_comes_after_the_newest_one_known_when_it_was_about_to_be_sent(store: Store) -> None:
    chats, (first, second) = store.chat_messages, queue(store, "A", "B")
    assert chats.begin(first.id, "@Canal") is None
    chats.note(["-1001", "@canal"], 300, NOW)
    chats.note(["-1001"], 200, NOW)
    assert history(store, first) == ChatHistory(newest=300), "it may have come before that one"
    assert chats.begin(first.id, "@Canal") == 300
    chats.note(["@canal"], 310, NOW)
    chats.searched(first.id, 306)
    assert history(store, first) == ChatHistory(300, newest=310, searched_to=306)
    assert chats.history(first.id, -1001) == ChatHistory(300, newest=300, searched_to=306)
    store.outbox.sent(second.id, "320", NOW)
    assert chats.begin(first.id, "@canal") == 320
    assert history(store, first) == ChatHistory(320, frozenset({320}), 310), "sent again, it is looked for from there"


def test_a_clock_that_is_slow_elsewhere_makes_no_later_post_an_earlier_one(store: Store) -> None:
    first, second = queue(store, "A", "B")
    store.outbox.sent(second.id, "12", NOW - MINUTE)
    assert history(store, first).before is None


@pytest.mark.postgresql
def test_next_due(store: Store) -> None:
    assert store.outbox.next_due(NOW) is None
    queue(store, "A")
    assert store.outbox.next_due(NOW) == NOW
    assert store.outbox.next_due(NOW + MINUTE) == NOW + MINUTE
    post = claimed(store)
    assert store.outbox.next_due(NOW) == NOW, "between two passes: it was left so"
    store.outbox.move(post, PENDING, NOW, error="429", not_before=NOW + 3 * MINUTE)
    assert store.outbox.next_due(NOW) == NOW + 3 * MINUTE
    store.outbox.hold("t", NOW + 4 * MINUTE, NOW)
    assert store.outbox.next_due(NOW) == NOW + 4 * MINUTE
    queue(store, "B", destinations=("m", "gone"))
    store.outbox.hold("m", NOW + MINUTE, NOW)
    assert store.outbox.next_due(NOW) == NOW
    assert store.outbox.next_due(NOW, ["t", "m"]) == NOW + MINUTE
    assert store.outbox.next_due(NOW, []) is None
    taken = store.outbox.claim("t", NOW + 4 * MINUTE)
    assert taken is not None
    store.outbox.sent(taken.id, "1", NOW)
    assert store.outbox.next_due(NOW, ["t"]) is None


def test_what_is_not_there_is_told(store: Store) -> None:
    with pytest.raises(NoSuchRow, match="no post has the id 404"):
        store.outbox.sent(404, "1", NOW)
    with pytest.raises(NoSuchRow):
        store.outbox.move(replace(queue(store, "A")[0], id=404), PENDING, NOW)


@pytest.mark.postgresql
def test_programs_that_claim_at_once_never_get_the_same_post(opener: Callable[[], Store]) -> None:
    programs = [opener() for _ in range(4)]
    queue(programs[0], *(f"D{number}" for number in range(24)))
    start = threading.Barrier(8)
    taken: list[int] = []
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            start.wait(timeout=60)
            while post := programs[number % 4].outbox.claim("t", NOW):
                taken.append(post.id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert errors == []
    assert len(taken) == 24
    assert len(set(taken)) == 24
