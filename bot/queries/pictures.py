"""The pictures of `/carte` and `/chiffres`: figures in, PNG out. What they show is in their captions in words (`captions.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from bot.domain.acts import Place
from bot.gazetteer.outlines import FRAME, WIDTH, PlacedOutline, placed
from bot.messages import Language, words_in
from bot.messages.cleaning import cut
from bot.messages.words import date_text
from bot.queries.captions import authority_name
from bot.queries.drawing import Point, Sheet
from bot.queries.figures import STEPS, Coverage, DepartmentFigures, Figures, FiguresAnswer, View, step
from bot.queries.vocabulary import FiguresWords, vocabulary

# More is further from the paper, in one hue; what is not read has a texture, so that it never looks like what has no decree.
_PAPER, _INK, _SOFT, _RULE = "#fcfbf8", "#1c1b18", "#5a554b", "#dad5c9"
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
    sheet = Sheet(_WIDE, height, _PAPER)
    sheet.write((_SIDE, 72), title, 44, _INK, bold=True)
    sheet.write((_SIDE, 116), head, 28, _SOFT)
    return sheet


# The map.

_TOP, _LEGEND = 140, 1330


def _map(figures: Figures, day: str, words: FiguresWords) -> Sheet:
    sheet = _sheet(_LEGEND + 250, words.map_title, day)
    by_code = {one.code: one for one in figures.departments}
    for place in placed():
        _department(sheet, place, by_code[place.outline.code])
    left, top, right, bottom = FRAME
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    sheet.fill([[_on_sheet(corner) for corner in corners]], None, _SOFT)
    _steps(sheet)
    _sign(sheet, (_SIDE, _LEGEND + 96), Coverage.UNREAD, words.legend_unread)
    _sign(sheet, (_WIDE / 2, _LEGEND + 96), Coverage.NOT_COVERED, words.legend_not_covered)
    for line, text in enumerate((words.legend_above, words.legend_below, words.independent)):
        sheet.write((_SIDE, _LEGEND + 150 + 34 * line), text, 24, _SOFT)
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
        sheet.hatch(rings, _PAPER if over_dark else _HATCH)
    elif coverage is Coverage.NOT_COVERED:
        sheet.dots(rings, _PAPER if over_dark else _DOT)


def _steps(sheet: Sheet) -> None:
    labels = ("0", *(str(least) if after - least == 1 else f"{least}–{after - 1}" for least, after in pairwise(STEPS)), f"{STEPS[-1]} +")
    width = WIDTH / len(labels)
    for place, (label, colour) in enumerate(zip(labels, _STEPS, strict=True)):
        left = _SIDE + place * width
        sheet.fill([_corners(left, _LEGEND, left + width, _LEGEND + 22)], colour, _EDGE)
        sheet.write((left + width / 2 - 7 * len(label), _LEGEND + 54), label, 26, _INK)


def _sign(sheet: Sheet, at: Point, coverage: Coverage, words: str) -> None:
    left, base = at
    box = _corners(left, base - 24, left + 44, base + 4)
    sheet.fill([box], _OFF if coverage is Coverage.NOT_COVERED else _STEPS[0], _EDGE)
    _texture(sheet, [box], coverage)
    sheet.write((left + 60, base), words, 26, _INK)


def _corners(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return (left, top), (right, top), (right, bottom), (left, bottom)


# The chart: a column for each month, then a bar for each authority.

_FLOOR, _TALLEST = 560, 330
_ROW, _NAME = 52, 430


def _chart(figures: Figures, names: Sequence[str], head: str, words: FiguresWords) -> Sheet:
    first = _FLOOR + 220
    sheet = _sheet(first + _ROW * len(names) + 60, words.chart_title, head)
    sheet.write((_SIDE, 178), words.by_month, 30, _INK, bold=True)
    _months(sheet, figures, words)
    sheet.write((_SIDE, first - 40), words.by_authority if names else words.nothing, 30, _INK, bold=True)
    most = max((count for _, count in figures.authorities), default=1)
    for row, (name, (_, count)) in enumerate(zip(names, figures.authorities, strict=False)):
        base = first + _ROW * row + 26
        end = _NAME + max(3, (WIDTH - _NAME - 60) * count / most)
        sheet.write((_SIDE, base), cut(name, _LONGEST_NAME), 26, _INK)
        sheet.rectangle(_NAME, base - 26, end, base + 8, _BAR)
        sheet.write((end + 12, base), str(count), 26, _INK, bold=True)
    sheet.write((_SIDE, first + _ROW * len(names) + 30), words.independent, 24, _SOFT)
    return sheet


def _months(sheet: Sheet, figures: Figures, words: FiguresWords) -> None:
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
        sheet.write_number(((left + right) / 2, top - 10), count, 24, _INK, bold=True)
        name = words.months[month.month - 1]
        sheet.write((left + 4, _FLOOR + 32), name, 24, _INK)
        if place == 0 or month.month == 1:
            sheet.write((left + 4, _FLOOR + 60), str(month.year), 24, _SOFT)
    sheet.rectangle(_SIDE, _FLOOR, _SIDE + WIDTH, _FLOOR + 2, _INK)
    if any(before):
        _sign(sheet, (_SIDE, _FLOOR + 106), Coverage.NOT_COVERED, words.legend_before)
