"""Pixels as a PNG with a palette. Pure: the same pixels always give the same bytes.

Written here, of the two chunks that it takes: what is sent to platforms is then of our own making, whatever the file it came from holds.
See RFC 2083.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The bot makes the PNG, and has no use for what finds phrases and names on a page.
    from bot.delivery.picture.placed import Box

# The pixels of a picture, one byte each: a level of grey, plain or highlighted, or covered. Pure.
#
# Grey levels are halved to seven bits: 0 (black) to 127 (white) plain, the same from 128 on highlighted. Highlighted white is given up for
# the colour of what is covered: 255.

COVERED = 255
HIGHLIGHTED = 128
_CONTRAST = 48
"""How much darker than the paper ink is, of 255 greys: the pale blue of a stamp is 80 darker."""
_MARGIN = 6.0
_PLAIN = bytes(level >> 1 for level in range(256))
_HIGHLIGHT = bytes(min(value | HIGHLIGHTED, COVERED - 1) for value in range(256))


def paint(grey: bytes, width: int, height: int, stride: int, highlighted: Iterable[Box], covered: Iterable[Box]) -> bytes:
    """Return the picture of a raster of 8-bit grey (`stride` bytes a row). What is covered is so whatever else it is."""
    pixels = bytearray(b"".join(grey[row * stride : row * stride + width] for row in range(height)).translate(_PLAIN))
    for left, top, right, bottom in _within(highlighted, width, height):
        for row in range(top * width, bottom * width, width):
            pixels[row + left : row + right] = pixels[row + left : row + right].translate(_HIGHLIGHT)
    for left, top, right, bottom in _within(covered, width, height):
        for row in range(top * width, bottom * width, width):
            pixels[row + left : row + right] = bytes([COVERED]) * (right - left)
    return bytes(pixels)


def inked(grey: bytes, width: int, height: int, stride: int, box: Box) -> Box | None:
    """Return the part of a box that holds whatever is darker than its paper, of a raster of 8-bit grey; None where it is blank."""
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
    """Return the boxes in whole pixels of the picture; none that covers nothing of it."""
    for left, top, right, bottom in boxes:
        if not all(map(math.isfinite, (left, top, right, bottom))):
            continue
        whole = max(0, math.floor(left)), max(0, math.floor(top)), min(width, math.ceil(right)), min(height, math.ceil(bottom))
        if whole[0] < whole[2] and whole[1] < whole[3]:
            yield whole


_LEVELS = (64, 16, 8)
"""How many greys are kept of the 128 that pixels have: fewer where the file would be too large. A page of noise in 8 greys takes three
bits a pixel, 0.87 MB for 1280 × 1810."""
_YELLOW = (255, 236, 64)
_SLATE = (70, 74, 82)
_BEST, _NO_FILTER = 9, b"\x00"


def encode(pixels: bytes, width: int, height: int, most_bytes: int) -> bytes:
    """Return the PNG of a picture, with as many levels of grey as fit in `most_bytes`; with the fewest where none fits."""
    png = b""
    for levels in _LEVELS:
        png = _png(pixels.translate(_merged(levels)), width, height)
        if len(png) <= most_bytes:
            break
    return png


def _merged(levels: int) -> bytes:
    """Each grey to the one of these that stands for it, from black to white."""
    white = HIGHLIGHTED - 1

    def merged(value: int) -> int:
        if value == COVERED:
            return COVERED
        mark, grey = value & HIGHLIGHTED, value & white
        kept = round(grey * levels // HIGHLIGHTED * white / (levels - 1))
        # Highlighted white would be the value of what is covered.
        return mark + min(kept, white - (mark > 0))

    return bytes(merged(value) for value in range(256))


def _png(pixels: bytes, width: int, height: int) -> bytes:
    rows = b"".join(_NO_FILTER + pixels[start : start + width] for start in range(0, width * height, width))
    return b"".join((
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", _PALETTE),
        _chunk(b"IDAT", zlib.compress(rows, _BEST)),
        _chunk(b"IEND", b""),
    ))  # fmt: skip


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _palette() -> bytes:
    colours: list[tuple[int, int, int]] = []
    for value in range(256):
        grey = round((value & (HIGHLIGHTED - 1)) * 255 / (HIGHLIGHTED - 1))
        if value == COVERED:
            colours.append(_SLATE)
        elif value < HIGHLIGHTED:
            colours.append((grey, grey, grey))
        else:
            # The marker lies over the page: black stays black.
            red, green, blue = (grey * part // 255 for part in _YELLOW)
            colours.append((red, green, blue))
    return b"".join(bytes(colour) for colour in colours)


_PALETTE = _palette()
