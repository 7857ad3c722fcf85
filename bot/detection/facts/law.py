"""What the law on VSA has that an act may name: its texts, from `law.toml`, and the predetermined events that an algorithm may look for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from bot.detection.text.cues import Pattern, load, pattern
from bot.detection.text.document import ActText
from bot.domain.acts import Purpose

_NEAR = 330
"""Squeezed characters between a law's number and its article: its full title stands between them."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A text that an authorisation may cite. `alone`: citing it is a sign by itself that an act is about VSA.

    `source` says where the text is published or told of, `confidence` how sure it is that it rules VSA, as checked on `checked`.
    """

    label: str
    pattern: Pattern
    article: Pattern | None
    unless: str | None
    alone: bool
    source: str
    confidence: str
    checked: date


@cache
def known_hooks() -> tuple[Hook, ...]:
    """Return the legal texts of `law.toml`, read once."""
    return tuple(
        Hook(
            entry["label"],
            pattern(entry["pattern"]),
            pattern(entry["article"]) if "article" in entry else None,
            entry.get("unless"),
            entry["alone"],
            entry["source"],
            entry["confidence"],
            entry["checked"],
        )
        for entry in load("law.toml")["hook"]
    )


def hooks(document: ActText, start: int, end: int) -> list[tuple[Hook, int, int]]:
    """Return the texts cited in a stretch of the folded text, each once, with where."""
    text = document.mended.text
    low, high = document.mended_span(start, end)
    found: dict[str, tuple[Hook, int, int]] = {}
    for hook in known_hooks():
        if hook.unless in found:
            continue
        for match in hook.pattern.finditer(text, low, high):
            last = match.end()
            if hook.article is not None:
                near = hook.article.search(text, max(match.start() - 80, low), min(match.end() + _NEAR, high))
                if near is None:
                    continue
                last = max(near.end(), last)
            found[hook.label] = (hook, *document.loose(match.start(), last))
            break
    return list(found.values())


def _as_read(words: str) -> str:
    """A pattern that meets its words where OCR read an "m" as "rn" too ("mouvernents de foule"): these words are short and full of them."""
    return words.replace("m", "(?:m|rn)")


@cache
def _events(listed: bool) -> tuple[tuple[Purpose, Pattern], ...]:
    events = load("events.toml")["event"]
    return tuple(
        (Purpose(entry["purpose"]), pattern(*map(_as_read, (*entry["patterns"], *(entry.get("listed", ()) if listed else ())))))
        for entry in events
    )


@cache
def _words() -> tuple[tuple[Purpose, Pattern], ...]:
    """Whole words, over the flat text, that name an event in a list of events and elsewhere something else ("gendarmes")."""
    return tuple(
        (Purpose(entry["purpose"]), re.compile(_as_read(entry["words"]))) for entry in load("events.toml")["event"] if "words" in entry
    )


@cache
def _listing() -> Pattern:
    return pattern(*load("events.toml")["listing"]["words"])


def lists_events(document: ActText, start: int, end: int) -> bool:
    """Return True for a stretch that tells what is looked for, in whatever words."""
    return _listing().search(document.mended.text, *document.mended_span(start, end)) is not None


@cache
def _every() -> Pattern:
    return pattern(*load("events.toml")["all"])


@cache
def _excluded() -> tuple[Pattern, Pattern]:
    """Return what excludes an event before it and after it."""
    data = load("events.toml")["excluded"]
    return pattern(data["before"]), pattern(data["after"])


def purposes_named(document: ActText, start: int, end: int, *, listed: bool = False) -> list[tuple[Purpose, int, int]]:
    """Return the events named in a stretch of the folded text, in the order of the law, each with where it is named.

    `listed` takes single words too ("densité"), for a stretch that is known to list events.
    """
    low, high = document.mended_span(start, end)
    found: list[tuple[Purpose, int, int]] = []
    for purpose, words in _events(listed):
        match = words.search(document.mended.text, low, high)
        if match is not None:
            found.append((purpose, *document.loose(match.start(), match.end())))
    for purpose, word in _words() if listed else ():
        match = word.search(document.flat, start, end)
        if match is not None:
            found.append((purpose, match.start(), match.end()))
    return found


def every_purpose(document: ActText, start: int, end: int) -> tuple[int, int] | None:
    """Where a stretch says that all eight events are looked for ("l'ensemble des événements de l'article 3 du décret"), if it does."""
    match = _every().search(document.mended.text, *document.mended_span(start, end))
    if match is None:
        return None
    first, last = document.loose(match.start(), match.end())
    return None if is_excluded(document, first, last, start, end) else (first, last)


def is_excluded(document: ActText, first: int, last: int, start: int, end: int) -> bool:
    """Return True where the sentence of an event named at `first:last`, within `start:end`, says that it is not looked for."""
    before, after = _around(document, first, last, start, end)
    excluding, excluded = _excluded()
    return excluding.search(before) is not None or excluded.search(after) is not None


def _around(document: ActText, first: int, last: int, start: int, end: int) -> tuple[str, str]:
    """Return the squeezed sentence or item of a list before and after a stretch."""
    text = document.folded.text
    opening = max(text.rfind(mark, start, first) for mark in (". ", ".\n", ";", ":"))
    closings = [position for mark in (".", ";", "\n-", "\n\u2022") if (position := text.find(mark, last, end)) >= 0]
    low, middle = document.mended_span(max(opening, start), first)
    begin, high = document.mended_span(last, min(closings, default=end))
    return document.mended.text[low:middle], document.mended.text[begin:high]
