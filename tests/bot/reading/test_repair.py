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
