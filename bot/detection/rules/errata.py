"""Texts that only correct another one: an "erratum", a "rectificatif" of a recueil. What number and title they print are that one's."""

from __future__ import annotations

import re
from functools import cache

from bot.detection.text.cues import load
from bot.detection.text.document import ActText
from bot.detection.text.segments import DecreePart, Segment

_HEAD = 400
"""Characters of a text in which it calls itself an erratum: after the letterhead, before what it corrects."""

# "Arrêté préfectoral\nrectificatif n° …" has a number of its own.
_QUALIFIES = re.compile(r"\b(?:arretes?|decisions?|(?:inter-?)?prefectora(?:l|ux)|ap)\s*$")
_CORRECTS = re.compile(r"\blire\b|\bau lieu de\b")


def erratum_in(text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
    """The word with which a line of a folded text begins that calls the whole an erratum, before much else is said."""
    limit = min(start + _HEAD, len(text) if end is None else end)
    found = _opening().finditer(text, start, limit)
    return next((match for match in found if _QUALIFIES.search(text, max(match.start() - 30, start), match.start()) is None), None)


def erratum(document: ActText, segment: Segment) -> re.Match[str] | None:
    """The word with which an act calls itself an erratum, where it is no more than that: it does not repeat the decree it corrects.

    A line that begins so in a text that corrects nothing is one of a table of contents.
    """
    text = document.folded.text
    if segment.is_formal:
        return None
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        found = erratum_in(text, block.start, block.end)
        if found is None:
            continue
        begins = not text[block.start : found.start()].strip()
        if (block.part is DecreePart.TITLE and begins) or _CORRECTS.search(text, found.end(), segment.end) is not None:
            return found
    return None


@cache
def _opening() -> re.Pattern[str]:
    words = "|".join(r"\s?".join(word) for word in load("links.toml")["opening"])
    return re.compile(rf"^\W{{0,3}}(?P<word>{words})(?!\w)", re.MULTILINE)
