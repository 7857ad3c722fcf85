"""The hours that a decree gives for each day of its period."""

from __future__ import annotations

from datetime import date, time, timedelta

from bot.detection.facts.dates import HOUR
from bot.detection.facts.durations import Period, hour
from bot.domain import Moment

MOST = 20
"""Periods looked at in one article: a real one has a few, a hostile text has any number."""

DAILY = (
    r"(?:chaque (?:jour|journee|soir|soiree|nuit|matin)|tou(?:s les (?:jours|soirs)|tes les nuits)|quotidiennement|journellement"
    r"|(?:pour )?chacune? de (?:ces (?:jours|journees|soirs|soirees|nuits|dates)|celles-ci|ceux-ci))"
)
"""What says that hours are those of each day of a period."""

HOURS = (
    rf"(?:\s*inclus(?:e?s)?)?(?:(?:,?\s*\(?(?:et\s*)?(?:{DAILY}|inclus)?,?\s*(?:de|entre)"
    # In a sentence of its own: "Le traitement fonctionne chaque jour de 10 h à 22 h."
    rf"|[,.;]\s(?![^.;:]*\b(?:affich|consult|accueil|ouvert))[^.;:]{{3,60}}?\s{DAILY},?\s*(?:de|entre)"
    rf"|,?\s\(?(?:(?:aux|selon les) )?horaires?(?: suivants?)?\s?:?\s*(?:de|entre)?)"
    rf"\s*(?P<opens>{HOUR})\s*(?:a|et|jusqu'a|-)\s*(?P<closes>{HOUR}))?"
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
