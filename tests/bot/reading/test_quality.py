from __future__ import annotations

import pytest

from bot.reading.pages.recognition import (
    HALF_A_PAGE,
    MUCH_IMAGE,
    Layer,
    PageInk,
    combine,
    garbage_ratio,
    is_convincing,
    judge,
    own_length,
    repair,
)
from tests.bot.reading.papers import BODY

RUNNING_TITLE = "Préfecture de la Drôme - 26-2025-07-07-00017 - Arrêté n° 26-2025-12 portant autorisation de la mise en œuvre 12"
LONG_TITLE = RUNNING_TITLE.replace(" 12", " pour la sécurité des personnes et des biens dans les lieux ouverts au public" * 8 + " 12")
GLYPHS = "/0 /1 /2 □ /3 /4 /5 /6 /4 /7 /8 □ /10 /4 /11"
LATER = "".join(chr(ord(letter) + 7) if letter.isalpha() else letter for letter in BODY)
NAMES = "Xqzv wbrt kplm " * 60
OLD_OCR = BODY.replace("la", "1a").replace("de", "cle").replace("le", "Ie").replace("et", "el").replace("du", "clu") * 3
ODD_OCR = BODY.replace("sé", "sÉ").replace("ri", "r1t").replace("ti", "t|") * 3


@pytest.mark.parametrize(
    ("text", "shown", "expected"),
    [
        (BODY * 3, PageInk(), Layer.GOOD),
        (BODY * 3, PageInk(1.0, 0.01), Layer.GOOD),  # a scan that carries a good OCR
        (BODY * 5, PageInk(1.0, 0.3), Layer.GOOD),
        (BODY + BODY[:300], PageInk(1.0, 0.04), Layer.DOUBTFUL),  # a scan pasted under half a page of text
        (OLD_OCR, PageInk(1.0), Layer.DOUBTFUL),  # a scan that carries a poor one
        (ODD_OCR, PageInk(1.0), Layer.DOUBTFUL),
        (OLD_OCR, PageInk(0.1), Layer.GOOD),  # odd, but no image shows anything else
        (BODY, PageInk(0.05, 0.01), Layer.GOOD),  # a letterhead
        (RUNNING_TITLE, PageInk(1.0, 0.1), Layer.SHORT),  # a scan with the stamped running title
        (RUNNING_TITLE, PageInk(0.36), Layer.SHORT),
        (RUNNING_TITLE, PageInk(0.34), Layer.GOOD),
        (LONG_TITLE, PageInk(1.0, 0.1), Layer.SHORT),  # the same, long enough for a page of text
        (f"{BODY}\n{LONG_TITLE}", PageInk(1.0, 0.1), Layer.SHORT),
        (f"{BODY * 2}\n{LONG_TITLE}", PageInk(1.0, 0.01), Layer.GOOD),
        (f"{LONG_TITLE}\n{BODY * 5}", PageInk(1.0, 0.1), Layer.GOOD),
        (RUNNING_TITLE, PageInk(ink=0.05), Layer.SHORT),  # letters drawn as curves
        ("12", PageInk(0.03), Layer.SHORT),
        ("12", PageInk(0.01), Layer.GOOD),
        ("", PageInk(ink=0.01), Layer.SHORT),
        ("", PageInk(), Layer.GOOD),
        (GLYPHS, PageInk(), Layer.GARBLED),
        (BODY * 3 + GLYPHS, PageInk(), Layer.GARBLED),
        (BODY * 3 + GLYPHS[:32], PageInk(), Layer.DOUBTFUL),
        (BODY.replace("e", "\ufffd"), PageInk(), Layer.GARBLED),
        (BODY.replace("e", "\ue065"), PageInk(), Layer.GARBLED),
        (NAMES, PageInk(), Layer.DOUBTFUL),  # letters, but of no French word
        (LATER * 3, PageInk(), Layer.DOUBTFUL),
        (NAMES, PageInk(lost=0.03), Layer.GARBLED),
        (BODY, PageInk(lost=0.5), Layer.GOOD),  # a font that says nothing of its letters, rightly guessed
    ],
)
def test_what_a_layer_is_worth(text: str, shown: PageInk, expected: Layer) -> None:
    assert judge(text, shown) is expected
    # The short cut, which is not taken where there is room for a scan under the text, never says otherwise.
    has_room = shown.coverage > MUCH_IMAGE and own_length(text) < HALF_A_PAGE
    assert expected is Layer.GOOD or has_room or not is_convincing(text)


def test_a_full_page_of_french_is_convincing_by_itself() -> None:
    assert is_convincing(BODY * 3)
    assert not is_convincing(BODY)


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
    assert judge(text, PageInk()) is Layer.GOOD


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
