from __future__ import annotations

import pytest

from bot.reading.pages.recognition import Layer, combine
from tests.bot.reading.papers import BODY

RUNNING_TITLE = "Préfecture de la Drôme - 26-2025-07-07-00017 - Arrêté n° 26-2025-12 portant autorisation de la mise en œuvre 12"
GLYPHS = "/0 /1 /2 □ /3 /4 /5 /6 /4 /7 /8 □ /10 /4 /11"
POOR = BODY.replace("la", "1a").replace("de", "cle").replace("et", "el")


def test_the_exact_stamp_takes_the_place_of_its_ocr_and_nothing_else_is_lost() -> None:
    recognised = (
        BODY + "\nPréfecture de la Drome - 26-2025-07-07-0OO17 - Arreté n° 26-2025-12 portant\nautorisation de la mise en oeuvre 12\n"
    )
    text, other = combine(RUNNING_TITLE, Layer.SHORT, recognised)
    assert text.count("26-2025-07-07") == 1
    assert text.endswith(RUNNING_TITLE)
    for line in BODY.splitlines():
        assert line in text
    assert other == ""


def test_a_stamp_on_top_is_replaced_too() -> None:
    text, _ = combine(RUNNING_TITLE, Layer.SHORT, RUNNING_TITLE.replace("é", "e") + "\n" + BODY)
    assert text.count("26-2025-07-07-00017") == 1
    assert BODY.splitlines()[1] in text


def test_a_garbled_layer_gives_way_to_its_ocr() -> None:
    assert combine(GLYPHS, Layer.GARBLED, BODY) == (BODY, "")


@pytest.mark.parametrize(("layer", "recognised"), [(POOR, BODY), (BODY, POOR)])
def test_of_a_doubtful_layer_and_its_ocr_both_are_kept_the_better_first(layer: str, recognised: str) -> None:
    assert combine(layer, Layer.DOUBTFUL, recognised) == (BODY, POOR)


def test_a_layer_without_french_words_gives_way_to_a_french_page() -> None:
    layer = "".join(chr(ord(letter) + 1) if letter.isalpha() else letter for letter in BODY)
    assert combine(layer, Layer.DOUBTFUL, BODY) == (BODY, "")


def test_two_texts_that_say_the_same_are_one() -> None:
    assert combine(BODY, Layer.DOUBTFUL, BODY.replace(" ", "  ")) == (BODY, "")


def test_a_table_without_french_words_keeps_its_exact_layer() -> None:
    table = "Xqzv wbrt kplm " * 20
    assert combine(table, Layer.DOUBTFUL, "Xqzv wbrt kp1m") == (table, "Xqzv wbrt kp1m")


@pytest.mark.parametrize("worth", [Layer.SHORT, Layer.DOUBTFUL])
def test_an_ocr_that_saw_nothing_loses_no_text(worth: Layer) -> None:
    assert combine(RUNNING_TITLE, worth, " \n") == (RUNNING_TITLE, "")


def test_without_a_layer_there_is_the_ocr() -> None:
    assert combine(" ", Layer.SHORT, BODY) == (BODY, "")
