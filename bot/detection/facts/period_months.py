"""Periods that are whole months: "durant tout le mois de décembre 2026"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.detection.facts.dates import MONTH, YEAR, full
from bot.detection.facts.durations import Period
from bot.detection.facts.period_hours import HOURS, with_hours
from bot.detection.text.document import Document
from bot.detection.text.found import Found

_OF = r"(?:de |d')"
_WHOLE = re.compile(
    r"\b(?:durant|pendant|pour|sur|(?:au cours|tout au long) (?:du?|des)(?=\s))\s"
    r"(?:toute? |l'(?:ensemble|integralite) |la (?:totalite|duree) )?"
    rf"(?:(?:(?:le |les |la )?(?:periode )?(?:de |du |des )?)mois\s{_OF}|(?=(?:{MONTH})\b))"
    rf"(?P<first>{MONTH})(?:(?:,\s{MONTH})*\s(?:et|a|au)\s(?:(?:mois\s)?{_OF})?(?P<last>{MONTH}))?\s(?P<year>{YEAR}){HOURS}"
    rf"|\b(?:du|de)\smois\s{_OF}(?P<from>{MONTH})(?:\s(?P<since>{YEAR}))?"
    rf"\s(?:a|au|jusqu'au)\s(?:la fin du\s)?(?:mois\s)?(?:{_OF})?(?P<to>{MONTH})\s(?P<until>{YEAR})"
)


def months(document: Document, start: int, end: int) -> Iterator[Found[Period]]:
    """From the first day of a month to the last of that month or of a later one."""
    for match in _WHOLE.finditer(document.flat, start, end):
        opening, closing = match["first"] or match["from"], match["last"] or match["to"] or match["first"]
        year = match["year"] or match["until"]
        first, last = full(f"1er {opening} {match['since'] or year}"), _last_day(full(f"1er {closing} {year}"))
        if first is not None and last is not None and first <= last:
            yield Found(with_hours(first, last, match.groupdict()), match.start(), match.end())


def _last_day(first: date | None) -> date | None:
    if first is None:
        return None
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
