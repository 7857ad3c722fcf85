"""Until when a decree can be contested, and whether asking a judge urgently still makes sense. Pure: `now` is an argument.

General information, to be verified for each case, and not legal advice. Articles were read in the copies of the codes consolidated on
2026-04-03; what rests on case law is said to.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import cache

from bot.domain import Moment, Recourse

FIRST_YEAR, LAST_YEAR = 1946, 2100
"""Years for which the public holidays are known: those in the law since 1946, up to where the calendar of `holidays` ends."""

_MONTHS = 2
_SATURDAY = 5


def last_day(published: date) -> date:
    """Return the last day on which a third party can file against a decree that was published on this day.

    - Two months from publication: article R. 421-1 of the code de justice administrative.
    - A "délai franc" (case law): neither the day of publication nor the day of expiry counts. The last day is the one after the same day of
      the month two months later, or after the last day of that month where it has no such day.
    - On a Saturday, a Sunday or a public holiday, the next working day: the rule of article 642, second paragraph, of the code de procédure
      civile, which the administrative judge applies (case law).

    The holidays are those of the whole of France. Those of Moselle, Bas-Rhin and Haut-Rhin, and the days of the abolition of slavery
    overseas, could only make the limit later: they are left out so that the day given is never too late. So are the months added for
    applicants who live overseas or abroad (article R. 421-7), which depend on who files.

    Raises ValueError for a day whose limit falls outside `FIRST_YEAR` to `LAST_YEAR`, as a misread date does.
    """
    if not FIRST_YEAR <= published.year <= LAST_YEAR:
        raise ValueError(f"no public holidays are known for {published.year}")
    day = months_later(published, _MONTHS) + timedelta(days=1)
    while day.weekday() >= _SATURDAY or day in _holidays(day.year):
        day += timedelta(days=1)
    return day


def months_later(day: date, months: int) -> date:
    """Return the same day of the month so many months later, or the last day of that month where it has no such day.

    Raises ValueError beyond the year 9999.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    if year > date.max.year:
        raise ValueError(f"no such month: {months} after {day}")
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@cache
def _holidays(year: int) -> frozenset[date]:
    if year > LAST_YEAR:
        raise ValueError(f"no public holidays are known for {year}")
    import holidays  # noqa: PLC0415 - most readings find no decree, and do not owe the 30 ms it takes

    return frozenset(holidays.country_holidays("FR", years=year))


def recourse(starts: Moment | None, ends: Moment | None, now: datetime) -> Recourse:
    """Return whether an urgent application still makes sense at `now`, an aware instant in the time zone of the authority's place.

    Hours of decrees are wall-clock hours there. A start without an hour is the beginning of its day, an end without an hour the end of its
    day. A period that ends before it starts tells nothing of its end. Raises ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    clock = now.replace(tzinfo=None)
    begun = None if starts is None else clock >= datetime.combine(starts.day, starts.time or time())
    if starts is not None and ends is not None and _before(ends, starts):
        ends = None
    over = None if ends is None else _has_ended(ends, clock)
    if over:
        return Recourse.OVER
    if begun is False:
        return Recourse.FUTURE
    return Recourse.RUNNING if begun and over is False else Recourse.UNKNOWN


def _has_ended(ends: Moment, clock: datetime) -> bool:
    return clock.date() > ends.day if ends.time is None else clock >= datetime.combine(ends.day, ends.time)


def _before(ends: Moment, starts: Moment) -> bool:
    if ends.time is None:
        return ends.day < starts.day
    return datetime.combine(ends.day, ends.time) <= datetime.combine(starts.day, starts.time or time())
