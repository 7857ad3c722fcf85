"""Who is authorised to use the algorithm, under a stable name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from bot.detection.cues import load
from bot.detection.document import Document
from bot.detection.found import Found
from bot.detection.segments import Block, Part, Segment

# "la commune de Cannes", "police municipale de la ville de L'Haÿ-les-Roses": the name is read from the original text.
_OF = re.compile(r"\s+(?:de |d')(?:la (?:commune|ville) (?:de |d'))?")
_NAME = re.compile(
    r"(?:(?:L[ea]s?|L['’]|Saint|Sainte)[ -]?)?[A-ZÀ-ÖØ-Þ][\w'’\-]*"
    r"(?:(?:[ -](?:sur|sous|en|les|lès|la|le|de|du|des|aux?|d['’]|l['’]|et)){0,2}[ -](?!RER|SNCF|RATP)[A-ZÀ-ÖØ-Þ][\w'’\-]+){0,4}"
)
# "les images de vidéoprotection de la ville de Lyon": whose cameras they are, not who uses the algorithm.
_OWNED = re.compile(
    r"(?:video[- ]?(?:protection|surveillance)|cameras?|images)(?: urbaine)?(?: (?:appartenant|exploitee?s?|installee?s?|geree?s?))?"
    r"(?: (?:par|a|de|du|des))?(?: communa(?:l|ux))?\s*$"
)
_EXECUTION = re.compile(
    r"charge\w*[^.;]{0,120}\bexecution\b|\bexecution du present|recueil des actes|recours (?:gracieux|contentieux)|tribunal administratif"
)


@dataclass(frozen=True, slots=True)
class _Operator:
    name: str
    pattern: re.Pattern[str]
    of: bool


@cache
def _operators() -> tuple[_Operator, ...]:
    return tuple(
        _Operator(
            entry["name"],
            re.compile("|".join(f"(?:{pattern})" for pattern in entry["patterns"])),
            entry.get("of", False),
        )
        for entry in load("operators.toml")["operator"]
    )


def operators(document: Document, segment: Segment, speaking: tuple[Block, ...]) -> list[Found[str]]:
    """The operators named in the title, else in the articles that speak of the algorithm (`speaking`), else in another article.

    Articles on execution, publication and remedies name services that merely receive the decree: they are left out.
    """
    titles = [*segment.of(Part.TITLE), *segment.of(Part.HEADING)]
    articles = [block for block in segment.of(Part.ARTICLE) if not is_formality(document.flat, block)]
    found = _merged([*_in(document, titles, heading=True), *_in(document, [b for b in speaking if b in articles or b.part is Part.BODY])])
    found = found or _merged(_in(document, articles))
    users = [entry for entry in found if not _is_owner(document, entry)]
    return users or found


def _is_owner(document: Document, entry: Found[str]) -> bool:
    return entry.value.startswith("Commune") and _OWNED.search(document.flat[max(entry.start - 60, 0) : entry.start]) is not None


def is_formality(flat: str, block: Block) -> bool:
    """True for an article on execution, publication or remedies."""
    return _EXECUTION.search(flat, block.start, block.end) is not None


def _in(document: Document, blocks: list[Block], *, heading: bool = False) -> list[Found[str]]:
    text = document.flat
    found: list[Found[str]] = []
    for block in blocks:
        for operator in _operators():
            for match in operator.pattern.finditer(text, block.start, block.end):
                end = match.end()
                name = operator.name
                if operator.of:
                    commune = _commune(document, end, block.end)
                    if commune is None:
                        continue
                    name, end = f"{operator.name} de {commune[0]}", commune[1]
                    if commune[0][:1] in "AEIOUYÉÈH" and not commune[0].startswith("Y"):
                        name = f"{operator.name} d'{commune[0]}" if commune[0][0] != "H" else name
                elif heading and _letterhead(text, match.start(), block):
                    continue
                found.append(Found(name, match.start(), end))
    return found


def _commune(document: Document, position: int, limit: int) -> tuple[str, int] | None:
    of = _OF.match(document.flat, position, limit)
    if of is None:
        return None
    name = _NAME.match(document.original(of.end(), min(of.end() + 60, limit)))
    return (name.group().strip(" -'’"), of.end() + len(name.group())) if name is not None else None


def _letterhead(text: str, position: int, block: Block) -> bool:
    """True for a word above the title: the letterhead names the service that writes, not who is authorised."""
    title = re.compile(r"\barrete").search(text, block.start, block.end)
    return title is not None and position < title.start()


def _merged(found: list[Found[str]]) -> list[Found[str]]:
    """Each operator once; a commune whose police is named is one operator, not two."""
    names: dict[str, Found[str]] = {}
    for entry in sorted(found, key=lambda entry: entry.start):
        names.setdefault(entry.value, entry)
    for value in list(names):
        place = re.sub(r"^Commune (?:de |d')", "", value)
        if place != value and any(other != value and other.startswith("Police municipale") and other.endswith(place) for other in names):
            del names[value]
    return list(names.values())
