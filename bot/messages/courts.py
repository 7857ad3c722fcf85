"""Names of administrative courts, as sentences and small spaces need them."""

from __future__ import annotations

from bot.messages.cleaning import cut, inert
from bot.messages.words import Words

_FULL = "tribunal administratif"
"""How every court of the list begins, whatever the language: names of courts are not translated."""

_LONGEST = 80


def court_text(name: str | None, words: Words) -> str:
    """`tribunal administratif de Paris`; words for "the administrative court" where none is known."""
    said = _said(name)
    if not said:
        return words.recourse.no_court
    rest = _after(said)
    return said if rest is None else _FULL + rest


def short_court(name: str | None, words: Words) -> str:
    """`TA de Paris`."""
    said = _said(name)
    rest = _after(said)
    return court_text(name, words) if rest is None else words.recourse.short_court.format(rest=rest)


def _said(name: str | None) -> str:
    return cut(inert(name or "").replace("'", "’"), _LONGEST)


def _after(said: str) -> str | None:
    return said[len(_FULL) :] if said.casefold().startswith(_FULL) else None
