"""Words compared as people compare them."""

from __future__ import annotations

import unicodedata

# Letters that decomposition leaves whole.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})


def plain(text: str) -> str:
    """The text without case or accents, ligatures opened: `Sacré-Cœur` -> `sacre-coeur`. Other signs and blanks stay."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in folded if not unicodedata.combining(character)).translate(_LETTERS)
