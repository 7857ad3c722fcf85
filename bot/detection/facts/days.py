"""Reads days with their hours, and the hours of each day: sentences, items of lists and rows of tables share one grammar of days, alone or
from one to another, each with its hours or all with the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import chain, dropwhile, groupby, islice, takewhile, zip_longest

from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import HOUR, MONTH, PARTIAL_DATE, WEEKDAYS, PartialDate, clock, partial
from bot.detection.text.rows import INLINE_MARK, MOST_LINES, Line, has_gap, in_cells, lines_of
from bot.domain.acts import Moment, Slot

Period = tuple[Moment | None, Moment | None]

_MOST = 20
"""Most days of the slots of one period: limits hostile texts."""

# From one day to another: "du 2 mai à 14 h au 3 mai 2026", "le 2 mai et, de 8 h à 10 h, le 3 mai 2026", "chaque nuit de 22 h à 6 h, …".

_WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
_DAILY = (
    r"(?:chaque (?:fois|jour|journee|soir|soiree|nuit|matin)|tou(?:s les (?:jours|soirs)|tes les nuits)|quotidiennement|journellement"
    r"|(?:pour )?chacune? de (?:ces (?:jours|journees|soirs|soirees|nuits|dates)|celles-ci|ceux-ci))"
)
_BEGIN_VERB = r"(?:mise? en (?:route|marche)|prend(?:ra|re)? effet|entre(?:ra|r)? en vigueur|debute(?:ra|r)?|commence(?:ra|r)?|court)"
_END_VERB = (
    r"(?:prend(?:ra|re)? fin|prenant fin|(?:et|est|sera) (?:arrete|interrompu|desactive|coupe|leve|clos)e?s?|expire(?:ra|r)?|expirant"
    r"|cesse(?:ra|r)?(?:\s[^.;:]{1,40}?)?|(?:s'acheve|s'arrete|s'interrompt|s'eteint|se termine|se clot|s'achevera|s'eteindra)(?:ra|r)?"
    r"|fini(?:t|ra)|s'achevant|se terminant|finissant|cessant"
    r"|(?:date de fin|terme|echeance)\s[^.;:]{0,60}?(?:remplacee? par (?:celle|celui)|reportee?|fixee?|portee?))"
)
_UNTIL = (
    r"jusqu'a (?:la fin|l'issue)\b[^.;]{0,60}?(?:au plus tard|soit)"
    r"|(?:vaut|est valable|est valide|dure(?:ra)?|s'etend|court|reste en vigueur|produit ses effets)(?=\sjusqu'au)"
    rf"|{_END_VERB}(?: de plein droit| automatiquement| definitivement)?(?:,[^.;:,]{{3,60}},)?"
    r"(?=\s(?:au plus tard|a la date|le|au|jusqu'au)\b)"
)
# Words may be glued: "du 4au 7juillet".
# Each piece is read in one way, or a hostile text would be read in any number of them.
GLUE = (
    rf"(?:(?>{_UNTIL}|{_DAILY}|du {_WEEKDAY} au {_WEEKDAY}(?!\s?\d)|{INLINE_MARK}|[\s,;:|()-]|ainsi que|meme jour|aux?|a"
    r"|(?:des|les)(?!amedi)|de|(?:le |du )?lendemain|(?:le )?premier (?:jour )?(?:etant|est)|(?:le )?dernier(?: jour)?(?: etant| est)?"
    r"|le|du|la|et|puis|entre|celle"
    r"|jusqu'au?|partir|heures? (?:locales?|legales?|d[eu'] ?(?:la |l')?[a-z-]{4,14})"
    r"|compter|inclus(?:e?s?)?|precises?|ce|elle|il|date|nuits?|soirs?|matins?|soit|selon|horaires?|suivants?"
    rf"|(?:{'|'.join(WEEKDAYS)})s|week-?\s?ends|seulement|uniquement|exclusivement))*?"
)
_AFTER = r"(?!\d|(?!(?:a|aux?|et|le|inclus|jusqu'au)\b)[a-z])"
_TOKEN = rf"(?<!\d)(?:(?P<hour>{HOUR})(?![/.]\d|\s?{MONTH}){_AFTER}|(?P<day>{PARTIAL_DATE}){_AFTER})"
_NEXT = re.compile(rf"(?P<glue>{GLUE}){_TOKEN}")
_CELL = re.compile(rf"(?P<glue>(?:\bet\s(?:l[ea]\s)?)?){_TOKEN}")
# In a sentence of its own: "Le traitement fonctionne chaque jour de 10 h à 22 h.", "elle ne peut être utilisée que de 18 h à 1 h".
_THEN_DAILY = re.compile(
    r"(?P<glue>\s?[,.;]\s(?![^.;:]{0,400}\b(?:affich|consult|accueil|ouvert))"
    rf"[^.;:]{{2,60}}?\s(?:{_DAILY},?|ne peu(?:t|vent) (?:[a-z]+ ){{1,3}}que)\s*(?:de|entre)\s*)(?P<hour>{HOUR})(?!\w)(?P<day>)"
)
_LABEL, _OF_IT = r"(?:(?:date|jour|prise) d[e'u] ?(?:l[ea'] ?)?)?", r"(?: d[eu'] ?(?:l[ea'] ?)?[a-z]{4,14})?"
_OPENING = re.compile(
    rf"(?:(?<![a-z])(?:(?P<begins>(?:{_BEGIN_VERB}\s)?(?:a compter d[eu]|a partir d[eu]|des le)|{_BEGIN_VERB}\sle"
    rf"|{_LABEL}(?:debut|effet|premier jour|mise en (?:service|route)|ouverture|commencement){_OF_IT}\W{{1,4}})"
    rf"|(?P<ends>{_END_VERB}\s(?:au plus tard\s)?(?:a la date du|le|au|du|jusqu'au)"
    r"|remplacee?s? par (?:l[ae]s? )?(?:mots?|dates?)\s?:?\s?\"\s?(?:jusqu')?au"
    rf"|{_LABEL}(?:fin|dernier jour|arret|fermeture|echeance|expiration|terme){_OF_IT}\W{{1,4}})|(?P<until>jusqu'au)"
    r"|(?P<one>le|(?<=[a-z] )du|(?:limite|restreint|borne|fixe|reporte)e?s? (?:au|a la (?:seule )?journee du))"
    rf"|(?P<between>entre l[ea]|entre)|periode|dates?|du|des|les|de)\s*|[:(]\s*"
    # "Horaires : ⏎ - mercredi 19 août 2026 : de 14 h à 1 h ;"
    rf"|(?<=\s)(?:[-•]\s)?(?={_WEEKDAY}\s\d)"
    rf"|\bart(?:icle)?\.?\s(?:\d{{1,2}}|[ivx]{{1,4}})\s?[.-]\s?(?:-\s)?)(?={_TOKEN})"
)
# A day without a month goes on to one that has it.
_GOES_ON = re.compile(r"\s*(?:inclus\s*)?(?:,|-|(?:et|aux?|a)\b)")
_TO = re.compile(rf"jusqu'a|\bdernier\b|\baux?\b|\ba\b|(?<![;,])(?<![;,] )-(?=\s)|{_UNTIL}")
NO_RANGE = re.compile(rf"\s*au\s*{PARTIAL_DATE}(?!\w)")
# "de la nuit du 13 au 14 août à celle du 17 au 18".
_TO_NIGHT = re.compile(r"\ba (?:celle|la nuit)\b")
NIGHT = re.compile(r"\b(?:la|cette|les|ces) nuits?\W*(?:du\s*)?$")


@dataclass(frozen=True, slots=True)
class DatedDay:
    """Holds a day with its hours. `glue` is what stands before it; `end` where it ends with its hours."""

    shown: PartialDate
    glue: str
    end: int
    hours: tuple[str, ...] = ()
    day: date = date.min

    @property
    def ends_range(self) -> bool:
        """Return whether words such as "au" before it make it the last day of a range."""
        return _TO.search(self.glue) is not None


def stretches(text: str, start: int, end: int) -> Iterator[tuple[re.Match[str], list[DatedDay]]]:
    """Yield consecutive days, each with its hours, and the words that open the row."""
    position = start
    while (opening := _OPENING.search(text, position, end)) is not None:
        tokens = tokens_of(text, opening.end(), end)
        position = tokens[-1].end() if tokens else max(opening.end(), opening.start() + 1)
        days = _completed(_days_of(tokens))
        if days:
            yield opening, days


def tokens_of(text: str, position: int, end: int) -> list[re.Match[str]]:
    """Return the consecutive days and hours from a position on."""
    tokens: list[re.Match[str]] = []
    while len(tokens) <= 2 * _MOST:
        token = _NEXT.match(text, position, end)
        if token is None or (token["day"] and not _is_day(text, token)):
            token = _THEN_DAILY.match(text, position, end)
        if token is None or (tokens and tokens[-1]["hour"] and _WEEKDAYS.search(token["glue"])):
            break  # "les samedis de 10 h à 18 h et les dimanches de 9 h à 12 h"
        tokens.append(token)
        position = token.end()
    return tokens


def _is_day(text: str, token: re.Match[str]) -> bool:
    """Return False for a figure that is no day: "12 caméras", "de 8 à 10 h"."""
    shown = partial(token["day"])
    goes_on = _GOES_ON.match(text, token.end()) is not None and re.search(r"\b(?:de|entre)\s*$", token["glue"]) is None
    return shown is not None and (shown.month is not None or goes_on)


def _days_of(tokens: Sequence[re.Match[str]]) -> list[DatedDay]:
    """Return days with their hours. Two hours before the first day apply to all; one hour before it, or hours before each further day
    too and none after the last, mean that hours come first."""
    first = next((rank for rank, token in enumerate(tokens) if token["day"]), len(tokens))
    before, after = [token["hour"] for token in tokens[:first]], tokens[first:]
    days: list[DatedDay] = []
    if len(before) == 2 and after and after[-1]["day"] and any(token["hour"] for token in after):
        before, after = [], _hours_last(tokens)
    pending: tuple[str, ...] = tuple(before) if len(before) == 1 else ()
    glue = ""
    for rank, token in enumerate(after):
        if token["day"]:
            shown = partial(token["day"])
            if shown is None:
                break
            days.append(DatedDay(shown, glue + token["glue"], token.end(), pending))
            pending, glue = (), ""
        elif len(before) == 1 and any(other["day"] for other in after[rank:]):
            pending, glue = (token["hour"],), token["glue"]
        elif "meme jour" in token["glue"]:
            days.append(replace(days[-1], glue=token["glue"], hours=(token["hour"],), end=token.end()))
        else:
            days[-1] = replace(days[-1], hours=(*days[-1].hours, token["hour"]), end=max(days[-1].end, token.end()))
    if len(before) > 1 and days and not any(day.hours for day in days):
        days[-1] = replace(days[-1], hours=tuple(before[:2]))
    elif len(before) == 2 and len(days) > 1 and not days[0].hours:  # "de 18 h à 3 h, du 18 au 22 mai 2026 (3 h)"
        days[0] = replace(days[0], hours=(before[0],))
    return days


def _hours_last(tokens: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Return the tokens of "de 8 h à 19 h le 5 et de 9 h à 18 h le 6" as those of "le 5 de 8 h à 19 h et le 6 de 9 h à 18 h"."""
    moved: list[re.Match[str]] = []
    hours: list[re.Match[str]] = []
    for token, following in zip_longest(tokens, tokens[1:]):
        (moved if token["day"] else hours).append(token)
        if token["day"] and (following is None or following["hour"]):
            moved, hours = [*moved, *hours], []
    return moved


