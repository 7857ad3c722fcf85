from __future__ import annotations

from bot.domain.identity import text_digest
from bot.domain.text import PageText


def test_words_count_and_layout_does_not() -> None:
    one = [PageText(1, "Arrêté  n° 12\nportant"), PageText(2, "ﬁn.")]
    other = [PageText(1, "ARRETE n°12 portant FIN")]
    assert text_digest(one) == text_digest(other)
    assert text_digest(one) != text_digest([PageText(1, "Arrêté n° 13 portant fin")])
    assert len(text_digest(one)) == 64
