"""Draws from the law what a reader of a decree should know besides what it says. Pure: the only place where words meet the law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.acts import GRANTS, Decree, Facts, Moment, Place
from bot.domain.law.standing import Recourse, Standing, last_day, months_later, period, recourse, standing
from bot.domain.law.tables import Court, Days, court, days_outside, longest, outside


class Flag(StrEnum):
    """The closed list of flags.

    `OUTSIDE_WINDOW`: it was signed, or any day of its period falls, on a day for which no known text allowed VSA (`windows.toml`).
    `LONGER_THAN_ALLOWED`: it authorises for longer than its law allows at once, where the law sets a limit.
    `PUBLISHED_AFTER_START`: the recueil is dated after the day on which the authorisation began.
    """

    OUTSIDE_WINDOW = "outside_window"
    LONGER_THAN_ALLOWED = "longer_than_allowed"
    PUBLISHED_AFTER_START = "published_after_start"


@dataclass(frozen=True, slots=True)
class LegalAdvice:
    """What to say of a decree besides what it says: information to verify, with its source, never legal advice.

    `last_day` is the last day for third parties to contest it, None where the day of publication is not known; `at_least` is then the day
    before which that cannot be, counted from the signature, where this is known. `late` how many days
    after its beginning it was published, where that is flagged. `months` is how many its law allows at once, where it is flagged as longer.
    `starts` and `ends` are its period as the last decree that modifies it says. `outside` are the stretches of days, both ends
    included, for which no known text allowed it, where that is flagged and they are known.
    """

    standing: Standing
    recourse: Recourse
    court: Court
    last_day: date | None
    flags: tuple[Flag, ...]
    late: int | None = None
    months: int | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    outside: tuple[Days, ...] = ()
    at_least: date | None = None


_AHEAD = timedelta(days=7)
"""How far ahead the date of a recueil may be set by those who publish it."""


def legal_advice(decree: Decree, place: Place, now: datetime) -> LegalAdvice:
    """Return the legal advice on a decree of the authority at `place`, as seen at `now` (aware). Raises ValueError for a naive `now`."""
    there = now.astimezone(ZoneInfo(place.time_zone))
    published = _published(decree, there)
    raised = flags(decree, published)
    last = limit(published)
    starts, ends = period(decree, there.date())
    return LegalAdvice(
        standing=standing(decree, there),
        recourse=recourse(starts, ends, there),
        court=court(decree.facts.authority or decree.authority, decree.facts.court),
        last_day=last,
        flags=raised,
        late=_late(decree, published) if Flag.PUBLISHED_AFTER_START in raised else None,
        months=_months(decree) if Flag.LONGER_THAN_ALLOWED in raised else None,
        starts=starts,
        ends=ends,
        at_least=_at_least(decree, there) if last is None else None,
        outside=days_outside(decree.facts) if Flag.OUTSIDE_WINDOW in raised else (),
    )


def limit(published: date | None) -> date | None:
    """Return the last day for third parties to contest what was published on this day; None where it is not known or misread."""
    if published is None:
        return None
    try:
        return last_day(published)
    except ValueError:
        return None


def _published(decree: Decree, there: datetime) -> date | None:
    """Return the day from which the time limit is counted; None where it is not known.

    Nothing is found before it is published. A recueil dated some days ahead was published on the day it was found at the latest, and the
    limit is then never given too late; a day further ahead was misread.
    """
    found = _found(decree, there)
    if decree.published is None or decree.published <= found:
        return decree.published
    return found if decree.published - found <= _AHEAD else None


def _found(decree: Decree, there: datetime) -> date:
    """Return the day on which it was found, by the clock of its place; one that is not stored was found now."""
    return (decree.found_at or there).astimezone(there.tzinfo).date()


def _at_least(decree: Decree, there: datetime) -> date | None:
    """Return the last day to contest had it been published when it was signed: nothing is published earlier."""
    signed = decree.facts.signed
    return None if signed is None or signed > _found(decree, there) else limit(signed)


def _months(decree: Decree) -> int | None:
    starts = decree.facts.starts
    return None if starts is None else longest(starts.day)


def _late(decree: Decree, published: date | None) -> int | None:
    starts = decree.facts.starts
    return None if starts is None or published is None else (published - starts.day).days


# What is striking in the dates of a decree: nothing here says that a decree is unlawful, only what a reader should check.


def flags(decree: Decree, published: date | None) -> tuple[Flag, ...]:
    """Return the flags of a decree published on this day (that of its recueil; None: not known), in the order of the list."""
    facts = decree.facts
    # The period of the other kinds is mostly that of the decree which they change, end or refuse.
    granted = decree.kind in GRANTS
    raised = {
        Flag.OUTSIDE_WINDOW: bool(outside(facts)) or any(quote.about == Flag.OUTSIDE_WINDOW for quote in decree.evidence),
        Flag.LONGER_THAN_ALLOWED: granted and _too_long(facts),
        # On the day of its start a recueil may have appeared before the hour.
        Flag.PUBLISHED_AFTER_START: granted and facts.starts is not None and published is not None and published > facts.starts.day,
    }
    return tuple(flag for flag in Flag if raised[flag])


def _too_long(facts: Facts) -> bool:
    """From the 1st to the 1st of the next month is a month: hours are not counted."""
    if facts.starts is None or facts.ends is None:
        return False
    months = longest(facts.starts.day)
    return months is not None and facts.ends.day > months_later(facts.starts.day, months)
