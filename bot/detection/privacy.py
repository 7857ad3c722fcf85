"""Decrees name officials, agents and shop owners. None of them belongs in a post or in a log."""

from __future__ import annotations

import re

_CIVILITY = (
    r"\b(?:M\.|MM\.|M(?=\s+[A-ZÉ][a-zéè]+\s+[A-ZÉÈ]{2})|Mme\.?|Mmes|Mlle|Mr\.?"
    r"|Monsieur|Madame|Mademoiselle|Messieurs|Mesdames|Maître|Dr\.?)"
)
_WORD = r"(?:[A-ZÀ-ÖØ-Þ][\w'’\-]*|\[NOM\])"
_PARTICLE = r"(?:(?:de|du|des|la|le|van|von|ben|el)\s+|d['’])"
_PERSON = re.compile(rf"{_CIVILITY}\s*(?:[dD]['’])?{_WORD}(?:\s+{_PARTICLE}*{_WORD}){{0,4}}")

_ELLIPSIS = "[…]"
_REACH = 80
"""Characters around an excerpt in which a name that crosses its edge is looked for."""


def without_names(text: str) -> str:
    """The text with every "M./Mme Name" replaced by an ellipsis. "Monsieur le préfet" names a function and stays."""
    return _PERSON.sub(_ELLIPSIS, text)


def excerpt(text: str, start: int, end: int) -> str:
    """`text[start:end]` without persons' names, even where it begins or ends inside one."""
    low = max(start - _REACH, 0)
    parts: list[str] = []
    last = start
    for match in _PERSON.finditer(text, low, min(end + _REACH, len(text))):
        if match.end() <= start or match.start() >= end:
            continue
        parts += [text[last : max(match.start(), last)], _ELLIPSIS]
        last = max(min(match.end(), end), last)
    return "".join([*parts, text[last:end]])
