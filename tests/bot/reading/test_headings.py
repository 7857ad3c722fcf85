from __future__ import annotations

import pytest

from bot.reading.acts.titles import decree_title, first_line, opens_decree
from tests.bot.reading.papers import BODY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BODY, True),
        ("PRÉFECTURE DE POLICE\nArreté n°2025-00171\nautorisant la captation\nVu le code", True),
        ("DÉCISION portant délégation de signature\nVU le code", True),
        ("Vu le code\nARRÊTE\nArticle 1er portant sur", False),  # the operative word, on a page of visas
        ("suite de l'arrêté\nArticle 5 : le préfet", False),
        ("Arrêté n° 12 portant mesure\nArticle 1er", False),  # cited: no visas below
        ("Vu le code\nArrêté n° 12 portant mesure\nVu la loi", False),  # cited among the visas
        ("Arrêté\nVu le code", False),  # no number, no subject
    ],
)
def test_where_a_decree_opens(text: str, expected: bool) -> None:
    assert opens_decree(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BODY, "Arrêté n° 26-2025-12 portant autorisation d'un traitement algorithmique des images"),
        ("Arrêté n° 12\nportant\n  mesure ;\nLa préfète du Lot,\nVu le code", "Arrêté n° 12 portant mesure"),
        ("Vu le code\nArrêté n° 12 portant mesure\nVu la loi", "Arrêté n° 12 portant mesure"),
        ("AVIS d'ouverture\nd'un concours", ""),
    ],
)
def test_titles(text: str, expected: str) -> None:
    assert decree_title(text) == expected


def test_a_poor_title_is_better_than_none() -> None:
    assert first_line("12\n\n  AVIS  d'ouverture \nsuite") == "AVIS d'ouverture"
    assert first_line("12\n--") == ""
