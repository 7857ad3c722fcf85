"""The pictures of `/carte` and `/chiffres`: figures in, PNG out. What they show is in their captions in words (`figures.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import pairwise
from threading import Lock

import pypdfium2 as pdfium

from bot.domain.acts import Place
from bot.gazetteer.outlines import FRAME, WIDTH, PlacedOutline, placed
from bot.messages.lines import date_text
from bot.messages.words import Language, Words, cut, words_in
from bot.queries.figures import STEPS, Coverage, DepartmentFigures, Figures, FiguresAnswer, View, authority_name, step
from bot.queries.vocabulary import vocabulary
from bot.reading.pages.drawing import png

# More is further from the paper, in one hue; what is not read has a texture, so that it never looks like what has no decree.
PAPER, INK, SOFT, _RULE = "#fcfbf8", "#1c1b18", "#5a554b", "#dad5c9"
_STEPS = ("#f6f6f2", "#b9d8d2", "#7fb3ac", "#468e88", "#1b6562", "#063a3a")
_EDGE, _HATCH, _OFF, _DOT = "#a9b5af", "#6d675a", "#dcd8cc", "#77715f"
_BAR = _STEPS[4]
_DARK = 3
"""The step from which a texture is drawn in the colour of the paper."""

_SIDE, _WIDE = 35, 1080
_MOST_AUTHORITIES = 10
_LONGEST_NAME = 30


def figures_picture(answer: FiguresAnswer, places: Mapping[str, Place], language: Language) -> bytes:
    """Return the picture of these figures, drawn once for as long as they stay the same. Blocks for some tenths of a second."""
    shown = answer.figures.authorities[:_MOST_AUTHORITIES] if answer.view is View.CHART else ()
    return _drawn(answer, tuple(authority_name(code, places) for code, _ in shown), language)


@lru_cache(maxsize=2 * len(View))
def _drawn(answer: FiguresAnswer, names: Sequence[str], language: Language) -> bytes:
    words = vocabulary(language).figures
    dates = words_in(language).dates
    if answer.view is View.MAP:
        return _map(answer.figures, date_text(answer.figures.day, dates), words).png()
    months = words.recorded.format(date=date_text(answer.figures.months[0][0], dates), count=answer.figures.in_months)
    return _chart(answer.figures, names, months, words).png()


def _sheet(height: int, title: str, head: str) -> Sheet:
    sheet = Sheet(_WIDE, height, PAPER)
    sheet.write((_SIDE, 72), title, 44, INK, bold=True)
    sheet.write((_SIDE, 116), head, 28, SOFT)
    return sheet


# The map.

_TOP, _LEGEND = 140, 1330


def _map(figures: Figures, day: str, words: Words) -> Sheet:
    sheet = _sheet(_LEGEND + 250, words.map_title, day)
    by_code = {one.code: one for one in figures.departments}
    for place in placed():
        _department(sheet, place, by_code[place.outline.code])
    left, top, right, bottom = FRAME
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    sheet.fill([[_on_sheet(corner) for corner in corners]], None, SOFT)
    _steps(sheet)
    _sign(sheet, (_SIDE, _LEGEND + 96), Coverage.UNREAD, words.legend_unread)
    _sign(sheet, (_WIDE / 2, _LEGEND + 96), Coverage.NOT_COVERED, words.legend_not_covered)
    for line, text in enumerate((words.legend_above, words.legend_below, words.independent)):
        sheet.write((_SIDE, _LEGEND + 150 + 34 * line), text, 24, SOFT)
    return sheet


def _department(sheet: Sheet, place: PlacedOutline, one: DepartmentFigures) -> None:
    rings = [[_on_sheet(place.at(point)) for point in ring] for ring in place.outline.rings]
    dark = step(one.in_force)
    empty = one.coverage is Coverage.NOT_COVERED and not dark
    sheet.fill(rings, _OFF if empty else _STEPS[dark], _EDGE)
    _texture(sheet, rings, one.coverage, over_dark=dark >= _DARK)


def _on_sheet(point: Point) -> Point:
    return point[0] + _SIDE, point[1] + _TOP


def _texture(sheet: Sheet, rings: Sequence[Sequence[Point]], coverage: Coverage, *, over_dark: bool = False) -> None:
    if coverage is Coverage.UNREAD:
        sheet.hatch(rings, PAPER if over_dark else _HATCH)
    elif coverage is Coverage.NOT_COVERED:
        sheet.dots(rings, PAPER if over_dark else _DOT)


def _steps(sheet: Sheet) -> None:
    labels = ("0", *(str(least) if after - least == 1 else f"{least}–{after - 1}" for least, after in pairwise(STEPS)), f"{STEPS[-1]} +")
    width = WIDTH / len(labels)
    for place, (label, colour) in enumerate(zip(labels, _STEPS, strict=True)):
        left = _SIDE + place * width
        sheet.fill([_corners(left, _LEGEND, left + width, _LEGEND + 22)], colour, _EDGE)
        sheet.write((left + width / 2 - 7 * len(label), _LEGEND + 54), label, 26, INK)


def _sign(sheet: Sheet, at: Point, coverage: Coverage, words: str) -> None:
    left, base = at
    box = _corners(left, base - 24, left + 44, base + 4)
    sheet.fill([box], _OFF if coverage is Coverage.NOT_COVERED else _STEPS[0], _EDGE)
    _texture(sheet, [box], coverage)
    sheet.write((left + 60, base), words, 26, INK)


def _corners(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return (left, top), (right, top), (right, bottom), (left, bottom)


# The chart: a column for each month, then a bar for each authority.

_FLOOR, _TALLEST = 560, 330
_ROW, _NAME = 52, 430


def _chart(figures: Figures, names: Sequence[str], head: str, words: Words) -> Sheet:
    first = _FLOOR + 220
    sheet = _sheet(first + _ROW * len(names) + 60, words.chart_title, head)
    sheet.write((_SIDE, 178), words.by_month, 30, INK, bold=True)
    _months(sheet, figures, words)
    sheet.write((_SIDE, first - 40), words.by_authority if names else words.nothing, 30, INK, bold=True)
    most = max((count for _, count in figures.authorities), default=1)
    for row, (name, (_, count)) in enumerate(zip(names, figures.authorities, strict=False)):
        base = first + _ROW * row + 26
        end = _NAME + max(3, (WIDTH - _NAME - 60) * count / most)
        sheet.write((_SIDE, base), cut(name, _LONGEST_NAME), 26, INK)
        sheet.rectangle(_NAME, base - 26, end, base + 8, _BAR)
        sheet.write((end + 12, base), str(count), 26, INK, bold=True)
    sheet.write((_SIDE, first + _ROW * len(names) + 30), words.independent, 24, SOFT)
    return sheet


def _months(sheet: Sheet, figures: Figures, words: Words) -> None:
    width = WIDTH / len(figures.months)
    most = max(1, *(count for _, count in figures.months))
    began = None if figures.since is None else figures.since.replace(day=1)
    before = [began is not None and month < began for month, _ in figures.months]
    for place, (month, count) in enumerate(figures.months):
        left, right = _SIDE + place * width + 6, _SIDE + (place + 1) * width - 6
        if before[place]:
            ground = _corners(left, _FLOOR - _TALLEST, right, _FLOOR)
            sheet.fill([ground], _OFF)
            sheet.dots([ground], _DOT)
        top = _FLOOR - _TALLEST * count / most
        sheet.rectangle(left, top, right, _FLOOR, _BAR)
        if before[place]:
            sheet.rectangle(left, top - 40, right, top, _OFF)
        sheet.write_number(((left + right) / 2, top - 10), count, 24, INK, bold=True)
        name = words.months[month.month - 1]
        sheet.write((left + 4, _FLOOR + 32), name, 24, INK)
        if place == 0 or month.month == 1:
            sheet.write((left + 4, _FLOOR + 60), str(month.year), 24, SOFT)
    sheet.rectangle(_SIDE, _FLOOR, _SIDE + WIDTH, _FLOOR + 2, INK)
    if any(before):
        _sign(sheet, (_SIDE, _FLOOR + 106), Coverage.NOT_COVERED, words.legend_before)


# Draws shapes and words as a PNG, through a page of a PDF of our own drawn by pdfium. Pixels from the upper left corner, colours `#rrggbb`.
# Words are in Helvetica or pdfium's substitute; letters outside Windows-1252 become question marks.

_DRAWING = Lock()
"""pdfium is not made for two threads at once."""
_DIGIT = 0.556
"""Width of a digit of Helvetica, in sizes; all have the same."""
_HATCH_EVERY, _DOT_EVERY, _DOT_WIDE = 9, 7, 2.6

Point = tuple[float, float]
Rings = Sequence[Sequence[Point]]


class Sheet:
    """A sheet on which each shape covers those before it."""

    def __init__(self, width: int, height: int, paper: str) -> None:
        self._width = width
        self._height = height
        self._parts: list[str] = []
        self.rectangle(0, 0, width, height, paper)

    def rectangle(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        """Fill a rectangle."""
        self.fill([[(left, top), (right, top), (right, bottom), (left, bottom)]], fill)

    def fill(self, rings: Rings, fill: str | None, edge: str | None = None) -> None:
        """Fill the inside of rings, draw their edges, or both."""
        operator = "b*" if fill and edge else "f*" if fill else "s"
        colours = "".join((_colour(fill, "rg") if fill else "", _colour(edge, "RG") if edge else ""))
        self._parts.append(f"q {colours}1 w 1 j {_path(rings)}{operator} Q")

    def hatch(self, rings: Rings, colour: str) -> None:
        """Draw slanted lines inside rings."""
        left, top, right, bottom = _box(rings)
        height = bottom - top
        # On one grid for the whole sheet, so that neighbours join.
        start = int((left + top) // _HATCH_EVERY) * _HATCH_EVERY
        lines = []
        while start < right + bottom:
            # Along a line x + y is the same.
            lines.append(f"{_number(start - top)} {_number(top)} m {_number(start - top - height)} {_number(bottom)} l ")
            start += _HATCH_EVERY
        self._parts.append(f"q {_path(rings)}W* n {_colour(colour, 'RG')}1.6 w {''.join(lines)}S Q")

    def dots(self, rings: Rings, colour: str) -> None:
        """Draw dots inside rings."""
        # Lines of no length, with round ends.
        points = ((_number(x), _number(y)) for x, y in _grid(_box(rings)))
        dots = "".join(f"{x} {y} m {x} {y} l " for x, y in points)
        self._parts.append(f"q {_path(rings)}W* n {_colour(colour, 'RG')}1 J {_DOT_WIDE} w {dots}S Q")

    def write(self, at: Point, words: str, size: float, colour: str, *, bold: bool = False) -> None:
        """Write words from this point on, which is on their base line."""
        shown = words.replace("\u202f", "\u00a0").replace("\u2011", "-").encode("cp1252", "replace").hex()
        place = f"1 0 0 -1 {_number(at[0])} {_number(at[1])} Tm"
        self._parts.append(f"BT {_colour(colour, 'rg')}/{'B' if bold else 'R'} {_number(size)} Tf {place} <{shown}> Tj ET")

    def write_number(self, at: Point, number: int, size: float, colour: str, *, bold: bool = False) -> None:
        """Write a number with its middle over this point."""
        half = len(str(number)) * _DIGIT * size / 2
        self.write((at[0] - half, at[1]), str(number), size, colour, bold=bold)

    def png(self) -> bytes:
        """Draw the sheet."""
        with _DRAWING, closing(pdfium.PdfDocument(self._pdf())) as document:
            page = document[0]
            with closing(page.render(scale=1, rev_byteorder=True, prefer_bgrx=False)) as bitmap:
                pixels, stride = bytes(bitmap.buffer), bitmap.stride
        rows = (pixels[row * stride : row * stride + 3 * self._width] for row in range(self._height))
        return png(rows, self._width, self._height)

    def _pdf(self) -> bytes:
        """Return a PDF of one page, whose pixels are its units, from the upper left corner."""
        content = f"1 0 0 -1 0 {self._height} cm\n".encode() + "\n".join(self._parts).encode()
        font = "<</Type/Font/Subtype/Type1/BaseFont/{}/Encoding/WinAnsiEncoding>>"
        objects = (
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R/Resources 7 0 R>>" % (self._width, self._height),
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
            font.format("Helvetica").encode(),
            font.format("Helvetica-Bold").encode(),
            b"<</Font<</R 5 0 R/B 6 0 R>>>>",
        )
        written = bytearray(b"%PDF-1.4\n")
        places = []
        for number, value in enumerate(objects, start=1):
            places.append(len(written))
            written += b"%d 0 obj\n%s\nendobj\n" % (number, value)
        table = b"".join(b"%010d 00000 n \n" % place for place in places)
        end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        written += end % (len(objects) + 1, table, len(objects) + 1, len(written))
        return bytes(written)


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _colour(colour: str, operator: str) -> str:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return " ".join(f"{part:.3f}" for part in parts) + f" {operator} "


def _path(rings: Rings) -> str:
    return "".join(
        f"{_number(first[0])} {_number(first[1])} m " + "".join(f"{_number(x)} {_number(y)} l " for x, y in others) + "h "
        for first, *others in rings
    )


def _box(rings: Rings) -> tuple[float, float, float, float]:
    xs, ys = zip(*(point for ring in rings for point in ring), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _grid(box: tuple[float, float, float, float]) -> Iterator[Point]:
    """Yield where dots stand in a box: every other row half a step aside."""
    left, top, right, bottom = (int(side // _DOT_EVERY) for side in box)
    for row in range(top, bottom + 1):
        for column in range(left - 1, right + 1):
            yield (column + row % 2 / 2) * _DOT_EVERY, row * _DOT_EVERY
