"""When a decree applies: from, to, with hours where it gives them.

The title gives the days, the operative part often the hours ("du 20 avril à 14H00 au 21 avril 2024 à 06H00"): the operative
period is taken where it agrees with the title, else the title's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import chain, islice

from bot.detection.dates import ANY_DATE, DAY, HOUR, MONTH, PARTIAL_DATE, WEEKDAY, YEAR, clock, full, partial
from bot.detection.document import Document
from bot.detection.found import Found
from bot.detection.segments import Block, Part, Segment
from bot.model import Moment

Period = tuple[Moment | None, Moment | None]

# "au 19 juillet de 18h à 1h" gives the hours of each day, not the hour of the last: that is for `_HOURS`.
_AT = (
    r"(?:,?\s*\(?(?:a partir de|des|a|de)?\s*(?P<{name}>"
    + HOUR
    + r")(?!s|eure|\d)(?!\s*(?:a|et|jusqu'a)\s*"
    + HOUR
    + r"(?!\s*(?:le|au)\b))"
    r"(?:\s?precises?)?\)?)?"
)
_HOURS = (
    rf"(?:,?\s*\(?(?:chaque jour|tous les jours|quotidiennement|inclus)?,?\s*(?:de|entre)\s*(?P<opens>{HOUR})"
    rf"\s*(?:a|et|jusqu'a)\s*(?P<closes>{HOUR}))?"
)
_RANGE = re.compile(
    rf"\b(?:du|a compter du|a partir du|entre le|des le)\s*(?P<start>{PARTIAL_DATE}){_AT.format(name='begin')}"
    rf"(?:\s*(?:inclus|et))?,?\s*(?:et\s*)?(?:jusqu'au|au|et le|a)\s*(?P<end>{ANY_DATE}){_AT.format(name='finish')}(?:\s*inclus)?{_HOURS}"
)
_EFFECT = re.compile(
    rf"\b(?:prend(?:ra)? effet|entre(?:ra)? en vigueur|debute(?:ra)?|commence(?:ra)?|s'applique(?:ra)?)\s"
    rf"(?:a compter du|a partir du|le|des le)\s*"
    rf"(?P<start>{PARTIAL_DATE}){_AT.format(name='begin')},?\s*(?:et|pour)?\s*(?:elle\s|il\s)?"
    rf"(?:prend(?:ra|re)? fin|expire(?:ra|r)?|cesse(?:ra|r)?[^.;:]{{0,40}}?|s'acheve(?:ra|r)?|se termine(?:ra|r)?)\s"
    rf"(?:a la date du|le|au)\s*(?P<end>{ANY_DATE}){_AT.format(name='finish')}"
)
_HOURS_FIRST = re.compile(
    rf"\b(?:de|a partir de|a compter de)\s*(?P<begin>{HOUR}),?\s*(?:le\s*)?(?P<start>{PARTIAL_DATE}),?\s*(?:a|au|jusqu'a|jusqu'au)\s*"
    rf"(?:(?P<finish>{HOUR}),?\s*(?:le\s*)?)?(?P<end>{ANY_DATE})"
)
_LISTED = rf"{WEEKDAY}{DAY}(?:\s*{MONTH})?(?:\s*{YEAR})?"
_LIST = re.compile(rf"\bles\s*(?P<days>{_LISTED}(?:\s*(?:,|et|,\s*et)\s*(?:le\s*)?{_LISTED}){{1,30}}){_HOURS}")
_SINGLE = re.compile(rf"\b(?:le|prevue?s? le|journee du|pour le|nuit du|(?<=[a-z] )du)\s*(?P<day>{ANY_DATE})(?!\s*au\b){_HOURS}")
_LASTING = re.compile(
    rf"\b(?:a compter du|a partir du)\s*(?P<start>{ANY_DATE}){_AT.format(name='begin')},?\s*(?:et\s*)?"
    rf"(?:pour une duree|pendant une duree|pour|pendant)\s*(?:maximale\s*)?(?:de |d')?\s*"
    rf"(?P<count>\d{{1,3}}|un|une|deux|trois|quatre|quinze)\s*(?:\(\d+\)\s*)?(?P<unit>jours?|semaines?|mois)"
)
_FOR = re.compile(
    rf"\b(?:duree|pour|pendant)\s*(?:maximale\s*)?(?:de |d')?\s*(?P<count>\d{{1,3}}|un|une|deux|trois|quatre|quinze)\s*(?:\(\d+\)\s*)?"
    rf"(?P<unit>jours?|semaines?|mois),?\s*(?:a compter du|a partir du|qui court du)\s*(?P<start>{ANY_DATE}){_AT.format(name='begin')}"
)
_UNTIL = re.compile(rf"\bjusqu'au\s*(?P<end>{ANY_DATE}){_AT.format(name='finish')}")
_TRIED = 20
"""Periods looked at in one article: a real one has a few, a hostile text has any number."""
_COUNTS = {"un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "quinze": 15}
# A date that follows one of these is of another text.
_FOREIGN = re.compile(r"(?:arrete[^\n;.]{0,40}|\bloi\b[^\n;.]{0,40}|decret[^\n;.]{0,40}|\bn\s?°[^\n;.]{0,30}|en date)$")

# "Fait à Paris, le 3 mai 2026" or "Paris, le 3 mai 2026" on its line dates the signature.
_SIGNING = re.compile(r"(?:fait a [^.;]{2,40}|^\W{0,3}(?:a )?[a-z' -]{2,40},\s?)$", re.MULTILINE)


def period(document: Document, segment: Segment) -> Found[Period] | None:
    """The period of a decree, None where no whole date could be read."""
    titled = _first(document, [*segment.of(Part.TITLE), *segment.of(Part.HEADING)], singles=True)
    articles = list(segment.of(Part.ARTICLE))
    operative = _operative(document, articles, titled)
    if operative is None and titled is None:
        operative = _first(document, list(segment.of(Part.BODY)), singles=True) or _first(document, list(segment.blocks), singles=False)
    if titled is None or operative is None:
        return titled or operative
    return operative if _agrees(operative.value, titled.value) else titled


def _operative(document: Document, articles: list[Block], titled: Found[Period] | None) -> Found[Period] | None:
    """The first period of the articles, or beside a title that gives one, the first that agrees with it, rather with hours."""
    if titled is None:
        return _first(document, articles, singles=True)
    found = [
        period
        for reader in (_ranges, _lists, _singles)
        for block in articles
        for period in islice(reader(document, block.start, block.end), _TRIED)
        if _agrees(period.value, titled.value)
    ]
    return next(
        (period for period in found if period.value[0] is not None and period.value[0].time is not None), found[0] if found else None
    )


def _agrees(operative: Period, titled: Period) -> bool:
    """True when the operative period holds the days of the title: it is then the same, with hours or with margins."""
    (first, last), (shown_first, shown_last) = operative, titled
    shown_first, shown_last = shown_first or shown_last, shown_last or shown_first
    if first is None or last is None or shown_first is None or shown_last is None:
        return False
    return first.day <= shown_first.day and shown_last.day <= last.day and (last.day - first.day).days <= 62


def _first(document: Document, blocks: list[Block], *, singles: bool) -> Found[Period] | None:
    readers = [_ranges, _lists, *([_singles] if singles else [])]
    for reader in readers:
        for block in blocks:
            for found in reader(document, block.start, block.end):
                return found
    return None


def _ranges(document: Document, start: int, end: int) -> Iterator[Found[Period]]:
    text = document.flat
    for pattern in (_RANGE, _EFFECT, _HOURS_FIRST):
        for match in pattern.finditer(text, start, end):
            first, last = partial(match["start"]), full(match["end"])
            if first is None or last is None:
                continue
            opening = first.complete(month=last.month, year=last.year)
            if opening is not None and opening > last and first.year is None:
                opening = first.complete(month=last.month, year=last.year - 1)  # du 31 décembre au 1er janvier 2025
            if opening is None or opening > last:
                continue
            groups = match.groupdict()
            yield Found(_with_hours(opening, last, groups), match.start(), match.end())
    for match in chain(_LASTING.finditer(text, start, end), _FOR.finditer(text, start, end)):
        day = full(match["start"])
        if day is not None:
            count = _COUNTS.get(match["count"]) or int(match["count"])
            yield Found(
                (Moment(day, _hour(match["begin"], closing=False)), Moment(_after(day, count, match["unit"]))), match.start(), match.end()
            )
    for match in _UNTIL.finditer(text, start, end):
        day = full(match["end"])
        if day is not None:
            yield Found((None, Moment(day, _hour(match["finish"], closing=True))), match.start(), match.end())


def _lists(document: Document, start: int, end: int) -> Iterator[Found[Period]]:
    for match in _LIST.finditer(document.flat, start, end):
        days: list[date] = []
        month: int | None = None
        year: int | None = None
        for piece in reversed(re.split(r"\s*(?:,\s*et\b|,|\bet\b)\s*(?:le\s*)?", match["days"])):
            found = partial(piece.strip())
            day = found.complete(month=month, year=year) if found is not None else None
            if day is None:
                break
            month, year = day.month, day.year
            days.append(day)
        else:
            if days == sorted(days, reverse=True) and len(days) > 1:
                yield Found(_with_hours(days[-1], days[0], match.groupdict()), match.start(), match.end())


def _singles(document: Document, start: int, end: int) -> Iterator[Found[Period]]:
    found: list[Found[Period]] = []
    for match in islice(_SINGLE.finditer(document.flat, start, end), _TRIED):
        day = full(match["day"])
        before = document.folded.text[max(match.start() - 60, start) : match.start()]
        if day is None or (_FOREIGN if match.group().startswith("du") else _SIGNING).search(before):
            continue
        found.append(Found(_with_hours(day, day, match.groupdict()), match.start(), match.end()))
    # "le samedi 13 juin, de 6h à 23h59 ; le dimanche 14 juin, de 0h à 20h": one period.
    timed = [entry for entry in found if entry.value[0] is not None and entry.value[0].time is not None]
    if len(timed) > 1:
        opening, closing = (
            min(entry.value[0] for entry in timed if entry.value[0]),
            max(entry.value[1] for entry in timed if entry.value[1]),
        )
        if (closing.day - opening.day).days < _TRIED:
            yield Found((opening, closing), timed[0].start, timed[-1].end)
    yield from found


def _with_hours(first: date, last: date, groups: dict[str, str | None]) -> Period:
    opens, closes = _hour(groups.get("opens"), closing=False), _hour(groups.get("closes"), closing=True)
    if opens is not None and closes is not None:
        # "de 14h à 6h": the last night ends the next morning.
        return Moment(first, opens), Moment(last + timedelta(days=1) if closes <= opens else last, closes)
    return Moment(first, _hour(groups.get("begin"), closing=False)), Moment(last, _hour(groups.get("finish"), closing=True))


def _hour(text: str | None, *, closing: bool) -> time | None:
    return clock(text, closing=closing) if text else None


def _after(day: date, count: int, unit: str) -> date:
    """The last day of a duration that begins on `day`."""
    if unit.startswith("jour"):
        return day + timedelta(days=count - 1)
    if unit.startswith("semaine"):
        return day + timedelta(weeks=count, days=-1)
    months = day.month - 1 + count
    year, month = day.year + months // 12, months % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), following) - timedelta(days=1)
