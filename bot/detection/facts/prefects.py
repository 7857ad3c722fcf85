"""Which prefect comes first of the several who decide together: the competent court is that of the first named (CJA, article R. 312-1)."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from bot.detection.text.cues import load
from bot.detection.text.document import Document
from bot.detection.text.found import Found
from bot.detection.text.segments import Part, Segment
from bot.detection.text.views import fold

# "Le préfet du Gard," on its line. "Préfet des Bouches-du-Rhône" without an article goes on with the titles of the one above.
_AUTHOR = re.compile(r"^\W{0,3}l[ea]\s+prefete?\b", re.MULTILINE)


def first_prefect(document: Document, segment: Segment) -> Found[str] | None:
    """The code of the department whose prefect is named first, where the heading names those of two departments or more; else None."""
    for block in segment.of(Part.HEADING):
        text = document.folded.text
        authors = [match.start() for match in _AUTHOR.finditer(text, block.start, block.end)]
        named = [_pattern().search(text, low, high) for low, high in pairwise([*authors, block.end])]
        codes = {_codes()[_plain(match["name"])] for match in named if match is not None}
        # Where the first is of no department ("Le préfet de police"), it is not for this rule to say.
        if len(codes) > 1 and named[0] is not None:
            return Found(_codes()[_plain(named[0]["name"])], *named[0].span())
    return None


@cache
def _codes() -> dict[str, str]:
    return {_plain(fold(name).text): code for code, name in load("prefects.toml")["departments"].items()}


@cache
def _pattern() -> re.Pattern[str]:
    """A prefect of a department, over the folded text; of two names that begin alike, the longer."""
    names = "|".join(
        re.sub(r"[ '-]", r"[\\s'-]+", _plain(fold(name).text))
        for name in sorted(load("prefects.toml")["departments"].values(), key=len, reverse=True)
    )
    return re.compile(rf"\bprefete?\s+(?:de\s+la\s+|de\s+l'\s?|des\s+|du\s+|de\s+|d'\s?)(?P<name>{names})(?![\w-])")


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s'-]+", name))
