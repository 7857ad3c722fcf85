"""The predetermined events that a decree lets an algorithm look for."""

from __future__ import annotations

from functools import cache

from bot.detection.cues import Pattern, load, pattern
from bot.detection.document import Document
from bot.model import Purpose


@cache
def _events(listed: bool) -> tuple[tuple[Purpose, Pattern], ...]:
    events = load("events.toml")["event"]
    return tuple((Purpose(entry["purpose"]), pattern(*entry["patterns"], *(entry.get("listed", ()) if listed else ()))) for entry in events)


def purposes_named(document: Document, start: int, end: int, *, listed: bool = False) -> list[tuple[Purpose, int, int]]:
    """The events named in a stretch of the folded text, in the order of the law, each with where it is named.

    `listed` takes single words too ("densité"), for a stretch that is known to list events.
    """
    low, high = document.mended_span(start, end)
    found: list[tuple[Purpose, int, int]] = []
    for purpose, words in _events(listed):
        match = words.search(document.mended.text, low, high)
        if match is not None:
            found.append((purpose, *document.loose(match.start(), match.end())))
    return found
