from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.acts import Facts, Kind, Moment, Reference
from bot.domain.posts import ChatHistory, Post, PostCause, PostState, SentMessage
from bot.storage.errors import NoSuchRow
from bot.storage.outbox import SETTLE, DestinationLoad, digest_key
from bot.storage.posts import SKEW
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, at_once, one_recueil, result_of, to
from tests.bot.storage.finding import found, posts_of, reading_of
from tests.bot.storage.ready import ready_store
from tests.present import present

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
    return present(store.outbox.claim(destination, NOW))


def state_of(store: Store, post: Post) -> Post:
    (found,) = [one for one in posts_of(store, [post.decree.id or 0]) if one.id == post.id]
    return found


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
    again = present(store.outbox.claim("t", NOW + MINUTE))
    assert (again.id, again.attempts, again.error, again.cause) == (first.id, 2, "429", PostCause.RATE_LIMITED)


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
    taken = present(store.outbox.claim("t", NOW + 4 * MINUTE))
    store.outbox.sent(taken.id, "1", NOW)
    assert store.outbox.next_due(NOW, ["t"]) is None


def test_what_is_not_there_is_told(store: Store) -> None:
    for ask in (store.posts.get, store.posts.message, lambda number: store.outbox.sent(number, "1", NOW)):
        with pytest.raises(NoSuchRow, match="no post has the id 404"):
            ask(404)
    with pytest.raises(NoSuchRow):
        store.outbox.move(replace(queue(store, "A")[0], id=404), PENDING, NOW)


@pytest.mark.postgresql
def test_programs_that_claim_at_once_never_get_the_same_post(opener: Callable[[], Store]) -> None:
    programs = [opener() for _ in range(4)]
    queue(programs[0], *(f"D{number}" for number in range(24)))
    taken: list[int] = []

    def claim_all(number: int) -> None:
        while post := programs[number % 4].outbox.claim("t", NOW):
            taken.append(post.id)

    at_once(8, claim_all)
    assert len(taken) == 24
    assert len(set(taken)) == 24


# What may have been sent is not overtaken: whether a destination has such a message, and when there is something to do there.


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("state", "cause", "is_in_doubt"),
    [
        (PostState.UNKNOWN, PostCause.KILLED, True),
        (PostState.UNKNOWN, PostCause.LOST_ANSWER, True),
        (PostState.UNKNOWN, PostCause.CANNOT_ASK, True),
        (PostState.UNKNOWN, None, True),
        # Nobody can tell, and operators know: the others go on.
        (PostState.UNKNOWN, PostCause.RECONCILE_UNCLEAR, False),
        (PostState.HELD, PostCause.AWAITS_PERSON, False),
        (PostState.PENDING, PostCause.NOT_SENT, False),
        (PostState.REFUSED, PostCause.REFUSED_CONTENT, False),
    ],
)
def test_what_is_in_doubt(store: Store, state: PostState, cause: PostCause | None, is_in_doubt: bool) -> None:
    queue(store, "A", "B")
    store.outbox.move(claimed(store), state, NOW, cause=cause, not_before=NOW + MINUTE)
    assert store.outbox.in_doubt("t") is is_in_doubt
    assert store.outbox.next_due(NOW) == (NOW + MINUTE if is_in_doubt else NOW)


def test_the_question_what_is_in_doubt_is_not_asked_of_every_post_that_waits(tmp_path: Path) -> None:
    """A destination that has had a hundred thousand posts is not read through for each one that waits."""
    asked: list[tuple[str, Any]] = []
    with ready_store(tmp_path) as store:
        queue(store, "A", "B")
        event.listen(store.database.engine, "before_cursor_execute", lambda _c, _k, statement, given, *_: asked.append((statement, given)))
        assert store.outbox.next_due(NOW, ["t"]) == NOW
        (statement, given), *_ = [one for one in asked if "NOT IN" in one[0]]
        with store.database.reading() as connection:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    assert [step for step in plan if "CORRELATED" in step or step.startswith("SCAN posts")] == []
    assert len([step for step in plan if step.startswith("SEARCH posts")]) == 2, "an index serves both"


# Posts that become one message: which they are is recorded before it is sent, and they change together.


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
def test_it_fails_and_is_looked_for_as_one(opener: Callable[[], Store]) -> None:
    killed, other = opener(), opener()
    gathered(killed, "A", "B")
    taken = claimed(killed)
    assert killed.outbox.move(taken, PostState.PENDING, NOW, cause=PostCause.NOT_SENT, error="no connection", not_before=NOW + MINUTE)
    assert states(killed) == [PostState.PENDING] * 2
    again = present(killed.outbox.claim("t", NOW + MINUTE))
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
    assert present(store.outbox.claim("t", back)).id == first.id
    # And a hold that is set now counts, though the one before it ends later by the calendar.
    store.outbox.hold("t", back + MINUTE, back)
    assert store.outbox.held_until("t", back) == back + MINUTE
    assert store.outbox.claim("t", back) is None
    assert store.posts.get(third.id).state is PostState.PENDING


