from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import Listed, Trail, Validators
from sources.pages import PageLinks, Pager, Way
from sources.route import Choice
from sources.trail import Polled, is_outdated, marks_of, must_walk, overlap

NOW = datetime(2026, 8, 14, 8, 30, tzinfo=UTC)
TODAY = date(2026, 8, 14)
PAGE = "https://www.test.gouv.fr/Publications/RAA/Aout-2026"


def entry(number: int) -> Listed:
    return Listed(f"https://www.test.gouv.fr/file/{number}.pdf", f"RAA n° {number}")


ENTRIES = tuple(map(entry, range(50)))
POLLED = Polled(PAGE, Validators('"e"', "Fri, 14 Aug 2026 08:00:00 GMT"), marks_of(ENTRIES))
TRAIL = Trail("abc", NOW, TODAY, TODAY, (POLLED,), (PAGE,))


def test_json_there_and_back() -> None:
    assert Trail.from_json(TRAIL.to_json()) == TRAIL
    assert "\n" not in TRAIL.to_json()


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(TRAIL.to_json()), **fields})


@pytest.mark.parametrize(
    "text",
    [
        None, "", "null", "{}", "[]", "not json", "\0", changed(version=2), changed(version=None), changed(pages=[]), changed(pages=None),
        changed(walked_at="2026-08-14T08:30:00"), changed(walked_on="yesterday"), changed(pages=[{"url": 3}]), TRAIL.to_json()[:-5],
    ],
)  # fmt: skip
def test_what_is_no_trail_of_this_version_means_walking_again(text: str | None) -> None:
    assert Trail.from_json(text) is None


@given(st.text(max_size=50))
def test_any_text_is_a_trail_or_none(text: str) -> None:
    assert Trail.from_json(text) is None


@pytest.mark.parametrize(
    ("today", "now", "expected"),
    [
        (TODAY, NOW, False),
        (TODAY, NOW + timedelta(hours=23), False),
        (TODAY + timedelta(days=1), NOW + timedelta(hours=23, minutes=59), False),
        (TODAY + timedelta(days=1), NOW + timedelta(days=1), True),
        (TODAY, NOW - timedelta(seconds=1), True),
        (date(2026, 9, 1), NOW + timedelta(hours=1), True),
        (date(2027, 8, 14), NOW + timedelta(hours=1), True),
    ],
)
def test_when_to_walk(today: date, now: datetime, expected: bool) -> None:
    assert must_walk(TRAIL, "abc", today, now) == expected


def test_walk_without_a_trail_or_under_a_new_description() -> None:
    assert must_walk(None, "abc", TODAY, NOW)
    assert must_walk(TRAIL, "abd", TODAY, NOW)


def outdated(
    entries: tuple[Listed, ...] = ENTRIES,
    *,
    ways: tuple[Way, ...] = (),
    pager: Pager | None = None,
    polled: Polled = POLLED,
    grows: bool = False,
) -> bool:
    return is_outdated(polled, PageLinks(pager=pager or Pager()), entries, Choice(current=ways), TRAIL, grows=grows)


def test_a_page_that_still_holds_what_it_held_is_fine() -> None:
    assert not outdated()
    assert not outdated((entry(99), *ENTRIES[:5]))
    assert not outdated(ways=(Way(PAGE, ""),))
    assert not outdated((), polled=Polled(PAGE, Validators(), ()))


def test_a_page_that_changed_its_nature_is_outdated() -> None:
    assert outdated(())
    assert outdated((entry(99),))
    assert outdated(polled=Polled(PAGE, Validators(), ()))
    assert outdated(ways=(Way(f"{PAGE}/nouveau", ""),))


def test_a_further_page_counts_only_where_lists_grow_at_the_end() -> None:
    longer = Pager(0, ((0, PAGE), (10, f"{PAGE}/(offset)/10")))
    assert outdated(pager=longer, grows=True)
    assert not outdated(pager=longer, grows=False)


def test_both_ends_of_a_list_are_remembered() -> None:
    assert len(marks_of(ENTRIES)) == 20
    assert overlap([entry(0)], marks_of(ENTRIES))
    assert overlap([entry(49)], marks_of(ENTRIES))
    assert not overlap([entry(25)], marks_of(ENTRIES))
    assert TRAIL.marks == set(marks_of(ENTRIES))
