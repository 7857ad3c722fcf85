from __future__ import annotations

import pytest

from bot.reading import quality
from bot.reading.quality import combine, garbage_ratio, is_garbled, needs_ocr, repair
from tests.bot.reading.papers import BODY

RUNNING_TITLE = "Préfecture de la Drôme - 26-2025-07-07-00017 - Arrêté n° 26-2025-12 portant autorisation de la mise en œuvre 12"
GLYPHS = "/0 /1 /2 □ /3 /4 /5 /6 /4 /7 /8 □ /10 /4 /11"


@pytest.mark.parametrize(
    ("text", "coverage", "ink", "expected"),
    [
        (BODY * 3, 0.0, 0.0, False),
        (BODY * 3, 1.0, 0.3, False),  # a scan that already carries its OCR
        (BODY, 0.05, 0.01, False),  # a letterhead
        (RUNNING_TITLE, 1.0, 0.1, True),  # a scan with the stamped running title
        (RUNNING_TITLE, 0.36, 0.0, True),
        (RUNNING_TITLE, 0.34, 0.0, False),
        (RUNNING_TITLE, 0.0, 0.05, True),  # letters drawn as curves
        ("12", 0.03, 0.0, True),
        ("12", 0.01, 0.0, False),
        ("", 0.0, 0.01, True),
        ("", 0.0, 0.0, False),
        (GLYPHS, 0.0, 0.0, True),
        (BODY * 3 + GLYPHS, 0.0, 0.0, True),
        (BODY.replace("e", "\ufffd"), 0.0, 0.0, True),
        (BODY.replace("e", "\ue065"), 0.0, 0.0, True),
        ("Xqzv wbrt kplm " * 20, 0.0, 0.0, True),  # letters, but of no French word
    ],
)
def test_which_pages_are_read_again(text: str, coverage: float, ink: float, expected: bool) -> None:
    assert needs_ocr(text, coverage, ink) is expected


@pytest.mark.parametrize(
    "text",
    [
        BODY.replace("'", "□"),  # an apostrophe of the covers made before 2024
        "\uf0b7 limitation des usages de l'eau\n\uf0b7 lutte contre l'incendie\n" * 10,  # bullets of the Symbol font
        "□ oui □ non\n" + BODY,  # boxes to tick
        "dossiers 2025/12 /14 et 3/4 du code\n" + BODY,
    ],
)
def test_odd_signs_in_a_good_text_are_not_garbage(text: str) -> None:
    assert garbage_ratio(text) == 0.0
    assert not is_garbled(text)


def test_a_page_of_glyph_numbers_is_nearly_all_garbage() -> None:
    assert garbage_ratio(GLYPHS) > 0.9


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("vidéoprotecƟon", "vidéoprotection"),
        ("aƩestaƟon", "attestation"),
        ("ofﬁciel et ﬂux", "officiel et flux"),
        ("algo\u00adrithme", "algorithme"),
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


def test_the_exact_stamp_takes_the_place_of_its_ocr_and_nothing_else_is_lost() -> None:
    recognised = (
        BODY + "\nPréfecture de la Drome - 26-2025-07-07-0OO17 - Arreté n° 26-2025-12 portant\nautorisation de la mise en oeuvre 12\n"
    )
    text = combine(RUNNING_TITLE, recognised)
    assert text.count("26-2025-07-07") == 1
    assert text.endswith(RUNNING_TITLE)
    for line in BODY.splitlines():
        assert line in text


def test_a_stamp_on_top_is_replaced_too() -> None:
    text = combine(RUNNING_TITLE, RUNNING_TITLE.replace("é", "e") + "\n" + BODY)
    assert text.count("26-2025-07-07-00017") == 1
    assert BODY.splitlines()[1] in text


def test_a_garbled_layer_gives_way_to_its_ocr() -> None:
    assert combine(GLYPHS, BODY) == BODY


def test_a_table_without_french_words_keeps_its_exact_layer() -> None:
    table = "Xqzv wbrt kplm " * 20
    assert combine(table, "Xqzv wbrt kp1m") == table


def test_an_ocr_that_saw_nothing_loses_no_text() -> None:
    assert combine(RUNNING_TITLE, " \n") == RUNNING_TITLE


def test_thresholds_are_those_measured() -> None:
    assert (quality.LITTLE_TEXT, quality.NO_TEXT, quality.MUCH_IMAGE, quality.SOME_IMAGE, quality.TOO_MUCH_GARBAGE) == (
        600,
        20,
        0.35,
        0.02,
        0.02,
    )
