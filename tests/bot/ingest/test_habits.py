"""Habits learned from what was published, and what they decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.records import Publication
from bot.ingest.decisions import LEAST_VOLUME, NEVER_LATE_BEFORE, PublicationStats, interval, is_late, learn

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
EVERY, SLOWEST = timedelta(minutes=15), timedelta(minutes=90)
# A Monday, eight in the morning in Paris.
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = PARIS) -> datetime:
    """Day 0 is that Monday."""
    return (datetime(2026, 11, 23, hour, minute, tzinfo=zone) + timedelta(days=day)).astimezone(UTC)


def found(*instants: datetime) -> list[Publication]:
    return [Publication(None, instant) for instant in instants]


def shown(*days: date) -> list[Publication]:
    return [Publication(day, None) for day in days]


def wait(habits: PublicationStats, now: datetime) -> timedelta:
    return interval(habits, now, every=EVERY, slowest=SLOWEST)


def minutes(habits: PublicationStats, now: datetime) -> float:
    return wait(habits, now) / timedelta(minutes=1)


def polls(habits: PublicationStats, start: datetime, end: datetime) -> list[datetime]:
    instants = [start]
    while instants[-1] < end:
        instants.append(instants[-1] + wait(habits, instants[-1]))
    return instants[:-1]


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        (0, 7, 22.9),
        (0, 8, 15.1),
        (2, 12, 15.1),
        (4, 18, 15.1),
        (4, 19, 18.7),  # Friday evening, for the Saturday
        (4, 20, 26.2),
        (4, 22, 39.7),
        (0, 23, 90.0),
        (1, 3, 90.0),
        (5, 11, 31.1),
        (6, 11, 47.2),
        (6, 22, 90.0),
    ],
)
def test_an_unknown_source_is_polled_as_prefectures_publish(day: int, hour: int, expected: float) -> None:
    for zone in (PARIS, REUNION):
        assert minutes(learn([], zone, MONDAY), at(day, hour, zone=zone)) == pytest.approx(expected, abs=0.1)


def test_working_days_have_the_same_number_of_polls_whatever_the_habits() -> None:
    afternoons = [at(-day, 13 + day % 6) for day in range(1, 60) if at(-day, 16).weekday() < 5]
    for habits in (learn([], PARIS, MONDAY), learn(found(*afternoons), PARIS, MONDAY)):
        week = polls(habits, at(0, 0), at(7, 0))
        by_day = [sum(instant.astimezone(PARIS).weekday() == day for instant in week) for day in range(7)]
        assert all(abs(count - 62) <= 1 for count in by_day[:5])
        assert all(16 <= count < 32 for count in by_day[5:])


def test_who_publishes_in_the_afternoon_is_polled_most_then() -> None:
    habits = learn(found(*(at(-day, 16, 10) for day in range(1, 60) if at(-day, 16).weekday() < 5)), PARIS, MONDAY)
    assert minutes(habits, at(1, 16)) == EVERY / timedelta(minutes=2), "no two polls are closer than half the even pace"
    assert 18 < minutes(habits, at(1, 10)) < 60
    assert minutes(habits, at(1, 3)) > 60


def test_the_morning_is_not_overslept() -> None:
    habits = learn([], PARIS, MONDAY)
    for moment in (at(0, 7, 50), at(0, 7, 40)):
        assert moment + wait(habits, moment) == min(at(0, 8) + wait(habits, at(0, 8)), moment + wait(habits, at(0, 7)))
    assert wait(habits, at(0, 6, 50)) < timedelta(minutes=40) < wait(habits, at(0, 6))


def test_one_who_publishes_at_night_is_watched_at_night() -> None:
    nights = [at(-day, 2, 30) for day in range(1, 60)]
    habits = learn(found(*nights), PARIS, MONDAY)
    assert minutes(habits, at(1, 2, 5)) < 15
    assert minutes(habits, at(1, 4, 5)) > 30
    assert minutes(learn(found(*nights[:2]), PARIS, MONDAY), at(1, 2, 5)) > 30, "twice is no habit"


def taught(*sources: list[Publication], rounds: int = 6) -> list[PublicationStats]:
    """Learn sources that know of each other."""
    habits: list[PublicationStats] = []
    for _ in range(rounds):
        habits = [learn(publications, PARIS, MONDAY, habits) for publications in sources]
    return habits


def test_what_all_others_do_is_expected_of_a_new_source() -> None:
    afternoons = found(*(at(-day, 16, 10) for day in range(1, 60) if at(-day, 16).weekday() < 5))
    alone, in_france = learn([], PARIS, MONDAY), learn([], PARIS, MONDAY, taught(*[afternoons] * 50))
    assert minutes(in_france, at(1, 16)) < 10 < minutes(alone, at(1, 16))
    assert minutes(in_france, at(1, 10)) > minutes(alone, at(1, 10))
    beside_one = replace(learn([], PARIS, MONDAY, taught(afternoons)), volume=1.0)
    assert minutes(beside_one, at(1, 10)) - minutes(alone, at(1, 10)) < 2, "what one source does is no rule for others"


def test_who_publishes_more_than_others_is_polled_more_often_and_nobody_is_forgotten() -> None:
    little, much = (found(*(at(-day, 10 + day % hours) for day in range(1, 60))) for hours in (1, 8))
    del little[6:]
    quiet, *busy = taught(little, *[much] * 9)
    everybody = [quiet, *busy]
    polled = [len(polls(habits, at(0, 0), at(1, 0))) for habits in everybody]
    assert quiet.volume == LEAST_VOLUME
    assert sum(habits.volume for habits in busy) / 9 > 1
    assert 45 < polled[0] < 55
    assert 62 < polled[1] < 68
    unknown = learn([], PARIS, MONDAY, everybody)
    assert len(polls(unknown, at(0, 0), at(1, 0))) > 45, "of a source that was never watched nothing says that it is quiet"


def test_no_working_hour_is_without_a_poll_for_long() -> None:
    habits = learn(found(*(at(-day, 16, minute) for day in range(1, 60) for minute in range(0, 60, 5))), PARIS, MONDAY)
    assert {minutes(habits, at(1, hour, 10)) for hour in (8, 9, 10)} == {25.0}
    assert minutes(habits, at(1, 20, 10)) > 25
    assert minutes(habits, at(5, 10, 10)) > 25, "a Saturday"


def test_what_sources_learn_from_each_other_does_not_grow_with_each_time() -> None:
    mornings, evenings = (found(*(at(-day, hour, 10) for day in range(1, 60))) for hour in (9, 21))
    some, more = (taught(mornings, evenings, rounds=rounds) for rounds in (10, 100))
    for before, after in zip(some, more, strict=True):
        assert after.rates[0] == pytest.approx(before.rates[0], rel=1e-3)
    assert minutes(more[1], at(1, 21)) == pytest.approx(EVERY / timedelta(minutes=2), rel=1e-3)
    assert minutes(more[0], at(1, 21)) > 15


def test_a_crowd_found_at_once_counts_once() -> None:
    crowd = found(*[at(-1, 3)] * 400)
    assert learn(crowd, PARIS, MONDAY) == learn(crowd[:1], PARIS, MONDAY)


def test_what_is_long_ago_is_forgotten() -> None:
    lately = learn(found(*(at(-day, 3) for day in range(1, 40))), PARIS, MONDAY)
    long_ago = learn(found(*(at(-day, 3) for day in range(700, 740))), PARIS, MONDAY)
    assert minutes(lately, at(1, 3)) < 15
    assert minutes(long_ago, at(1, 3)) > 55


def test_days_without_an_hour_tell_of_the_week() -> None:
    sundays = [MONDAY.date() - timedelta(days=1 + 7 * week) for week in range(25)]
    habits = learn(shown(*sundays), PARIS, MONDAY)
    assert minutes(habits, at(6, 11)) < 20
    assert minutes(habits, at(6, 3)) > 30, "nights stay nights"


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_hours_are_local_across_the_change_of_clocks(change: date) -> None:
    habits = learn([], PARIS, MONDAY)
    for day in (change - timedelta(days=2), change + timedelta(days=1)):  # a Friday and a Monday
        morning = datetime(day.year, day.month, day.day, 7, 30, tzinfo=PARIS).astimezone(UTC)
        assert minutes(habits, morning) == pytest.approx(22.9, abs=0.1)
        assert minutes(habits, morning - timedelta(hours=2)) == pytest.approx(90, abs=0.1)


def test_of_a_look_that_takes_several_requests_there_are_fewer() -> None:
    habits = learn([], PARIS, MONDAY)
    once, thrice, many = (interval(habits, at(0, 12), every=EVERY, slowest=SLOWEST, requests=number) for number in (1, 3, 400))
    assert thrice / once == pytest.approx(3**0.5)
    assert interval(habits, at(1, 3), every=EVERY, slowest=SLOWEST, requests=3) == many == SLOWEST


def test_a_slowest_below_every_is_every() -> None:
    assert interval(learn([], PARIS, MONDAY), at(0, 3), every=EVERY, slowest=timedelta(minutes=5)) == EVERY


INSTANTS = st.datetimes(datetime(2025, 6, 1), datetime(2026, 11, 23), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is added
PUBLICATIONS = st.lists(st.builds(Publication, st.none() | st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.none() | INSTANTS), max_size=30)


@given(PUBLICATIONS, st.sampled_from([PARIS, REUNION]), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_waits_stay_within_their_bounds(publications: list[Publication], zone: ZoneInfo, now: datetime) -> None:
    habits = learn(publications, zone, MONDAY)
    assert EVERY / 2 <= wait(habits, now) <= SLOWEST
    assert 16 <= len(polls(habits, now, now + timedelta(days=1))) <= 80


@given(PUBLICATIONS, INSTANTS, st.integers(1, 40))
def test_more_publications_in_an_hour_never_lengthen_its_wait(publications: list[Publication], when: datetime, more: int) -> None:
    extra = found(*(when + timedelta(seconds=second) for second in range(more)))
    hour = when.replace(minute=0, second=0, microsecond=0)
    before, after = (wait(learn(known, PARIS, MONDAY), hour) for known in (publications, [*publications, *extra]))
    assert after <= before + timedelta(seconds=1)


def daily(days: Iterable[int]) -> list[Publication]:
    return shown(*(MONDAY.date() - timedelta(days=day) for day in days))


def test_nothing_is_usual_while_little_is_known() -> None:
    habits = learn(daily(range(8)), PARIS, MONDAY)
    assert (habits.usual_gap, habits.late_after, habits.latest) == (None, None, MONDAY.date())
    assert not is_late(habits, None, MONDAY + timedelta(days=300))
    assert learn([], PARIS, MONDAY).latest is None


def test_a_source_of_every_working_day() -> None:
    habits = learn(daily(day for day in range(60) if (MONDAY.date() - timedelta(days=day)).weekday() < 5), PARIS, MONDAY)
    assert habits.usual_gap == timedelta(days=1)
    assert habits.late_after == timedelta(days=6)
    assert not is_late(habits, None, at(6, 21)), "the sixth day is not over"
    assert is_late(habits, None, at(7, 1))
    assert not is_late(habits, at(4, 17), at(8, 12)), "what was found since counts"


def test_a_holiday_with_its_bridge_day_is_not_late() -> None:
    """Ascension is a Thursday: from that Wednesday nothing comes until some time on the Monday after."""
    wednesday = date(2026, 5, 13)
    days = [wednesday - timedelta(days=age) for age in range(60)]
    habits = learn(shown(*(day for day in days if day.weekday() < 5)), PARIS, datetime(2026, 5, 13, 20, tzinfo=UTC))
    assert not is_late(habits, None, datetime(2026, 5, 18, 21, tzinfo=UTC))
    assert is_late(habits, None, datetime(2026, 5, 20, 12, tzinfo=UTC))


def test_the_silence_of_last_christmas_is_remembered_at_this_one() -> None:
    christmas, new_year = date(2025, 12, 19), date(2026, 1, 5)
    before = [christmas - timedelta(days=age) for age in range(10)]
    after = [new_year + timedelta(days=age) for age in range(349)]
    eve = datetime(2026, 12, 20, 12, tzinfo=UTC)
    habits = learn(shown(*(day for day in (*before, *after) if day.weekday() < 5)), PARIS, eve)
    assert habits.late_after is not None
    assert habits.late_after >= timedelta(days=17)


def test_a_source_of_every_month_is_given_months() -> None:
    habits = learn(daily(range(0, 360, 30)), PARIS, MONDAY)
    assert habits.usual_gap == timedelta(days=30)
    assert habits.late_after == timedelta(days=60)


def test_a_long_silence_of_the_past_makes_patient() -> None:
    habits = learn(daily([*range(20), *range(60, 80)]), PARIS, MONDAY)
    assert habits.usual_gap == timedelta(days=1)
    assert habits.late_after == 1.25 * timedelta(days=41)
    assert learn(daily(range(20)), PARIS, MONDAY).late_after == NEVER_LATE_BEFORE


def test_days_to_come_and_of_years_ago_are_no_days() -> None:
    habits = learn([*daily(range(20)), *daily([-40, -3, 500])], PARIS, MONDAY)
    assert habits.latest == MONDAY.date()
    assert habits.late_after == NEVER_LATE_BEFORE
