"""Words compared as people compare them, and as recognition spells them: the folds of the whole program."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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