def _completed(days: list[DatedDay]) -> list[DatedDay]:
    """Return the days with month and year, from the next one that has them; up to the first without, or before its predecessor."""
    found: list[DatedDay] = []
    month: int | None = None
    year = next((day.shown.year for day in reversed(days) if day.shown.year), None)
    for each in reversed(days):
        day = each.shown.complete(month, year)
        if day is not None and found and day > found[-1].day and each.shown.year is None and each.shown.month is not None:
            day = each.shown.complete(month, day.year - 1)  # du 31 décembre au 1er janvier 2025
        if day is None:
            found = []
            continue
        month, year = day.month, day.year
        found.append(replace(each, day=day))
    found.reverse()
    if len(found) == 2 and found[1].day < found[0].day and re.search(r"\b(?:compter|partir|des)\b", found[1].glue):
        return [replace(found[1], glue=""), replace(found[0], glue="jusqu'au ")]  # "jusqu'au 31 décembre 2026, à compter du 5 octobre"
    if found and found[-1].day == max(day.day for day in found) and not any(day.ends_range for day in found):
        found.sort(key=lambda day: day.day)  # "les vendredis 2 et 9 et samedis 3 et 10 octobre"
    back = next((rank for rank in range(1, len(found)) if found[rank].day < found[rank - 1].day), len(found))
    # "Du 10 au 26 juillet 2026, de 21 h à 5 h, soit du 10 juillet à 21 h au 26 juillet 2026 à 5 h".
    again = back > 1 and len(found) == 2 * back and re.search(r"\bsoit\b", found[back].glue) is not None
    return found[back:] if again and [day.day for day in found[:back]] == [day.day for day in found[back:]] else found[:back]


