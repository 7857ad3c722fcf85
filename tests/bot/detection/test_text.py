from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.detection.text.cues import damaged, fold, repair, squeeze
from bot.domain.text import fold_letters

ALGORITHMIC = "algo|rith|mique"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Arrêté", "arrete"),
        ("l’emploi l□emploi l\ufffdemploi l`emploi", "l'emploi l'emploi l'emploi l'emploi"),
        ("mise en œuvre", "mise en oeuvre"),
        ("de  la\t  police", "de la police"),
        ("vidéo-\nprotection", "videoprotection"),
        ("vidéo-\r\n  protection", "videoprotection"),
        ("Saint-\nDenis", "saint-denis"),
        ("la sous-\npréfète", "la sous-prefete"),
        ("Villeneuve-\nsur-Lot", "villeneuve-sur-lot"),
        ("Jacques –\nGaîté, Jacques -\nGaîté", "jacques -\ngaite, jacques -\ngaite"),
        ("un porte-\nmanteau, le porte-\navions et le porte-avions", "un portemanteau, le porte-avions et le porte-avions"),
        ("TRAITE-\nMENT d'un traitement, ALPES-\nMARITIMES", "traitement d'un traitement, alpes-maritimes"),
        ("vidéo\u00adprotection", "videoprotection"),
        ("fin  \n\n  début", "fin\ndebut"),
        ("n° 2024 – 493", "n° 2024 - 493"),
        ("« Cityvision »", '" cityvision "'),
        ("e\u0301te\u0301", "ete"),
        ("\u00a0ﬁn", " fin"),
        ("30-\n31", "30-\n31"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_positions_lead_back_to_the_original() -> None:
    source = "Le  traitement\nalgo-\nrithmique, mis en œuvre  à l’été"
    view = fold(source)
    for word, original in [("algorithmique", "algo-\nrithmique"), ("oeuvre", "œuvre"), ("ete", "été"), ("l'", "l’")]:
        start = view.text.index(word)
        first, last = view.span(start, start + len(word))
        assert source[first:last] == original
    tight = squeeze(view.text)
    start = tight.text.index("oeuvrealete")
    first, last = tight.span(start, start + len("oeuvrealete"))
    assert view.text[first:last] == "oeuvre a l'ete"


@given(st.text(alphabet=st.sampled_from("aéœ□’'- \n\t\u00ad«1°Ax\ufffd\ufffe"), max_size=80))
def test_every_position_is_inside_the_original_and_they_never_go_back(source: str) -> None:
    view = fold(source)
    origins = [view.origin(position) for position in range(len(view.text))]
    assert all(0 <= origin <= len(source) for origin in origins)
    assert origins == sorted(origins)
    assert all(view.position(origin) <= len(view.text) for origin in range(len(source)))


@given(st.text(max_size=200))
def test_both_ways_to_squeeze_agree_on_plain_letters(text: str) -> None:
    plain = "".join(character for character in text if character.isascii() and character.isprintable())
    assert squeeze(fold(plain).text).text == fold_letters(plain)


@pytest.mark.parametrize(
    "word", ["algorilhmique", "aigorithmique", "algonithmique", "algorithnique", "a1gor1thmique", "algorithmiqve", "algorihmique"]
)
def test_a_misread_word_is_put_back(word: str) -> None:
    assert damaged(f"untraitement{word}desimages", ALGORITHMIC)
    view = repair(f"untraitement{word}desimages", (ALGORITHMIC,))
    assert view.text == "untraitementalgorithmiquedesimages"
    assert view.span(12, 25) == (12, 12 + len(word))


@pytest.mark.parametrize("word", ["logarithmique", "economique", "arithmetique", "rythmique", "algerienne", "seismique"])
def test_other_words_are_left_alone(word: str) -> None:
    assert not damaged(f"untraitement{word}desimages", ALGORITHMIC)
    assert repair(word, (ALGORITHMIC,)).text == word
