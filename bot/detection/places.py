"""Where: the stations, streets and grounds a decree names, and the event it is for."""

from __future__ import annotations

import re

from bot.detection.dates import DAY, HOUR, MONTH, WEEKDAY, YEAR
from bot.detection.document import Document
from bot.detection.found import Found
from bot.detection.operators import is_formality
from bot.detection.place_lists import listed_places
from bot.detection.privacy import without_names
from bot.detection.segments import Block, Part, Segment

_LIMIT = 160
"""Characters of a place or an event: longer is a paragraph, not a name."""

_COUNT = r"\d{1,3}|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt"
_DETERMINER = rf"(?:(?:les|la|le|l'|cette|ces|{_COUNT}|certaines?|plusieurs|differentes?)\s?){{0,3}}"
_COUNTED = re.compile(rf"(?:(?:les|la|le|l'|{_COUNT})\s?)+$")
_GROUND = (
    r"(?:gares?|stations?|emprises?|avenues?|places?|boulevards?|quartiers?|secteurs?|parcs?|stades?|palais|promenades?|ports?|esplanades?|"
    r"centre[- ]ville|rues?|parvis|aeroports?|aerogares?|jardins?|marches?|champs|croisette|quais?|arena|plages?|hippodromes?|"
    r"circuits?|allees?|presqu'ile|batiments?|centre commercial|hotel de ville|musees?|theatres?|vieux[- ]port|fan[- ]?zones?|abords)"
)
_PLACE = re.compile(
    r"\b(?!(?:en|sur) place\b)(?:dans|sur|aux|au|a|en)\s(?:l'enceinte (?:de|du)\s?|(?:les )?abords (?:de|du|des)\s?)?"
    rf"{_DETERMINER}(?P<place>{_GROUND}\b)"
)
# Streets also come without a preposition: "…, place de la Victoire et cours de l'Argonne", "caméras situées rue Nationale".
_STREET_KIND = r"(?:rues?|avenues?|boulevards?|places?|quais?|cours|esplanades?|allees?|parvis|square|impasse|chemin|route)"
_STREET = re.compile(
    rf"(?:(?:,|\bvideo-?protection)\s(?={_STREET_KIND}\s(?:de |du |des |d')(?!un))"
    r"|\b(?:install|situ|implant|dispos|position|localis)ee?s?\s)"
    rf"(?P<place>{_STREET_KIND}\s)"
)
# An article that says where the cameras are, and not who is told of them or sees their images.
_WHERE = re.compile(r"\b(?:cameras?|perimetre|lieux?|implantee?s?|situee?s?)\b")
_NOT_WHERE = re.compile(r"\b(?:affich\w*|panneau\w*|inform\w*|conserv\w*|habilite\w*|agents?)\b")
_STOP = re.compile(
    r"[;:\"]|\.\s|\.$|\bd'un traitement|\bdes? traitements?|\ba l'occasion|\bafin\b|\bpour\b|\bdetecter\b|\best autoris|\bsont autoris"
    r"|\bau moyen|,? (?:prevue?s?|qui (?:se|aura|auront)|se tenant|organise)|\barticle\s?\d|\bvu l|\bconsiderant|\bl[ae] prefete?\b"
    r"|\bla commission|\bdans le cadre|\b(?:du|des|de|le|les|entre le|jusqu'au|a compter du|a partir du)\s?"
    rf"(?:{HOUR}|{WEEKDAY}{DAY}\s?(?:{MONTH}|au|et|,|[/.]\d)|{MONTH}\s?{YEAR})|\b{YEAR}\b(?=\s*$)|\(?\d+ pages?\)"
    r"|\bpage \d|\b\d{2}-\d{4}-\d\d-\d\d-|\bet (?:abrog|retir|modifi)"
)
_NAMED = re.compile(r"\"\s?[^\"]{2,60}\"")
_DURING = re.compile(
    r"\b(?:lors (?:de la |de l'|des |du |de )|(?:pendant|durant|pour|au cours de) (?:la |l'|les |le ))"
    r"(?=(?:\d+\s?(?:e|eme|es)?\s)?(?:fetes?|festival|finale|match|concerts?|marche|foire|braderie|carnaval|course|marathon|salon|ceremonies?|feria|tour\b"
    r"|grand prix|championnats?|coupe|jeux|rencontres?|defile|spectacles?|feux?\b|feu d'artifice|\d+ heures))"
)
_EVENT = re.compile(r"\b(?:a|pour) l'occasion\s(?:de la |de l'|des |du |de |d')")
_FRAME = re.compile(r"\bdans le cadre\s(?:de la |de l'|des |du |de |d')(?!article|application|present)")
_EVENT_STOP = re.compile(r",?\s(?:sur|aux abords|a proximite|dans (?:les|la|l'|un|une|certaines|plusieurs)|au sein)\s")


