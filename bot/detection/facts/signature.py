"""The day a decree was signed: after its own number, else after "Fait à …, le", else beside the town that ends it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from bot.detection.facts.dates import ANY_DATE, full
from bot.detection.facts.signing import signing_lines
from bot.detection.rules.errata import erratum
from bot.detection.text.document import Document
from bot.detection.text.found import Found
from bot.detection.text.segments import Block, Part, Segment

_AFTER_NUMBER = re.compile(rf"\s*,?\s*(?:en date\s+)?du\s+(?P<day>{ANY_DATE})(?!\s*(?:a \d|au\b|jusqu))")
# A stamp leaves a dash where a digit would be: "le - 7 AOUT 2026".
_DONE = re.compile(rf"\bfait\s+a\s+[^\n,]{{2,40}}?\s*,?\s*le\s*[:\-]?\s*(?P<day>{ANY_DATE})")
_PLACE_ONLY = re.compile(rf"\bfait\s+a\s+[^\n,]{{2,40}}?(?:,?\s*le\b(?:\s*[:\-]?\s*{ANY_DATE})?|,|\n|$)")
_DATED_TITLE = re.compile(rf"\barrete(?:\s+(?:inter)?prefectoral)?\s+du\s+(?P<day>{ANY_DATE})(?!\s*(?:au\b|jusqu))")
_QUOTED = re.compile(r"(?:\bl[' ]?\s?|\b(?:les|cet|des|du|de|vu|par)\s)$")


def signed(document: Document, segment: Segment, number: Found[str] | None) -> Found[date] | None:
    """The day of signature, None where the text does not show one. Never guessed from the identifier of the act.

    The day that an erratum prints in its title is of the decree it corrects.
    """
    text = document.folded.text
    if number is not None:
        match = _AFTER_NUMBER.match(text, number.end)
        day = full(match["day"]) if match is not None else None
        if match is not None and day is not None:
            return Found(day, number.start, match.end())
    for block in segment.of(Part.TITLE, Part.HEADING) if erratum(document, segment) is None else ():
        for match in _DATED_TITLE.finditer(text, block.start, block.end):
            day = full(match["day"])
            if day is not None and not _QUOTED.search(text[max(match.start() - 8, 0) : match.start()]):
                return Found(day, match.start(), match.end())
    done = [match for block in segment.blocks for match in _DONE.finditer(text, block.start, block.end)]
    articles = _lines(document, segment.of(Part.ARTICLE))
    for match in (*reversed(done), *reversed(articles), *reversed(_lines(document, segment.of(Part.HEADING, Part.BODY)))):
        day = full(match["day"])
        if day is not None:
            return Found(day, match.start(), match.end())
    return None


def signatures(document: Document, segment: Segment) -> Iterator[tuple[int, int]]:
    """Where a decree is signed ("Fait à …, le …", whatever its day), the last first."""
    text = document.folded.text
    placed = [match for block in segment.blocks for match in _PLACE_ONLY.finditer(text, block.start, block.end)]
    lines = _lines(document, segment.of(*([Part.ARTICLE] if segment.has_articles else [Part.HEADING, Part.BODY])))
    yield from (match.span() for match in (*reversed(placed), *reversed(lines)))


def _lines(document: Document, blocks: Iterable[Block]) -> list[re.Match[str]]:
    return [match for block in blocks for match in signing_lines(document, block.start, block.end)]