def test_a_small_difference_of_clocks_is_no_clock_set_back(store: Store) -> None:
    queue(store, "A")
    store.outbox.move(claimed(store), PostState.PENDING, NOW, not_before=NOW + HOUR)
    assert store.outbox.claim("t", NOW - SKEW) is None


# Nothing goes out before what it replies to or changes.


SIGNED = date(2026, 8, 12)
GRANT = Facts("2026-123", signed=SIGNED, starts=Moment(date(2026, 8, 14)))
CHANGE = Facts("2026-140", references=(Reference(Kind.MODIFICATION, "2026-0123", SIGNED),))
END = Facts("2026-150", references=(Reference(Kind.ABROGATION, "2026-0123", SIGNED),))
LAST = Facts("2026-160", references=(Reference(Kind.ABROGATION, "2026-0140", None),))
LATER = NOW + timedelta(hours=1)


def number(post: Post | None) -> str | None:
    return None if post is None else post.decree.facts.number


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (PostState.UNKNOWN, PostCause.LOST_ANSWER),
        (PostState.UNKNOWN, PostCause.RECONCILE_UNCLEAR),
        (PostState.HELD, PostCause.AWAITS_PERSON),
        (PostState.PENDING, PostCause.NOT_SENT),
    ],
)
def test_what_changes_a_decree_waits_for_its_post(store: Store, state: PostState, cause: PostCause) -> None:
    found(store, GRANT)
    first = claimed(store)
    store.outbox.move(first, state, NOW, cause=cause, error="who knows", not_before=NOW + timedelta(hours=6))
    found(store, END, Kind.ABROGATION)
    found(store, Facts("2026-7"))
    assert number(claimed(store)) == "2026-7", "others go on"
    assert store.outbox.claim("t", NOW) is None
    waits = store.posts.listed(states=[PostState.PENDING])[-1]
    assert (waits.decree.facts.number, waits.cause) == ("2026-150", PostCause.AWAITS_EARLIER)
    assert f"post {first.id}" in str(waits.error)
    assert store.outbox.load("t", NOW, NOW).waiting == 0, "it is not due, and takes no turn"
    store.outbox.sent(first.id, "17", NOW)
    last = claimed(store)
    assert (number(last), last.reply_to) == ("2026-150", SentMessage("17", NOW))


def test_the_one_found_first_waits_where_it_changes_one_found_later(store: Store) -> None:
    found(store, END, Kind.ABROGATION)
    found(store, GRANT)
    first = claimed(store)
    assert number(first) == "2026-123"
    store.outbox.sent(first.id, "17", NOW)
    assert claimed(store).reply_to == SentMessage("17", NOW)


def test_what_was_refused_or_given_up_is_waited_for_no_more(store: Store) -> None:
    found(store, GRANT)
    first = claimed(store)
    found(store, END, Kind.ABROGATION)
    assert store.outbox.claim("t", NOW) is None
    store.outbox.move(first, PostState.REFUSED, NOW, cause=PostCause.REFUSED_CONTENT, error="no")
    assert claimed(store).reply_to is None


def test_what_changes_a_change_waits_for_all_of_them(store: Store) -> None:
    found(store, GRANT)
    first = claimed(store)
    store.outbox.move(first, PostState.UNKNOWN, NOW, cause=PostCause.RECONCILE_UNCLEAR, not_before=LATER)
    found(store, CHANGE, Kind.MODIFICATION)
    found(store, LAST, Kind.ABROGATION)
    assert store.outbox.claim("t", NOW) is None
    store.outbox.sent(first.id, "17", NOW)
    change = claimed(store)
    assert number(change) == "2026-140"
    assert store.outbox.claim("t", NOW) is None
    store.outbox.sent(change.id, "18", NOW)
    assert claimed(store).reply_to == SentMessage("18", NOW)


@pytest.mark.postgresql
def test_decrees_that_were_read_as_changing_each_other_do_not_wait_for_ever(store: Store) -> None:
    found(store, replace(GRANT, references=(Reference(Kind.MODIFICATION, "2026-150"),)), Kind.MODIFICATION)
    found(store, END, Kind.ABROGATION)
    first = claimed(store)
    assert number(first) == "2026-123"
    assert store.outbox.claim("t", NOW) is None
    store.outbox.sent(first.id, "17", NOW)
    assert number(claimed(store)) == "2026-150"


def test_other_destinations_do_not_wait(store: Store) -> None:
    store.recordings.record(reading_of(one_recueil(store, "a"), GRANT), to("t", "u"), NOW)
    store.outbox.move(claimed(store), PostState.HELD, NOW, cause=PostCause.AWAITS_PERSON)
    store.recordings.record(reading_of(one_recueil(store, "b"), END, Kind.ABROGATION), to("t", "u"), NOW)
    assert store.outbox.claim("t", NOW) is None
    first = store.outbox.claim("u", NOW)
    assert number(first) == "2026-123"


