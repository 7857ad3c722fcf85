"""Damage to the letters of a text, as text layers, old fonts and OCR do it: pure functions of the text and of chance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from random import Random

Damage = Callable[[str, Random], str]

_APOSTROPHE = re.compile(r"['’]")
_LONG_WORD = re.compile(r"[a-zà-öø-ÿ]{8,}")
_CONFUSIONS = {"t": "l", "l": "1", "i": "l", "e": "c", "u": "v", "o": "0", "m": "n", "é": "e", "h": "b", "r": "n"}

# What engines make of French words and signs again and again.
_USUAL = (
    (re.compile(r"\bl(?=['’])"), "I"),
    (re.compile(r"\baoût\b"), "aovt"),
    (re.compile(r"\b1er\b"), "1*"),
    (re.compile(r"\b([Aa])rrêté"), r"\1rrété"),
    (re.compile(r"[œŒ]"), "ce"),
    (re.compile(r"\bII\b"), "Il"),
)


def _apostrophes_as(sign: str) -> Damage:
    return lambda text, _: _APOSTROPHE.sub(sign, text)


def no_accents(text: str, _: Random) -> str:
    """Accents gone."""
    return "".join(character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character))


def decomposed(text: str, _: Random) -> str:
    """Accents as signs of their own, which some fonts give."""
    return unicodedata.normalize("NFD", text)


def capitals(text: str, _: Random) -> str:
    """All in capitals."""
    return text.upper()


def double_blanks(text: str, _: Random) -> str:
    """Every blank twice, as justified lines have."""
    return text.replace(" ", "  ")


def ligatures(text: str, _: Random) -> str:
    """The ligature œ read as two letters: `mise en ceuvre`."""
    return text.replace("œ", "ce").replace("oe", "ce")


def windows_lines(text: str, _: Random) -> str:
    """Line ends of two characters."""
    return text.replace("\n", "\r\n")


def no_degrees(text: str, _: Random) -> str:
    """Degree signs lost: `n 2024-00493`."""
    return re.sub(r"[°º]", "", text)


def spaced_numbers(text: str, _: Random) -> str:
    """A blank inside the numbers of decrees: `2024 -699`. Identifiers of acts are set by a machine and keep theirs."""
    return re.sub(r"(?<!\d)(?<!\d-)(\d{4})-(?=\d{2,6}(?![\d-]))", r"\1 -", text)


def spaced_capitals(text: str, _: Random) -> str:
    """The word that opens the articles, spaced out: `A R R Ê T E`."""
    return re.sub(r"(?m)^([ \t]*)(ARR[EÊ]TE(?:NT)?)\b", lambda match: match[1] + " ".join(match[2]), text)


def usual_misreadings(text: str, _: Random) -> str:
    """What engines usually misread: `I'emploi`, `aovt`, `1*`, `arrété`."""
    for pattern, read in _USUAL:
        text = pattern.sub(read, text)
    return text


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
    "squares": _apostrophes_as("□"),
    "replacement characters": _apostrophes_as("\ufffd"),
    "acute apostrophes": _apostrophes_as("´"),
    "no apostrophes": _apostrophes_as(" "),
    "no accents": no_accents,
    "decomposed": decomposed,
    "capitals": capitals,
    "double blanks": double_blanks,
    "ligatures": ligatures,
    "windows lines": windows_lines,
    "no degree signs": no_degrees,
    "spaced numbers": spaced_numbers,
    "spaced capitals": spaced_capitals,
    "usual misreadings": usual_misreadings,
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