def _named_once(days: Sequence[DatedDay]) -> list[DatedDay]:
    """Return the days without those named again: "le feu du 14 juillet, du mardi 14 juillet à 16 h", "de 20 h à 1 h le 15 juillet"."""
    once = [day for day, following in zip_longest(days, days[1:]) if following is None or day.hours or day.day != following.day]
    again = len(once) > 1 and len(once[-2].hours) > 1 and not once[-1].hours and once[-1].glue.strip() == "le"
    return once[:-1] if again else once


def period_of(days: Sequence[DatedDay], *, night: bool = False, morning: bool = False) -> Period:
    """Return the period from the first day to the last. Hours past midnight end the next morning, except for the second day of a `night`
    ("la nuit du 31 décembre au 1er janvier") and of what ends on the `morning` of its last day."""
    days = _named_once(days)
    first, last = days[0], days[-1]
    if len(days) == 1 and len(last.hours) < 2:
        return Moment(first.day), Moment(last.day)
    of_all = next((day.hours for day in days if len(day.hours) > 1), ())
    opens = clock(next(iter(first.hours or of_all), ""), closing=False)
    closes = clock(next(reversed(last.hours), ""), closing=True)
    ends = last.day
    since = clock(last.hours[-2], closing=False) if len(last.hours) > 1 else None
    if len(last.hours) == 3 and len(days) > 1 and clock(last.hours[0], closing=True) == closes and len(first.hours) == 1:
        since = None  # "du 1er à 22 h au 31 à 6 h, chaque nuit de 22 h à 6 h" ends at six of the last day
    if since is not None and closes is not None:
        night = len(days) > 1 and (morning or (night and last.day - days[-2].day == timedelta(days=1)))
        if closes == time(0) and not night:
            closes = time(23, 59)  # "de 14h à 0h" ends like "de 14h à minuit": on the last day that the decree names.
        elif closes <= since and not night:
            ends += timedelta(days=1)
    return Moment(first.day, opens), Moment(ends, closes)


