from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.acts import Change, Decree, Facts, Kind, Moment
from bot.domain.law import Standing, period, standing

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 9, 12, 12, tzinfo=PARIS)


def decree(starts: str | None, ends: str | None, *changed_by: Change, kind: Kind = Kind.AUTHORISATION) -> Decree:
    facts = Facts(starts=None if starts is None else Moment.parse(starts), ends=None if ends is None else Moment.parse(ends))
    return Decree("26", kind, "Arrêté", facts, (), "https://www.lande.gouv.fr/r.pdf", 1, None, changed_by=changed_by)


def ended(since: str | None, kind: Kind = Kind.ABROGATION, *revoked_by: Change, retroactive: bool | None = None) -> Change:
    day = None if since is None else date.fromisoformat(since)
    return Change(kind, 2, "2026-12", day, revoked_by=revoked_by, retroactive=retroactive)


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("2026-09-13", "2026-09-14", Standing.UPCOMING),
        ("2026-09-12T12:00", "2026-09-14", Standing.IN_FORCE),
        ("2026-09-10", "2026-09-12", Standing.IN_FORCE),
        ("2026-09-10", "2026-09-12T12:00", Standing.OVER),
        ("2026-09-10", None, Standing.UNKNOWN),
        (None, None, Standing.UNKNOWN),
    ],
)
def test_by_its_period(starts: str | None, ends: str | None, expected: Standing) -> None:
    assert standing(decree(starts, ends), NOON) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (ended("2026-09-12"), Standing.ENDED),
        (ended("2026-09-13"), Standing.IN_FORCE),
        (ended(None), Standing.ENDED),
        (ended("2026-09-11", Kind.SUSPENSION), Standing.SUSPENDED),
        (ended("2026-09-11", Kind.RENEWAL), Standing.IN_FORCE),
    ],
)
def test_by_a_later_decree(change: Change, expected: Standing) -> None:
    assert standing(decree("2026-09-01", "2026-09-30", change), NOON) is expected
    assert standing(decree("2026-08-01", "2026-08-30", change), NOON) is Standing.OVER


def test_an_end_outweighs_a_suspension() -> None:
    both = (ended("2026-09-10", Kind.SUSPENSION), ended("2026-09-11"))
    assert standing(decree("2026-09-01", "2026-09-30", *both), NOON) is Standing.ENDED


def test_a_modified_period_counts() -> None:
    longer = Change(Kind.MODIFICATION, 2, "2026-12", date(2026, 9, 9), ends=Moment(date(2026, 9, 20)))
    longest = Change(Kind.MODIFICATION, 3, "2026-13", date(2026, 9, 8), ends=Moment(date(2026, 9, 30)))
    assert standing(decree("2026-09-01", "2026-09-11"), NOON) is Standing.OVER
    assert standing(decree("2026-09-01", "2026-09-11", longer, longest), NOON) is Standing.IN_FORCE
    assert standing(decree("2026-09-01", "2026-09-11", longer), datetime(2026, 9, 21, tzinfo=PARIS)) is Standing.OVER


def test_a_modification_that_begins_without_an_end_leaves_the_period() -> None:
    more_cameras = Change(Kind.MODIFICATION, 2, "2026-12", date(2026, 9, 20), starts=Moment(date(2026, 9, 20)))
    assert standing(decree("2026-09-01", "2026-09-30", more_cameras), NOON) is Standing.IN_FORCE
    assert period(decree("2026-09-01", "2026-09-30", more_cameras)) == (Moment(date(2026, 9, 1)), Moment(date(2026, 9, 30)))
    moved = replace(more_cameras, ends=Moment(date(2026, 9, 25)))
    assert period(decree("2026-09-01", "2026-09-30", moved)) == (moved.starts, moved.ends)
    assert standing(decree("2026-09-01", "2026-09-30", moved), NOON) is Standing.UPCOMING


