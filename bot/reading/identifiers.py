"""The act identifiers of the national template: `83-2025-07-07-00001`, `2A-2024-…`, `R93-2025-…`, `IDF-2024-…`.

The last group had three digits until about 2020, five since.
"""

from __future__ import annotations

import re
from collections.abc import Collection

ACT_ID = r"(?:\d{2,3}|2[AB]|R\d{2}|[A-Z]{3})-\d{4}-\d{2}-\d{2}-\d{3,5}"
ACT_ID_ALONE = re.compile(rf"(?m)^[ \t]*({ACT_ID})[ \t]*$")
DASH = r"[-–—]"
_MISREAD = 2
"""Characters an OCR may get wrong in an identifier that is still told apart from its neighbours."""


def nearest(found: str, known: Collection[str]) -> str | None:
    """The known identifier that was meant: the same one, else the only one that differs by a misread character or two."""
    if found in known:
        return found
    close = sorted((distance, one) for one in known if (distance := _distance(found, one)) <= _MISREAD)
    if not close or (len(close) > 1 and close[0][0] == close[1][0]):
        return None
    return close[0][1]


def _distance(one: str, other: str) -> int:
    if len(one) != len(other):
        return _MISREAD + 1
    return sum(a != b for a, b in zip(one, other, strict=True))
