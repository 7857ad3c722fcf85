"""Draws shapes and words on a sheet and returns it as a PNG: the sheet is a page of a PDF of our own, drawn by pdfium.

Positions and sizes are pixels from the upper left corner, colours `#rrggbb`. Words are set in Helvetica, or what pdfium has in its place,
and hold letters of Windows-1252 only: others become question marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from threading import Lock

import pypdfium2 as pdfium

from bot.domain.png import png

_DRAWING = Lock()
"""pdfium is not made for two threads at once."""
_ROUND = 0.5523
"""Where the control points of a quarter of a circle are, in radii."""
_DIGIT = 0.556
"""Width of a digit of Helvetica, in sizes; all have the same."""
_HATCH_EVERY, _DOT_EVERY, _DOT_RADIUS = 9, 7, 1.5

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
        discs = "".join(_disc(at, _DOT_RADIUS) for at in _grid(_box(rings)))
        self._parts.append(f"q {_path(rings)}W* n {_colour(colour, 'rg')}{discs}f Q")

    def write(self, at: Point, words: str, size: float, colour: str, *, bold: bool = False) -> None:
        """Write words from this point on, which is on their base line."""
        shown = words.replace("\u202f", "\u00a0").encode("cp1252", "replace").hex()
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


def _disc(at: Point, radius: float) -> str:
    """Return the path of a circle, of four curves."""
    x, y = at
    far = radius * _ROUND
    curves = (
        (x + radius, y + far, x + far, y + radius, x, y + radius),
        (x - far, y + radius, x - radius, y + far, x - radius, y),
        (x - radius, y - far, x - far, y - radius, x, y - radius),
        (x + far, y - radius, x + radius, y - far, x + radius, y),
    )
    return f"{_number(x + radius)} {_number(y)} m " + "".join(" ".join(map(_number, curve)) + " c " for curve in curves) + "h "


def _box(rings: Rings) -> tuple[float, float, float, float]:
    xs, ys = zip(*(point for ring in rings for point in ring), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _grid(box: tuple[float, float, float, float]) -> Iterator[Point]:
    """Yield where dots stand in a box: every other row half a step aside."""
    left, top, right, bottom = (int(side // _DOT_EVERY) for side in box)
    for row in range(top, bottom + 1):
        for column in range(left - 1, right + 1):
            yield (column + row % 2 / 2) * _DOT_EVERY, row * _DOT_EVERY
