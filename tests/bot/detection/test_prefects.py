"""Who comes first of several prefects who decide together."""

from __future__ import annotations

import pytest

from tests.bot.detection.samples import act, judge

TITLE = "Arrêté interpréfectoral n° 2026-501 autorisant un traitement algorithmique des images issues d'un système de vidéoprotection"


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ("La préfète de Loir-et-Cher,\nLe préfet de la Loire,", "41"),
        ("LE PREFET D'ILLE-ET-VILAINE,\nLE PREFET DE LA MAYENNE,", "35"),
        ("La préfète de la région Grand Est,\nLe préfet de la zone de défense,\nLa préfète du Bas-Rhin,", None),
        ("Le préfet de police,\nLe préfet de Seine-et-Marne,\nLe préfet de l'Oise,", "PP"),
    ],
)
def test_the_first_named(authors: str, expected: str | None) -> None:
    text = f"{TITLE}\n{authors}\nVu le code de la sécurité intérieure ;\nARRÊTENT\nArticle 1er : La SNCF est autorisée."
    if expected == "PP":
        text += "\nPour le préfet de police"
    assert judge(act(text, TITLE)).facts.authority == expected
