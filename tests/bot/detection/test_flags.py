"""What is striking in the dates of a decree."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from bot.domain.acts import Decree, Evidence, Facts, Kind, Moment
from bot.domain.law import Flag, days_outside, flags, longest

URL = "https://www.lande.gouv.fr/recueil.pdf"


def decree(starts: str | None, ends: str | None = None, *, kind: Kind = Kind.AUTHORISATION, signed: str | None = None) -> Decree:
    facts = Facts(
        starts=None if starts is None else Moment.parse(starts),
        ends=None if ends is None else Moment.parse(ends),
        signed=None if signed is None else date.fromisoformat(signed),
    )
    return Decree("26", kind, "Arrêté", facts, (), URL, 1, None)


def raised(one: Decree, published: str | None = None) -> list[str]:
    return [flag.value for flag in flags(one, None if published is None else date.fromisoformat(published))]


@pytest.mark.parametrize(
    ("starts", "published", "expected"),
    [
        ("2024-05-26", "2024-06-04", ["published_after_start"]),
        ("2024-05-26", "2024-05-27", ["published_after_start"]),
        ("2024-05-26T18:00", "2024-05-26", []),
        ("2024-05-26", "2024-05-25", []),
        ("2024-05-26", None, []),
        (None, "2024-05-25", []),
        ("2025-06-01", "2025-06-02", ["outside_window", "published_after_start"]),
    ],
)
def test_published_after_it_began(starts: str | None, published: str | None, expected: list[str]) -> None:
    assert raised(decree(starts), published) == expected


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        ("2024-05-01", "2024-06-01", []),
        ("2024-05-01", "2024-06-02", ["longer_than_allowed"]),
        ("2024-01-31T08:00", "2024-02-29T23:00", []),
        ("2024-05-01", None, []),
        (None, "2024-06-02", []),
        ("2026-04-01", "2026-06-01", ["longer_than_allowed"]),
        ("2026-09-01", "2027-06-01", []),  # since August 2026 no limit is known
        ("2025-06-01", "2025-09-01", ["outside_window"]),  # no law, so no limit of its own
    ],
)
def test_longer_than_its_law_allows(starts: str | None, ends: str | None, expected: list[str]) -> None:
    assert raised(decree(starts, ends)) == expected


@pytest.mark.parametrize(
    ("signed", "flagged"), [("2025-03-31", False), ("2025-04-01", True), ("2026-03-20", True), ("2026-03-21", False), (None, False)]
)
def test_outside_every_window(signed: str | None, flagged: bool) -> None:
    assert raised(decree(None, signed=signed)) == (["outside_window"] if flagged else [])


@pytest.mark.parametrize(
    ("starts", "ends", "signed", "expected"),
    [
        ("2025-03-25", "2025-04-10", None, ["2025-04-01 2025-04-10"]),
        ("2025-03-25", "2026-04-10", None, ["2025-04-01 2026-03-20"]),  # from one window into the next
        ("2026-03-10", "2026-04-10", None, ["2026-03-10 2026-03-20"]),
        ("2027-12-01", "2028-02-01", None, []),  # windows that overlap leave no gap
        ("2023-01-01", "2031-01-15", None, ["2023-01-01 2023-05-20", "2025-04-01 2026-03-20", "2031-01-01 2031-01-15"]),
        ("2025-06-01", "2025-06-03", "2025-05-30", ["2025-05-30 2025-05-30", "2025-06-01 2025-06-03"]),
        ("2025-06-01", "2025-06-03", "2025-06-01", ["2025-06-01 2025-06-03"]),
        ("2026-04-01", "2026-04-03", "2026-03-20", ["2026-03-20 2026-03-20"]),
        ("2025-06-03", "2025-06-01", None, ["2025-06-01 2025-06-01", "2025-06-03 2025-06-03"]),  # misread
        ("2025-06-03", None, None, ["2025-06-03 2025-06-03"]),
        (None, None, None, []),
    ],
)
def test_which_days_lie_outside(starts: str | None, ends: str | None, signed: str | None, expected: list[str]) -> None:
    one = decree(starts, ends, signed=signed)
    assert [f"{first} {last}" for first, last in days_outside(one.facts, "vsa")] == expected
    assert ("outside_window" in raised(one)) is bool(expected)


def test_the_start_tells_before_the_signature() -> None:
    assert raised(decree("2025-04-02", signed="2025-03-30")) == ["outside_window"]


def test_what_was_found_outside_stays_so() -> None:
    found = decree(None)
    noted = Decree("26", found.kind, "", found.facts, (Evidence("outside_window", 3, "le 3 mai 2025"),), URL, 1, None)
    assert raised(noted) == ["outside_window"]


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.AUTHORISATION, Kind.RENEWAL}))
def test_the_period_of_what_changes_or_ends_a_decree_is_not_its_own(kind: Kind) -> None:
    assert raised(decree("2024-05-01", "2024-09-01", kind=kind), "2024-06-01") == []
    assert raised(decree("2025-05-01", kind=kind)) == ["outside_window"]


def test_a_misread_year_breaks_nothing() -> None:
    last = date.max
    one = Decree("26", Kind.AUTHORISATION, "", Facts(starts=Moment(last, time(1)), ends=Moment(last)), (), URL, 1, None)
    assert flags(one, last - timedelta(days=1)) == (Flag.OUTSIDE_WINDOW,)


def test_the_longest_duration_is_known_only_where_every_text_sets_one() -> None:
    assert longest(date(2024, 5, 1), "vsa") == 1
    assert longest(date(2026, 4, 1), "vsa") == 1
    assert longest(date(2026, 9, 1), "vsa") is None
    assert longest(date(2025, 9, 1), "vsa") is None


@pytest.mark.parametrize(
    ("starts", "ends", "signed", "outside"),
    [
        ("2025-03-25", "2025-04-10", "2025-03-20", True),
        ("2026-09-01", "2026-09-03", "2025-06-04", True),
        ("2026-03-21", "2026-03-23", "2026-03-20", True),
        ("2025-03-25", "2025-03-31", "2025-03-20", False),
        ("2026-03-21", "2026-03-23", "2026-03-21", False),
        (None, "2025-04-10", "2025-03-20", True),
    ],
)
def test_signature_first_day_and_last_day_all_count(starts: str | None, ends: str, signed: str, outside: bool) -> None:
    assert ("outside_window" in raised(decree(starts, ends, signed=signed))) is outside
