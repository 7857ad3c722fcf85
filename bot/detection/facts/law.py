"""Finds the legal texts that an act cites, from `law.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from bot.detection.text.cues import Pattern, load, pattern
from bot.detection.text.document import ActText

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
    """The texts cited in a stretch of the folded text, each once, with where."""
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
