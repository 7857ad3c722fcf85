"""When an authority publishes, learned from what it published: how soon to look again, and since when it is oddly quiet. Pure.

Prefectures publish on working days, mostly between eight and eight, now and then on a Friday evening for the Saturday, seldom at night.
That is where learning starts; what a source really does then counts more and more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from bot.domain.records import Publication

HALF_LIFE = timedelta(days=60)
"""What was published so long ago counts half: habits change with people."""

TRUST = 20.0
"""Publications after which what was seen weighs as much as what is expected of any prefecture: some weeks of an average one."""

BUSY = 0.5
"""Hours in which at least this share of the busiest hour's publications comes are all busy: polled as often as may be.

With the expectations below that is seven in the morning to eight in the evening of working days. Evenings fall slowly: at nine in the
evening the wait is a quarter longer, and only at eleven it is the slowest.
"""

MEMORY = timedelta(days=400)
"""Days with a publication are remembered so long for the usual gap: a slow source needs a long look, and what was usual last Christmas
is so at this one."""

FEW_GAPS = 8
"""Gaps between days with a publication below which nothing is said of what is usual."""

NEVER_LATE_BEFORE = timedelta(days=5)
"""From the Wednesday before a holiday and its bridge day to the Monday after: no reason to worry anybody."""

_HOUR = timedelta(hours=1)
_WORKING_DAYS, _SATURDAY, _SUNDAY = range(3)
_DAYS_OF = (5, 1, 1)
"""How many days of a week are of each sort."""

# Shares of the busiest hour, by hour of the day.
_EXPECTED: tuple[tuple[float, ...], ...] = (
    (0.05,) * 7 + (0.5,) + (1.0,) * 11 + (0.7, 0.4, 0.4, 0.2, 0.05),
    (0.05,) * 9 + (0.3,) * 11 + (0.05,) * 4,
    (0.05,) * 9 + (0.15,) * 12 + (0.05,) * 3,
)
# A poll finds what came since the one before: rather a little earlier than later.
_AROUND = ((-1, 0.3), (0, 0.5), (1, 0.2))


@dataclass(frozen=True, slots=True)
class PublicationStats:
    """What is usual for one source.

    `rates` are publications per hour in arbitrary units: for a working day, a Saturday and a Sunday, 24 hours each, local time. `usual_gap`
    is the median time between two days with a publication, `late_after` a silence that it practically never keeps; both None while
    too little is known. `latest` is the last day on which anything was published.
    """

    zone: ZoneInfo
    rates: tuple[tuple[float, ...], ...]
    usual_gap: timedelta | None = None
    late_after: timedelta | None = None
    latest: date | None = None


def learn(publications: Iterable[Publication], zone: ZoneInfo, now: datetime) -> PublicationStats:
    """Learn the habits of a source from what it published, in the authority's time zone. `now` is an aware instant."""
    known = list(publications)
    days = _days(known, zone, now)
    usual_gap, late_after = _gaps(days)
    return PublicationStats(zone, _rates(known, zone, now), usual_gap, late_after, days[-1] if days else None)


def interval(habits: PublicationStats, now: datetime, *, every: timedelta, slowest: timedelta) -> timedelta:
    """Return how long to wait before the next look: `every` in busy hours, longer where little is published, never more than `slowest`.

    A wait that reaches into a busier hour ends as if it had begun there: nobody oversleeps the morning.
    """
    wait = _wait(habits, now, every, slowest)
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    while hour < now + wait:
        wait = min(wait, hour - now + _wait(habits, hour, every, slowest))
        hour += _HOUR
    return wait


def is_late(habits: PublicationStats, last_new: datetime | None, now: datetime) -> bool:
    """Return whether nothing has been published for longer than is usual. `last_new` is when something new was last found, None for never.

    In days, as gaps are: a day on which something may still come is not over.
    """
    if habits.late_after is None or habits.latest is None:
        return False
    last = habits.latest if last_new is None else max(habits.latest, last_new.astimezone(habits.zone).date())
    return now.astimezone(habits.zone).date() - last > habits.late_after


def _wait(habits: PublicationStats, now: datetime, every: timedelta, slowest: timedelta) -> timedelta:
    local = now.astimezone(habits.zone)
    busy = BUSY * max(max(rates) for rates in habits.rates)
    return min(max(every, every * (busy / habits.rates[_sort(local)][local.hour])), max(every, slowest))


def _rates(publications: Sequence[Publication], zone: ZoneInfo, now: datetime) -> tuple[tuple[float, ...], ...]:
    expected = sum(sum(rates) * days for rates, days in zip(_EXPECTED, _DAYS_OF, strict=True))
    rates = [[TRUST * rate / expected for rate in day] for day in _EXPECTED]
    # What one poll finds is one publication: a backlog put online at once says no more of the hour than a single file.
    for found in {item.found_at for item in publications if item.found_at is not None}:
        weight = _weight(now - found)
        for offset, share in _AROUND:
            local = (found + offset * _HOUR).astimezone(zone)
            sort = _sort(local)
            rates[sort][local.hour] += weight * share / _DAYS_OF[sort]
    for day in {item.published for item in publications if item.found_at is None and item.published is not None}:
        # The day is known, its hour is not: it counts for the whole day, and the day's hours keep their proportions.
        midday = datetime.combine(day, time(12), zone)
        sort = _sort(midday)
        whole = sum(rates[sort])
        grown = 1 + _weight(now - midday) / _DAYS_OF[sort] / whole
        rates[sort] = [rate * grown for rate in rates[sort]]
    return tuple(tuple(day) for day in rates)


def _weight(age: timedelta) -> float:
    # A day in the future is a slip of the site's, or of a clock.
    return float(0.5 ** (max(age, timedelta(0)) / HALF_LIFE))


def _sort(local: datetime) -> int:
    return max(local.weekday() - 4, _WORKING_DAYS)


def _days(publications: Sequence[Publication], zone: ZoneInfo, now: datetime) -> list[date]:
    """Return the days with a publication, in order. What the site shows is a day; where it shows none, the day it was found."""
    today = now.astimezone(zone).date()
    shown = (item.published or (item.found_at.astimezone(zone).date() if item.found_at is not None else None) for item in publications)
    return sorted({day for day in shown if day is not None and today - MEMORY <= day <= today})


def _gaps(days: Sequence[date]) -> tuple[timedelta | None, timedelta | None]:
    gaps = sorted((after - before).days for before, after in pairwise(days))
    if len(gaps) < FEW_GAPS:
        return None, None
    nearly_longest = gaps[(len(gaps) - 1) * 95 // 100]
    return timedelta(days=median(gaps)), max(NEVER_LATE_BEFORE, timedelta(days=max(2 * nearly_longest, 1.25 * gaps[-1])))
