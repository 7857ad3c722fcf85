from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.transitions import LONGEST_ASKED, LONGEST_WAIT, retry_wait, search_wait


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
    assert search_wait(attempts) == timedelta(minutes=minutes)
