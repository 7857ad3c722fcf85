"""What is decided without a file: page, phrases, strips, covers, pixels, PNG."""

from __future__ import annotations

import io
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.delivery.picture.album import PageChoice, choose, encode
from bot.delivery.picture.child import PlacedText, find, letters_of, lie_on_their_side, lines, names, placed_words, signatures, strips
from bot.delivery.picture.wire import COVERED, HIGHLIGHTED, Box, Canvas, Draw, NoPicture, NoPictureReason, inked, paint, parse_answer
from bot.domain.acts import Evidence, Where
from bot.reading.pages.recognition import mean_confidence, words_of
from bot.reading.sandbox.process import NotUnderstood
from tests.bot.messages.samples import decree
from tests.present import present


def quoted(about: str, page: int, where: Where | None, text: str = "un traitement algorithmique") -> Evidence:
    return Evidence(about, page, text, where)


@pytest.mark.parametrize(
    ("evidence", "page"),
    [
        ((), 7),
        # A separator page holds the title alone; the decree's own heading is its face.
        ((quoted("verdict", 7, Where.TITLE), quoted("support", 8, Where.HEADING), quoted("support", 9, Where.OPERATIVE)), 8),
        ((quoted("verdict", 7, Where.TITLE), quoted("support", 9, Where.OPERATIVE)), 9),
        ((quoted("verdict", 7, Where.TITLE), quoted("verdict", 10, Where.RUNNING_TITLE), quoted("verdict", 1, Where.CONTENTS)), 7),
        # A decree that stands alone begins with its title, on a page that holds more.
        ((quoted("verdict", 7, Where.TITLE), quoted("legal_basis", 7, Where.VISA), quoted("support", 8, Where.OPERATIVE)), 7),
        ((quoted("verdict", 9, Where.RECITAL), quoted("support", 8, Where.VISA)), 9),
        ((quoted("verdict", 9, Where.OPERATIVE), quoted("support", 8, Where.OPERATIVE)), 8),
        ((quoted("verdict", 9, None),), 9),
        ((quoted("verdict", 9, Where.RUNNING_TITLE),), 7),
        # What only facts say decides on no page.
        ((quoted("period", 9, Where.OPERATIVE),), 7),
        ((quoted("verdict", 0, Where.OPERATIVE),), 7),
    ],
)
def test_the_page(evidence: tuple[Evidence, ...], page: int) -> None:
    assert choose(decree(evidence=evidence)).page == page


def test_a_decree_without_a_page_is_on_the_first() -> None:
    assert choose(decree(page=-1)) == PageChoice(1, ())


def test_the_phrases_are_those_of_the_page_that_tell_something_each_once() -> None:
    evidence = (
        quoted("verdict", 8, Where.HEADING, "un traitement algorithmique"),
        quoted("support", 8, Where.OPERATIVE, "un traitement algorithmique"),
        quoted("period", 8, Where.OPERATIVE, "du 19 au 22 avril"),
        quoted("period", 9, Where.OPERATIVE, "du 23 au 24 avril"),
        quoted("court", 8, Where.OPERATIVE, "tribunal administratif de Lyon"),
        quoted("cameras", 8, Where.OPERATIVE, "n° 8"),
    )
    assert choose(decree(evidence=evidence)) == PageChoice(8, ("un traitement algorithmique", "du 19 au 22 avril"))


def test_phrases_are_not_without_end() -> None:
    many = tuple(quoted("places", 8, Where.OPERATIVE, f"gare numéro {number}") for number in range(500))
    assert len(choose(decree(evidence=(quoted("verdict", 8, Where.HEADING), *many))).phrases) == 40


@pytest.mark.parametrize(
    ("page", "phrase", "found"),
    [
        ("Vu la loi n° 2023-380", "loi n° 2023-380", "loi n° 2023-380"),
        ("un traite-\nment algo rithmique des", "traitement algorithmique", "traite-\nment algo rithmique"),
        ("L’EMPLOI D’UN TRAITEMENT", "l'emploi d'un traitement", "L’EMPLOI D’UN TRAITEMENT"),
        ("mise en oeuvre à Orléans", "mise en œuvre a Orleans", "mise en oeuvre à Orléans"),
        ("l□emploi", "l'emploi", "l□emploi"),
        ("arƟcle premier", "article premier", "arƟcle premier"),
        ("la ﬁn du délai", "la fin", "la ﬁn"),
        ("rien de tel ici, ni ailleurs dans cette page de texte ordinaire", "un traitement algorithmique des images", None),
        ("abc", "…", None),
        ("", "abc", None),
    ],
)  # fmt: skip
def test_finding(page: str, phrase: str, found: str | None) -> None:
    span = find(letters_of(page), phrase)
    assert (None if span is None else page[slice(*span)]) == found


