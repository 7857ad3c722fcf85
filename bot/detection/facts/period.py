"""Finds when a decree applies: from, to, with hours if given. What an article grants in so many words comes first; else the title gives the
days, articles often the hours: their period counts if it agrees with the title's, else the title's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain, islice, pairwise, takewhile

from bot.detection.facts.days import GLUE, NIGHT, NO_RANGE, DatedDay, Period, is_timed, period_of, stretches, tables_of_days, tokens_of
from bot.detection.facts.operators import beside_formality
from bot.detection.facts.signature import is_of_letterhead, signing_lines
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch, own_heading
from bot.detection.text.phrases import (
    ANY_DATE,
    CARDINAL,
    DAY,
    HOUR,
    MONTH,
    WEEKDAYS,
    YEAR,
    PartialDate,
    cardinal,
    clock,
    full,
    last_day,
    partial,
)
from bot.detection.text.rows import INLINE_MARK
from bot.domain.acts import Moment

_LONGEST = 1100
"""Most days between the beginning and the end of one period."""

_NEAR = timedelta(days=45)
"""Most days between two slots of one period."""

_MOST = 20
"""Most periods of one article, and most days of the slots of one period: limits hostile texts."""

# What is looked for in one article, best first: tables and ranges, days one by one, one side of a period, one day, days of other things.
_STATED, _ENUMERATED, _PARTLY, _SINGLE, _MONTHS, _SIDE, _ASIDE = range(7)

Candidate = tuple[int, TextMatch[Period]]

_BESIDE, _LATER = 120, 240
"""Characters between the two sides of one period, and after a period in which the hours of its days stand."""

_WEEKDAY_HOURS = re.compile(
    rf"(?P<but>\b(?:sauf|hormis|excepte|a l'exception d[eu'])[ ]?)?(?:l[ea] |du |des le |au )?"
    rf"\b(?P<day>{'|'.join(WEEKDAYS)}|premier jour|dernier jour|{DAY}\s{MONTH})"
    rf"(?!s?[ ]\d{{1,2}}(?!\d|\s?(?:h|:)))[^.;\d]{{0,40}}?(?P<hour>(?<!\w){HOUR})(?:\s?(?:a|-|et|jusqu'a)\s?(?P<until>{HOUR}))?(?![\w:])"
)

# What the hours of a weekday are of, where they do not open their clause: "pour le match joué le samedi à 21 h" is another thing.
_OF_THE_USE = re.compile(r"\b(?:ils?|elles?|traitements?|logiciels?|autorisations?|emploi|usage|dispositif)\b")
_CEASES = re.compile(r"\b(?:jusqu|cess|fini|se termin|s'arret|s'achev|s'interromp|s'etei|prend fin|est (?:arret|coup|desactiv|interromp))")

# A date that follows one of these is of another text.
_FOREIGN = re.compile(
    r"(?:(?:arrete|a r r e t e|modifi\w{2,6} l'autorisation)[^\n;.]{0,40}|(?:\bloi\b|decret)[^\n;.]{0,40}|\bn\s?°[^\n;.]{0,30}"
    r"|\ben date\s*"
    r"|\b(?:autorisation|convention|attestation|attentats?|conformite|agrement|contrat|protocole|deliberation|rapport)\s*|\b(?:decision|ap)(?:\s+(?:prefectorale?|modificati\w+))?(?:\s+(?:n\W{0,3})?[a-z0-9/._-]*\d[a-z0-9/._-]*)?\s*)$"
)
# "la demande présentée le 2 mai 2026".
_ASKED = re.compile(
    r"\b(?:(?:present|depos|form|adress|complet|re[cç]u|transmis|enregistr|consult|saisi|reuni)\w*"
    r"|(?<!est )(?<!sont )(?:autorise|accorde|delivre|donne|installe)e?s?"
    r"|(?:demande|sollicite)e?s?(?: conjointes?)?|courrier|lettre|avis|seance)\s*(?:le|du)?\s*$"
)
# "Fait à Paris, le 3 mai 2026".
_SIGNING = re.compile(r"fait a [^.;]{2,40}$")
# The sentence before slots of something else: who is received when, which roads are closed, which agents are present.
_ELSEWHERE = re.compile(
    r"\b(?:enquete publique|commissaire.enqueteur|permanences?|reunions? publiques?|(?:recoi\w*|accueill\w*) le public|accueil du public"
    r"|public\b[^.;:]{0,20}\b(?:recu|accueilli)s?|(?:affich|consultable)\w*"
    r"|(?:circulation|stationnement)\b[^.;:]{0,40}\b(?:interdit|reglement)\w*"
    r"|agents?\b[^.;:]{0,60}\b(?:presents?|en service|se relaient)|compte[- ]rendu|bilan|rapport|synthese)\b[^.;]*$"
)


def _candidates(document: ActText, block: Block) -> Iterator[Candidate]:
    """Yield the periods of one article. Slots with hours that are near each other are one, be they rows, items or sentences."""
    for rows in tables_of_days(document, block.start, block.end):
        yield from ((_STATED, found) for found in _union([TextMatch(period_of(row.value), row.start, row.end) for row in rows], 1))
    found = [
        (rank, _with_hours_of_places(document, block, _with_weekdays(document, block, entry)))
        for rank, entry in islice(_sentences(document, block), _MOST)
    ]
    slots = [entry for _, entry in found if None not in entry.value]
    if not any(rank < _PARTLY and not is_timed(entry.value) for rank, entry in found):
        of_something_else = bool(slots) and _of_something_else(document, block.start, slots[0].start)
        yield from (
            (_SINGLE if of_something_else else _STATED, entry) for entry in _union([slot for slot in slots if is_timed(slot.value)], 2)
        )
    yield from ((_STATED, side) for (_, one), (_, two) in pairwise(found) for side in _joined(one, two))
    yield from found
    yield from ((_STATED if None not in entry.value else _PARTLY, entry) for entry in _durations(document.flat, block.start, block.end))
    yield from ((_MONTHS, entry) for entry in _months(document.flat, block.start, block.end))


def _joined(begins: TextMatch[Period], ends: TextMatch[Period]) -> Iterator[TextMatch[Period]]:
    """Yield the period that two sides give, one right after the other: "débute le… et s'éteint le…", "Premier jour… Dernier jour…"."""
    (first, no_end), (no_beginning, last) = begins.value, ends.value
    beside = ends.start - begins.end <= _BESIDE and not (no_end or no_beginning)
    if first and last and beside and first.day <= last.day <= first.day + _NEAR:
        yield TextMatch((first, last), begins.start, ends.end)


def _with_weekdays(document: ActText, block: Block, found: TextMatch[Period]) -> TextMatch[Period]:
    """Return a period with the hours that its article gives for its first and last day by weekday: "Il débute le samedi à 6 h et est arrêté
    le dimanche à minuit", "sauf le dimanche, où il cesse à 20 h"."""
    first, last = found.value
    if first is None or last is None:
        return found
    said: list[re.Match[str]] = []
    position = found.end
    for match in _WEEKDAY_HOURS.finditer(document.flat, found.end, min(block.end, found.end + _LATER)):
        clause = re.split(r"[.;:,(]", document.flat[position : match.start()])[-1].strip()
        if clause in {"", "-", "et", "puis"} or _OF_THE_USE.search(clause) or (said and _CEASES.search(clause)):
            said.append(match)
        position = match.end()
    days = {"premier jour": first.day, "dernier jour": last.day}
    days |= {WEEKDAYS[day.weekday()]: day for day in (first.day, last.day) if last.day - first.day < timedelta(days=7)}
    days |= {match["day"]: day for match in said if (day := full(f"{match['day']} {last.day.year}")) is not None}
    opening, closing = ([match for match in said if days.get(match["day"]) == moment.day] for moment in (first, last))
    begins = len(opening) == 1 and (opening[0]["until"] or not _CEASES.search(opening[0].group()))
    if first.time is None and last.time is None and begins and len(closing) == 1 and first.day < last.day:
        opens, closes = clock(opening[0]["hour"], closing=False), clock(closing[0]["until"] or closing[0]["hour"], closing=True)
        return TextMatch((replace(first, time=opens), replace(last, time=closes)), found.start, max(opening[0].end(), closing[0].end()))
    if last.time is not None and len(said) == len(closing) == 1 and closing[0]["but"] and _CEASES.search(closing[0].group()):
        return TextMatch((first, replace(last, time=clock(closing[0]["hour"], closing=True))), found.start, closing[0].end())
    return found


