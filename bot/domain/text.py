"""The text of a page, and the words of any text as people compare them, and as recognition spells them: the folds of the whole program.

A reading process starts for each file, and needs nothing else of this package.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

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
    is what the page took. Of a `damaged` page the file has lost something: the text is what is left of it. `lacks` says, for an operator,
    what else of the page could not be read in a file that is sound.
    """

    number: int
    text: str
    origin: TextOrigin = TextOrigin.LAYER
    other: str = ""
    confidence: int | None = None
    seconds: float = field(default=0.0, compare=False)
    damaged: bool = False
    unsure: frozenset[str] = frozenset()
    lacks: str = ""

    @property
    def is_whole(self) -> bool:
        """False when the page could not be read, or in part only. Of a page that is still to be recognised, not known."""
        return self.origin is not TextOrigin.UNREADABLE and not (self.damaged or self.lacks)

    @property
    def is_unread(self) -> bool:
        """True of a page that could not be read, or is still to be recognised."""
        return self.origin in (TextOrigin.PENDING, TextOrigin.UNREADABLE)


# Words compared as people compare them.

_OPENED = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
"""Letters that decomposition leaves whole."""

_NOT_IN_A_WORD = re.compile(r"[^0-9a-z]+")


def fold_words(text: str) -> str:
    """Drop case and accents, and open ligatures: `Sacré-Cœur` -> `sacre-coeur`. Other signs and blanks stay."""
    if text.isascii():
        return text.lower()
    folded = _opened(text)
    return folded if folded.isascii() else "".join(character for character in folded if not unicodedata.combining(character))


def fold_letters(text: str) -> str:
    """Keep the Latin letters and the digits alone, folded: `Arrêté  n° 12` -> `arreten12`.

    Ordinal signs and ligatures fold to the letters that they stand for. Folding a text is folding each of its characters.
    """
    return _NOT_IN_A_WORD.sub("", _opened(text))


def _opened(text: str) -> str:
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold()
    for letter, letters in _OPENED.items():
        folded = folded.replace(letter, letters)
    return folded


def clean(text: str) -> str:
    """Text as both databases can hold it: no NUL (PostgreSQL refuses it), no half of a surrogate pair. Broken PDFs give both."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def clean_or_none(text: str | None) -> str | None:
    """`clean`, for a text that may be missing."""
    return None if text is None else clean(text)


# Text compared as readers compare it: without accents, case, spaces or punctuation.

# A hyphen that stands alone is a dash between two words.
_LINE_END = re.compile(r"(?<![ \n])-\n")


def one_line(text: str) -> str:
    """Whitespace collapsed; a line that ends with a hyphen is joined to the next one without a space (`Saint-\\nTropez`)."""
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    return _LINE_END.sub("-", "\n".join(lines)).replace("\n", " ")


def end_of(wanted: str, text: str, start: int) -> int | None:
    """Return where `wanted` (already folded) ends when `text` is read from `start`, folding as we go; None if it is not there."""
    position, matched = start, 0
    while matched < len(wanted):
        if position >= len(text):
            return None
        piece = _fold_one(text[position])
        if not wanted.startswith(piece, matched):
            return None
        matched += len(piece)
        position += 1
    return position


def start_of(wanted: str, text: str, end: int) -> int | None:
    """Return where `wanted` (already folded) starts when `text` is read backwards from `end`; None if it is not there."""
    position, left = end, len(wanted)
    while left > 0:
        if position == 0:
            return None
        piece = _fold_one(text[position - 1])
        if not wanted.endswith(piece, 0, left):
            return None
        left -= len(piece)
        position -= 1
    return position


@lru_cache(maxsize=4096)
def _fold_one(character: str) -> str:
    return fold_letters(character)
