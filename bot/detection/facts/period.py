"""Finds when a decree applies: from, to, with hours where it gives them.

The title gives the days, the operative part often the hours ("du 20 avril à 14H00 au 21 avril 2024 à 06H00"): the operative
period is taken where it agrees with the title, else the title's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice

from bot.detection.facts.signature import signing_lines
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import ANY_DATE, DAY, HOUR, MONTH, PARTIAL_DATE, WEEKDAY, YEAR, clock, full, partial
from bot.detection.text.segments import Block, DecreePart, Segment
from bot.detection.text.tables import in_cells, tables
from bot.domain.acts import Moment

# How a sentence gives a period: from one day to another, from a day for so long, by its days one by one; with its hours.

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
    """Yield periods from a day for so long."""
    text = document.flat
    for match in chain(_LASTING.finditer(text, start, end), _FOR.finditer(text, start, end)):
        day = full(match["start"])
        if day is not None:
            opens = Moment(day, hour(match["begin"], closing=False))
            closes = _closing(opens, _COUNTS.get(match["count"]) or int(match["count"]), match["unit"])
            yield TextMatch((opens, closes), match.start(), match.end())


def hour(text: str | None, *, closing: bool) -> time | None:
    """Return the hour after or before a day, None where there is none. `closing`: it ends a period."""
    return clock(text, closing=closing) if text else None


def _closing(opens: Moment, count: int, unit: str) -> Moment | None:
    """Return the end of a duration. Hours count from an hour that is given, and from nothing else."""
    if not unit.startswith("heure"):
        return Moment(_after(opens.day, count, unit))
    if opens.time is None:
        return None
    closes = datetime.combine(opens.day, opens.time) + timedelta(hours=count)
    return Moment(closes.date(), closes.time())


def _after(day: date, count: int, unit: str) -> date:
    """Return the last day of a duration that begins on `day`, that day included.

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


_LONGEST = 1100
"""Days between a beginning and an end that are of one period."""

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
    """Return `night`: the two days are those of one night ("la nuit du 31 décembre au 1er janvier"), which ends on the second."""
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


