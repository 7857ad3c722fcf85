"""The benchmark of several machines: its short form, and what it makes of its figures."""

from __future__ import annotations

import pytest

from benchmarks.scale import Costs, ProcessorTime, ScaleRun, costs_of, plan_lines, report, run


def spent(main: float, workers: float, server: float, seconds: float = 1.0) -> ProcessorTime:
    return ProcessorTime(main, workers, server, seconds)


def test_a_plan_is_what_was_measured_multiplied() -> None:
    text, scans = ScaleRun(1, 1, 100, spent(1, 2, 1)), ScaleRun(1, 1, 10, spent(1, 10, 1))
    queued, local = [ScaleRun(1, 10, 10, spent(1, 2, 1))], [ScaleRun(0, 10, 10, spent(3, 0, 0.5))]
    costs = costs_of([text], text, scans, queued, local)
    assert costs == Costs(text=0.02, scan=1.0, rest=0.02, job=0.05)
    lines = list(plan_lines(costs, cores=(1, 10, 1000)))
    # 1.7 million pages at 20 ms and 300,000 at 1 s: 334,000 s; 22,000 jobs at 50 ms; all pages at 20 ms for one process.
    assert "93 h of a core, the jobs 0.3 h besides" in lines[1]
    assert "11.1 h of a core" in lines[2]
    assert "18.3 h at least" in lines[3]
    assert [line.split("workers")[1].split("h,")[0].strip() for line in lines[5:]] == ["93", "18", "18"]


@pytest.mark.short_form
async def test_the_short_form_reads_all_and_its_figures_are_real() -> None:
    runs, costs = await run(quick=True)
    assert [(one.workers, one.recueils) for one in runs] == [(2, 2)]
    assert all(one.spent.workers > 0 and one.spent.main > 0 and one.spent.server > 0 for one in runs)
    assert 0 < costs.text < costs.scan
    assert len(list(report("this machine", runs, costs))) > len(runs)
