"""Text compared as readers compare it: without accents, case, spaces or punctuation."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.domain.folding import fold_letters

# A hyphen that stands alone is a dash between two words.
_LINE_END = re.compile(r"(?<![ \n])-\n")


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
    return fold_letters(character)
