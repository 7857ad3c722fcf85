"""Decisions in numbered points, without the word "article"."""

from __future__ import annotations

from datetime import date

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Kind, Outcome
from tests.bot.detection.samples import act

TITLE = "AP n° 2026-9 autorisation de traitement algorithmique des images de vidéoprotection"


@pytest.mark.parametrize("opening", ["Décide :", "ARRÊTE", "DECIDENT", "Arrête ce qui suit :"])
@pytest.mark.parametrize("mark", ["{}°", "{}.", "{})", "- {} °", "{:roman}."])
def test_each_point_is_an_article(opening: str, mark: str) -> None:
    points = [
        "La commune de Dax est autorisée à mettre en œuvre un traitement algorithmique sur les images de vidéoprotection.",
        "L'autorisation vaut du 5 octobre 2026 au 12 octobre 2026.",
        "Le traitement signale les départs de feux.",
        "Un recours peut être formé devant le tribunal administratif de Pau.",
    ]
    ranks = ["I", "II", "III", "IV"] if "roman" in mark else ["1", "2", "3", "4"]
    listed = "\n".join(f"{mark.replace(':roman', '').format(rank)} {point}" for rank, point in zip(ranks, points, strict=True))
    text = f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nConsidérant l'affluence ;\n{opening}\n{listed}\nDax, le 28 septembre 2026"
    verdict = judge(act(text, TITLE))
    facts = verdict.facts
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.AUTHORISATION)
    assert (facts.operators, facts.court, facts.signed) == (("Commune de Dax",), "Tribunal administratif de Pau", date(2026, 9, 28))
    assert facts.starts is not None
    assert facts.ends is not None
    assert (facts.starts.isoformat(), facts.ends.isoformat()) == ("2026-10-05", "2026-10-12")
    assert facts.purposes == ("fire",)


@pytest.mark.parametrize(
    ("visas", "grounds"), [("VISAS", "MOTIFS"), ("I. – Textes et pièces", "II. – Motifs"), ("Vu, dans l'ordre :", "Considérant :")]
)
def test_what_stands_under_a_heading_of_visas_or_grounds_is_no_fact(visas: str, grounds: str) -> None:
    text = (
        f"ARRÊTÉ n° 2026-9\n{visas}\nLoi n° 2023-380 du 19 mai 2023, article 10.\nAvis du 10 septembre 2026, sur 90 caméras.\n"
        f"{grounds}\nLes contrôles du 12 septembre 2026 sont concluants.\nDÉCISION\nArticle 1. La commune de Dax est autorisée à mettre en "
        "œuvre un traitement algorithmique des images de 7 caméras de vidéoprotection du 5 octobre 2026 au 12 octobre 2026."
    )
    facts = judge(act(text, TITLE)).facts
    assert (str(facts.starts and facts.starts.day), facts.cameras) == ("2026-10-05", 7)


def test_points_within_articles_are_no_articles() -> None:
    text = (
        "Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : Sont autorisés à mettre en œuvre un traitement algorithmique "
        "des images de vidéoprotection :\n1° la commune de Dax ;\n2° la SNCF.\nArticle 2 : Un recours peut être formé."
    )
    assert judge(act(text, TITLE)).facts.operators == ("Commune de Dax", "SNCF")