@pytest.mark.postgresql
def test_one_that_waits_leaves_its_digest(store: Store) -> None:
    found(store, GRANT)
    first = claimed(store)
    store.outbox.move(first, PostState.UNKNOWN, NOW, cause=PostCause.RECONCILE_UNCLEAR, not_before=LATER)
    found(store, END, Kind.ABROGATION)
    found(store, Facts("2026-7"))
    found(store, Facts("2026-8"))
    store.outbox.gather("t", [[post.id for post in store.outbox.single("t", NOW)]], NOW)
    digest = claimed(store)
    assert [decree.facts.number for decree in digest.decrees] == ["2026-7", "2026-8"]
    store.outbox.sent(digest.id, "30", NOW)
    store.outbox.sent(first.id, "17", NOW)
    assert claimed(store).reply_to == SentMessage("17", NOW)
    assert store.outbox.claim("t", NOW) is None


def test_a_digest_may_hold_a_decree_with_what_changes_it(store: Store) -> None:
    found(store, END, Kind.ABROGATION)
    found(store, GRANT)
    store.outbox.gather("t", [[post.id for post in store.outbox.single("t", NOW)]], NOW)
    assert len(claimed(store).decrees) == 2


def test_it_is_looked_at_again_without_a_word(store: Store) -> None:
    """As when a person took back the decree that it seemed to change."""
    found(store, GRANT)
    store.outbox.move(claimed(store), PostState.UNKNOWN, NOW, cause=PostCause.RECONCILE_UNCLEAR, not_before=NOW + timedelta(days=1))
    found(store, END, Kind.ABROGATION)
    assert store.outbox.claim("t", NOW) is None
    assert NOW < present(store.outbox.next_due(NOW, ["t"])) <= NOW + timedelta(minutes=5)


# A message is looked for by the link and the number that it shows, whatever became known of its decree since.


DRAFT = Facts(signed=date(2024, 4, 18), operators=("SNCF",))
KEYS = ("text:1",)


def record(store: Store, facts: Facts, *, page: int = 3, name: str = "recueil-1", keys: tuple[str, ...] = KEYS) -> None:
    store.recordings.record(reading_of(one_recueil(store, name), facts, keys=keys, page=page), to("t"), NOW)


def record_again(store: Store, facts: Facts, *, page: int) -> None:
    store.recordings.record(reading_of(store.recueils.get(1), facts, keys=KEYS, page=page), to("t"), NOW)


def marks_of(post: Post) -> list[tuple[int, str | None]]:
    return [(one.page, one.facts.number) for one in post.decrees]


def read_anew(store: Store) -> None:
    """The decree is seen on another page, and with its number."""
    record_again(store, DRAFT, page=4)
    record(store, replace(DRAFT, number="2024-7"), name="elsewhere", page=9)


def test_it_is_looked_for_as_it_was_sent(store: Store) -> None:
    record(store, DRAFT)
    post = claimed(store)
    store.outbox.move(post, PostState.UNKNOWN, NOW, cause=PostCause.LOST_ANSWER)
    read_anew(store)
    (sought,) = store.outbox.unknown_due("t", NOW)
    assert marks_of(sought) == marks_of(post) == [(3, None)]
    assert store.posts.message(post.id).decree == sought.decree
    # Only the marks are those of then.
    assert sought.decree.sightings != post.decree.sightings
    store.outbox.sent(sought.id, "17", NOW)
    assert present(store.edits.next("t", NOW)).post.decree.facts.number == "2024-7"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("state", "cause", "shown"),
    [
        # Part of it may be there all the same: the next try shows the same, and an edit tells the rest.
        (PostState.PENDING, PostCause.NOT_SENT, (3, None)),
        # Certainly not there.
        (PostState.REFUSED, PostCause.REFUSED_CONTENT, (4, "2024-7")),
    ],
)
def test_what_the_next_try_shows(store: Store, state: PostState, cause: PostCause, shown: tuple[int, str | None]) -> None:
    record(store, DRAFT)
    store.outbox.move(claimed(store), state, NOW, cause=cause)
    read_anew(store)
    if state is PostState.REFUSED:
        (refused,) = store.posts.listed()
        store.posts.decide(refused, PostState.PENDING, NOW, cause=PostCause.BY_PERSON)
    again = claimed(store)
    assert marks_of(again) == [shown]
    store.outbox.sent(again.id, "17", NOW)
    assert (store.edits.next("t", NOW) is None) == (shown[1] is not None)


def test_a_first_try_shows_what_is_known_by_then(store: Store) -> None:
    record(store, DRAFT)
    read_anew(store)
    assert marks_of(claimed(store)) == [(4, "2024-7")]
