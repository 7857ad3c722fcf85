"""Runs of looks: those that ended, and those that go on with the state of their source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.publication import FileVersion, Look, LookRun, Online, OpenRun
from bot.domain.records import RecueilState, SourceState
from bot.storage.looks import runs_from_json, runs_to_json
from bot.storage.store import Store
from tests.bot.storage.building import NOW, act, new_recueil, result_of, to
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


@pytest.mark.postgresql
def test_a_former_content_is_needed_where_a_decree_was_and_that_of_a_zip_is_named_too(store: Store) -> None:
    look = run("26:site", 0, 0).first
    packed, with_decree, plain = (replace(new_recueil(name), online=Online(look)) for name in ("zip", "decree", "plain"))
    first, second, third = store.recueils.add([packed, with_decree, plain], NOW)
    for number, recueil in enumerate((second, third)):
        store.contents.fetched(recueil.id, f"{number:064}", NOW, look)
        store.recueils.checked(recueil, None, is_replaced=True)
        store.contents.fetched(recueil.id, f"{number + 8:064}", NOW, look)
    record = result_of(store.recueils.get(second.id), act("2026-1"))
    store.recordings.record(record, to("channel"), NOW)
    assert present(store.recueils.get(second.id).online) == Online(look, file=look, replaced=(FileVersion("0" * 64, NOW),))
    store.recueils.resolved(first.id, [with_decree, plain], NOW, files={with_decree.url: "a" * 64, plain.url: f"{9:064}"})
    assert [version.sha256 for version in present(store.recueils.get(second.id).online).replaced] == ["0" * 64, f"{8:064}"]
    [other] = store.recueils.add([new_recueil("other", state=RecueilState.READ)], NOW)
    store.contents.fetched(other.id, "0" * 64, NOW)
    assert store.recueils.get(other.id).online is None
    assert "0" * 64 not in store.contents.unneeded(NOW + DAY)
