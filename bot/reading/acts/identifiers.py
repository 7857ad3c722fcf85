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


_MOST_KNOWN = 300
"""Identifiers of one recueil among which a misread one is looked for; real recueils hold a hundred, and more is an attack on our time."""


def nearest(found: str, known: Collection[str]) -> str | None:
    """The known identifier that was meant: the same one, else the only one that differs by a misread character or two.

    `known` is best a set or the keys of a dict: an identifier that was read right is then found at once.
    """
    if found in known:
        return found
    if len(known) > _MOST_KNOWN:
        return None
    # Here: the process that reads the pages looks for none, and does not owe the 10 ms these take.
    from rapidfuzz import process  # noqa: PLC0415
    from rapidfuzz.distance import Hamming  # noqa: PLC0415

    same_length = [one for one in known if len(one) == len(found)]
    close = process.extract(found, same_length, scorer=Hamming.distance, score_cutoff=_MISREAD, limit=2)
    if not close or (len(close) > 1 and close[0][1] == close[1][1]):
        return None
    return str(close[0][0])
