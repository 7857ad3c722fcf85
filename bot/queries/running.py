"""Selects the decrees in force now, or to come. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.acts import DecreePeriod, Place
from bot.domain.hours import has_hours_on
from bot.domain.law import Standing, period, slots_of, standing, standing_on
from bot.domain.posts import FRANCE
from bot.messages.lines import place_for

# Where the period could not be read, or what ended it was ended itself, that it is in force cannot be excluded: it is shown, after those
# that are sure.
_RANKS = {Standing.IN_FORCE: 0, Standing.UPCOMING: 0, Standing.UNKNOWN: 1, Standing.IN_DOUBT: 1}


_MOST_DAYS = 366
"""Days in one question."""


@dataclass(frozen=True, slots=True)
class RunningDecrees:
    """All decrees that count `at` this time: `now` in force, `soon` to come, `unsure` perhaps one of both. By when they begin."""

    now: tuple[DecreePeriod, ...]
    soon: tuple[DecreePeriod, ...]
    unsure: tuple[DecreePeriod, ...]
    at: datetime

    @property
    def all(self) -> tuple[DecreePeriod, ...]:
        """Return them in one list."""
        return (*self.now, *self.soon, *self.unsure)

    def today(self, places: Mapping[str, Place]) -> tuple[DecreePeriod, ...]:
        """Return those that are in force for sure at any hour of the day, by the clock of their place."""
        return (*self.now, *(decree for decree in self.soon if is_of_day(decree, places, self.at)))


def running(decrees: Iterable[DecreePeriod], places: Mapping[str, Place], now: datetime) -> RunningDecrees:
    """Return those of these decrees that count at `now` (aware) or later, by the clock of their place."""
    return _ranked(decrees, lambda decree: standing(decree, now.astimezone(_zone(decree, places))), now)


def running_on(decrees: Iterable[DecreePeriod], places: Mapping[str, Place], first: date, last: date) -> RunningDecrees:
    """Return those of these decrees that are in force, or perhaps so, on one of these days at least."""
    days = [first + timedelta(days=after) for after in range(min((last - first).days, _MOST_DAYS) + 1)]

    def best(decree: DecreePeriod) -> Standing:
        stands = {standing_on(decree, day, _zone(decree, places)) for day in days} - {Standing.UPCOMING}
        return min(stands & _RANKS.keys(), key=_RANKS.__getitem__, default=Standing.OVER)

    return _ranked(decrees, best, datetime.combine(first, time(12), FRANCE))


def _ranked(decrees: Iterable[DecreePeriod], stands_of: Callable[[DecreePeriod], Standing], at: datetime) -> RunningDecrees:
    found: list[tuple[date, int, DecreePeriod, Standing]] = []
    for decree in decrees:
        stands = stands_of(decree)
        if stands in _RANKS:
            starts, _ = period(decree)
            found.append((date.min if starts is None else starts.day, -(decree.id or 0), decree, stands))
    found.sort(key=lambda item: item[:2])
    return RunningDecrees(
        tuple(decree for *_, decree, stands in found if stands is Standing.IN_FORCE),
        tuple(decree for *_, decree, stands in found if stands is Standing.UPCOMING),
        tuple(decree for *_, decree, stands in found if _RANKS[stands]),
        at,
    )


def may_concern(decree: DecreePeriod, departments: Collection[str] | None) -> bool:
    """Return whether a decree names a commune of these departments (None: of any), or none at all."""
    named = [commune.code for commune in decree.communes]
    return departments is None or not named or any(code.startswith(tuple(departments)) for code in named)


def is_of_day(decree: DecreePeriod, places: Mapping[str, Place], now: datetime) -> bool:
    """Return whether a decree begins on the day of `now` at its place, or earlier, and has hours on it if it has hours."""
    day, (starts, _), slots = now.astimezone(_zone(decree, places)).date(), period(decree), slots_of(decree)
    return (starts is None or starts.day <= day) and (not slots or has_hours_on(slots, day))


def _zone(decree: DecreePeriod, places: Mapping[str, Place]) -> ZoneInfo:
    return ZoneInfo(place_for(places, decree.authority).time_zone)
