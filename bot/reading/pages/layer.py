"""Puts the text layer of a page in reading order. pdfium follows the order of the file, which is nearly always right, but not for columns
drawn line by line, pieces drawn in any order, and text along another side of the page (pdfium then glues lines together)."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from ctypes import byref, c_double, c_ushort
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, TypeVar

import pypdfium2.raw as pdfium_c

T = TypeVar("T")

_SAMPLES_OF_ANGLE = 7
_SAMPLES = 300
_FEW_LETTERS = 40
# pdfium's end of line is a blank, or a hyphen of its own making.
_WORDS = re.compile("[^\\s\x00\x02\ufffe]+[\x02\ufffe]?|[\x02\ufffe]")
_LINE = re.compile(r"[^\s\x00][^\r\n]*")
# It puts nothing between the lines of a text that lies on its side.
_LETTERS = re.compile("[^\\s\x00]")


def text_in_order(textpage: Any, count: int, rotation: int, fields: Sequence[Box] = ()) -> str:
    """Return the text of the layer. `count` is its number of characters, `rotation` the /Rotate of the page (degrees, clockwise). `fields`
    are the boxes of form fields, whose values come last in the file, without separators."""
    text = str(textpage.get_text_bounded())
    if count < _FEW_LETTERS:
        return text
    angle = _angle(textpage, range(count // (2 * _SAMPLES_OF_ANGLE), count, max(1, count // _SAMPLES_OF_ANGLE)))
    plain = angle == rotation == 0 and not fields
    boxes = list(_boxes(textpage)) if plain else []
    if plain and not are_suspected(boxes):
        return _in_cells(textpage, count, text, apart) if (apart := parted(boxes)) else text
    along, others = _runs(textpage, count, angle, _WORDS if plain else _LETTERS, fields)
    # The order that pdfium gives to letters that lie on their side for the reader is of its own making.
    ordered = in_reading_order(along, trusted=angle == rotation and not fields)
    if ordered is None:
        if plain:
            return _in_cells(textpage, count, text, apart) if (apart := parted(boxes)) else text
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


def _in_cells(textpage: Any, count: int, text: str, apart: Sequence[tuple[float, ...]]) -> str:
    """Return the text of the layer with a tab between the cells of a line. `apart`: bottom and top of lines that may have some."""
    letters, gaps = _characters(textpage, count), list[tuple[int, Box, bool]]()
    for line in _LINE.finditer(letters):
        _, _, (_, bottom, _, top) = next(_placed(textpage.raw, letters, _LETTERS, *line.span()))
        if any(bottom < highest and lowest < top for lowest, highest in apart):
            words = list(_placed(textpage.raw, letters, _WORDS, *line.span()))
            boxes = [box for *_, box in words]
            is_sure = any(_gap(*pair) < _CELL_GAP for pair in pairwise(boxes))
            for index in ends_of_cells(boxes, line[0].split()):
                gaps.append((words[index][1], (boxes[index][2], bottom, boxes[index + 1][0], top), is_sure))
    cells, start = "", 0
    for rank, (end, gap, is_sure) in enumerate(gaps):
        # A justified line of two words is no row: its blank has none above or below.
        near = (other for _, other, _ in gaps[max(rank - 9, 0) : rank + 9] if abs(gap[1] - other[1]) < _FAR_LINES * (gap[3] - gap[1]))
        if is_sure or sum(gap[0] < other[2] and other[0] < gap[2] for other in near) > 1:
            cells, start = f"{cells}{letters[start:end]}\t", end + letters.startswith(" ", end)
    cells += letters[start:]
    return cells if cells.split() == text.split() else text


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


def _runs(textpage: Any, count: int, angle: int, pieces: re.Pattern[str], fields: Sequence[Box]) -> tuple[list[Run], list[Run]]:
    """Return the runs of the page, out of pieces of it: those along `angle`, each upright, and the others. Slow: where it is needed."""
    letters = _characters(textpage, count)
    found: tuple[list[Run], list[Run]] = ([], [])
    text, box, own, last, field = "", (0.0, 0.0, 0.0, 0.0), angle, 0, -1
    for start, end, here in _placed(textpage.raw, letters, pieces):
        placed, holder = upright(here, own), _field_at(here, fields)
        if text and holder == field and _follows(box, placed):
            text += " " * (start > last) + letters[start:end]
            box = _both(box, placed)
        else:
            if text:
                found[own != angle].append(Run(box, text, field))
            own = _angle_of(textpage, start)
            text, box, field = letters[start:end], upright(here, own), holder
        last = end
    if text:
        found[own != angle].append(Run(box, text, field))
    return found


def _field_at(box: Box, fields: Sequence[Box]) -> int:
    """Return which of the fields holds the middle of a box, -1 where none does."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    inside = (index for index, (left, bottom, right, top) in enumerate(fields) if left <= x <= right and bottom <= y <= top)
    return next(inside, -1)


