"""Who comes first of several prefects who decide together."""

from __future__ import annotations

import pytest

from bot.detection.judging import judge
from tests.bot.detection.samples import act

TITLE = "Arrêté interpréfectoral n° 2026-501 autorisant un traitement algorithmique des images issues d'un système de vidéoprotection"


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ("La préfète de Loir-et-Cher,\nLe préfet de la Loire,", "41"),
        ("LE PREFET D'ILLE-ET-VILAINE,\nLE PREFET DE LA MAYENNE,", "35"),
        ("La préfète de la région Grand Est,\nLe préfet de la zone de défense,\nLa préfète du Bas-Rhin,", None),
        ("Le préfet de police,\nLe préfet de Seine-et-Marne,\nLe préfet de l'Oise,", "PP"),
        ("Le préfet du Val-d'Oise,\nLe préfet de police,", "95"),
        # Of several in one sentence none decides alone.
        ("Le préfet de police, le préfet de Seine-et-Marne, le préfet de l'Essonne,\nle préfet du Val-d'Oise,", None),
        ("Le préfet du Gard, la préfète de Vaucluse et le préfet du Var,", None),
    ],
)
def test_the_first_named(authors: str, expected: str | None) -> None:
    text = f"{TITLE}\n{authors}\nVu le code de la sécurité intérieure ;\nARRÊTENT\nArticle 1er : La SNCF est autorisée."
    if expected == "PP":
        text += "\nPour le préfet de police"
    assert judge(act(text, TITLE)).facts.authority == expected
