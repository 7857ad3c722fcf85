"""With what: the software, and who made it. A product or maker unknown to `equipment.toml` is taken where the text calls it one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from bot.detection.cues import load
from bot.detection.document import Document
from bot.detection.found import Found
from bot.detection.phrases import joined
from bot.detection.privacy import without_names
from bot.detection.segments import Part, Segment
from bot.detection.superseded import is_superseded

_PRODUCT = (
    r"(?:logiciel|solution|outil|produit|progiciel|algorithme|traitement|systeme)(?: logicielle?| algorithmique| informatique| technique)?"
    r"(?: d'analyse(?: d[e']\s?[a-z' ]{0,30}?)?)?"
)
_CALLED = r"(?:,?\s*(?:denommee?s?|appelee?s?|intitulee?s?|baptisee?s?|nommee?s?))"
# "Le logiciel utilisé est Perception".
_IS = r"(?:\s(?:employee?|utilisee?|retenue?|mise? en oeuvre)\s(?:est|sera))"
_BY = r"(?:edite|developpe|concu|commercialise|fourni|propose|realise|distribue|mis)e?s?(?: et \w+)?(?: a disposition)?\s+par\b"
_THAT = r"que? (?:developpe|edite|commercialise|fournit|propose)\b"
_QUOTED = re.compile(
    rf"(?:\b{_PRODUCT}(?: (?:employee?|utilisee?|retenue?|mise? en oeuvre))?(?: est)?|{_CALLED})"
    r"\s*\"\s*(?P<name>[a-z0-9][^\"\n]{1,40}?)\s*\""
)
_NAMED = re.compile(rf"\b{_PRODUCT}(?P<called>{_CALLED}|{_IS})?\s+(?P<name>[a-z0-9])")
_CALLED_AFAR = re.compile(r"\btraitement[^.;]{0,60}\bdenomme\s+(?P<name>[a-z0-9])")
_MADE_AFTER = re.compile(
    rf"\s*,?\s*(?:\(|(?:de la )?societe\b|de l'(?:entreprise|editeur)\b|de marque\b|dans sa version|version\b|{_BY}|{_THAT})"
)
_COMPANY = r"(?:la\s+|l')?(?:societe|entreprise|editeur|start-?up|compagnie)(?:\s+par actions simplifiee)?\s+\"?\s?"
_MAKER = re.compile(rf"\b(?:{_BY}|{_THAT}|(?:de|par))\s+{_COMPANY}(?P<name>[a-z0-9])")
_MAKER_ALONE = re.compile(r"\b(?:edite|developpe|concu|commercialise)e?(?: et \w+)?\s+par\s+\"?\s?(?P<name>[a-z0-9])")
_SOFTWARE_NEAR = re.compile(r"\b(?:logiciel\w*|solution|algorithm\w*|progiciel|denomme\w*|traitement)\b")
# As printed: capitals or digits begin each word. A product may be "Regard Sûr", a company "XXII Group" or "Orange Business".
_WORD = r"(?!(?:Vu|Article|ARTICLE|Considérant|Monsieur|Madame|M|MM|Mme|Le|La|Les|L|À|Et)\b)[A-ZÀ-ÖØ-Þ0-9][\w&’'.+-]*"
_NAME = re.compile(rf"{_WORD}(?:\s+(?:{_WORD}|&)){{0,3}}")
_CORPORATE = re.compile(r"\s+(?:SAS|SASU|SA|SARL|Group|Groupe|France|Technologies|Systems|Vision|Business|Labs|AI|IA)\b")
_NO_MAKER = frozenset({"ratp", "sncf", "etat", "police", "prefecture"})


@cache
def _catalogue() -> tuple[tuple[tuple[str, str, re.Pattern[str]], ...], tuple[tuple[str, re.Pattern[str]], ...]]:
    data = load("equipment.toml")
    return (
        tuple((entry["name"], entry["vendor"], re.compile(entry["pattern"])) for entry in data["software"]),
        tuple((entry["name"], re.compile(entry["pattern"])) for entry in data["vendor"]),
    )


def software(document: Document, segment: Segment) -> Found[str] | None:
    """A known product, else what the decree calls it ("dénommé « … »", "logiciel X de la société Y"); rather what its articles say than
    what its recitals tell of another one."""
    first = next(iter(segment.of(Part.ARTICLE)), None)
    operative = _software(document, first.start, segment.end) if first is not None else None
    return operative or _software(document, segment.start, segment.end)


def _software(document: Document, start: int, limit: int) -> Found[str] | None:
    text = document.flat
    for name, _, pattern in _catalogue()[0]:
        match = pattern.search(text, start, limit)
        if match is not None and not is_superseded(text, match.start(), match.end()):
            return Found(name, match.start(), match.end())
    for match in _QUOTED.finditer(text, start, limit):
        name = joined(document.original(match.start("name"), match.end("name")))
        if (
            not re.match(r"(?:m\.|mme|ci-)", match["name"])
            and name[:1] != name[:1].lower()
            and _impersonal(name)
            and not is_superseded(text, *match.span())
        ):
            return Found(name, match.start(), match.end())
    for pattern in (_NAMED, _CALLED_AFAR):
        for match in pattern.finditer(text, start, limit):
            found = _name(document, match.start("name"), limit)
            if found is None or is_superseded(text, match.start(), found.end):
                continue
            called = pattern is _CALLED_AFAR or match["called"] is not None
            if called or _MADE_AFTER.match(text, found.end, limit):
                return Found(found.value, match.start(), found.end)
    return None


def vendor(document: Document, segment: Segment) -> Found[str] | None:
    """A known maker, else the company said to have made it; never deduced from the product."""
    first = next(iter(segment.of(Part.ARTICLE)), None)
    operative = _vendor(document, first.start, segment.end) if first is not None else None
    return operative or _vendor(document, segment.start, segment.end)


def _vendor(document: Document, start: int, limit: int) -> Found[str] | None:
    text = document.flat
    for name, known in _catalogue()[1]:
        match = known.search(text, start, limit)
        if match is not None:
            return Found(name, match.start(), match.end())
    return next(_makers(document, start, limit), None)


def _makers(document: Document, start: int, limit: int) -> Iterator[Found[str]]:
    text = document.flat
    for pattern in (_MAKER, _MAKER_ALONE):
        for match in pattern.finditer(text, start, limit):
            if _SOFTWARE_NEAR.search(re.split(r"[;:]|\.\s", text[max(match.start() - 110, start) : match.start()])[-1]) is None:
                continue
            found = _name(document, match.start("name"), limit)
            if found is None or found.value.lower() in _NO_MAKER or is_superseded(text, match.start(), found.end):
                continue
            # Without "la société", two words may be a person's first name and surname.
            if pattern is _MAKER_ALONE and " " in found.value and _CORPORATE.search(found.value) is None:
                continue
            yield Found(found.value, match.start(), found.end)


def _name(document: Document, start: int, limit: int) -> Found[str] | None:
    """The words that begin with capitals or digits right at `start`, None where there are none or they are a person's."""
    first, last = document.folded.span(start, min(start + 60, limit))
    match = _NAME.match(document.source[first:last])
    if match is None:
        return None
    value = re.split(r"\.(?:\s|$)|\n", match.group())[0].rstrip(".'’")
    if len(value) < 2 or value.isdigit() or not _impersonal(value):
        return None
    return Found(" ".join(value.split()), start, start + len(value))


def _impersonal(name: str) -> bool:
    return without_names(name) == name
