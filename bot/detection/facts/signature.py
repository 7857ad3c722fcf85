"""Finds when a decree was signed (by its number, after "Fait à …, le" or beside its town), by which office of `offices.toml`, never a
person's name, and the court that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from itertools import islice, pairwise, product

from bot.detection.facts.identity import OFFICIAL
from bot.detection.text.cues import fold, load, pattern, repair
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch, erratum, own_heading, unquoted
from bot.detection.text.phrases import ANY_DATE, HOUR, full, is_signatory
from bot.domain.law import LINK, PREFIX, spellings

# The administrative courts that the remedies of a decree name.

# Over squeezed text. Where only an address names the court, its street stands between; another body's address is none of it.
_OTHER_ADDRESS = r"recours|ministre|ministere|prefet|prefecture|beauvau|conseildetat|couradministrative|tribunaladministratif"
_SHORT = re.compile(r"\b(?:ta|t\.\s?a\.)\s+(?=d[e'u]|a\s)")
_REMEDY = pattern(
    "recours", "contest", "defere", "attaque", "saisi", "porte(?:e|es|s)? devant", "(?<!pendant)(?<!pendante) devantletribunal", "litige",
    "annulation", "contentieu", "deuxmois", "2mois", "(?:juridiction|tribunal)competente?", "enconnaitre", "relevedu",
)  # fmt: skip
_JUDGED = re.compile(r"(?:jugement|ordonnance)[a-z0-9]{0,40}$")
_ALONE = re.compile(r"\s?(?:[.,;(]|$|est competent|sous\b|dans\b)")
_ITEM = re.compile(r"^\d{1,2}[^\w\n]{1,4}\Z", re.MULTILINE)
_NUMBER_OF_ARTICLE = 24
"""Squeezed characters of an article before a court that is all that it says."""
_BEFORE_COURT, _AFTER = 400, 250
"""Squeezed characters around a court in which a word must show that the text is about remedies."""


def courts_named(document: ActText, segment: Segment) -> list[TextMatch[str]]:
    """Return the courts in the remedies of a decree, each once, in order, named as in `courts.toml`; not those of visas or quoted
    judgments."""
    by_spelling, mention, place = _courts()
    found: dict[str, TextMatch[str]] = {}
    for block in _closed(segment):
        named = [(match.value, match.start, match.end) for match in document.finditer(mention, block.start, block.end)]
        for short in _SHORT.finditer(document.flat, block.start, block.end):
            match = document.match(place, short.end(), block.end)
            named += [] if match is None else [(match.value, short.start(), match.end)]
        for spelt, start, end in named:
            judged = document.search(_JUDGED, *document.around(start, start, 60, 0, (segment.start, start)))
            # "Article 4 : Tribunal administratif de Lyon.", "4°/ Tribunal administratif de Lyon."
            first = len(document.squeezed(block.start, start)) < _NUMBER_OF_ARTICLE
            opens = first or _ITEM.search(document.folded.text, block.start, start) is not None
            alone = opens and _ALONE.match(document.flat, end) is not None
            near = document.around(start, end, _BEFORE_COURT, _AFTER, (segment.start, segment.end))
            if judged is None and (alone or document.search(_REMEDY, *near) is not None):
                name = by_spelling[spelt["name"] or spelt["town"]]
                found.setdefault(name, TextMatch(name, start, end))
    return sorted(found.values(), key=lambda entry: entry.start)


def _closed(segment: Segment) -> list[Block]:
    """Return the parts in which a decree may close; without articles also the text below its last visa or recital."""
    parts = (DecreePart.ARTICLE, DecreePart.BODY, DecreePart.HEADING)
    return [block for block in segment.blocks if block.part in parts or (block is segment.blocks[-1] and not segment.has_articles)]


@cache
def _courts() -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """Return the names of courts by their spellings, and the patterns of a court, and of its place alone, over squeezed text."""
    by_spelling: dict[str, str] = {}
    for spelling, name in spellings().items():
        # "de Nouvelle" may be put back as a damaged "renouvelle".
        mended = repair(f"de{spelling}", load("cues.toml")["misreads"]).text
        by_spelling |= {spelling: name, **({} if mended == f"de{spelling}" else {mended: name})}
    # The longest first: Saint-Denis de La Réunion is not Saint-Denis.
    names = "|".join(sorted(by_spelling, key=len, reverse=True))
    address = rf"(?:(?!{_OTHER_ADDRESS}|\d{{5}}(?:{names})).){{0,90}}\d{{5}}(?P<town>{names})"
    place = rf"{LINK}(?P<name>{names})"
    return by_spelling, re.compile(rf"{PREFIX}(?:{place}|{address})"), re.compile(place)


# Where and when a decree is signed. Place and day, delegation, office and name stand in any order.

_AFTER_NUMBER = re.compile(rf"\s*,?\s*(?:en date\s+)?du\s+(?P<day>{ANY_DATE})(?!\s*(?:a \d|au\b|jusqu))")
# "Arrêté 12 janvier 2027", "Arrêté préfectoral n° …… en date du 12 janvier 2027": its number is not filled in.
_DATED_TITLE = re.compile(
    rf"\b(?:arrete|a r r e t e){OFFICIAL}(?:\s+n[°ºo2\s.…]{{0,40}}(?:\s[\d-]+)?)?\s+(?:(?:en date\s+)?du\s+)?(?P<day>{ANY_DATE})"
    r"(?!\s*(?:au\b|jusqu|portant delegation))"
)
# A stamp leaves a dash where a digit would be: "le - 7 AOUT 2026".
_DAY = rf"[lci]e\s*[:.\-]?\s*(?P<day>{ANY_DATE})"
_FAIT = r"\bfait\s+a(?:ux?)?\s+(?::\s)?(?!(?:sous-)?prefe|maire|public)[^\n,]{2,40}?(?:\s*,\s*en\s[a-z' ]{4,30}?)?"
_DONE = re.compile(rf"{_FAIT}\s*,?\s*(?:[a-z]\d{{1,2}}\s)?{_DAY}|{_FAIT}(?:,?[ ]?[lci]e\b(?! (?:sous-)?pref)|,|\n|$)")
# "Toulon, le 5 mai 2026", "Lieu et date : Toulon, le 5 mai 2026". "Fait le" has no place where several sign, each in another, told below.
_TOWN = r"[a-z][a-z' \-]{1,40}?"
_DONE_AT = rf"(?:fait|donne|signe|etabli|decide)(?:\s+en\s[a-z' ]{{4,30}}?)?(?:\s?,?\s+a\s+{_TOWN})?\s?,?"
_AT = rf"(?P<town>\s?,?\s(?:fait\s)?a\s{_TOWN}(?=\W?$))?"
_LINE = re.compile(rf"^\W{{0,3}}(?:[a-z][a-z ]{{3,20}}\s:\s)?(?:{_DONE_AT}|(?:a\s+)?{_TOWN}\s?,)\s?{_DAY}{_AT}", re.MULTILINE)
# "Le 5 mai 2026, à Toulon", "Le 5 mai 2026", "Toulon, 5 mai 2026": items of a list look the same.
_LOOSE = re.compile(rf"^\W{{0,3}}(?:[lci]e\s|{_TOWN}\s?,\s?)(?P<day>{ANY_DATE}){_AT}\W?$", re.MULTILINE)
# "Bureau de l'ordre public    Dijon, le 2 mai 2026", "La préfète de la Loire Le mardi 2 mai 2026", "Date : 2 mai 2026", or alone.
_HEADED = re.compile(
    r"^\W{0,3}(?:(?:[a-z]{6,8} suivie? par\s?:\s?)?(?:[^\n.;:\d]{1,90}[ ])?(?=[a-z]['a-z-]{1,30},)|(?=[a-z][a-z'-]{2,30} le )"
    r"|(?P<author>(?:l[ea] )?prefete? (?:de |du |des |d')[^\n.;:,\d]{2,60} )|date\s?:\s?)?"
    rf"(?P<dated>(?:[a-z]['a-z-]{{1,30}},?[ ]?)?(?:[lci]e\s*[:.\-]?\s*)?(?P<day>{ANY_DATE}))\W?$",
    re.MULTILINE,
)
_FIRST_LETTER = re.compile(r"\W{0,3}(?:a\s+)?(?=[a-z])")
# A sentence that ends a line with one of these goes on.
_GOES_ON = re.compile(
    r"(?:\b(?:de|du|des|la|le|les|un|une|a|au|aux|en|et|ou|sur|sous|par|pour|dans|avec|entre|vers|chez|que|qui|dont|lors|ses?|son|sa|leurs?|est)"
    r"|\b[dlsn]')$"
)
# So does one that says more of the day; on the next line too, where it begins as no signatory does.
_MORE = rf"(?:(?:de|entre|a|au|des|jusqu'a|vers)\s?{HOUR}|(?:a partir|a compter|a l'occasion|jusqu'|afin)(?![a-z]))"
_AFTER_A_PERIOD = re.compile(rf"\s?,?\s?{_MORE}|[ ]?,?[ ]?(?:au(?= \d)|inclus|pour(?! l[ea] prefe)|lors|et|dans|sur|est|sont)(?![a-z])")
_LINE_END = re.compile(r"[ ]?(?:\n|$)")
# What became of the decree since.
_LATER = re.compile(r"\b(?:recue?|reception|notifie|notification|publiee?|publication|affichee?|affichage|transmise?|executoire|raa)\b")
# As printed on the line above, without a stop: a sentence of an article that goes on has no capital.
_NOTIFIED = re.compile(r"\W*(?:N(?i:otifi)|R(?i:e[çc]u|éception|emis))(?:[^.]|(?:(?<=\bM)|(?<=\bM[Mr])|(?<=\bMme)|(?<=\bDr))\.)*$")
_ARTICLE = re.compile(r"\W{0,3}a[rt][tl]ic[l1i]e\b")


def signed(document: ActText, segment: Segment, number: TextMatch[str] | None) -> TextMatch[date] | None:
    """Return the day of signature, None if the text has none: never from the act's identifier, nor from the title of an erratum, which has
    the corrected decree's."""
    text = document.folded.text
    headings = list(segment.of(DecreePart.TITLE, DecreePart.HEADING))
    printed = rf"(?<![\w-])(?:{re.escape(text[number.start : number.end])}|{re.escape(fold(number.value).text)})" if number else "(?!)"
    numbered = [
        match
        for start, end in ((number.start, number.end) if number is not None else (0, 0), *((block.start, block.end) for block in headings))
        for found in re.finditer(printed, text[start:end])
        if (match := _AFTER_NUMBER.match(text, start + found.end())) is not None
    ]
    titled = [
        match
        for block in (headings if erratum(document, segment) is None else ())
        for match in unquoted(_DATED_TITLE, text, block.start, block.end)
    ]
    for match in (*numbered, *titled, *_signings(document, segment), *letterhead(document, segment)):
        day = full(match["day"] or "")
        if day is not None:  # of a line of the letterhead the town and day alone: a person may be named before them
            return TextMatch(day, match.start("dated" if match.re is _HEADED else 0), match.end())
    return None


