"""The last day to contest, and whether an urgent application still makes sense."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Moment
from bot.domain.law import FIRST_YEAR, LAST_YEAR, Recourse, last_day, months_later, recourse

PARIS = ZoneInfo("Europe/Paris")
DAY = date(2026, 8, 15)


@pytest.mark.parametrize(
    ("published", "last"),
    [
        ("2025-01-15", "2025-03-17"),  # the day itself, 16 March, is a Sunday
        ("2025-02-27", "2025-04-28"),
        ("2025-12-31", "2026-03-02"),  # no 31 February; then 1 March is a Sunday
        ("2026-02-28", "2026-04-29"),
        ("2026-03-13", "2026-05-15"),  # 14 May 2026 is Ascension
        ("2026-05-13", "2026-07-15"),  # 14 July
        ("2026-10-31", "2027-01-04"),  # 1 January, then a weekend
        ("2026-11-24", "2027-01-25"),
        ("2024-12-31", "2025-03-03"),
        ("2023-12-30", "2024-03-01"),  # the last day of a leap February is not counted either
        ("2025-02-17", "2025-04-18"),  # Good Friday is a holiday in Alsace and Moselle only: never later than safe
        ("2024-02-29", "2024-04-30"),
        ("2038-02-25", "2038-04-27"),  # Easter as late as it can be: its Monday is 26 April
        ("2049-02-18", "2049-04-20"),  # the two exceptions in the rule for Easter
        ("2076-02-19", "2076-04-21"),
    ],
)
def test_the_last_day_to_contest(published: str, last: str) -> None:
    assert last_day(date.fromisoformat(published)).isoformat() == last


@given(st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 9, 30)))
def test_the_last_day_is_a_working_day_soon_after_two_months(published: date) -> None:
    last = last_day(published)
    assert last.weekday() < 5
    assert timedelta(days=1) <= last - months_later(published, 2) <= timedelta(days=6)


@given(st.dates(date(FIRST_YEAR, 1, 1), date(2090, 1, 1)))
def test_a_later_publication_never_has_an_earlier_limit(published: date) -> None:
    assert last_day(published) <= last_day(published + timedelta(days=1))


@pytest.mark.parametrize("misread", [date.min, date(FIRST_YEAR - 1, 12, 31), date(LAST_YEAR, 12, 1), date.max])
def test_no_limit_is_told_where_the_holidays_are_not_known(misread: date) -> None:
    with pytest.raises(ValueError, match="no public holidays"):
        last_day(misread)


def test_months_end_where_their_month_ends() -> None:
    assert months_later(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_later(date(2026, 11, 30), 2) == date(2027, 1, 30)
    assert months_later(date(2026, 10, 31), 2) == date(2026, 12, 31)
    with pytest.raises(ValueError, match="no such month"):
        months_later(date.max, 1)


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=PARIS)


NEXT = DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("starts", "ends", "now", "expected"),
    [
        (Moment(DAY, time(14)), Moment(NEXT, time(2)), at(DAY, 13, 59), "future"),
        (Moment(DAY, time(14)), Moment(NEXT, time(2)), at(DAY, 14), "running"),
        (Moment(DAY, time(14)), Moment(NEXT, time(2)), at(NEXT, 1, 59), "running"),
        (Moment(DAY, time(14)), Moment(NEXT, time(2)), at(NEXT, 2), "over"),
        (Moment(DAY), Moment(DAY), at(DAY - timedelta(days=1), 23, 59), "future"),
        (Moment(DAY), Moment(DAY), at(DAY), "running"),
        (Moment(DAY), Moment(DAY), at(DAY, 23, 59), "running"),
        (Moment(DAY), Moment(DAY), at(NEXT), "over"),
        (Moment(DAY, time(14)), Moment(DAY), at(DAY, 15), "running"),
        (Moment(DAY), None, at(DAY - timedelta(days=3)), "future"),
        (Moment(DAY), None, at(NEXT), "unknown"),
        (None, Moment(DAY), at(NEXT), "over"),
        (None, Moment(DAY), at(DAY), "unknown"),
        (None, None, at(DAY), "unknown"),
        # A period that ends before it starts was misread: its end tells nothing.
        (Moment(NEXT), Moment(DAY), at(DAY), "future"),
        (Moment(DAY), Moment(DAY - timedelta(days=9)), at(NEXT), "unknown"),
        (Moment(DAY, time(14)), Moment(DAY, time(2)), at(DAY, 13), "future"),
        (Moment(DAY, time(14)), Moment(DAY, time(14)), at(DAY, 15), "unknown"),
        (Moment(date.max), Moment(date.max), at(DAY), "future"),
    ],
)
def test_whether_an_urgent_application_still_makes_sense(starts: Moment | None, ends: Moment | None, now: datetime, expected: str) -> None:
    assert recourse(starts, ends, now) is Recourse(expected)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        recourse(Moment(DAY), None, at(DAY).replace(tzinfo=None))