def places(document: Document, segment: Segment, speaking: tuple[Block, ...]) -> list[Found[str]]:
    """The places that articles list, and those of the title and of the articles that speak of the algorithm, as the decree words them."""
    text = document.flat
    found: dict[str, Found[str]] = {}
    for block in segment.of(Part.ARTICLE):
        if not is_formality(text, block):
            found |= {entry.value: entry for entry in listed_places(document, block)}
    listed = bool(found)
    telling = [
        block for block in segment.of(Part.ARTICLE) if block not in speaking and not is_formality(text, block) and _tells_where(text, block)
    ]
    for block in [*segment.of(Part.TITLE), *segment.of(Part.HEADING), *speaking, *telling]:
        position = block.start
        while (match := _first(text, position, block.end)) is not None:
            position = match.end()
            end = _stop(text, match.end(), block.end)
            if end - match.start("place") < 6 or (block.part is Part.ARTICLE and _in_event(text, block.start, match.start())):
                continue
            value = _clean(document.original(*_determined(text, match, end)))
            position = max(end, position)
            if listed and re.match(rf"(?:{_COUNT})\b|(?:gares|stations|rues|lieux|sites)$", value):
                continue  # "trois gares lyonnaises", "dans les gares de :": their names are listed
            if value and not any(value.lower() in known.lower() or known.lower() in value.lower() for known in found):
                found[value] = Found(value, match.start(), end)
    return sorted(found.values(), key=lambda entry: entry.start)


def event(document: Document, segment: Segment, speaking: tuple[Block, ...]) -> Found[str] | None:
    """What the decree is for, after "à l'occasion de" (else "dans le cadre de", "lors de"); None where it is for a place only."""
    text = document.flat
    blocks = [*segment.of(Part.TITLE), *segment.of(Part.HEADING), *speaking, *segment.of(Part.ARTICLE)]
    for opening in (_EVENT, _FRAME, _DURING):
        for block in blocks:
            for match in opening.finditer(text, block.start, block.end):
                end = _stop(text, match.end(), block.end)
                named = _NAMED.match(text, end, block.end)
                if named is not None:  # festival « Jazz in Marciac »
                    end = named.end()
                where = _EVENT_STOP.search(text, match.end(), end)
                if where is not None and (block.part is Part.TITLE or where.group().startswith(",")):
                    end = where.start()
                value = _clean(document.original(match.end(), end))
                if len(value) > 3:
                    return Found(value, match.start(), end)
    return None


def _tells_where(text: str, block: Block) -> bool:
    return _WHERE.search(text, block.start, block.end) is not None and _NOT_WHERE.search(text, block.start, block.end) is None


def _first(text: str, start: int, end: int) -> re.Match[str] | None:
    found = [match for match in (_PLACE.search(text, start, end), _STREET.search(text, start, end)) if match is not None]
    return min(found, key=lambda match: match.start("place"), default=None)


def _in_event(text: str, start: int, position: int) -> bool:
    """True inside the name of an event ("à l'occasion du concert … dans la salle …"): an article then names its own places elsewhere."""
    opening = _EVENT.search(text, max(position - 110, start), position)
    return opening is not None and _STOP.search(text, opening.end(), position) is None


def _determined(text: str, match: re.Match[str], end: int) -> tuple[int, int]:
    """The place with its article or number ("deux gares parisiennes"), without the preposition."""
    start = match.start("place")
    lead = _COUNTED.search(text[match.start() : start])
    if lead is not None and not re.fullmatch(r"(?:les|la|le|l')\s?", lead.group()):
        start = match.start() + lead.start()
    return start, end


def _stop(text: str, start: int, limit: int) -> int:
    limit = min(limit, start + _LIMIT)
    found = _STOP.search(text, start, limit)
    return found.start() if found is not None else limit


def _clean(text: str) -> str:
    value = without_names(text).replace("□", "'").replace("\ufffd", "'")
    value = re.sub(r"\s+(?:et|de|du|des|à|a|le|la|les|dans|sur|en|l['’]|d['’])$", "", value.strip(" ,;.-–:("))
    return value.strip(" ,;.-–:(")