def _signings(document: ActText, segment: Segment) -> list[re.Match[str]]:
    """Return where a decree is signed, each with its `day` where one can be read: "Fait à …" before other lines, the last first."""
    done = [match for block in segment.blocks for match in _DONE.finditer(document.folded.text, block.start, block.end)]
    operative, others = (
        [line for block in _closed(segment) if (block.part is DecreePart.ARTICLE) is closing for line in signing_lines(document, block)]
        for closing in (True, False)
    )
    found = (*reversed(done), *reversed(operative), *reversed(others))
    annexes = (_ANNEX.search(document.folded.text, block.start, block.end) for block in segment.of(DecreePart.ARTICLE))
    # What is annexed, an agreement say, has a day of its own.
    annex = next((match.start() for match in annexes if match is not None), segment.end)
    return sorted((match for match in found if not _is_later(document, match)), key=lambda match: match.start() > annex)


# A line of its own, with the number of the decree or without: "ANNEXE 1 à l'arrêté n° 2026-12".
_ANNEX = re.compile(r"^\W{0,3}annexes?\b(?: (?:[ivx]{1,4}|\d{1,2}|unique))?(?: a l'arrete[^\n.;]{0,60})?\W{0,3}$", re.MULTILINE)


def signing_lines(document: ActText, block: Block) -> list[re.Match[str]]:
    """Return the lines of one part that date a signature, in order, each with its `day`; none for a list of days, as only the last article
    is signed, in one line that is no item."""
    text, start, end = document.folded.text, block.start, block.end
    loose = [match for match in _LOOSE.finditer(text, start, end) if _closes(document, match)]
    if len(loose) != 1 or _ARTICLE.match(text, end) or text[start : loose[0].start()].rstrip().endswith(":"):
        loose = []
    found = sorted((*_LINE.finditer(text, start, end), *loose), key=lambda match: match.start())
    return [match for match in found if _stands_alone(document, match.start(), match.end(), end)]