_ANY_DAY = re.compile(ANY_DATE)
_OF_PLACE = re.compile(rf"(?<!\w)(?P<opens>{HOUR})\s?(?:a|-)\s?(?P<closes>{HOUR})(?!\w)")


def _with_hours_of_places(document: ActText, block: Block, found: TextMatch[Period]) -> TextMatch[Period]:
    """Return a day from the first hour to the last, where its article has hours for each place: "le 2 mai, aux horaires suivants : …"."""
    (first, last), text = found.value, document.flat
    if first is None or first != last or first.time is not None or "horaires" not in text[found.end : min(found.end + _LATER, block.end)]:
        return found
    ranges = list(islice(_OF_PLACE.finditer(text, found.end, block.end), _MOST))
    read = [(clock(each["opens"], closing=False), clock(each["closes"], closing=True)) for each in ranges]
    told = [(opens, closes) for opens, closes in read if opens is not None and closes is not None and opens < closes]
    if len(told) < max(len(read), 2) or _ANY_DAY.search(text, found.end, block.end):
        return found
    opens, closes = min(told)[0], max(closes for _, closes in told)
    return TextMatch((replace(first, time=opens), replace(first, time=closes)), found.start, ranges[-1].end())


def _sentences(document: ActText, block: Block) -> Iterator[Candidate]:
    """Yield the periods that sentences give. A single day may be none: the day of a signature, or of another text."""
    text, signing = document.flat, signing_lines(document, block)
    for opening, days in stretches(text, block.start, block.end):
        before = document.folded.text[max(opening.start() - 60, block.start) : opening.start()]
        night = any(NIGHT.search(glue) for glue in (before, *(day.glue for day in days)))
        said = text[opening.start() : days[-1].end + len(" au matin")]
        morning = said.rfind(" au matin") > said.rfind(" au soir")
        found = TextMatch(period_of(days, night=night, morning=morning), opening.start(), days[-1].end)
        at, several = Moment(days[0].day, clock(next(iter(days[0].hours), ""), closing=opening["begins"] is None)), len(days) > 1
        elsewhere = _of_something_else(document, block.start, found.start)
        _, comma, clause = before.rpartition(",")  # "Sur le rapport du directeur, l'autorisation vaut jusqu'au…"
        of_the_use = comma and "." not in clause and _OF_THE_USE.search(clause)
        signs = any(line.start() <= opening.start() < line.end() for line in signing)
        if several and (opening["between"] or any(day.ends_range for day in days[1:])):
            yield _STATED, found
        elif not several and (opening["begins"] or opening["ends"] or opening["until"]) and elsewhere and not of_the_use:
            continue
        elif opening["begins"] and not several:
            yield _SIDE, replace(found, value=(at, None))
        elif (opening["ends"] or opening["until"]) and not several:
            yield (_PARTLY if opening["until"] else _SIDE), replace(found, value=(None, at))
        elif (_FOREIGN if opening.group().startswith("du") else _SIGNING).search(before) or _ASKED.search(before):
            continue
        elif several and not elsewhere:
            yield (_STATED if all(len(day.hours) > 1 for day in days) else _ENUMERATED), found
        elif several:
            yield _ASIDE, found
        elif (opening["one"] or len(days[0].hours) > 1) and not (signs or NO_RANGE.match(text, days[0].end)):
            yield _SINGLE, found


