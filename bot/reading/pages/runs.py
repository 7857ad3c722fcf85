"""Pieces of text with their place on a page, and the order in which a reader meets them line after line. Pure.

Lengths are in points (1/72 inch), from the bottom left corner of the page as it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

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


@dataclass(frozen=True, slots=True)
class Run:
    """Letters that follow each other on one line without a wide blank."""

    box: Box
    text: str

    @property
    def middle(self) -> float:
        """Its height on the page."""
        return (self.box[1] + self.box[3]) / 2


def upright(box: Box, angle: int) -> Box:
    """The box of a text that runs at `angle` (0, 90, 180, 270 degrees, anticlockwise), once the page is turned so that one can read it."""
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
    """The height of an ordinary line: boxes hug their letters, so that leading is not in it."""
    return median(top - bottom for _, bottom, _, top in boxes)


def are_scattered(boxes: Sequence[Box]) -> bool:
    """True when the pieces of a page come in no order at all: one in three leaps over a good part of the page to the next one."""
    if len(boxes) < _ENOUGH_PIECES:
        return False
    far = max(_FAR * (max(box[3] for box in boxes) - min(box[1] for box in boxes)), _FAR_LINES * (boxes[0][3] - boxes[0][1]))
    steps = [after[1] - before[1] for before, after in pairwise(boxes)]
    up, down = sum(step > far for step in steps), sum(step < -far for step in steps)
    # Lines far apart are no disorder: that goes up as often as down.
    return up + down > _OFTEN_FAR * len(steps) and up > _OFTEN_UP * len(steps)


def lines_of(runs: Sequence[Run], height: float) -> list[list[Run]]:
    """The runs in their order, cut where a new line begins."""
    lines: list[list[Run]] = []
    for run in runs:
        if lines and abs(run.middle - lines[-1][0].middle) <= _SAME_LINE * height and run.box[0] >= lines[-1][-1].box[0]:
            lines[-1].append(run)
        else:
            lines.append([run])
    return lines


def sorted_by_line(runs: Sequence[Run], height: float) -> list[Run]:
    """The runs from the top of the page to its bottom, and from left to right on each line."""
    lines: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: -run.middle):
        if lines and lines[-1][0].middle - run.middle <= _SAME_LINE * height:
            lines[-1].append(run)
        else:
            lines.append([run])
    return [run for line in lines for run in sorted(line, key=lambda run: run.box[0])]


def text_of(line: Sequence[Run]) -> str:
    """One line as text: a blank wherever there is one on the page."""
    text = line[0].text
    for before, after in pairwise(line):
        glued = after.box[0] - before.box[2] < _TOUCHING * (before.box[3] - before.box[1])
        text += ("" if glued else " ") + after.text
    return text


def line_by_line(runs: Sequence[Run]) -> str:
    """The text of the runs in their order."""
    return "\n".join(map(text_of, lines_of(runs, line_height(run.box for run in runs)))) if runs else ""
