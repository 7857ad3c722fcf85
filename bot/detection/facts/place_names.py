"""From the words around a place to its name: enumerations cut into items, what is said of an item left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bot.detection.text.cues import load
from bot.detection.text.phrases import is_sound, joined
from bot.detection.text.privacy import without_names
from bot.detection.text.views import fold

_WORDS = load("places.toml")
GROUND = rf"(?:{'|'.join(_WORDS['kinds'])})"
"""What places are called, over the folded text."""

_ADJECTIVE = r"(?:(?:grande?|petite?|vieux|vieille|ancienn?e?|nouveau|nouvelle)\s)?"
_COUNT = r"\d{1,3}|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt"
_OF = r"(?:(?:de la|du|des|de|a la|aux|au)\s+|(?:de l'|a l'|d')\s?)"
_LEAD = re.compile(
    r"^(?:(?:et|ou|ainsi que|puis)\s+)?"
    r"(?:\d{1,3}\s(?:cameras?\s)?pour\s|(?:aux |des |les )?cameras?\s(?:de videoprotection\s)?(?=d))?(?:(?:situee?s?|implantee?s?)\s+)?"
    r"(?:(?:au\s(?:nord|sud)|a l'(?:est|ouest))(?:-(?:est|ouest))?,?\spar\s)?"
    rf"(?:(?:dans|sur|aux abords|abords|au niveau|autour|a proximite|le long|au-dessus|a l'interieur|au sein"
    r"|en bordure)\s+)?"
    rf"(?:{_OF}|(?P<town>a)\s+)?"
    r"(?:(?:les|le|la)\s+|l'\s?)?"
)
_KIND = re.compile(rf"{_ADJECTIVE}{GROUND}\b")
# A number of places, a kind of place that many have, or words that name none.
_GENERIC = re.compile(
    rf"^(?:{_COUNT})\b|^(?:{'|'.join(_WORDS['bare'])})(?:\s(?:{'|'.join(_WORDS['filler'])}))*$|{'|'.join(_WORDS['no_name'])}"
)
_NO_ITEM = re.compile(rf"^(?:{'|'.join(_WORDS['no_item'])})\b")
_NAMES_AFTER_KIND = re.compile(r"^(?:[Ss]tations?\s(?:de\s|d['’])?|[Gg]ares\s)(?=[A-ZÀ-Þ])")
_SAID = re.compile(
    r"\s*\(.*$|\s+(?:au nord|au sud|à l['’](?:est|ouest))\b.*$"
    r"|,\s*(?:lignes?|paris)\b.*$|\s+(?:pendant|durant|lors)\b.*$|\s+-\s+\d+ cam[ée]ras?.*$"
    r"|\s+(?:et|avec)\s+(?:(?:à|a|de|aux?|sur|dans)\s+)?(?:ses|leurs?|son|sa)\s+(?:parvis|quais|acc[eè]s|d[ée]pendances).*$",
    re.IGNORECASE,
)
# Since the law of 18 August 2026, what is around a building is a place of its own kind: "la gare de Lens et ses abords immédiats".
_AROUND = re.compile(
    r"\s+(?:et|avec)\s+(?:(?:à|a|de|aux?|sur|dans)\s+)?"
    r"(?P<around>(?:ses|leurs)\s+(?:abords|alentours|environs)(?:\s+(?:imm[ée]diats|proches|directs))?)\b.*$",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(r"\s*\([^()]{0,80}\)")
_COUNTED = re.compile(r"\s*:?\s*\d{1,3}\s+caméras?$")
_BETWEEN = re.compile(
    r"\s*[,;](?!\s*du n\s?[°o])\s*(?:et\s+|ainsi que\s+|ainsi qu'\s?)?"
    r"|\s+et\s+(?=(?:au\s(?:nord|sud)|a l'(?:est|ouest))\spar\b)"
    rf"|\s+-\s+(?=(?:{'|'.join(_WORDS['streets'])})\s)"
    rf"|(?:\s+(?:et|ainsi que)\s+|\s+ainsi qu'\s?)(?=(?:(?:dans|sur)\s+|{_OF})?(?:(?:les|le|la)\s+|l'\s?)?{_ADJECTIVE}{GROUND}\b)"
)
# "la place de l'Europe et du Peyrou", "Bercy et Cour Saint-Émilion"; "les gares de Lyon et de Bercy" stay together.
_AND = re.compile(r"\s+et\s+(?=(?:(?:du|des|aux?|à la|de la)\s|(?:à|de) l['’])?(?:l[ea]s?\s|l['’])?[A-ZÀ-Þ])")
# A common noun, then a name: "col des Bœufs", "coteau Kerveguen".
_PROPER = re.compile(
    r"[a-zà-öø-ÿœ]{3,}(?:[ -](?:de|du|la|le|à|en|au)|[ -](?:de )?[ld]['’]|[ -][a-zà-öø-ÿœ]{3,20}){0,4}(?:[ -]|(?<=['’]))[A-ZÀ-Þ].*"
)
# In a list of places: "le massif du Maïdo et la marina de Bas-du-Fort".
_AND_ITEM = re.compile(
    r"\s+(?:et|ainsi qu['’e])\s*(?=(?:à |de |sur )?(?:l[ea]s?\s|l['’]|au\s|aux\s|du\s|des\s)"
    r"[a-zà-öø-ÿœ-]{3,20}(?:\s[a-zà-öø-ÿœ-]{1,12}){0,3}[\s'’](?:d['’])?[A-ZÀ-Þ])"
)
_INCLUDED = re.compile(r"\s+(?:compris|inclus)(?:es?)?$")
_SINGULAR = {
    "gares": "gare", "places": "place", "rues": "rue", "avenues": "avenue", "boulevards": "boulevard", "quais": "quai", "ponts": "pont",
    "parkings": "parking", "stades": "stade", "parcs": "parc", "jardins": "jardin", "plages": "plage", "quartiers": "quartier",
    "halles": "halle", "haltes": "halte",
}  # fmt: skip
_NAME = r"[A-ZÀ-Þ\d][\w'’]*(?:-[\w'’]+)*"
_OF_NAME = rf"(?:de la |de l['’]|du |des |de |d['’]){_NAME}(?: (?:(?:de |du |des |sur |la |le |les )|[dl]['’]){{0,2}}{_NAME})*"
_ENUMERATED = r",\s*(?:et\s+)?|\s+et\s+|\s+ainsi que\s+"
_SEVERAL = re.compile(rf"\b(?P<kind>(?i:{'|'.join(_SINGULAR)}))\s(?P<places>{_OF_NAME}(?:(?:{_ENUMERATED}){_OF_NAME})+)")
_FROM_TO = re.compile(r"\bentre\s[^,;]{3,60}\set\s")


def names(text: str, *, item: bool = False) -> Iterator[str]:
    """Yield the places of an enumeration as printed, without article or preposition, in order; nothing of what names no place.

    An `item` of a list of places may be of a kind that is not known ("sémaphore de Callelongue"), where it has a proper name.
    """
    composed = unicodedata.normalize("NFC", text).replace("□", "'").replace("\ufffd", "'")
    value = _PARENTHESES.sub("", joined(without_names(composed)))
    for part in _cut(_each(value), item=item):
        name, town = _without_lead(part)
        around = _AROUND.search(name)
        name = name[: around.start()] if around is not None else name
        name = _COUNTED.sub("", _SAID.sub("", name)).strip(" ,;.-–:")
        name = _INCLUDED.sub("", _NAMES_AFTER_KIND.sub("", name))
        if is_sound(name) and (is_place(name) or (item and _is_proper(name))) and not (town and not is_of_a_kind(name)):
            yield f"{name} et {around['around'].lower()}" if around is not None else name


def _without_lead(item: str) -> tuple[str, bool]:
    """Return an item without preposition and article ("La Défense" keeps its own), and whether "à" came before it."""
    plain = _plain(item)
    lead = _LEAD.match(plain)
    if lead is None or len(plain) != len(item):
        return item, False
    own = re.search(r"L(?:a|es?)\s$", item[: lead.end()])
    return item[lead.end() - len(own.group()) if own is not None else lead.end() :], lead["town"] is not None


def is_place(name: str) -> bool:
    """Return True for words that name a place: a kind of ground with more than its kind, or a proper name."""
    plain = fold(name).text
    if not 3 <= len(name) <= 100 or _GENERIC.search(plain):
        return False
    return name[0].isupper() or _KIND.match(plain) is not None


def is_of_a_kind(name: str) -> bool:
    """Return True for a name that begins with what its place is called ("gare", "rue")."""
    return _KIND.match(_plain(name)) is not None


def _is_proper(name: str) -> bool:
    """Return True for a few words with a proper name after the first."""
    return (
        3 <= len(name) <= 60
        and _PROPER.fullmatch(name) is not None
        and not (_GENERIC.search(fold(name).text) or _NO_ITEM.match(fold(name).text))
    )


def _each(text: str) -> str:
    """Spell out several of a kind one by one: "les gares d'Arles et de Nîmes" as "gare d'Arles, gare de Nîmes"."""

    def one_by_one(match: re.Match[str]) -> str:
        kind = _SINGULAR[match["kind"].lower()]
        return ", ".join(f"{kind} {each.strip()}" for each in re.split(_ENUMERATED, match["places"]))

    return _SEVERAL.sub(one_by_one, text)


def _plain(text: str) -> str:
    """Return the folded text, letter for letter."""
    return fold(text.replace("œ", "o").replace("Œ", "O").replace("æ", "a")).text


def _cut(text: str, *, item: bool) -> Iterator[str]:
    plain = _plain(text)
    if len(plain) != len(text):
        yield text
        return
    kept = [match.span() for match in _FROM_TO.finditer(plain)]
    found = [_BETWEEN.finditer(plain), _AND.finditer(text), *([_AND_ITEM.finditer(text)] if item else [])]
    marks = sorted({match.span() for several in found for match in several})
    start = 0
    for first, last in [*marks, (len(text), len(text))]:
        if first < start or any(begin < first < end for begin, end in kept):
            continue
        head, colon, tail = text[start:first].partition(" : ")
        # "gare de Lyon : 61 caméras", but "RATP : stations Bercy".
        yield head if not colon or is_place(_without_lead(head)[0].strip()) else tail
        start = last