def is_timed(period: Period) -> bool:
    """Return whether both ends of a period have an hour."""
    return all(moment is not None and moment.time is not None for moment in period)


Row = TextMatch[list[DatedDay]]


def tables_of_days(document: ActText, start: int, end: int) -> Iterator[list[Row]]:
    """Yield the rows of each table of days: lines with columns, each of days with hours; or any under "début" and "fin"."""
    rows: list[Row] = []
    head = False
    for line in chain(islice(lines_of(document, start, end), MOST_LINES), [None]):
        days = _row(line) if line is not None and (has_gap(line.printed) or (rows and _is_of_days(document, line))) else []
        if line is not None and days:
            rows.append(TextMatch(days, line.start, line.end))
            continue
        if rows and (head or (len(rows) > 1 and all(is_timed(period_of(row.value)) for row in rows))):
            yield rows
        rows, head = [], line is not None and "debut" in document.flat[line.start : line.end]


def _row(line: Line) -> list[DatedDay]:
    tokens = [token for token in _CELL.finditer(in_cells(line.printed)) if not token["day"] or re.search("[a-z/.]", token["day"])]
    days = _completed(_days_of(list(dropwhile(lambda token: not token["day"], tokens))))  # "Midi" may head a row
    return days if len(days) <= 2 else []


