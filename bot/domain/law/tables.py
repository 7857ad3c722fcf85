"""Reads the tables of the law: the administrative courts (`courts.toml`), and the periods in which VSA was allowed (`windows.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from bot.domain.acts import Facts
from bot.domain.folding import fold_letters


@dataclass(frozen=True, slots=True)
class Court:
    """The court competent for a decree. `name` is `named` in the decree where one is, else `by_seat`; None where neither is known.

    By law the court is that of the seat of the authority that took the decision (article R. 312-1 of the code de justice administrative),
    wherever the decision applies. Where the decree names another one (`differs`), both are to be shown.
    """

    name: str | None
    named: str | None
    by_seat: str | None

    @property
    def differs(self) -> bool:
        """True when the decree names another court than that of its authority's seat."""
        return self.named is not None and self.by_seat is not None and self.named != self.by_seat


PREFIX = "tribunaladministratif"
LINK = r"(?:territorialementcompetent)?(?:situea|sisa|dela|des|de|du|d|a)?"
"""What may stand between `PREFIX` and the name of the place, as a pattern over letters folded by `fold_letters`."""


def court(authority: str, named: str | None) -> Court:
    """Return the court for a decree of this authority (a code of the catalogue: `26`, `PP`, `R-IDF`) which names this court, if any."""
    match = _place().fullmatch(fold_letters(named).removeprefix(PREFIX)) if named else None
    own = spellings()[match["name"]] if match is not None else named or None
    by_seat = _by_seat().get(authority.upper())
    return Court(own or by_seat, own, by_seat)


@cache
def spellings() -> Mapping[str, str]:
    """Return the name of each court by the folded letters of its place, and of the other ways in which it is called."""
    return {
        fold_letters(spelling): entry["name"]
        for entry in _table()
        for spelling in (re.sub(r"^Tribunal administratif (?:d['’]|de (?:la )?)", "", entry["name"]), *entry.get("also", ()))
    }


@cache
def _place() -> re.Pattern[str]:
    # The longest first: Saint-Denis de La Réunion is not Saint-Denis.
    return re.compile(rf"{LINK}(?P<name>{'|'.join(sorted(spellings(), key=len, reverse=True))})")


@cache
def _by_seat() -> Mapping[str, str]:
    return {seat: entry["name"] for entry in _table() for seat in entry["seats"]}


@cache
def _table() -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = tomllib.loads(files("bot.domain.law").joinpath("courts.toml").read_text(encoding="utf-8"))["court"]
    return table


# The periods in which the law allowed VSA. A decree outside every window is flagged, never dropped.

_DAY = timedelta(days=1)

Days = tuple[date, date]
"""A first day and a last one, both included."""


@dataclass(frozen=True, slots=True)
class Window:
    """A period, both days included, in which the law allowed VSA, with its source and how sure that is.

    `months` is how long one authorisation may last at most; None where that is not limited or not known.
    """

    first: date
    last: date
    source: str
    confidence: str
    checked: date
    months: int | None = None


def window(day: date) -> Window | None:
    """Return the legal window that holds this day, the most certain first; None where no text allowed VSA on that day."""
    return next((entry for entry in windows() if entry.first <= day <= entry.last), None)


def outside(facts: Facts) -> frozenset[str]:
    """Return which dates of a decree fall on days for which no text allowed VSA: `signed`, `period` (any of its days).

    Empty where none does. A decree signed before a text allows it has no basis even if it applies later; nor has one that outlasts it, or
    that runs on from one window into the next.
    """
    signed = facts.signed is not None and window(facts.signed) is None
    return frozenset(about for about, is_outside in (("signed", signed), ("period", bool(_period_outside(facts)))) if is_outside)


def days_outside(facts: Facts) -> tuple[Days, ...]:
    """Return the days of a decree for which no text allowed VSA, in order: those of its period, and that of its signature."""
    found = _period_outside(facts)
    signed = facts.signed
    if signed is not None and window(signed) is None and not any(first <= signed <= last for first, last in found):
        found = (*found, (signed, signed))
    return tuple(sorted(found))


def _period_outside(facts: Facts) -> tuple[Days, ...]:
    known = [moment.day for moment in (facts.starts, facts.ends) if moment is not None]
    if len(known) == 2 and known[0] <= known[1]:
        return _gaps(*known)
    # Of a period that is known in part, or was misread, single days.
    return tuple((day, day) for day in dict.fromkeys(known) if window(day) is None)


def _gaps(first: date, last: date) -> tuple[Days, ...]:
    """Return the stretches of these days, both included, that no window holds."""
    found: list[Days] = []
    for entry in sorted(windows(), key=lambda entry: entry.first):
        if entry.first > first:
            found.append((first, min(last, entry.first - _DAY)))
        first = max(first, entry.last + _DAY)
        if first > last:
            return tuple(found)
    return (*found, (first, last))


def longest(day: date) -> int | None:
    """Return how many months an authorisation that begins on this day may last; None where no text allows one or sets a known limit."""
    limits = [entry.months for entry in windows() if entry.first <= day <= entry.last]
    known = [months for months in limits if months is not None]
    return max(known) if known and len(known) == len(limits) else None


@cache
def windows() -> tuple[Window, ...]:
    """Return every window of the table, in its order."""
    data = tomllib.loads(files("bot.domain.law").joinpath("windows.toml").read_text(encoding="utf-8"))
    return tuple(
        Window(entry["from"], entry["until"], entry["source"], entry["confidence"], entry["checked"], entry.get("months"))
        for entry in data["window"]
    )
