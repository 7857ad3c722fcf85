"""Pixels as a PNG with a palette. Pure: the same pixels always give the same bytes.

Written here, of the two chunks that it takes: what is sent to platforms is then of our own making, whatever the file it came from holds.
See RFC 2083.
"""

from __future__ import annotations

import struct
import zlib

from bot.delivery.picture.pixels import COVERED, HIGHLIGHTED

_LEVELS = (64, 16, 8)
"""How many greys are kept of the 128 that pixels have: fewer where the file would be too large. A page of noise in 8 greys takes three
bits a pixel, 0.87 MB for 1280 × 1810."""
_YELLOW = (255, 236, 64)
_SLATE = (70, 74, 82)
_BEST, _NO_FILTER = 9, b"\x00"


def encode(pixels: bytes, width: int, height: int, most_bytes: int) -> bytes:
    """The PNG of a picture, with as many levels of grey as fit in `most_bytes`; with the fewest where none fits."""
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
