"""What a decree is for: the event after "à l'occasion de"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import cleaned, holds_end, phrase_end
from bot.detection.text.segments import Block, DecreePart, Segment
from bot.detection.text.views import fold

_MOST = 20
"""Events looked at in one part of a decree: a hostile text has any number."""

_LONGEST = 160
"""Characters of an event: longer is a paragraph, not a name."""

_NAMED = re.compile(r"\"\s?[^\"]{2,60}\"")
_DURING = re.compile(
    r"\b(?:(?:lors|en vue|au titre|en raison|a l'approche|pour la (?:tenue|duree|securisation)) (?:de la |de l'|des |du |de )"
    r"|(?:pendant|durant|pour|au cours de) (?:la |l'|les |le ))"
    r"(?=(?:\d+\s?(?:e|eme|es)?\s)?(?:fetes?|festival|finale|match|concerts?|marche|foire|braderie|carnaval|course|marathon|salon|ceremonies?|feria|tour\b"
    r"|grand prix|expositions?|sommet|festivites|congres|arrivee|etapes?|nuits?|journees|commemorations?|inauguration|gala|corso"
    r"|meeting|mondial|mondiaux|championnats?|coupe|jeux|rencontres?|defile|spectacles?|semaine|raid"
    r"|parade|regates?|tournoi|rassemblement|fan[ -]zones?|feux?\b|feu d'artifice|\d+ heures))"
)
# Of no kind that is known, but with a proper name: "pendant les Nuits des Filets Bleus".
_DURING_NAME = re.compile(
    r"\b(?:lors (?:de la |de l'|des |du )|(?:pendant|durant|au cours de) (?:la |l'|les |le ))"
    r"(?!conseil|commission|comite|assemblee|republique|etat\b|article|sous-?\s?prefet|prefet|maire|police|gendarmerie|cnil|sncf|ratp)(?=[a-z])"
)
_EVENT = re.compile(r"\b(?:a|pour) l['\s]\s?occasion\s(?:de la |de l['\s]|des |du |de |d['\s])")
_FRAME = re.compile(r"\bdans le cadre\s(?:de la |de l'|des |du |de |d')(?!article|application|present)")
# "une rencontre de football", "plusieurs concerts": of a kind, and none by name.
_SOME = re.compile(r"(?:une?|des|plusieurs|deux|trois|quatre|cinq)\s")
# "la Braderie" of the title, "la Braderie de Lille" of the article.
_PLACED = re.compile(r"\s(?:de |du |des |d['’]|de la |de l['’])[A-ZÀ-Þ][\w'’-]*(?:[\s-][A-ZÀ-Þ][\w'’-]*){0,2}")
_ATTACHED = re.compile(r"\b(?:de|du|des)(?:\s(?:la|l'))?\s?$")
_EVENT_STOP = re.compile(r",?\s(?:sur|aux abords|a proximite|dans (?:les|la|l'|un|une|certaines|plusieurs)|au sein)\s")


def event(document: ActText, segment: Segment, speaking: tuple[Block, ...], mentioning: tuple[Block, ...] = ()) -> TextMatch[str] | None:
    """Return what the decree is for, after "à l'occasion de" (else "dans le cadre de", "lors de"); None where it is for a place only.

    A title that prints it in capitals, only says what kind of event it is ("une rencontre de football") or leaves out where ("la Braderie")
    gives way to an article that names it. A decree that changes another one may name it only where a visa tells what that one authorises
    (`mentioning`).
    """
    named = _events(document, [*segment.of(DecreePart.TITLE), *segment.of(DecreePart.HEADING), *speaking, *segment.of(DecreePart.ARTICLE)])
    first = next(named, None)
    if first is None:
        return next(_events(document, [block for block in mentioning if block.part is DecreePart.VISA]), None)
    return next((found for found in named if _is_clearer(found.value, first.value)), first)


def _is_clearer(name: str, first: str) -> bool:
    """Return True for the name of an event that says more than the first one found, of the same event."""
    plain, known = fold(name).text, fold(first).text
    if first.isupper():
        return not name.isupper() and plain.startswith(known)
    if _SOME.match(known) is not None:
        return _SOME.match(plain) is None and name != name.lower()
    return plain.startswith(known) and _PLACED.fullmatch(name[len(first) :]) is not None


def _events(document: ActText, blocks: list[Block]) -> Iterator[TextMatch[str]]:
    text = document.flat
    for opening in (_EVENT, _FRAME, _DURING, _DURING_NAME):
        for block in blocks:
            for match in islice(opening.finditer(text, block.start, block.end), _MOST):
                if opening is _DURING_NAME and not _is_named(document, block, match.end()):
                    continue
                end = phrase_end(text, match.end(), block.end, _LONGEST)
                named = _NAMED.match(text, end, block.end)
                if named is not None:  # festival « Jazz in Marciac »
                    end = named.end()
                where = _EVENT_STOP.search(text, match.end(), end)
                if where is not None and (block.part is DecreePart.TITLE or where.group().startswith(",")):
                    end = where.start()
                value = cleaned(document.original(match.end(), end))
                if len(value) > 3:
                    yield TextMatch(value, match.start(), end)


def _is_named(document: ActText, block: Block, position: int) -> bool:
    """Return True for a word that begins with a capital, where not every word does."""
    return document.original(position, position + 1).isupper() and not document.original(block.start, block.end).isupper()


def in_event(text: str, start: int, position: int) -> bool:
    """True inside the name of an event ("à l'occasion du concert … dans la salle …"): an article then names its own places elsewhere."""
    opening = _EVENT.search(text, max(position - 110, start), position)
    return opening is not None and not holds_end(text, opening.end(), position)


def where_named(document: ActText, segment: Segment, event: str | None) -> list[tuple[int, int]]:
    """Return where the name of an event stands in a decree, for whatever reason it is named there."""
    if event is None:
        return []
    return [match.span() for match in re.compile(re.escape(fold(event).text)).finditer(document.flat, segment.start, segment.end)]


def is_part_of_a_name(text: str, position: int, named: list[tuple[int, int]]) -> bool:
    """Return True for who is named at `position` inside one of these names, and belongs to it: "la fête de la ville de X"."""
    inside = any(start < position < end for start, end in named)
    return inside and _ATTACHED.search(text[max(position - 8, 0) : position]) is not None
