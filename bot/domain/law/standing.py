"""Decides whether what a decree allows is in force, and until when it can be contested. Pure: `now` is an argument.

General information, to be verified for each case, and not legal advice. Articles were read in the copies of the codes consolidated on
2026-04-03; what rests on case law is marked as such.

What the end of an end does rests on general principles of French administrative law, known from case law and not read again in an
official text, to be verified:

- an act abrogated is ended for the time to come; the abrogation of the act that abrogated it does not by itself bring it back (certain as a
  principle; an act may say otherwise, which is not read here);
- the retrait of an act ("retiré", "rapporté") undoes it as if it had never been, and so brings back what it had ended (certain as a
  principle; whether that retrait is lawful is not asked);
- the annulment of an act by a court does the same, but no recueil tells of one; a prefect's "annulé" is as often an abrogation.

A suspension simply ends with the decree that ordered it, whichever way that is ended. That a modification does so too is an assumption:
by the first principle an abrogated modification may leave the modified text as it is.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum
from functools import cache

import holidays

from bot.domain.acts import GRANTS, Change, Decree, Kind, Moment


class Recourse(StrEnum):
    """Where the period of a decree stands, for whoever thinks of an urgent application (articles L. 521-1 and L. 521-2).

    `FUTURE`: it has not begun. `RUNNING`: it has, and is not over. `OVER`: the decree is executed and a judge no longer suspends it; only
    its annulment can be asked for, until `last_day`. `UNKNOWN`: what is known of the period does not tell.
    """

    FUTURE = "future"
    RUNNING = "running"
    OVER = "over"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """Where what a decree allows stands on a day, later decrees that change it taken into account.

    `UPCOMING`, `IN_FORCE` and `OVER` tell of its period; `ENDED` and `SUSPENDED` of a later decree. `IN_DOUBT`: a later decree ended it and
    was ended itself, in words that do not tell whether this one stands again; a person must look. `CHANGE` is a decree that only changes
    another one and `REFUSED` one that allows nothing: neither is in force in the sense that somebody is watched under it. `UNKNOWN`: the
    period could not be read.
    """

    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    OVER = "over"
    ENDED = "ended"
    SUSPENDED = "suspended"
    IN_DOUBT = "in_doubt"
    CHANGE = "change"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_BY_PERIOD = {
    Recourse.FUTURE: Standing.UPCOMING,
    Recourse.RUNNING: Standing.IN_FORCE,
    Recourse.OVER: Standing.OVER,
    Recourse.UNKNOWN: Standing.UNKNOWN,
}


class Applicability(Enum):
    """Whether a change counts on a day. `IN_DOUBT`: what changes was ended itself, and its words do not tell what that does."""

    YES = "yes"
    NO = "no"
    IN_DOUBT = "in_doubt"


_BY_CHANGE = (
    ((Kind.ABROGATION, Applicability.YES), Standing.ENDED),
    ((Kind.ABROGATION, Applicability.IN_DOUBT), Standing.IN_DOUBT),
    ((Kind.SUSPENSION, Applicability.YES), Standing.SUSPENDED),
    ((Kind.SUSPENSION, Applicability.IN_DOUBT), Standing.IN_DOUBT),
)
"""What later decrees make of one that is not over: the first that holds."""


def standing(decree: Decree, now: datetime) -> Standing:
    """Return the standing of a decree at `now`, an aware instant in the time zone of the authority's place.

    A decree that ends or suspends counts from the day it says, see `hold`; one that shows no day counts at once. Of what is over, nothing
    later is told: whether it was ended early no longer matters to whoever asks what is in force. Raises ValueError for a naive `now`.
    """
    if decree.kind is Kind.REFUSAL:
        return Standing.REFUSED
    if decree.kind not in GRANTS:
        return Standing.CHANGE
    today = now.date()
    by_period = _BY_PERIOD[recourse(*period(decree, today), now)]
    if by_period is Standing.OVER:
        return by_period
    held = {(change.kind, hold(change, today)) for change in decree.changed_by}
    return next((told for how, told in _BY_CHANGE if how in held), by_period)


def hold(change: Change, today: date | None) -> Applicability:
    """Return whether a change counts on this day (None: whatever its day), what ended the decree that changes taken into account."""
    if change.since is not None and today is not None and change.since > today:
        return Applicability.NO
    undone = {_undoes(ending, change, today) for ending in change.undone_by}
    if Applicability.YES in undone:
        return Applicability.NO
    return Applicability.IN_DOUBT if Applicability.IN_DOUBT in undone else Applicability.YES


def _undoes(ending: Change, change: Change, today: date | None) -> Applicability:
    """Return whether the end of the decree that changes takes the change back."""
    held = hold(ending, today)
    if held is Applicability.NO or change.kind is not Kind.ABROGATION or ending.retroactive:
        return held
    return Applicability.NO if ending.retroactive is False else Applicability.IN_DOUBT


def period(decree: Decree, today: date | None = None) -> tuple[Moment | None, Moment | None]:
    """Return when it begins and ends: as it says, or as the last decree that modifies it says.

    What a modification is ended by counts from its day on; where `today` is None, whatever its day. A beginning without an end is the day
    from which the modification applies (« À compter du 5 décembre, le nombre de caméras est porté à 30 »), not that of a new period.
    """
    starts, ends = decree.facts.starts, decree.facts.ends
    modified = [change for change in decree.changed_by if change.kind is Kind.MODIFICATION and not _undone(change, today)]
    for change in sorted(modified, key=lambda change: change.since or date.min):
        if change.ends is not None:
            starts, ends = change.starts or starts, change.ends
    return starts, ends


def _undone(change: Change, today: date | None) -> bool:
    return any(_undoes(ending, change, today) is Applicability.YES for ending in change.undone_by)


# Until when a decree can be contested, and whether an urgent application still makes sense.

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
