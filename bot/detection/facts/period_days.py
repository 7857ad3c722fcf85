"""The ways in which a sentence gives a period by its days: enumerated one by one, or a single one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice

from bot.detection.facts.dates import ANY_DATE, DAY, MONTH, PARTIAL_DATE, WEEKDAY, YEAR, full, partial
from bot.detection.facts.durations import AT, Period, hour
from bot.detection.facts.period_hours import HOURS, MOST, with_hours
from bot.detection.facts.signature import dates_signature
from bot.detection.text.document import ActText, TextMatch
from bot.domain import Moment

_LISTED = rf"{WEEKDAY}{DAY}(?:\s*{MONTH})?(?:\s*{YEAR})?"
_SEPARATOR = r"\s*(?:,\s*et\b|,|\bet\b)\s*(?:(?:le|les|des)\s+)?"
_LIST = re.compile(rf"\b(?:les|le|des)\s*(?P<days>{_LISTED}(?:{_SEPARATOR}{_LISTED}){{1,30}}){HOURS}")
_SINGLE = re.compile(
    r"\b(?:le|prevue?s? le|journee du|pour le|nuit du|(?:limite|restreint|borne|fixe|reporte)e?s? (?:au|a la (?:seule )?journee du)"
    r"|(?<=[a-z] )(?<!compter )(?<!partir )du)\s*"
    # "le 2 décembre 2026 au stade" is a day; "le 2 décembre 2026 au 5" is none.
    rf"(?P<day>{ANY_DATE})(?!\s*au\s*{PARTIAL_DATE}(?!\w)){HOURS}"
)
# "le samedi 5 décembre, de 12 h à 23 h, et le dimanche 6 décembre 2026": what stands before the last of several days.
_DAY_BEFORE = re.compile(rf"\ble\s*(?P<day>{WEEKDAY}{DAY}(?:\s*{MONTH})?(?:\s*{YEAR})?){HOURS}\s*(?:,|;|\bet\b|\bpuis\b|ainsi que|\s)+$")
# "à compter du 2 mai 2026" alone: it begins, and nothing tells when it ends.
_FROM = re.compile(rf"\b(?:a compter du|a partir du)\s*(?P<start>{ANY_DATE}){AT.format(name='begin')}")
# A date that follows one of these is of another text.
_FOREIGN = re.compile(
    r"(?:arrete[^\n;.]{0,40}|\bloi\b[^\n;.]{0,40}|decret[^\n;.]{0,40}|\bn\s?°[^\n;.]{0,30}|\ben date\s*"
    r"|\b(?:decision|ap)(?:\s+(?:prefectorale?|modificati\w+))?(?:\s+(?:n\W{0,3})?[a-z0-9/._-]*\d[a-z0-9/._-]*)?\s*)$"
)

# "la demande présentée le 2 mai 2026".
_ASKED = re.compile(
    r"\b(?:(?:present|depos|form|adress|re[cç]u|transmis|enregistr|consult|saisi|reuni)\w*"
    r"|(?<!est )(?<!sont )(?:autorise|accorde|delivre|donne|installe)e?s?|demande|courrier|lettre|avis|seance)\s*(?:le|du)?\s*$"
)

# "Fait à Paris, le 3 mai 2026".
_SIGNING = re.compile(r"fait a [^.;]{2,40}$")


def enumerations(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """Days enumerated one by one, from the first to the last."""
    for match in _LIST.finditer(document.flat, start, end):
        days: list[date] = []
        month: int | None = None
        year: int | None = None
        for piece in reversed(re.split(_SEPARATOR, match["days"])):
            found = partial(piece.strip())
            day = found.complete(month=month, year=year) if found is not None else None
            if day is None:
                break
            month, year = day.month, day.year
            days.append(day)
        else:
            if days == sorted(days, reverse=True) and len(days) > 1:
                yield TextMatch(with_hours(days[-1], days[0], match.groupdict()), match.start(), match.end())


def single_days(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """One day; first of all several with hours, as one; last a beginning whose end is not told."""
    found: list[TextMatch[Period]] = []
    for match in islice(_SINGLE.finditer(document.flat, start, end), MOST):
        day = full(match["day"])
        before = document.folded.text[max(match.start() - 60, start) : match.start()]
        if day is None or _ASKED.search(before) or (_FOREIGN if match.group().startswith("du") else _SIGNING).search(before):
            continue
        if dates_signature(document, match.start(), match.end("day"), end):
            continue
        found.append(
            _with_days_before(document.flat, start, TextMatch(with_hours(day, day, match.groupdict()), match.start(), match.end()))
        )
    # "le samedi 13 juin, de 6h à 23h59 ; le dimanche 14 juin, de 0h à 20h": one period.
    timed = [entry for entry in found if all(moment is not None and moment.time is not None for moment in entry.value)]
    if len(timed) > 1:
        opening, closing = (
            min(entry.value[0] for entry in timed if entry.value[0]),
            max(entry.value[1] for entry in timed if entry.value[1]),
        )
        if (closing.day - opening.day).days < MOST:
            yield TextMatch((opening, closing), timed[0].start, timed[-1].end)
    yield from found
    for match in islice(_FROM.finditer(document.flat, start, end), MOST):
        day = full(match["start"])
        if day is not None:
            yield TextMatch((Moment(day, hour(match["begin"], closing=False)), None), match.start(), match.end())


def _with_days_before(text: str, start: int, found: TextMatch[Period]) -> TextMatch[Period]:
    """A day with those that are enumerated before it, each with its hours: from the first to the last."""
    for _ in range(MOST):
        earlier = _DAY_BEFORE.search(text, max(found.start - 100, start), found.start)
        opening = found.value[0]
        shown = partial(earlier["day"].strip()) if earlier is not None else None
        day = shown.complete(month=opening.day.month, year=opening.day.year) if shown is not None and opening is not None else None
        if earlier is None or opening is None or day is None or earlier["opens"] is None:
            return found
        if not opening.day - timedelta(days=MOST) < day < opening.day:
            return found
        found = TextMatch((with_hours(day, day, earlier.groupdict())[0], found.value[1]), earlier.start(), found.end)
    return found
