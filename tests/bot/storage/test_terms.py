from __future__ import annotations

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.search import stem, terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Caméras de L'ÉVÈNEMENT", ["cameras", "de", "l", "evenement"]),
        ("n°2024-12 nº2 № 3", ["n", "2024", "12", "n", "2", "3"]),
        ("œuvre ﬁn ½", ["oeuvre", "fin", "1", "2"]),
        ("snake_case", ["snake", "case"]),
        ("Ελ", ["u3b5u3bb"]),
        ("Straße", ["strasse"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "family",
    [
        "caméra caméras CAMERA cameras",
        "autorisé autorisée autorisées autorisés autorise autorisee autorisation",
        "évènement événements evenement",
        "algorithmique algorithmiques",
        "renouvelé renouvelée renouvelees",
        "national nationale nationaux",
    ],
)
def test_one_word_is_one_term(family: str) -> None:
    assert len(terms([family], most=100)) == 1


def test_terms_are_distinct_in_order_and_limited() -> None:
    assert terms(["zèbre arbre", "zebres d'arbre b 7"], most=10) == ["zebr", "arbre", "7"]
    assert terms(["a1 b2 c3 d4"], most=2) == ["a1", "b2"]


@given(st.text())
def test_a_term_is_plain_ascii_and_bounded(text: str) -> None:
    for term in terms([text], most=1_000):
        assert re.fullmatch(r"[a-z0-9]{1,40}", term)


@given(st.text())
def test_case_and_composition_do_not_matter(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert words(decomposed) == words(unicodedata.normalize("NFC", text))


def test_stems_are_the_same_from_many_threads() -> None:
    forms = [
        f"{root}{ending}" for root in ("autoris", "renouvel", "control", "surveill") for ending in ("er", "ation", "ant", "ements", "ees")
    ]
    stem.cache_clear()
    alone = [stem(form) for form in forms]
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(stem, forms * 50)) == alone * 50
