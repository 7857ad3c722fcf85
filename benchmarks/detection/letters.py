"""Damage to the letters of a text, as text layers, old fonts and OCR do it: pure functions of the text and of chance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from random import Random

Damage = Callable[[str, Random], str]

_APOSTROPHE = "['’]"
_LONG_WORD = re.compile(r"[a-zà-öø-ÿ]{8,}")
_CONFUSIONS = {"t": "l", "l": "1", "i": "l", "e": "c", "u": "v", "o": "0", "m": "n", "é": "e", "h": "b", "r": "n"}


def _with(*changes: tuple[str, str]) -> Damage:
    """What these patterns find, read as something else."""

    def damage(text: str, _: Random) -> str:
        for pattern, read in changes:
            text = re.sub(pattern, read, text)
        return text

    return damage


def _no_accents(text: str, _: Random) -> str:
    return "".join(character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character))


def _spaced_capitals(text: str, _: Random) -> str:
    return re.sub(r"(?m)^([ \t]*)(ARR[EÊ]TE(?:NT)?)\b", lambda match: match[1] + " ".join(match[2]), text)


def hyphenated(text: str, chance: Random) -> str:
    """Three long words in ten cut at a line end, as in justified text."""
    return _cut(text, chance, "-\n", margin=2)


def split_words(text: str, chance: Random) -> str:
    """A blank inside three long words in ten, as bad text layers have."""
    return _cut(text, chance, " ", margin=1)


def _cut(text: str, chance: Random, cut: str, margin: int) -> str:
    def change(match: re.Match[str]) -> str:
        word = match.group()
        if chance.random() > 0.3:
            return word
        position = chance.randrange(margin, len(word) - margin)
        return f"{word[:position]}{cut}{word[position:]}"

    return _LONG_WORD.sub(change, text)


def glued_words(text: str, chance: Random) -> str:
    """Three blanks in ten between words lost, as where columns were glued together."""
    return re.sub(r"(?<=[a-zé]) (?=[a-zé])", lambda _: "" if chance.random() < 0.3 else " ", text)


def misread(text: str, chance: Random) -> str:
    """One letter in sixty (of those that are often confused) read as another."""
    return "".join(_CONFUSIONS[letter] if letter in _CONFUSIONS and chance.random() < 1 / 60 else letter for letter in text)


def rewrapped(text: str, chance: Random) -> str:
    """Line breaks anywhere between words, as in a narrow column."""
    return re.sub(r" ", lambda _: "\n" if chance.random() < 0.15 else " ", text)


STEADY: Mapping[str, Damage] = {
    "squares": _with((_APOSTROPHE, "□")),
    "replacement characters": _with((_APOSTROPHE, "\ufffd")),
    "acute apostrophes": _with((_APOSTROPHE, "´")),
    "no apostrophes": _with((_APOSTROPHE, " ")),
    "no accents": _no_accents,
    # Accents as signs of their own, which some fonts give.
    "decomposed": lambda text, _: unicodedata.normalize("NFD", text),
    "capitals": lambda text, _: text.upper(),
    # As justified lines have.
    "double blanks": _with((" ", "  ")),
    # Two letters: `mise en ceuvre`.
    "ligatures": _with(("œ|oe", "ce")),
    "windows lines": _with(("\n", "\r\n")),
    # `n 2024-00493`.
    "no degree signs": _with((r"[°º]", "")),
    # A blank inside the numbers of decrees: `2024 -699`. Identifiers of acts are set by a machine and keep theirs.
    "spaced numbers": _with((r"(?<!\d)(?<!\d-)(\d{4})-(?=\d{2,6}(?![\d-]))", r"\1 -")),
    # The word that opens the articles, spaced out: `A R R Ê T E`.
    "spaced capitals": _spaced_capitals,
    # What engines make of French words and signs again and again.
    "usual misreadings": _with(
        (r"\bl(?=['’])", "I"), (r"\baoût\b", "aovt"), (r"\b1er\b", "1*"), (r"\b([Aa])rrêté", r"\1rrété"), (r"[œŒ]", "ce"), (r"\bII\b", "Il")
    ),
}
"""Damage that is the same whatever chance says."""

SEEDED: Mapping[str, Damage] = {
    "hyphenated": hyphenated,
    "split words": split_words,
    "glued words": glued_words,
    "misread": misread,
    "rewrapped": rewrapped,
}
"""Damage at random places."""
