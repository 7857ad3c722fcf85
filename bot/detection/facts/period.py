"""When a decree applies: from, to, with hours where it gives them.

The title gives the days, the operative part often the hours ("du 20 avril à 14H00 au 21 avril 2024 à 06H00"): the operative
period is taken where it agrees with the title, else the title's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice

from bot.detection.facts.dates import MONTH, YEAR, full
from bot.detection.facts.period_forms import HOURS, MOST, Period, enumerations, ranges, single_days, with_hours
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Block, DecreePart, Segment
from bot.domain.acts import Moment


def period(document: ActText, segment: Segment, speaking: tuple[Block, ...] = (), signed: date | None = None) -> TextMatch[Period] | None:
    """Return the period of a decree, None where no whole date could be read.

    Of a decree on several things, the articles from the first that speaks of the algorithm on (`speaking`) come before those on traffic
    or parking. A single day of the title that is the day of signature (`signed`) is a period only where the articles give no other.
    """
    titled = _first(document, [*segment.of(DecreePart.TITLE), *segment.of(DecreePart.HEADING)], singles=True)
    articles = list(segment.of(DecreePart.ARTICLE))
    if titled is not None and signed is not None and _is_only(titled.value, signed):
        titled = _first(document, [*speaking, *articles], singles=False) or titled
    spoken = next((rank for rank, block in enumerate(articles) if block in speaking), 0)
    operative = _operative(document, articles[spoken:], titled) or (_operative(document, articles[:spoken], titled) if spoken else None)
    if operative is None and titled is None:
        operative = _first(document, list(segment.of(DecreePart.BODY)), singles=True)
        if operative is None and not segment.has_articles:  # two layers of text interleaved
            operative = _first(document, list(segment.blocks), singles=False)
    if titled is None or operative is None:
        return titled or operative
    return operative if _agrees(operative.value, titled.value) else titled


def _is_only(shown: Period, day: date) -> bool:
    """Return True for a period that is this one day, without hours."""
    return shown == (Moment(day), Moment(day))


def _operative(document: ActText, articles: list[Block], titled: TextMatch[Period] | None) -> TextMatch[Period] | None:
    """Return the first period of the articles, or beside a title that gives one, the first that agrees with it, rather with hours."""
    if titled is None:
        return _first(document, articles, singles=True)
    found = [
        period
        for reader in (ranges, enumerations, single_days, months)
        for block in articles
        for period in islice(reader(document, block.start, block.end), MOST)
        if _agrees(period.value, titled.value)
    ]
    return next(
        (period for period in found if period.value[0] is not None and period.value[0].time is not None), found[0] if found else None
    )


def _agrees(operative: Period, titled: Period) -> bool:
    """Return True when the operative period holds the days of the title: it is then the same, with hours or with margins."""
    (first, last), (shown_first, shown_last) = operative, titled
    shown_first, shown_last = shown_first or shown_last, shown_last or shown_first
    if first is None or last is None or shown_first is None or shown_last is None:
        return False
    return (
        first.day <= shown_first.day
        and shown_last.day <= last.day
        and (last.day - first.day).days <= max(62, (shown_last.day - shown_first.day).days + 14)
    )


def _first(document: ActText, blocks: list[Block], *, singles: bool) -> TextMatch[Period] | None:
    readers = [ranges, enumerations, *([single_days, months] if singles else [])]
    for reader in readers:
        for block in blocks:
            for found in reader(document, block.start, block.end):
                return found
    return None


# Periods that are whole months: "durant tout le mois de décembre 2026".

_OF = r"(?:de |d')"
_WHOLE = re.compile(
    r"\b(?:durant|pendant|pour|sur|(?:au cours|tout au long) (?:du?|des)(?=\s))\s"
    r"(?:toute? |l'(?:ensemble|integralite) |la (?:totalite|duree) )?"
    rf"(?:(?:(?:le |les |la )?(?:periode )?(?:de |du |des )?)mois\s{_OF}|(?=(?:{MONTH})\b))"
    rf"(?P<first>{MONTH})(?:(?:,\s{MONTH})*\s(?:et|a|au)\s(?:(?:mois\s)?{_OF})?(?P<last>{MONTH}))?\s(?P<year>{YEAR}){HOURS}"
    rf"|\b(?:du|de)\smois\s{_OF}(?P<from>{MONTH})(?:\s(?P<since>{YEAR}))?"
    rf"\s(?:a|au|jusqu'au)\s(?:la fin du\s)?(?:mois\s)?(?:{_OF})?(?P<to>{MONTH})\s(?P<until>{YEAR})"
)


def months(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """From the first day of a month to the last of that month or of a later one."""
    for match in _WHOLE.finditer(document.flat, start, end):
        opening, closing = match["first"] or match["from"], match["last"] or match["to"] or match["first"]
        year = match["year"] or match["until"]
        first, last = full(f"1er {opening} {match['since'] or year}"), _last_day(full(f"1er {closing} {year}"))
        if first is not None and last is not None and first <= last:
            yield TextMatch(with_hours(first, last, match.groupdict()), match.start(), match.end())


def _last_day(first: date | None) -> date | None:
    if first is None:
        return None
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
