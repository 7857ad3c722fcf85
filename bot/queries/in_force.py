"""Which decrees somebody is watched under today, or will be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.domain import Decree, Place, Standing
from bot.domain.law.standing import period, standing
from bot.messages import place_for

# Where the period could not be read, or what ended it was ended itself, that it is in force cannot be excluded: it is shown, after those
# that are sure.
_RANKS = {Standing.IN_FORCE: 0, Standing.UPCOMING: 0, Standing.UNKNOWN: 1, Standing.IN_DOUBT: 1}


def in_force(decrees: Iterable[Decree], places: Mapping[str, Place], now: datetime) -> tuple[Decree, ...]:
    """Those in force at `now` (aware) or later, at their own place, by when they begin; those of which that is not sure come last."""
    ranked: list[tuple[int, date, int, Decree]] = []
    for decree in decrees:
        there = now.astimezone(ZoneInfo(place_for(places, decree.authority).time_zone))
        rank = _RANKS.get(standing(decree, there))
        if rank is not None:
            starts, _ = period(decree)
            ranked.append((rank, date.min if starts is None else starts.day, -(decree.id or 0), decree))
    return tuple(decree for *_, decree in sorted(ranked, key=lambda item: item[:3]))
