"""The whole table: every state, every event."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.transitions import (
    LONGEST_ASKED,
    LONGEST_SEARCH_WAIT,
    LONGEST_WAIT,
    REFUSED_REST,
    Event,
    Transition,
    WaitFactors,
    retry_wait,
    transition,
)
from bot.domain.posts import PostCause, PostState
from tests.bot.delivery.memory import START
from tests.present import present

PENDING, SENDING, SENT = PostState.PENDING, PostState.SENDING, PostState.SENT
REFUSED, UNKNOWN, HELD = PostState.REFUSED, PostState.UNKNOWN, PostState.HELD

# event: from which states, to which state, why, after how many seconds (None: never by itself), for how long its destination rests,
# whether operators are told. Counts: the second attempt, no look before.
TABLE: dict[Event, tuple[set[PostState], PostState, PostCause | None, int | None, int | None, bool]] = {
    Event.CLAIMED: ({PENDING}, SENDING, None, None, None, False),
    Event.SENT: ({PENDING, SENDING, UNKNOWN, HELD, REFUSED}, SENT, None, None, None, False),
    Event.NOT_SENT: ({SENDING}, PENDING, PostCause.NOT_SENT, 30, 30, False),
    Event.RATE_LIMITED: ({SENDING}, PENDING, PostCause.RATE_LIMITED, 30, 30, False),
    Event.REFUSED_CONTENT: ({SENDING}, REFUSED, PostCause.REFUSED_CONTENT, None, None, True),
    Event.REFUSED_DESTINATION: ({SENDING}, PENDING, PostCause.REFUSED_DESTINATION, 600, 600, True),
    Event.MIGRATED: ({SENDING}, PENDING, PostCause.MIGRATED, 0, None, False),
    Event.LOST_ANSWER: ({SENDING}, UNKNOWN, PostCause.LOST_ANSWER, 10, 10, False),
    Event.FAULT: ({SENDING}, UNKNOWN, PostCause.FAULT, 10, 10, False),
    Event.STOPPED_BEFORE: ({SENDING}, PENDING, PostCause.STOPPED, 0, None, False),
    Event.STOPPED_WHILE: ({SENDING}, UNKNOWN, PostCause.STOPPED, 10, 10, False),
    Event.KILLED: ({SENDING}, UNKNOWN, PostCause.KILLED, 10, 10, False),
    Event.FOUND: ({UNKNOWN}, SENT, PostCause.RECONCILE_FOUND, None, None, False),
    Event.ABSENT: ({UNKNOWN}, PENDING, PostCause.RECONCILE_ABSENT, 0, None, False),
    Event.UNCLEAR: ({UNKNOWN}, UNKNOWN, PostCause.RECONCILE_UNCLEAR, 60, None, True),
    Event.CANNOT_ASK: ({UNKNOWN}, UNKNOWN, PostCause.CANNOT_ASK, 15, 15, False),
    Event.HOLD: ({UNKNOWN}, HELD, PostCause.AWAITS_PERSON, None, None, True),
    Event.RESEND: ({UNKNOWN}, PENDING, PostCause.RESENT, 0, None, False),
    Event.PERSON_RETRY: ({PENDING, REFUSED}, PENDING, PostCause.BY_PERSON, 0, None, False),
    Event.PERSON_DROP: ({PENDING, REFUSED}, REFUSED, PostCause.BY_PERSON, None, None, False),
    Event.PERSON_SENT: ({UNKNOWN, HELD}, SENT, PostCause.BY_PERSON, None, None, False),
    Event.PERSON_NOT_SENT: ({UNKNOWN, HELD}, PENDING, PostCause.BY_PERSON, 0, None, False),
}


def test_the_table_has_every_event() -> None:
    assert set(TABLE) == set(Event)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", PostState)
def test_every_state_and_event(state: PostState, event: Event) -> None:
    states, to, cause, after, rest, tell = TABLE[event]
    step = transition(state, event, WaitFactors(attempts=2), START)
    if state not in states:
        assert step is None
        return
    assert step is not None
    assert (step.state, step.cause, step.notify) == (to, cause, tell)
    assert step.not_before == (None if after is None else START + timedelta(seconds=after))
    assert step.rest == (None if rest is None else timedelta(seconds=rest))


def test_what_the_platform_asks_for_counts_for_a_post_and_for_a_look() -> None:
    counts = WaitFactors(attempts=9, reconcile_attempts=9, retry_after=7.0, chance=1.0)
    for state, event in ((SENDING, Event.RATE_LIMITED), (UNKNOWN, Event.CANNOT_ASK)):
        assert present(transition(state, event, counts, START)).rest == timedelta(seconds=7)


def test_looks_grow_and_operators_are_told_of_the_first_that_tells_nothing() -> None:
    second = transition(UNKNOWN, Event.UNCLEAR, WaitFactors(reconcile_attempts=1, unclear=True), START)
    assert second == Transition(UNKNOWN, START + timedelta(minutes=2), PostCause.RECONCILE_UNCLEAR, reconcile_attempts=2)
    asked = present(transition(UNKNOWN, Event.CANNOT_ASK, WaitFactors(reconcile_attempts=1, unclear=True), START))
    assert (asked.cause, asked.reconcile_attempts) == (None, 2), "that nobody could tell stays known"


def test_a_chat_that_moves_in_a_circle_has_to_wait() -> None:
    step = present(transition(SENDING, Event.MIGRATED, WaitFactors(attempts=4), START))
    assert step.rest
    assert step.not_before == START + step.rest


@given(st.lists(st.tuples(st.sampled_from(Event), st.floats(0, 1), st.none() | st.floats(0, 1e9)), max_size=60))
def test_no_sequence_of_events_loses_a_post_or_sends_it_after_it_was_sent(events: list[tuple[Event, float, float | None]]) -> None:
    state, attempts, reconcile_attempts, told, now = PENDING, 0, 0, False, START
    for event, chance, retry_after in events:
        before = state
        step = transition(state, event, WaitFactors(attempts, reconcile_attempts, False, retry_after, chance), now)
        if step is None:
            continue
        state, reconcile_attempts = step.state, step.reconcile_attempts
        assert before is not SENT
        if state is SENDING:
            assert before is PENDING, "sent only from the queue"
            attempts += 1
        if before is UNKNOWN and state is PENDING:
            assert event in {Event.ABSENT, Event.RESEND, Event.PERSON_NOT_SENT}, "sent again only when somebody says so"
        if state in {PENDING, UNKNOWN}:
            assert step.not_before is not None
            assert now <= step.not_before <= now + max(LONGEST_ASKED, LONGEST_SEARCH_WAIT)
        if state in {REFUSED, HELD}:
            told = step.notify or event is Event.PERSON_DROP
            assert told, "nothing waits for a person who does not know"
        if step.rest is not None:
            assert timedelta() < step.rest <= max(LONGEST_ASKED, REFUSED_REST)
        now += timedelta(seconds=1)
    assert state in PostState


@pytest.mark.parametrize(
    ("attempts", "retry_after", "seconds"),
    [
        (0, None, 15),
        (1, None, 15),
        (2, None, 30),
        (3, None, 60),
        (6, None, 480),
        (7, None, 900),
        (10**9, None, 900),
        (1, 7.0, 7),
        (9, 7.0, 7),
        (1, 6.2, 7),
        (1, 43_838.0, 43_838),
        (1, 10.0**12, 86_400),
        (1, 0.0, 15),
        (1, -5.0, 15),
        (2, math.nan, 30),
        (2, math.inf, 30),
    ],
)
def test_retry_wait(attempts: int, retry_after: float | None, seconds: int) -> None:
    assert retry_wait(attempts, retry_after) == timedelta(seconds=seconds)


@given(st.integers(), st.none() | st.floats())
def test_the_wait_is_always_positive_and_bounded(attempts: int, retry_after: float | None) -> None:
    wait = retry_wait(attempts, retry_after)
    assert timedelta() < wait <= LONGEST_ASKED
    assert retry_after is not None or wait <= LONGEST_WAIT


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (5, 16), (9, 256), (10, 360), (10**6, 360)])
def test_search_wait(attempts: int, minutes: int) -> None:
    step = transition(PostState.UNKNOWN, Event.UNCLEAR, WaitFactors(reconcile_attempts=attempts - 1), START)
    assert present(step).not_before == START + timedelta(minutes=minutes)
