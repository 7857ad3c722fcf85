"""Where: names of authorities and their hashtags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from bot.domain import Place
from bot.messages.cleaning import clean, inert
from bot.messages.words import Words, data_file

_MOST_TAGS = 5
_LONGEST_OPERATOR = 24
_PLAIN = re.compile(r"[0-9A-Za-zÀ-ÖØ-öø-ÿŒœŸ]+(?:[ '’-][0-9A-Za-zÀ-ÖØ-öø-ÿŒœŸ]+){0,4}")
_DEPARTMENT = re.compile(r"\d{2,3}|2[AB]")


def place_for(places: Mapping[str, Place], authority: str) -> Place:
    """Return the place of an authority; one made of its code where the catalogue no longer has it, so that its decrees still go out."""
    known = places.get(authority)
    return known if known is not None else Place(code=authority, name=authority, department="")


def where_text(place: Place, words: Words) -> str:
    """Return `Drôme (26), Préfecture de la Drôme`."""
    department, name, code = inert(place.department), inert(place.name), inert(place.code)
    if department and _DEPARTMENT.fullmatch(code):
        department = f"{department} ({code})"
    return ", ".join(dict.fromkeys(filter(None, (department, name)))) or words.no_place


def short_where(place: Place, words: Words) -> str:
    """Return `Drôme (26)`; the whole where there is no department."""
    where = where_text(place, words)
    return where.split(", ")[0] if place.department else where


def hashtags(place: Place, operators: Iterable[str] = ()) -> tuple[str, ...]:
    """Return `#VSA #Drôme #dept26 #SNCF`, five at most: each word capitalised, as screen readers need it.

    An operator has none whose name is long, or of anything but letters, digits and what joins words: it stands in a PDF, and a tag acts.
    """
    tags = ["#VSA"]
    if name := _camel_case(place.department):
        tags.append(f"#{name}")
    if _DEPARTMENT.fullmatch(place.code):
        tags.append(f"#dept{place.code}")
    named = (operator for operator in operators if _PLAIN.fullmatch(clean(operator)) and operator not in _without_tag())
    tags += [f"#{name}" for operator in named if (name := _camel_case(operator)) and len(name) <= _LONGEST_OPERATOR]
    once: dict[str, str] = {}
    for tag in tags:
        once.setdefault(tag.casefold(), tag)
    return tuple(once.values())[:_MOST_TAGS]


@cache
def _without_tag() -> frozenset[str]:
    return frozenset(data_file("bot.messages", "tags.toml")["without"])


def _camel_case(text: str) -> str:
    """Return `PréfectureDePolice`; empty where there is no letter: no network takes such a tag."""
    words = re.findall(r"[^\W\d_]+|\d+", clean(text))
    name = "".join(word[0].upper() + word[1:] for word in words)
    return "" if name.isdigit() else name