PHRASE = "portant autorisation d'un traitement algorithmique des images issues"


@pytest.mark.parametrize(
    ("page", "least"),
    [
        ("Arrêté portant autorisalion d'un traiternent algorilhmique des irnages issues de caméras", 0.8),
        # The page ends before the phrase does.
        ("Arrêté portant autorisation d'un traitement algorithmique des", 0.7),
    ],
)
def test_finding_what_is_misread_or_cut(page: str, least: float) -> None:
    span = present(find(letters_of(page), PHRASE))
    shown = page[slice(*span)]
    assert shown.startswith("portant")
    assert least * len(PHRASE) <= len(shown) <= len(PHRASE) + 4


@given(st.text(max_size=60), st.text(max_size=60), st.text(min_size=1, max_size=40))
def test_a_phrase_is_found_in_whatever_holds_it(before: str, after: str, phrase: str) -> None:
    page = before + phrase + after
    span = find(letters_of(page), phrase)
    if letters_of(phrase).text:
        assert span is not None
        assert letters_of(phrase).text in letters_of(page[slice(*span)]).text
    else:
        assert span is None


def typed(text: str, *, wide: float = 10, high: float = 20) -> PlacedText:
    """A text with a box for each letter, as a typewriter would set it."""
    boxes: list[Box | None] = []
    row = column = 0
    for character in text:
        left, top = column * wide, row * 2 * high
        boxes.append(None if character.isspace() else (left, top, left + wide, top + high))
        row, column = (row + 1, 0) if character == "\n" else (row, column + 1)
    return PlacedText(text, tuple(boxes))


def test_strips_follow_lines() -> None:
    placed = typed("un mot\nun autre")
    assert strips(placed, 3, 9) == ((30, 0, 60, 20), (0, 40, 20, 60))
    assert [line.text for line in lines(placed)] == ["un mot", "un autre"]


def test_what_has_no_place_has_no_strip() -> None:
    odd = PlacedText("abc", ((0, 0, float("nan"), 1), (0, 0, float("inf"), 1), None))
    assert strips(odd, 0, 3) == ()
    assert list(lines(odd)) == []


def test_names_are_covered_across_lines() -> None:
    text = "présentée par M. Camille\nEXEMPLE-TEST, directrice"
    first, second = names(typed(text))
    assert first[0] <= text.index("M.") * 10
    assert first[2] >= text.index("\n") * 10
    assert second[0] <= 0
    assert second[2] >= len("EXEMPLE-TEST") * 10
    assert second[2] < (len("EXEMPLE-TEST, d")) * 10


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("déposée par Mme Camille EXEMPLE ;\nreçu EXEMPLE CAMILLE du 10 juillet", "déposée par ;\nreçu du 10 juillet"),
        ("M. Jean-Marc de la TOUR ;\nla TOUR de Jean", ";\nla TOUR de Jean"),
        ("Mme Camille EXEMPLE ;\nles mains de Camille", ";\nles mains de Camille"),
    ],
)
def test_names_are_covered_where_they_stand_again(text: str, shown: str) -> None:
    boxes = names(typed(text))

    def hidden(left: float, top: float) -> bool:
        return any(box[0] <= left < box[2] - 1 and box[1] <= top < box[3] for box in boxes)

    placed = typed(text)
    left_over = [letter for letter, box in zip(text, placed.boxes, strict=True) if box is None or not hidden(box[0] + 5, box[1] + 10)]
    assert "".join("".join(left_over).split()) == "".join(shown.split())


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Fait à Valence, le 3 mai 2031\nLe préfet\nDominique EXEMPLE\n" + "x" * 45, 1, 2),
        ("Fait le 3 mai 2031\nLe préfet", 1, None),
        ("FAIT A VALENCE, LE 3 mai 2031\nLe préfet", 1, None),
        ("Le préfet\nSigné : Dominique EXEMPLE\n" + "x" * 45, 1, 1),
        ("Original signé\nSigné électroniquement", 1, None),
        ("Article 3 : le fait à signaler, le cas échéant\nest noté", None, None),
        ("Signé entre les parties le 3 mai 2031 en trois exemplaires originaux de cinq pages\nVu", None, None),
        ("Vu l'arrêté signé le 3 mai", None, None),
    ],
)
def test_signatures(text: str, first: int | None, last: int | None) -> None:
    found = list(signatures(typed(text), 800, 10_000))
    if first is None:
        assert found == []
        return
    _, top, right, bottom = found[-1]
    count = text.count("\n") + 1
    inside = [row for row in range(count) if top <= row * 40 and row * 40 + 20 <= bottom]
    assert inside == list(range(first, count if last is None else last + 1))
    assert right == 800


def test_a_signature_is_not_the_rest_of_a_tall_page() -> None:
    ((_, top, _, bottom),) = signatures(typed("Fait à Valence, le 3 mai 2031\nLe préfet"), 800, 1000)
    assert bottom - top <= 250


