"""A decree without the words that it takes away: what a modification removes is none of its facts.

« Les mots "place Pie" sont remplacés par les mots "place Kléber" » names one place. What goes is blanked, at its length, so that every
position holds and the rules for each fact need not know of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import DecreePart, Segment
from bot.detection.text.views import fold

_READ = r"\b(?:lire|il (?:y a lieu|faut|convient)|le mot)\b"
_CLAUSE_END = r"\.\s|[;:\"]|,\s(?:l[ae] |les |l'|il |elle |ils |elles |on )|\b(?:est|sont|peut|peuvent|sera|seront)\b"
_QUOTED = r'"(?P<gone>[^"]{1,400})"'
# « Les mots "…" sont remplacés », "remplacer les mots « … »", "il est substitué aux mots « … »".
_REPLACED = re.compile(
    rf"{_QUOTED}(?:\s*\")?\s*,?\s*(?:est|sont|doit etre|doivent etre)\s+(?:ainsi\s+)?(?:remplace|supprime)"
    rf"|\b(?:remplacer|supprimer|substituer? (?:aux?|a la|a l'))\b[^\".;]{{0,60}}{_QUOTED.replace('gone', 'taken')}"
)
_INSTEAD = re.compile(rf"\bau lieu (?:de|du|des)\b(?P<gone>(?:(?!{_READ}).){{1,220}})(?={_READ})")
# What comes before "en lieu et place de" holds. A place where people gather is no change.
_IN_PLACE = re.compile(
    r"\b(?:aux? lieux?(?: et places?)?|en lieu et place|en remplacement)(?=\s(?:de |des |du |d'))"
    r"(?!\s(?:du |de |de l'|de la )(?:rassemblement|rendez|depart|stationnement|culte|evenement|manifestation))"
    rf"(?P<gone>(?:(?!{_CLAUSE_END}).){{1,220}})"
)
# Of things, a sentence says it without quotes: "le logiciel X est remplacé par le logiciel Y", "Y remplace X".
_IS_REPLACED = re.compile(r"\b(?:est|sont|sera|seront|a ete|ont ete)\s(?:ainsi\s)?remplacee?s?\spar\b")
_SUBJECT = re.compile(r"(?:(?!\.\s|\b(?:est|sont)\b)[^;\"]){1,200}$")
_REPLACES = re.compile(
    r"(?<!est )(?<!sont )(?<!sera )(?<!ete )"
    r"\b(?:remplace(?:nt|ra|ront)?|remplacant|(?:se substitue|succede)(?:nt|ra|ront)?\s(?:a|au|aux))\s(?!par\b)"
    rf"(?P<gone>(?:(?!{_CLAUSE_END}).){{1,220}})"
)
_NEW_WORDING = re.compile(rf"[^\"]{{0,30}}\b(?:par|les mots|{_READ})[^\"]{{0,40}}\"(?![^\"]{{0,40}}\b(?:logiciel|solution))")
_OF_SOFTWARE = re.compile(r"\b(?:societe|entreprise|editeur|start-?up|logiciel|solution)\b")
_SOFTWARE = " logiciel "


@dataclass(frozen=True, slots=True)
class Amended:
    """A document with what goes blanked; `gone` is where that was."""

    document: ActText
    gone: tuple[tuple[int, int], ...]


def amended(document: ActText, segment: Segment) -> ActText:
    """Return the document without the wording that this decree replaces or removes."""
    gone = tuple(_wordings(document.flat, segment))
    return _blanked(document, gone) if gone else document


def amended_things(document: ActText, segment: Segment) -> Amended:
    """Return the document without the software and makers that this decree replaces, whatever the words.

    A new wording that takes the place of one on a maker is about software too, though it does not say so again.
    """
    text = document.flat
    wordings = tuple(_wordings(text, segment))
    gone = (*wordings, *_things(text, segment))
    if not gone:
        return Amended(document, ())
    blanked = _blanked(document, gone)
    for start, end in wordings:
        lead = _NEW_WORDING.match(text, min(end + 1, segment.end), segment.end) if _OF_SOFTWARE.search(text, start, end) else None
        if lead is not None:
            blanked = _overwritten(blanked, lead.end() - len(_SOFTWARE), _SOFTWARE)
    return Amended(blanked, gone)


def unless_gone(kept: Amended, segment: Segment, found: TextMatch[str] | None) -> TextMatch[str] | None:
    """A software or maker; None for one of a visa or recital where an article takes that one away, or a maker whose product it may be."""
    first = next(iter(segment.of(DecreePart.ARTICLE)), None)
    if found is None or first is None or found.start >= first.start:
        return found
    source = kept.document
    taken = [fold(source.original(start, end)).text for start, end in kept.gone if start >= first.start]
    return None if any(fold(found.value).text in words or _OF_SOFTWARE.search(words) for words in taken) else found


def _wordings(text: str, segment: Segment) -> Iterator[tuple[int, int]]:
    for match in _REPLACED.finditer(text, segment.start, segment.end):
        yield match.span("gone" if match["gone"] is not None else "taken")
    for match in _INSTEAD.finditer(text, segment.start, segment.end):
        yield match.span("gone")
    for match in _IN_PLACE.finditer(text, segment.start, segment.end):
        yield match.span()


def _things(text: str, segment: Segment) -> Iterator[tuple[int, int]]:
    for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY):
        for match in _IS_REPLACED.finditer(text, block.start, block.end):
            subject = _SUBJECT.search(text[max(match.start() - 200, block.start) : match.start()])
            if subject is not None:
                yield match.start() - len(subject.group()), match.start()
        for match in _REPLACES.finditer(text, block.start, block.end):
            yield match.span("gone")


def _blanked(document: ActText, gone: tuple[tuple[int, int], ...]) -> ActText:
    for start, end in gone:
        # A semicolon ends every sentence and name that would run on into what is gone.
        document = _overwritten(document, start, ";" + " " * (end - start - 1))
    return document


def _overwritten(document: ActText, start: int, words: str) -> ActText:
    end = start + len(words)
    flat, folded = document.flat, document.folded.text
    lines = "".join("\n" if old == "\n" else new for old, new in zip(folded[start:end], words, strict=True))
    return replace(
        document,
        flat=flat[:start] + words + flat[end:],
        folded=replace(document.folded, text=folded[:start] + lines + folded[end:]),
    )
