from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import fold_letters, fold_words, one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Préfecture de la DRÔME", "prefecture de la drome"),
        ("Sacré-Cœur", "sacre-coeur"),
        ("Lætitia", "laetitia"),
        ("L’Haÿ-les-Roses", "l’hay-les-roses"),
        ("ﬁn\u00a0n°\u00a012", "fin n° 12"),
        ("Ève", "eve"),
        ("E\u0301vry", "evry"),
        ("", ""),
    ],
)
def test_case_accents_and_ligatures_do_not_count(text: str, expected: str) -> None:
    assert fold_words(text) == expected


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_a_folded_text_stays_as_it_is(text: str) -> None:
    assert fold_words(fold_words(text)) == fold_words(text)
    assert fold_letters(fold_letters(text)) == fold_letters(text)


@pytest.mark.parametrize(
    ("layer", "recognised"),
    [
        ("mise en œuvre", "mise en oeuvre"),
        ("CŒUR", "Coeur"),
        ("Lætitia", "LAETITIA"),
        ("Straße", "STRASSE"),
        ("Søren", "Soren"),
        ("Łódź", "LODZ"),
        ("Đorđe", "Dorde"),
        ("ﬁn du § 12", "fin du 12"),
        ("algorith mique", "algorithmique"),
    ],
)
def test_a_layer_and_a_recognition_of_one_text_have_the_same_letters(layer: str, recognised: str) -> None:
    assert fold_letters(layer) == fold_letters(recognised)


@given(st.text())
def test_letters_are_folded_one_by_one(text: str) -> None:
    assert fold_letters(text) == "".join(map(fold_letters, text))
    assert fold_letters(text) == fold_letters(fold_words(text))


@pytest.mark.parametrize(
    ("printed", "whole"),
    [
        ("portant autori-\nsation  à Saint-\nDenis", "portant autorisation à Saint-Denis"),
        ("l'arrêté n° 2026-\n0712 de la sous- \n préfète", "l'arrêté n° 2026-0712 de la sous-préfète"),
        ("TRAITE-\nMENT d'un traitement, ALPES-\nMARITIMES", "TRAITEMENT d'un traitement, ALPES-MARITIMES"),
        ("le porte-\navions, un porte-avions", "le porte-avions, un porte-avions"),
        ("Jacques –\nGaîté -\nfin", "Jacques – Gaîté - fin"),
    ],
)
def test_a_word_cut_by_a_line_end_keeps_only_a_hyphen_of_its_own(printed: str, whole: str) -> None:
    assert one_line(printed) == whole