WHITE, BLACK = 255, 0


def test_paint() -> None:
    grey = bytes([WHITE, BLACK, 99, 7] * 3)  # the last column is the padding of a row
    pixels = paint(grey, 3, 3, 4, [(0, 0, 3, 1), (-5, -5, float("nan"), 2)], [(1, 0.5, 2, 2), (50, 50, 60, 60)])
    assert pixels == bytes([254, COVERED, HIGHLIGHTED + 49, 127, COVERED, 49, 127, 0, 49])


def test_ink_is_what_differs_from_the_paper() -> None:
    width, height = 40, 30
    paper = bytearray([200]) * (width * height)
    paper[12 * width + 15] = paper[14 * width + 20] = 60
    paper[20 * width + 30] = 180
    assert inked(bytes(paper), width, height, width, (0, 10, 40, 30)) == (9, 6, 27, 21)
    assert inked(bytes(paper), width, height, width, (0, 0, 40, 10)) is None
    assert inked(bytes(paper), width, height, width, (60, 60, 70, 70)) is None


@given(st.binary(min_size=12, max_size=12))
def test_a_png_shows_what_was_painted(pixels: bytes) -> None:
    image = Image.open(io.BytesIO(encode(pixels, 4, 3, 10_000)))
    shown = image.convert("RGB").tobytes()
    assert image.size == (4, 3)
    for value, red, green, blue in zip(pixels, shown[::3], shown[1::3], shown[2::3], strict=True):
        if value == COVERED:
            assert (red, green, blue) == (70, 74, 82)
        elif value < HIGHLIGHTED:
            assert red == green == blue
            assert abs(red - value * 255 / 127) <= 6
        else:
            assert blue <= 64
            assert abs(red - (value - HIGHLIGHTED) * 255 / 127) <= 8


def test_black_and_white_stay_so_with_few_greys() -> None:
    noise = bytes([0, 127, 254, COVERED]) + random.Random(7).randbytes(60 * 60 - 4).translate(bytes(value >> 1 for value in range(256)))
    shown = Image.open(io.BytesIO(encode(noise, 60, 60, 1))).convert("RGB").tobytes()
    assert (shown[0], shown[3]) == (0, 255)
    assert shown[6] > 245
    assert shown[9:12] == bytes((70, 74, 82))


TABLE = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t1240\t1754\t-1\t
5\t1\t1\t1\t1\t1\t100\t100\t60\t20\t90.5\tArrêté
5\t1\t1\t1\t1\t2\t170\t100\t30\t20\t80\tn°
5\t1\t1\t1\t2\t1\t100\t130\t80\t20\t70\ttab\tici
5\t1\t1\t1\t2\t2\t100\t130\t80\t20\t95\t\u0020
garbage
"""


def test_words_read() -> None:
    placed = placed_words(words_of(TABLE), 2)
    assert placed.text == "Arrêté n°\ntab\tici"
    assert placed.boxes[:7] == (*[(200, 200, 320, 240)] * 6, None)
    assert len(placed.boxes) == len(placed.text)
    assert mean_confidence(words_of(TABLE)) == pytest.approx((90.5 + 80 + 70) / 3)
    assert placed_words(words_of(""), 1) == PlacedText("", ())
    assert mean_confidence(words_of("")) == 0


def test_lines_that_run_down_the_page() -> None:
    assert not lie_on_their_side(words_of(TABLE))
    assert lie_on_their_side(words_of("5\t1\t1\t1\t1\t1\t100\t100\t20\t160\t90\tArrêté"))
    assert not lie_on_their_side([])


@given(st.builds(Draw, st.integers(), st.lists(st.text()).map(tuple), st.integers(), st.integers()))
def test_orders_come_back(order: Draw) -> None:
    line = order.line()
    assert line.count(b"\n") == 1
    assert Draw.parse(line) == replace(order, phrases=tuple(order.phrases))


@given(st.binary(max_size=200) | st.sampled_from([b"[" * 100_000, b'{"width": 1}', b'{"why": "BLANK"}', b'{"why": 1, "more": ""}']))
def test_answers_that_nobody_can_have_meant(line: bytes) -> None:
    with pytest.raises(NotUnderstood):
        parse_answer(line, Draw(1, (), 10, 10))


def test_answers_come_back() -> None:
    order = Draw(1, ("a", "b"), 10, 10)
    canvas = Canvas(10, 3, (1,), 2)
    assert parse_answer(canvas.line(), order) == (canvas, 30)
    with pytest.raises(NoPicture, match=r"blank .é") as none:
        parse_answer(NoPicture(NoPictureReason.BLANK, "é").line(), order)
    assert none.value.why is NoPictureReason.BLANK
