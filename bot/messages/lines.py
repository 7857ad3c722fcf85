"""The facts of a post as values: which part each is, how it reads, and how it reads where room is scarce."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.messages.cleaning import inert
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
        """The items in one text."""
        shown = ", ".join(self.items)
        return f"{shown} {self.more.format(n=self.hidden)}".strip() if self.hidden else shown


def line(part: PostPart, label: str, texts: tuple[str | None, ...], words: Words) -> Iterator[FactLine]:
    """One line with the texts that say something, each once and made inert; none where none does."""
    items = tuple(dict.fromkeys(item for item in (inert(text or "") for text in texts) if item))
    if items:
        yield FactLine(part, label, items[:_ITEMS_SHOWN], hidden=max(len(items) - _ITEMS_SHOWN, 0), more=words.more)


def capital(text: str) -> str:
    """The text with its first letter capitalised and the rest as it is."""
    return text[:1].upper() + text[1:]
