"""Runs of looks: those that ended, and those that go on with the state of their source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.publication import Look, LookRun, OpenRun, runs_from_json, runs_to_json
from bot.domain.records import SourceState
from bot.storage.store import Store
from tests.bot.storage.building import NOW
from tests.present import present

DAY = timedelta(days=1)
PAGE = "https://prefecture.example/raa"


def run(source: str, first: int, last: int, page: str = PAGE) -> LookRun:
    """Looks from one day on to another."""
    begin, end = (Look(page, NOW + day * DAY, NOW + day * DAY + timedelta(seconds=1), 200, NOW, "Mon", '"é"') for day in (first, last))
    return LookRun(source, page, begin, end, 3, "0" * 64)


@pytest.mark.postgresql
def test_the_runs_of_a_day_are_those_that_ended_and_those_that_go_on(store: Store) -> None:
    before, of_day, after = run("26:site", 0, 1), run("26:site", 1, 3), run("26:site", 4, 6)
    other, current = run("01:site", -5, 9), run("26:site", 2, 2, PAGE + "/a")
    store.looks.add([before, after, of_day, other])
    store.looks.add([replace(of_day, count=9)])
    store.sources.save(SourceState("26:site", looks=runs_to_json({current.page: OpenRun(current, "c", "r")})))
    day = (NOW + 2 * DAY).date()
    assert store.looks.on(day) == [other, of_day, current]
    assert store.looks.on(day + DAY) == [other, of_day]
    assert store.looks.on(date(2020, 1, 1)) == []


@pytest.mark.postgresql
def test_runs_measured_by_a_clock_that_was_set_back_are_over(store: Store) -> None:
    current = run("26:site", 0, 0)
    store.sources.save(SourceState("26:site", looks=runs_to_json({PAGE: OpenRun(current, "c", "r")})))
    store.sources.save(SourceState("01:site"))
    store.sources.clock_set_back(DAY, NOW)
    [kept] = runs_from_json(present(store.sources.get("26:site").looks)).values()
    assert kept == OpenRun(current, "c", "r", is_over=True)
    assert store.sources.get("01:site").looks is None
