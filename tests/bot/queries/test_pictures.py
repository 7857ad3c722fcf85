"""The pictures of maps and charts: what is on them, by the colours of their pixels."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import date

import pytest

from bot.gazetteer.gazetteer import gazetteer
from bot.gazetteer.outlines import outlines
from bot.queries.figures import Coverage, DepartmentFigures, Figures, FiguresAnswer, View
from bot.queries.pictures import Sheet, figures_picture
from tests.bot.queries.conftest import PLACES

Pixel = tuple[int, int, int]
PAPER = (252, 251, 248)
EMPTY, FIRST, DARKEST, OFF = (246, 246, 242), (185, 216, 210), (6, 58, 58), (220, 216, 204)
BAR = (27, 101, 98)


def _pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the pixels of a PNG whose rows have no filter."""
    width, height = struct.unpack(">II", png[16:24])
    position, packed = 8, b""
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        packed += png[position + 8 : position + 8 + length] if kind == b"IDAT" else b""
        position += 12 + length
    rows = zlib.decompress(packed)
    step = 3 * width + 1
    assert len(rows) == step * height
    return width, height, b"".join(rows[start + 1 : start + step] for start in range(0, len(rows), step))


def _share(png: bytes, colour: Pixel) -> float:
    """How much of a picture has exactly this colour, by one row in eight."""
    width, height, pixels = _pixels(png)
    wanted, rows = bytes(colour), range(0, height, 8)
    starts = (start for row in rows for start in range(3 * width * row, 3 * width * (row + 1), 3))
    return sum(pixels[start : start + 3] == wanted for start in starts) / (width * len(rows))


def _figures(in_force: int, coverage: Coverage) -> Figures:
    names = ((outline.code, gazetteer().department(outline.code)) for outline in outlines())
    departments = tuple(DepartmentFigures(code, known.name if known else code, in_force, 0, coverage) for code, known in names)
    months = tuple((date(2026, month, 1), in_force) for month in range(1, 13))
    return Figures(
        date(2026, 12, 1), departments, months, (("26", in_force),) if in_force else (), in_force, 0, in_force, None, stalled=False
    )


@pytest.mark.parametrize(
    ("in_force", "coverage", "least", "most"),
    [
        (0, Coverage.READ, {EMPTY: 0.2}, {FIRST: 0.01, OFF: 0.01}),
        (1, Coverage.READ, {FIRST: 0.2}, {EMPTY: 0.01}),
        (25, Coverage.READ, {DARKEST: 0.2}, {EMPTY: 0.01}),
        (0, Coverage.UNREAD, {EMPTY: 0.1}, {FIRST: 0.01, OFF: 0.01}),
        (1, Coverage.UNREAD, {FIRST: 0.1}, {EMPTY: 0.01}),
        (0, Coverage.NOT_COVERED, {OFF: 0.1}, {EMPTY: 0.01}),
        (25, Coverage.NOT_COVERED, {DARKEST: 0.1}, {OFF: 0.01}),
    ],
)
def test_a_map_has_the_colour_of_what_is_in_force(
    in_force: int, coverage: Coverage, least: dict[Pixel, float], most: dict[Pixel, float]
) -> None:
    picture = figures_picture(FiguresAnswer(View.MAP, _figures(in_force, coverage)), PLACES, "fr")
    assert all(_share(picture, colour) > share for colour, share in least.items())
    assert all(_share(picture, colour) < share for colour, share in most.items())
    assert len(picture) < 500_000, "a photo is sent to whoever asks"


def test_what_is_not_read_is_textured_also_where_there_are_decrees() -> None:
    plain, hatched, dotted = (figures_picture(FiguresAnswer(View.MAP, _figures(25, one)), PLACES, "fr") for one in Coverage)
    shares = [_share(one, DARKEST) for one in (plain, hatched, dotted)]
    assert shares[0] > 1.1 * shares[1]
    assert shares[0] > 1.05 * shares[2]


def test_a_chart_has_columns_for_what_was_published_and_dots_before_the_watch() -> None:
    full = _figures(3, Coverage.READ)
    pictures = [
        figures_picture(FiguresAnswer(View.CHART, one), PLACES, "en")
        for one in (full, _figures(0, Coverage.READ), replace(full, since=date(2026, 12, 2)))
    ]
    bars, grey = [_share(one, BAR) for one in pictures], [_share(one, OFF) for one in pictures]
    assert bars[0] > 0.1
    assert bars[1] < 0.02
    assert grey[0] == 0
    assert grey[2] > 0


def test_the_same_figures_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = 0
    draw = Sheet.png

    def counted(sheet: Sheet) -> bytes:
        nonlocal drawn
        drawn += 1
        return draw(sheet)

    monkeypatch.setattr(Sheet, "png", counted)
    answers = [FiguresAnswer(View.MAP, replace(_figures(2, Coverage.READ), doubtful=77)) for _ in range(3)]
    assert len({figures_picture(answer, PLACES, "fr") for answer in answers}) == 1
    assert drawn == 1
    figures_picture(replace(answers[0], figures=replace(answers[0].figures, day=date(2027, 1, 1))), PLACES, "fr")
    assert drawn == 2


def test_words_outside_the_letters_of_the_typeface_do_no_harm() -> None:
    sheet = Sheet(200, 60, "#ffffff")
    sheet.write((10, 40), "é\u202f– œ ☂ ) \\ (", 20, "#000000")
    width, height, pixels = _pixels(sheet.png())
    assert (width, height) == (200, 60)
    assert b"\x00\x00\x00" in pixels
