"""The text layer of a page as pdfium gives it, put in the order of a reader where pdfium's is wrong.

pdfium follows the order of the file, which is the reader's nearly always and costs nothing. It is not where columns were drawn line by
line, where pieces were drawn in any order, and where the text runs along another side of the page (pdfium then glues lines together).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import byref, c_double, c_ushort
from typing import Any

import pypdfium2.raw as pdfium_c

from bot.reading.pages.order import WIDE_GAP, Box, Run, are_suspected, in_reading_order, line_by_line, upright

_SAMPLES_OF_ANGLE = 7
_SAMPLES = 300
_FEW_LETTERS = 40
# pdfium's end of line is a blank, or a hyphen of its own making.
_WORDS = re.compile("[^\\s\x00\x02\ufffe]+[\x02\ufffe]?|[\x02\ufffe]")
# It puts nothing between the lines of a text that lies on its side.
_LETTERS = re.compile("[^\\s\x00]")


def text_in_order(textpage: Any, count: int, rotation: int) -> str:
    """Return the text of the layer. `count` is its number of characters, `rotation` the /Rotate of the page (degrees, clockwise)."""
    text = str(textpage.get_text_bounded())
    if count < _FEW_LETTERS:
        return text
    angle = _angle(textpage, range(count // (2 * _SAMPLES_OF_ANGLE), count, max(1, count // _SAMPLES_OF_ANGLE)))
    plain = angle == rotation == 0
    if plain and not are_suspected(list(_boxes(textpage))):
        return text
    along, others = _runs(textpage, count, angle, _WORDS if plain else _LETTERS)
    # The order that pdfium gives to letters that lie on their side for the reader is of its own making.
    ordered = in_reading_order(along, trusted=angle == rotation)
    if ordered is None:
        if plain:
            return text
        ordered = line_by_line(along)
    if others:
        # What runs along another side of the page is stamped on it: it stays last.
        ordered += "\n" + line_by_line(others)
    return ordered if _letters(ordered) == _letters(text) else text


def count_visible(textpage: Any, count: int) -> int:
    """Return how many of the layer's characters are no blanks, wherever they stand and whether or not a text can hold them."""
    return len("".join(_characters(textpage, count).replace("\x00", " ").split()))


def lost_letters(textpage: Any, count: int) -> float:
    """Return the share (0 to 1) of the page's glyphs whose code says nothing (broken ToUnicode table), on an even sample of them."""
    sampled = range(0, count, max(1, count // _SAMPLES))
    if not sampled:
        return 0.0
    return [pdfium_c.FPDFText_HasUnicodeMapError(textpage, index) for index in sampled].count(1) / len(sampled)


def _letters(text: str) -> Counter[str]:
    return Counter("".join(text.split()).replace("\x02", "-").replace("\ufffe", "-"))


def _angle(textpage: Any, indices: Sequence[int]) -> int:
    """Return the direction of most of these characters: 0, 90, 180 or 270 degrees."""
    angles = [_angle_of(textpage, index) for index in indices]
    return Counter(angles).most_common(1)[0][0] if angles else 0


def _angle_of(textpage: Any, index: int) -> int:
    clockwise = pdfium_c.FPDFText_GetCharAngle(textpage, index)
    return -round(math.degrees(max(0.0, clockwise)) / 90) % 4 * 90


def _boxes(textpage: Any) -> Iterator[Box]:
    """Yield where the pieces of text stand, as the file cuts them: quick, as there are some fifty on a page."""
    left, bottom, right, top = c_double(), c_double(), c_double(), c_double()
    at = byref(left), byref(top), byref(right), byref(bottom)
    raw, place = textpage.raw, pdfium_c.FPDFText_GetRect
    for index in range(pdfium_c.FPDFText_CountRects(raw, 0, -1)):
        place(raw, index, *at)
        yield left.value, bottom.value, right.value, top.value


def _runs(textpage: Any, count: int, angle: int, pieces: re.Pattern[str]) -> tuple[list[Run], list[Run]]:
    """Return the runs of the page, out of pieces of it: those along `angle`, each upright, and the others. Slow: where it is needed."""
    letters = _characters(textpage, count)
    found: tuple[list[Run], list[Run]] = ([], [])
    text, box, own, last = "", (0.0, 0.0, 0.0, 0.0), angle, 0
    for start, end, here in _placed(textpage.raw, letters, pieces):
        placed = upright(here, own)
        if text and _follows(box, placed):
            text += " " * (start > last) + letters[start:end]
            box = _both(box, placed)
        else:
            if text:
                found[own != angle].append(Run(box, text))
            own = _angle_of(textpage, start)
            text, box = letters[start:end], upright(here, own)
        last = end
    if text:
        found[own != angle].append(Run(box, text))
    return found


def _placed(raw: Any, letters: str, pieces: re.Pattern[str]) -> Iterator[tuple[int, int, Box]]:
    """Yield where each piece begins and ends in the text, and on the page."""
    left, bottom, right, top = c_double(), c_double(), c_double(), c_double()
    at = byref(left), byref(right), byref(bottom), byref(top)
    place = pdfium_c.FPDFText_GetCharBox

    def box(index: int) -> Box:
        place(raw, index, *at)
        return left.value, bottom.value, right.value, top.value

    for piece in pieces.finditer(letters):
        start, end = piece.span()
        first = box(start)
        if end - start == 1:
            yield start, end, first
            continue
        last = box(end - 1)
        if last[0] > first[0] and last[1] < first[3] and first[1] < last[3]:
            yield start, end, _both(first, last)
        else:
            yield from ((index, index + 1, box(index)) for index in range(start, end))


def _both(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _characters(textpage: Any, count: int) -> str:
    units = (c_ushort * (count + 1))()
    pdfium_c.FPDFText_GetText(textpage, 0, count, units)
    # One unit a character, as pdfium counts them: a pair of surrogates is two.
    return "".join(map(chr, units[:count]))


def _follows(run: Box, letter: Box) -> bool:
    """Does the letter stand on the line of the run, at its end?"""
    height = max(run[3] - run[1], letter[3] - letter[1], 1.0)
    apart = letter[0] - run[2]
    level = (letter[1] < run[3] and letter[3] > run[1]) or abs(letter[1] + letter[3] - run[1] - run[3]) < height
    return level and -height < apart < max(WIDE_GAP, 0.8 * height)
