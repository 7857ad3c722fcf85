"""What a site publishes, and when: seeded, so that the same France comes back each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_DAY = date(2025, 10, 1)
"""Nothing is older."""

LAST_DAY = date(2027, 2, 28)
"""Nothing is newer."""

_WORKING_DAY = 0.19
"""The share of a week's recueils that comes on each day from Monday to Friday; the rest comes on Saturday and Sunday."""


@dataclass(frozen=True, slots=True)
class Recueil:
    """One file of a site, on line from `up` on (local time of the authority). `note` is what its title says besides number and date."""

    host: str
    year: int
    number: int
    up: datetime
    note: str = ""

    @property
    def day(self) -> date:
        """The date that the site shows."""
        return self.up.date()

    @property
    def shown_day(self) -> str:
        """`14/08/2026`."""
        return self.day.strftime("%d/%m/%Y")

    @property
    def title(self) -> str:
        """Without the date: each kind of list has its own place for it."""
        return f"Recueil n° {self.number} de {self.year}" + (f" {self.note}" if self.note else "")

    @property
    def rank(self) -> int:
        """A number of its own among all recueils of the site."""
        return 10_000 * (self.year - 2000) + self.number


@lru_cache(maxsize=512)
def publications(seed: str, host: str, zone: ZoneInfo, notes: tuple[str, ...] = ()) -> tuple[Recueil, ...]:
    """All that a site will ever publish, in order: from two to fifteen recueils a week, mostly in working hours.

    Each of `notes` stands in the title of one recueil out of eight.
    """
    chance = random.Random(seed)
    weekly = chance.uniform(2, 15)
    numbers: dict[int, int] = {}
    found: list[Recueil] = []
    for day in _days():
        share = _WORKING_DAY if day.weekday() < 5 else (1 - 5 * _WORKING_DAY) / 2
        for moment in sorted(_moment(chance, day, zone) for _ in range(_how_many(chance, weekly * share))):
            number = numbers[day.year] = numbers.get(day.year, 0) + 1
            note = chance.choice(notes) if notes and chance.random() < len(notes) / 8 else ""
            found.append(Recueil(host, day.year, number, moment, note))
    return tuple(found)


def _days() -> Iterator[date]:
    for offset in range((LAST_DAY - FIRST_DAY).days + 1):
        yield FIRST_DAY + timedelta(days=offset)


def _how_many(chance: random.Random, mean: float) -> int:
    """From none to twice the mean and one more; the mean is kept."""
    whole, rest = divmod(chance.uniform(0, 2 * mean), 1)
    return int(whole) + (chance.random() < rest)


def _moment(chance: random.Random, day: date, zone: ZoneInfo) -> datetime:
    hour = chance.triangular(8, 20, 16) if chance.random() < 0.95 else chance.uniform(0, 23.9)
    return datetime.combine(day, time(), zone) + timedelta(seconds=int(hour * 3600))
