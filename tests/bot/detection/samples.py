"""The labelled corpus of this project, and damage as recueils and OCR do it."""

from __future__ import annotations

import random
import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.model import Act, PageText

CORPUS = Path(__file__).parent / "corpus"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@dataclass(frozen=True)
class Sample:
    name: str
    title: str
    text: str
    outcome: str
    kind: str | None
    expected: dict[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    """Names of persons that no fact and no evidence may show."""

    def act(self, damage: Callable[[str], str] = str) -> Act:
        return act(damage(self.text), damage(self.title))


def act(text: str = "", title: str = "", **changes: Any) -> Act:
    """An act of one page, or of none where there is no text."""
    pages = (PageText(1, text),) if text else ()
    values: dict[str, Any] = {"id": None, "service": None, "first_page": 1, "last_page": 1, "pages": pages}
    return Act(title=title, **(values | changes))


def corpus() -> list[Sample]:
    samples = []
    for path in sorted(CORPUS.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["act"]:
            known = {name: entry.pop(name, None) for name in ("name", "title", "text", "outcome", "kind")}
            samples.append(Sample(**known, absent=tuple(entry.pop("absent", ())), expected=entry))
    return samples


def squares(text: str) -> str:
    return re.sub(r"['’]", "□", text)


def no_apostrophes(text: str) -> str:
    return re.sub(r"['’]", " ", text)


def no_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def capitals(text: str) -> str:
    return text.upper()


def double_blanks(text: str) -> str:
    return text.replace(" ", "  ")


def ligatures(text: str) -> str:
    return text.replace("œ", "ce").replace("oe", "ce")


def windows_lines(text: str) -> str:
    return text.replace("\n", "\r\n")


def hyphenated(seed: int) -> Callable[[str], str]:
    """Cut long words at line ends, as justified text does."""
    chance = random.Random(seed)

    def cut(match: re.Match[str]) -> str:
        word = match.group()
        if chance.random() > 0.3:
            return word
        position = chance.randrange(2, len(word) - 2)
        return f"{word[:position]}-\n{word[position:]}"

    return lambda text: re.sub(r"[a-zà-öø-ÿ]{8,}", cut, text)


def split_words(seed: int) -> Callable[[str], str]:
    """Blanks inside long words, as bad text layers have."""
    chance = random.Random(seed)

    def split(match: re.Match[str]) -> str:
        word = match.group()
        position = chance.randrange(1, len(word) - 1)
        return f"{word[:position]} {word[position:]}" if chance.random() < 0.3 else word

    return lambda text: re.sub(r"[a-zà-öø-ÿ]{8,}", split, text)


def glued_words(seed: int) -> Callable[[str], str]:
    """Blanks lost between words, as columns glued together do."""
    chance = random.Random(seed)
    return lambda text: re.sub(r"(?<=[a-zé]) (?=[a-zé])", lambda _: "" if chance.random() < 0.3 else " ", text)


def misread(seed: int) -> Callable[[str], str]:
    """One letter in sixty read as another."""
    chance = random.Random(seed)
    confusions = {"t": "l", "l": "1", "i": "l", "e": "c", "u": "v", "o": "0", "m": "n", "é": "e", "h": "b", "r": "n"}
    return lambda text: "".join(confusions[c] if c in confusions and chance.random() < 1 / 60 else c for c in text)


def rewrapped(seed: int) -> Callable[[str], str]:
    """Line breaks anywhere between words, as titles wrapped in a narrow column."""
    chance = random.Random(seed)
    return lambda text: re.sub(r" ", lambda _: "\n" if chance.random() < 0.15 else " ", text)


STEADY: dict[str, Callable[[str], str]] = {
    "squares": squares,
    "no apostrophes": no_apostrophes,
    "no accents": no_accents,
    "decomposed": decomposed,
    "capitals": capitals,
    "double blanks": double_blanks,
    "ligatures": ligatures,
    "windows lines": windows_lines,
}
SEEDED: dict[str, Callable[[int], Callable[[str], str]]] = {
    "hyphenated": hyphenated,
    "split words": split_words,
    "glued words": glued_words,
    "misread": misread,
    "rewrapped": rewrapped,
}
