"""When: the period of a decree in words, and where it stands relative to a given instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from bot.domain import Facts, Moment
from bot.messages.words import DateWords, TimingWords, Words

_HOURS_UP_TO = timedelta(hours=48)


class Stage(Enum):
    """Where a period stands relative to an instant."""

    UNKNOWN = "unknown"
    UPCOMING = "upcoming"
    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Timing:
    """A stage, with the time left until the start when it is upcoming."""

    stage: Stage
    delay: timedelta | None = None


def timing(facts: Facts, time_zone: str, now: datetime) -> Timing:
    """Return where the decree's period stands at `now` (aware).

    Hours are wall-clock hours of `time_zone` (IANA name). A start without an hour is midnight; an end without an hour is
    the end of that day. A period that ends before it starts tells nothing of its end.
    """
    zone = ZoneInfo(time_zone)
    start = _instant(facts.starts, zone, at_end=False)
    end = _instant(facts.ends, zone, at_end=True)
    if start is not None and end is not None and end <= start:
        end = None
    if end is not None and now >= end:
        return Timing(Stage.ENDED)
    if start is None:
        return Timing(Stage.UNKNOWN)
    if now >= start:
        return Timing(Stage.STARTED)
    return Timing(Stage.UPCOMING, start - now.astimezone(UTC))


def _instant(moment: Moment | None, zone: ZoneInfo, *, at_end: bool) -> datetime | None:
    if moment is None:
        return None
    try:
        day = moment.day + timedelta(days=1) if at_end and moment.time is None else moment.day
        return datetime.combine(day, moment.time or time(), tzinfo=zone).astimezone(UTC)
    except OverflowError:  # the last or the first day of the calendar: a misread date
        return None


def timing_text(moment: Timing, words: TimingWords) -> str | None:
    """Return `Commence dans 14 h`, `Déjà commencé`, `Terminé`; None when nothing can be said."""
    match moment.stage:
        case Stage.UPCOMING:
            return words.upcoming.format(delay=delay_text(moment, words))
        case Stage.STARTED:
            return words.started
        case Stage.ENDED:
            return words.ended
        case Stage.UNKNOWN:
            return None


def delay_text(moment: Timing, words: TimingWords) -> str:
    """Return `14 h`, `3 jours`. Rounded down: whoever reads it has at least the part that is said, never less."""
    delay = moment.delay or timedelta()
    minutes = max(int(delay.total_seconds() // 60), 1)
    if minutes < 60:
        return words.minutes.format(n=minutes)
    if delay < _HOURS_UP_TO:
        return words.hours.format(n=minutes // 60)
    return words.days.format(n=delay.days)


def date_text(day: date, words: DateWords) -> str:
    """Return `17 avril 2024`, `1er mai 2024`."""
    return words.date.format(day=_day(day, words), month=words.months[day.month - 1], year=day.year)


def _day(day: date, words: DateWords) -> str:
    return words.first if day.day == 1 else str(day.day)


def _time(clock: time, words: DateWords) -> str:
    return (words.time_minutes if clock.minute else words.time).format(hour=clock.hour, minute=clock.minute)


def _moment(moment: Moment, words: DateWords) -> str:
    day = date_text(moment.day, words)
    return day if moment.time is None else words.moment.format(date=day, time=_time(moment.time, words))


def period_text(facts: Facts, words: Words) -> str | None:
    """Return the period with its hours, as short as it can be said; None when neither end of it is known."""
    starts, ends = facts.starts, facts.ends
    if starts is None:
        return None if ends is None else words.periods.until.format(end=_moment(ends, words.dates))
    if ends is None:
        return words.periods.from_on.format(start=_moment(starts, words.dates))
    if starts.day == ends.day:
        return _one_day(starts, ends, words)
    return words.periods.range.format(start=_start_of_range(starts, ends, words.dates), end=_moment(ends, words.dates))


def days_text(stretches: Iterable[tuple[date, date]], words: Words) -> str:
    """Return stretches of days, both ends included: `le 2 mai 2031, du 9 au 12 juin 2031`."""
    texts = (period_text(Facts(starts=Moment(first), ends=Moment(last)), words) for first, last in stretches)
    return ", ".join(text for text in texts if text)


def _one_day(starts: Moment, ends: Moment, words: Words) -> str:
    day = date_text(starts.day, words.dates)
    start = None if starts.time is None else _time(starts.time, words.dates)
    end = None if ends.time is None else _time(ends.time, words.dates)
    if start and end:
        return words.periods.one_day_hours.format(day=day, start=start, end=end)
    if start:
        return words.periods.one_day_from.format(day=day, start=start)
    if end:
        return words.periods.one_day_until.format(day=day, end=end)
    return words.periods.one_day.format(day=day)


def _start_of_range(starts: Moment, ends: Moment, words: DateWords) -> str:
    """Return the start without what the end repeats: `19` in "du 19 au 22 avril 2024"."""
    if starts.time is not None or ends.time is not None or starts.day.year != ends.day.year:
        return _moment(starts, words)
    day = _day(starts.day, words)
    if starts.day.month == ends.day.month:
        return day
    return words.day_month.format(day=day, month=words.months[starts.day.month - 1])
