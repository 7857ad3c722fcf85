"""The facts of a post as values, one line a fact: which part each is, how it reads, and how it reads where room is scarce.

What was not found in a decree is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain import CameraType, Decree, Facts, Kind
from bot.messages.cleaning import clean, inert
from bot.messages.moments import date_text, period_text
from bot.messages.words import Words

_ITEMS_SHOWN = 12
"""Of a list of places: a decree may name 46 stations."""


class PostPart(StrEnum):
    """The parts of a post that may be shortened or left out. From `OFFICE` on, they are said in the long form only."""

    NOTICE = "notice"
    FLAGS = "flags"
    TITLE = "title"
    LINKS = "links"
    PUBLISHER = "publisher"
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
    RECOURSE = "recourse"
    OFFICE = "office"
    DECIDED = "decided"
    CHANGED = "changed"
    ADVICE = "advice"
    SIGHTINGS = "sightings"


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact: its label (empty where the text speaks for itself), its items, and how many more items are not shown.

    `brief` is the whole line in fewer words, for texts that must not be cut anywhere. With `href`, the line is the words of a link.
    """

    part: PostPart
    label: str
    items: tuple[str, ...]
    hidden: int = 0
    more: str = "(+{n})"
    brief: str | None = None
    href: str | None = None

    @property
    def text(self) -> str:
        """Return the items in one text."""
        shown = ", ".join(self.items)
        return f"{shown} {self.more.format(n=self.hidden)}".strip() if self.hidden else shown


def line(part: PostPart, label: str, texts: tuple[str | None, ...], words: Words) -> Iterator[FactLine]:
    """Return one line with the texts that say something, each once and made inert; none where none does."""
    items = tuple(dict.fromkeys(item for item in (inert(text or "") for text in texts) if item))
    if items:
        yield FactLine(part, label, items[:_ITEMS_SHOWN], hidden=max(len(items) - _ITEMS_SHOWN, 0), more=words.more)


def capital(text: str) -> str:
    """Return the text with its first letter capitalised and the rest as it is."""
    return text[:1].upper() + text[1:]


# What a decree says of itself.


def title_line(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return the title of the act, as printed."""
    yield from line(PostPart.TITLE, "", (decree.title,), words)


def fact_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return period, event, places, operators, purposes, software, cameras."""
    facts, labels = decree.facts, words.labels
    yield from line(PostPart.PERIOD, labels.period, (period_text(facts, words),), words)
    yield from line(PostPart.EVENT, labels.event, (facts.event,), words)
    yield from line(PostPart.PLACES, labels.places, facts.places, words)
    # A refusal sets nothing going: whoever is named asked for it, and its cameras feed no algorithm.
    refused = decree.kind is Kind.REFUSAL
    yield from line(PostPart.OPERATORS, labels.requested if refused else labels.operators, facts.operators, words)
    yield from line(PostPart.PURPOSES, labels.purposes, tuple(getattr(words.purposes, purpose.value) for purpose in facts.purposes), words)
    yield from line(PostPart.SOFTWARE, labels.software, (_software(facts),), words)
    yield from line(PostPart.CAMERAS, labels.cameras, (_cameras(facts, words, typed=not refused),), words)


def reference_lines(decree: Decree, words: Words) -> Iterator[FactLine]:
    """Return by what the decree is called: number, day of signature, day of publication."""
    facts, labels = decree.facts, words.labels
    if facts.number and clean(facts.number):
        yield from line(PostPart.NUMBER, "", (labels.number.format(number=clean(facts.number)),), words)
    if facts.signed is not None:
        yield from line(PostPart.SIGNED, "", (labels.signed.format(date=date_text(facts.signed, words.dates)),), words)
    if decree.published is not None:
        yield from line(PostPart.PUBLISHED, "", (labels.published.format(date=date_text(decree.published, words.dates)),), words)


def _software(facts: Facts) -> str | None:
    if facts.software and facts.vendor:
        return f"{facts.software} ({facts.vendor})"
    return facts.software or facts.vendor


def _cameras(facts: Facts, words: Words, *, typed: bool) -> str | None:
    """Return `118`, `118 (de vidéoprotection et sur drones)`, `sur drones`."""
    types = _camera_types(facts.camera_types, words) if typed else None
    if facts.cameras is None or types is None:
        return types if facts.cameras is None else str(facts.cameras)
    if facts.cameras == 1 and len(set(facts.camera_types)) == 1:
        types = {CameraType.FIXED: words.cameras.one_fixed, CameraType.DRONE: words.cameras.one_drone}.get(facts.camera_types[0], types)
    return words.cameras.counted.format(count=facts.cameras, types=types)


def _camera_types(types: Collection[CameraType], words: Words) -> str | None:
    said = [getattr(words.cameras, kind.value) for kind in CameraType if kind in types]
    return words.cameras.both.format(one=", ".join(said[:-1]), other=said[-1]) if len(said) > 1 else next(iter(said), None)