def _placed(raw: Any, letters: str, pieces: re.Pattern[str], since: int = 0, until: int = sys.maxsize) -> Iterator[tuple[int, int, Box]]:
    """Yield where each piece of a part of the text begins and ends in it, and on the page."""
    left, bottom, right, top = c_double(), c_double(), c_double(), c_double()
    at = byref(left), byref(right), byref(bottom), byref(top)
    place = pdfium_c.FPDFText_GetCharBox

    def box(index: int) -> Box:
        place(raw, index, *at)
        return left.value, bottom.value, right.value, top.value

    for piece in pieces.finditer(letters, since, until):
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


# Reading order of the pieces of text of a page: line after line, column after column. Lengths are in points (1/72 inch), from the bottom
# left corner of the page as it is read.

Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""

WIDE_GAP = 8.0
"""A blank wider than any between two words, however justified the line; columns are further apart."""
_SAME_LINE = 0.6
_TOUCHING = 0.12
_FAR = 0.15
_FAR_LINES = 4
_OFTEN_FAR = 0.35
_OFTEN_UP = 0.12
_ENOUGH_PIECES = 12


# Two cells are so many heights of their line apart; in a line without a blank between words, so many times the narrowest one, or far apart.
_CELL_GAP, _WIDER, _FAR_GAP = 1.4, 2.5, 3.0
_MARK = re.compile(r"\W*(?:(?:\d{1,2}|[a-z]|[ivx]{1,4})\W{1,2}|\d{1,2}(?:\.\d{1,2})+\W*|vus?|considérant|article\s\w+\W*)?", re.IGNORECASE)
"""Matches what stands before an indented text: a bullet, the number of an item, "Vu"."""


def parted(boxes: Sequence[Box]) -> list[tuple[float, ...]]:
    """Return bottom and top of each piece of text that stands apart from the one before as a cell does: quick, and most pages have none."""
    return [other[1::2] for one, other in pairwise(boxes) if other[0] - one[2] >= _CELL_GAP and _gap(one, other) >= _CELL_GAP]


def _gap(one: Box, other: Box) -> float:
    """Return the blank between two boxes of a line, in heights of it."""
    return (other[0] - one[2]) / max(one[3] - one[1], other[3] - other[1], 1.0) if _on_one_line(one, other) else 0.0


def ends_of_cells(boxes: Sequence[Box], words: Sequence[str]) -> Iterator[int]:
    """Yield the index of each word, or piece of several, of a line after which a cell ends."""
    gaps = [_gap(*pair) for pair in pairwise(boxes)]
    narrowest = 0.0 if any(" " in word for word in words) else min(gaps, default=0.0)
    least = max(_CELL_GAP, min(_WIDER * narrowest, _FAR_GAP))
    for index, gap in enumerate(gaps):
        if gap >= least and not _MARK.fullmatch(" ".join(words[: index + 1])):
            yield index


@dataclass(frozen=True, slots=True)
class Run:
    """Letters that follow each other on one line without a wide blank. `field` is the form field that they stand in, -1 for none."""

    box: Box
    text: str
    field: int = -1

    @property
    def middle(self) -> float:
        """Its height on the page."""
        return (self.box[1] + self.box[3]) / 2


