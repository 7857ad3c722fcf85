"""Reads the outlines of the departments from `outlines.txt` (see `NOTICE`), once, and places them on a map of `WIDTH` × `HEIGHT` units from
its upper left corner: the mainland and Corsica, Paris and its three neighbours again, enlarged, in a frame at the upper left, and the five
overseas departments in a row below, each at its own scale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

WIDTH, HEIGHT = 1010, 1150
FRAME = (0, 0, 196, 172)
"""Left, top, right and bottom of the frame in which Paris and its neighbours are enlarged."""
ENLARGED = ("75", "92", "93", "94")
OVERSEAS = ("971", "972", "973", "974", "976")
_MARGIN = 8
_ROW = (160, 1042, 1010, 1142)
"""The box in which those overseas stand side by side."""
_STEP = re.compile(r"([Mlhvz])|(-?\d+)")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Outline:
    """Describes a department: `path` is the data of an SVG path of closed rings in whole numbers, `box` its left, top, right and bottom,
    `middle` a point well inside its largest ring."""

    code: str
    path: str
    box: tuple[float, float, float, float]
    middle: Point

    @property
    def rings(self) -> tuple[tuple[Point, ...], ...]:
        """The same points, taken out of the path each time: to keep those of all would take a megabyte."""
        return _rings(self.path)


@dataclass(frozen=True, slots=True)
class PlacedOutline:
    """Places an outline on a map: a point (x, y) is at (x × `scale` + `left`, y × `scale` + `top`). `again`: it is the enlarged copy in the
    frame."""

    outline: Outline
    scale: float
    left: float
    top: float
    again: bool = False

    def at(self, point: Point) -> Point:
        """Return where a point of the outline stands on the map."""
        return point[0] * self.scale + self.left, point[1] * self.scale + self.top


@cache
def outlines() -> tuple[Outline, ...]:
    """Return the 101 departments, in the order of their codes."""
    _, *lines = files("bot.gazetteer").joinpath("outlines.txt").read_text(encoding="utf-8").splitlines()
    return tuple(_outline(*line.split("\t")) for line in lines)


def _outline(code: str, path: str) -> Outline:
    rings = _rings(path)
    xs, ys = zip(*(point for ring in rings for point in ring), strict=True)
    middle = _middle(max(rings, key=lambda ring: abs(_area(ring))))
    return Outline(code, path, (min(xs), min(ys), max(xs), max(ys)), middle)


@cache
def placed() -> tuple[PlacedOutline, ...]:
    """Return every department where a map has it, those that are enlarged twice, in the order in which they are drawn."""
    by_code = {outline.code: outline for outline in outlines()}
    mainland = tuple(
        PlacedOutline(outline, 1, 0, 0, again=outline.code in ENLARGED) for code, outline in by_code.items() if code not in OVERSEAS
    )
    left, top, right, bottom = FRAME
    enlarged = _within([by_code[code] for code in ENLARGED], (left + _MARGIN, top + _MARGIN, right - _MARGIN, bottom - _MARGIN))
    width = (_ROW[2] - _ROW[0]) / len(OVERSEAS)
    overseas = (
        _within([by_code[code]], (_ROW[0] + width * place, _ROW[1], _ROW[0] + width * (place + 1) - 2 * _MARGIN, _ROW[3]))
        for place, code in enumerate(OVERSEAS)
    )
    return (*mainland, *enlarged, *(one for each in overseas for one in each))


def _within(shown: Sequence[Outline], box: tuple[float, float, float, float]) -> tuple[PlacedOutline, ...]:
    """Place outlines of one drawing in the middle of a box, as large as it allows."""
    lefts, tops, rights, bottoms = zip(*(outline.box for outline in shown), strict=True)
    left, top, right, bottom = min(lefts), min(tops), max(rights), max(bottoms)
    scale = round(min((box[2] - box[0]) / (right - left), (box[3] - box[1]) / (bottom - top)), 3)
    x = round((box[0] + box[2] - scale * (left + right)) / 2, 1)
    y = round((box[1] + box[3] - scale * (top + bottom)) / 2, 1)
    return tuple(PlacedOutline(outline, scale, x, y) for outline in shown)


def _rings(path: str) -> tuple[tuple[Point, ...], ...]:
    """Take the data of a path apart, of the commands that `tools.outlines` writes."""
    rings: list[tuple[Point, ...]] = []
    for ring in path.removesuffix("z").split("z"):
        points: list[Point] = []
        command, waiting = "", list[int]()
        for letter, number in _STEP.findall(ring):
            if letter:
                command = letter
                continue
            waiting.append(int(number))
            if len(waiting) == (1 if command in "hv" else 2):
                x, y = points[-1] if points else (0, 0)
                dx, dy = {"h": (waiting[0], 0), "v": (0, waiting[0])}.get(command, (waiting[0], waiting[-1]))
                points.append((x + dx, y + dy))
                waiting = []
        rings.append(tuple(points))
    return tuple(rings)


def _middle(ring: Sequence[Point]) -> Point:
    """Return the middle of the widest stretch inside the ring at the height of its centre of gravity, which may lie outside."""
    sides = list(zip(ring, (*ring[1:], ring[0]), strict=True))
    height = sum((y + to_y) * (x * to_y - to_x * y) for (x, y), (to_x, to_y) in sides) / (6 * _area(ring))
    crossed = sorted((to_x - x) * (height - y) / (to_y - y) + x for (x, y), (to_x, to_y) in sides if (y > height) != (to_y > height))
    left, right = max(zip(crossed[::2], crossed[1::2], strict=True), key=lambda stretch: stretch[1] - stretch[0])
    return (left + right) / 2, height


def _area(ring: Sequence[Point]) -> float:
    """Return the area of a ring, negative where it runs the other way round."""
    return sum(x * to_y - to_x * y for (x, y), (to_x, to_y) in zip(ring, (*ring[1:], ring[0]), strict=True)) / 2
