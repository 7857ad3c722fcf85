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

    A decree that ends or suspends counts from the day it says; one that shows no day counts at once. Of what is over, nothing later is
    told: whether it was ended early no longer matters to whoever asks what is in force. Raises ValueError for a naive `now`.
    """
    if decree.kind is Kind.REFUSAL:
        return Standing.REFUSED
    if decree.kind not in _GRANTS:
        return Standing.CHANGE
    by_period = _BY_PERIOD[recourse(*period(decree), now)]
    if by_period is Standing.OVER:
        return by_period
    today = now.date()
    kinds = {change.kind for change in decree.changed_by if _counts(change, today)}
    if Kind.ABROGATION in kinds:
        return Standing.ENDED
    return Standing.SUSPENDED if Kind.SUSPENSION in kinds else by_period


def period(decree: Decree) -> tuple[Moment | None, Moment | None]:
    """When it begins and ends: as it says, or as the last decree that modifies it says."""
    starts, ends = decree.facts.starts, decree.facts.ends
    modified = [change for change in decree.changed_by if change.kind is Kind.MODIFICATION]
    for change in sorted(modified, key=lambda change: change.since or date.min):
        starts, ends = change.starts or starts, change.ends or ends
    return starts, ends


def _counts(change: Change, today: date) -> bool:
    return change.since is None or change.since <= today
