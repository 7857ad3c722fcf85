"""Decrees that apply on some days, at some hours: whether they do now, and on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Slot
from bot.domain.hours import OpenHours, open_hours
from bot.domain.law import Standing, standing, standing_on

PARIS = ZoneInfo("Europe/Paris")
NIGHTS = Slot(date(2027, 1, 8), date(2027, 1, 30), time(22), time(2), (4, 5))
"""Fridays and Saturdays from 22 h to 2 h; 8 January 2027 is a Friday."""
DECREE = Decree(
    "26",
    Kind.AUTHORISATION,
    "Arrêté",
    Facts(starts=Moment(NIGHTS.first, time(22)), ends=Moment(date(2027, 1, 31), time(2)), slots=(NIGHTS,)),
    (),
    "https://www.drome.gouv.fr/raa.pdf",
    1,
    None,
)


@pytest.mark.parametrize(
    ("now", "is_open", "opens"),
    [
        ("2027-01-07T15:00", False, date(2027, 1, 8)),
        ("2027-01-12T15:00", False, date(2027, 1, 15)),
        ("2027-01-15T15:00", False, date(2027, 1, 15)),
        ("2027-01-15T23:00", True, date(2027, 1, 15)),
        ("2027-01-16T01:59", True, date(2027, 1, 15)),
        ("2027-01-16T02:00", False, date(2027, 1, 16)),
    ],
)
def test_the_hours_that_run_or_come_next(now: str, is_open: bool, opens: date) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=PARIS)
    assert open_hours((NIGHTS,), at) == OpenHours(is_open, Moment(opens, time(22)), NIGHTS.closing(opens))
    assert standing(DECREE, at) is (Standing.IN_FORCE if is_open else Standing.UPCOMING)


def test_after_the_last_there_are_none() -> None:
    longer = replace(DECREE, facts=replace(DECREE.facts, ends=Moment(date(2027, 2, 28))))
    at = datetime(2027, 1, 31, 3, tzinfo=PARIS)
    assert open_hours((NIGHTS,), at) is None
    assert standing(longer, at) is Standing.OVER
    # Where its period was changed since, its hours are not known.
    moved = Change(Kind.MODIFICATION, ends=Moment(date(2027, 2, 20)))
    assert standing(replace(longer, changed_by=(moved,)), at) is Standing.IN_FORCE


@pytest.mark.parametrize(
    ("day", "stands"),
    [
        (date(2027, 1, 7), Standing.UPCOMING),
        (date(2027, 1, 8), Standing.IN_FORCE),
        (date(2027, 1, 10), Standing.IN_FORCE),
        (date(2027, 1, 12), Standing.UPCOMING),
        (date(2027, 1, 31), Standing.IN_FORCE),
        (date(2027, 2, 1), Standing.OVER),
    ],
)
def test_on_a_day_it_stands_by_its_hours(day: date, stands: Standing) -> None:
    assert standing_on(DECREE, day, PARIS) is stands
