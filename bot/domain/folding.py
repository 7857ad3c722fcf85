"""Words compared as people compare them, and as recognition spells them: the folds of the whole program."""

from __future__ import annotations

import re
import unicodedata

_OPENED = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"}
"""Letters that decomposition leaves whole."""

_NOT_IN_A_WORD = re.compile(r"[^0-9a-z]+")


def fold_words(text: str) -> str:
    """Drop case and accents, and open ligatures: `Sacré-Cœur` -> `sacre-coeur`. Other signs and blanks stay."""
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
