"""Whether what a decree allows is in force, later decrees that change it taken into account. Pure: `now` is an argument."""

from __future__ import annotations

from datetime import date, datetime

from bot.detection.deadlines import recourse
from bot.model import Change, Decree, Kind, Moment, Recourse, Standing

_GRANTS = frozenset({Kind.AUTHORISATION, Kind.RENEWAL})

_BY_PERIOD = {
    Recourse.FUTURE: Standing.UPCOMING,
    Recourse.RUNNING: Standing.IN_FORCE,
    Recourse.OVER: Standing.OVER,
    Recourse.UNKNOWN: Standing.UNKNOWN,
}


def standing(decree: Decree, now: datetime) -> Standing:
    """The standing of a decree at `now`, an aware instant in the time zone of the authority's place.

    A decree that ends or suspends counts from the day it says, as long as it is not ended itself; one that shows no day counts at once.
    Of what is over, nothing later is told: whether it was ended early no longer matters to whoever asks what is in force. Raises
    ValueError for a naive `now`.
    """
    if decree.kind is Kind.REFUSAL:
        return Standing.REFUSED
    if decree.kind not in _GRANTS:
        return Standing.CHANGE
    today = now.date()
    by_period = _BY_PERIOD[recourse(*period(decree, today), now)]
    if by_period is Standing.OVER:
        return by_period
    kinds = {change.kind for change in decree.changed_by if _counts(change, today)}
    if Kind.ABROGATION in kinds:
        return Standing.ENDED
    return Standing.SUSPENDED if Kind.SUSPENSION in kinds else by_period


def period(decree: Decree, today: date | None = None) -> tuple[Moment | None, Moment | None]:
    """When it begins and ends: as it says, or as the last decree that modifies it says.

    What a modification is ended by counts from its day on; where `today` is None, whatever its day. A beginning without an end is the day
    from which the modification applies (« À compter du 5 décembre, le nombre de caméras est porté à 30 »), not that of a new period.
    """
    starts, ends = decree.facts.starts, decree.facts.ends
    modified = [change for change in decree.changed_by if change.kind is Kind.MODIFICATION and not _undone(change, today)]
    for change in sorted(modified, key=lambda change: change.since or date.min):
        if change.ends is not None:
            starts, ends = change.starts or starts, change.ends
    return starts, ends


def _counts(change: Change, today: date | None) -> bool:
    return (change.since is None or today is None or change.since <= today) and not _undone(change, today)


def _undone(change: Change, today: date | None) -> bool:
    return any(_counts(ending, today) for ending in change.undone_by)
