"""With what: the software, who made it, and how many cameras feed it."""

from __future__ import annotations

import re
from functools import cache

from bot.detection.cues import load
from bot.detection.document import Document
from bot.detection.found import Found
from bot.detection.segments import Part, Segment

_CALLED = re.compile(r"\b(?:denommee?s?|appelee?s?|intitulee?s?|logiciel|solution)\s*\"\s*(?P<name>[a-z0-9][^\"\n]{1,40}?)\s*\"")
_CALLED_PLAIN = re.compile(r"\btraitement[^.;]{0,60}\bdenomme\s+(?P<name>[a-z0-9][\w-]{2,30})")
_MADE = re.compile(
    r"\b(?:developpee?s?|editee?s?|fournie?s?|concue?s?)\s+par\s+(?:la\s+|l')?(?:societe|entreprise)\s+\"?\s?(?P<name>[a-z0-9][\w.&-]*)"
)

_UNITS = {
    "une": 1, "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10, "onze": 11,
    "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
}  # fmt: skip
_TENS = {"vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60}
_WORD = rf"(?:{'|'.join([*_UNITS, *_TENS, 'cents?', 'et'])})"
_COUNT = rf"(?P<count>\d{{1,4}}|{_WORD}(?:[ -]{_WORD}){{0,6}})"
_CAMERAS = re.compile(rf"(?<![\w-]){_COUNT}\s*(?:\(\s*(?P<again>\d{{1,4}})\s*\)\s*)?cameras?\b")
_FIXED = re.compile(rf"\bnombre (?:maximal |total |maximum )?de cameras[^.;]{{0,120}}?(?:fixe a|limite a|est de|s'eleve a|:)\s*{_COUNT}\b")


@cache
def _catalogue() -> tuple[tuple[tuple[str, str, re.Pattern[str]], ...], tuple[tuple[str, re.Pattern[str]], ...]]:
    data = load("equipment.toml")
    return (
        tuple((entry["name"], entry["vendor"], re.compile(entry["pattern"])) for entry in data["software"]),
        tuple((entry["name"], re.compile(entry["pattern"])) for entry in data["vendor"]),
    )


def software(document: Document, segment: Segment) -> Found[str] | None:
    """A known product, else what the decree calls it ("dénommé « … »")."""
    text = document.flat
    for name, _, pattern in _catalogue()[0]:
        match = pattern.search(text, segment.start, segment.end)
        if match is not None:
            return Found(name, match.start(), match.end())
    for called in (_CALLED, _CALLED_PLAIN):
        match = called.search(text, segment.start, segment.end)
        if match is not None and not re.match(r"(?:m\.|mme|ci-)", match["name"]):
            return Found(document.original(match.start("name"), match.end("name")), match.start(), match.end())
    return None


def vendor(document: Document, segment: Segment) -> Found[str] | None:
    """A known maker, else the company said to have made it; never deduced from the product."""
    text = document.flat
    for name, pattern in _catalogue()[1]:
        match = pattern.search(text, segment.start, segment.end)
        if match is not None:
            return Found(name, match.start(), match.end())
    match = _MADE.search(text, segment.start, segment.end)
    if match is None:
        return None
    return Found(document.original(match.start("name"), match.end("name")).rstrip("."), match.start(), match.end())


def cameras(document: Document, segment: Segment) -> Found[int] | None:
    """How many cameras, where the decree gives one figure, or a total beside its parts; None where that is not clear."""
    text = document.flat
    blocks = [*segment.of(Part.TITLE, Part.HEADING, Part.ARTICLE, Part.BODY)]
    found = [
        Found(count, match.start(), match.end())
        for pattern in (_FIXED, _CAMERAS)
        for block in blocks
        for match in pattern.finditer(text, block.start, block.end)
        if (count := _count(match.groupdict().get("again") or match["count"])) is not None
    ]
    if not found:
        return None
    most = max(found, key=lambda entry: entry.value)
    others = {entry.start: entry.value for entry in found if entry.value != most.value}
    return most if not others or sum(others.values()) == most.value else None


def _count(words: str) -> int | None:
    """A French cardinal below ten thousand, in digits or words; None for what is none ("et")."""
    if words.isdigit():
        return int(words) or None
    total = 0
    for word in re.split(r"[ -]", words):
        if word.startswith("cent"):
            total = (total or 1) * 100
        elif word in {"vingt", "vingts"} and total % 100 == 4:
            total += 76  # quatre-vingt
        else:
            total += _UNITS.get(word, 0) + _TENS.get(word, 0)
    return total or None
