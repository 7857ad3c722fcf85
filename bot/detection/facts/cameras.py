"""Finds whose images are used: how many cameras, and of which type."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile, zip_longest

from bot.detection.facts.operators import beside_formality
from bot.detection.text.cues import fold, load
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch, own_heading
from bot.detection.text.mentions import UNTICKED
from bot.detection.text.phrases import CARDINAL, MONTH, cardinal
from bot.detection.text.rows import CARRIER, GROUND, Line, has_gap, in_cells, lines_of, lists
from bot.domain.facts import CAMERA_TYPES

_IN_WORDS = rf"{CARDINAL}(?:[ -]?{CARDINAL}){{0,6}}"
_COUNT = rf"(?P<count>\d{{1,4}}|{_IN_WORDS})"
_CAMERAS = re.compile(
    rf"(?<![\w-])(?<!\d[.,])(?<!n° )(?<!article ){_COUNT}\s*(?:\(\s*(?:(?P<again>\d{{1,4}})|{_IN_WORDS})\s*\)\s*)?"
    # Nor the head of a row of numbers, below one that ends in a number.
    r"(?:(?:autres|seules?|nouvelles)\s+)?cameras?\b(?!\s+\d{1,4}\s+\d{1,4}\b| a l'autre\b)"
)
# A delay, an hour, a crowd, a share: "le nombre de caméras varie lorsque l'affluence atteint 500 personnes".
_NO_OTHER_UNIT = (
    r"(?!\s?(?:%|a \d|(?:pour cent|h|heures?|minutes?|jours?|semaines?|mois|ans?|annees?"
    r"|personnes?|spectateurs?|visiteurs?|agents?|euros?|m|metres?)\b))"
)
_FIXED = re.compile(
    r"\b(?:(?:nombre (?:maximal |total |maximum )?de(?:s)? )?cameras(?P<aside>,|\s?:)|cameras?\b[^.;:]{0,60}?\bau nombre (?:total )?de"
    r"|nombre de(?:s)? cameras \("
    r"|(?:nombre (?:maximal |total |maximum )?de(?:s)? cameras|\bcameras?\b[^.;]{0,160}?\b(?:leur|ce) nombre)[^.;]{0,180}?"
    r"(?:(?:fixe|limite|(?:ramene|reduit|passe|porte)(?: de [\w-]+)?|arrete|egal|s'eleve|s'etabli\w+|ressort)"
    r"(?: (?:ainsi|donc|desormais))? a"
    r"|(?:atteint|(?:est|demeure|reste|sera)(?= (?:ainsi |donc |desormais )?de))(?: (?:ainsi|donc|desormais))?(?: de)?"
    r"|ne \w+ (?:pas )?(?:exceder|depasser|etre superieur a)|n'excede(?:ra)? pas|:))"
    rf"\s*{_COUNT}\b(?!-)(?(aside)(?=\s?(?:[.;,(]|$|au total|en tout)))(?! par l'(?:article|arrete|annexe))"
    rf"{_NO_OTHER_UNIT}"
)
# A line of a form: "Nombre total de caméras  187", "Caméras reliées au logiciel  38, fixes".
_ROW = re.compile(
    r"^\W{0,3}(?:[a-z]?\d{1,2}[ .)-]{1,3})?(?P<whole>nombre (?:total |maximal )?de(?:s)? )?"
    rf"cameras?\b(?:(?! dans | sur | par )[^\n\d.;:]){{0,60}}\s{_COUNT}(?=\s*(?:, (?:fixes|mobiles))?$)",
    re.MULTILINE,
)
# "40 pour la préfecture de police, 62 pour la SNCF et 18 pour la RATP, soit 120 au total": the sum that a sentence on cameras ends with.
_SUM = re.compile(
    r"\bcameras?\b[^.;]{0,300}?(?:[\s,(]|;\s(?=le total))(?:soit|(?:pour |formant )?un total de|au total|dans la limite de"
    r"|le total (?:(?:est|sera) de|ne p\w+ (?:exceder|depasser))|total)\s?:?\s"
    rf"(?:(?:au total|en tout|un total de|un ensemble de)\s)?{_COUNT}"
    r"(?=\s?(?:[.;,)]|cameras?\b|au total|en tout|points?\b))"
)
# What follows a first number in the same sentence, each part with noun, place or kind: "12 caméras du parc, 9 à Lens et 4 fixes".
_NUMBER = rf"(?:\d{{1,4}}|{_IN_WORDS})\b(?:\s?\(\s?(?:\d{{1,4}}|{_IN_WORDS})\s?\))?"
_MORE = re.compile(
    r"(?:(?:[^.;:,\d()]|\([^()]*\)){0,120}?(?:\s?,|\s(?:et|ainsi que|plus)\b|\sauxquelles s'ajout\w+)(?:\s(?:et|puis|plus)\b)?"
    rf"(?:,?\sd'autre part,?|\sauxquelles s'ajout\w+)?\s(?:de\s|d'\s?|a\s)?(?!dix heures){_NUMBER}{_NO_OTHER_UNIT}"
    r"(?:\s(?:autres\s)?cameras?\b|(?=\s(?:pour|aux?|a(?! \d)|sur|dans|en|devant|autour|du|de la|des(?! \d)|de l'"
    r"|fixes?|mobiles?|nomades?|(?:in|ex)terieures?)\b)(?<!\sun)(?<!\sune)|(?=\s(?:sur|dans|a|aux?|pour|fixe|mobile|nomade)\b)))+"
)
# "Place Foch : quatre caméras ; rue Basse : trois caméras."
_COUNTED = re.compile(rf"(?:[^;:.]{{3,80}}:\s?{_NUMBER} cameras?\b[^;:.]{{0,40}}(?:[;.]|$)){{2,}}")
# "La police, sur 40 caméras ; la gendarmerie, sur 12 caméras": these may be the same.
_ON_SOME = re.compile(rf"\b(?:sur|de)\s{_NUMBER} cameras?\b")
_SEMICOLON = re.compile(r"[;.]")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_EACH_MORE = re.compile(rf"(?:,|\b(?:et|que|plus|part,?|s'ajout\w+))\s(?:de\s|d'\s?|a\s)?({_NUMBER})")
# "8 à Lens et 12 caméras à Dax", "12 caméras à Lens, où il y en a 8 sur le quai": parts that were not added up.
_STRAY = re.compile(
    r"(?<![\w'-])(?<!\d[.,:])(?<!n° )(?<!article )(?<!\b[adl]u )(?<!le )(?<!di )(?<!che )(?<!h )(?<!heures )(?!une?\b|et\b)"
    rf"(?:\d{{1,3}}|{_IN_WORDS})\b{_NO_OTHER_UNIT}"
    r"(?=\s(?:cameras?|pour|aux?|l[ae]s?|sur|dans|devant|autour|fixes?|mobiles?|nomades?|(?:in|ex)terieure?s?|autres?)\b)"
)
_UP_TO_PARTS = re.compile(r"(?:(?!\b(?:dont|soit|a savoir|y compris|comprenant)\b)[^.;:()])*")
_REST = re.compile(r"[^.;:]*")
# "Caméras : 5 + 4 + 6", "les caméras du hall (7), des quais (14) et du parvis (3)": the latter may be lines or départements.
_ADDED_UP = re.compile(
    r"\bcameras?\b(?:\s?:)?\s(?P<sum>\d{1,4}(?:\s?\+\s?\d{1,4})+)"
    rf"|\bcameras?\b(?![^.;:()]{{0,80}}\b(?:communes?|villes?|stations?)\b)(?P<brackets>(?:(?:(?!\bdont\b|\b{CARDINAL}\s?\()[^.;:()\d]){{3,80}}\(\d{{1,3}}\)){{2,20}})"
)
# "Trois aéronefs, à raison d'une caméra par appareil", "chacun équipé d'une caméra": of each, and no count.
_ONE_EACH = re.compile(
    rf"\b(?<!article ){_COUNT}\s+(?:{CARRIER})\b(?:(?!\bcameras\b)[^.;]){{0,80}}?\b(?:(?:d'|de |a )?une (?:seule )?camera"
    rf" (?:par (?:appareil|{CARRIER})|chacun)|chacun\b[^.;]{{0,40}}?\bune (?:seule )?camera\b)"
)
# "Le nombre « 41 » est remplacé par le nombre « 58 »", in an article that may not say of what.
_INSTEAD = re.compile(
    r"\b(?:nombres?|mots?|chiffres?)\s?:?\s?\"(?P<former>[^\"]{1,40})\"\s(?:est|sont) remplacee?s? par\s(?:l[ae]s? )?"
    rf"(?:(?:nombres?|mots?|chiffres?)\s?:?\s?)?\"\s?{_COUNT}\s?\"{_NO_OTHER_UNIT}"
)
# The last line of a table or of an annex.
_LAST_LINE = re.compile(
    r"^\W{0,3}(?:(?P<beside>[^\n]*\d \W)[ ])?(?P<said>(?:cameras?,? )?(?:(?:sous-)?total|totaux|ensemble|ens\.|soit)[^\n]*?)?"
    r"(?<!\d)(?P<count>\d{1,4})(?: cameras?)?[ ]?$",
    re.MULTILINE,
)
_FIGURES, _FIGURE = re.compile(r"(?<![\w.-])\d{1,4}(?![\w-])"), re.compile(r"\d{1,4}")
# … and the words of what it counts are replaced in the same sentence.
_ALSO_OF = re.compile(r"[^.]{0,120}?\bcameras?\b")
_CAMERA = re.compile(r"\bcameras?\b")
# What else than cameras a table counts whose heading speaks of both.
_NOT_CAMERAS = re.compile(r"\b(?:agents?|effectifs?|habilite\w*|couts?|montants?|prix|euros?)\b")
_TABLE, _ROWS = 3000, 60
"""Characters and lines of one table at most."""
# "12 caméras place A, 9 place B et 4 rue C": parts, of which only the first says what it counts. An address has a number from the first on.
_PARTS = re.compile(rf"[^.;:\d]{{0,90}}(?:,|\bet)\s+\d{{1,3}}\s+{GROUND}\b")
_ALTOGETHER = re.compile(r"\s*(?:,\s*)?(?:au total|en tout)\b")
# "au total 20 caméras", "soit 20 caméras": what the others add up to, or the whole beside some of its parts.
_TOTAL = re.compile(r"(?:\bau total,?(?: de)?|\bun total de|\bsoit(?: un total de)?|\ben tout)\s*$")
# "17 caméras dont 3 caméras nomades", "au lieu de 12 caméras": a part, or what was before; and a year that ends the line above.
_NO_COUNT = re.compile(
    rf"(?:(?:\b\d{{1,4}}|\b{CARDINAL}) des\s*$)|"
    r"(?:\b(?:dont|parmi lesquelles|parmi|y compris|au lieu de|porte de|remplacement de|sur chacune des)"
    rf"|\b{MONTH})\s*$"
)
# "60 des 600 caméras", "600 caméras, dont 60 seulement sont reliées".
_SOME = re.compile(
    rf"(?<![\w'-])(?<![.;:] ){_COUNT}\s(?:seulement )?des (?:(?:\d{{1,4}}|{_IN_WORDS}) )?cameras\b"
    # "Sur les 600 caméras du réseau, 60 sont reliées".
    rf"|\b(?:sur|parmi|des)\s(?:l[ae]s\s)?{_NUMBER} cameras\b[^.;:\d]{{0,80}}?,\s(?:seules\s)?"
    rf"(?P<of>\d{{1,4}}|{_IN_WORDS})\s(?:seulement\s)?(?:sont|seront|font|peuvent)\b"
)
# "Les trois caméras de la gare n'en font pas partie", "sous réserve des trois caméras retirées".
_LEFT_OUT = re.compile(
    r"[^.;]{0,140}?\b(?:n'en font pas|ne (?:sont|font|seront) (?:pas|plus)|n'entrent pas|sont exclue|retirees|supprimees)"
)
_BUT_FOR = re.compile(
    r"\b(?:l'exception|l'exclusion|reserve|hors|hormis|sauf|excepte|moins|suppression|retrait)\s(?:de\s|des?\s|d')?(?:les\s)?$"
)
_OF_WHICH = re.compile(
    rf"[^.;:]{{0,60}}?,? dont {_COUNT} "
    r"(?:seulement\b|(?:sont |seront |\w{3,7} )?(?:reliee|raccordee|connectee|concernee|analysee|soumise|retenue))"
)
# "Le tableau est complété par une ligne ainsi rédigée : « gare de X, 7 caméras »": what comes beside the others.
_ADDED = re.compile(r"\b(?:completee?s? par|ajoutee?s?|inseree?s?)\b[^;.]*$")
_RECITED = re.compile(r"\bdemande\b|\bau nombre de\b|\bnombre (?:total )?de cameras\b")
# What another decree allowed.
_OF_ANOTHER = re.compile(r"^\W*vu (?:l'|les |la )?(?:arretes?|decision)|\b(?:a|ont) (?:deja |ainsi )?ete autoris")
_TYPES = {
    kind: (re.compile(rf"\b(?:{'|'.join(words['named'])})\b"), re.compile("|".join(words["near"])) if "near" in words else None)
    for kind, words in load("cameras.toml").items()
}
_NEAR = 250
"""Characters on both sides of a type that count as near it."""
# "Douze caméras de son système de vidéoprotection et cinq caméras fixes".
_APART = re.compile(
    r"\bcameras? (?:du|de|des|d')[^.;,]{0,40}\bvideo\s?-?\s?(?:protection|surveillance)\b"
    r"[^.;]{0,60}(?:,|\bet\b)[^.;,]{0,30}\bcameras? fixes?\b"
)
_MOVING = re.compile(
    rf"\b(?:(?<!application )(?<!telephone )mobiles?|nomades?|embarquees?(?! (?:sur|a bord)[^.;,]{{0,20}}(?:{CARRIER}))|orientables?)\b"
)
_IMAGES = re.compile(rf"\b(?:images|demande)\b[^.;]{{0,150}}\b(?:video\s?-?\s?(?:protection|surveillance)|{CARRIER})\b")
# The title of the implementing decree names both: it says nothing of what is authorised.
_CITED = re.compile(rf"\b(?:decret|relati\w+ aux? modalites)\b[^.;]{{0,330}}?systemes de video\s?-?protection[^.;]{{0,60}}?(?:{CARRIER})\b")
_NONE = re.compile(
    r"\b(?:aucune?|sans|exclusion d\w+|ni|hors|excepte|n'emploie pas|ne recour\w+ pas)\b[^.;,]{0,60}$|\b(?:exclusion)\b[^.;]{0,60}$"
)
_EXCLUDED = re.compile(r"^[^.;,]{0,60}\b(?:(?:n'est|ne sont) (?:pas|ni)(?! autoris)|est exclu|sont exclu|interdit)")


def cameras(document: ActText, segment: Segment, speaking: tuple[Block, ...] = ()) -> TextMatch[int] | None:
    """Return the number of cameras that the decree gives in one figure or as a total of parts; None if unclear. In a decree on several
    things, articles from the first on the topic (`speaking`) count before the others; without a figure in articles, a request or a recital
    counts."""
    titles, articles = list(segment.of(DecreePart.TITLE, DecreePart.HEADING)), list(segment.of(DecreePart.ARTICLE, DecreePart.BODY))
    spoken = next((rank for rank, block in enumerate(articles) if block in speaking), 0)
    titled, before, after = (list(_figures(document, blocks)) for blocks in (titles, articles[:spoken], articles[spoken:]))
    first = _counted([*titled, *after]) or _counted([*titled, *before, *after]) or _counted([*before, *after])
    if first is not None or titled or before or after:
        return first
    preamble = list(segment.of(DecreePart.VISA, DecreePart.RECITAL))
    known = {figure.count.value for figure in _figures(document, preamble)}
    for match in (match for block in articles for match in _INSTEAD.finditer(document.flat, block.start, block.end)):
        former = cardinal(fold(document.original(*match.span("former")).strip()).text)  # what goes is blanked in the folded text
        if (former in known or _ALSO_OF.match(document.flat, match.end(), segment.end)) and (count := cardinal(match["count"])) is not None:
            return TextMatch(count, *match.span())
    told = (block for block in preamble if _OF_ANOTHER.search(document.flat[block.start : block.end]) is None)
    recited = [block for block in told if _RECITED.search(document.flat, block.start, block.end)]
    each = {figure.count.value: figure.count for figure in _figures(document, recited) if figure.count.value > 1}
    return next(iter(each.values())) if len(each) == 1 else None


def counts_others(document: ActText, segment: Segment, counted: TextMatch[int]) -> bool:
    """Return whether title or articles have numbers of cameras that this one, which they do not call the whole, leaves out, or its
    sentence has a number that could be one."""
    blocks = segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY)
    figures = list(_figures(document, blocks))
    others = {figure.position: figure.count.value for figure in figures if figure.count.value != counted.value}
    is_whole = any(figure.is_total and figure.count.value == counted.value for figure in figures)
    unsure = any(figure.in_doubt and figure.count.value == counted.value for figure in figures)
    text, block = document.flat, segment.at(counted.start)
    first = max(text.rfind(mark, block.start, counted.start) for mark in (". ", ";", ":", "(", "\0")) + 1
    rest = _UP_TO_PARTS.match(text, counted.end, block.end)
    beside = (max(first, block.start), counted.start), (counted.end, counted.end if rest is None else rest.end())
    return (
        unsure
        or any(_STRAY.search(text, *span) and not has_gap(document.printed(*span)) for span in beside)
        or (bool(others) and not is_whole and sum(others.values()) != counted.value)
    )


@dataclass(frozen=True, slots=True)
class _Figure:
    """Holds a number of cameras. `is_total`: the decree calls it the whole; `in_parts`: numbers of other parts follow it, without noun;
    `in_doubt`: what was added up may be of other things."""

    count: TextMatch[int]
    position: int
    is_total: bool = False
    in_parts: bool = False
    in_doubt: bool = False


def _counted(figures: list[_Figure]) -> TextMatch[int] | None:
    found: dict[int, TextMatch[int]] = {}
    for figure in figures:
        found.setdefault(figure.position, figure.count)
    for figure in figures:
        if figure.is_total and all(other.value <= figure.count.value for other in found.values()):
            return figure.count
    if any(figure.in_parts for figure in figures):
        return None
    # "une caméra" is most often any camera.
    counted = [entry for entry in found.values() if entry.value > 1] or list(found.values())
    most = max(counted, key=lambda entry: entry.value, default=None)
    others = [entry.value for entry in counted if most is not None and entry.value != most.value]
    return most if most is None or sum(others) in {0, most.value} else None


def _figures(document: ActText, blocks: Iterable[Block]) -> Iterator[_Figure]:
    text = document.flat
    for block in (block for block in blocks if "camera" in text[block.start : block.end]):
        yield from (_Figure(total, total.end, is_total=True) for total in _totals(document, block))
        taken = [match.span() for match in _ONE_EACH.finditer(text, block.start, block.end)]
        for figure in _sums(document, block):
            yield figure
            taken.append((figure.count.start, figure.count.end))
        for pattern in (_ONE_EACH, _SUM, _FIXED, _SOME, _ROW, _CAMERAS):
            for match in pattern.finditer(document.folded.text if pattern is _ROW else text, block.start, block.end):
                said, before = match.groupdict(), text[max(match.start() - 40, block.start) : match.start()]
                some = _OF_WHICH.match(text, match.end(), block.end) if pattern is _CAMERAS else None
                count = cardinal(said.get("of") or said.get("again") or said["count"] if some is None else some["count"])
                if (
                    count is None
                    or (pattern is not _ONE_EACH and any(first <= match.start() < last for first, last in taken))
                    or (pattern is _ROW and not _is_of_form(document, match))
                ):
                    continue
                in_parts = pattern is _CAMERAS and _PARTS.match(text, match.end(), block.end) is not None
                rest = _REST.match(text, match.end(), block.end)
                more = (
                    _MORE.match(text, match.end(), rest.end())
                    if rest and pattern in {_FIXED, _CAMERAS} and not (in_parts or some)
                    else None
                )
                end = (more or some or match).end()
                if more is not None:
                    taken.append((match.start(), end))
                    added = sum(
                        cardinal(part.split("(")[0].strip()) or 0 for part in _EACH_MORE.findall(_IN_BRACKETS.sub("", more.group()))
                    )
                    count = count if added == count else count + added
                if (
                    _NO_COUNT.search(before) is not None
                    or _ADDED.search(text, max(match.start() - 160, block.start), match.start())
                    or (pattern is _CAMERAS and (_BUT_FOR.search(before) or _LEFT_OUT.match(text, match.end(), block.end)))
                ):
                    continue
                if pattern is _SOME:
                    taken.append(match.span())
                whole = pattern in {_SUM, _FIXED} or said.get("whole") or _TOTAL.search(before) or _ALTOGETHER.match(text, match.end())
                yield _Figure(TextMatch(count, match.start(), end), match.start("of" if said.get("of") else "count"), bool(whole), in_parts)


def _sums(document: ActText, block: Block) -> Iterator[_Figure]:
    """Yield the sums of figures with a plus or in brackets, and of the items of a list that each count cameras."""
    text = document.flat
    for match in _ADDED_UP.finditer(text, block.start, block.end):
        figures = [int(figure) for figure in re.findall(r"\d+", match["sum"] or match["brackets"])]
        yield _Figure(TextMatch(sum(figures), *match.span()), match.end(), in_doubt=match["sum"] is None)
    if len(_CAMERAS.findall(text, block.start, block.end)) < 2:
        return
    listed = lists(document, block.start, block.end)
    spans = [(printed.opened, printed.items[-1][1], [text[slice(*item)] for item in printed.items]) for printed in listed]
    spans += [(*match.span(), _SEMICOLON.split(match.group().rstrip(" ;."))) for match in _COUNTED.finditer(text, block.start, block.end)]
    for start, end, items in spans:
        counted = [[] if _ON_SOME.search(item) else _CAMERAS.findall(item) for item in items]
        if items[1:] and all(len(each) == 1 for each in counted):
            yield _Figure(TextMatch(sum(cardinal(again or count) or 0 for [(count, again)] in counted), start, end), start)


def _totals(document: ActText, block: Block) -> Iterator[TextMatch[int]]:
    """Yield the last figures of tables of cameras, where the rows above add up to them."""
    text = document.folded.text
    above: deque[Line] = deque(maxlen=_ROWS)
    for line in lines_of(document, block.start, block.end):
        if (match := _LAST_LINE.search(text, line.start, line.end)) is not None:
            near = [other for other in above if other.start >= match.start() - _TABLE]
            heading = text[near[0].start : match.start()] if near else ""
            if _CAMERA.search(heading + (match["said"] or "")) and not _NOT_CAMERAS.search(heading):
                rows = list(takewhile(lambda row: not row.printed.endswith((".", ":")), reversed(near)))
                yield from _added_up(text, match, rows, parts=re.search(r"\bdont\b", heading) is not None)
        above.append(line)


def _added_up(text: str, last: re.Match[str], rows: Sequence[Line], *, parts: bool) -> Iterator[TextMatch[int]]:
    """Yield the last figure of a table if it is the sum of the rows: in one column, or else of all their figures or of the last in each
    row. In "Total 43 14", under "Nombre" and "Dont pivotantes" (`parts`), the greater sum is the whole."""
    columns = zip_longest(*(in_cells(row.printed).split(" | ") for row in rows), fillvalue="")
    candidates = [[int(cell) for cell in column if _FIGURE.fullmatch(cell)] for column in columns]
    whole = [figures for row in rows if (figures := [*map(int, _FIGURES.findall(text, row.start, row.end))])]
    if last["beside"]:  # "Place Foch   5   –   Total   20": the same columns twice, side by side
        candidates = [[*map(int, _FIGURES.findall(last["beside"])[-1:]), *map(sum, whole)]]
    elif last["said"]:
        candidates += [[row[-1] for row in whole], [sum(row) for row in whole]]
    told = [(int(last["count"]), candidates)]
    before = enumerate(reversed(_FIGURES.findall(last["said"] or "")), start=2) if parts else ()
    told += [(int(figure), [[row[-rank] for row in whole if len(row) >= rank]]) for rank, figure in before]
    sums = [figure for figure, each in told if any(figure in list(accumulate(column))[1:] for column in each)]
    if sums:
        yield TextMatch(max(sums), *last.span())


def _is_of_form(document: ActText, match: re.Match[str]) -> bool:
    """Return False for a line in the midst of a sentence ("les ⏎ caméras de la place du 8 ⏎ mai 1945")."""
    word = re.search(r"[^\W\d]", document.printed(*match.span()))
    return word is not None and word.group().isupper() and not document.printed(match.end(), match.end() + 40).lstrip()[:1].islower()


def camera_types(document: ActText, segment: Segment, mentioning: tuple[Block, ...]) -> list[TextMatch[str]]:
    """Return the types of the cameras whose images are analysed: from title and articles, else from visas and recitals on the topic
    (`mentioning`) or on a system's images; those on a system alone do not count, as any decree may cite one."""
    articles = beside_formality(document, segment.of(DecreePart.ARTICLE, DecreePart.BODY))
    titles, preamble = segment.of(DecreePart.TITLE, DecreePart.HEADING), segment.of(DecreePart.VISA, DecreePart.RECITAL)
    of_images = (block for block in preamble if _IMAGES.search(document.flat, block.start, block.end) is not None)
    found = (_types(document, blocks) for blocks in ([*titles, *articles], list(mentioning), list(of_images)))
    return next((types for types in found if types), [])


