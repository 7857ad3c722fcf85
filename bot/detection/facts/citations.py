"""The other decrees that a text names, by number or by day of signature, and whether it says that they are about VSA."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice

from bot.detection.facts.dates import ANY_DATE, full
from bot.detection.facts.numbers import number_after, numbers_in, without_service
from bot.detection.text.cues import Pattern, cues, load, pattern
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Segment

_REACH = 420
"""Characters after a decree's name in which its object is told: a full title."""

_MOST = 150
"""Decrees looked at in one text: real ones name a dozen, a hostile text has any number."""

_DAY = re.compile(rf"\s*,?\s*\(?(?:en date )?du\s+(?P<day>{ANY_DATE})\)?")
_DATED = re.compile(
    rf"\b(?:arretes?|decisions?)(?:\s+(?:inter-?)?prefectora(?:l|ux))?(?:\s+du prefet de police)?(?:\s+en date)?\s+du\s+(?P<day>{ANY_DATE})"
)
_AND = re.compile(r"(?:\s*,)?\s*(?:et\s*)?(?:de l'|l'|les |du )?")
_OBJECT_END = re.compile(
    r";|(?<=[a-z0-9»)]{2})\.\s|\b(?:est|sont|demeure)\s+(?:\w+\s+)?(?:abrog|retir|rapport|annul|modifi|complet|rempla|renouvel|prorog|prolong|recondui|suspend)"
)


@dataclass(frozen=True, slots=True)
class Citation:
    """A decree named at `start:end` of the folded text. `vsa` is None where the text does not tell what it is about."""

    number: str | None
    signed: date | None
    vsa: bool | None
    start: int
    end: int

    @property
    def same(self) -> str:
        """What tells that two citations are of one decree."""
        return without_service(self.number) if self.number is not None else str(self.signed)


def citations(document: ActText, segment: Segment, own: str | None) -> list[Citation]:
    """Every decree that the segment names but itself (`own` is its number), each time it does, in order.

    Where one place gives the number, another the day or the object, each citation has them all.
    """
    named = sorted(islice(_named(document, segment.start, segment.end), _MOST), key=lambda entry: entry.start)
    found: list[Citation] = []
    for position, entry in enumerate(named):
        if own is not None and entry.number is not None and without_service(entry.number) == without_service(own):
            continue
        limit = named[position + 1].start if position + 1 < len(named) else segment.end
        found.append(replace(entry, vsa=_about_vsa(document, entry.end, limit)))
    return _completed(found)


def _named(document: ActText, start: int, end: int) -> Iterator[Citation]:
    text = document.flat
    seen = start
    for first in numbers_in(document, start, end, quoted=True):
        entry: TextMatch[str] | None = first
        while entry is not None and entry.start >= seen:
            day = _DAY.match(text, entry.end, end)
            signed = full(day["day"]) if day is not None else None
            seen = day.end() if day is not None and signed is not None else entry.end
            yield Citation(entry.value, signed, None, entry.start, seen)
            following = _AND.match(text, seen, end)
            entry = number_after(document, following.end(), end) if following is not None and following.end() > seen else None
    for match in _DATED.finditer(text, start, end):
        signed = full(match["day"])
        if signed is not None:
            yield Citation(None, signed, None, match.start(), match.end())


def _about_vsa(document: ActText, start: int, limit: int) -> bool | None:
    """What the words after a decree's name say of its object: True, False, or None where they do not tell."""
    limit = min(limit, start + _REACH)
    stop = _OBJECT_END.search(document.flat, start, limit)
    low, high = document.mended_span(start, stop.start() if stop is not None else limit)
    known = cues()
    if any(cue.search(document.mended.text, low, high) for cue in (*known.strong, *known.bare, *known.medium, _objects("same"))):
        return True
    return False if _objects("other").search(document.mended.text, low, high) else None


def _completed(found: list[Citation]) -> list[Citation]:
    """Each citation with the number, day and object that another citation of the same decree tells."""
    numbered: dict[str, list[Citation]] = {}
    for entry in found:
        if entry.number is not None:
            numbered.setdefault(entry.same, []).append(entry)
    whole: list[Citation] = []
    for dated in found:
        entry = _numbered(dated, found) if dated.number is None else dated
        same = numbered.get(entry.same, [entry]) if entry.number is not None else [other for other in found if other.signed == entry.signed]
        days = {other.signed for other in same if other.signed is not None}
        told = {other.vsa for other in same if other.vsa is not None}
        whole.append(
            replace(
                entry,
                signed=entry.signed or (next(iter(days)) if len(days) == 1 else None),
                vsa=entry.vsa if entry.vsa is not None or len(told) != 1 else next(iter(told)),
            )
        )
    return whole


def _numbered(dated: Citation, found: list[Citation]) -> Citation:
    """A citation by day alone with its number, where one decree of that day is named by both."""
    twins = {other.same: other.number for other in found if other.number is not None and other.signed == dated.signed}
    return replace(dated, number=next(iter(twins.values()))) if len(twins) == 1 else dated


@cache
def _objects(which: str) -> Pattern:
    return pattern(*load("references.toml")["objects"][which])