# The last day, whose year may stand with the first: "du 1er octobre 2026 à 0 h au 31 décembre".
_LAST = rf"(?:{ANY_DATE}|{WEEKDAY}{DAY}\s*{MONTH})"
_RANGE = re.compile(
    # Without "du" only where nothing else can be meant: "période : 1er au 3 mai 2026".
    rf"(?:\b(?:{DAILY}|de),?\s*"
    rf"(?:(?:de|entre)\s*)?(?P<opening>{HOUR})\s*(?:a|et)\s*(?P<shutting>{HOUR}),?\s)?"
    rf"(?:\b(?:du|a compter du|a partir du|entre le|des le|le(?=[^.;]{{6,60}}\sjusqu'au))\s*|(?:\bperiode|\bdates?|[:(])\s*)"
    rf"(?P<start>{PARTIAL_DATE}){AT.format(name='begin')}(?:\s*(?:inclus|et))?,?\s*(?:et\s*(?:ce,?\s*)?)?"
    r"(?:jusqu'a (?:la fin|l'issue)\b[^.;]{0,60}?(?:au plus tard (?:le|au)|soit (?:le|jusqu'au))|jusqu'au|au|et le|a|-(?=\s))\s*"
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
    """Yield periods from one day to another, or from a day for a time; last those that give only an end."""
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
        joined = _joined(text, several)
        yield from _table(several if len(joined) > 1 else [])
        yield from (_with_earlier(text, start, found) for found in joined)
    yield from durations(document, start, end)
    for match in _UNTIL.finditer(text, start, end):
        day = full(match["end"])
        if day is not None:
            yield TextMatch((None, Moment(day, hour(match["finish"], closing=True))), match.start(), match.end())


def _joined(text: str, several: list[TextMatch[Period]]) -> list[TextMatch[Period]]:
    """Return ranges that are enumerated one after the other as one, from the first beginning to the last end."""
    joined: list[TextMatch[Period]] = []
    for entry in several:
        last = joined[-1] if joined else None
        if last is not None and _BETWEEN.fullmatch(text, last.end, entry.start) and _ordered(last.value[1], entry.value[0]):
            joined[-1] = TextMatch((last.value[0], entry.value[1]), last.start, entry.end)
        else:
            joined.append(entry)
    return joined


def _table(rows: list[TextMatch[Period]]) -> Iterator[TextMatch[Period]]:
    """Yield the rows of a table, each with its hours, as one period: from the first beginning to the last end."""
    opening = [entry.value[0] for entry in rows if entry.value[0] is not None and entry.value[0].time is not None]
    closing = [entry.value[1] for entry in rows if entry.value[1] is not None and entry.value[1].time is not None]
    if rows and len(opening) == len(closing) == len(rows) and (max(closing).day - min(opening).day).days <= MOST:
        yield TextMatch((min(opening), max(closing)), rows[0].start, rows[-1].end)


_STAMP = re.compile(
    rf"(?P<day>{ANY_DATE})(?:[\s|,]*(?:a |de |des )?(?P<hour>{HOUR})(?![\s|a-]*{HOUR}))?"
    rf"(?:[\s|]*(?P<opens>{HOUR})[\s|a-]*(?P<closes>{HOUR}))?"
)


def _tabled(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """Yield the period of a table with a column for beginnings and one for ends: from the first beginning to the last end."""
    for table in tables(document, start, end):
        read = [_row(list(_STAMP.finditer(in_cells(row.printed)))) for row in table.rows if "debut" in table.header]
        opening = [entry[0] for entry in read if entry is not None and entry[0] is not None]
        closing = [entry[1] for entry in read if entry is not None and entry[1] is not None]
        if read and len(opening) == len(closing) == len(read):
            # A day without an hour is the whole day.
            first = min(opening, key=lambda moment: (moment.day, moment.time or time.min))
            last = max(closing, key=lambda moment: (moment.day, moment.time or time.max))
            if (last.day - first.day).days <= MOST:
                yield TextMatch((first, last), table.rows[0].start, table.rows[-1].end)


_BULLET = r"(?:[-\u2013\u2014\u2022*]|[a-z0-9]{1,2}[).\u00b0])"
_DAYS = r"(?:les?|du|la nuit du)\s"
# A line of a list that begins with its days: "- du samedi 18 …", "la nuit du 11 au 12 …".
_SLOT = re.compile(rf"(?:^|(?<=\n))[ \t]*(?:{_BULLET}\s*)?(?={_DAYS})(?P<slot>[^\n]+(?:\n(?!\s*\n|[ \t]*(?:{_BULLET}|{_DAYS}))[^\n]+)*)")
_MARK = re.compile(rf"\s*{_BULLET}\s*{_DAYS}")
# The sentence before a list whose slots are of something else: who is received when, which roads are closed, which agents are present.
_ELSEWHERE = re.compile(
    r"\b(?:enquete publique|commissaire.enqueteur|permanences?|reunions? publiques?|(?:recoi\w*|accueill\w*) le public|accueil du public"
    r"|public\b[^.;:]{0,20}\b(?:recu|accueilli)s?|(?:affich|consultable)\w*"
    r"|(?:circulation|stationnement)\b[^.;:]{0,40}\b(?:interdit|reglement)\w*"
    r"|agents?\b[^.;:]{0,60}\b(?:presents?|en service|se relaient))[^.;]*$"
)
# "de 0 h à 5 h puis de 12 h à 24 h": the last of several hours of a day.
_THEN = re.compile(rf"(?:\s*(?:,|\bet\b|\bpuis\b)*\s*de\s*(?P<opens>{HOUR})\s*a\s*(?P<closes>{HOUR}))+")


def _slots(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """Yield the items of a list, each of days with their hours, as one period: from the first beginning to the last end."""
    found: list[TextMatch[Period]] = []
    for item in _SLOT.finditer(document.folded.text, start, end):
        span = item.span("slot")
        read = next(chain(ranges(document, *span), enumerations(document, *span), single_days(document, *span)), None)
        if read is None:
            continue
        opening, closing = read.value
        then = _THEN.match(document.flat, read.end, span[1])
        if then is not None and closing is not None:
            _, later = with_hours(closing.day, closing.day, then.groupdict())
            closing = later if closing.time is None or later is None or later.time is None else max(closing, later)
        found.append(TextMatch((opening, closing), *span))
    if found and _of_something_else(document, start, found[0].start):
        return
    opens = [entry.value[0] for entry in found if entry.value[0] is not None and entry.value[0].time is not None]
    closes = [entry.value[1] for entry in found if entry.value[1] is not None and entry.value[1].time is not None]
    if len(found) > 1 and len(opens) == len(closes) == len(found) and (max(closes).day - min(opens).day).days <= MOST:
        yield TextMatch((min(opens), max(closes)), found[0].start, found[-1].end)


def _of_something_else(document: ActText, start: int, slot: int) -> bool:
    return _ELSEWHERE.search(document.folded.text, max(start, slot - 160), slot) is not None


def _stated(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """Yield the periods of the tables, lists and ranges of one article, as one reader: a later article may be of something else."""
    yield from _tabled(document, start, end)
    yield from _slots(document, start, end)
    yield from ranges(document, start, end)


def _row(stamps: list[re.Match[str]]) -> Period | None:
    """Return what a row gives: two days, or one with its two hours."""
    first, last = (full(stamps[0]["day"]), full(stamps[-1]["day"])) if stamps else (None, None)
    if first is None or last is None or len(stamps) > 2:
        return None
    if len(stamps) == 1:
        return with_hours(first, first, stamps[0].groupdict())
    return Moment(first, hour(stamps[0]["hour"], closing=False)), Moment(last, hour(stamps[1]["hour"], closing=True))


def _ordered(one: Moment | None, two: Moment | None) -> bool:
    return one is not None and two is not None and one.day <= two.day


def _with_earlier(text: str, start: int, found: TextMatch[Period]) -> TextMatch[Period]:
    """Return a range with those that are enumerated before it: from the first beginning to the last end."""
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
# Two sentences, often of two articles: "prend effet le 19 août 2026 à 10 heures", "expire le 22 août 2026 à minuit".
_BEGIN_VERB = r"(?:mise? en (?:route|marche)|prend(?:ra|re)? effet|entre(?:ra|r)? en vigueur|debute(?:ra|r)?|commence(?:ra|r)?|court)"
_END_VERB = (
    r"(?:prend(?:ra|re)? fin|et arretee?|expire(?:ra|r)?|cesse(?:ra|r)?(?:\s[^.;:]{1,40}?)?|s'acheve(?:ra|r)?|se termine(?:ra|r)?"
    r"|(?:date de fin|terme)\s[^.;:]{0,60}?(?:remplacee? par (?:celle|celui)|reportee?|fixee?|portee?))"
)
_BEGINS = re.compile(
    rf"\b(?:{_BEGIN_VERB}\s(?:des le|le)|a compter du|a partir du|(?:debut|prise d'effet)\W{{1,5}})"
    rf"\s*(?P<day>{ANY_DATE}){AT.format(name='at')}"
)
_ENDS = re.compile(
    rf"\b(?:{_END_VERB}\s(?:au plus tard\s)?(?:a la date du|le|au|du|jusqu'au)|fin\W{{1,5}})\s*(?P<day>{ANY_DATE}){AT.format(name='at')}"
)
_ONE_SIDE = re.compile(rf"\b(?:{_BEGIN_VERB}|{_END_VERB})\s(?:au plus tard\s)?$")
# A date that follows one of these is of another text.
_FOREIGN = re.compile(
    r"(?:arrete[^\n;.]{0,40}|\bloi\b[^\n;.]{0,40}|decret[^\n;.]{0,40}|\bn\s?°[^\n;.]{0,30}|\ben date\s*"
    r"|\b(?:autorisation|convention|attestation|conformite|agrement|contrat|protocole|deliberation|rapport)\s*|\b(?:decision|ap)(?:\s+(?:prefectorale?|modificati\w+))?(?:\s+(?:n\W{0,3})?[a-z0-9/._-]*\d[a-z0-9/._-]*)?\s*)$"
)

# "la demande présentée le 2 mai 2026".
_ASKED = re.compile(
    r"\b(?:(?:present|depos|form|adress|complet|re[cç]u|transmis|enregistr|consult|saisi|reuni)\w*"
    r"|(?<!est )(?<!sont )(?:autorise|accorde|delivre|donne|installe)e?s?|demande|courrier|lettre|avis|seance)\s*(?:le|du)?\s*$"
)

# "Fait à Paris, le 3 mai 2026".
_SIGNING = re.compile(r"fait a [^.;]{2,40}$")


def enumerations(document: ActText, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """Yield periods of days enumerated one by one, from the first to the last."""
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
    """Yield one day; first of all several with hours, as one."""
    found: list[TextMatch[Period]] = []
    signing = signing_lines(document, start, end)
    for match in islice(_SINGLE.finditer(document.flat, start, end), MOST):
        day = full(match["day"])
        before = document.folded.text[max(match.start() - 60, start) : match.start()]
        if day is None or _ASKED.search(before) or (_FOREIGN if match.group().startswith("du") else _SIGNING).search(before):
            continue
        one_side = match["opens"] is None and _ONE_SIDE.search(before) is not None
        if one_side or any(line.start() <= match.start() < line.end() for line in signing):
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


def _with_days_before(text: str, start: int, found: TextMatch[Period]) -> TextMatch[Period]:
    """Return a day with those that are enumerated before it, each with its hours: from the first to the last."""
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


_ANY_DAY = re.compile(rf"\b(?:{ANY_DATE}|{DAY}\s*{MONTH}(?!\s*{YEAR}))")
_ANY_HOUR = re.compile(rf"(?<!\w){HOUR}(?<!:)(?!\w)")
_NEAR = timedelta(days=45)


def is_whole(document: ActText, segment: Segment, found: TextMatch[Period], signed: date | None) -> bool:
    """Return False where a period may be of something else, or one of several slots of which some were not read: the article that gives it
    also has a day outside it, an hour apart from it, or one more item after it."""
    block, (opening, closing) = segment.at(found.start), found.value
    if block.part not in {DecreePart.ARTICLE, DecreePart.BODY} or opening is None or closing is None:
        return True
    text, signing = document.flat, signing_lines(document, block.start, block.end)
    if _of_something_else(document, block.start, found.start) or _MARK.match(
        document.folded.text, min(found.end + 1, block.end), block.end
    ):
        return False
    for match in _ANY_DAY.finditer(text, block.start, block.end):
        shown = partial(match.group())
        day = shown.complete(year=opening.day.year) if shown is not None else None
        before = document.folded.text[max(match.start() - 60, block.start) : match.start()]
        others = any(pattern.search(before) for pattern in (_FOREIGN, _ASKED, _SIGNING))
        if day is None or day == signed or others or any(line.start() <= match.start() < line.end() for line in signing):
            continue
        line = max(document.folded.text.rfind("\n", block.start, match.start()), block.start)
        listed = _MARK.fullmatch(document.folded.text, line, match.start()) is not None
        if not opening.day <= day <= closing.day and (listed or opening.day - _NEAR <= day <= closing.day + _NEAR):
            return False
    hours = (match for match in _ANY_HOUR.finditer(text, block.start, block.end))
    return all(found.start <= match.start() < found.end for match in hours)


def _is_only(shown: Period, day: date) -> bool:
    """Return True for a period that is this one day, without hours."""
    return shown == (Moment(day), Moment(day))


def _operative(document: ActText, articles: list[Block], titled: TextMatch[Period] | None) -> TextMatch[Period] | None:
    """Return the first period of the articles, or beside a title that gives one, the first that agrees with it, rather with hours."""
    if titled is None:
        return _first(document, articles, singles=True)
    found = [
        period
        for reader in (_stated, enumerations, single_days, months)
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
    between = (found for reader in (_stated, enumerations) for block in blocks for found in reader(document, block.start, block.end))
    found = next(between, None)
    if not singles or (found is not None and None not in found.value):
        return found
    sides = _two_sides(document, blocks)
    if sides is not None and None not in sides.value:
        return sides
    single = (one for reader in (single_days, months) for block in blocks for one in reader(document, block.start, block.end))
    return found or next(single, None) or sides


def _two_sides(document: ActText, blocks: list[Block]) -> TextMatch[Period] | None:
    """Return the period that the first sentence on its beginning and the first on its end give together, or the one that there is."""
    begins, ends = (
        next((match for block in blocks for match in pattern.finditer(document.flat, block.start, block.end) if full(match["day"])), None)
        for pattern in (_BEGINS, _ENDS)
    )
    first, last = (None if match is None else full(match["day"]) for match in (begins, ends))
    if first is not None and last is not None and not first <= last <= first + timedelta(days=_LONGEST):
        ends = last = None
    match = begins or ends
    if match is None:
        return None
    opens = None if begins is None or first is None else Moment(first, hour(begins["at"], closing=False))
    closes = None if ends is None or last is None else Moment(last, hour(ends["at"], closing=True))
    return TextMatch((opens, closes), match.start(), match.end())


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
    """Yield periods from the first day of a month to the last of that month or of a later one."""
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
