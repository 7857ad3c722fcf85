"""A modification tells what it puts in place, and not what it takes away."""

from __future__ import annotations

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Facts
from tests.bot.detection.samples import act

OBJECT = "autorisant un traitement algorithmique des images de vidéoprotection"
VISA = f"Vu l'arrêté n° 2026-1 {OBJECT} au moyen du logiciel « Perception » de la société Videtics ;"


def modified(article: str, *, visa: str = VISA) -> Facts:
    return judge(act(f"{visa}\nARRÊTE\nArticle 1er : {article}", f"Arrêté n° 2026-9 modifiant l'arrêté n° 2026-1 {OBJECT}")).facts


@pytest.mark.parametrize(
    ("article", "software", "vendor"),
    [
        (
            "Le logiciel Perception, de la société Videtics, est remplacé par le logiciel Argos, de la société Optiplus.",
            "Argos",
            "Optiplus",
        ),
        ("Le logiciel Argos, de la société Optiplus, est employé en lieu et place de celui de la société Videtics.", "Argos", "Optiplus"),
        ("Le logiciel Argos, de la société Optiplus, remplace le logiciel Perception, de la société Videtics.", "Argos", "Optiplus"),
        # The product of a maker that goes is not told for that of the new one.
        ("Le traitement est fourni par la société Optiplus au lieu de la société Videtics.", None, "Optiplus"),
        ("Il est substitué aux mots « de la société Videtics » les mots « de la société Optiplus ».", None, "Optiplus"),
        ("Les mots « de la société Videtics » sont supprimés.", None, None),
        # Something else goes.
        (
            "Le logiciel Perception, de la société Videtics, est maintenu ; les caméras sont remplacées par des neuves.",
            "Perception",
            "Videtics",
        ),
        ("Les mots « place Pie » sont remplacés par les mots « place Kléber, de la société Modèle ».", "Perception", "Videtics"),
        ("Le nombre de caméras est porté à 12.", "Perception", "Videtics"),
        (
            "Les mots « logiciel Perception de la société Videtics » sont remplacés par « logiciel Argos de la société Optiplus ».",
            "Argos",
            "Optiplus",
        ),
        (
            "Le logiciel Perception, de la société Videtics, est maintenu et le responsable est remplacé par un autre.",
            "Perception",
            "Videtics",
        ),
    ],
)
def test_software_and_vendor(article: str, software: str | None, vendor: str | None) -> None:
    facts = modified(article)
    assert (facts.software, facts.vendor) == (software, vendor)


@pytest.mark.parametrize(
    ("article", "starts", "ends"),
    [
        ("Les mots « du 2 au 5 mai 2026 » sont remplacés par les mots « du 2 au 8 mai 2026 ».", "2026-05-02", "2026-05-08"),
        ("Au lieu du 5 mai 2026, l'autorisation vaut le 6 mai 2026.", "2026-05-06", "2026-05-06"),
    ],
)
def test_period(article: str, starts: str | None, ends: str | None) -> None:
    facts = modified(article, visa="Vu le code de la sécurité intérieure ;")
    assert (facts.starts and facts.starts.isoformat(), facts.ends and facts.ends.isoformat()) == (starts, ends)


@pytest.mark.parametrize(
    ("article", "places"),
    [
        ("Pour les caméras, les mots « sur la place Pie » sont remplacés par les mots « sur la place Kléber ».", ("place Kléber",)),
        # A place where people gather is one, and a square is no change.
        ("Le périmètre comprend la place Kléber, au lieu de rassemblement, et le quai Branly.", ("place Kléber", "quai Branly")),
        ("Les caméras sont situées à la place de la Victoire.", ("place de la Victoire",)),
    ],
)
def test_places(article: str, places: tuple[str, ...]) -> None:
    assert modified(article, visa="Vu le code de la sécurité intérieure ;").places == places


@pytest.mark.parametrize(
    ("article", "operators"),
    [
        (
            "Les mots « la commune de Lens » sont remplacés par les mots « la police municipale de Liévin ».",
            ("Police municipale de Liévin",),
        ),
        ("La commune de Lens et la police nationale emploient le traitement.", ("Commune de Lens", "Police nationale")),
    ],
)
def test_operators(article: str, operators: tuple[str, ...]) -> None:
    assert modified(article, visa="Vu le code de la sécurité intérieure ;").operators == operators


@pytest.mark.parametrize(
    "article",
    [
        "Les mots « quarante caméras » sont remplacés par les mots « cinquante caméras ».",
        "Remplacer les mots « 40 caméras » par les mots « 50 caméras ».",
    ],
)
def test_cameras(article: str) -> None:
    assert modified(article, visa="Vu le code de la sécurité intérieure ;").cameras == 50
