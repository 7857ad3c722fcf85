from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.queries.questions import Bucket, RateDecision, RateLimiter, take


def test_a_burst_then_a_steady_rate() -> None:
    now = [1000.0]
    limiter = RateLimiter(20, lambda: now[0])
    assert [limiter.ask(1) for _ in range(20)] == [RateDecision.ALLOWED] * 20
    assert [limiter.ask(1), limiter.ask(1)] == [RateDecision.REFUSED_FIRST, RateDecision.REFUSED]
    assert limiter.ask(2) is RateDecision.ALLOWED
    now[0] += 3
    assert [limiter.ask(1), limiter.ask(1), limiter.ask(1)] == [RateDecision.ALLOWED, RateDecision.REFUSED_FIRST, RateDecision.REFUSED]


def test_a_long_silence_saves_no_more_than_a_bucket() -> None:
    now = [1000.0]
    limiter = RateLimiter(2, lambda: now[0])
    limiter.ask(1)
    now[0] += 10**6
    assert [limiter.ask(1) for _ in range(3)] == [RateDecision.ALLOWED, RateDecision.ALLOWED, RateDecision.REFUSED_FIRST]


def test_only_so_many_people_are_remembered_the_most_recent_ones() -> None:
    limiter = RateLimiter(1, lambda: 1000.0, people=2)
    for person in (1, 2, 1, 3):
        limiter.ask(person)
    assert limiter.ask(1) is RateDecision.REFUSED  # still remembered, and already told
    assert limiter.ask(2) is RateDecision.ALLOWED  # forgotten when the third came


@given(st.lists(st.floats(0, 100), max_size=200), st.integers(1, 60))
def test_never_more_than_the_rate_plus_one_bucket(waits: list[float], per_minute: int) -> None:
    bucket, now, granted = Bucket(per_minute, 0.0), 0.0, 0
    for wait in waits:
        now += wait
        bucket, decision = take(bucket, now, per_minute)
        granted += decision is RateDecision.ALLOWED
    assert granted <= per_minute + now * per_minute / 60 + 1e-6


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    bucket, decision = take(Bucket(3, 100.0), 50.0, 5)
    assert (bucket.tokens, decision) == (2, RateDecision.ALLOWED)


def test_a_group_may_ask_as_much_as_three_people_whoever_asks_there() -> None:
    limiter = RateLimiter(1, lambda: 1000.0)
    assert [limiter.ask(person, -100) for person in range(1, 6)] == [RateDecision.ALLOWED] * 3 + [
        RateDecision.REFUSED_FIRST,
        RateDecision.REFUSED,
    ]
    assert limiter.ask(9, 9) is RateDecision.ALLOWED  # a private chat counts once
