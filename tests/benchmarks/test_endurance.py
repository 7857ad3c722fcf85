"""The endurance run in short: everything goes wrong when it says, and what is not as promised would be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.month.plan import Kind
from benchmarks.soak.endurance import DAY, Endured, Verdict, endure, hardships, report, rising
from benchmarks.soak.weeks import plan_of

WELL = Verdict(9, lost=(), doubled=(), misnamed=(), late=(), stalls=1, unexplained=(), longest=61.0, notices=4, most_notices=9, rising=())


def test_all_of_it_comes_to_pass_before_the_peace_at_the_end() -> None:
    wrong = hardships(1, 28)
    ends = [stretch.end for stretch in wrong.stretches]
    assert max(*ends, wrong.locked, wrong.gone, wrong.upgraded) < wrong.peace < 28 * DAY
    assert wrong.telegram.end - wrong.telegram.begin == pytest.approx(DAY)
    assert {ahead > 0 for ahead in wrong.clock.values()} == {True, False}
    assert {trouble.kind for trouble in plan_of(1, 40, 28).troubles} == set(Kind)


ONE = ("2026-70321",)


@pytest.mark.parametrize(
    "broken",
    [
        replace(WELL, lost=ONE),
        replace(WELL, doubled=ONE),
        replace(WELL, misnamed=ONE),
        replace(WELL, late=ONE),
        replace(WELL, unexplained=ONE),
        replace(WELL, rising=ONE),
    ],
)
def test_what_is_not_as_promised_is_told(broken: Verdict) -> None:
    assert WELL.faults == []
    assert len(broken.faults) == 1
    assert "2026-70321" in report(plan_of(1, 6, 2), Endured(), broken)
    assert replace(WELL, notices=10).faults == ["10 notices to operators"]


@pytest.mark.parametrize(("memory", "told"), [(101.0, []), (119.0, []), (140.0, ["memory from 100 to 140"])])
def test_what_rises_is_told(memory: float, told: list[str]) -> None:
    days = [{"memory": size, "handles": 30, "threads": 4, "wal": 4100, "temporary": 0} for size in (60.0, 100.0, 100.5, memory)]
    assert list(rising(days)) == told


@pytest.mark.short_form
def test_no_decree_is_lost_doubled_late_or_under_a_wrong_name(tmp_path: Path) -> None:
    told, faults = endure(tmp_path, 1, 6, 2, longest=0.2 * DAY, locked=1.0)
    assert faults == [], told
