"""What only corrects a decree changes that one, and is never announced as a decree of its own."""

from __future__ import annotations

from datetime import date

import pytest

from bot.detection.judging import judge
from bot.detection.text.cues import fold
from bot.detection.text.document import erratum_in
from bot.domain.acts import Kind, Outcome, Reference, Verdict
from tests.bot.detection.samples import act

OBJECT = "autorisant la commune de Lens à mettre en œuvre un traitement algorithmique des images de vidéoprotection"
CORRECTED = "au lieu de : « quai Nord » ;\nlire : « quai Sud ».\nLe reste sans changement.\nArras, le 15 juillet 2026"


def read(text: str, title: str = "") -> Verdict:
    return judge(act(f"PRÉFECTURE DU PAS-DE-CALAIS\n{text}\n{CORRECTED}", title))


@pytest.mark.parametrize(
    "opening",
    [
        f"RECTIFICATIF\nAu recueil des actes administratifs n° 62-2026-119 du 10 juillet 2026, page 12, arrêté n° 2026-93 {OBJECT} :",
        f"Erratum\nArrêté n° 2026-93 {OBJECT}",
        f"R E C T I F I C A T I F\nDans l'arrêté n° 2026-93 {OBJECT},",
        f"ERRATA\nà l'arrêté n° 2026-93 {OBJECT},",
    ],
)
@pytest.mark.parametrize("title", ["", f"Rectificatif au recueil n° 62-2026-119 (arrêté {OBJECT})"])
def test_an_erratum_modifies_the_decree_that_it_names(opening: str, title: str) -> None:
    verdict = read(opening, title)
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.MODIFICATION)
    # The number is that of the decree, the day at the end is the erratum's own.
    assert (verdict.facts.number, verdict.facts.signed) == (None, date(2026, 7, 15))
    assert verdict.facts.references == (Reference(Kind.MODIFICATION, "2026-93"),)


def test_an_article_that_is_quoted_makes_no_decree_of_an_erratum() -> None:
    articles = "AU LIEU DE :\n« Article 4 : Le quai Nord est filmé. »\nLIRE :\n« Article 4 : Le quai Sud est filmé. »"
    verdict = judge(act(f"ERRATUM\nà l'arrêté n° 2026-93-014 {OBJECT},\n{articles}\nArras, le 15 juillet 2026"))
    assert (verdict.kind, verdict.facts.number, verdict.facts.signed) == (Kind.MODIFICATION, None, date(2026, 7, 15))
    assert verdict.facts.references == (Reference(Kind.MODIFICATION, "2026-93-014"),)


def test_the_day_that_it_names_is_that_of_the_decree() -> None:
    verdict = read(f"RECTIFICATIF\nArrêté du 9 juillet 2026 {OBJECT}")
    assert verdict.kind is Kind.MODIFICATION
    assert verdict.facts.signed == date(2026, 7, 15)
    assert verdict.facts.references == (Reference(Kind.MODIFICATION, None, date(2026, 7, 9)),)


@pytest.mark.parametrize("title", ["", f"Rectificatif au recueil n° 62-2026-119 (arrêté {OBJECT})"])
def test_an_erratum_of_a_decree_that_it_does_not_name_is_for_a_person(title: str) -> None:
    verdict = read(f"RECTIFICATIF\nAu recueil n° 62-2026-119, page 12, arrêté {OBJECT} :", title)
    assert verdict.outcome is Outcome.UNCERTAIN
    assert "erratum of a decree not named" in {quote.cue for quote in verdict.evidence}


@pytest.mark.parametrize("opening", ["RECTIFICATIF", "AVIS DE RECTIFICATION", "Correction d'une erreur matérielle"])
def test_an_erratum_under_a_title_of_one_word_is_no_decree_of_its_own(opening: str) -> None:
    text = f"Page 12 du recueil n° 62-2026-119, arrêté {OBJECT}, une erreur s'est glissée :"
    assert read(text, opening).outcome is Outcome.UNCERTAIN


@pytest.mark.parametrize(
    "said",
    [
        "Cette correction est sans incidence sur le dispositif.",
        "Elle n'affecte en rien la portée de l'acte.",
        "Elle ne modifie pas le sens de l'acte.",
    ],
)
def test_an_erratum_that_changes_nothing_is_for_a_person(said: str) -> None:
    verdict = read(f"RECTIFICATIF\nArrêté n° 2026-93 {OBJECT}\n{said}")
    assert verdict.outcome is Outcome.UNCERTAIN
    assert "erratum that changes nothing" in {quote.cue for quote in verdict.evidence}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Préfet du Var\nErratum", True),
        ("  RECTIFICATIFS au recueil", True),
        ("Arrêté préfectoral\nrectificatif n° 2026-12", False),
        ("Arrêté rectificatif n° 2026-12", False),
        ("Décision rectificative", False),
        ("La via ferrata\nerrata-baume", True),
        ("rectificatifs2", False),
        ("Article\n" * 60 + "erratum", False),
    ],
)
def test_what_calls_itself_an_erratum(text: str, is_one: bool) -> None:
    assert (erratum_in(fold(text).text) is not None) is is_one


def test_a_decree_that_rectifies_another_keeps_its_number_and_day() -> None:
    text = f"Vu le code ;\nARRÊTE\nArticle 1er : L'article 2 de l'arrêté n° 2026-93 {OBJECT} est modifié."
    verdict = read(text, f"Arrêté préfectoral rectificatif n° 2026-95 du 15 juillet 2026 modifiant l'arrêté n° 2026-93 {OBJECT}")
    assert (verdict.kind, verdict.facts.number, verdict.facts.signed) == (Kind.MODIFICATION, "2026-95", date(2026, 7, 15))


def test_a_line_of_a_table_of_contents_is_no_erratum_of_the_next_one() -> None:
    verdict = judge(act(f"SOMMAIRE\nRectificatif de l'arrêté sur la chasse\nArrêté n° 2026-93 {OBJECT}"))
    assert (verdict.kind, verdict.facts.number) == (Kind.AUTHORISATION, "2026-93")
