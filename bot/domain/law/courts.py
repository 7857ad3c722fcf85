"""Names the administrative court before which a decree is contested: the one it names, else that of its authority's seat."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from bot.domain import Court
from bot.domain.folding import fold_letters

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
