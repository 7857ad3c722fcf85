"""Columns of prose come back one after the other; whatever is laid out in rows stays as it is."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.reading.pages.layer import Run, are_scattered, are_suspected, in_reading_order, line_by_line, upright
from tests.bot.reading.layouts import TABLES, prose
from tests.examples import examples

LETTER = 5.0
LEADING = 12.0
MARGIN = 60.0
HEADING = "Règlement de la voirie départementale applicable sur tout le territoire du département et de ses communes"
STAMP = "Préfecture de la Drôme - 26-2025-07-07-00017 - Arrêté n° 26-2025-12 portant règlement de la voirie 12"

Placed = tuple[float, float, str]


def runs(placed: Sequence[Placed]) -> list[Run]:
    """Pieces of text at (left, bottom), each letter as wide as any other."""
    return [Run((left, bottom, left + LETTER * len(text), bottom + 9), text) for left, bottom, text in placed]


def ordered(placed: Sequence[Placed]) -> str | None:
    found = runs(placed)
    if not are_suspected([run.box for run in found]):
        return None
    return in_reading_order(found)


def beside(columns: Sequence[Sequence[str]], lefts: Sequence[float], top: float = 700.0, shift: float = 0.0) -> list[Placed]:
    """Columns drawn line by line; each stands `shift` lower than the one on its left."""
    return [
        (left, top - LEADING * row - shift * number, line)
        for row, lines in enumerate(zip_longest(*columns))
        for number, (left, line) in enumerate(zip(lefts, lines, strict=True))
        if line
    ]


@settings(max_examples=examples(40), deadline=None)
@given(
    seed=st.integers(0, 10**6),
    letters=st.sampled_from([(34, 34), (52, 40), (44, 48), (33, 32, 36)]),
    gutter=st.integers(10, 40),
    rows=st.integers(10, 50),
    shift=st.integers(0, 4),
    shorter=st.floats(0.65, 1),
)
def test_columns_of_prose_come_back_one_after_the_other(
    seed: int, letters: Sequence[int], gutter: int, rows: int, shift: int, shorter: float
) -> None:
    chance = random.Random(seed)
    columns = [textwrap.wrap(prose(chance, 12 * rows), width, break_long_words=False)[:rows] for width in letters]
    columns[-1] = columns[-1][: round(rows * shorter)]
    lefts = [MARGIN + number * gutter + LETTER * sum(letters[:number]) for number in range(len(letters))]
    around = [(MARGIN, 740.0, HEADING)], [(MARGIN, 40.0, STAMP)]
    text = ordered([*around[0], *beside(columns, lefts, shift=shift), *around[1]])
    assert text == "\n".join([HEADING, *(line for column in columns for line in column), STAMP])


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(sorted(TABLES)), rows=st.integers(5, 45), gap=st.integers(9, 60))
def test_tables_stay_row_by_row(seed: int, kind: str, rows: int, gap: int) -> None:
    chance = random.Random(seed)
    table = [[cell(chance) for cell in TABLES[kind]] for _ in range(rows)]
    lefts = [MARGIN]
    for column in list(zip(*table, strict=True))[:-1]:
        lefts.append(lefts[-1] + LETTER * max(map(len, column)) + gap)
    assert ordered(beside(list(zip(*table, strict=True)), lefts)) is None


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(5, 12))
def test_cells_of_several_lines_given_whole_stay_whole(seed: int, rows: int) -> None:
    chance = random.Random(seed)
    placed: list[Placed] = []
    top = 720.0
    for _ in range(rows):
        cells = [textwrap.wrap(prose(chance, chance.randint(14, 24)), 40) for _ in range(2)]
        for left, cell in zip((60, 290), cells, strict=True):
            placed += [(left, top - LEADING * number, line) for number, line in enumerate(cell)]
        top -= LEADING * max(map(len, cells))
    assert ordered(placed) is None


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(4, 8))
def test_rows_of_sentences_drawn_line_by_line_are_no_columns(seed: int, rows: int) -> None:
    chance = random.Random(seed)
    columns: list[list[str]] = [[], []]
    for _ in range(rows):
        cells = [textwrap.wrap(prose(chance, chance.randint(14, 24)).rstrip(".") + ".", 40) for _ in range(2)]
        for column, cell in zip(columns, cells, strict=True):
            column += [*cell, *[""] * (max(map(len, cells)) - len(cell))]
    assert ordered(beside(columns, [60, 290])) is None


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10**6), wide=st.integers(3, 14))
def test_a_justified_text_keeps_its_order_whatever_its_blanks(seed: int, wide: int) -> None:
    """Word by word, as some software draws it, with blanks as wide as a gutter."""
    chance = random.Random(seed)
    placed: list[Placed] = []
    for row in range(40):
        left = MARGIN
        for word in prose(chance, chance.randint(7, 11)).split():
            placed.append((left, 700 - LEADING * row, word))
            left += LETTER * len(word) + wide * chance.uniform(0.7, 1.3)
    assert ordered(placed) is None


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10**6), two=st.booleans())
@example(seed=0, two=True)
def test_pieces_in_any_order_are_read_from_top_to_bottom(seed: int, two: bool) -> None:
    chance = random.Random(seed)
    columns = [textwrap.wrap(prose(chance, 300), 40)[:30] for _ in range(2 if two else 1)]
    placed = beside(columns, [60.0, 290.0][: len(columns)])
    chance.shuffle(placed)
    assert are_scattered([run.box for run in runs(placed)])
    assert ordered(placed) == "\n".join(line for column in columns for line in column)


def test_columns_already_in_order_are_left_alone() -> None:
    columns = [textwrap.wrap(prose(random.Random(number), 300), 40)[:30] for number in (1, 2)]
    placed = [*beside(columns[:1], [60]), *beside(columns[1:], [290])]
    assert ordered(placed) is None


def test_headings_between_columns_keep_their_place() -> None:
    columns = [textwrap.wrap(prose(random.Random(number), 300), 40) for number in (1, 2)]
    above, below = [column[:12] for column in columns], [column[12:15] for column in columns]
    text = ordered([*beside(above, [60, 290], top=700), (60, 540, HEADING), *beside(below, [60, 290], top=520)])
    assert text == "\n".join([*above[0], *above[1], HEADING, *below[0], *below[1]])


def test_a_letterhead_beside_an_address_stays_above_columns() -> None:
    head = [
        "Préfecture de la Drôme",
        "Cabinet",
        "Direction des sécurités",
        "Bureau de l'ordre public",
        "3 boulevard Vauban",
        "26000 Valence",
    ]
    address = ["Valence, le 3 mars 2025", "Le préfet", "à", "Mesdames et messieurs", "les maires du département", "de la Drôme"]
    columns = [textwrap.wrap(prose(random.Random(number), 200), 40)[:20] for number in (1, 2)]
    assert ordered(beside([head, address], [60, 290], top=780)) is None
    text = ordered([*beside([head, address], [60, 290], top=780), *beside(columns, [60, 290], top=640)])
    rows = [f"{left}\t{right}" for left, right in zip(head, address, strict=True)]
    assert text == "\n".join([*rows, *columns[0], *columns[1]])


@pytest.mark.parametrize(
    ("angle", "box"),
    [(0, (10, 20, 40, 29)), (90, (-29, 10, -20, 40)), (180, (-40, -29, -10, -20)), (270, (20, -40, 29, -10))],
)
def test_boxes_turned_upright(angle: int, box: tuple[float, float, float, float]) -> None:
    assert upright(box, angle) == (10, 20, 40, 29)


def test_pieces_of_a_word_are_joined_and_words_are_not() -> None:
    assert line_by_line(runs([(60, 700, "vidéo"), (85, 700, "protection"), (140, 700, "publique"), (60, 688, "et")])) == (
        "vidéoprotection publique\net"
    )
    assert line_by_line([]) == ""


def test_nothing_is_nothing() -> None:
    assert in_reading_order([]) is None
    assert not are_suspected([])
