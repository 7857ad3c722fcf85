"""Cuts an enumeration of places into their names: without article or preposition, what is said of a place left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from bot.detection.text.cues import fold, load
from bot.detection.text.phrases import CARDINAL, is_sound, joined, without_names
from bot.detection.text.rows import AREA, GROUND, INLINE_MARK, names_of_one_kind

WORDS = load("places.toml")
STREET_KIND = rf"(?:{'|'.join(WORDS['streets'])})"
"""Kinds of places that also come without a preposition."""

ADJECTIVE = r"(?:(?:grande?|petite?|vieux|vieille|ancienn?e?|nouveau|nouvelle)\s)?"
COUNT = rf"\d{{1,3}}|{CARDINAL}"
OF_THE = r"(?:(?:de la|du|des|de|a la|aux|au)\s+|(?:de l'|a l'|d')\s?)"
_THE = r"(?:(?:les|la|le)\s+|l'\s?)"
A_KIND = rf"(?:(?:dans|sur|en)\s+)?{OF_THE}?{_THE}?{ADJECTIVE}{GROUND}\b"
"""Matches a kind of place and the words before it."""
_LEAD = re.compile(
    rf"^\s?(?:(?:et|ou|ainsi que|puis)\s+)?(?:{INLINE_MARK})?"
    r"(?:(?:desormais|egalement|aussi|notamment)\s+)?"
    r"(?:(?:comprend|inclut|englobe|integre|couvre|s'etend|(?:delimite|borne|ferme|limite|circonscrit)e?s? par)\s+)?"
    rf"(?:(?:de )?(?:(?:{COUNT})\s)?(?:aux |des |les )?cameras?\s(?:de videoprotection\s|fixes?\s|mobiles?\s)?(?:pour\s|[:-]\s)?"
    r"|\d{1,3}\s(?:pour\s|(?=(?:a|aux?|sur|dans)\s)))?"
    r"(?:(?:situee?s?|implantee?s?)\s+)?"
    r"(?:(?:au\s(?:nord|sud)|a l'(?:est|ouest))(?:-(?:est|ouest))?,?\spar\s)?"
    rf"(?:(?:(?:dans )?l'(?:enceinte|emprise)(?= d)|dans|sur|aux abords|abords|au niveau|autour|a proximite|le long|au-dessus"
    r"|a l'interieur|au sein|en bordure|en(?= gares?\b| stations?\b))\s+)?"
    rf"(?:{OF_THE}|(?P<town>a)\s+)?"
    rf"(?:(?:l[ae]\s)?(?:partie|portion|totalite)\s{OF_THE})?{_THE}?"
)
_KIND = re.compile(rf"{ADJECTIVE}{GROUND}\b")
# A number of places, a kind of place that many have, or words that name none.
_GENERIC = re.compile(rf"^(?:{COUNT})\b|^(?:{'|'.join(WORDS['bare'])})(?:\s(?:{'|'.join(WORDS['filler'])}))*$|{'|'.join(WORDS['no_name'])}")
_NO_ITEM = re.compile(rf"^(?:{'|'.join(WORDS['no_item'])})\b")
_NAMES_AFTER_KIND = re.compile(r"^(?:[Ss]tations?\s(?:de\s|d['’])?|[Gg]ares\s)(?=[A-ZÀ-Þ])")
_SAID = re.compile(
    r"\s*\(.*$|\s*[–—-]\s*\d{5}\b.*$|\s+des\slignes\s[\dA-Z].*$|,?\s+d[ée]limit[ée]e?s?$|\s+ouverte?s? au public$"
    r"|,?\s+comprise?s?\sentre\s.*$|\s+du\sPR\s\d.*$|\s+et\sdans\sun\srayon\b.*$"
    r"|\s+(?:constituent|forment|composent|disposent)\b.*$"
    rf"|\s+(?:sur|dans)\s(?:la|le|les)\s(?:territoires?|communes?|villes?|{AREA})\b.*$|\s+une?\s(?:{AREA}|zone|dispositif)\b.*$"
    r"|\s+(?:au nord|au sud|à l['’](?:est|ouest))\b.*$"
    r"|,\s*(?:lignes?|paris)\b.*$|\s+(?:pendant|durant|lors)\b.*$|\s+-\s+\d+ cam[ée]ras?.*$|\s+(?:compris|inclus)(?:es?)?\W*$"
    r"|\s*[:–—-]?\s+(?:\d{1,3}\s+cam[ée]ras?(?:\s+[a-zé]+)?|[x×]\s?\d{1,3})\W*$"
    r"|\s+(?:et|avec)\s+(?:(?:à|a|de|aux?|sur|dans)\s+)?(?:ses|leurs?|son|sa)\s+(?:parvis|quais|acc[eè]s|d[ée]pendances).*$",
    re.IGNORECASE,
)
# Since the law of 18 August 2026, what is around a building is a place of its own kind: "la gare de Lens et ses abords immédiats".
_AROUND = re.compile(
    r"\s+(?:et|avec)\s+(?:(?:à|a|de|aux?|sur|dans)\s+)?"
    r"(?P<around>(?:ses|leurs)\s+(?:abords|alentours|environs)(?:\s+(?:imm[ée]diats|proches|directs))?)\b.*$",
    re.IGNORECASE,
)
# What plans call the cameras of a place: "place Foch V01 à V05", "rue Basse, caméras C12 et C13", but not "avenue Foch, RD 12".
_IDENTIFIER = r"[A-Z]{1,3}[-_]?\d{1,4}\b"
_IDENTIFIERS = re.compile(
    rf"(?P<name>\b[A-ZÀ-Þ][\w'’-]*)(?:,?\scam[ée]ras?)?\s(?!(?:R[DNM]|[ADNM])[1-9]){_IDENTIFIER}"
    rf"(?:(?:\s(?:à|et)\s|,\s|\s?[–-]\s?){_IDENTIFIER})*(?=\W*$|[,;])"
)
# In capitals, words that no name begins with.
_NO_NAMES = re.compile(
    r"\b(?:ET|OU|AINSI|QUE|QUI|DONT|SONT|SOIT|AUX?|À|D[EU]S?|L[AE]S?|SES|LEURS|STATIONS?|GARES|MÉTRO|TRAMWAY)\b|\b[DL](?=['’])"
)
# Among several places: "le paddock", "arène de rodéo", "poste électrique de Golfech".
_NOUN = re.compile(
    r"\s*(?:l[ae]\s|l['’])?(?P<name>[a-zà-öø-ÿœ]{4,20}(?:\s(?:(?:de|du|à|aux|des|de la)\s|de\sl['’]|d['’])?[a-zà-öø-ÿœ]{4,20}){0,2}"
    r"(?:\s(?:de\s|du\s|d['’])[A-ZÀ-Þ][\w'’-]*)?)[\s,;.]*"
)
COMMON = re.compile(r"\s*(?:l[ae]\s|l['’])?(?P<name>[a-zà-öø-ÿœ]{5,20}(?:\s(?:de|du|à|aux|des)\s[a-zà-öø-ÿœ]{4,20})?)[\s,;.]*")
_PARENTHESES = re.compile(r"\s*\([^()]{0,80}\)")
# "avenue Foch, entre la rue Haute et le quai Neuf": a part of it.
_STRETCH = re.compile(r"(?<=[^\s,;]),\s+entre\s(?:l[ae]s?\s|l['’])[^,;]{3,60}?\set\s(?:l[ae]s?\s|l['’])[^,;]{3,60}")
# Two pieces may be of one name: "gare La Plaine – Stade de France".
_DASH = re.compile(r"\s+[–—-]\s+")
_BETWEEN = re.compile(
    r"\s+/\s+|(?:\s+et(?=,))?\s*[,;](?!\s*du n\s?[°o])\s*(?:et\s+|ainsi que\s+|ainsi qu'\s?)?"
    r"(?:(?:notamment|dont|en particulier|a savoir|desormais)[\s,]\s*)?"
    r"|\s+et\s+(?=(?:au\s(?:nord|sud)|a l'(?:est|ouest))\spar\b|(?:comprend|inclut|englobe|s'etend|autour|aux?|a l[a'])\b)"
    rf"|\s+-\s+(?=(?:{'|'.join(WORDS['streets'])})\s)"
    rf"|(?:\s+(?:et|ainsi que)\s+|\s+ainsi qu'\s?)(?={A_KIND}|l[ae]s?\s|l'|(?:de |des )?(?:{COUNT}) cameras?\b)"
)
# "la place de l'Europe et du Peyrou", "Bercy et Cour Saint-Émilion"; "les gares de Lyon et de Bercy" stay together.
# And "le massif du Maïdo et la marina de Bas-du-Fort".
_AND = re.compile(
    r"\s+(?:et|ainsi qu['’e])\s*(?=(?<=\s)(?:(?:du|des|aux?|à la|de la)\s|(?:à|de) l['’])?(?:l[ea]s?\s|l['’])?[A-ZÀ-Þ]"
    r"|(?:à |de |sur )?(?:l[ea]s?\s|l['’]|au\s|aux\s|du\s|des\s)?"
    r"[a-zà-öø-ÿœ-]{3,20}(?:\s[a-zà-öø-ÿœ-]{1,12}){0,3}[\s'’](?:d['’])?[A-ZÀ-Þ])"
)
# A common noun, then a name: "col des Bœufs", "coteau Kerveguen".
_PROPER = re.compile(
    r"[a-zà-öø-ÿœ]{3,}(?:[ -](?:de|du|la|le|à|en|au)|[ -](?:de )?[ld]['’]|(?:[ -]|(?<=['’]))[a-zà-öø-ÿœ]{3,20}){0,4}"
    r"(?:[ -]|(?<=['’]))[A-ZÀ-Þ].*"
)
_CAMERAS_ALONE = re.compile(rf"\W*(?:{COUNT})\scameras?\b")
_SEVERAL = re.compile(
    rf"\b(?i:{'|'.join(kind[:-1] for kind in WORDS['kinds'] if kind.endswith('s?'))})(?:(?=\sd)|\sde\s(?i:m[ée]tro|tram(?:way)?)(?=\s))"
    # "les parkings P2 et P5", "les quais Haut et Jean-Moulin".
    r"|\b(?P<bare>(?:rue|place|avenue|boulevard|quai|parking|plage|pont|esplanade|parc)s)(?=\s[A-ZÀ-Þ])"
)
# "entre X et Y", "palais des Festivals et des Congrès".
_KEPT = re.compile(
    r"\bentre\s[^,;]{3,60}\set\s|\b(?:palais|parc|centre|maison|salle|cite|musee|espace|halle)\sdes\s[^,;]{3,40}?\set\s"
    rf"(?=(?:des\s|de\sl'\s?|d')(?!{GROUND}\b))"
)


# "le secteur délimité au nord par la rue Pasteur, …": no name of its own, unlike "le centre-ville de Lens délimité : au nord…".
_BARE_AREA = re.compile(
    r"^\W*(?:(?:dans|sur|en)\s)?(?:l[ae]s?\s|l['’]\s?)?(?:secteurs?|zones?|p[ée]rim[eè]tres?|quadrilat[eè]re|espaces?|quartiers?|aire)\s(?:suivante?s?\s)?(?:est\s)?"
    r"d[ée]limit[ée]e?s?[\s:]*(?=(?:au (?:nord|sud)|à l['’](?:est|ouest)|par\s))",
    re.IGNORECASE,
)


def names(text: str, *, item: bool = False) -> Iterator[str]:
    """Yield the names of places in an enumeration as printed, in order, without article or preposition. An `item` of a list of places may
    have an unknown kind ("sémaphore de Callelongue") if it has a proper name."""
    cut = enumerated(text, item=item)
    yield from chain.from_iterable(with_nouns(cut) if item else (found for _, found in cut))


def enumerated(text: str, *, item: bool = False) -> list[tuple[str, list[str]]]:
    """Return the parts of an enumeration, each with the names of places in it."""
    printed, capitals = joined(text), text.isupper()
    if capitals:
        printed = _NO_NAMES.sub(lambda word: word.group().lower(), printed)
    printed = _BARE_AREA.sub("", printed)
    printed = _STRETCH.sub("", printed)
    value = _IDENTIFIERS.sub(r"\g<name>", _PARENTHESES.sub("", without_names(printed)))
    dashed = _DASH.split(value)
    if dashed[2:] and all(is_of_a_kind(without_lead(each)[0]) for each in dashed):
        value = ", ".join(dashed)
    return [(part, list(_name(part, item=item, capitals=capitals))) for part in _cut(_each(value))]


def with_nouns(parts: Sequence[tuple[str, list[str]]]) -> Iterator[list[str]]:
    """Yield the names of each part; where most parts are places, a common noun is one too ("paddock", "le débarcadère")."""
    most = sum(bool(found) for _, found in parts) * 2 >= len(parts)
    for part, found in parts:
        noun = _NOUN.fullmatch(part) if most and not found else None
        yield found if noun is None or _is_none(noun["name"]) else [noun["name"]]


def _name(part: str, *, item: bool, capitals: bool) -> Iterator[str]:
    name, town = without_lead(part)
    around = _AROUND.search(name)
    name = name[: around.start()] if around is not None else name
    name = _NAMES_AFTER_KIND.sub("", _SAID.sub("", name).strip(' ,;.-–:»«"'))
    if is_sound(name) and (is_place(name) or (item and _is_proper(name))) and (is_of_a_kind(name) or not town):
        name = name.upper() if capitals else name
        yield f"{name} et {around['around'].lower()}" if around is not None else name


def without_lead(item: str) -> tuple[str, bool]:
    """Return an item without preposition and article ("La Défense" keeps its own), and whether "à" came before it."""
    plain = letter_for_letter(item)
    lead = _LEAD.match(plain)
    if lead is None or len(plain) != len(item):
        return item, False
    own = re.search(r"L(?:a|es?)\s$", item[: lead.end()]) if not item[lead.end() :][:1].islower() else None
    return item[lead.end() - len(own.group()) if own is not None else lead.end() :], lead["town"] is not None


def is_place(name: str) -> bool:
    """Return whether words name a place: more than a kind of ground, or a proper name."""
    plain = fold(name).text
    return 3 <= len(name) <= 100 and not _GENERIC.search(plain) and (name[0].isupper() or _KIND.match(plain) is not None)


def is_of_a_kind(name: str) -> bool:
    """Return True for a name that begins with what its place is called ("gare", "rue")."""
    return _KIND.match(letter_for_letter(name)) is not None


def _is_proper(name: str) -> bool:
    """Return whether these are a few words with a proper name after the first."""
    return 3 <= len(name) <= 60 and _PROPER.fullmatch(name) is not None and not _is_none(name)


def _is_none(name: str) -> bool:
    return bool(_GENERIC.search(fold(name).text) or _NO_ITEM.match(fold(name).text))


def _each(text: str) -> str:
    """Spell out several of a kind one by one: "les gares d'Arles et de Nîmes" as "gare d'Arles, gare de Nîmes"."""
    for kind in reversed([*_SEVERAL.finditer(text)]):
        named = names_of_one_kind(text, kind.end())
        of_kinds = any(is_of_a_kind(name) for _, name, _ in named)
        if len(named) > 1 and (named[0][0].lower().startswith("d") or " " in kind.group() or (kind["bare"] and not of_kinds)):
            first, one = "de " if named[0][0] else "", re.sub(r"s\b", "", kind.group(), count=1)
            each = ", ".join(f"{one} {link or first}{name}" for link, name, _ in named)
            each = re.sub(r"\bde (?=[AEIOUÉÈÊÎÂÔ])", "d'", each)
            text = f"{text[: kind.start()]}{each}{text[named[-1][2] :]}"
    return text


@lru_cache(2048)
def letter_for_letter(text: str) -> str:
    """Return the folded text, letter for letter."""
    return fold(text.replace("œ", "o").replace("Œ", "O").replace("æ", "a")).text


def _cut(text: str) -> Iterator[str]:
    plain = letter_for_letter(text)
    if len(plain) != len(text):
        yield text
        return
    kept = [match.span() for match in _KEPT.finditer(plain)]
    marks = sorted({match.span() for match in chain(_BETWEEN.finditer(plain), _AND.finditer(text))})
    start = 0
    for first, last in [*marks, (len(text), len(text))]:
        if first < start or any(begin < first < end for begin, end in kept):
            continue
        head, colon, tail = text[start:first].partition(" : ")
        # "gare de Lyon : 61 caméras", but "RATP : stations Bercy".
        name = without_lead(head)[0].strip()
        counted = _CAMERAS_ALONE.match(letter_for_letter(tail)) is not None and _is_proper(name)
        yield head if not colon or counted or is_place(name) else tail
        start = last