def upright(box: Box, angle: int) -> Box:
    """Turn the box of a text that runs at `angle` (0, 90, 180, 270 degrees, anticlockwise) as the page must be turned to read it."""
    left, bottom, right, top = box
    match angle:
        case 90:
            return bottom, -right, top, -left
        case 180:
            return -right, -top, -left, -bottom
        case 270:
            return -top, left, -bottom, right
    return box


def line_height(boxes: Iterable[Box]) -> float:
    """Return the height of an ordinary line: boxes hug their letters, so that leading is not in it."""
    return median(top - bottom for _, bottom, _, top in boxes)


def are_scattered(boxes: Sequence[Box]) -> bool:
    """Return whether the pieces of a page come in no order at all: one in three leaps over a good part of the page to the next one."""
    if len(boxes) < _ENOUGH_PIECES:
        return False
    far = max(_FAR * (max(box[3] for box in boxes) - min(box[1] for box in boxes)), _FAR_LINES * (boxes[0][3] - boxes[0][1]))
    steps = [after[1] - before[1] for before, after in pairwise(boxes)]
    up, down = sum(step > far for step in steps), sum(step < -far for step in steps)
    # Lines far apart are no disorder: that goes up as often as down.
    return up + down > _OFTEN_FAR * len(steps) and up > _OFTEN_UP * len(steps)


def _grouped(items: Iterable[T], belongs: Callable[[list[T], T], bool]) -> list[list[T]]:
    """Return the items in their order, cut before each that does not belong to those before it."""
    groups: list[list[T]] = []
    for item in items:
        if groups and belongs(groups[-1], item):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def lines_of(runs: Sequence[Run], height: float) -> list[list[Run]]:
    """Return the runs in their order, cut where a new line begins."""
    return _grouped(runs, lambda line, run: abs(run.middle - line[0].middle) <= _SAME_LINE * height and run.box[0] >= line[-1].box[0])


def sorted_by_line(runs: Sequence[Run], height: float) -> list[Run]:
    """Return the runs from the top of the page to its bottom, and from left to right on each line."""
    down = sorted(runs, key=lambda run: -run.middle)
    lines = _grouped(down, lambda line, run: line[0].middle - run.middle <= _SAME_LINE * height)
    return [run for line in lines for run in sorted(line, key=lambda run: run.box[0])]


def text_of(line: Sequence[Run]) -> str:
    """Return one line as text: a blank wherever there is one on the page, a tab between cells."""
    text, ends = line[0].text, set(ends_of_cells([run.box for run in line], [run.text for run in line]))
    for index, (before, after) in enumerate(pairwise(line)):
        glued = before.field == after.field and after.box[0] - before.box[2] < _TOUCHING * (before.box[3] - before.box[1])
        text += ("\t" if index in ends else "" if glued else " ") + after.text
    return text


def line_by_line(runs: Sequence[Run]) -> str:
    """Return the text of the runs in their order."""
    return "\n".join(map(text_of, lines_of(runs, line_height(run.box for run in runs)))) if runs else ""


# Two or three columns of prose that a PDF holds line by line, put one after the other: their sentences are cut by the other column. Tables,
# forms and lists with page numbers stay: unlike them, prose fills its column, has several words a line, and goes on below mid-sentence.

# Shares (0 to 1) and lengths (points) were set on thousands of drawn pages of prose and tables, and on real texts put in columns.
_FEWEST_LINES = 6
_FEWEST_LINES_MORE = 2
"""Enough in a second block, once a first one has shown that the page has such columns."""
_MOST_GUTTERS = 2
_NARROWEST = 85.0
_EDGE = 6.0
_CROSSED = 0.25
_LONG_LINE = 0.6
_MOSTLY_LONG = 0.55
_FEWEST_WORDS = 2.5
_SOME_FOLLOW = 0.25
_MOST_FOLLOW = 0.4
_FEW_SHORT = 0.2
_LINE_BY_LINE = 0.6
_LARGE_BREAK = 2.5
_SHORT_LINE = 0.6
_BLANK_LINE = 1.5
_TOGETHER = 0.7
_WORD = re.compile(r"[^\W\d_]{2,}")
_ENDS_SENTENCE = re.compile(r"[.:;!?]\s*$")
_GOES_ON = re.compile(r"[«(\s]*[a-zà-öø-ÿœ]")


