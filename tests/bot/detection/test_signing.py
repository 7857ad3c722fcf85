"""The line of a signature, and the sentences that a line end cuts into something like it."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from bot.detection.judging import judge, not_told
from bot.domain.acts import Facts
from tests.bot.detection.samples import act

TITLE = "Arrêté n° 2026-1 portant autorisation de l'emploi d'un traitement algorithmique des images de vidéoprotection"
SIGNED = date(2026, 10, 14)


def read(article: str, end: str = "Article 2 : Exécution du présent arrêté.\nToulon, le 14 octobre 2026") -> Facts:
    return judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {article}\n{end}", TITLE)).facts


def period(facts: Facts) -> tuple[str | None, str | None]:
    starts, ends = (moment.isoformat() if moment is not None else None for moment in (facts.starts, facts.ends))
    return starts, ends


@pytest.mark.parametrize(
    "cut",
    [
        # A common word, or a place that the sentence goes on with, before or after.
        "La SNCF peut mettre en œuvre un traitement algorithmique des images de\nvidéoprotection, le 30 octobre 2026{}.",
        "La SNCF peut mettre en œuvre un traitement algorithmique des images du stade de\nNice, le 30 octobre 2026{}.",
        # Nothing but the articles that follow tells that this one is no signature.
        "Le traitement algorithmique des images est mis en œuvre pour le marché\nSaint-Vorles, le 30 octobre 2026{}.",
        "La commune peut mettre en œuvre un traitement algorithmique. Le tri des images se\nfait le 30 octobre 2026{}.",
    ],
)
@pytest.mark.parametrize(("hours", "opens", "closes"), [("", "", ""), (" de 16h à 23h30", "T16:00", "T23:30")])
def test_a_sentence_cut_before_a_day_is_no_signature(cut: str, hours: str, opens: str, closes: str) -> None:
    facts = read(cut.format(hours))
    assert (facts.signed, period(facts)) == (SIGNED, (f"2026-10-30{opens}", f"2026-10-30{closes}"))


def test_the_last_article_has_such_sentences_too() -> None:
    use = "Article 2 : Le traitement algorithmique est employé au stade de\nNice, le 30 octobre 2026{}\nToulon, le 14 octobre 2026"
    for rest in (".", "\nde 16 h à 23 h.", " de 16 h à 23 h."):
        facts = read("La SNCF est autorisée à mettre en œuvre un traitement algorithmique.", use.format(rest))
        assert facts.signed == SIGNED
        assert facts.starts is not None
        assert facts.starts.day == date(2026, 10, 30)


def test_a_sentence_cut_before_hours_is_no_signature_even_in_capitals() -> None:
    facts = read("LA SNCF PEUT METTRE EN ŒUVRE UN TRAITEMENT ALGORITHMIQUE DE\nVIDÉOPROTECTION, LE 30 OCTOBRE 2026 DE 16H À 23H.")
    assert (facts.signed, period(facts)) == (SIGNED, ("2026-10-30T16:00", "2026-10-30T23:00"))


@pytest.mark.parametrize(
    "end",
    [
        # A convention with articles of its own is annexed.
        "Article 2 : Exécution.\nToulon, le 14 octobre 2026\nAnnexe\nArticle 1 : La convention est signée.",
        # The line above is of another layer of text.
        "Article 2 : Le préfet est chargé de l'exécution\ndu présent arrêté et de la\nToulon, le 14 octobre 2026\nLe préfet",
        # Several sign, each in another place, told below.
        "Fait le 14 octobre 2026\n\nÀ Toulon,\nLe préfet du Var",
    ],
)
def test_a_line_of_its_own_dates_the_signature_and_not_the_period(end: str) -> None:
    facts = read("La SNCF est autorisée à mettre en œuvre un traitement algorithmique.", end)
    assert (facts.signed, period(facts)) == (SIGNED, (None, None))


def test_a_closing_in_other_words() -> None:
    closing = "Fait au Puy-en-Velay, en l'hôtel de la préfecture, le quatorze octobre deux mille vingt-six"
    use = "La SNCF est autorisée à mettre en œuvre un traitement algorithmique."
    facts = read(use, f"Article 2 : Exécution.\n\n{closing}\n\nLe préfet du Var")
    assert (facts.signed, facts.office) == (SIGNED, "Le préfet du Var")


@pytest.mark.parametrize(
    "day",
    [
        "À Toulon, ce 14 octobre 2026",
        "Donné à Toulon le 14 octobre 2026",
        "Toulon, Ie 14 octobre 2026",
        "Signé à Toulon, le 14 octobre 2026",
        "Fait en préfecture, à Toulon, le 14 octobre 2026",
        "Le 14 octobre 2026",
        "Lieu et date : Toulon, le 14 octobre 2026",
    ],
)
@pytest.mark.parametrize("remedies", ["", "\nLa présente décision peut être contestée devant le TA de Toulon dans un délai de deux mois."])
def test_day_delegation_office_and_name_stand_in_any_order(day: str, remedies: str) -> None:
    use = "La SNCF est autorisée à mettre en œuvre un traitement algorithmique le 30 octobre 2026."
    name = "Camille EXEMPLE"
    delegated = "Pour le préfet et par délégation,\n{} de cabinet"
    orders = [*permutations((day, delegated.format("Le directeur"), name)), *permutations((day, delegated.format("Directeur"), name))]
    for parts in (*orders, (day, f"{name}\nDirecteur de cabinet"), (f"{name}\nDirecteur de cabinet", day)):
        closing = "\n".join(("Article 2 : Le directeur de cabinet est chargé de l'exécution.", *parts, remedies))
        facts = read(use, closing)
        assert (facts.signed, facts.office, period(facts)) == (SIGNED, "Le directeur de cabinet", ("2026-10-30", "2026-10-30"))
        assert facts.court == ("Tribunal administratif de Toulon" if remedies else None)


@pytest.mark.parametrize("day", ["Le 30 octobre 2026", "Nice, 30 octobre 2026"])
@pytest.mark.parametrize("after", ["", "\nDe 16 h à 23 h", "\nArticle 3 : Exécution."])
def test_a_day_on_its_line_away_from_whoever_signs_is_no_signature(day: str, after: str) -> None:
    closing = f"Article 2 : Le traitement algorithmique est mis en œuvre.\n{day}{after}\n{'Le registre est tenu. ' * 20}\nLe préfet du Var"
    assert read("La SNCF est autorisée à mettre en œuvre un traitement algorithmique.", closing).signed is None


@pytest.mark.parametrize(
    "later",
    [
        "Reçu en préfecture, le 20 octobre 2026",
        "Notifié à Toulon, le 20 octobre 2026",
        "Date de réception : Toulon, le 20 octobre 2026",
        "Notifié à M. Jean DUPONT et à Mme. Anne DURAND,\nà Toulon, le 20 octobre 2026",
        "Reçu notification\nFait à Toulon, le 20 octobre 2026",
    ],
)
def test_what_became_of_a_decree_later_is_not_the_day_of_signature(later: str) -> None:
    use = "La SNCF est autorisée à mettre en œuvre un traitement algorithmique."
    assert read(use, f"Article 2 : Exécution.\nToulon, le 14 octobre 2026\nLe préfet du Var\n{later}").signed == SIGNED
    facts = read(use, f"Article 2 : Exécution.\nLe préfet du Var\n{later}")
    assert (facts.signed, period(facts)) == (None, (None, None))
    wrapped = "Article 2 : La décision est\nnotifiée à l'exploitant\nToulon, le 14 octobre 2026\nLe préfet du Var"
    assert read(use, wrapped).signed == SIGNED


@pytest.mark.parametrize("above", ["Publication au recueil", "Le traitement est employé au match de l'équipe,", "OGC Nice - OM"])
@pytest.mark.parametrize("day", ["Le 30 octobre 2026", "Nice, 30 octobre 2026", "Le 30 octobre 2026, à Nice"])
def test_a_day_below_a_sentence_that_goes_on_is_no_signature_though_whoever_signs_stands_below(above: str, day: str) -> None:
    closing = f"Article 2 : Exécution.\n{above}\n{day}\nLe préfet du Var"
    assert read("La SNCF est autorisée à mettre en œuvre un traitement algorithmique.", closing).signed is None


@pytest.mark.parametrize(
    "heading",
    [
        "PRÉFET DU VAR\n\nArrêté n° 2026-77 du 14 octobre 2026\nTraitement",
        "ARRÊTÉ BDSC-2026-77-02 du 14 OCT. 2026\nportant autorisation d'un traitement",
    ],
)
def test_a_day_in_the_heading_is_that_of_signature_and_no_period(heading: str) -> None:
    text = (
        f"{heading} algorithmique d'images de vidéoprotection\n\nLe préfet du Var\n\nVu le code de la sécurité intérieure ;\nARRÊTE\n"
        "Article 1er : La commune de Toulon est autorisée à mettre en œuvre un traitement algorithmique d'images de vidéoprotection."
    )
    title = "Arrêté n° 2026-77 autorisant un traitement algorithmique d'images de vidéoprotection"
    facts = judge(act(text, "" if "BDSC" in heading else title)).facts
    assert (facts.signed, facts.number, period(facts)) == (SIGNED, "BDSC-2026-77-02" if "BDSC" in heading else "2026-77", (None, None))


@pytest.mark.parametrize(
    ("end", "reasons"),
    [
        (
            "Toulon, le 14 octobre 2026\nPour le préfet du Var,\nLa directrice de cabinet\nNotifié,\nà Toulon, le 22 octobre 2026",
            [
                ("signed", "à Toulon, le 22 octobre 2026", "somebody learned of it on that day"),
                ("office", "préfet du Var", "another signs for it"),
            ],
        ),
        (
            "Fait à Nice, le 2 mai 2026\nFait à Toulon, le 14 octobre 2026",
            [("signed", "Fait à Nice, le 2 mai 2026", "another one is surer")],
        ),
        (
            "Le directeur de cabinet est chargé de l'exécution.\nToulon, le 14 octobre 2026\nLe préfet du Var",
            [("office", "directeur de cabinet", "what follows makes another of it, which the list has not")],
        ),
        (
            "Nice, 30 octobre 2026\n\nAnnexe jointe\nToulon, le 14 octobre 2026\nLe préfet du Var",
            [("signed", "Nice, 30 octobre 2026", "nobody signs beside it, or a list or a sentence goes on")],
        ),
    ],
)
def test_what_is_passed_over_at_the_end_is_told_with_the_reason(end: str, reasons: list[tuple[str, str, str]]) -> None:
    use = "Article 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique."
    decree = act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\n{use}\nArticle 2 : Exécution.\n{end}", TITLE)
    verdict = judge(decree)
    assert verdict.facts.signed == SIGNED
    assert [(quote.about, quote.text, quote.cue) for quote in not_told(decree, "vsa")] == reasons


def test_a_day_of_the_letterhead_is_quoted_with_its_town_alone() -> None:
    head = "Bureau de l'ordre public Jean Martin\t  Dijon, le 2 mai 2026\nArrêté n° 2026-1"
    verdict = judge(act(f"{head}\nVu le code ;\nARRÊTE\nArticle 1er : La SNCF est autorisée.", TITLE))
    assert verdict.facts.signed == date(2026, 5, 2)
    assert [quote.text for quote in verdict.evidence if quote.about == "signed"] == ["Dijon, le 2 mai 2026"]


def test_the_day_beside_the_number_below_a_title_that_has_no_sign() -> None:
    body = "Vu la loi ;\nARRÊTE\nArticle 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique des images.\nLe préfet"
    title = TITLE.replace("n° 2026-1", "2A-2026-12")
    facts = judge(act(f"{TITLE.replace('2026-1', '2A-2026-12 en date du 11 août 2026')}\n{body}", title)).facts
    assert (facts.number, str(facts.signed)) == ("2A-2026-12", "2026-08-11")


def test_numbers_without_a_sign_below_a_day_and_in_a_corner() -> None:
    text = (
        "Préfecture des Landes\nArrêté 40/SPD/BRS/2026-12\n\nLe préfet,\nVu la loi n° 2023-380 du 19 mai 2023, article 10 ; le décret "
        "d'application n° 2023-828 "
        "du 28 août 2023 ;\nARRÊTE\nArticle 1 : La commune de Dax est autorisée à employer un traitement algorithmique des images.\n"
        "Dax, le 28 septembre 2026\nLe préfet des Landes\nInès LATOUR"
    )
    facts = judge(act(text)).facts
    assert (facts.number, str(facts.signed)) == ("40/SPD/BRS/2026-12", "2026-09-28")


@pytest.mark.parametrize("annex", ["ANNEXE", "ANNEXE 1 à l'arrêté n° 2026-9", "Annexe unique"])
@pytest.mark.parametrize("done", ["Fait en deux exemplaires le 20 août 2026", "Fait à Dax, le 20 août 2026", "Dax, le 20 août 2026"])
def test_what_is_annexed_has_a_day_of_its_own(annex: str, done: str) -> None:
    text = (
        "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\nArticle 1 : La commune de Dax est autorisée à employer un traitement "
        "algorithmique des images de vidéoprotection.\nArticle 2 : Exécution.\n\nDax, le 28 septembre 2026\nPour le "
        "préfet,\nLa secrétaire générale\n"
        f"Inès LATOUR\n\n{annex}\n\nCONVENTION\n\nLa ville emploie le logiciel.\n\n{done}\nPour l'État Pour la commune"
    )
    facts = judge(act(text, "Arrêté n° 2026-9 autorisant un traitement algorithmique des images de vidéoprotection")).facts
    assert (str(facts.signed), facts.office) == ("2026-09-28", "La secrétaire générale")
