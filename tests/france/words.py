"""How sites spell years, months and what the patterns of the catalogue look for."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

MONTHS = ("Janvier", "Fevrier", "Mars", "Avril", "Mai", "Juin", "Juillet", "Aout", "Septembre", "Octobre", "Novembre", "Decembre")

_YEARS: tuple[Callable[[int], str], ...] = (
    lambda year: f"{year}",
    lambda year: f"Annee-{year}",
    lambda year: f"RAA-{year}",
    lambda year: f"RAA-annee-{year}",
    lambda year: f"Recueils-de-{year}",
    lambda year: f"Recueil-des-actes-administratifs-de-l-annee-{year}",
    lambda year: f"RAA-{year}-consulter-le-recueil",
)

_MONTHS: tuple[Callable[[int, int], str], ...] = (
    lambda year, month: f"{MONTHS[month - 1]}-{year}",
    lambda year, month: f"{MONTHS[month - 1].upper()}-{year}",
    lambda year, month: f"RAA-du-mois-{_of(month)}-{year}",
    lambda year, month: f"{month:02}.-{MONTHS[month - 1]}-{year}",
    lambda year, month: f"RAA-{MONTHS[month - 1]}-{year}",
)

_MONTHS_BELOW_A_YEAR: tuple[Callable[[int, int], str], ...] = (
    *_MONTHS,
    lambda year, month: MONTHS[month - 1],
    lambda year, month: MONTHS[month - 1].upper(),
    lambda year, month: f"{month:02}-{MONTHS[month - 1].upper()}",
    lambda year, month: f"Recueils-{_of(month)}",
)


@dataclass(frozen=True, slots=True)
class Spelling:
    """The habits of one site. `months_in_advance`: all twelve months have a card from New Year on."""

    year: Callable[[int], str]
    month: Callable[[int, int], str]
    month_below_a_year: Callable[[int, int], str]
    months_in_advance: bool
    newest_on_top: bool
    """Where a list is on one page."""


def spelling(seed: str) -> Spelling:
    """The habits of the site so named."""
    chance = random.Random(f"spelling of {seed}")
    return Spelling(
        chance.choice(_YEARS), chance.choice(_MONTHS), chance.choice(_MONTHS_BELOW_A_YEAR), chance.random() < 0.3, chance.random() < 0.6
    )


def alternatives(pattern: str) -> tuple[str, ...]:
    """Texts that the pattern finds, one for each of its alternatives; none for a pattern too clever for this."""
    return tuple(text for text in _written(pattern) if re.search(pattern, text, re.IGNORECASE))


def _written(pattern: str) -> tuple[str, ...]:
    group = re.search(r"(?<!\\)\((?:\?:)?([^()]*)\)([*+?]?)", pattern)
    if group is not None:
        expanded = (pattern[: group.start()] + branch + pattern[group.end() :] for branch in group[1].split("|"))
        return tuple(dict.fromkeys(text for branch in expanded for text in _written(branch)))
    return tuple(_plain(branch) for branch in pattern.split("|"))


def example(pattern: str) -> str:
    """A text that the pattern finds."""
    found = alternatives(pattern)
    assert found, f"teach tests.france to write something that {pattern!r} finds"
    return found[0]


def _plain(pattern: str) -> str:
    text = re.sub(r"\\b|\(\?[a-z]+\)|[\^$]", "", pattern)
    text = re.sub(r"\[(\\?[^\]])[^\]]*\]", r"\1", text)
    text = re.sub(r"\\d(?:\{(\d)\}|\+)?", lambda match: "1" * int(match[1] or 1), text)
    text = re.sub(r"\\[sW]|\.[*+]?\??", " ", text)
    return re.sub(
        r"\\u([0-9a-f]{4})|\\(.)", lambda match: chr(int(match[1], 16)) if match[1] else match[2], re.sub(r"(?<!\\)[?*+]", "", text)
    )


def _of(month: int) -> str:
    name = MONTHS[month - 1].lower()
    return f"d-{name}" if name[0] in "ao" else f"de-{name}"
