"""Finds the administrative courts that the remedies of a decree name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bot.detection.text.cues import cues, pattern
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import DecreePart, Segment
from bot.detection.text.views import repair
from bot.domain.law.tables import LINK, PREFIX, spellings

# Over squeezed text. Where only an address names the court, its street stands between; another body's address is none of it.
_OTHER_ADDRESS = r"recours|ministre|ministere|prefet|prefecture|beauvau|conseildetat|couradministrative|tribunaladministratif"
_SHORT = re.compile(r"\b(?:le|au|du)\s+t\.?\s?a\.?\s+(?=d[e'u]|a\s)")
_REMEDY = pattern(
    "recours", "contest", "defere", "attaque", "saisi", "porte(?:e|es|s)? devant", "(?<!pendant)(?<!pendante) devantletribunal", "litige",
    "annulation", "contentieu", "deuxmois", "2mois",
)  # fmt: skip
_JUDGED = re.compile(r"(?:jugement|ordonnance)[a-z0-9]{0,40}$")
_BEFORE, _AFTER = 400, 250
"""Squeezed characters around a court in which something must tell that the text speaks of remedies."""


@dataclass(frozen=True, slots=True)
class _Courts:
    by_spelling: Mapping[str, str]
    mention: re.Pattern[str]
    place: re.Pattern[str]


def courts_named(document: ActText, segment: Segment) -> list[TextMatch[str]]:
    """Return the courts that the remedies of a decree name, each once, in order, under their names in `courts.toml`.

    A court in visas and recitals, or whose judgment is quoted, is none of them. Neither letters' case nor split words matter.
    """
    found: dict[str, TextMatch[str]] = {}
    for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY, DecreePart.HEADING):
        for name, low, high in _mentions(document, block.start, block.end):
            if _of_remedies(document, segment, low, high):
                found.setdefault(name, TextMatch(name, *document.loose(low, high)))
    return sorted(found.values(), key=lambda entry: entry.start)


def _mentions(document: ActText, start: int, end: int) -> list[tuple[str, int, int]]:
    """Names of courts with where they stand in the mended view."""
    known, text = _courts(), document.mended.text
    low, high = document.mended_span(start, end)
    found = [(match["name"] or match["town"], match.start(), match.end()) for match in known.mention.finditer(text, low, high)]
    for short in _SHORT.finditer(document.flat, start, end):
        first, last = document.mended_span(short.start(), short.end())
        match = known.place.match(text, last, high)
        if match is not None:
            found.append((match["name"], first, match.end()))
    return [(known.by_spelling[spelling], first, last) for spelling, first, last in found]


def _of_remedies(document: ActText, segment: Segment, low: int, high: int) -> bool:
    text = document.mended.text
    first, last = document.mended_span(segment.start, segment.end)
    if _JUDGED.search(text, max(low - 60, first), low):
        return False
    return _REMEDY.search(text, max(low - _BEFORE, first), min(high + _AFTER, last)) is not None


@cache
def _courts() -> _Courts:
    by_spelling: dict[str, str] = {}
    for spelling, name in spellings().items():
        # The mended view may take "de Nouvelle" for a damaged "renouvelle".
        mended = repair(f"de{spelling}", cues().misreads).text
        by_spelling |= {spelling: name, **({} if mended == f"de{spelling}" else {mended: name})}
    # The longest first: Saint-Denis de La Réunion is not Saint-Denis.
    names = "|".join(sorted(by_spelling, key=len, reverse=True))
    address = rf"(?:(?!{_OTHER_ADDRESS}|\d{{5}}(?:{names})).){{0,90}}\d{{5}}(?P<town>{names})"
    return _Courts(
        by_spelling,
        re.compile(rf"{PREFIX}(?:{LINK}(?P<name>{names})|{address})"),
        re.compile(rf"{LINK}(?P<name>{names})"),
    )
