"""The detection cues of `cues.toml`, compiled. Errors in that file are errors of the program: they raise at first use."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.detection.text import Misread
from bot.model import Kind

Pattern = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Cues:
    """Patterns over the squeezed text, by what they tell."""

    gate: Pattern
    misreads: tuple[Misread, ...]
    strong: tuple[Pattern, ...]
    leftover: Pattern
    bare: tuple[Pattern, ...]
    video: Pattern
    medium: tuple[Pattern, ...]
    titled: tuple[Pattern, ...]
    citation: Pattern
    other_thing: Pattern
    excluded: Pattern
    titles: Mapping[Kind, Pattern]
    use: Pattern
    never: Pattern
    act: Pattern
    event: Pattern
    amending: Pattern
    related: Pattern
    articles: Mapping[Kind, Pattern]
    delegation: Pattern
    other_service: Pattern


def load(name: str) -> dict[str, Any]:
    """One TOML file of this package."""
    return tomllib.loads(files("bot.detection").joinpath(name).read_text(encoding="utf-8"))


def pattern(*alternatives: str) -> Pattern:
    """Alternatives as one pattern; blanks in them are ignored."""
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives), re.VERBOSE)


@cache
def cues() -> Cues:
    """The cues, read once."""
    data = load("cues.toml")
    objects, titles, articles = data["objects"], data["titles"], data["articles"]
    return Cues(
        gate=pattern(*data["gate"]),
        misreads=tuple(Misread(entry["word"], tuple(entry["pieces"]), entry["edits"]) for entry in data["misread"]),
        strong=tuple(pattern(entry) for entry in objects["strong"]),
        leftover=pattern(objects["leftover"]),
        bare=tuple(pattern(entry) for entry in objects["bare"]),
        video=pattern(objects["video"]),
        medium=tuple(pattern(entry) for entry in objects["medium"]),
        titled=tuple(pattern(entry) for entry in objects["titled"]),
        citation=pattern(objects["citation"]),
        other_thing=pattern(*objects["other_thing"]),
        excluded=pattern(*objects["excluded"]),
        titles={kind: pattern(*titles[kind.value]) for kind in Kind},
        use=pattern(*titles["use"]),
        never=pattern(*titles["never"]),
        act=pattern(*titles["act"]),
        event=pattern(*titles["event"]),
        amending=pattern(*titles["amending"]),
        related=pattern(*titles["related"]),
        articles={kind: pattern(*articles[kind.value]) for kind in Kind},
        delegation=pattern(*articles["delegation"]),
        other_service=re.compile("|".join(data["services"]["other"])),
    )
