from __future__ import annotations

from datetime import date

import pytest

from bot.detection.judging import judge
from bot.detection.rules.evidence import is_generic
from bot.detection.text.document import has_sign, relevant_pages
from bot.domain.acts import Act, Kind, Outcome
from bot.domain.law import window
from bot.domain.text import PageText, TextOrigin
from tests.bot.detection.samples import act

OBJECT = "portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"


def body(number: str, object_: str = OBJECT, article: str = "La SNCF est autorisée.") -> str:
    articles = f"Article 1er : {article}\nArticle 2 : Exécution."
    return f"Arrêté n° {number}\n{object_}\nVu le code ;\nARRÊTE\n{articles}\nFait à Lande, le 3 mai 2026\n"


def of_pages(*texts: str, title: str = "", origin: TextOrigin = TextOrigin.LAYER) -> Act:
    pages = tuple(PageText(number, text, origin if not text else TextOrigin.LAYER) for number, text in enumerate(texts, start=11))
    return Act(None, title, None, 11, 10 + len(pages), pages)


def test_evidence_quotes_the_original_with_its_page() -> None:
    verdict = judge(of_pages("Annexe", "PRÉFET", body("2026-7").replace("l'emploi", "l□emploi")))
    proof = verdict.evidence[0]
    assert proof.about == "verdict"
    assert proof.page == 13
    assert proof.text.startswith("Arrêté n° 2026-7 portant autorisation de l□emploi d'un traitement algorithmique")
    assert next(quote for quote in verdict.evidence if quote.about == "signed").page == 13


def test_a_phrase_cut_by_a_page_end_is_found() -> None:
    first, second = body("2026-7").split("algorith")
    verdict = judge(of_pages(first + "algorith-\n", second))
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.AUTHORISATION)


def test_no_person_is_named() -> None:
    text = (
        "Arrêté n° 2026-8\nVu le décret nommant M. Jean EXEMPLE préfet ;\nARRÊTE\n"
        "Article 1er : Mme Camille D'EXEMPLE-Test, maire de Lande, est autorisée à mettre en œuvre "
        "un traitement algorithmique des images de vidéoprotection, "
        "à l'occasion de l'hommage à Monsieur Jean Exemple, dans la rue Haute.\nFait à Lande, le 3 mai 2026\n"
    )
    verdict = judge(act(text, "Arrêté n° 2026-8"))
    assert verdict.outcome is Outcome.DECREE
    shown = repr(verdict).lower()
    assert "exemple" not in shown
    assert "[…]" in shown


def test_a_table_of_contents_a_separator_and_the_decree_are_one() -> None:
    entry = f"75-2026-05-03-00001 - Arrêté n° 2026-7 {OBJECT} du 4 au 5 mai 2026 (6 pages) Page 3\n"
    separator = f"75-2026-05-03-00001\nArrêté n° 2026-7 {OBJECT}\n"
    other = "75-2026-05-03-00002 - Arrêté n° 2026-9 portant mesures de police (2 pages) Page 9\n"
    verdict = judge(of_pages("RECUEIL", entry + other, separator + body("2026-7")))
    assert verdict.facts.number == "2026-7"
    assert verdict.facts.signed == date(2026, 5, 3)
    assert verdict.facts.starts is not None
    assert verdict.facts.operators == ("SNCF",)


@pytest.mark.parametrize(
    ("day", "flagged"),
    [
        ("3 mai 2024", False),
        ("1er avril 2025", True),
    ],
)
def test_a_decree_outside_every_window_is_flagged_and_kept(day: str, flagged: bool) -> None:
    verdict = judge(act(title=f"Arrêté n° 2026-7 {OBJECT} le {day}"))
    assert verdict.outcome is Outcome.DECREE
    assert any(quote.about == "outside_window" for quote in verdict.evidence) is flagged


def test_windows_name_their_source_and_how_sure_they_are() -> None:
    first = window(date(2024, 5, 1), "vsa")
    assert first is not None
    assert "2023-380" in first.source
    assert first.confidence
    assert window(date(2025, 12, 1), "vsa") is None


def test_the_gate_reads_any_spelling() -> None:
    for text in (
        "algorith mique",
        "ALGORITHMIQUE",
        "algorilhmique",
        "analyse automatisée d'images",
        "caméras augmentées",
        "vidéoprotection intelligente",
    ):
        assert has_sign(text, "vsa"), text
    for text in ("vidéoprotection", "", "captation d'images par aéronefs", "thermique, économique, logarithmique", "décret n° 2023-829"):
        assert not has_sign(text, "vsa"), text


def test_of_a_bulk_act_only_the_pages_around_a_sign_are_kept() -> None:
    texts = [f"page {number}" for number in range(300)]
    texts[149] += " algorith"
    texts[150] = "mique" + texts[150]
    kept = [page.number for page in relevant_pages(of_pages(*texts), "vsa")]
    assert 149 + 11 in kept
    assert 20 < len(kept) < 40


@pytest.mark.parametrize(
    ("title", "service", "texts", "stand_alone", "outcome"),
    [
        ("AP signé", "Préfecture / Cabinet", ["", ""], False, Outcome.UNCERTAIN),
        ("AP signé", "Direction départementale des territoires", [""], False, Outcome.NOT_CONCERNED),
        (f"Arrêté {OBJECT}", None, [""], False, Outcome.DECREE),
    ],
)
def test_what_could_not_be_read(title: str, service: str | None, texts: list[str], stand_alone: bool, outcome: Outcome) -> None:
    pages = tuple(PageText(n, text, TextOrigin.LAYER if text else TextOrigin.UNREADABLE) for n, text in enumerate(texts, start=1))
    verdict = judge(Act(None, title, service, 1, len(pages), pages), stand_alone=stand_alone)
    assert verdict.outcome is outcome
    assert bool(verdict.evidence) is (outcome is not Outcome.NOT_CONCERNED)


def test_a_citation_with_unreadable_articles_is_for_a_person() -> None:
    visa = (
        "Arrêté portant mesures de police\nVu le décret n° 2023-828 du 28 août 2023 relatif aux modalités de mise en œuvre des traitements "
        "algorithmiques sur les images collectées au moyen de systèmes de vidéoprotection ;"
    )
    title = "Arrêté portant mesures de police"
    assert judge(of_pages(visa, "ARRÊTE\nArticle 1er : Le port du casque est interdit.", title=title)).outcome is Outcome.NOT_CONCERNED
    assert judge(of_pages(visa, "", title=title, origin=TextOrigin.UNREADABLE)).outcome is Outcome.UNCERTAIN


def test_a_file_name_is_no_title() -> None:
    scrambled = (
        "Vu le décret n° 2023-828 du 28 août 2023 ;\nVu l'arrêté préfectoral n° 20231030 VS 75 ;\n"
        "portant autorisation de l'emploi dans\nd'un traitement algorithmique des images issues d'un système de vidéoprotection\n"
        "Arrêté n° 2026-77\nLe préfet de police,\nVu le code de la sécurité intérieure ;\n"
    )
    verdict = judge(act(scrambled, "20260531 projet concert sans signature"), stand_alone=True)
    assert (verdict.outcome, verdict.kind, verdict.facts.number) == (Outcome.DECREE, Kind.AUTHORISATION, "2026-77")


def test_generic_titles() -> None:
    assert is_generic("arrete prefectoral")


def test_telling_titles() -> None:
    assert not is_generic("arrete portant ouverture de la chasse")