def letterhead(document: ActText, segment: Segment) -> Iterator[re.Match[str]]:
    """Yield the day that ends a line of the letterhead, above the title, or behind who decides."""
    for block in segment.of(DecreePart.HEADING):
        title = own_heading(document.folded.text, block.start, block.end)
        for match in _HEADED.finditer(document.folded.text, block.start, block.end):
            first = document.original(match.start("dated"), match.start("dated") + 1)
            if (match.start() < title or match["author"]) and not first.islower():
                yield match


def is_of_letterhead(document: ActText, segment: Segment, start: int, end: int) -> bool:
    """Return whether place and day begin a letter: they date the writing of an act."""
    return any(match.start("day") <= end and start < match.end() for match in letterhead(document, segment))


def _closes(document: ActText, match: re.Match[str]) -> bool:
    """Return whether a line has a town, or is within two lines of a delegation or an office, and continues no sentence."""
    text, start, end = document.folded.text, match.start(), match.end()
    above, below = (
        [bool(_FOR.match(line) or _offices().fullmatch(line)) for line in re.findall(r"[^\n .,;][^\n]*?(?=[ .,;]*(?:\n|$))", part)]
        for part in (text[max(start - _BEFORE, 0) : start], text[end : end + _BEFORE])
    )
    stopped = _is_stopped(document, start) or any(above[-1:]) or _above(document, max(start - _BEFORE, 0), start)[1]
    return stopped and (match["town"] is not None or any((*above[-2:], *below[:2])))


