"""The day in short: hours of some departments, whose every recueil holds a decree; what is measured is what the parts really took."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.day.__main__ import FIRST_TUESDAY, TUESDAY
from benchmarks.day.brackets import told
from benchmarks.day.clock import scratch
from benchmarks.day.figures import PARIS, PARTS, Figures, judge, report
from benchmarks.day.papers import Paper, pages_of, paper
from benchmarks.day.reading import Costs
from benchmarks.day.run import SEND, simulate
from benchmarks.day.sites import BYTES_PER_SECOND, Plan, is_measured
from bot.domain.acts import Outcome
from bot.domain.text import PageText
from bot.ingest.judging import judge_reading
from bot.reading.acts.cutting import assemble
from sources.catalogue.authority import load_authorities
from tests.france.publications import Recueil

DEPARTMENTS = {code: authority for code, authority in load_authorities().items() if is_measured(authority)}
CODES = ("13", "16", "24", "2A", "61", "91", "95")
"""Some publish much on that afternoon, some have scans, some list pages that lead to their files."""

PLAN = Plan({code: DEPARTMENTS[code] for code in CODES}, datetime(2026, 11, 10, 14, tzinfo=PARIS), 3 / 24, decrees=1.0)
COSTS = Costs(start=0.3, layer=0.01, scan=1.0)


# Once for all: it takes long, and tests of other modules may come between.
@pytest.fixture(scope="session")
def hours() -> tuple[Figures, dict[str, Paper]]:
    with scratch() as folder:
        record = simulate(PLAN, Path(folder), COSTS)
    return judge(record), {paper.decree: paper for paper in record.papers if paper.decree is not None}


@pytest.mark.short_form
def test_each_decree_is_posted_once_and_its_parts_are_what_they_really_take(hours: tuple[Figures, dict[str, Paper]]) -> None:
    figures, papers = hours
    assert figures.faults == ()
    assert len(figures.ways) == len(papers) == figures.recueils > 10
    assert any(way.is_scanned for way in figures.ways)
    for way in figures.ways:
        paper, parts = papers[way.number], dict(zip(PARTS, way.parts, strict=True))
        assert 0 < parts["waiting for a poll"] < 60 * 60
        assert parts["its turn"] > 0
        assert parts["download"] == pytest.approx(paper.size / BYTES_PER_SECOND, abs=0.001)
        # A decree in a scan is announced before its recueil is read, at the earliest when its own pages are.
        least = COSTS.start + COSTS.layer * paper.page_count + way.is_scanned * COSTS.scan
        assert parts["reading"] >= least - 0.001
        assert parts["sending"] >= SEND
    assert max(way.parts[0] for way in figures.ways) > 60, "nobody is polled that often"
    [reading, own] = figures.processor.values()
    assert reading * PLAN.days >= 0.5 * COSTS.scan * figures.scans > 0
    assert own > 0
    assert sorted(figures.polls) == sorted(way.parts[0] for way in figures.ways if way.in_working_hours), "all of them hold a decree"
    assert figures.closest >= 2.99


@pytest.mark.short_form
def test_in_the_first_week_of_a_month_the_former_one_is_asked_for_too() -> None:
    plan = replace(PLAN, authorities={"61": DEPARTMENTS["61"]}, decrees=0.0)
    counts = []
    for start in (FIRST_TUESDAY, TUESDAY):
        with scratch() as folder:
            record = simulate(replace(plan, start=start + timedelta(hours=14)), Path(folder), COSTS)
        counts.append(sum(asked.at >= record.began for asked in record.asked))
    first, usual = counts
    assert usual < first < 2 * usual


@pytest.mark.short_form
def test_the_report_says_what_was_measured(hours: tuple[Figures, dict[str, Paper]]) -> None:
    figures, _ = hours
    told = report(figures, PLAN)
    assert f"{figures.recueils} recueils of {figures.pages} pages, of which {figures.scans} are scans" in told
    [row] = [line.split() for line in told.splitlines() if line.startswith("in working hours")]
    assert int(row[3]) == len(figures.ways)
    assert float(row[-1]) == round(max(way.seconds for way in figures.ways) / 60, 2)
    assert "NOT AS PROMISED" not in told
    broken = replace(figures, lost=("2026-1",), doubled=("2026-2",), closest=1.0, failing=1)
    assert report(broken, PLAN).count("NOT AS PROMISED") == 4


@pytest.mark.short_form
def test_the_true_instants_lie_in_the_brackets_whatever_goes_wrong() -> None:
    plan = replace(PLAN, days=0.25, decrees=0.0, troubles=True)
    with scratch() as folder:
        record = simulate(plan, Path(folder), COSTS)
    closed = [each.online for each in record.brackets if each.online is not None and each.online.after is not None]
    assert len(closed) > 5
    assert all(bracket.is_true for bracket in record.brackets)
    lines = told(record.brackets, record.stored, plan, len(CODES))
    assert f"{len(record.brackets)} brackets of recueils; the true instant lies outside of 0" in lines
    assert f"closed {len(closed)}, " in lines
    assert record.stored["runs"] > 0
    one = next(bracket for bracket in record.brackets if bracket.online in closed)
    assert not replace(one, up=closed[0].until + timedelta(days=1)).is_true
    assert "outside of 1" in told([replace(one, up=one.up - timedelta(days=1))], record.stored, plan, 1)


@pytest.mark.parametrize("decrees", [0.0, 1.0])
def test_what_is_published_is_what_detection_recognises(decrees: float) -> None:
    recueil = Recueil("www.test.gouv.fr", 2026, 321, datetime(2026, 11, 10, 15, tzinfo=PARIS))
    one = paper(1, 7, DEPARTMENTS["26"], recueil, decrees)
    pages = pages_of(one)
    assert len(pages) == one.page_count
    assert sum(page.image is not None for page in pages) == one.scans
    reading = assemble([PageText(number, f"{page.image or ''}\n{page.layer}") for number, page in enumerate(pages, 1)])
    assert len(reading.acts) == len(one.acts)
    found = [judged for judged in judge_reading(reading) if judged.verdict.outcome is not Outcome.NOT_CONCERNED]
    assert [judged.verdict.facts.number for judged in found] == ([one.decree] if decrees else [])


def test_sizes_are_those_of_real_recueils() -> None:
    day = datetime(2026, 11, 10, 15, tzinfo=PARIS)
    ones = [
        paper(1, 1, authority, Recueil("www.test.gouv.fr", 2026, number, day), 0.25)
        for authority in DEPARTMENTS.values()
        for number in range(20)
    ]
    counts = sorted(one.page_count for one in ones)
    assert 22 <= counts[len(counts) // 2] <= 30
    assert 36 <= sum(counts) / len(counts) <= 46
    assert 0.1 <= sum(one.scans for one in ones) / sum(counts) <= 0.2
    assert 5 <= sum(len(one.acts) for one in ones) / len(ones) <= 7.5
