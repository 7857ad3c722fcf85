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


def test_an_erratum_of_a_decree_that_it_does_not_name_is_for_a_person() -> None:
    verdict = read(f"RECTIFICATIF\nAu recueil n° 62-2026-119, page 12, arrêté {OBJECT} :", "")
    assert verdict.outcome is Outcome.UNCERTAIN
    assert "erratum of a decree not named" in {quote.cue for quote in verdict.evidence}


@pytest.mark.parametrize("opening", ["AVIS DE RECTIFICATION", "Correction d'une erreur matérielle"])
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
        ("  RECTIFICATIFS au recueil", True),
        ("Arrêté préfectoral\nrectificatif n° 2026-12", False),
    ],
)
def test_what_calls_itself_an_erratum(text: str, is_one: bool) -> None:
    assert (erratum_in(fold(text).text) is not None) is is_one
