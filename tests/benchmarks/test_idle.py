"""The idle fortnight in short: the real program stays as it is, and the command would tell if it did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.soak.idle import Idle, faults, let_pass, report

SAMPLE = {"memory": 200e6, "objects": 250_000, "handles": 24, "threads": 8, "tasks": 18, "database": 4096, "log": 2e6}
FLAT = Idle([{"hours": 24.0 * day, **SAMPLE} for day in range(1, 10)], Counter({"post.sent": 3}), Counter(), requests=9, posts=3, code=0)


def grown(name: str, by: float) -> Idle:
    """As flat, but that it has so much more of something each day."""
    return replace(FLAT, samples=[{**sample, name: SAMPLE[name] + day * by} for day, sample in enumerate(FLAT.samples)])


@pytest.mark.parametrize(
    ("idle", "found"),
    [
        (FLAT, []),
        (grown("memory", 2e6), ["memory grew from 206,000,000.0 to 216,000,000.0"]),
        (grown("handles", 1), ["handles grew from 27 to 32"]),
        (grown("database", 1e6), []),
        (replace(FLAT, code=1, samples=FLAT.samples[:2]), ["it ended with 1", "there are 2 samples"]),
        (replace(FLAT, posts=4), ["4 posts are there, and 3 were sent"]),
        (replace(FLAT, requests=0, failed=Counter({"part.failed": 2})), ["no site was requested", "2 times in the log: part.failed"]),
    ],
)
def test_what_is_not_flat_is_told(idle: Idle, found: list[str]) -> None:
    assert list(faults(idle)) == found
    assert "1.0       200.0  250,000" in report(idle)


@pytest.mark.short_form
def test_some_idle_hours_leave_it_as_it_is(tmp_path: Path) -> None:
    idle = let_pass(0.25, 1, 10, tmp_path)
    assert list(faults(idle)) == [], report(idle)
    assert [sample["hours"] for sample in idle.samples] == pytest.approx([1, 2, 3, 4, 5, 6], abs=0.5)
    assert idle.events["run.progress"] >= 5
    assert idle.events["run.stopped"] == 1
