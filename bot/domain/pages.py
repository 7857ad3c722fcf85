"""Holds the text of one page. Apart from `bot.domain.acts`: a reading process starts for each file, and needs nothing else of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

MOST_UNSURE = 300
"""Words of a page. Where more are, its mean confidence says so too."""
_SIGNS = re.compile(r"^\W+|\W+$")


def bare(word: str) -> str:
    """Return a word without the signs around it."""
    return _SIGNS.sub("", word)


class TextOrigin(StrEnum):
    """Says how the text of a page was obtained. `PENDING`: it is still to be recognised, and the document is read in part until then."""

    LAYER = "layer"
    OCR = "ocr"
    BLANK = "blank"
    PENDING = "pending"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class PageText:
    """Holds the text of one page. An `UNREADABLE` page has an empty text that means "could not read", not "nothing there".

    A `PENDING` page has what its text layer holds, a stamped running title at most. `other` is a second text of the same page, where
    neither the layer nor the recognised one can be trusted alone: what is looked for may stand in either. `confidence` is the engine's own
    (0 to 100, mean over the words) of a recognised page, `unsure` its words of which the engine was not sure, as `bare` has them; `seconds`
    is what the page took. Of a `damaged` page the file has lost something: the text is what is left of it.
    """

    number: int
    text: str
    origin: TextOrigin = TextOrigin.LAYER
    other: str = ""
    confidence: int | None = None
    seconds: float = field(default=0.0, compare=False)
    damaged: bool = False
    unsure: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """False when the page could not be read, or in part only. Of a page that is still to be recognised, not known."""
        return self.origin is not TextOrigin.UNREADABLE and not self.damaged

    @property
    def is_unread(self) -> bool:
        """True of a page that could not be read, or is still to be recognised."""
        return self.origin in (TextOrigin.PENDING, TextOrigin.UNREADABLE)
