"""Durations: "à compter du 2 mai 2026, pour une durée de trois mois"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain

from bot.detection.facts.dates import ANY_DATE, HOUR, clock, full
from bot.detection.text.document import ActText, TextMatch
from bot.domain import Moment

Period = tuple[Moment | None, Moment | None]

# "au 19 juillet de 18h à 1h" gives the hours of each day, not the hour of the last: that is for `_HOURS`.
AT = (
    r"(?:(?:,|\s-)?\s*\(?(?:a partir de|a compter de|des|a|de)?\s*(?P<{name}>"
    + HOUR
    + r")(?!s|eure|\d)(?!\s*(?:a|et|jusqu'a)\s*"
    + HOUR
    + r"(?!\s*(?:le|au)\b))"
    r"(?:\s?precises?)?\)?)?"
)
_COUNTS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10, "onze": 11,
    "douze": 12, "quinze": 15, "vingt": 20, "trente": 30,
}  # fmt: skip
_COUNT = rf"\d{{1,3}}|{'|'.join(_COUNTS)}"
_UNIT = r"jours?|semaines?|mois|heures?|ans?|annees?"
_LASTING = re.compile(
    rf"\b(?:a compter du|a partir du|du)\s*(?P<start>{ANY_DATE}){AT.format(name='begin')},?\s*(?:et\s*)?"
    rf"(?:pour une duree|pendant une duree|pour|pendant)\s*(?:maximale\s*)?(?:de |d')?\s*"
    rf"(?P<count>{_COUNT})\s*(?:\(\d+\)\s*)?(?P<unit>{_UNIT})"
)
_FOR = re.compile(
    rf"\b(?:duree|pour|pendant)\s*(?:maximale\s*)?(?:[a-z' ]{{0,50}}?\b(?:fixee|limitee|portee) a |de |d')?\s*"
    rf"(?P<count>{_COUNT})\s*(?:\(\d+\)\s*)?"
    rf"(?P<unit>{_UNIT}),?\s*(?:a compter du|a partir du|qui court du)\s*(?P<start>{ANY_DATE}){AT.format(name='begin')}"
)


def durations(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """From a day for so long."""
    text = document.flat
    for match in chain(_LASTING.finditer(text, start, end), _FOR.finditer(text, start, end)):
        day = full(match["start"])
        if day is not None:
            opens = Moment(day, hour(match["begin"], closing=False))
            closes = _closing(opens, _COUNTS.get(match["count"]) or int(match["count"]), match["unit"])
            yield TextMatch((opens, closes), match.start(), match.end())


def hour(text: str | None, *, closing: bool) -> time | None:
    """The hour after or before a day, None where there is none. `closing`: it ends a period."""
    return clock(text, closing=closing) if text else None


def _closing(opens: Moment, count: int, unit: str) -> Moment | None:
    """The end of a duration. Hours count from an hour that is told, and from nothing else."""
    if not unit.startswith("heure"):
        return Moment(_after(opens.day, count, unit))
    if opens.time is None:
        return None
    closes = datetime.combine(opens.day, opens.time) + timedelta(hours=count)
    return Moment(closes.date(), closes.time())


def _after(day: date, count: int, unit: str) -> date:
    """The last day of a duration that begins on `day`, that day included.

    Thirty days from 2 May end on 31 May. A month ends on the eve of the day of the same number (from 2 May on 1 June), or on the last day
    of a shorter month (from 31 January on 28 February): the reading that never makes a decree last longer than it says. A duration that
    runs from the publication or notification of a decree has no day in the text, and is left out.
    """
    if unit.startswith("an"):
        count, unit = 12 * count, "mois"
    if unit.startswith("jour"):
        return day + timedelta(days=count - 1)
    if unit.startswith("semaine"):
        return day + timedelta(weeks=count, days=-1)
    months = day.month - 1 + count
    year, month = day.year + months // 12, months % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), following) - timedelta(days=1)
