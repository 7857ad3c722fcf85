"""A text of which every letter has its place on the picture, and the strips that a stretch of it covers. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the picture from its upper left corner."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A text, and a box for each of its characters; None for blanks and for what has no place. Lines end with a line feed."""

    text: str
    boxes: tuple[Box | None, ...]


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """One line of a placed text that has a place."""

    text: str
    box: Box


def strips(placed: Placed, start: int, end: int) -> tuple[Box, ...]:
    """The boxes of a stretch, those that stand side by side on one line joined."""
    found: list[Box] = []
    for box in placed.boxes[start:end]:
        if box is None or not all(map(math.isfinite, box)):
            continue
        if found and _same_line(found[-1], box):
            found[-1] = around((found[-1], box))
        else:
            found.append(box)
    return tuple(found)


def lines(placed: Placed) -> Iterator[PlacedLine]:
    """The lines of the text in its own order."""
    start = 0
    for text in placed.text.split("\n"):
        end = start + len(text)
        boxes = strips(placed, start, end)
        if boxes:
            yield PlacedLine(text, around(boxes))
        start = end + 1


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds these, of which there is one at least."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def padded(box: Box, share: float) -> Box:
    """The box with a margin of a share of its shorter side on every side."""
    margin = share * min(box[2] - box[0], box[3] - box[1]) + 1
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _same_line(one: Box, other: Box) -> bool:
    """They overlap by half of the smaller one's height, and the other does not begin before the first nor a column's gap after it."""
    height = min(one[3] - one[1], other[3] - other[1])
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    tallest = max(one[3] - one[1], other[3] - other[1], 1.0)
    return overlap >= height / 2 and one[0] - tallest < other[0] < one[2] + 4 * tallest
