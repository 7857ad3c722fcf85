"""What a post says of a decree, before any platform's form: a value whose texts are clean and whose missing facts are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.messages.cleaning import clean, inert, link_to
from bot.messages.moments import date_text, period_text, timing, timing_text
from bot.messages.words import Language, Words, words_in
from bot.model import Decree, Facts, Kind, Place

_DEPARTMENT = re.compile(r"\d{2,3}|2[AB]")
_ITEMS_SHOWN = 12
"""Of a list of places: a decree may name 46 stations."""

# The period of the other kinds is the one of the decree they end or refuse: "starts in 14 h" would mislead.
_TIMED = frozenset({Kind.AUTHORISATION, Kind.RENEWAL, Kind.MODIFICATION})


class Part(StrEnum):
    """The parts of a post that may be shortened or left out."""

    TITLE = "title"
    EVENT = "event"
    PERIOD = "period"
    PLACES = "places"
    OPERATORS = "operators"
    PURPOSES = "purposes"
    SOFTWARE = "software"
    CAMERAS = "cameras"
    NUMBER = "number"
    SIGNED = "signed"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Line:
    """One fact: its label (empty where the text speaks for itself), its items, and how many more items are not shown."""

    part: Part
    label: str
    items: tuple[str, ...]
    hidden: int = 0
    more: str = "(+{n})"

    @property
    def text(self) -> str:
        """The items in one text."""
        shown = ", ".join(self.items)
        return f"{shown} {self.more.format(n=self.hidden)}".strip() if self.hidden else shown


@dataclass(frozen=True, slots=True)
class Announcement:
    """One decree, ready to be laid out. `link` is unique to the act's page; None when the decree has no usable address."""

    headline: str
    where: str
    timing: str | None
    lines: tuple[Line, ...]
    link: str | None
    link_label: str
    button_label: str
    hashtags: tuple[str, ...]
    label: str


def place_for(places: Mapping[str, Place], authority: str) -> Place:
    """The place of an authority; one made of its code where the catalogue no longer has it, so that its decrees still go out."""
    known = places.get(authority)
    return known if known is not None else Place(code=authority, name=authority, department="")


def announce(decree: Decree, place: Place, now: datetime, language: Language = "fr") -> Announcement:
    """Say a decree in words, as seen at `now` (aware)."""
    words = words_in(language)
    number = inert(decree.facts.number or "")
    page = max(decree.page, 1)
    stage = timing(decree.facts, place.time_zone, now) if decree.kind in _TIMED else None
    return Announcement(
        headline=getattr(words.kinds, decree.kind.value),
        where=where_text(place, words),
        timing=timing_text(stage, words.timing) if stage is not None else None,
        lines=tuple(_lines(decree, words)),
        link=link_to(decree.url, decree.page),
        link_label=words.labels.link.format(page=page),
        button_label=words.labels.button.format(page=page, number=f" {words.labels.number.format(number=number)}" if number else ""),
        hashtags=hashtags(place),
        label=words.label,
    )


def where_text(place: Place, words: Words) -> str:
    """`Drôme (26), Préfecture de la Drôme`."""
    department, name, code = inert(place.department), inert(place.name), inert(place.code)
    if department and _DEPARTMENT.fullmatch(code):
        department = f"{department} ({code})"
    return ", ".join(dict.fromkeys(filter(None, (department, name)))) or words.no_place


def hashtags(place: Place) -> tuple[str, ...]:
    """`#VSA #Drôme #dept26`: each word capitalised, as screen readers need it."""
    words = re.findall(r"[^\W\d_]+|\d+", clean(place.department))
    name = "".join(word[0].upper() + word[1:] for word in words)
    tags = ["#VSA"]
    if name and not name.isdigit():
        tags.append(f"#{name}")
    if _DEPARTMENT.fullmatch(place.code):
        tags.append(f"#dept{place.code}")
    return tuple(tags)


def _lines(decree: Decree, words: Words) -> Iterator[Line]:
    facts, labels = decree.facts, words.labels
    yield from _line(Part.TITLE, "", (decree.title,), words)
    yield from _line(Part.PERIOD, labels.period, (period_text(facts, words),), words)
    yield from _line(Part.EVENT, labels.event, (facts.event,), words)
    yield from _line(Part.PLACES, labels.places, facts.places, words)
    yield from _line(Part.OPERATORS, labels.operators, facts.operators, words)
    yield from _line(Part.PURPOSES, labels.purposes, tuple(getattr(words.purposes, purpose.value) for purpose in facts.purposes), words)
    yield from _line(Part.SOFTWARE, labels.software, (_software(facts),), words)
    yield from _line(Part.CAMERAS, labels.cameras, (None if facts.cameras is None else str(facts.cameras),), words)
    if facts.number and clean(facts.number):
        yield from _line(Part.NUMBER, "", (labels.number.format(number=clean(facts.number)),), words)
    if facts.signed is not None:
        yield from _line(Part.SIGNED, "", (labels.signed.format(date=date_text(facts.signed, words.dates)),), words)
    if decree.published is not None:
        yield from _line(Part.PUBLISHED, "", (labels.published.format(date=date_text(decree.published, words.dates)),), words)


def _line(part: Part, label: str, texts: tuple[str | None, ...], words: Words) -> Iterator[Line]:
    items = tuple(dict.fromkeys(item for item in (inert(text or "") for text in texts) if item))
    if items:
        yield Line(part, label, items[:_ITEMS_SHOWN], hidden=max(len(items) - _ITEMS_SHOWN, 0), more=words.more)


def _software(facts: Facts) -> str | None:
    if facts.software and facts.vendor:
        return f"{facts.software} ({facts.vendor})"
    return facts.software or facts.vendor
