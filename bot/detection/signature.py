"""The day a decree was signed: after its own number, else after "Fait à …, le", else beside the town that ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.detection.dates import ANY_DATE, full
from bot.detection.document import Document
from bot.detection.found import Found
from bot.detection.segments import Part, Segment

_AFTER_NUMBER = re.compile(rf"\s*,?\s*(?:en date\s+)?du\s+(?P<day>{ANY_DATE})(?!\s*(?:a \d|au\b|jusqu))")
# A stamp leaves a dash where a digit would be: "le - 7 AOUT 2026".
_DONE = re.compile(rf"\bfait\s+a\s+[^\n,]{{2,40}}?\s*,?\s*le\s*[:\-]?\s*(?P<day>{ANY_DATE})")
_PLACE_ONLY = re.compile(rf"\bfait\s+a\s+[^\n,]{{2,40}}?(?:,?\s*le\b(?:\s*[:\-]?\s*{ANY_DATE})?|,|\n|$)")
_TOWN = re.compile(rf"^\W{{0,3}}(?:a\s+)?[a-z][a-z' \-]{{1,40}}?\s?,\s?le\s*[:\-]?\s*(?P<day>{ANY_DATE})", re.MULTILINE)
_DATED_TITLE = re.compile(rf"\barrete(?:\s+(?:inter)?prefectoral)?\s+du\s+(?P<day>{ANY_DATE})(?!\s*(?:au\b|jusqu))")
_QUOTED = re.compile(r"(?:\bl[' ]?\s?|\b(?:les|cet|des|du|de|vu|par)\s)$")


def signed(document: Document, segment: Segment, number: Found[str] | None) -> Found[date] | None:
    """The day of signature, None where the text does not show one. Never guessed from the identifier of the act."""
    text = document.folded.text
    if number is not None:
        match = _AFTER_NUMBER.match(text, number.end)
        day = full(match["day"]) if match is not None else None
        if match is not None and day is not None:
            return Found(day, number.start, match.end())
    for block in segment.of(Part.TITLE, Part.HEADING):
        for match in _DATED_TITLE.finditer(text, block.start, block.end):
            day = full(match["day"])
            if day is not None and not _QUOTED.search(text[max(match.start() - 8, 0) : match.start()]):
                return Found(day, match.start(), match.end())
    for pattern, blocks in (
        (_DONE, segment.blocks),
        (_TOWN, tuple(segment.of(Part.ARTICLE))),
        (_TOWN, tuple(segment.of(Part.HEADING, Part.BODY))),
    ):
        for block in reversed(blocks):
            for match in reversed(list(pattern.finditer(text, block.start, block.end))):
                day = full(match["day"])
                if day is not None:
                    return Found(day, match.start(), match.end())
    return None


def signatures(document: Document, segment: Segment) -> Iterator[tuple[int, int]]:
    """Where a decree is signed ("Fait à …, le …", whatever its day), the last first."""
    text = document.folded.text
    for pattern, blocks in (
        (_PLACE_ONLY, segment.blocks),
        (_TOWN, tuple(segment.of(*([Part.ARTICLE] if segment.has_articles else [Part.HEADING, Part.BODY])))),
    ):
        for block in reversed(blocks):
            yield from (match.span() for match in reversed(list(pattern.finditer(text, block.start, block.end))))
