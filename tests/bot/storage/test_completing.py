from __future__ import annotations

from dataclasses import fields
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Facts, Kind, Moment, Reference
from bot.domain.identity import earliest, merge_facts

DAY = date(2026, 8, 14)
FIRST, LAST = Moment(DAY, time(14)), Moment(date(2026, 8, 16))
OTHER = Moment(date(2026, 9, 1))


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (Facts(), Facts("12", signed=DAY, cameras=4), Facts("12", signed=DAY, cameras=4)),
        (Facts("12"), Facts("13", signed=DAY), Facts("12", signed=DAY)),
        (Facts(operators=("SNCF",)), Facts(operators=("RATP", "SNCF")), Facts(operators=("SNCF",))),
        (Facts(), Facts(starts=FIRST, ends=LAST), Facts(starts=FIRST, ends=LAST)),
        (Facts(starts=FIRST), Facts(starts=FIRST, ends=LAST), Facts(starts=FIRST, ends=LAST)),
        (Facts(starts=FIRST), Facts(starts=OTHER, ends=OTHER), Facts(starts=FIRST)),
        (Facts(ends=LAST), Facts(starts=FIRST, ends=LAST), Facts(starts=FIRST, ends=LAST)),
        (Facts(ends=LAST), Facts(starts=FIRST, ends=OTHER), Facts(ends=LAST)),
        (Facts(), Facts(references=(Reference(Kind.RENEWAL, "1"),), authority="PP"), Facts()),
    ],
)
def test_what_is_missing_is_taken_and_nothing_is_overwritten(own: Facts, other: Facts, expected: Facts) -> None:
    assert merge_facts(own, [other]) == expected


def test_the_earlier_sighting_goes_first() -> None:
    assert merge_facts(Facts(), [Facts(cameras=4), Facts("12", cameras=5)]) == Facts("12", cameras=4)


AUGUST, SEPTEMBER = date(2026, 8, 14), date(2026, 9, 20)


@pytest.mark.parametrize(
    ("days", "signed", "expected"),
    [
        ([], None, None),
        ([None], AUGUST, None),
        ([SEPTEMBER, AUGUST], None, AUGUST),
        ([None, AUGUST], AUGUST, AUGUST),
        ([SEPTEMBER, AUGUST], date(2026, 8, 15), SEPTEMBER),
        ([SEPTEMBER, AUGUST], date(2026, 9, 21), AUGUST),
    ],
)
def test_the_first_day_on_which_it_can_have_been_published(days: list[date | None], signed: date | None, expected: date | None) -> None:
    assert earliest(days, signed) == earliest(days[::-1], signed) == expected


some_facts = st.builds(
    Facts,
    number=st.none() | st.just("12"),
    signed=st.none() | st.just(DAY),
    starts=st.sampled_from([None, FIRST, OTHER]),
    ends=st.sampled_from([None, LAST, OTHER]),
    purposes=st.sampled_from([(), ("weapon",), ("fire",)]),
    cameras=st.none() | st.integers(1, 9),
)


@given(some_facts, st.lists(some_facts, max_size=3))
def test_what_was_known_stays_and_completing_again_changes_nothing(own: Facts, others: list[Facts]) -> None:
    after = merge_facts(own, others)
    for entry in fields(Facts):
        known = getattr(own, entry.name)
        assert getattr(after, entry.name) == known or not known
    assert merge_facts(after, others) == after


def test_what_is_to_be_verified_where_it_comes_from_is_here_too() -> None:
    other = Facts("12", cameras=5, places=("gare du Nord",), doubtful=("cameras", "places"))
    assert merge_facts(Facts(cameras=4), [other]) == Facts("12", cameras=4, places=("gare du Nord",), doubtful=("places",))


def test_what_is_to_be_verified_gives_way_to_what_is_sure() -> None:
    own = Facts("12", cameras=4, office="Le préfet", doubtful=("number", "cameras", "office"))
    other = Facts("13", cameras=5, doubtful=("number",))
    assert merge_facts(own, [other]) == Facts("12", cameras=5, office="Le préfet", doubtful=("number", "office"))


def test_a_period_that_is_to_be_verified_gives_way_to_a_sure_one_with_both_its_ends() -> None:
    own = Facts(starts=OTHER, ends=LAST, doubtful=("starts", "ends"))
    assert merge_facts(own, [Facts(starts=FIRST, ends=LAST)]) == Facts(starts=FIRST, ends=LAST)
    for other in (Facts(starts=FIRST), Facts(starts=FIRST, ends=LAST, doubtful=("starts",))):
        assert merge_facts(own, [other]) == own
