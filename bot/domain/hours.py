"""On which days, and at which hours, a decree applies that has hours of its own. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.domain.acts import DecreePeriod, Moment, Slot
from bot.domain.law import Standing, period, standing


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Whether the hours of a decree run at this time, and the hours that run or come next; None after the last."""

    is_open: bool
    opens: Moment
    closes: Moment


def slots_of(decree: DecreePeriod) -> tuple[Slot, ...]:
    """Return the hours of a decree; none where its period was changed since, as theirs is not known."""
    facts = decree.facts.sure
    return facts.slots if period(decree) == (facts.starts, facts.ends) else ()


def open_hours(decree: DecreePeriod, now: datetime) -> OpenHours | None:
    """Return the hours that run at `now`, in the authority's time zone, or come next; None without hours, or after the last."""
    here = Moment(now.date(), now.time().replace(tzinfo=None))
    spans = ((Moment(day, slot.opens), slot.closing(day)) for slot in slots_of(decree) for day in slot.days)
    ahead = min((span for span in spans if _key(span[1]) > _key(here)), key=lambda span: _key(span[0]), default=None)
    return None if ahead is None else OpenHours(_key(ahead[0]) <= _key(here), *ahead)


def standing_on(decree: DecreePeriod, day: date, zone: tzinfo) -> Standing:
    """Return the standing on a day: at its beginning, or when the decree begins on it; UPCOMING or OVER on a day without hours."""
    starts, _ = period(decree, day)
    at = starts.time if starts is not None and starts.day == day and starts.time is not None else time()
    stands = standing(decree, datetime.combine(day, at, zone))
    slots = slots_of(decree)
    if stands is not Standing.IN_FORCE or not slots or any(_touches(slot, day) for slot in slots):
        return stands
    return Standing.UPCOMING if any(last > day for slot in slots for last in slot.days) else Standing.OVER


def _touches(slot: Slot, day: date) -> bool:
    """Return whether hours run on this day: from it, or from the evening before past midnight."""
    before = day - timedelta(days=1)
    return any(opened == day or (opened == before and slot.closing(opened).day == day) for opened in slot.days)


def _key(moment: Moment) -> tuple[date, time]:
    return moment.day, moment.time or time()
