"""With what: the software. A product unknown to `equipment.toml` is taken where the text calls it one. For its maker see `makers`."""

from __future__ import annotations

import re
from functools import cache

from bot.detection.facts.makers import BY, COMPANY, THAT, impersonal, name_at
from bot.detection.text.cues import load
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import joined
from bot.detection.text.segments import DecreePart, Segment

_WORDS = load("equipment.toml")["words"]
_PRODUCT = (
    rf"(?:{'|'.join(_WORDS['product'])})(?: logicielle?| algorithmique| informatique| technique)?"
    r"(?: d'analyse(?: d[e']\s?[a-z' ]{0,30}?)?)?"
)
_CALLED = rf"(?:,?\s*(?:{'|'.join(_WORDS['called'])}))"
_CHOSEN = rf"(?:,?\s(?:{'|'.join(_WORDS['chosen'])}))"
# "Le logiciel utilisé est Perception", "Solution retenue : Perception".
_IS = rf"(?:{_CHOSEN}(?:\s(?:est|sera)|\s?:)|\s?:)"
_QUOTED = re.compile(
    rf"(?:\b{_PRODUCT}{_CHOSEN}?(?: est| sera|,|\s?:)?(?:\s(?:le|la) {_PRODUCT})?|(?P<called>{_CALLED}))"
    r"\s*\"\s*(?P<name>[a-z0-9][^\"\n]{1,40}?)\s*\""
)
_NAMED = re.compile(rf"\b{_PRODUCT}(?P<called>{_CALLED}|{_IS})?\s+(?P<name>[a-z0-9])")
_CALLED_AFAR = re.compile(rf"\b{_PRODUCT}[^.;\"]{{0,90}}?{_CALLED}\s+(?P<name>[a-z0-9])")
_MADE_AFTER = re.compile(
    rf"\s*,?\s*(?:\(|(?:de la )?societe\b|de l'(?:entreprise|editeur)\b|de (?:la )?marque\b|propriete de"
    rf"|dans sa version|version\b|{BY}|{THAT})"
)
# Words may be glued: "letraitement, dénommé".
_NOUN = re.compile(rf"(?P<product>{_PRODUCT}|dispositif|\bil\b)|\b(?:{'|'.join(_WORDS['named_otherwise'])})\b")
# "Le traitement est développé par la société X et porte le nom de « Y »": who made it is not what bears the name.
_MADE_BY = re.compile(rf"\b(?:par|de|aupres de|avec)\s{COMPANY}\s(?=\S)")

_BEFORE = 120
"""Characters before "dénommé" in which what bears the name is told."""


@cache
def _known() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((entry["name"], re.compile(entry["pattern"])) for entry in load("equipment.toml")["software"])


def software(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """A known product, else what the decree calls it ("dénommé « … »", "logiciel X de la société Y"); rather what its articles say than
    what its recitals tell of another one."""
    first = next(iter(segment.of(DecreePart.ARTICLE)), None)
    operative = _software(document, first.start, segment.end) if first is not None else None
    return operative or _software(document, segment.start, segment.end)


def _software(document: ActText, start: int, limit: int) -> TextMatch[str] | None:
    text = document.flat
    for name, pattern in _known():
        match = pattern.search(text, start, limit)
        if match is not None:
            return TextMatch(name, match.start(), match.end())
    for match in _QUOTED.finditer(text, start, limit):
        name = joined(document.original(match.start("name"), match.end("name")))
        if (
            not re.match(r"(?:m\.|mme|ci-)", match["name"])
            and name[:1] != name[:1].lower()
            and impersonal(name)
            and (match["called"] is None or _is_of_software(text, start, match.start()))
        ):
            return TextMatch(name, match.start(), match.end())
    for pattern in (_NAMED, _CALLED_AFAR):
        for match in pattern.finditer(text, start, limit):
            found = name_at(document, match.start("name"), limit)
            if found is None:
                continue
            called = pattern is _CALLED_AFAR or match["called"] is not None
            if called or _MADE_AFTER.match(text, found.end, limit):
                return TextMatch(found.value, match.start(), found.end)
    return None


def _is_of_software(text: str, start: int, position: int) -> bool:
    """False where the last thing spoken of before "dénommé" is no software but a manifestation, a law, an application for the public.

    Where nothing is recognised there, damage may have hidden it; "dit" is said of too much else.
    """
    opening = max(position - _BEFORE, start)
    makers = [match.span() for match in _MADE_BY.finditer(text, opening, position)]
    nouns = [noun for noun in _NOUN.finditer(text, opening, position) if not any(first <= noun.start() < last for first, last in makers)]
    return nouns[-1]["product"] is not None if nouns else re.match(r"\W*dit", text[position:]) is None
