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
        ("Le logiciel Argos, de la société Optiplus, est employé en lieu et place de celui de la société Videtics.", "Argos", "Optiplus"),
        ("Il est substitué aux mots « de la société Videtics » les mots « de la société Optiplus ».", None, "Optiplus"),
        ("Les mots « de la société Videtics » sont supprimés.", None, None),
    ],
)
def test_software_and_vendor(article: str, software: str | None, vendor: str | None) -> None:
    facts = modified(article)
    assert (facts.software, facts.vendor) == (software, vendor)


def test_period() -> None:
    article = "Les mots « du 2 au 5 mai 2026 » sont remplacés par les mots « du 2 au 8 mai 2026 »."
    facts = modified(article, visa="Vu le code de la sécurité intérieure ;")
    assert (facts.starts and facts.starts.isoformat(), facts.ends and facts.ends.isoformat()) == ("2026-05-02", "2026-05-08")


def test_places() -> None:
    article = "Pour les caméras, les mots « sur la place Pie » sont remplacés par les mots « sur la place Kléber »."
    assert modified(article, visa="Vu le code de la sécurité intérieure ;").places == ("place Kléber",)


def test_operators() -> None:
    article = "Les mots « la commune de Lens » sont remplacés par les mots « la police municipale de Liévin »."
    assert modified(article, visa="Vu le code de la sécurité intérieure ;").operators == ("Police municipale de Liévin",)


def test_cameras() -> None:
    article = "Remplacer les mots « 40 caméras » par les mots « 50 caméras »."
    assert modified(article, visa="Vu le code de la sécurité intérieure ;").cameras == 50
