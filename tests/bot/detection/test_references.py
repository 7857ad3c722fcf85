"""The decrees on VSA that a decree bears on, and those that it merely names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Kind, Reference, Verdict
from tests.bot.detection.samples import act

VSA = "portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
DAY = date(2026, 5, 3)


def verdict(title: str, articles: str = "La SNCF est concernée.", visas: str = "") -> Verdict:
    visa = f"Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;\n{visas}"
    return judge(act(f"{visa}\nARRÊTE\nArticle 1er : {articles}\nFait à Paris, le 9 mai 2026", title))


def named(title: str, articles: str = "La SNCF est concernée.", visas: str = "") -> tuple[Reference, ...]:
    return tuple(replace(entry, retroactive=None) for entry in verdict(title, articles, visas).facts.references)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("modifiant", Kind.MODIFICATION),
        ("portant abrogation de", Kind.ABROGATION),
        ("suspendant", Kind.SUSPENSION),
        ("prorogeant", Kind.RENEWAL),
    ],
)
def test_titles(words: str, change: Kind) -> None:
    title = f"Arrêté n° 2026-00702 {words} l’arrêté n° 2026-00688 du 3 mai 2026 {VSA}"
    assert named(title) == (Reference(change, "2026-00688", DAY),)


@pytest.mark.parametrize(
    ("sentence", "change"),
    [
        ("Le présent arrêté annule et remplace l'arrêté n° 2026-00688 du 3 mai 2026.", Kind.ABROGATION),
        ("L'article 3 de l'arrêté n° 2026-00688 du 3 mai 2026 est abrogé.", Kind.MODIFICATION),
        ("L'autorisation délivrée par arrêté n° 2026-00688 du 3 mai 2026 est prolongée.", Kind.RENEWAL),
        ("Les effets de l'arrêté n° 2026-00688 du 3 mai 2026 sont suspendus.", Kind.SUSPENSION),
    ],
)
def test_articles(sentence: str, change: Kind) -> None:
    articles = f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique.\nArticle 2 : {sentence}"
    assert named(f"Arrêté n° 2026-00702 {VSA}", articles) == (Reference(change, "2026-00688", DAY),)


def test_several_in_one_sentence_and_in_a_list() -> None:
    both = (Reference(Kind.ABROGATION, "2026-7", DAY), Reference(Kind.ABROGATION, "2026-8", date(2026, 5, 4)))
    title = f"Arrêté n° 2026-00702 {VSA}"
    use = "La SNCF est autorisée à mettre en œuvre un traitement algorithmique.\nArticle 2 : "
    assert named(title, f"{use}Les arrêtés n° 2026-7 du 3 mai 2026 et n° 2026-8 du 4 mai 2026 sont abrogés.") == both
    assert named(title, f"{use}Sont abrogés :\n- l'arrêté n° 2026-7 du 3 mai 2026 ;\n- l'arrêté n° 2026-8 du 4 mai 2026.") == both
    assert named(f"Arrêté n° 2026-9 abrogeant les arrêtés n° 2026-7 du 3 mai 2026 et n° 2026-8 du 4 mai 2026 {VSA}") == both


def test_a_decree_named_by_the_one_that_is_ended_is_none() -> None:
    title = f"Arrêté n° 2026-9 abrogeant l'arrêté n° 2026-8 du 3 mai 2026 modifiant l'arrêté n° 2026-7 {VSA}"
    assert named(title) == (Reference(Kind.ABROGATION, "2026-8", DAY),)


@pytest.mark.parametrize(
    "sentence",
    [
        "Les images sont conservées conformément à l'arrêté n° 2026-7 du 3 mai 2026.",
        "Toute disposition contraire de l'arrêté n° 2026-7 du 3 mai 2026 est abrogée.",
    ],
)
def test_other_decrees_are_none(sentence: str) -> None:
    articles = f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique.\nArticle 2 : {sentence}"
    visas = "Vu l'arrêté n° 2026-1 VS 75 du 2 mai 2026 portant autorisation d'installer un dispositif de vidéoprotection ;"
    assert named(f"Arrêté n° 2026-00702 {VSA}", articles, visas) == ()


def test_the_visa_tells_what_a_renewal_bears_on() -> None:
    title = "Arrêté n° 2026-9 portant renouvellement de l'autorisation d'emploi d'un traitement algorithmique des images de vidéoprotection"
    visas = f"Vu l'arrêté n° 2026-1 VS 75 du 2 mai 2026 relatif à la vidéoprotection ;\nVu l'arrêté n° 2026-8 du 3 mai 2026 {VSA} ;"
    article = "L'emploi du traitement algorithmique par la SNCF est renouvelé."
    assert named(title, article, visas) == (Reference(Kind.RENEWAL, "2026-8", DAY),)
    # Of two, the text does not tell which.
    assert named(title, article, f"{visas}\nVu l'arrêté n° 2026-6 du 1er mai 2026 {VSA} ;") == ()


def test_a_visa_that_takes_up_what_the_decree_is_about() -> None:
    title = "Décision n° 2026-9 Suspension du traitement algorithmique mis en œuvre par la SNCF"
    article = "L'autorisation accordée par l'arrêté du 3 mai 2026 est suspendue."
    told = "autorisant cet emploi sur les images de vidéoprotection"
    assert named(title, article, f"Vu l'arrêté n° 2026-8 du 3 mai 2026 {told} ;") == (Reference(Kind.SUSPENSION, "2026-8", DAY),)


def test_an_article_takes_up_the_only_visa_that_says_no_subject() -> None:
    title = "Décision n° 2026-9 Suspension du traitement algorithmique mis en œuvre par la SNCF"
    visa = "Vu l'arrêté n° 2026-8 du 3 mai 2026 ;"
    limits = "Vu l'arrêté du 19 avril 2023 relatif au nombre maximal de caméras installées sur des aéronefs ;"
    article = "L'autorisation d'employer un traitement algorithmique, accordée par l'arrêté {}, est suspendue."
    assert named(title, article.format("susvisé"), f"{limits}\n{visa}") == (Reference(Kind.SUSPENSION, "2026-8", DAY),)
    assert named(title, article.format("susvisé"), f"{visa}\nVu l'arrêté n° 2026-6 du 1er mai 2026 ;") == ()
    assert named(title, article.format("en cause"), visa) == ()


def test_the_evidence_of_a_reference() -> None:
    quotes = verdict(f"Arrêté n° 2026-9 abrogeant l'arrêté n° 2026-8 du 3 mai 2026 {VSA}").evidence
    assert [quote.text for quote in quotes if quote.about == "references"] == ["arrêté n° 2026-8 du 3 mai 2026"]


@pytest.mark.parametrize(
    ("title", "articles", "expected"),
    [
        ("portant retrait de {one}", "La SNCF est concernée.", True),
        ("portant abrogation", "Sont abrogés : - l’arrêté n° 2026-00688 du 3 mai 2026.", False),
        ("modifiant {one}", "La SNCF est concernée.", None),
    ],
)
def test_an_end_by_retrait_is_told_from_abrogation(title: str, articles: str, expected: bool | None) -> None:
    one = "l’arrêté n° 2026-00688 du 3 mai 2026"
    visas = f"Vu {one} {VSA} ;\n"
    [reference] = verdict(f"Arrêté n° 2026-00702 {title.format(one=one)} {VSA}", articles, visas).facts.references
    assert (reference.number, reference.retroactive) == ("2026-00688", expected)
