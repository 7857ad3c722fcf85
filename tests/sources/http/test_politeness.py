"""What an outcome means for the next request to an address: values in, values out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sources.http.politeness import (
    AddressState,
    RateLimit,
    after_answer,
    after_failure,
    after_request_to_wait,
    as_of,
    is_down,
    reserved,
    rest_left,
    start_of_next,
)

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
LIMIT = RateLimit()
NEW = AddressState()


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def failed(state: AddressState, *hosts: str, now: datetime = NOW, answered: bool = False) -> AddressState:
    for host in hosts:
        state = after_failure(state, LIMIT, now=now, host=host, reason="refused", answered=answered)
    return state


def test_failures_are_counted_and_the_pause_does_not_grow() -> None:
    state, seen = NEW, []
    for _ in range(6):
        state = failed(state, "a")
        seen.append(rest_left(state, NOW))
    assert seen == [0, 0, 300, 300, 300, 300]
    assert state.reason == "6 failures in a row (last: refused)"
    assert after_answer(state, now=NOW).failures == 0
    assert rest_left(after_answer(state, now=NOW), NOW) == 0


def test_refusals_of_one_site_say_nothing_of_the_address_that_it_shares() -> None:
    assert not is_down(failed(NEW, "a", "a", "a", "a", answered=True), LIMIT)
    assert is_down(failed(NEW, "a", "b", "c", answered=True), LIMIT)
    down = failed(NEW, "a", "b", "c", answered=True)
    assert rest_left(failed(down, "c", now=later(300), answered=True), later(300)) == 300, "a probe that fails"


def test_the_first_request_after_a_pause_holds_the_others_back() -> None:
    down = failed(NEW, "a", "b", "c")
    assert reserved(down, LIMIT, now=later(299), interval=3) == down
    probed = reserved(down, LIMIT, now=later(300), interval=3)
    assert rest_left(probed, later(300)) == LIMIT.probe
    assert rest_left(after_answer(probed, now=later(310)), later(310)) == 0
    assert rest_left(failed(probed, "d", now=later(310)), later(310)) == 300


def test_starts_are_given_away_one_after_the_other() -> None:
    state = NEW
    starts = []
    for _ in range(3):
        starts.append((start_of_next(state, NOW) - NOW).total_seconds())
        state = reserved(state, LIMIT, now=NOW, interval=3)
    assert starts == [0, 3, 6]
    assert start_of_next(state, later(100)) == later(100)


@pytest.mark.parametrize(
    ("state", "seconds", "left"),
    [
        (NEW, 60, 60),
        (AddressState(asked_until=later(500)), 60, 500),
        (AddressState(asked_until=later(20)), 60, 60),
        (NEW, 1e9, 6 * 3600),
        (NEW, -5, 0),
        (AddressState(failures=5, retry_at=later(200)), 60, 200),
    ],
)
def test_what_a_server_asks_never_shortens_a_rest(state: AddressState, seconds: float, left: float) -> None:
    assert rest_left(after_request_to_wait(state, LIMIT, now=NOW, seconds=seconds), NOW) == left


def test_a_failure_or_an_answer_never_shortens_what_the_server_asked_for() -> None:
    asked = after_request_to_wait(NEW, LIMIT, now=NOW, seconds=9000)
    assert rest_left(failed(asked, "a", "b", "c"), NOW) == 9000
    assert rest_left(after_answer(asked, now=NOW), NOW) == 9000


@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(days=300)])
def test_a_clock_set_back_makes_no_rest_longer(back: timedelta) -> None:
    state = after_request_to_wait(failed(reserved(NEW, LIMIT, now=NOW, interval=3), "a", "b", "c"), LIMIT, now=NOW, seconds=600)
    state = as_of(state, NOW - back)
    assert rest_left(state, NOW - back) == 600
    assert rest_left(state, NOW - back + timedelta(seconds=590)) == 10
    assert start_of_next(state, NOW - back) == NOW - back + timedelta(seconds=3)
    assert rest_left(reserved(state, LIMIT, now=NOW - back + timedelta(seconds=600), interval=3), NOW - back) > 0, "down: a probe"
