"""Finds when and by whose office a decree was signed, and the court that it names.

The day stands after its own number, else after "Fait à …, le", else beside the town that ends it. The office is one of the closed list of
`offices.toml`: never a person's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from bot.detection.text.cues import cues, fold, load, pattern, repair
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import ANY_DATE, HOUR, full, joined
from bot.detection.text.segments import Block, DecreePart, Segment, erratum
from bot.domain.law.tables import LINK, PREFIX, spellings

# The administrative courts that the remedies of a decree name.

# Over squeezed text. Where only an address names the court, its street stands between; another body's address is none of it.
_OTHER_ADDRESS = r"recours|ministre|ministere|prefet|prefecture|beauvau|conseildetat|couradministrative|tribunaladministratif"
_SHORT = re.compile(r"(?:\b(?:le|au|du)\s+|:\s+)t\.?\s?a\.?\s+(?=d[e'u]|a\s)")
_REMEDY = pattern(
    "recours", "contest", "defere", "attaque", "saisi", "porte(?:e|es|s)? devant", "(?<!pendant)(?<!pendante) devantletribunal", "litige",
    "annulation", "contentieu", "deuxmois", "2mois",
)  # fmt: skip
_JUDGED = re.compile(r"(?:jugement|ordonnance)[a-z0-9]{0,40}$")
_BEFORE_COURT, _AFTER = 400, 250
"""Squeezed characters around a court in which something must show that the text speaks of remedies."""


@dataclass(frozen=True, slots=True)
class _Courts:
    by_spelling: Mapping[str, str]
    mention: re.Pattern[str]
    place: re.Pattern[str]


def courts_named(document: ActText, segment: Segment) -> list[TextMatch[str]]:
    """Return the courts that the remedies of a decree name, each once, in order, under their names in `courts.toml`.

    A court in visas and recitals, or whose judgment is quoted, is none of them. Neither letters' case nor split words matter.
    """
    found: dict[str, TextMatch[str]] = {}
    for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY, DecreePart.HEADING):
        for name, low, high in _mentions(document, block.start, block.end):
            if _of_remedies(document, segment, low, high):
                found.setdefault(name, TextMatch(name, *document.loose(low, high)))
    return sorted(found.values(), key=lambda entry: entry.start)


def _mentions(document: ActText, start: int, end: int) -> list[tuple[str, int, int]]:
    """Return names of courts with where they stand in the mended view."""
    known, text = _courts(), document.mended.text
    low, high = document.mended_span(start, end)
    found = [(match["name"] or match["town"], match.start(), match.end()) for match in known.mention.finditer(text, low, high)]
    for short in _SHORT.finditer(document.flat, start, end):
        first, last = document.mended_span(short.start(), short.end())
        match = known.place.match(text, last, high)
        if match is not None:
            found.append((match["name"], first, match.end()))
    return [(known.by_spelling[spelling], first, last) for spelling, first, last in found]


def _of_remedies(document: ActText, segment: Segment, low: int, high: int) -> bool:
    text = document.mended.text
    first, last = document.mended_span(segment.start, segment.end)
    if _JUDGED.search(text, max(low - 60, first), low):
        return False
    return _REMEDY.search(text, max(low - _BEFORE_COURT, first), min(high + _AFTER, last)) is not None


@cache
def _courts() -> _Courts:
    by_spelling: dict[str, str] = {}
    for spelling, name in spellings().items():
        # The mended view may take "de Nouvelle" for a damaged "renouvelle".
        mended = repair(f"de{spelling}", cues().misreads).text
        by_spelling |= {spelling: name, **({} if mended == f"de{spelling}" else {mended: name})}
    # The longest first: Saint-Denis de La Réunion is not Saint-Denis.
    names = "|".join(sorted(by_spelling, key=len, reverse=True))
    address = rf"(?:(?!{_OTHER_ADDRESS}|\d{{5}}(?:{names})).){{0,90}}\d{{5}}(?P<town>{names})"
    return _Courts(
        by_spelling,
        re.compile(rf"{PREFIX}(?:{LINK}(?P<name>{names})|{address})"),
        re.compile(rf"{LINK}(?P<name>{names})"),
    )


_AFTER_NUMBER = re.compile(rf"\s*,?\s*(?:en date\s+)?du\s+(?P<day>{ANY_DATE})(?!\s*(?:a \d|au\b|jusqu))")
# A stamp leaves a dash where a digit would be: "le - 7 AOUT 2026".
_TOWN = r"\bfait\s+a(?:ux?)?\s+[^\n,]{2,40}?(?:\s*,\s*en\s[a-z' ]{4,30}?)?"
_DONE = re.compile(rf"{_TOWN}\s*,?\s*(?:le|ce)\s*[:\-]?\s*(?P<day>{ANY_DATE})")
_PLACE_ONLY = re.compile(rf"{_TOWN}(?:,?\s*(?:le|ce)\b(?:\s*[:\-]?\s*{ANY_DATE})?|,|\n|$)")
_DATED_TITLE = re.compile(rf"\barrete(?:\s+(?:inter)?prefectoral)?\s+du\s+(?P<day>{ANY_DATE})(?!\s*(?:au\b|jusqu))")
_QUOTED = re.compile(r"(?:\bl[' ]?\s?|\b(?:les|cet|des|du|de|vu|par)\s)$")


def signed(document: ActText, segment: Segment, number: TextMatch[str] | None) -> TextMatch[date] | None:
    """Return the day of signature, None where the text does not show one. Never guessed from the identifier of the act.

    The day that an erratum prints in its title is of the decree it corrects.
    """
    text = document.folded.text
    if number is not None:
        match = _AFTER_NUMBER.match(text, number.end)
        day = full(match["day"]) if match is not None else None
        if match is not None and day is not None:
            return TextMatch(day, number.start, match.end())
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING) if erratum(document, segment) is None else ():
        for match in _DATED_TITLE.finditer(text, block.start, block.end):
            day = full(match["day"])
            if day is not None and not _QUOTED.search(text[max(match.start() - 8, 0) : match.start()]):
                return TextMatch(day, match.start(), match.end())
    done = [match for block in segment.blocks for match in _DONE.finditer(text, block.start, block.end)]
    articles = _lines(document, segment.of(DecreePart.ARTICLE))
    for match in (*reversed(done), *reversed(articles), *reversed(_lines(document, segment.of(DecreePart.HEADING, DecreePart.BODY)))):
        day = full(match["day"])
        if day is not None:
            return TextMatch(day, match.start(), match.end())
    return None


def signatures(document: ActText, segment: Segment) -> Iterator[tuple[int, int]]:
    """Yield where a decree is signed ("Fait à …, le …", whatever its day), the last first."""
    text = document.folded.text
    placed = [match for block in segment.blocks for match in _PLACE_ONLY.finditer(text, block.start, block.end)]
    lines = _lines(document, segment.of(*([DecreePart.ARTICLE] if segment.has_articles else [DecreePart.HEADING, DecreePart.BODY])))
    yield from (match.span() for match in (*reversed(placed), *reversed(lines)))


def _lines(document: ActText, blocks: Iterable[Block]) -> list[re.Match[str]]:
    return [match for block in blocks for match in signing_lines(document, block.start, block.end)]


# The line that dates a signature ("Toulon, le 5 mai 2026", "Fait le 5 mai 2026", "Le 5 mai 2026, à Toulon"), unlike a sentence that a line
# end cuts so.
#
# "… des images de\nvidéoprotection, le 30 octobre 2026 de 16 h à 23 h" reads like one: its date is the period, not the signature.

# "Fait le" has no place where several sign, each in another: their places stand below, over their offices.
_TOWN_NAME = r"[a-z][a-z' \-]{1,40}?"
_DONE_AT = rf"(?:fait|donne|signe|etabli|decide)(?:\s+en\s[a-z' ]{{4,30}}?)?(?:\s?,?\s+a\s+{_TOWN_NAME})?\s?,?"
_PLACE = rf"\W{{0,3}}(?:{_DONE_AT}|(?:a\s+)?{_TOWN_NAME}\s?,)\s?"
_LINE = re.compile(rf"^{_PLACE}(?:le|ce)\s*[:\-]?\s*(?P<day>{ANY_DATE})", re.MULTILINE)
_DAY_FIRST = re.compile(rf"^\W{{0,3}}(?:le|ce)\s+(?P<day>{ANY_DATE})\s?,?\s(?:fait\s)?a\s{_TOWN_NAME}\W?$", re.MULTILINE)
_BEFORE_DAY = re.compile(_PLACE)
_FIRST_LETTER = re.compile(r"\W{0,3}(?:a\s+)?(?=[a-z])")
# A sentence that ends a line with one of these goes on.
_GOES_ON = re.compile(
    r"(?:\b(?:de|du|des|la|le|les|un|une|a|au|aux|en|et|ou|sur|sous|par|pour|dans|avec|entre|vers|chez|que|qui|dont|lors|ses?|son|sa|leurs?|est)"
    r"|\b[dlsn]')$"
)
# So does one that says more of the day; on the next line too, where it begins as no signatory does.
_MORE = rf"(?:(?:de|entre|a|au|des|jusqu'a|vers)\s?{HOUR}|(?:a partir|a compter|a l'occasion|jusqu'|afin)(?![a-z]))"
_AFTER_A_PERIOD = re.compile(rf"\s?,?\s?{_MORE}|[ ]?,?[ ]?(?:au(?= \d)|inclus|pour|lors|et|dans|sur|est|sont)(?![a-z])")
_LINE_END = re.compile(r"[ ]?(?:\n|$)")
_ARTICLE = re.compile(r"\W{0,3}a[rt][tl]ic[l1i]e\b")


def signing_lines(document: ActText, start: int, end: int) -> Iterator[re.Match[str]]:
    """Yield the lines of one part (`start:end` of the folded text) that date a signature, in order, each with its `day`."""
    text = document.folded.text
    # An article may list days with their places so: only the last one is signed, and it has one such line, which is no item.
    dated = [] if _ARTICLE.match(text, end) is not None else list(_DAY_FIRST.finditer(text, start, end))
    if len(dated) > 1 or any(text[start : match.start()].rstrip().endswith(":") for match in dated):
        dated = []
    for match in sorted((*_LINE.finditer(text, start, end), *dated), key=lambda match: match.start()):
        if _stands_alone(document, match.start(), match.end(), end):
            yield match


def dates_signature(document: ActText, start: int, end: int, limit: int) -> bool:
    """Return True for a day ("le 5 mai 2026" at `start:end`) that is the one of a line of signature, in the part that ends at `limit`."""
    line = document.folded.text.rfind("\n", 0, start) + 1
    return _BEFORE_DAY.fullmatch(document.folded.text, line, start) is not None and _stands_alone(document, line, end, limit)


def _stands_alone(document: ActText, start: int, end: int, limit: int) -> bool:
    """Return True where no sentence goes on before the line or after its day, and the place begins with a capital.

    Where the line above ends without a stop or a blank line, no further article may follow the one that ends at `limit`; where it ends
    in the middle of a sentence, which may be of another layer of text, the day must end its line too.
    """
    text = document.folded.text
    first = _FIRST_LETTER.match(text, start, end)
    if first is None or not document.original(first.end(), first.end() + 1).isupper() or _AFTER_A_PERIOD.match(text, end):
        return False
    above = text[max(start - 60, 0) : start].rstrip()
    last = _ARTICLE.match(text, limit) is None
    if _GOES_ON.search(above):
        return last and _LINE_END.match(text, end) is not None
    # One line break of the folded text may stand for several.
    gap = document.source[document.folded.origin(max(start - 1, 0)) : document.folded.origin(start)]
    stopped = gap.count("\n") > 1 or not re.search(r"[a-z,]$", above)
    return stopped or last


_REACH = 420
"""Characters after "Fait à …, le …" in which the signatory is named: a delegation, an office, a name."""

_BEFORE = 260
"""Characters before it, where the text of a stamp was read first."""

_TAIL = 2500
"""Characters at the end of the last article in which a signature without a place is looked for: remedies may follow it."""

# "Pour le préfet et par délégation": whoever comes next signs, and not the prefect.
_FOR = re.compile(
    r"(?<!general )(?<!generale )\bpour\s+(?:l[ea]\s+|l')(?=(?:sous-)?prefet|haut|admin|direct|secret|chef)"
    # "La préfète, pour elle, la directrice de cabinet".
    r"|\bpour (?:elle|lui)\b(?=\W{1,3}l[ea]\s)"
    r"|\bp\W{0,2}\s?(?:le|la)\s+(?=prefet)"
)
_ACTING = re.compile(
    r"\bpar (?:delegation(?: de la prefete)?|empechement)\b|(?<!general )(?<!generale )\bpar suppleance\b|\b(?:absente?|empechee?)\b"
)
# On its line: it opens the signature, whatever the articles above say of remedies.
_FOR_ALONE = re.compile(
    r"^\W{0,3}pour l(?:[ae]\s|')(?:(?:sous-)?prefete?|haute?-commissaire|administrat\w{3,4} superieure?)\b(?:[^\n]{0,60})$", re.MULTILINE
)
# An office with a complement that the list does not hold is none: half of it may be another office.
_UNLISTED = re.compile(r"[ \t]+(?:(?:et )?(?:de|du|des|a|au|aux|pour|en|chargee?|par)\b|d')|\n(?:(?:de|du|des)\b|d')")
_END = re.compile(r"\b(?:voies et delais|delais et voies|recours|annexe|la presente decision|le present arrete|conformement)\b")


def office(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the office, beginning with a capital, in the spelling of the list (`La directrice de cabinet`), or None."""
    for start, end in signatures(document, segment):
        found = _signing(document, end, min(end + _REACH, segment.end))
        if found is not None:
            return found
        if _FOR.search(document.flat, end, min(end + _REACH, segment.end)) is None:
            found = _signing(document, max(start - _BEFORE, segment.start), start, whole_line=True)
            if found is not None:
                return found
    return _last_line(document, segment)


