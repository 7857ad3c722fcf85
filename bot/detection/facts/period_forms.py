"""The ways in which a sentence gives a period from one day to another. For single days see `period_days`, for durations `durations`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.detection.facts.dates import ANY_DATE, DAY, HOUR, MONTH, PARTIAL_DATE, WEEKDAY, full, partial
from bot.detection.facts.durations import AT, Period, durations, hour
from bot.detection.facts.period_hours import DAILY, HOURS, MOST, with_hours
from bot.detection.text.document import ActText, TextMatch
from bot.domain import Moment

# The last day, whose year may stand with the first: "du 1er octobre 2026 à 0 h au 31 décembre".
_LAST = rf"(?:{ANY_DATE}|{WEEKDAY}{DAY}\s*{MONTH})"
_RANGE = re.compile(
    # Without "du" only where nothing else can be meant: "période : 1er au 3 mai 2026".
    rf"(?:\b(?:{DAILY}|de),?\s*"
    rf"(?:(?:de|entre)\s*)?(?P<opening>{HOUR})\s*(?:a|et)\s*(?P<shutting>{HOUR}),?\s)?"
    rf"(?:\b(?:du|a compter du|a partir du|entre le|des le|le(?=[^.;]{{6,60}}\sjusqu'au))\s*|(?:\bperiode|\bdates?|[:(])\s*)"
    rf"(?P<start>{PARTIAL_DATE}){AT.format(name='begin')}(?:\s*(?:inclus|et))?,?\s*(?:et\s*(?:ce,?\s*)?)?"
    r"(?:jusqu'a (?:la fin|l'issue)\b[^.;]{0,60}?(?:au plus tard (?:le|au)|soit (?:le|jusqu'au))|jusqu'au|au|et le|a)\s*"
    rf"(?P<end>{_LAST}){AT.format(name='finish')}(?:\s*inclus)?{HOURS}"
)
_EFFECT = re.compile(
    rf"\b(?:prend(?:ra)? effet|vaut|court|est accordee?|entre(?:ra)? en vigueur|debute(?:ra)?|commence(?:ra)?|s'applique(?:ra)?)\s"
    rf"(?:a compter du|a partir du|le|des le)\s*"
    rf"(?P<start>{PARTIAL_DATE}){AT.format(name='begin')},?\s*(?:et|pour)?\s*(?:elle\s|il\s)?"
    rf"(?:(?:vaut|est valable|est valide|dure(?:ra)?|s'etend|court|reste en vigueur|produit ses effets)(?=\sjusqu'au)"
    rf"|prend(?:ra|re)? fin|expire(?:ra|r)?|cesse(?:ra|r)?[^.;:]{{0,40}}?|s'acheve(?:ra|r)?|se termine(?:ra|r)?)\s"
    rf"(?:a la date du|le|au|jusqu'au)\s*(?P<end>{_LAST}){AT.format(name='finish')}"
)
# "pour six mois, commençant le 16 novembre 2026 et s'achevant le 15 mai 2027".
_BEGINNING = re.compile(
    rf"\b(?:commencant|debutant|courant|prenant effet|valable|valide)\s(?:a compter du|a partir du|des le|du|le)\s*"
    rf"(?P<start>{PARTIAL_DATE}){AT.format(name='begin')},?\s*(?:et\s*)?"
    rf"(?:s'achevant|se terminant|expirant|prenant fin|finissant|cessant)\s(?:le|au)\s*(?P<end>{_LAST}){AT.format(name='finish')}"
)
# "jusqu'au 31 décembre 2026, à compter du 5 octobre".
_END_FIRST = re.compile(
    rf"\bjusqu'au\s*(?P<end>{ANY_DATE}){AT.format(name='finish')},?\s*(?:et\s*)?(?:ce\s*)?(?:a compter du|a partir du|des le)\s*"
    rf"(?P<start>{PARTIAL_DATE}){AT.format(name='begin')}"
)
_HOURS_FIRST = re.compile(
    rf"\b(?:de|a partir de|a compter de)\s*(?P<begin>{HOUR}),?\s*(?:le\s*)?(?P<start>{PARTIAL_DATE}),?\s*(?:a|au|jusqu'a|jusqu'au)\s*"
    rf"(?:(?P<finish>{HOUR}),?\s*(?:le\s*)?)?(?P<end>{ANY_DATE})"
)
# "du 2 au 4 mai et du 9 au 11 mai 2026": what stands before the last of several ranges.
_EARLIER = re.compile(
    rf"\bdu\s*(?P<start>{PARTIAL_DATE}){AT.format(name='begin')}\s*au\s*(?P<end>{PARTIAL_DATE}){AT.format(name='finish')}{HOURS}"
    r"\s*(?:,|;|\bet\b|\bpuis\b|ainsi que|\s)+$"
)
_UNTIL = re.compile(rf"\bjusqu'au\s*(?P<end>{ANY_DATE}){AT.format(name='finish')}")
_NIGHT = re.compile(r"\b(?:la|cette) nuit\s*$")
_BETWEEN = re.compile(r"(?:[\s,;:•-]|\bet\b|\bpuis\b|\bainsi que\b)*")


def ranges(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """From one day to another, or from a day for a time; last what tells only an end."""
    text = document.flat
    for pattern in (_RANGE, _EFFECT, _BEGINNING, _END_FIRST, _HOURS_FIRST):
        several: list[TextMatch[Period]] = []
        for match in pattern.finditer(text, start, end):
            first, closing = partial(match["start"]), partial(match["end"])
            last = closing.complete(year=first.year) if first is not None and closing is not None else None
            if first is None or last is None:
                continue
            opening = first.complete(month=last.month, year=last.year)
            if opening is not None and opening > last and first.year is None:
                opening = first.complete(month=last.month, year=last.year - 1)  # du 31 décembre au 1er janvier 2025
            if opening is None or opening > last:
                continue
            night = _NIGHT.search(text, max(match.start() - 12, start), match.start()) is not None
            several.append(TextMatch(with_hours(opening, last, match.groupdict(), night=night), match.start(), match.end()))
        yield from (_with_earlier(text, start, found) for found in _joined(text, several))
    yield from durations(document, start, end)
    for match in _UNTIL.finditer(text, start, end):
        day = full(match["end"])
        if day is not None:
            yield TextMatch((None, Moment(day, hour(match["finish"], closing=True))), match.start(), match.end())


def _joined(text: str, several: list[TextMatch[Period]]) -> list[TextMatch[Period]]:
    """Ranges that are enumerated one after the other as one, from the first beginning to the last end."""
    joined: list[TextMatch[Period]] = []
    for entry in several:
        last = joined[-1] if joined else None
        if last is not None and _BETWEEN.fullmatch(text, last.end, entry.start) and _ordered(last.value[1], entry.value[0]):
            joined[-1] = TextMatch((last.value[0], entry.value[1]), last.start, entry.end)
        else:
            joined.append(entry)
    return joined


def _ordered(one: Moment | None, two: Moment | None) -> bool:
    return one is not None and two is not None and one.day <= two.day


def _with_earlier(text: str, start: int, found: TextMatch[Period]) -> TextMatch[Period]:
    """A range with those that are enumerated before it: from the first beginning to the last end."""
    for _ in range(MOST):
        earlier = _EARLIER.search(text, max(found.start - 140, start), found.start)
        opening = found.value[0]
        if earlier is None or opening is None:
            return found
        last = partial(earlier["end"])
        ends = last.complete(month=opening.day.month, year=opening.day.year) if last is not None else None
        first = partial(earlier["start"])
        begins = first.complete(month=ends.month, year=ends.year) if first is not None and ends is not None else None
        if begins is None or ends is None or not begins <= ends < opening.day:
            return found
        found = TextMatch((with_hours(begins, ends, earlier.groupdict())[0], found.value[1]), earlier.start(), found.end)
    return found
