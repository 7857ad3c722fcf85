"""Encodes the exchange of a drawing process: an order, a line of answer, the pixels. The output is checked, as hostile files are drawn."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from bot.reading.sandbox.process import NotUnderstood, parsed, printable

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the picture from its upper left corner."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Order: draw this page (from 1) in so many pixels at most, and highlight these phrases."""

    page: int
    phrases: tuple[str, ...]
    width: int
    height: int

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Draw:
        """Return the inverse of `line`."""
        fields = json.loads(line)
        return cls(**fields | {"phrases": tuple(fields["phrases"])})


@dataclass(frozen=True, slots=True)
class Canvas:
    """Answer: so many pixels follow, one byte each (see `pixels`). `found` are positions of the phrases, `covered` counts what is."""

    width: int
    height: int
    found: tuple[int, ...]
    covered: int

    def line(self) -> bytes:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self)).encode("ascii") + b"\n"


def parse_answer(line: bytes, order: Draw) -> tuple[Canvas, int]:
    """Return the answer to an order, within what was ordered, and how many pixels follow. Raises NotUnderstood, NoPicture."""
    match parsed(line):
        case {"why": str(why), "more": str(more)} if why in NoPictureReason.__members__:
            raise NoPicture(NoPictureReason[why], printable(more))
        case {"width": int(width), "height": int(height), "found": list(found), "covered": int(covered)}:
            if not (0 < width <= order.width and 0 < height <= order.height and covered >= 0):
                raise NotUnderstood("a picture of another size")
            if not all(type(position) is int and 0 <= position < len(order.phrases) for position in found):
                raise NotUnderstood("phrases that were not asked for")
            return Canvas(width, height, tuple(found), covered), width * height
    raise NotUnderstood("a line of an unknown kind")


# A picture, what drawing it may take, and why there is none.


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be sent: a PNG of so many pixels, and its alt text in one language."""

    data: bytes = field(repr=False)
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as drawn. `found` are the positions of the phrases that stand on it, `covered` how many stretches of it are covered."""

    png: bytes = field(repr=False)
    width: int
    height: int
    found: tuple[int, ...]
    covered: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Limits of drawing one page: pixels and bytes (Telegram: 10,000 pixels for both sides, 10 MB; Mastodon: 16 MiB), seconds of wall
    clock, memory."""

    width: int = 1280
    height: int = 1810
    most_bytes: int = 1_000_000
    seconds: float = 30
    memory_bytes: int = 1024**3


class NoPictureReason(StrEnum):
    """Why there is no picture. The value is for an operator."""

    NO_FILE = "the PDF is not kept on this machine"
    NOT_READABLE = "the PDF cannot be opened"
    NO_SUCH_PAGE = "the PDF has no such page"
    BLANK = "the page is blank"
    UNREAD = "nothing could be read on the page, so names on it could not be looked for"
    TOO_MUCH_TEXT = "the page holds more text than any page does"
    SHAPE = "the page is too long, too narrow or too small for a picture"
    TOO_SLOW = "drawing the page took too long"
    LOST = "the process that drew the page was lost"
    MISBEHAVED = "the process that drew the page misbehaved"


class NoPicture(Exception):
    """There is no picture; whoever wanted one does without. `why` is the cause, `more` the details, the message both, for an operator."""

    def __init__(self, why: NoPictureReason, more: str = "") -> None:
        super().__init__(f"{why.value} ({more})" if more else why.value)
        self.why = why
        self.more = more

    def line(self) -> bytes:
        """Return it as the answer to an order, one line of JSON."""
        return json.dumps({"why": self.why.name, "more": self.more}, ensure_ascii=True).encode("ascii") + b"\n"


# One byte per pixel: 0 (black) to 127 plain, the same from 128 highlighted, 255 covered (no highlighted white).

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