def _stands_alone(document: ActText, start: int, end: int, limit: int) -> bool:
    """Return whether no sentence continues before the line or after its day, and the place begins with a capital. Below a line without a
    stop, no article may follow the one that ends at `limit`; below a line in mid-sentence, perhaps of another text layer, the day must end
    its line."""
    text = document.folded.text
    first = _FIRST_LETTER.match(text, start, end)
    if first is None or not document.original(first.end(), first.end() + 1).isupper() or _AFTER_A_PERIOD.match(text, end):
        return False
    last = _ARTICLE.match(text, limit) is None
    if _GOES_ON.search(text[max(start - 60, 0) : start].rstrip()):
        return last and _LINE_END.match(text, end) is not None
    return last or _is_stopped(document, start)


def _is_later(document: ActText, match: re.Match[str]) -> bool:
    """Return True for the day on which somebody learned of a decree: "Notifié à l'intéressé,\nà Toulon, le 22 octobre 2026"."""
    above = document.printed(max(match.start() - _BEFORE, 0), match.start()).rstrip().rpartition("\n")[2]
    return _LATER.search(match.group()) is not None or _NOTIFIED.match(above) is not None


def _is_stopped(document: ActText, start: int) -> bool:
    """Return whether a stop or a blank line is above a line. One line break of the folded text may stand for several."""
    return document.printed(max(start - 1, 0), start).count("\n") > 1 or not re.search(
        r"[a-z,]$", document.folded.text[max(start - 60, 0) : start].rstrip()
    )


# By whose office.

_REACH = 420
"""Characters after the place and day in which the signatory is named: a delegation, an office, a name."""

_BEFORE = 260
"""Characters before it, where the text of a stamp was read first."""

_TAIL = 2500
"""Characters at the end of the last article in which a signature without a place is looked for: remedies may follow it."""

