"""Whether what a decree allows is in force, later decrees that change it taken into account. Pure: `now` is an argument.

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

from datetime import date, datetime
from enum import Enum

from bot.domain import Change, Decree, Kind, Moment, Recourse, Standing
from bot.domain.law.deadlines import recourse

_GRANTS = frozenset({Kind.AUTHORISATION, Kind.RENEWAL})

_BY_PERIOD = {
    Recourse.FUTURE: Standing.UPCOMING,
    Recourse.RUNNING: Standing.IN_FORCE,
    Recourse.OVER: Standing.OVER,
    Recourse.UNKNOWN: Standing.UNKNOWN,
}


class Hold(Enum):
    """Whether a change counts on a day. `IN_DOUBT`: what changes was ended itself, and its words do not tell what that does."""

    YES = "yes"
    NO = "no"
    IN_DOUBT = "in_doubt"


_BY_CHANGE = (
    ((Kind.ABROGATION, Hold.YES), Standing.ENDED),
    ((Kind.ABROGATION, Hold.IN_DOUBT), Standing.IN_DOUBT),
    ((Kind.SUSPENSION, Hold.YES), Standing.SUSPENDED),
    ((Kind.SUSPENSION, Hold.IN_DOUBT), Standing.IN_DOUBT),
)
"""What later decrees make of one that is not over: the first that holds."""


def standing(decree: Decree, now: datetime) -> Standing:
    """Return the standing of a decree at `now`, an aware instant in the time zone of the authority's place.

    A decree that ends or suspends counts from the day it says, see `hold`; one that shows no day counts at once. Of what is over, nothing
    later is told: whether it was ended early no longer matters to whoever asks what is in force. Raises ValueError for a naive `now`.
    """
    if decree.kind is Kind.REFUSAL:
        return Standing.REFUSED
    if decree.kind not in _GRANTS:
        return Standing.CHANGE
    today = now.date()
    by_period = _BY_PERIOD[recourse(*period(decree, today), now)]
    if by_period is Standing.OVER:
        return by_period
    held = {(change.kind, hold(change, today)) for change in decree.changed_by}
    return next((told for how, told in _BY_CHANGE if how in held), by_period)


def hold(change: Change, today: date | None) -> Hold:
    """Return whether a change counts on this day (None: whatever its day), what ended the decree that changes taken into account."""
    if change.since is not None and today is not None and change.since > today:
        return Hold.NO
    undone = {_undoes(ending, change, today) for ending in change.undone_by}
    if Hold.YES in undone:
        return Hold.NO
    return Hold.IN_DOUBT if Hold.IN_DOUBT in undone else Hold.YES


def _undoes(ending: Change, change: Change, today: date | None) -> Hold:
    """Return whether the end of the decree that changes takes the change back."""
    held = hold(ending, today)
    if held is Hold.NO or change.kind is not Kind.ABROGATION or ending.retroactive:
        return held
    return Hold.NO if ending.retroactive is False else Hold.IN_DOUBT


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
    return any(_undoes(ending, change, today) is Hold.YES for ending in change.undone_by)
