"""Words that a decree quotes only to replace them: what "au lieu de" or "sont remplacés par" takes away is none of its facts."""

from __future__ import annotations

import re

_INSTEAD_OF = re.compile(r"\bau lieu (?:de|du|des)\b")
_READ = re.compile(r"\blire\b|\bil (?:y a lieu|faut|convient)\b|\ble mot\b")
_REPLACED = re.compile(r'[^;."]{0,80}"\s*,?\s*(?:est|sont)\s+(?:ainsi\s+)?(?:remplace|supprime)')
_REACH = 220


def is_superseded(text: str, start: int, end: int) -> bool:
    """True for a stretch of a flat text that is replaced: « au lieu de : "…", lire : "…" », « les mots "…" sont remplacés »."""
    instead = None
    for match in _INSTEAD_OF.finditer(text, max(start - _REACH, 0), start):
        instead = match
    if instead is not None and _READ.search(text, instead.end(), start) is None:
        return _READ.search(text, end, end + _REACH) is not None
    return _REPLACED.match(text, end, end + _REACH) is not None