def _types(document: ActText, blocks: list[Block]) -> list[TextMatch[str]]:
    text = document.flat
    found: dict[str, TextMatch[str]] = {}
    for block in blocks:
        heading = block.part in {DecreePart.TITLE, DecreePart.HEADING}
        start = own_heading(document.folded.text, block.start, block.end) if heading else block.start
        cited = [match.span() for match in _CITED.finditer(text, start, block.end)]
        for kind, (named, near) in _TYPES.items():
            for match in named.finditer(text, start, block.end):
                low = max(match.start() - 90, start)
                none = _NONE.search(text[low : match.start()]) or UNTICKED.search(document.folded.text, low, match.start())
                excluded = none or _EXCLUDED.search(text[match.end() : min(match.end() + 90, block.end)])
                films = near is None or near.search(text, max(match.start() - _NEAR, start), match.end() + _NEAR)
                if films and not excluded and not any(first <= match.start() < last for first, last in cited):
                    found.setdefault(kind, TextMatch(kind, *match.span()))
                    break
    # "Fixes" is of all of them where no other ones are spoken of.
    if "fixed" in found and not any(_APART.search(text, block.start, block.end) for block in blocks):
        moving = any(_MOVING.search(text, block.start, block.end) is not None for block in blocks)
        found.pop("fixed" if moving else "videoprotection", None)
    return [found[kind] for kind in CAMERA_TYPES if kind in found]
