"""Text compared as readers compare it: without accents, case, spaces or punctuation."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_IN_A_WORD = re.compile(r"[^0-9a-z]+")
# A hyphen that stands alone is a dash between two words.
_LINE_END = re.compile(r"(?<![ \n])-\n")


def fold(text: str) -> str:
    """Letters and digits only, lower case, accents removed, ligatures opened (`Arrêté  n° 12` -> `arreten12`).

    The ordinal signs and letters like `º` fold to the letter they stand for, as NFKD says.
    """
    if text.isascii():
        return _NOT_IN_A_WORD.sub("", text.lower())
    return "".join(character for character in unicodedata.normalize("NFKD", text.casefold()) if character.isalnum())


def one_line(text: str) -> str:
    """Whitespace collapsed; a line that ends with a hyphen is joined to the next one without a space (`Saint-\\nTropez`)."""
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    return _LINE_END.sub("-", "\n".join(lines)).replace("\n", " ")


def end_of(wanted: str, text: str, start: int) -> int | None:
    """Where `wanted` (already folded) ends when `text` is read from `start`, folding as we go; None if it is not there."""
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
    """Where `wanted` (already folded) starts when `text` is read backwards from `end`; None if it is not there."""
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
    return fold(character)