# "Pour le préfet et par délégation", "La préfète, pour elle, la directrice de cabinet": whoever comes next signs, and not the prefect.
_FOR = re.compile(
    r"(?<!general )(?<!generale )\b(?:pour\s+|p\W{0,2}\s?)(?:l[ea]\s+|l')"
    r"(?:(?:sous-)?prefet|haute?[ -]commissaire|administrat\w{3,4} superieure?|direct(?:eur|rice)|secretaire|chef)[\w-]*"
    r"|\bpour (?:elle|lui)\b(?=\W{1,3}l[ea]\s)"
)
_ACTING = re.compile(
    r"\bpar (?:delegation(?: de la prefete)?|empechement)\b|(?<!general )(?<!generale )\bpar suppleance\b|\b(?:absente?|empechee?)\b"
)
# On its line it opens the signature, whatever the articles above say of remedies.
_FOR_ALONE = re.compile(rf"^\W{{0,3}}(?:{_FOR.pattern})[^\n]{{0,60}}$", re.MULTILINE)
# An office with a complement that the list does not hold is none: half of it may be another office.
_UNLISTED = re.compile(
    r"[ \t]+(?:(?:et )?(?:de|du|des|a|au|aux|pour|en|chargee?|par|est|adjointe?|aupres|maritime|honoraire|referente?)\b|d')"
    r"|\n(?:(?:de|du|des)\b|d')|\s*,\s*(?:adjoint|chef|direct|secret|chargee?\b)"
)
# Nor does whoever is informed, or certifies a copy.
_END = re.compile(
    r"\b(?:voies et delais|delais et voies|recours|annexe|la presente decision|le present arrete|conformement"
    r"|destinataires?|diffusion|ampliations?|copies?)\b"
)


