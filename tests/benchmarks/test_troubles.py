"""What goes wrong with the sites of the weeks: where it says, and as it says."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.soak.troubles import LEAST_SOURCES, START, Kind, draw

PLAN = draw(1, LEAST_SOURCES + 1, 7)
HOUR = timedelta(hours=1)


def test_a_seed_says_the_same_twice_and_breaks_something_of_each_kind() -> None:
    assert draw(1, LEAST_SOURCES + 1, 7) == PLAN
    assert draw(2, LEAST_SOURCES + 1, 7).troubles != PLAN.troubles
    assert {trouble.kind for trouble in PLAN.troubles} == set(Kind)
    struck = [code for trouble in PLAN.troubles for code in trouble.authorities]
    assert len(struck) == len(set(struck)) == LEAST_SOURCES == len(PLAN.authorities) - 1
    assert all(START <= trouble.begin < trouble.end <= PLAN.end for trouble in PLAN.troubles)
    [outage] = [trouble for trouble in PLAN.troubles if trouble.kind is Kind.OUTAGE]
    assert outage.end - outage.begin == 4 * HOUR
