"""At which hours of which days the slots of a decree run. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.domain.acts import Moment, Slot


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Whether the hours of a decree run at this time, and the hours that run or come next."""

    is_open: bool
    opens: Moment
    closes: Moment


def open_hours(slots: Iterable[Slot], now: datetime) -> OpenHours | None:
    """Return the hours that run at `now`, in the authority's time zone, or come next; None after the last."""
    here = Moment(now.date(), now.time().replace(tzinfo=None))
    spans = ((Moment(day, slot.opens), slot.closing(day)) for slot in slots for day in slot.days)
    ahead = min((span for span in spans if _key(span[1]) > _key(here)), key=lambda span: _key(span[0]), default=None)
    return None if ahead is None else OpenHours(_key(ahead[0]) <= _key(here), *ahead)


def has_hours_on(slots: Iterable[Slot], day: date) -> bool:
    """Return whether hours run on this day: from it, or from the evening before past midnight."""
    before = day - timedelta(days=1)
    return any(opened == day or (opened == before and slot.closing(opened).day == day) for slot in slots for opened in slot.days)


def _key(moment: Moment) -> tuple[date, time]:
    return moment.day, moment.time or time()
