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


@pytest.mark.parametrize("lead", ["relatif à l'emploi", "concernant l'utilisation", "portant mise en œuvre", "mettant en œuvre"])
def test_a_plain_title_is_a_decree_unless_an_article_says_otherwise(lead: str) -> None:
    title = f"Arrêté n° 2026-20 {lead} d'un {OBJECT}" if lead != "mettant en œuvre" else f"Arrêté n° 2026-20 {lead} un {OBJECT}"
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


@pytest.mark.parametrize(
    "lead",
    ["encadrant l'emploi", "donnant acte à la commune de Nice de la mise en œuvre", "portant réquisition de la société X pour l'emploi"],
)
def test_other_titles_need_an_article_that_authorises(lead: str) -> None:
    title = f"Arrêté n° 2026-20 {lead} d'un {OBJECT}"
    assert ruled(title)[0] is not Outcome.DECREE
    assert ruled(title, "Le présent arrêté est affiché.") == (Outcome.UNCERTAIN, None)
    assert ruled(title, GRANTED) == (Outcome.DECREE, Kind.AUTHORISATION)


@pytest.mark.parametrize(
    ("title", "article"),
    [
        (f"interdisant à la commune de Firminy l'emploi d'un {OBJECT}", "Il est interdit de l'employer."),
        (f"portant interdiction de mise en œuvre d'un {OBJECT}", "La mise en œuvre est interdite."),
        (f"interdisant l'emploi du {OBJECT} autorisé le 3 mai 2026", "L'emploi est interdit."),
        (f"mettant en demeure la commune de cesser la mise en œuvre d'un {OBJECT}", "Le traitement qui est mis en œuvre doit cesser."),
        (f"portant levée de la suspension de l'arrêté n° 2026-12 autorisant l'emploi d'un {OBJECT}", "La suspension est levée."),
        (f"abrogeant l'arrêté n° 2026-13 portant suspension de l'emploi d'un {OBJECT}", "L'arrêté n° 2026-13 est abrogé."),
        (f"rétablissant l'autorisation d'emploi d'un {OBJECT}", "L'arrêté n° 2026-12 produit à nouveau ses effets."),
        (f"portant non-renouvellement de l'autorisation d'emploi d'un {OBJECT}", "Elle n'est pas reconduite."),
        (f"constatant l'expiration de l'autorisation d'emploi d'un {OBJECT}", "L'autorisation a expiré."),
        (f"prenant acte de la renonciation de la commune à l'autorisation d'emploi d'un {OBJECT}", "Il en est pris acte."),
        (f"portant transfert de l'autorisation d'emploi d'un {OBJECT} à la commune de Lyon", "L'autorisation est transférée."),
        (f"tirant les conséquences du jugement annulant l'autorisation d'un {OBJECT}", "Le traitement cesse."),
        (
            f"portant substitution de la commune à la SNCF comme responsable du {OBJECT} autorisé par arrêté n° 2026-12",
            "Elle est substituée.",
        ),
    ],
)
def test_what_only_a_person_can_settle(title: str, article: str) -> None:
    assert ruled(f"Arrêté n° 2026-20 {title}", article) == (Outcome.UNCERTAIN, None)
    assert ruled(f"Arrêté n° 2026-20 {title}")[0] is Outcome.UNCERTAIN


def test_a_judgment_is_no_prefect_s_abrogation() -> None:
    title = f"Jugement du tribunal administratif de Lyon n° 2601234 annulant l'arrêté autorisant un {OBJECT}"
    assert ruled(title, "L'arrêté du 3 octobre 2026 est annulé.")[0] is Outcome.UNCERTAIN
    # What comes after the verb is why.
    title = f"Arrêté n° 2026-20 abrogeant, à la suite du jugement du 3 mai 2026, l'arrêté n° 2026-12 autorisant un {OBJECT}"
    assert ruled(title, "L'arrêté n° 2026-12 est abrogé.") == (Outcome.DECREE, Kind.ABROGATION)


@pytest.mark.parametrize(
    ("title", "article", "kind"),
    [
        (f"portant cessation de l'emploi d'un {OBJECT}", "Il est mis fin à l'emploi.", Kind.ABROGATION),
        (f"portant clôture de l'expérimentation d'un {OBJECT}", "L'expérimentation est close.", Kind.ABROGATION),
        (f"constatant la caducité de l'autorisation d'emploi d'un {OBJECT}", "L'autorisation est caduque.", Kind.ABROGATION),
        (f"prescrivant l'arrêt d'un {OBJECT}", "Il est mis fin à l'emploi.", Kind.ABROGATION),
        (f"portant interruption du {OBJECT} autorisé par l'arrêté n° 2026-12", "Il est interrompu.", Kind.SUSPENSION),
        (f"ordonnant l'interruption immédiate du {OBJECT}", "Il est mis fin sans délai à son emploi.", Kind.ABROGATION),
        (f"restreignant le périmètre de mise en œuvre du {OBJECT} autorisé par l'arrêté n° 2026-12", "Il est limité.", Kind.MODIFICATION),
        (f"étendant à la gare de Roanne l'emploi du {OBJECT} autorisé par l'arrêté n° 2026-12", "Il est étendu.", Kind.MODIFICATION),
        (f"étendant l'autorisation d'emploi d'un {OBJECT}", "Elle est étendue.", Kind.MODIFICATION),
        (f"portant interdiction de stationner et autorisant l'emploi d'un {OBJECT}", GRANTED, Kind.AUTHORISATION),
        (f"étendant la zone piétonne et autorisant l'emploi d'un {OBJECT}", GRANTED, Kind.AUTHORISATION),
    ],
)
def test_what_ends_changes_or_grants_in_other_words(title: str, article: str, kind: Kind) -> None:
    assert ruled(f"Arrêté n° 2026-20 {title}", article) == (Outcome.DECREE, kind)


def test_a_notice_to_stop_under_a_title_that_says_nothing() -> None:
    article = f"La commune est mise en demeure de cesser sans délai l'usage du {OBJECT} qui est mis en œuvre à Firminy."
    assert ruled("Arrêté n° 2026-20", article) == (Outcome.UNCERTAIN, None)
    # What another sentence forbids is another thing.
    article = f"Le stationnement est interdit. La police nationale est autorisée à mettre en œuvre un {OBJECT}."
    assert ruled("Arrêté n° 2026-20", article) == (Outcome.DECREE, Kind.AUTHORISATION)
