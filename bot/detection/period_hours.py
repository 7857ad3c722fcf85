"""The hours that a decree gives for each day of its period."""

from __future__ import annotations

from datetime import date, time, timedelta

from bot.detection.dates import HOUR
from bot.detection.durations import Period, hour
from bot.model import Moment

MOST = 20
"""Periods looked at in one article: a real one has a few, a hostile text has any number."""

HOURS = (
    rf"(?:,?\s*\(?(?:chaque jour|tous les jours|quotidiennement|inclus)?,?\s*(?:de|entre)\s*(?P<opens>{HOUR})"
    rf"\s*(?:a|et|jusqu'a)\s*(?P<closes>{HOUR}))?"
)


def with_hours(first: date, last: date, groups: dict[str, str | None], *, night: bool = False) -> Period:
    """`night`: the two days are those of one night ("la nuit du 31 décembre au 1er janvier"), which ends on the second."""
    opens = hour(groups.get("opens") or groups.get("opening"), closing=False)
    closes = hour(groups.get("closes") or groups.get("shutting"), closing=True)
    if opens is not None and closes == time(0) and not night:
        closes = time(23, 59)  # "de 14h à 0h" ends like "de 14h à minuit": on the last day that the decree names.
    if opens is not None and closes is not None:
        # "de 14h à 6h": the last night ends the next morning.
        return Moment(first, opens), Moment(
            last + timedelta(days=1) if closes <= opens and not (night and last - first == timedelta(days=1)) else last, closes
        )
    return Moment(first, hour(groups.get("begin"), closing=False)), Moment(last, hour(groups.get("finish"), closing=True))