@dataclass(frozen=True, slots=True)
class _Line:
    left: float
    right: float
    middle: float
    text: str


def are_suspected(boxes: Sequence[Box]) -> bool:
    """Return whether the order of the file may be wrong, by where its pieces of text stand: quick, and most pages stop here."""
    return len(boxes) >= 2 * _FEWEST_LINES and (are_scattered(boxes) or bool(_gutters(boxes)))


def in_reading_order(runs: Sequence[Run], *, trusted: bool = True) -> str | None:
    """Return the text of a page with its runs in the order of the file; None if that order is right. If the order is not `trusted`, only
    the place on the page counts."""
    if not runs:
        return None
    height = line_height(run.box for run in runs)
    sort = not trusted or are_scattered([run.box for run in runs])
    ordered = sorted_by_line(runs, height) if sort else list(runs)
    gutters = _gutters([run.box for run in ordered])
    blocks = list(_blocks(ordered, gutters, height))
    found = any(_are_prose(block, _FEWEST_LINES, height) for block in blocks)
    if not (sort or found):
        return None
    lines: list[str] = []
    for block in blocks:
        if found and _are_prose(block, _FEWEST_LINES_MORE, height):
            lines += [line.text for column in _split(block, height) for line in column]
        else:
            lines += [text_of(line) for line in lines_of([run for run, _ in block], height)]
    return "\n".join(lines)


def _gutters(boxes: Sequence[Box]) -> tuple[float, ...]:
    """Return where the second and third columns begin: left edges that several lines share after a wide blank, and that few lines cross."""
    after_blank = [after for before, after in pairwise(boxes) if after[0] - before[2] >= WIDE_GAP and _on_one_line(before, after)]
    edges = [group for group in _groups(after_blank) if not _is_crossed(group, boxes)]
    if not edges:
        return ()
    lowest, highest = min(box[1] for group in edges for box in group), max(box[3] for group in edges for box in group)
    beside = [box for box in boxes if lowest <= box[1] and box[3] <= highest]
    left, right = min(box[0] for box in beside), max(box[2] for box in beside)
    found: list[float] = []
    for group in edges:
        # A bullet and its text, a number and its title: no column ends so early.
        if group[0][0] - (found[-1] if found else left) >= _NARROWEST:
            found.append(group[0][0])
    if len(found) > _MOST_GUTTERS or (found and right - found[-1] < _NARROWEST):
        return ()
    return tuple(found)


def _on_one_line(one: Box, other: Box) -> bool:
    return abs(one[1] + one[3] - other[1] - other[3]) < one[3] - one[1] + other[3] - other[1]


def _groups(boxes: Sequence[Box]) -> list[list[Box]]:
    """Boxes that share their left edge, in groups of some size, from left to right."""
    groups = _grouped(sorted(boxes), lambda group, box: box[0] - group[0][0] <= _EDGE)
    return [group for group in groups if len(group) >= _FEWEST_LINES]


def _is_crossed(group: Sequence[Box], boxes: Sequence[Box]) -> bool:
    edge, lowest, highest = group[0][0], min(box[1] for box in group), max(box[3] for box in group)
    crossing = sum(left < edge - 2 and right > edge + 2 and lowest <= bottom and top <= highest for left, bottom, right, top in boxes)
    return crossing > _CROSSED * len(group)


