"""Titles that name the use of VSA: what authorises it, what ends or changes it, what a person must settle."""

from __future__ import annotations

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Kind, Outcome
from tests.bot.detection.samples import act

OBJECT = "traitement algorithmique des images issues d'un système de vidéoprotection"
LAW = "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;"
GRANTED = "La police nationale est autorisée du 1er au 3 décembre 2026."


def ruled(title: str, *articles: str) -> tuple[Outcome, Kind | None]:
    numbered = [f"Article {rank} : {article}" for rank, article in enumerate(articles, 1)]
    text = "\n".join([LAW, "ARRÊTE", *numbered, "Fait à Nice, le 20 novembre 2026", "Le préfet"])
    verdict = judge(act(text if articles else "", title))
    return verdict.outcome, verdict.kind


def test_a_plain_title_is_a_decree_unless_an_article_says_otherwise() -> None:
    title = f"Arrêté n° 2026-20 relatif à l'emploi d'un {OBJECT}"
    assert ruled(title) == (Outcome.DECREE, Kind.AUTHORISATION)
    assert ruled(title, GRANTED) == (Outcome.DECREE, Kind.AUTHORISATION)
    assert ruled(title, GRANTED, "La reconnaissance faciale est interdite.") == (Outcome.DECREE, Kind.AUTHORISATION)
    assert ruled(title, "Toute reconnaissance faciale est interdite.", GRANTED) == (Outcome.DECREE, Kind.AUTHORISATION)
    for against in (
        "Il est mis fin à l'emploi du traitement.",
        "Il est interdit de l'employer.",
        "La commune est mise en demeure de cesser.",
    ):
        assert ruled(title, against) == (Outcome.UNCERTAIN, None)


def test_other_titles_need_an_article_that_authorises() -> None:
    lead = "donnant acte à la commune de Nice de la mise en œuvre"
    title = f"Arrêté n° 2026-20 {lead} d'un {OBJECT}"
    assert ruled(title)[0] is not Outcome.DECREE
    assert ruled(title, "Le présent arrêté est affiché.") == (Outcome.UNCERTAIN, None)
    assert ruled(title, GRANTED) == (Outcome.DECREE, Kind.AUTHORISATION)


@pytest.mark.parametrize(
    ("title", "article"),
    [
        (f"portant non-renouvellement de l'autorisation d'emploi d'un {OBJECT}", "Elle n'est pas reconduite."),
        (f"prenant acte de la renonciation de la commune à l'autorisation d'emploi d'un {OBJECT}", "Il en est pris acte."),
        (f"tirant les conséquences du jugement annulant l'autorisation d'un {OBJECT}", "Le traitement cesse."),
        (f"autorisant une période d'étalonnage du {OBJECT}", "La ville d'Uzès est autorisée à le faire tourner quatre nuits."),
    ],
)
def test_what_only_a_person_can_settle(title: str, article: str) -> None:
    assert ruled(f"Arrêté n° 2026-20 {title}", article) == (Outcome.UNCERTAIN, None)
    assert ruled(f"Arrêté n° 2026-20 {title}")[0] is Outcome.UNCERTAIN


@pytest.mark.parametrize(
    ("title", "article", "kind"),
    [
        (f"prescrivant l'arrêt d'un {OBJECT}", "Il est mis fin à l'emploi.", Kind.ABROGATION),
        (f"portant interruption du {OBJECT} autorisé par l'arrêté n° 2026-12", "Il est interrompu.", Kind.SUSPENSION),
        (f"étendant l'autorisation d'emploi d'un {OBJECT}", "Elle est étendue.", Kind.MODIFICATION),
        (f"portant interdiction de stationner et autorisant l'emploi d'un {OBJECT}", GRANTED, Kind.AUTHORISATION),
    ],
)
def test_what_ends_changes_or_grants_in_other_words(title: str, article: str, kind: Kind) -> None:
    assert ruled(f"Arrêté n° 2026-20 {title}", article) == (Outcome.DECREE, kind)