def _last_line(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the office that stands alone on its lines at the end of the articles, where no place and day of signature come before it."""
    last = next(reversed(list(segment.of(DecreePart.ARTICLE))), None)
    if last is None:
        return None
    start = max(last.start, last.end - _TAIL)
    delegated = next(reversed(list(_FOR_ALONE.finditer(document.folded.text, start, last.end))), None)
    found = _signing(document, delegated.start() if delegated is not None else start, last.end, whole_line=True)
    return found if found is not None or delegated is not None else _below_a_stop(document, start, last.end)


def _below_a_stop(document: ActText, start: int, limit: int) -> TextMatch[str] | None:
    """Return the last office alone on its line below a full stop.

    One to whom a remedy goes stands below "à" or a colon, over an address.
    """
    folded = document.folded.text
    for match in reversed(list(_offices(None).finditer(folded, start, limit))):
        over_an_address = re.match(r"\W*\d", folded[match.end() : limit]) is not None
        if _is_alone(folded, match, start, limit) and folded[start : match.start()].rstrip().endswith(".") and not over_an_address:
            return TextMatch(_printed(document, *match.span(), None), *match.span())
    return None


def _is_alone(folded: str, match: re.Match[str], start: int, limit: int) -> bool:
    """Return True for an office that is all of its line."""
    return (
        re.search(r"(?:^|\n)\W*$", folded[start : match.start()]) is not None
        and re.match(r"\W*(?:\n|$)", folded[match.end() : limit]) is not None
    )


def _signing(document: ActText, start: int, limit: int, *, whole_line: bool = False) -> TextMatch[str] | None:
    text = document.flat
    stop = _END.search(text, start, limit)
    limit = stop.start() if stop is not None else limit
    place = re.search(r"fait a\s+([a-z][a-z' -]{1,40}?)\s*,?\s*le\b", text[max(start - 90, 0) : start])
    town = place.group(1) if place is not None else None
    marks = [match.end() for mark in (_FOR, _ACTING) for match in mark.finditer(text, start, limit)]
    folded = document.folded.text
    for match in _offices(town).finditer(folded, max(marks, default=start), limit):
        if _UNLISTED.match(folded[match.end() : limit]) is None and (not whole_line or _is_alone(folded, match, start, limit)):
            return TextMatch(_printed(document, match.start(), match.end(), town), match.start(), match.end())
    # "Le secrétaire général,\npour le préfet et par délégation,": right above, and not the prefect himself.
    for mark in _FOR_ALONE.finditer(folded, start, limit) if whole_line else ():
        for match in _offices(town).finditer(folded, start, mark.start()):
            if re.fullmatch(r"\W*", folded[match.end() : mark.start()]) and re.match(r"l[ea] prefet", match.group()) is None:
                return TextMatch(_printed(document, match.start(), match.end(), town), match.start(), match.end())
    return None


def _printed(document: ActText, start: int, end: int, town: str | None) -> str:
    """Return the office in the spelling of the list, which is the same for every print ("LE PREFET DE POLICE", "Le Préfet de Police")."""
    folded = document.folded.text[start:end]
    last = re.search(rf"{re.escape(town)}$", folded) if town is not None else None
    if last is not None:
        lead = _spelt(folded[: last.start()])
        value = f"{lead} {joined(document.original(start + last.start(), end))}".replace("' ", "'")
    else:
        value = _spelt(folded)
    return value[:1].upper() + value[1:]


def _spelt(folded: str) -> str:
    """Return a folded office with the accents and capitals of the list."""
    pattern, spellings = _spellings()
    return pattern.sub(lambda match: spellings[match.group()], " ".join(folded.split()))


@cache
def _spellings() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return what finds the folded words of the list, the longest first, and how each is spelt."""
    data = load("offices.toml")
    words: set[str] = {*data["words"], *data["departments"], *data["regions"], *data["towns"]}
    for entry in data["office"]:
        words |= {*entry["names"], *entry["complements"]}
    spellings = {fold(word).text: word for word in words}
    longest_first = "|".join(re.escape(plain) for plain in sorted(spellings, key=len, reverse=True))
    return re.compile(rf"(?<![\w'])(?<!\w-)(?:{longest_first})(?![\w-])"), spellings


@lru_cache(maxsize=64)
def _offices(town: str | None) -> re.Pattern[str]:
    data = load("offices.toml")
    single = "|".join(_one(entry, data, town) for entry in data["office"])
    return re.compile(rf"\b(?:l[ea]\s+|l'\s?)(?:{single})(?:\s*,\s*(?:{single}))*(?![\w'-])")


def _one(entry: dict[str, Any], data: dict[str, Any], town: str | None) -> str:
    departments, regions = _choice(data["departments"]), _choice(data["regions"])
    complements = [_choice(entry["complements"])]
    if entry.get("kind") == "prefect":
        complements += [
            rf"de\s+(?:la\s+)?(?:region|zone)(?:\s+de\s+defense(?:\s+et\s+de\s+securite)?)?\s+(?:de\s+la\s+|de\s+l'|de\s+|d')?(?:{regions})",
            rf"(?:{departments})(?:\s+par\s+interim)?",
        ]
    elif entry.get("kind") == "sub_prefect":
        complements.append(_choice(data["towns"]))
        if town is not None:
            complements.append(rf"(?:de\s+|d'|du\s+)?(?:l'arrondissement\s+de\s+)?{re.escape(town)}")
    elif entry.get("kind") == "of_prefecture":
        complements = [rf"de\s+la\s+prefecture\s+(?:{departments})", *complements]
    tail = rf"(?:\s+(?:{'|'.join(complements)}))"
    return rf"(?:{_choice(entry['names'])}){tail}{'' if entry.get('needs') else '?'}(?![\w'-])"


def _choice(words: list[str]) -> str:
    """Return alternatives over a folded text, the longest first, with blanks, hyphens and apostrophes loose."""
    folded = sorted((fold(word).text for word in words), key=len, reverse=True)
    return "|".join(re.sub(r"(?:\\ |\\-|-| )+", r"[\\s-]+", re.escape(word)).replace("'", "['\\s]\\s?") for word in folded)


# Which prefect comes first of the several who decide together: the competent court is that of the first named (CJA, article R. 312-1).

# "Le préfet du Gard," on its line. "Préfet des Bouches-du-Rhône" without an article goes on with the titles of the one above.
_AUTHOR = re.compile(r"^\W{0,3}l[ea]\s+prefete?\b", re.MULTILINE)


def first_prefect(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the code of the department whose prefect is named first, if the heading names those of several; else None."""
    for block in segment.of(DecreePart.HEADING):
        text = document.folded.text
        authors = [match.start() for match in _AUTHOR.finditer(text, block.start, block.end)]
        named = [_pattern().search(text, low, high) for low, high in pairwise([*authors, block.end])]
        codes = {_codes()[_plain(match["name"])] for match in named if match is not None}
        # Where the first is of no department ("Le préfet de police"), it is not for this rule to say.
        if len(codes) > 1 and named[0] is not None:
            return TextMatch(_codes()[_plain(named[0]["name"])], *named[0].span())
    return None


@cache
def _codes() -> dict[str, str]:
    return {_plain(fold(name).text): code for code, name in load("prefects.toml")["departments"].items()}


@cache
def _pattern() -> re.Pattern[str]:
    """Compile what meets a prefect of a department, over the folded text; of two names that begin alike, the longer."""
    names = "|".join(
        re.sub(r"[ '-]", r"[\\s'-]+", _plain(fold(name).text))
        for name in sorted(load("prefects.toml")["departments"].values(), key=len, reverse=True)
    )
    return re.compile(rf"\bprefete?\s+(?:de\s+la\s+|de\s+l'\s?|des\s+|du\s+|de\s+|d'\s?)(?P<name>{names})(?![\w-])")


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s'-]+", name))