def _blocks(runs: Sequence[Run], gutters: Sequence[float], height: float) -> Iterator[list[tuple[Run, int]]]:
    """Yield runs with their column's number, cut where a heading crosses the gutter, after a large blank, and where the order goes up."""
    block: list[tuple[Run, int]] = []
    lowest = 0.0
    for run in runs:
        left, bottom, right, top = run.box
        crosses = any(left < gutter - 2 and right > gutter + 2 for gutter in gutters)
        if block and (crosses or top < lowest - _LARGE_BREAK * height or run.middle > block[-1][0].middle + 1.2 * height):
            yield block
            block = []
        lowest = min(lowest, bottom) if block else bottom
        block.append((run, sum(left >= gutter - 2 for gutter in gutters)))
        if crosses:
            yield block
            block = []
    if block:
        yield block


def _split(block: Sequence[tuple[Run, int]], height: float) -> list[list[_Line]]:
    """Return the lines of each column."""
    columns: list[list[_Line]] = []
    for number in sorted({number for _, number in block}):
        lines = lines_of([run for run, own in block if own == number], height)
        columns.append([_Line(line[0].box[0], line[-1].box[2], line[0].middle, text_of(line)) for line in lines])
    return columns


def _are_prose(block: Sequence[tuple[Run, int]], fewest: int, height: float) -> bool:
    """Return whether these are columns of prose, side by side, that the file gives line by line."""
    columns = _split(block, height)
    if len(columns) < 2:
        return False
    # How often the file comes back to the column on the left: cells of a table that hold several lines are given whole, and are left so.
    returns = sum(after < before for (_, before), (_, after) in pairwise(block)) + 1
    longest = max(map(len, columns))
    if returns < fewest or returns < _LINE_BY_LINE * longest or min(map(len, columns)) < min(fewest, _LINE_BY_LINE * longest):
        return False
    following = [_following(column) for column in columns]
    enough = sum(following) >= _MOST_FOLLOW * sum(len(column) - 1 for column in columns)
    each = all(count >= _SOME_FOLLOW * (len(column) - 1) for count, column in zip(following, columns, strict=True))
    return enough and each and all(map(_holds_words, columns)) and not _paragraphs_together(columns, height)


def _holds_words(lines: Sequence[_Line]) -> bool:
    """Return whether lines are long for the column, and hold several words."""
    width = max(line.right for line in lines) - min(line.left for line in lines)
    long = sum(line.right - line.left >= _LONG_LINE * width for line in lines)
    words = sum(len(_WORD.findall(line.text)) for line in lines)
    return width >= _NARROWEST and long >= _MOSTLY_LONG * len(lines) and words >= _FEWEST_WORDS * len(lines)


def _following(lines: Sequence[_Line]) -> int:
    """Return how many lines go on below in the middle of a sentence; 0 where they were not cut for want of room, which only prose is."""
    follow = [(one, two) for one, two in pairwise(lines) if not _ENDS_SENTENCE.search(one.text) and _GOES_ON.match(two.text)]
    # A line or two may jut out.
    edge = sorted(line.right for line in lines)[-1 - len(lines) // 10]
    short = sum(one.right + _first_word(two) < edge for one, two in follow)
    return len(follow) if short <= max(0.0, _FEW_SHORT * len(follow) - 1) else 0


def _first_word(line: _Line) -> float:
    """Return the room that the first word of a line takes, with the blanks around it: prose is cut where the next word does not fit."""
    return (len(line.text.split()[0]) + 2) * (line.right - line.left) / len(line.text)


def _paragraphs_together(columns: Sequence[Sequence[_Line]], height: float) -> bool:
    """Return whether paragraphs begin side by side: the rows of a table whose cells hold sentences."""
    starts = [_starts(column) for column in columns]
    fewest = min(map(len, starts))
    if fewest < 3:
        return False
    first, second = sorted(starts[:2], key=len)
    together = sum(any(abs(one - other) < height / 2 for other in second) for one in first)
    return together >= _TOGETHER * len(first)


def _starts(lines: Sequence[_Line]) -> list[float]:
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    pitch = median(before.middle - after.middle for before, after in pairwise(lines))
    return [
        after.middle
        for before, after in pairwise(lines)
        if before.middle - after.middle > _BLANK_LINE * pitch
        or before.right - left < _SHORT_LINE * (right - left)
        or _ENDS_SENTENCE.search(before.text)
    ]
