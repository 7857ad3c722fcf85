from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import plain


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
    assert plain(text) == expected


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)