def _union(slots: Sequence[TextMatch[Period]], fewest: int) -> Iterator[TextMatch[Period]]:
    """Yield slots that are near each other as one period: from the first beginning to the last end. A day without hours is whole."""
    opening = [moment for moment, _ in (slot.value for slot in slots) if moment is not None]
    closing = [moment for _, moment in (slot.value for slot in slots) if moment is not None]
    if fewest <= len(slots) == len(opening) == len(closing):
        first = min(opening, key=lambda moment: (moment.day, moment.time or time.min))
        last = max(closing, key=lambda moment: (moment.day, moment.time or time.max))
        longest = max(closes.day - opens.day for opens, closes in zip(opening, closing, strict=True))
        if last.day - first.day <= max(_NEAR, longest + timedelta(days=1)):
            yield TextMatch((first, last), slots[0].start, slots[-1].end)


def _of_same_days(timed: TextMatch[Period], found: TextMatch[Period]) -> bool:
    """Return whether a period with hours has the days of one without; its last night may end the next morning."""
    (first, last), (opening, closing) = timed.value, found.value
    if first is None or last is None or opening is None or closing is None or first.day != opening.day:
        return False
    return timedelta() <= last.day - closing.day <= timedelta(days=1)


def _of_something_else(document: ActText, start: int, slot: int) -> bool:
    return _ELSEWHERE.search(document.folded.text, max(start, slot - 160), slot) is not None


