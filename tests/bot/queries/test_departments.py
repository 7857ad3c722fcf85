from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Place
from bot.queries.departments import find_departments
from tests.bot.queries.conftest import PLACES


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("26", "26"),
        (" 26 ", "26"),
        ("2a", "2A"),
        ("2A", "2A"),
        ("1", "01"),
        ("974", "974"),
        ("pp", "PP"),
        ("²⁶", "26"),
        ("drome", "26"),
        ("Drôme", "26"),
        ("DRÔME", "26"),
        ("Drôme (26)", "26"),
        ("isere 38", "38"),
        ("Ain 1", "01"),
        ("Dro\u0302me", "26"),
        ("la Drôme", "26"),
        ("de la drome", "26"),
        ("département de l'Isère", "38"),
        ("département de l’Isère", "38"),
        ("préfecture de la Drôme", "26"),
        ("la Réunion", "974"),
        ("Reunion", "974"),
        ("corse du sud", "2A"),
        ("Côte-d'Or", "21"),
        ("cote d or", "21"),
        ("savoie", "73"),
        ("seine st denis", "93"),
        ("Seine-St-Denis", "93"),
        ("Paris", "75"),
        ("préfecture de police de Paris", "PP"),
    ],
)
def test_codes_and_names_in_many_forms(asked: str, code: str) -> None:
    found = find_departments(asked, PLACES)
    assert found.codes == code
    assert code in (found.authorities or ())


@pytest.mark.parametrize(
    ("asked", "codes", "authorities"),
    [
        ("75", "75", {"75", "PP"}),
        ("26", "26", {"26"}),
        ("93", "93", {"93", "PP"}),
        ("PP", "PP", {"PP"}),
        ("26, 38", "26,38", {"26", "38"}),
        ("26 38 2a", "26,38,2A", {"26", "38", "2A"}),
        ("la Drôme et l'Isère", "26,38", {"26", "38"}),
        ("drome, 26", "26", {"26"}),
        ("Drôme / Seine-Saint-Denis", "26,93", {"26", "93", "PP"}),
        ("Côte-d'Or and Ain", "21,01", {"21", "01"}),
    ],
)
def test_departments_mean_all_who_decide_there(asked: str, codes: str, authorities: set[str]) -> None:
    found = find_departments(asked, PLACES)
    assert found.codes == codes
    assert found.authorities == frozenset(authorities)


def test_a_region_means_all_who_decide_in_it() -> None:
    region = Place("R-ARA", "Préfecture de la région Auvergne-Rhône-Alpes", "Auvergne-Rhône-Alpes", territory=frozenset({"26", "38"}))
    places = PLACES | {"R-ARA": region}
    assert find_departments("auvergne rhone alpes", places).authorities == frozenset({"R-ARA", "26", "38"})
    assert find_departments("26", places).authorities == frozenset({"R-ARA", "26"})


def test_of_several_the_one_that_is_not_known_is_named() -> None:
    found = find_departments("26, isre", PLACES)
    assert (found.places, found.unknown, found.suggestions[0].code) == ((), "isre", "38")
    assert find_departments(", ".join(PLACES) * 2, PLACES).places == ()


@pytest.mark.parametrize(("asked", "first"), [("drme", "26"), ("isere 39", "38"), ("savoi", "73"), ("corse", "2A"), ("reunnion", "974")])
def test_near_names_are_suggested(asked: str, first: str) -> None:
    found = find_departments(asked, PLACES)
    assert found.places == ()
    assert found.suggestions[0].code == first


@pytest.mark.parametrize("asked", ["99", "", "   ", "'", "la", "zzzzzz", "\u202e26\u202e\u0000x"])
def test_anything_else_names_no_department(asked: str) -> None:
    assert find_departments(asked, PLACES).places == ()


@given(st.text(max_size=100))
def test_nothing_makes_it_fail(asked: str) -> None:
    found = find_departments(asked, PLACES)
    assert (not found.places) == (not found.authorities)
    assert len(found.suggestions) <= 3
