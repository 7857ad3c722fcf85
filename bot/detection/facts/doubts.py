"""Says which facts are to be verified: the two readers do not agree on them, or the page on which they stand was badly read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.detection.facts.equipment import listed_products, without_form
from bot.detection.facts.operators import operators_within
from bot.detection.facts.places import names
from bot.detection.facts.tagging import TAGGED
from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import cleaned
from bot.detection.text.segments import DecreePart, Segment
from bot.domain.acts import Evidence, Facts

Value = str | tuple[str, ...] | None

_LITTLE_WORDS = frozenset({"de", "du", "des", "la", "le", "les", "l", "d", "a", "au", "aux", "en", "et"})
_FROM_ONE_PAGE = (*TAGGED, "signed", "cameras")
"""The facts that a badly read page makes doubtful, besides the period, of which the evidence has a name of its own."""


def doubtful(document: ActText, segment: Segment, facts: Facts, evidence: Iterable[Evidence], read: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the names of the facts that are to be verified, in the order of `Facts`. `read` is what the second reader makes of them.

    A product or maker of the list is sure where the articles name no other one. An office is one of a closed list and stands in one
    place: it is doubtful only where the second reader names another.
    """
    poor = {quote.about for quote in evidence if quote.page in document.poor_pages}
    unsure = {name for name in _FROM_ONE_PAGE if name in poor} | ({"starts", "ends"} if "period" in poor else set())
    for name in TAGGED:
        value: Value = getattr(facts, name)
        if value and not _is_listed(document, segment, name, value) and not _agree(name, value, read.get(name)):
            unsure.add(name)
    return tuple(name for name in Facts.__dataclass_fields__ if name in unsure and getattr(facts, name))


def second_values(document: ActText, found: Mapping[str, Sequence[TextMatch[str]]]) -> dict[str, Value]:
    """Return what the second reader makes of each fact, in the spelling of facts; of several, what it took most often."""
    values: dict[str, Value] = {}
    for name, matches in found.items():
        if name == "operators":
            values[name] = operators_within(document, [(match.start, match.end) for match in matches])
        elif name == "places":
            each = (tuple(names(match.value, item=True)) or (cleaned(match.value),) for match in matches)
            values[name] = tuple(dict.fromkeys(place for places in each for place in places))
        else:
            spelt = [_spelt(name, match.value) for match in matches]
            values[name] = max(spelt, key=lambda value: sum(_words(value) == _words(other) for other in spelt))
    return values


def _spelt(name: str, printed: str) -> str:
    if name not in {"software", "vendor"}:
        return cleaned(printed)
    known = next((known for known, pattern in listed_products(name) if pattern.search(fold(printed).text) is not None), None)
    return known or without_form(printed)


def _is_listed(document: ActText, segment: Segment, name: str, value: Value) -> bool:
    if name not in {"software", "vendor"}:
        return False
    articles = list(segment.of(DecreePart.ARTICLE, DecreePart.BODY))
    named = {
        known
        for known, pattern in listed_products(name)
        if any(pattern.search(document.flat, block.start, block.end) is not None for block in articles)
    }
    return named == {value}


def _agree(name: str, value: Value, other: Value) -> bool:
    if other is None or other == ():
        return name == "office"
    if isinstance(value, tuple) and isinstance(other, tuple):
        mine, theirs = [_words(each) for each in value], [_words(each) for each in other]
        return all(any(_same(one, two) for two in theirs) for one in mine) and all(any(_same(one, two) for one in mine) for two in theirs)
    return _words(str(value)) == _words(str(other))


def _same(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Return True for one name: "gare de Nîmes" is also the "Nîmes" of "les gares d'Arles et de Nîmes"."""
    return mine == theirs or (len(mine) > 1 and mine[1:] == theirs)


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.rstrip("s") for word in re.findall(r"\w+", fold(name).text) if word not in _LITTLE_WORDS)