def _is_of_days(document: ActText, line: Line) -> bool:
    """Return whether a line without columns has days and hours alone: it goes on with the table above it."""
    tokens = tokens_of(document.flat, line.start, line.end)
    return bool(tokens) and not document.flat[tokens[-1].end() : line.end].strip(" .;)")


# The hours of each day.

_BESIDE = 120
"""Characters before a day in which its weekdays stand."""

_DAY = timedelta(days=1)

# "les vendredis et samedis du 28 mars au 27 avril", "chaque samedi", "les week-ends", "sauf les dimanches".
_WEEKDAYS = re.compile(
    rf"\bchaque (?P<each>{_WEEKDAY})\b|\b(?P<all>{_WEEKDAY})s\b|\b(?P<ends>week-?\s?ends?)\b"
    rf"|\bdu (?P<from>{_WEEKDAY}) au (?P<to>{_WEEKDAY})(?!\s?\d)"
)
_EXCEPT = re.compile(r"\b(?:sauf|hormis|excepte|a l'exception d[eu])\b|\bferies\b|\bouvr(?:es|ables)\b")
_BETWEEN = re.compile(r"\bentre\s(?:l[ea]s?\s)?$")

_Hours = tuple[str, ...]


def slots(document: ActText, found: TextMatch[Period]) -> tuple[Slot, ...]:
    """Return the hours of each day that a period is made of; none where it runs from a first hour to a last one, has no hours, may be one
    night, or leaves out days."""
    text, rows = document.flat, next(tables_of_days(document, found.start, found.end), [])
    if _EXCEPT.search(text[max(found.start - _BESIDE, 0) : found.end] + re.split(r"[.;]\s", text[found.end : found.end + _BESIDE])[0]):
        return ()
    read = [slot for row in rows for slot in _ranges(row.value, (), pairs=True)] or list(_of_sentences(text, found.start, found.end))
    told = list(_merged(sorted({slot for slot in read if slot is not None})))
    several = len(told) > 1 or any(slot.first < slot.last for slot in told)
    return tuple(told) if several and None not in read and _fill(told, found.value) else ()


def _merged(told: Sequence[Slot]) -> Iterator[Slot]:
    """Yield slots in their order, those of one day that overlap (each of another place) as one."""
    for _, of_days in groupby(told, lambda slot: (slot.first, slot.last, slot.weekdays)):
        whole, *rest = of_days
        for slot in rest:
            if Moment(slot.first, slot.opens) > whole.closing(whole.first):
                yield whole
                whole = slot
            elif slot.closing(slot.first) > whole.closing(whole.first):
                whole = replace(whole, closes=slot.closes)
        yield whole


def _fill(told: Sequence[Slot], whole: Period) -> bool:
    """Return whether slots begin and end with their period; midnight is the end of a day or the beginning of the next."""
    opening, closing = min(Moment(slot.first, slot.opens) for slot in told), max(slot.closing(slot.last) for slot in told)
    midnight = Moment(closing.day - _DAY, time(23, 59)) if closing.time == time() else closing
    return whole[0] == opening and whole[1] in {closing, midnight}


