"""Defines page texts and the folds that compare words. Imports nothing of this package, as reading processes start often."""

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
    """How the text of a page was obtained. `PENDING`: recognition is still to come."""

    LAYER = "layer"
    OCR = "ocr"
    BLANK = "blank"
    PENDING = "pending"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class PageText:
    """Text of one page. `UNREADABLE`: empty, could not be read; `PENDING`: text layer only, at most a stamped running title. `other`:
    alternative text where neither can be trusted. Recognised pages have `confidence` (0 to 100, mean over words), `unsure` words (as `bare`
    has them), `seconds`. `damaged`: the file lost some text; `lacks`: what else was not read, for operators.
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
        """Return false when the page was not or only partly read; undefined for a pending one."""
        return self.origin is not TextOrigin.UNREADABLE and not (self.damaged or self.lacks)

    @property
    def is_unread(self) -> bool:
        """Return true when the page could not be read or is pending."""
        return self.origin in (TextOrigin.PENDING, TextOrigin.UNREADABLE)


# Words compared as people compare them.

_OPENED = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
"""Letters that decomposition leaves whole."""

_NOT_IN_A_WORD = re.compile(r"[^0-9a-z]+")


def fold_words(text: str) -> str:
    """Drop case and accents, open ligatures: `Sacré-Cœur` -> `sacre-coeur`. Other signs and blanks stay."""
    if text.isascii():
        return text.lower()
    folded = _opened(text)
    return folded if folded.isascii() else "".join(character for character in folded if not unicodedata.combining(character))


def fold_letters(text: str) -> str:
    """Keep Latin letters and digits, folded (`Arrêté  n° 12` -> `arreten12`), character by character; ligatures as letters."""
    return _NOT_IN_A_WORD.sub("", _opened(text))


def _opened(text: str) -> str:
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold()
    for letter, letters in _OPENED.items():
        folded = folded.replace(letter, letters)
    return folded


def clean(text: str) -> str:
    """Remove what databases refuse: NUL (PostgreSQL) and lone surrogates, both found in broken PDFs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def clean_or_none(text: str | None) -> str | None:
    """`clean`, for a text that may be missing."""
    return None if text is None else clean(text)


# Text compared as readers compare it: without accents, case, spaces or punctuation.

# A hyphen that stands alone is a dash between two words.
CUT = r"-[ \t]*[\r\n]\s*"
"""Matches the end of a line that may cut a word."""
_CUT = re.compile(rf"(?<=[^\W_]){CUT}(?=[^\W_])")
_COMPOUND = re.compile(
    r"(?:avant|cel(?:ui|les?)|ceux|centre|demi|dix|fan|non|peut|plate|quatre|rond|soixante|sous|trente|vice|vieux|vingt)-"
    r"|[a-z]+-(?:memes?$|(?:aux?|des?|du|en|et|l[ae]s?|sous|sur|t)-)"
)
"""Words that have a hyphen though what follows it is in lower case: "sous-préfet", "Saint-Maur-des-Fossés"."""


def hyphen_at(text: str, start: int, end: int, folded: str = "") -> str:
    """Return what is between the halves of a word cut at `start:end`: a hyphen if a capital or figure follows, or the word has one of its
    own; else nothing. How the `folded` text prints the word elsewhere decides first."""
    before, after = re.search(r"[^\W_]+\Z", text[max(start - 40, 0) : start]), re.match(r"[^\W_]+-?", text[end : end + 40])
    if before is None or after is None:
        return "-"
    first, last = before[0], after[0].rstrip("-")
    folded, whole = folded or fold_words(text), fold_words(first + last)
    is_capital = not last[0].islower() or first[-1].isdigit()
    if (is_capital and not (first.isupper() and last.isupper() and whole in folded)) or fold_words(f"{first}-{last}") in folded:
        return "-"
    return "-" if whole not in folded and _COMPOUND.match(fold_words(f"{first}-{after[0]}")) else ""


def whole_words(text: str, folded: str = "") -> str:
    """Return a text with the words joined that line ends cut: "autori-⏎sation", "Saint-⏎Denis"."""
    return _CUT.sub(lambda cut: hyphen_at(text, cut.start(), cut.end(), folded), text) if "-" in text and "\n" in text else text


def one_line(text: str, folded: str = "") -> str:
    """Return a text with its blanks collapsed and the words joined that line ends cut."""
    return " ".join(whole_words(text, folded).split())


def end_of(wanted: str, text: str, start: int) -> int | None:
    """Return where `wanted` (folded) ends in `text`, folded from `start`; None if it is not there."""
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
    """Return where `wanted` (folded) starts in `text`, folded backwards from `end`; None if it is not there."""
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
