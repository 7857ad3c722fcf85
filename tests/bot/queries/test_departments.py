from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queries.departments import find_department
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
    found = find_department(asked, PLACES)
    assert found.place is not None
    assert found.place.code == code
    assert code in found.authorities


def test_a_department_means_every_authority_seated_in_it() -> None:
    assert find_department("75", PLACES).authorities == {"75", "PP"}
    assert find_department("26", PLACES).authorities == {"26"}


@pytest.mark.parametrize(("asked", "first"), [("drme", "26"), ("isere 38", "38"), ("savoi", "73"), ("corse", "2A"), ("reunnion", "974")])
def test_near_names_are_suggested(asked: str, first: str) -> None:
    found = find_department(asked, PLACES)
    assert found.place is None
    assert found.suggestions[0].code == first


@pytest.mark.parametrize("asked", ["99", "", "   ", "'", "la", "zzzzzz", "\u202e26\u202e\u0000x"])
def test_anything_else_names_no_department(asked: str) -> None:
    assert find_department(asked, PLACES).place is None


@given(st.text(max_size=100))
def test_nothing_makes_it_fail(asked: str) -> None:
    found = find_department(asked, PLACES)
    assert (found.place is None) == (not found.authorities)
    assert len(found.suggestions) <= 3