# From a day for so long.

_LASTS = rf"(?P<count>\d{{1,3}}|{CARDINAL}(?:[ -]{CARDINAL}){{0,4}})\s*(?:\(\d+\)\s*)?(?P<unit>jours?|semaines?|mois|heures?|ans?|annees?)"
_SINCE = rf"(?P<start>{ANY_DATE})(?:{GLUE}(?P<begin>{HOUR})(?!\w))?"
_LASTING = re.compile(
    rf"\b(?:a compter du|a partir du|du)\s*{_SINCE},?\s*(?:et\s*)?(?:pour|pendant)\s*(?:une duree\s*)?"
    rf"(?:maximale\s*)?(?:de |d')?\s*{_LASTS}"
)
_FOR = re.compile(
    rf"\b(?:duree|pour|pendant)\s*(?:maximale\s*)?(?:[a-z' ]{{0,50}}?\b(?:fixee|limitee|portee) a |de |d')?\s*{_LASTS},?\s*"
    rf"(?:a compter du|a partir du|qui court du)\s*{_SINCE}"
)


def _durations(text: str, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """Yield periods from a day for so long. Hours count from an hour that is given, and from nothing else."""
    for match in chain(_LASTING.finditer(text, start, end), _FOR.finditer(text, start, end)):
        day, count, at = full(match["start"]), cardinal(match["count"]), clock(match["begin"] or "", closing=False)
        if day is None or count is None or count > _LONGEST:
            continue
        closes = None if match["unit"].startswith("heure") else Moment(last_day(day, count, match["unit"]))
        if closes is None and at is not None:
            until = datetime.combine(day, at) + timedelta(hours=count)
            closes = Moment(until.date(), until.time())
        yield TextMatch((Moment(day, at), closes), *match.span())


# Periods that are whole months: "durant tout le mois de décembre 2026".

_OF = r"(?:de |d')"
_WHOLE = re.compile(
    r"\b(?:durant|pendant|pour|sur|(?:au cours|tout au long) (?:du?|des)(?=\s))\s"
    r"(?:toute? |l'(?:ensemble|integralite) |la (?:totalite|duree) )?"
    rf"(?:(?:(?:le |les |la )?(?:periode )?(?:de |du |des )?)mois\s{_OF}|(?=(?:{MONTH})\b))"
    rf"(?P<first>{MONTH})(?:(?:,\s{MONTH})*\s(?:et|a|au)\s(?:(?:mois\s)?{_OF})?(?P<last>{MONTH}))?\s(?P<year>{YEAR})"
    rf"|\b(?:du|de)\smois\s{_OF}(?P<from>{MONTH})(?:\s(?P<since>{YEAR}))?"
    rf"\s(?:a|au|jusqu'au)\s(?:la fin du\s)?(?:mois\s)?(?:{_OF})?(?P<to>{MONTH})\s(?P<until>{YEAR})"
)


def _months(text: str, start: int, end: int) -> Iterator[TextMatch[Period]]:
    """Yield periods from the first day of a month to the last of that month or of a later one."""
    for match in _WHOLE.finditer(text, start, end):
        opening, closing = match["first"] or match["from"], match["last"] or match["to"] or match["first"]
        year = match["year"] or match["until"]
        first, last = full(f"1er {opening} {match['since'] or year}"), full(f"1er {closing} {year}")
        if first is not None and last is not None and first <= last:
            last = last_day(last, 1, "mois")
            hours = tuple(token["hour"] for token in takewhile(lambda token: token["hour"], tokens_of(text, match.end(), end)))
            day = DatedDay(PartialDate(1, None, None), "", match.end(), day=first)
            yield TextMatch(period_of([day, replace(day, hours=hours, day=last)]), *match.span())


def period(document: ActText, segment: Segment, speaking: tuple[Block, ...] = (), signed: date | None = None) -> TextMatch[Period] | None:
    """Return the period of a decree, None without a whole date. In a decree on several things, articles from the first on the topic
    (`speaking`) come before those on traffic or parking. A single day in the title that is the day of signature (`signed`), or stands below
    the title, counts only if the articles give no other."""
    titled = _first(document, [*segment.of(DecreePart.TITLE), *segment.of(DecreePart.HEADING)], singles=True)
    if titled is not None and is_of_letterhead(document, segment, titled.start, titled.end):
        titled = None
    articles = list(segment.of(DecreePart.ARTICLE))
    if (granted := _granted(document, articles)) is not None:
        return granted
    if titled is not None and (titled.value == (on := signed and Moment(signed), on) or _is_below_title(document, segment, titled)):
        titled = _first(document, [*speaking, *articles], singles=False) or titled
    spoken = next((rank for rank, block in enumerate(articles) if block in speaking), 0)
    operative = _operative(document, articles[spoken:], titled) or _operative(document, articles[:spoken], titled)
    if operative is None and titled is None:
        operative = _first(document, list(segment.of(DecreePart.BODY)), singles=True)
        if operative is None and not segment.has_articles:  # two layers of text interleaved
            operative = _first(document, list(segment.blocks), singles=False)
    return operative or titled


# "La présente autorisation est délivrée pour la durée du rassemblement, le 17 février 2025 de 16 h à 18 h": what an article grants,
# whatever day the title or another article gives for the event.
_GRANTS = re.compile(
    r"\b(?:autorisations?|arretes?|dispositifs?|mesures?) (?:est|sont)"
    r" (?:(?:delivre|accorde|consenti|donne|octroye)e?s?|val(?:able|ide)s?|applicables?)\b(?! a l'occasion)"
)


_FEW = 3
"""Sentences of an article that may say what it grants: limits hostile texts."""


def _granted(document: ActText, articles: Sequence[Block]) -> TextMatch[Period] | None:
    """Return the period with hours that the first article gives in so many words for what it grants."""
    for block in articles:
        for said in islice(_GRANTS.finditer(document.flat, block.start, block.end), _FEW):
            found = _first(document, [replace(block, start=said.start())], singles=True)
            if found is not None and is_timed(found.value):
                return found
    return None


_SAME = 5
"""Words of a sentence that gives the period of one operator among several."""

_MARK = re.compile(rf"[\s;.,]*(?:[-\u2022*]|{INLINE_MARK})\s*(?:les?|du|la nuit du)\s")


# A sentence ends, or whoever decides begins to speak.
_PROSE = re.compile(r"[.?!]\s|^\W{0,3}l[ea]\s(?:sous-)?prefete?\b", re.MULTILINE)


def _is_below_title(document: ActText, segment: Segment, found: TextMatch[Period]) -> bool:
    """Return whether a day stands in prose below a title ("Le préfet, au vu du dossier complété le 2 mai 2026, décide") or in a line above
    it."""
    block, text = segment.at(found.start), document.folded.text
    single = found.value[0] == found.value[1] and block.part is DecreePart.HEADING
    above = found.end < own_heading(text, block.start, block.end)
    return single and (above or _PROSE.search(text, own_heading(text, block.start, found.start), found.start) is not None)


_NIGHTS = re.compile(r"\bnuits (?:du|de)\b[^.;]{3,60}\bau\b")
# No duration: "dans les quarante-huit heures", "une heure avant".
_ANY_HOUR = re.compile(
    rf"(?<!\w)(?<!article )(?<!dans les )(?<!moins )(?<!sous )(?<!duree de )(?<!delai de ){HOUR}(?<!:)(?!\w)"
    r"(?! (?:avant|apres|consecutives))"
)
# A line that begins with a day, or a day without a year: no sentence that is read.
_DAY_ALONE = re.compile(rf"(?<![a-z,])\n\W*(?:{INLINE_MARK})?(?P<day>{ANY_DATE})|\b(?P<short>{DAY}\s*{MONTH})(?!\s*{YEAR})")


def is_whole(document: ActText, segment: Segment, found: TextMatch[Period], signed: date | None) -> bool:
    """Return False if a period may belong to something else, or leave out what the articles print beside it: a day outside it, an hour
    where it has none, another item, a longer slot near it."""
    own, (opening, closing) = segment.at(found.start), found.value
    if opening is None or closing is None:
        return True
    is_titled = own.part not in {DecreePart.ARTICLE, DecreePart.BODY}
    for block in beside_formality(document, segment.of(DecreePart.ARTICLE, DecreePart.BODY)):
        hours = _ANY_HOUR.finditer(document.flat, block.start, block.end) if not is_timed(found.value) else ()
        if any(not (found.start <= hour.start() < found.end or _of_something_else(document, block.start, hour.start())) for hour in hours):
            return False
        is_own = block.start == own.start
        for _, other in _sentences(document, block):
            days = {moment.day for moment in other.value if moment is not None} - {signed}
            near = all(opening.day - _NEAR <= day <= closing.day + _NEAR for day in days)
            if any(not opening.day <= day <= closing.day for day in days) and (is_own or (near and (is_titled or is_timed(other.value)))):
                return False
            if near and not is_own and is_timed(other.value) and is_timed(found.value) and _longer(other.value, found.value):
                return False
    return is_titled or _fills_article(document, own, found)


def _fills_article(document: ActText, own: Block, found: TextMatch[Period]) -> bool:
    """Return False if the article of a period may give it to something else, or has a night, an item, a day or an hour that is not read."""
    if _NIGHTS.search(document.flat, own.start, found.end):  # whose last one may end on the last day that is named, or on the next
        return False
    if _of_something_else(document, own.start, found.start) or _MARK.match(document.folded.text, found.end, own.end):
        return False
    opening, closing = (moment.day for moment in found.value if moment is not None)
    alone = (partial(match["day"] or match["short"]) for match in _DAY_ALONE.finditer(document.folded.text, own.start, own.end))
    dated = (day.complete(year=opening.year) for day in alone if day is not None)
    apart = any(day is not None and not opening <= day <= closing and abs(day - opening) <= _NEAR for day in dated)
    return not apart and all(found.start <= match.start() < found.end for match in _ANY_HOUR.finditer(document.flat, own.start, own.end))


def _longer(one: Period, two: Period) -> bool:
    """Return whether a slot begins or ends outside another, by their hours."""
    spans = [[datetime.combine(moment.day, moment.time) for moment in each if moment and moment.time] for each in (one, two)]
    return spans[0][0] < spans[1][0] or spans[0][-1] > spans[1][-1]


def _agrees(operative: Period, titled: Period) -> bool:
    """Return whether the operative period contains the title's days: it is then the same, with hours or margins."""
    (first, last), (shown_first, shown_last) = operative, titled
    shown_first, shown_last = shown_first or shown_last, shown_last or shown_first
    if first is None or last is None or shown_first is None or shown_last is None:
        return False
    # "Pendant le mois de décembre" is said of the thirty days that the law allows.
    month = shown_first.day.day == 1 and (shown_last.day + timedelta(days=1)).day == 1
    return (
        first.day <= shown_first.day
        and shown_last.day - timedelta(days=1 if month else 0) <= last.day
        and (last.day - first.day).days <= max(62, (shown_last.day - shown_first.day).days + 14)
    )


def _operative(document: ActText, articles: list[Block], titled: TextMatch[Period] | None) -> TextMatch[Period] | None:
    """Return the best period of the articles, or beside a title that gives one, the best that agrees with it, rather with hours."""
    if titled is None:
        first = _first(document, articles, singles=True)
        if first is None or is_timed(first.value):
            return first
        others = [block for block in articles if not block.start <= first.start < block.end]
        hours = (entry for _, entry in _ranked(document, others) if is_timed(entry.value) and _of_same_days(entry, first))
        return next(hours, first)
    found = [entry for _, entry in _ranked(document, articles) if _agrees(entry.value, titled.value)]
    return next((entry for entry in found if entry.value[0] is not None and entry.value[0].time is not None), found[0] if found else None)


def _ranked(document: ActText, blocks: list[Block]) -> list[Candidate]:
    """Return the periods of some articles, best first: where several say it in the same words, each of one operator, all of these."""
    ranked = sorted((found for block in blocks for found in _candidates(document, block)), key=lambda found: found[0])
    timed = [entry for rank, entry in ranked if rank == _STATED and is_timed(entry.value)]
    leads = [_lead(document, entry) for entry in timed]
    alike = [entry for entry, lead in zip(timed, leads, strict=True) if len(lead) > 1 and lead[:_SAME] == leads[0][:_SAME]]
    return [*((_STATED, entry) for entry in _union(alike, 2)), *ranked]


def _lead(document: ActText, found: TextMatch[Period]) -> list[str]:
    """Return the words of a sentence before its period."""
    before = re.split(r"[.;]\s", document.flat[max(found.start - _BESIDE, 0) : found.start])
    return re.findall(r"[a-z]{2,}", before[-1])


def _first(document: ActText, blocks: list[Block], *, singles: bool) -> TextMatch[Period] | None:
    """Return the best period, else one from the first sentence on a beginning and the first on an end, or one of these."""
    ranked = [found for found in _ranked(document, blocks) if singles or found[0] <= _PARTLY]
    best = ranked[0][1] if ranked else None
    if best is None or not singles or ranked[0][0] < _PARTLY:
        return best
    begins, ends = (next((entry for _, entry in ranked if entry.value[side] is None), None) for side in (1, 0))
    if begins is None or ends is None or begins.value[0] is None or ends.value[1] is None:
        return best
    both = begins.value[0].day <= ends.value[1].day <= begins.value[0].day + timedelta(days=_LONGEST)
    return replace(begins, value=(begins.value[0], ends.value[1])) if both else best
