"""What goes between a drawing process and its parent: one order, one line that answers it, and the pixels.

The process is fed with hostile files: what it hands over is checked here like any input from outside.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from bot.reading.sandbox.wire import NotUnderstood


@dataclass(frozen=True, slots=True)
class Draw:
    """Order: draw this page (from 1) in so many pixels at most, and highlight these phrases. `unread`: see `Drawing`."""

    page: int
    phrases: tuple[str, ...]
    width: int
    height: int
    unread: bool = False

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Draw:
        """Return the inverse of `line`. Raises KeyError, TypeError or ValueError on anything else."""
        fields = json.loads(line)
        phrases = tuple(map(str, fields["phrases"]))
        return cls(int(fields["page"]), phrases, int(fields["width"]), int(fields["height"]), bool(fields["unread"]))


@dataclass(frozen=True, slots=True)
class Canvas:
    """Answer: so many pixels follow, one byte each (see `pixels`). `found` are positions of the phrases, `covered` counts what is."""

    width: int
    height: int
    found: tuple[int, ...]
    covered: int

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self)).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class Undrawn:
    """Answer: there is no picture. `more` says more, for an operator."""

    why: Why
    more: str = ""

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps({"why": self.why.name, "more": self.more}, ensure_ascii=True).encode("ascii") + b"\n"


def parse_answer(line: bytes, order: Draw) -> Canvas | Undrawn:
    """Return the answer to an order, within what was ordered. Raises NotUnderstood."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("a line that is not JSON") from error
    match fields:
        case {"why": str(why), "more": str(more)} if why in Why.__members__:
            return Undrawn(Why[why], more)
        case {"width": int(width), "height": int(height), "found": list(found), "covered": int(covered)}:
            if not (0 < width <= order.width and 0 < height <= order.height and covered >= 0):
                raise NotUnderstood("a picture of another size")
            if not all(type(position) is int and 0 <= position < len(order.phrases) for position in found):
                raise NotUnderstood("phrases that were not asked for")
            return Canvas(width, height, tuple(found), covered)
    raise NotUnderstood("a line of an unknown kind")


# A picture, what drawing it may take, and why there is none.


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be sent: a PNG of so many pixels, and its alt text in one language."""

    data: bytes = field(repr=False)
    width: int
    height: int
    alt: str
    media_type: str = "image/png"
    file_name: str = "page.png"


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
    """What drawing one page may take and give.

    Pixels and bytes at most (Telegram takes photos of 10,000 pixels for both sides and 10 MB, Mastodon 16 MiB: smaller is kinder to
    readers); seconds of wall clock; memory of the process. `ocr`: scans may be recognised. `unread`: a page whose text nobody could
    look through is drawn all the same, with no line highlighted and **no name covered**.
    """

    width: int = 1280
    height: int = 1810
    most_bytes: int = 1_000_000
    seconds: float = 30
    memory_bytes: int = 1024**3
    ocr: bool = True
    unread: bool = False


class Why(StrEnum):
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

    def __init__(self, why: Why, more: str = "") -> None:
        super().__init__(f"{why.value} ({more})" if more else why.value)
        self.why = why
        self.more = more