def office(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the office, beginning with its article, in the spelling of the list (`La directrice de cabinet`), or None."""
    return next(_signing(document, segment), None)


def _signing(document: ActText, segment: Segment) -> Iterator[TextMatch[str]]:
    """Yield the offices of a closing, the surest first: below the place and day, right above them, at the end of the articles."""
    text = document.folded.text
    signings = _signings(document, segment)
    for place in (each for each in signings if not segment.has_articles or segment.at(each.start()).part is DecreePart.ARTICLE):
        end = min(place.end() + _REACH, segment.end)
        yield from _between(document, place.end(), end)
        if _FOR.search(document.flat, place.end(), end) is None:
            yield from _between(document, max(place.start() - _BEFORE, segment.start), place.start(), whole_line=True)
    last = next(reversed(list(segment.of(DecreePart.ARTICLE))), None)
    if last is None:
        return
    start = max(last.start, last.end - _TAIL)
    delegated = [match.start() for match in _FOR_ALONE.finditer(text, start, last.end)]
    yield from _between(document, delegated[-1] if delegated else start, last.end, whole_line=True)
    if delegated:
        return
    # Below a full stop, a name between them or not. One to whom a remedy goes stands below "à" or a colon, over an address.
    for match in reversed(list(_offices().finditer(text, start, last.end))):
        above, named = _above(document, start, match.start())
        over_an_address = re.match(r"\W*\d", text[match.end() : last.end]) is not None
        if above.endswith(".") and (match["article"] or named) and _is_alone(text, match, start, last.end) and not over_an_address:
            yield _printed(match)


def _between(document: ActText, start: int, limit: int, *, whole_line: bool = False) -> Iterator[TextMatch[str]]:
    """Yield the offices after the last delegation of a stretch, in order, then the one right above a delegation."""
    text = document.folded.text
    stop = _END.search(document.flat, start, limit)
    limit = stop.start() if stop is not None else limit
    opened = max((mark.end() for delegation in (_FOR, _ACTING) for mark in delegation.finditer(document.flat, start, limit)), default=start)
    for match in _offices().finditer(text, opened, limit):
        if _UNLISTED.match(text, match.end(), limit) is None and (not whole_line or _is_alone(text, match, start, limit)):
            above, named = _above(document, opened, match.start("office"))
            if opened > start:  # whoever is represented may have a second title on the next line
                closes = "\n" not in above and not match["office"].startswith("prefet")
            else:
                closes = named and above.endswith(".") if whole_line else not above
            if match["article"] or (closes and _ENDS_LINE.match(text, match.end(), limit)):
                yield _printed(match)
    # "Le secrétaire général,\npour le préfet et par délégation,": right above, and not the prefect himself.
    for mark in _FOR_ALONE.finditer(text, start, limit) if whole_line else ():
        for match in _offices().finditer(text, start, mark.start()):
            if not text[match.end() : mark.start()].strip(" \n,.;:") and match["article"] and not match["office"].startswith("prefet"):
                yield _printed(match)


_BLANK = " \n,;:-"
_ENDS_LINE = re.compile(r"\W*(?:\n|$)")


def _above(document: ActText, start: int, end: int) -> tuple[str, bool]:
    """Return the text between the beginning of a closing and an office, without a name right above the office, and whether there is such a
    name. Another page is not part of the closing."""
    before = document.folded.text[start:end].rstrip(_BLANK)
    line = before.rfind("\n") + 1
    if document.page(start + len(before)) != document.page(end):
        return f"{before}\n", False
    # "… et au directeur de Transports Basques." ends a sentence.
    named = not before.endswith(".") and is_signatory(document.original(start + line, start + len(before)))
    return re.sub(r"\W*\bsigne$", "", before[:line] if named else before).rstrip(), named


def _is_alone(text: str, match: re.Match[str], start: int, limit: int) -> bool:
    """Return whether an office is all of its line."""
    return re.search(r"(?:^|\n)\W*$", text[start : match.start()]) is not None and _ENDS_LINE.match(text, match.end(), limit) is not None


def _printed(match: re.Match[str]) -> TextMatch[str]:
    """Return the office in the spelling of the list, which is the same for every print ("LE PREFET DE POLICE", "Préfet de Police")."""
    spelt, spellings = _spellings()
    words = " ".join(match["office"].split())
    article = (match["article"] or ("l'" if words.startswith("a") else "la" if _FEMININE.match(words) else "le")).strip()
    value = f"{article} {spelt.sub(lambda found: spellings[_plain(found.group())], words)}"
    value = re.sub(r"\b([ld])(?:'\s?|\s)(?=\S)", r"\1'", value)
    return TextMatch(value[:1].upper() + value[1:], match.start("article" if match["article"] else "office"), match.end())


_FEMININE = re.compile(r"\S*(?:prefete|directrice|cheffe|haute-\w+|commandante|representante)\b|secretaire generale|commissaire deleguee")


@cache
def _spellings() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern of the folded words of the list, the longest first, and the spelling of each."""
    data = load("offices.toml")
    words: set[str] = {*data["words"], *_codes().values(), *data["territories"], *data["regions"], *data["towns"]}
    for entry in data["office"]:
        words.update(*map(_spread, (*entry["names"], *entry["complements"])))
    # "du territoire" needs none, and must not hide the "Territoire de Belfort".
    spelt = {_plain(folded): word for word in words if (folded := fold(word).text) != word}
    return re.compile(rf"(?<!\w)(?<!\w-)(?:{_choice(spelt.values())})(?![\w-])"), spelt


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s'-]+", name))


@cache
def _offices() -> re.Pattern[str]:
    """Compile the pattern of an office: with its own complement, then a department, region or town, or its prefecture."""
    data = load("offices.toml")
    names, regions, towns = _choice([*_codes().values(), *data["territories"]]), _choice(data["regions"]), _choice(data["towns"])
    where = (
        rf"{_OF}(?:{names})(?:\s+par\s+interim)?|(?:de\s+l'arrondissement\s+)?(?:{towns})(?:\s+et\s+(?:{towns}))?"
        rf"|de\s+(?:la\s+)?(?:region|zone)(?:\s+de\s+defense(?:\s+et\s+de\s+securite)?)?\s+(?:{_OF})?(?:{regions})"
    )
    own = (
        rf"(?:{_choice(entry['names'])})(?:\s+(?:{_choice(entry['complements'])})){'' if entry.get('needs') else '?'}"
        for entry in data["office"]
    )
    single = rf"(?:{'|'.join(own)})(?:\s+(?:{where}))?(?![\w'-])"
    return re.compile(rf"(?:\b(?P<article>l[ea]\s+|l'\s?)|^\W{{0,3}}|,[ ]?)(?P<office>{single}(?:\s*,\s*{single})*)", re.MULTILINE)


def _choice(words: Iterable[str]) -> str:
    """Return alternatives over a folded text, the longest first, with blanks, hyphens and apostrophes loose."""
    folded = sorted((fold(each).text for word in words for each in _spread(word)), key=len, reverse=True)
    return "|".join(re.sub(r"(?:\\ |\\-|-| )+", r"[\\s-]+", re.escape(word)).replace("'", "['\\s]\\s?") for word in folded)


def _spread(words: str) -> Iterator[str]:
    """Yield what words with braces stand for: "délégué{,e}" is "délégué" and "déléguée"."""
    parts = re.split(r"[{}]", words)
    return map("".join, product(*(part.split(",") if rank % 2 else [part] for rank, part in enumerate(parts))))


_OF = r"(?:de\s+la\s+|de\s+l['\s]\s?|des\s+|du\s+|de\s+|d['\s]\s?)"


# What of the end of a decree is not shown.

_ANY_DAY = re.compile(ANY_DATE)
_MOST = 12
"""Days and offices of each kind that are explained."""


def passed_over(document: ActText, segment: Segment, number: TextMatch[str] | None) -> Iterator[tuple[str, TextMatch[str]]]:
    """Yield the days (`signed`) and offices (`office`) from the last article on that are not shown, each with the reason why not."""
    text = document.folded.text
    articles = list(segment.of(DecreePart.ARTICLE))
    start = max(articles[-1].start, articles[-1].end - _TAIL) if articles else segment.start
    day, own, signings = signed(document, segment, number), office(document, segment), _signings(document, segment)
    for match in islice(_ANY_DAY.finditer(text, start, segment.end), _MOST):
        if day is None or not day.start <= match.start() < day.end:
            surer = any(signing.start() <= match.start() < signing.end() for signing in signings)
            line = text.rfind("\n", 0, match.start()) + 1
            yield "signed", TextMatch("another one is surer" if surer else _no_signing(document, line, segment.end), line, match.end())
    seen = [(found.start, found.end) for found in _signing(document, segment)]
    for match in islice(_offices().finditer(text, start, segment.end), _MOST):
        if own is not None and not own.start <= match.start("office") < own.end:
            surer = any(first <= match.start("office") < last for first, last in seen)
            yield "office", TextMatch("another one is surer" if surer else _no_office(document, match), *match.span("office"))


def _no_signing(document: ActText, line: int, limit: int) -> str:
    if (opened := _LINE.match(document.folded.text, line, limit)) is not None:
        return "somebody learned of it on that day" if _is_later(document, opened) else "a sentence goes on around it"
    alone = _LOOSE.match(document.folded.text, line, limit) is not None
    return "nobody signs beside it, or a list or a sentence goes on" if alone else "its line is not one of a signature"


def _no_office(document: ActText, match: re.Match[str]) -> str:
    if match["office"].startswith("prefet") and _FOR.search(document.flat, max(match.start() - 20, 0), match.end()) is not None:
        return "another signs for it"
    listed = _UNLISTED.match(document.folded.text, match.end()) is None
    return "it does not stand where somebody signs" if listed else "what follows makes another of it, which the list has not"


# Which prefect comes first of the several who decide together: the competent court is that of the first named (CJA, article R. 312-1).

# "Le préfet du Gard," on its line. "Préfet des Bouches-du-Rhône" without an article goes on with the titles of the one above.
_AUTHOR = re.compile(r"^\W{0,3}l[ea]\s+prefete?\b(?P<others>[^\n]*(?:,|\bet) l[ea] prefete? (?:de |du |des |d'))?", re.MULTILINE)


def first_prefect(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the code of the prefect who is named first, if the heading names several, each on a line; no code if one sentence names them,
    as none of them decides alone. None if one decides."""
    prefect, text = _prefect(), document.folded.text
    for block in segment.of(DecreePart.HEADING):
        authors = list(_AUTHOR.finditer(text, block.start, block.end))
        starts = [match.start() for match in authors]
        named = [prefect.search(text, low, high) for low, high in pairwise([*starts, block.end])]
        first = next(iter(named), None)  # None also where it is of no department ("Le préfet de la région"): it is not for this rule to say
        if first is not None and any(match["others"] for match in authors):
            return TextMatch("", *first.span())
        if first is not None and len({match.lastgroup for match in named if match is not None}) > 1:
            return TextMatch((first.lastgroup or "").removeprefix("_"), *first.span())
    return None


@cache
def _prefect() -> re.Pattern[str]:
    """Compile the pattern of a prefect of police or of a department, over the folded text: the group's name is the code. Longer names
    first."""
    names = sorted(_codes().items(), key=lambda entry: -len(entry[1]))
    departments = "|".join(f"(?P<_{code}>{_choice([name])})" for code, name in names)
    return re.compile(rf"\bprefete?\s+(?:(?P<_PP>de\s+police)(?!\s+des)|{_OF}(?:{departments}))(?![\w-])")


@cache
def _codes() -> dict[str, str]:
    """Return the names of departments by the codes of their authorities."""
    return dict(entry.split(" ", 1) for entry in load("offices.toml")["departments"])
