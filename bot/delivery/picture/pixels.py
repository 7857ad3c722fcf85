"""The pixels of a picture, one byte each: a level of grey, plain or highlighted, or covered. Pure.

Grey levels are halved to seven bits: 0 (black) to 127 (white) plain, the same from 128 on highlighted. Highlighted white is given up for
the colour of what is covered: 255.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from bot.delivery.picture.placed import Box

COVERED = 255
HIGHLIGHTED = 128
_CONTRAST = 48
"""How much darker than the paper ink is, of 255 greys: the pale blue of a stamp is 80 darker."""
_MARGIN = 6.0
_PLAIN = bytes(level >> 1 for level in range(256))
_HIGHLIGHT = bytes(min(value | HIGHLIGHTED, COVERED - 1) for value in range(256))


def paint(grey: bytes, width: int, height: int, stride: int, highlighted: Iterable[Box], covered: Iterable[Box]) -> bytes:
    """The picture of a raster of 8-bit grey (`stride` bytes a row). What is covered is so whatever else it is."""
    pixels = bytearray(b"".join(grey[row * stride : row * stride + width] for row in range(height)).translate(_PLAIN))
    for left, top, right, bottom in _within(highlighted, width, height):
        for row in range(top * width, bottom * width, width):
            pixels[row + left : row + right] = pixels[row + left : row + right].translate(_HIGHLIGHT)
    for left, top, right, bottom in _within(covered, width, height):
        for row in range(top * width, bottom * width, width):
            pixels[row + left : row + right] = bytes([COVERED]) * (right - left)
    return bytes(pixels)


def inked(grey: bytes, width: int, height: int, stride: int, box: Box) -> Box | None:
    """The part of a box that holds whatever is darker than its paper, of a raster of 8-bit grey; None where it is blank."""
    for left, top, right, bottom in _within([box], width, height):
        rows = [grey[row * stride + left : row * stride + right] for row in range(top, bottom)]
        # Paper need not be white: it is the commonest grey.
        paper = Counter(b"".join(rows)).most_common(1)[0][0]
        marks = bytes(level < paper - _CONTRAST for level in range(256))
        found = [(row, dark) for row, dark in enumerate((row.translate(marks) for row in rows), start=top) if 1 in dark]
        if found:
            first, last = min(dark.find(1) for _, dark in found), max(dark.rfind(1) for _, dark in found)
            return left + first - _MARGIN, found[0][0] - _MARGIN, left + last + 1 + _MARGIN, found[-1][0] + 1 + _MARGIN
    return None


def _within(boxes: Iterable[Box], width: int, height: int) -> Iterable[tuple[int, int, int, int]]:
    """The boxes in whole pixels of the picture; none that covers nothing of it."""
    for left, top, right, bottom in boxes:
        if not all(map(math.isfinite, (left, top, right, bottom))):
            continue
        whole = max(0, math.floor(left)), max(0, math.floor(top)), min(width, math.ceil(right)), min(height, math.ceil(bottom))
        if whole[0] < whole[2] and whole[1] < whole[3]:
            yield whole