@pytest.mark.parametrize(
    ("revoked_by", "expected"),
    [
        ((), Standing.SUSPENDED),
        ((ended("2026-09-12"),), Standing.IN_FORCE),
        ((ended(None),), Standing.IN_FORCE),
        ((ended("2026-09-13"),), Standing.SUSPENDED),
        ((replace(ended("2026-09-11"), revoked_by=(ended("2026-09-12"),)),), Standing.IN_DOUBT),
        ((replace(ended("2026-09-11"), revoked_by=(ended("2026-09-12", retroactive=False),)),), Standing.IN_FORCE),
        ((replace(ended("2026-09-11"), revoked_by=(ended("2026-09-12", retroactive=True),)),), Standing.SUSPENDED),
        ((replace(ended("2026-09-11"), revoked_by=(ended("2026-09-13"),)),), Standing.IN_FORCE),
        ((replace(ended("2026-09-11"), revoked_by=(ended("2026-09-12"),)), ended("2026-09-12")), Standing.IN_FORCE),
    ],
)
def test_what_a_decree_that_is_ended_itself_does_counts_until_then(revoked_by: tuple[Change, ...], expected: Standing) -> None:
    suspended = replace(ended("2026-09-05", Kind.SUSPENSION), revoked_by=revoked_by)
    assert standing(decree("2026-09-01", "2026-09-30", suspended), NOON) is expected


REPEAL, RETRAIT, UNCLEAR = False, True, None


@pytest.mark.parametrize(
    ("ends_of_ends", "expected"),
    [
        ((), Standing.ENDED),
        ((REPEAL,), Standing.ENDED),
        ((RETRAIT,), Standing.IN_FORCE),
        ((UNCLEAR,), Standing.IN_DOUBT),
        ((REPEAL, UNCLEAR), Standing.IN_DOUBT),
        ((UNCLEAR, RETRAIT), Standing.IN_FORCE),
    ],
)
@pytest.mark.parametrize("how", [REPEAL, RETRAIT, UNCLEAR])
def test_only_the_retrait_of_an_end_brings_a_decree_back(
    how: bool | None, ends_of_ends: tuple[bool | None, ...], expected: Standing
) -> None:
    revoked_by = (ended("2026-09-11", retroactive=each) for each in ends_of_ends)
    end = ended("2026-09-05", Kind.ABROGATION, *revoked_by, retroactive=how)
    assert standing(decree("2026-09-01", "2026-09-30", end), NOON) is expected


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        (RETRAIT, RETRAIT, Standing.ENDED),
        (RETRAIT, REPEAL, Standing.IN_FORCE),
        (RETRAIT, UNCLEAR, Standing.IN_DOUBT),
        (REPEAL, RETRAIT, Standing.ENDED),
        (UNCLEAR, RETRAIT, Standing.ENDED),
    ],
)
def test_an_end_of_an_end_may_be_ended_too(second: bool | None, third: bool | None, expected: Standing) -> None:
    last = ended("2026-09-10", retroactive=third)
    end = ended("2026-09-05", Kind.ABROGATION, ended("2026-09-08", Kind.ABROGATION, last, retroactive=second))
    assert standing(decree("2026-09-01", "2026-09-30", end), NOON) is expected


def test_a_retrait_that_is_still_to_come_brings_nothing_back() -> None:
    end = ended("2026-09-05", Kind.ABROGATION, ended("2026-09-13", retroactive=True))
    assert standing(decree("2026-09-01", "2026-09-30", end), NOON) is Standing.ENDED


@pytest.mark.parametrize(("day", "last"), [(date(2026, 9, 12), 20), (date(2026, 9, 13), 11), (None, 11)])
def test_a_longer_period_counts_until_what_lengthened_it_is_ended(day: date | None, last: int) -> None:
    longer = Change(Kind.MODIFICATION, 2, "2026-12", date(2026, 9, 9), ends=Moment(date(2026, 9, 20)), revoked_by=(ended("2026-09-13"),))
    assert period(decree("2026-09-01", "2026-09-11", longer), day) == (Moment(date(2026, 9, 1)), Moment(date(2026, 9, last)))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.REFUSAL, Standing.REFUSED),
        (Kind.ABROGATION, Standing.CHANGE),
        (Kind.SUSPENSION, Standing.CHANGE),
        (Kind.MODIFICATION, Standing.CHANGE),
        (Kind.RENEWAL, Standing.IN_FORCE),
    ],
)
def test_kinds(kind: Kind, expected: Standing) -> None:
    assert standing(decree("2026-09-10", "2026-09-12", kind=kind), NOON) is expected


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        standing(decree("2026-09-10", "2026-09-12"), NOON.replace(tzinfo=None))
