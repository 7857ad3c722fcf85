from __future__ import annotations

import pytest

from bot.reading.pages.recognition import repair


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("vidéoprotecƟon", "vidéoprotection"),
        ("aƩestaƟon", "attestation"),
        ("ofﬁciel et ﬂux", "officiel et flux"),
        ("ﬀ ﬃ ﬄ ﬅ ﬆ", "ff ffi ffl st st"),
        ("algo\u00adrithme", "algorithme"),
        ("\u0430lg\u043erithmiqu\u0435, \u0391rr\u00eat\u0435, 5 \u03bcm, \u03a9", "algorithmique, Arrête, 5 \u03bcm, \u03a9"),
        ("algo\u200brithme\ufeff\x00", "algorithme"),
        ("Saint\x02Tropez", "Saint-\nTropez"),
        ("Saint\ufffe\r\nTropez", "Saint-\nTropez"),
        ("un\r\ndeux\rtrois", "un\ndeux\ntrois"),
        ("l□emploi d□un □ oui", "l'emploi d'un □ oui"),
        ("e\u0301te\u0301", "été"),
        ("n° 12 du 1er m²", "n° 12 du 1er m²"),
    ],
)
def test_repair(broken: str, mended: str) -> None:
    assert repair(broken) == mended
