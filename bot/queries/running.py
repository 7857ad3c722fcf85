"""Selects the decrees in force now, or to come. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain.acts import DecreePeriod, Place
from bot.domain.hours import standing_on
from bot.domain.law import Standing, period, standing
from bot.messages.lines import place_for

_Period = TypeVar("_Period", bound=DecreePeriod)

# Where the period could not be read, or what ended it was ended itself, that it is in force cannot be excluded: it is shown, after those
# that are sure.
_RANKS = {Standing.IN_FORCE: 0, Standing.UPCOMING: 0, Standing.UNKNOWN: 1, Standing.IN_DOUBT: 1}


_MOST_DAYS = 31
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
        return (*self.now, *(decree for decree in self.soon if has_begun(decree, places, self.at)))


def running(decrees: Iterable[DecreePeriod], places: Mapping[str, Place], now: datetime) -> RunningDecrees:
    """Return those of these decrees that count at `now` (aware) or later."""
    ranked = _ranked(decrees, places, now)
    return RunningDecrees(
        tuple(decree for decree, stands in ranked if stands is Standing.IN_FORCE),
        tuple(decree for decree, stands in ranked if stands is Standing.UPCOMING),
        tuple(decree for decree, stands in ranked if _RANKS[stands]),
        now,
    )


def in_force(decrees: Iterable[_Period], places: Mapping[str, Place], now: datetime) -> tuple[_Period, ...]:
    """Return the decrees in force at `now` (aware) or later, in the time zone of their place, by beginning; uncertain ones last."""
    return tuple(decree for decree, _ in _ranked(decrees, places, now))


def in_force_on(decrees: Iterable[_Period], places: Mapping[str, Place], first: date, last: date) -> tuple[_Period, ...]:
    """Return the decrees that are in force on one of these days at least, by beginning; uncertain ones last."""
    found: list[tuple[int, date, int, _Period]] = []
    for decree in decrees:
        zone = ZoneInfo(place_for(places, decree.authority).time_zone)
        stands = {standing_on(decree, first + timedelta(days=after), zone) for after in range(min((last - first).days, _MOST_DAYS) + 1)}
        ranks = [_RANKS[one] for one in stands - {Standing.UPCOMING} if one in _RANKS]
        if ranks:
            starts, _ = period(decree)
            found.append((min(ranks), date.min if starts is None else starts.day, -(decree.id or 0), decree))
    return tuple(decree for *_, decree in sorted(found, key=lambda item: item[:3]))


def _ranked(decrees: Iterable[_Period], places: Mapping[str, Place], now: datetime) -> list[tuple[_Period, Standing]]:
    found: list[tuple[int, date, int, _Period, Standing]] = []
    for decree in decrees:
        stands = standing(decree, _there(decree, places, now))
        if stands in _RANKS:
            starts, _ = period(decree)
            found.append((_RANKS[stands], date.min if starts is None else starts.day, -(decree.id or 0), decree, stands))
    return [(decree, stands) for *_, decree, stands in sorted(found, key=lambda item: item[:3])]


def may_concern(decree: DecreePeriod, departments: Collection[str] | None) -> bool:
    """Return whether a decree names a commune of these departments (None: of any), or none at all."""
    named = [commune.code for commune in decree.communes]
    return departments is None or not named or any(code.startswith(tuple(departments)) for code in named)


def has_begun(decree: DecreePeriod, places: Mapping[str, Place], now: datetime) -> bool:
    """Return whether a decree begins on the day of `now` at its place, or earlier."""
    starts, _ = period(decree)
    return starts is None or starts.day <= _there(decree, places, now).date()


def _there(decree: DecreePeriod, places: Mapping[str, Place], now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(place_for(places, decree.authority).time_zone))
