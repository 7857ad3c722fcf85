"""When a recueil went online, and what follows from it for a decree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.acts import Moment
from bot.domain.publication import FileStatement, LeadTime, Look, Online, Timeliness, is_printed_earlier, lead_time_of

PARIS = ZoneInfo("Europe/Paris")
LIST = "https://www.drome.example/raa"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def look(text: str, server: timedelta | None = None) -> Look:
    asked = at(text)
    return Look(LIST, asked, asked + timedelta(seconds=1), 200, None if server is None else asked + server)


def online(before: str | None, first: str) -> Online:
    return Online(look(first), None if before is None else look(before))


def test_it_went_online_between_the_request_without_it_and_the_answer_with_it() -> None:
    found = online("2026-08-13T14:12", "2026-08-13T14:27")
    assert (found.after, found.until) == (at("2026-08-13T14:12"), at("2026-08-13T14:27:01"))
    assert not found.is_wide


@pytest.mark.parametrize(
    ("before", "first"),
    [(None, "2026-08-13T14:27"), ("2026-08-13T15:12", "2026-08-13T14:27"), ("2026-08-12T14:12", "2026-08-13T14:27")],
    ids=["first poll", "clock set back", "site that was down"],
)
def test_an_open_or_long_bracket_is_wide(before: str | None, first: str) -> None:
    assert online(before, first).is_wide


@pytest.mark.parametrize(
    ("server", "earliest", "latest", "differs"),
    [
        (timedelta(seconds=-1), timedelta(seconds=-1), timedelta(seconds=1), False),
        (timedelta(minutes=-10), timedelta(minutes=-10), timedelta(seconds=1), True),
        (timedelta(minutes=10), timedelta(), timedelta(minutes=10, seconds=1), True),
        (timedelta(days=-400), timedelta(), timedelta(seconds=1), True),
        (timedelta(days=400), timedelta(), timedelta(seconds=1), True),
    ],
)
def test_a_clock_that_differs_widens_and_one_far_off_is_not_used(
    server: timedelta, earliest: timedelta, latest: timedelta, differs: bool
) -> None:
    seen = look("2026-08-13T14:12", server)
    assert (seen.earliest - seen.asked_at, seen.latest - seen.asked_at, seen.clocks_differ) == (earliest, latest, differs)


STARTS, ENDS = Moment.parse("2026-08-14T18:00"), Moment.parse("2026-08-15T02:00")


@pytest.mark.parametrize(
    ("before", "first", "expected"),
    [
        ("2026-08-11T09:00", "2026-08-11T10:00", Timeliness.EARLIER),
        ("2026-08-13T09:00", "2026-08-13T10:00", Timeliness.EVE),
        ("2026-08-12T23:50", "2026-08-13T00:20", None),
        ("2026-08-14T14:40", "2026-08-14T15:00", Timeliness.SAME_DAY),
        ("2026-08-14T17:40", "2026-08-14T18:10", None),
        ("2026-08-14T18:00", "2026-08-14T18:10", Timeliness.AFTER_START),
        ("2026-08-15T01:50", "2026-08-15T02:10", Timeliness.AFTER_START),
        ("2026-08-15T02:00", "2026-08-15T02:10", Timeliness.AFTER_END),
        (None, "2026-08-16T10:00", None),
    ],
)
def test_it_is_told_what_holds_for_the_whole_bracket(before: str | None, first: str, expected: Timeliness | None) -> None:
    found = lead_time_of(online(before, first), STARTS, ENDS, PARIS)
    assert (found and found.timeliness) == expected


def test_the_hours_before_the_beginning_are_at_least_and_at_most_so_many() -> None:
    found = lead_time_of(online("2026-08-14T14:40", "2026-08-14T14:59:59"), STARTS, ENDS, PARIS)
    assert found == LeadTime(Timeliness.SAME_DAY, timedelta(hours=3), timedelta(hours=3, minutes=20))


@pytest.mark.parametrize(
    ("before", "first", "expected"),
    [
        ("2026-08-14T08:00", "2026-08-14T08:10", Timeliness.SAME_DAY),
        ("2026-08-15T08:00", "2026-08-15T08:10", Timeliness.AFTER_START),
        ("2026-08-17T08:00", "2026-08-17T08:10", Timeliness.AFTER_END),
    ],
)
def test_days_without_hours_say_no_hours(before: str, first: str, expected: Timeliness) -> None:
    starts, ends = replace(STARTS, time=None), replace(ENDS, day=date(2026, 8, 16), time=None)
    assert lead_time_of(online(before, first), starts, ends, PARIS) == LeadTime(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D:20260814101500+02'00'", "2026-08-14T10:15:00+02:00"),
        ("D:20260814101500-03'30", "2026-08-14T10:15:00-03:30"),
        ("20260814101500Z", "2026-08-14T10:15:00+00:00"),
        ("D:20260814", "2026-08-14T00:00:00"),
        ("D:2026", "2026-01-01T00:00:00"),
        ("D:20261399", None),
        ("D:20260814101500+99'00'", None),
        ("vendredi 14 août 2026", None),
        ("", None),
    ],
)
def test_the_dates_that_a_file_states_are_read_as_far_as_they_are_any(text: str, expected: str | None) -> None:
    found = FileStatement(text, text)
    assert (found.created_at and found.created_at.isoformat()) == expected
    assert found.modified_at == found.created_at


def test_a_recueil_that_prints_an_earlier_day_than_it_went_online_is_told() -> None:
    found = online("2026-08-14T08:00", "2026-08-14T08:10")
    assert is_printed_earlier(found, date(2026, 8, 13), PARIS)
    assert not is_printed_earlier(found, date(2026, 8, 14), PARIS)
    assert not is_printed_earlier(online(None, "2026-08-14T08:10"), date(2026, 8, 13), PARIS)