def _of_sentences(text: str, start: int, end: int) -> Iterator[Slot | None]:
    """Yield the slots of each row of days of a period; None for what cannot be said."""
    for opening, days in stretches(text, start, end):
        before = text[max(opening.start() - _BESIDE, 0) : days[-1].end]
        ahead = tuple(token["hour"] for token in takewhile(lambda token: token["hour"], tokens_of(text, opening.end(), end)))
        if not ahead:
            days[0] = replace(days[0], glue=text[max(opening.start() - _BESIDE, 0) : opening.end()] + days[0].glue)
        if _BETWEEN.search(days[0].glue):
            days[1:2] = [replace(day, glue="au") for day in days[1:2]]
        weekdays = {name for match in _WEEKDAYS.finditer(before) for name in _named(match)}
        of_week = tuple(rank for rank, name in enumerate(WEEKDAYS) if name in weekdays)
        yield from (replace(slot, weekdays=of_week) if slot and slot.first < slot.last else slot for slot in _ranges(days, ahead))


def _named(match: re.Match[str]) -> tuple[str, ...]:
    if match["from"]:
        first, last = WEEKDAYS.index(match["from"]), WEEKDAYS.index(match["to"])
        return WEEKDAYS[first : last + 1] if first <= last else (*WEEKDAYS[first:], *WEEKDAYS[: last + 1])
    return WEEKDAYS[5:] if match["ends"] else (match["each"] or match["all"],)


def _ranges(days: Sequence[DatedDay], ahead: _Hours, *, pairs: bool = False) -> Iterator[Slot | None]:
    """Yield the slots of days, alone or from one to another; of a row (`pairs`) two days without "et" are a first and a last one. Days
    without hours have those of the next that has some. `ahead`: the hours before the first day."""
    ordered, rank, nights = sorted(_named_once(days), key=lambda day: day.end), 0, False
    while rank < len(ordered):
        first = last = ordered[rank]
        if ordered[rank + 1 :] and (ordered[rank + 1].ends_range or (pairs and not ordered[rank + 1].glue)):
            rank, last = rank + 1, ordered[rank + 1]
        rank += 1
        hours = next((day.hours for day in ordered[rank - 1 :] if day.hours), ())
        nights |= NIGHT.search(first.glue) is not None
        if nights and last.day - first.day == _DAY and not first.hours and _is_night(hours):
            to_night = rank < len(ordered) and _TO_NIGHT.search(ordered[rank].glue) is not None
            yield from _daily(first, ordered[rank] if to_night else first, hours)
            rank += 2 * to_night
        elif first is last:
            yield from _daily(first, first, hours)
        else:
            yield from _from_to(first, last, ahead[:2] if len(ahead) > 1 else ())


def _from_to(first: DatedDay, last: DatedDay, ahead: _Hours) -> Iterator[Slot | None]:
    """Yield the slots from one day to another: the same hours each day, or one evening or night from an hour to another."""
    daily = ahead or (last.hours[1:] if len(last.hours) == 3 else ())
    if daily and last.hours[:1] and last.hours != daily:  # "du 1er à 22 h au 31 à 6 h, chaque nuit de 22 h à 6 h"
        yield from _daily(first, replace(last, day=last.day - _DAY) if _is_night(daily) else last, daily)
    elif len(first.hours) == len(last.hours) == 1:
        night = last.day - first.day == _DAY and _is_night((*first.hours, *last.hours))
        yield from _daily(first, first, (*first.hours, *last.hours)) if night or last.day == first.day else (None,)
    elif first.hours or (last.day - first.day == _DAY and _is_night(last.hours)):  # "du 31 au 1er, de 22 h à 6 h" may be one night
        yield None
    else:
        yield from _daily(first, last, last.hours)


def _is_night(hours: _Hours) -> bool:
    opens, closes = clock(next(iter(hours), ""), closing=False), clock(next(reversed(hours), ""), closing=True)
    return opens is not None and closes is not None and closes <= opens


def _daily(first: DatedDay, last: DatedDay, hours: _Hours) -> Iterator[Slot | None]:
    """Yield the slots that pairs of hours give on each day from one to another; None without hours."""
    if not hours or len(hours) % 2:
        yield None
    for begin, end in zip(hours[::2], hours[1::2], strict=False):
        opens, closes = clock(begin, closing=False), clock(end, closing=True)
        yield None if opens is None or closes is None else Slot(first.day, last.day, opens, closes)
