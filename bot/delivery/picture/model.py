"""A picture, what drawing it may take, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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
