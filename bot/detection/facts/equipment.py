"""Finds the equipment: the software and its maker, from `equipment.toml` or named as such by the text, and the cameras."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain, islice, takewhile, zip_longest

from bot.detection.facts.operators import beside_formality
from bot.detection.text.cues import fold, load
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch, own_heading
from bot.detection.text.mentions import UNTICKED
from bot.detection.text.phrases import CARDINAL, MONTH, cardinal, joined, without_names
from bot.detection.text.rows import GROUND, Line, in_cells, lines_of, under
from bot.domain.acts import CameraType

# Whose images feed the software: how many cameras, and of which type.

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
    r"|nombre (?:maximal |total |maximum )?de(?:s)? cameras[^.;]{0,180}?"
    r"(?:(?:fixe|limite|ramene|arrete|egal|passe(?: de \w+)?|porte(?: de \w+)?|s'eleve|s'etablit|ressort)(?: (?:ainsi|donc|desormais))? a"
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
    rf"\bcameras?\b[^.;]{{0,300}}?[\s,(](?:soit|(?:pour |formant )?un total de|au total|total)\s?:?\s"
    rf"(?:(?:au total|en tout|un total de|un ensemble de)\s)?{_COUNT}"
    r"(?=\s?(?:[.;,)]|cameras?\b|au total|en tout|points?\b))"
)
# "3 caméras intérieures et 1 caméra extérieure".
_OF_A_KIND = (
    rf"(?:\d{{1,4}}|{_IN_WORDS})\scameras?\s"
    r"(?:(?:in|ex)terieures?|fixes?|mobiles?|nomades?|(?:visionnant|filmant|de) (?:la )?voie publique)\b(?: \([^()]{1,40}\))?"
)
_KINDS = re.compile(rf"(?<![\w-]){_OF_A_KIND}(?:(?:\s?,\s?|\s)(?:et |ainsi que )?(?:de |d')?{_OF_A_KIND}){{1,3}}")
_EACH_KIND = re.compile(rf"(?<![\w-])(\d{{1,4}}|{_IN_WORDS})(?=\scameras?\s)")
# "Trois aéronefs, à raison d'une caméra par appareil", "chacun équipé d'une caméra": of each, and no count.
_ONE_EACH = re.compile(
    rf"\b(?<!article ){_COUNT}\s+(?:aeronefs?|drones?)\b(?:(?!\bcameras\b)[^.;]){{0,80}}?\b(?:(?:d'|de |a )?une (?:seule )?camera"
    r" (?:par (?:appareil|aeronef|drone)|chacun)|chacun\b[^.;]{0,40}?\bune (?:seule )?camera\b)"
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
_PARTS = re.compile(
    r"[^.;:\d]{0,90}(?:,|\bet)\s+\d{1,3}\s+(?:(?:sur|dans|a|aux?|devant|autour)\s|"
    rf"(?:fixes?|mobiles?|nomades?|(?:in|ex)terieures?|{GROUND})\b)"
)
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
_SOME = re.compile(rf"(?<![\w'-])(?<![.;:] ){_COUNT}\s(?:seulement )?des (?:(?:\d{{1,4}}|{_IN_WORDS}) )?cameras\b")
_OF_WHICH = re.compile(
    rf"[^.;:]{{0,60}}?,? dont {_COUNT} "
    r"(?:seulement\b|(?:sont |seront |\w{3,7} )?(?:reliee|raccordee|connectee|concernee|analysee|soumise|retenue))"
)
# "Le tableau est complété par une ligne ainsi rédigée : « gare de X, 7 caméras »": what comes beside the others.
_ADDED = re.compile(r"\b(?:completee?s? par|ajoutee?s?|inseree?s?)\b[^;.]*$")
_RECITED = re.compile(r"\bdemande\b|\bau nombre de\b|\bnombre (?:total )?de cameras\b")
# What another decree allowed.
_OF_ANOTHER = re.compile(r"^\W*vu (?:l'|les |la )?(?:arretes?|decision)|\b(?:a|ont) (?:deja |ainsi )?ete autoris")
_DRONE = re.compile(r"\baeronefs?\b|\bdrones?\b")
# An aircraft that films, not one that may not fly over a place.
_FILMS, _FILMED = re.compile(r"\bcameras?\b|\bimages?\b|\bcaptation\b|\bappareils? photo|algorithm"), 250
_VIDEO = re.compile(r"\bvideo\s?-?\s?(?:protection|surveillance)s?\b|\bcameras? fixes?\b")
_FIXED_ONLY = re.compile(r"\bcameras? fixes?\b|\bcameras\b[^\n.;]{0,60}\d, fixes\b")
# "Douze caméras de son système de vidéoprotection et cinq caméras fixes".
_APART = re.compile(
    r"\bcameras? (?:du|de|des|d')[^.;,]{0,40}\bvideo\s?-?\s?(?:protection|surveillance)\b"
    r"[^.;]{0,60}(?:,|\bet\b)[^.;,]{0,30}\bcameras? fixes?\b"
)
_MOVING = re.compile(
    r"\b(?:(?<!application )(?<!telephone )mobiles?|nomades?|embarquees?(?! (?:sur|a bord)[^.;,]{0,20}(?:aeronef|drone))|orientables?)\b"
)
_IMAGES = re.compile(r"\b(?:images|demande)\b[^.;]{0,150}\b(?:video\s?-?\s?(?:protection|surveillance)|aeronefs?|drones?)\b")
# The title of the implementing decree names both: it says nothing of what is authorised.
_CITED = re.compile(r"\b(?:decret|relati\w+ aux? modalites)\b[^.;]{0,330}?systemes de video\s?-?protection[^.;]{0,60}?aeronefs?\b")
_NONE = re.compile(
    r"\b(?:aucune?|sans|exclusion d\w+|ni|hors|excepte|n'emploie pas|ne recour\w+ pas)\b[^.;,]{0,60}$|\b(?:exclusion)\b[^.;]{0,60}$"
)
_EXCLUDED = re.compile(r"^[^.;,]{0,60}\b(?:(?:n'est|ne sont) (?:pas|ni)(?! autoris)|est exclu|sont exclu|interdit)")


def cameras(document: ActText, segment: Segment, speaking: tuple[Block, ...] = ()) -> TextMatch[int] | None:
    """Return the number of cameras that the decree gives in one figure or as a total of parts; None if unclear. In a decree on several
    things, articles from the first on the algorithm (`speaking`) count before those on drones or fences; without a figure in articles, a
    request or a recital counts."""
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
    """Return whether title or articles have numbers of cameras that this one, which they do not call the whole, leaves out."""
    blocks = segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY)
    figures = list(_figures(document, blocks))
    others = {figure.position: figure.count.value for figure in figures if figure.count.value != counted.value}
    is_whole = any(figure.is_total and figure.count.value == counted.value for figure in figures)
    return bool(others) and not is_whole and sum(others.values()) != counted.value


@dataclass(frozen=True, slots=True)
class _Figure:
    """Holds a number of cameras. `is_total`: the decree calls it the whole; `in_parts`: numbers of other parts follow it, without noun."""

    count: TextMatch[int]
    position: int
    is_total: bool = False
    in_parts: bool = False


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
    for block in blocks:
        yield from (_Figure(total, total.end, is_total=True) for total in _totals(document, block))
        each = [match.span() for match in _ONE_EACH.finditer(text, block.start, block.end)]
        kinds = list(_KINDS.finditer(text, block.start, block.end))
        for match in kinds:
            if _NO_COUNT.search(text[max(match.start() - 40, block.start) : match.start()]) is None:
                total = sum(cardinal(part) or 0 for part in _EACH_KIND.findall(match.group()))
                yield _Figure(TextMatch(total, *match.span()), match.start(), is_total=True)
        each += [match.span() for match in kinds]
        for pattern in (_ONE_EACH, _SUM, _FIXED, _SOME, _ROW, _CAMERAS):
            for match in pattern.finditer(document.folded.text if pattern is _ROW else text, block.start, block.end):
                said, before = match.groupdict(), text[max(match.start() - 40, block.start) : match.start()]
                some = _OF_WHICH.match(text, match.end(), block.end) if pattern is _CAMERAS else None
                count = cardinal(said.get("again") or said["count"] if some is None else some["count"])
                if (
                    count is None
                    or _NO_COUNT.search(before) is not None
                    or (pattern is not _ONE_EACH and any(first <= match.start() < last for first, last in each))
                    or (pattern is _ROW and not _is_of_form(document, match))
                    or _ADDED.search(text, max(match.start() - 160, block.start), match.start())
                ):
                    continue
                whole = pattern in {_SUM, _FIXED} or said.get("whole") or _TOTAL.search(before) or _ALTOGETHER.match(text, match.end())
                in_parts = pattern is _CAMERAS and _PARTS.match(text, match.end(), block.end) is not None
                yield _Figure(TextMatch(count, match.start(), (some or match).end()), match.start("count"), bool(whole), in_parts)


def _totals(document: ActText, block: Block) -> Iterator[TextMatch[int]]:
    """Yield the last figures of tables of cameras, where the rows above add up to them."""
    text = document.folded.text
    above: deque[Line] = deque(maxlen=_ROWS)
    for line in lines_of(document, block.start, block.end) if _CAMERA.search(text, block.start, block.end) else ():
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
    first, last = document.folded.span(*match.span())
    word = re.search(r"[^\W\d]", document.source[first:last])
    return word is not None and word.group().isupper() and not document.source[last : last + 40].lstrip()[:1].islower()


def camera_types(document: ActText, segment: Segment, mentioning: tuple[Block, ...]) -> list[TextMatch[CameraType]]:
    """Return the types of the cameras whose images are analysed: from title and articles, else from visas and recitals on the algorithm
    (`mentioning`) or on a system's images; those on a system alone do not count, as any decree may cite one."""
    articles = beside_formality(document, segment.of(DecreePart.ARTICLE, DecreePart.BODY))
    titles, preamble = segment.of(DecreePart.TITLE, DecreePart.HEADING), segment.of(DecreePart.VISA, DecreePart.RECITAL)
    of_images = (block for block in preamble if _IMAGES.search(document.flat, block.start, block.end) is not None)
    found = (_types(document, blocks) for blocks in ([*titles, *articles], list(mentioning), list(of_images)))
    return next((types for types in found if types), [])


def _types(document: ActText, blocks: list[Block]) -> list[TextMatch[CameraType]]:
    text = document.flat
    found: dict[CameraType, TextMatch[CameraType]] = {}
    for block in blocks:
        heading = block.part in {DecreePart.TITLE, DecreePart.HEADING}
        start = own_heading(document.folded.text, block.start, block.end) if heading else block.start
        cited = [match.span() for match in _CITED.finditer(text, start, block.end)]
        for kind, pattern in ((CameraType.VIDEOPROTECTION, _VIDEO), (CameraType.FIXED, _FIXED_ONLY), (CameraType.DRONE, _DRONE)):
            for match in pattern.finditer(text, start, block.end):
                low = max(match.start() - 90, start)
                none = _NONE.search(text[low : match.start()]) or UNTICKED.search(document.folded.text, low, match.start())
                excluded = none or _EXCLUDED.search(text[match.end() : min(match.end() + 90, block.end)])
                films = kind is not CameraType.DRONE or _FILMS.search(text, max(match.start() - _FILMED, start), match.end() + _FILMED)
                if films and not excluded and not any(first <= match.start() < last for first, last in cited):
                    found.setdefault(kind, TextMatch(kind, *match.span()))
                    break
    # "Fixes" is of all of them where no other ones are spoken of.
    if CameraType.FIXED in found and not any(_APART.search(text, block.start, block.end) for block in blocks):
        moving = any(_MOVING.search(text, block.start, block.end) is not None for block in blocks)
        found.pop(CameraType.FIXED if moving else CameraType.VIDEOPROTECTION, None)
    return [found[kind] for kind in CameraType if kind in found]


_WORDS = load("equipment.toml")["words"]
BY = rf"(?:{'|'.join(_WORDS['made'])})e?s?(?: et \w+)?(?: a disposition)?\s+(?:par|aupres de)\b"
"""Verbs that link a software to its maker."""
_MADE = rf"(?:a )?(?:{'|'.join(_WORDS['made'])}|fournit|concoit|vendu?)\b"
THAT = rf"qu(?:e |')(?:lui )?{_MADE}"
COMPANY = rf"(?:(?:la|une|le|un)\s+|l')?(?:{'|'.join(_WORDS['company'])})\b"

_ROLE = rf"(?:{'|'.join(_WORDS['role'])})"
_MAKER = re.compile(rf"(?:\b(?:{BY}|{THAT}|de|par|aupres de)\s+|[(:]\s?){COMPANY}")
_MAKER_ALONE = re.compile(
    rf"\b(?:{_ROLE}\b(?:\s(?:du|de la|de l'|de ce|de cette)[^.;:]{{0,60}}?)?\s*(?:est|sera|:|,)\s*(?:{COMPANY})?"
    rf"|(?:{BY}|de (?:la )?marque)\s+"
    # "Logiciel : Sentivue (Oriane Vision SAS)."
    r"|(?:logiciel|solution|produit)\b[^.;()]{2,60}\((?=[^()]{2,55}\s(?:sasu?|sarl|sa|eurl|scop|scic|snc)\s*\)))\s?\"?\s?(?P<name>[a-z0-9])"
)
_THEN_PRODUCT = re.compile(r"[^.;()]{2,50}\((?:logiciel|solution|produit)\b")
# "La société X est l'éditrice du logiciel", "le logiciel Z, que la société X a conçu": not the cameras that it has.
_MAKES = re.compile(rf"(?<!cameras que )(?<!images que )\b(?=l|un){COMPANY}(?=[^.;:]{{3,80}}\b(?:est (?:l'|la |le ){_ROLE}|{_MADE}))")
_THEN_MAKES = re.compile(rf"\W*(?:est (?:l'|la |le ){_ROLE}\b|(?:lui )?{_MADE})")
# "la société nantaise X", "la société par actions simplifiée X": what is said of a company before its name, and is no verb.
_VERB = r"(?i:est|qui|que|du|des|à|a|en|pour|dans|sur|et|ou|ayant|ne|n|se|sera|doit|peut|tient|assure)"
_SAID = re.compile(rf"(?:[\s,]+(?!{_VERB}\b)[a-zà-öø-ÿœ'’-]{{2,20}}){{0,4}}?\s*[«\"“]?\s*(?=[A-ZÀ-ÖØ-Þ0-9])")
_USED_BY = re.compile(rf"\b(?:{'|'.join(_WORDS['used_by'])})e?s?\s+$")
_NOT_A_MAKER = re.compile(rf"\b(?:{'|'.join(_WORDS['not_a_maker'])})\b")
_SOFTWARE_NEAR = re.compile(
    r"\b(?:logiciel\w*|solution|algorithm\w*|progiciel|editeur|editrice|denomme\w*|traitement|outil|module|technologie|systeme \""
    rf"|(?:{'|'.join(_WORDS['made'])}),? sous le nom)"
)
# A clause that goes on about the same thing after its semicolon.
_CLAUSE = re.compile(r";(?!\s(?:il|elle|celui-ci|celle-ci|ce dernier|cette derniere|ce logiciel|l'editeur|son editeur)\b)|\.\s")
# Words of trade, which are nobody's surname.
_CORPORATE = re.compile(
    r"\s+(?:SAS|SASU|SA|SARL|Group|Groupe|France|Technologies|Systems|Syst[èe]mes|Vision|Business|Labs|AI|IA|Data|Num[ée]rique|Digital|Analy(?:tics|tique)s?"
    r"|Informatique|Ing[ée]nierie|Imagerie|Optique|D[ée]tection|Software|Solutions|S[ée]curit[ée]|Industries|Robotics|Robotique|Tech|Innovation)\b"
)
_OPERATORS = frozenset({"ratp", "sncf", "etat", "police", "prefecture", "gendarmerie", "ville", "commune"})

_REFUSED = (
    r"\b(?:n'(?:a|ont) pas ete (?:retenu|choisi|acquis)|(?:a|ont) ete (?:ecarte|rejete|abandonne)|n(?:'est|e sont) plus (?:utilis|employ))"
)
# "Préféré à celui de", "n'a pas été retenue l'offre de".
_PREFERRED_TO = re.compile(rf"(?:\bprefere\w* (?:a|au|aux)\b|\bconcurrente?s?\b|{_REFUSED}\w* l(?:a|es?|')\b)[^.,;:]{{0,40}}$")
# ", de la société Y, n'a pas été retenu", and not ", les autres offres ont été écartées".
_NOT_CHOSEN = re.compile(
    r",?\s(?:[a-z]+\s)?concurrente?\b"
    rf"|(?:(?!\b(?:est|sont|qui|que|dont)\b|,\s(?:(?:et|la|les?|ses|leurs|deux|trois)\s|l'))[^.;:]){{0,120}}?{_REFUSED}"
)
# Cut at a line end.
_CUT_WORD = re.compile(r"\b([a-z]+)- ([a-z]+)")

_NEAR = 120
"""Characters before a maker, or before "dénommé", in which the software is spoken of, or another one preferred."""


@cache
def listed_products(table: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the makers (`vendor`) or products (`software`) of the list, each with its pattern in the folded text."""
    return tuple((name, re.compile(pattern)) for name, pattern in load("equipment.toml")[table].items())


def vendor(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return a known maker, else the company said to have made it, without its legal form; never deduced from the product."""
    return _named_first(document, segment, "vendor", _makers)


def _named_first(document: ActText, segment: Segment, table: str, others: Callable[..., Iterator[TextMatch[str]]]) -> TextMatch[str] | None:
    """Return the first name of a table, else the first that `others` finds in the articles, else in the whole decree."""
    starts = [block.start for block in islice(segment.of(DecreePart.ARTICLE), 1)]
    text = document.flat
    views = (text, _CUT_WORD.sub(r"\1\2  ", text))  # "Wintics- Cityvision" may also be two words
    for start in (*starts, segment.start):
        known = ((name, pattern.finditer(view, start, segment.end)) for name, pattern in listed_products(table) for view in views)
        listed = (TextMatch(name, *match.span()) for name, matches in known for match in matches)
        for found in chain(listed, others(document, start, segment.end)):
            # Named to say that another one was chosen?
            preferred = _PREFERRED_TO.search(text[max(found.start - _NEAR, 0) : found.start])
            if not preferred and _NOT_CHOSEN.match(text, found.end) is None:
                return found
    return None


def _makers(document: ActText, start: int, limit: int) -> Iterator[TextMatch[str]]:
    text = document.flat
    for pattern in (_MAKER, _MAKES, _MAKER_ALONE):
        for match in pattern.finditer(text, start, limit):
            before = _CLAUSE.split(text[max(match.start() - _NEAR, start) : match.start()])[-1]
            around = text[match.start() : min(match.end() + _NEAR, limit)] if pattern is _MAKES else match.group()
            spoken = _SOFTWARE_NEAR.search(before) is not None or _SOFTWARE_NEAR.search(around) is not None
            spoken = spoken or _THEN_PRODUCT.match(text, match.end(), limit) is not None
            if not spoken or (match.group().startswith("par") and _USED_BY.search(before) is not None):
                continue
            position = match.start("name") if "name" in pattern.groupindex else _named_after(document, match.end(), limit)
            found = name_at(document, position, limit, linked=True) if position is not None else None
            if found is None or found.value.split()[0].lower() in _OPERATORS or _NOT_A_MAKER.search(text, match.start(), found.start):
                continue
            if pattern is _MAKES and _THEN_MAKES.match(text, found.end, limit) is None:
                continue
            # Without "la société", two words may be a person's first name and surname.
            alone = "name" in pattern.groupindex and re.search(rf"{COMPANY}\W*$", text[match.start() : found.start]) is None
            if alone and " " in found.value and _CORPORATE.search(document.original(found.start, found.end)) is None:
                continue
            yield TextMatch(found.value, match.start(), found.end)
    yield from _of_form(document, start, limit, _MAKER_ROW, _LINKED)


def _of_form(document: ActText, start: int, limit: int, heading: re.Pattern[str], name: re.Pattern[str]) -> Iterator[TextMatch[str]]:
    """Yield the name that a form gives beside a heading, without what follows it in brackets."""
    for line in islice(under(document, start, limit, heading), 1):
        found = name.match(line.printed)
        if found is not None and re.match(r"\s*(?:[(,;.]|$)", line.printed[found.end() :]) and impersonal(found.group()):
            yield TextMatch(without_form(found.group()), line.start, line.end)


def _named_after(document: ActText, position: int, limit: int) -> int | None:
    """Return where the name of a company begins, a few words after "la société"; None where no name follows."""
    first, last = document.folded.span(position, min(position + 90, limit))
    said = _SAID.match(document.source[first:last])
    return document.folded.position(first + said.end()) if said is not None else None


# Names of products and companies as printed: a few words that begin with a capital or a digit, never a person's.

# As printed: capitals or digits begin each word. A product may be "Regard Sûr", a company "XXII Group" or "Orange Business".
_OTHER = (
    "Vu|Article|ARTICLE|Art|ART|Considérant|Monsieur|Madame|M|MM|Mme|Le|La|Les|L|À|Et|Fait|Pour|Sur|Titre|TITRE|Chapitre|CHAPITRE|Annexe|ANNEXE"
    "|Direction|Préfecture|Il|Elle|Ce|Cette|Logiciel|Solution|Éditeur|Prestataire|Fournisseur"
    # In capitals, the words around a name look like one ("CAMÉRAS DE VIDÉOPROTECTION").
    "|ALGORITHMIQUES?|LE|LA|LES|UNE?|D[EU]|DES|AUX?|ET|OU|EST|PAR|POUR|EN|SUR|DANS|CELUI|CELLE|ACQUIS|AUTORISÉE?|RETENUE?|UTILISÉE?"
)
_WORD = rf"(?!(?:{_OTHER})\b|[LIlDN]['’])[A-ZÀ-ÖØ-Þ0-9][\w&’'.+-]*"
# A name may go on in the next line, and not in the next paragraph or item.
_NAME = re.compile(rf"{_WORD}(?:(?:[^\S\n]+|[^\S\n]*\n(?![^\S\n]*\n))(?:{_WORD}|&)){{0,3}}")
_LINKED = re.compile(rf"{_NAME.pattern}(?: (?:d[eu] |des |de la |d['’])(?!\d|Société|Groupe|Lot|Marché|Préf|Minist|Dép){_WORD})?")
_PARAGRAPH = re.compile(r"\d+\.\d+\s")
_FORM = re.compile(r"[\s,]+(?:(?:SASU?|S\.A\.S\.?|SARL|S\.A\.R\.L\.?|EURL|SCOP|SCIC|SNC)(?:\s.*)?|SA|S\.A\.|SE)$")

_LONGEST = 60
"""Characters of a name."""


def name_at(document: ActText, start: int, limit: int, *, linked: bool = False) -> TextMatch[str] | None:
    """Return the name at `start` of the folded text, without its legal form ("SAS"); None if there is none or it is a person's. With
    `linked`, "du", "des" or "de la" may continue it ("Fabrique des Images")."""
    printed = re.sub(r"(?<=[a-zà-ÿ])-\n\s*(?=[a-zà-ÿ])", "", document.printed(start, min(start + _LONGEST, limit)))
    match = (_LINKED if linked else _NAME).match(printed)
    if match is None:
        return None
    printed = re.split(r"\.(?:\s|$)", match.group())[0].rstrip(".'’")
    value = without_form(" ".join(printed.split()))
    if len(value) < 2 or value.isdigit() or _PARAGRAPH.match(value) is not None or not impersonal(value):
        return None
    return TextMatch(value, start, start + len(printed))


def without_form(name: str) -> str:
    """Return the name of a company without its legal form ("SAS")."""
    return _FORM.sub("", name)


def impersonal(name: str) -> bool:
    """Return whether a name contains no recognised person's name."""
    return without_names(name) == name


_PRODUCT = (
    rf"(?:{'|'.join(_WORDS['product'])})(?: logicielle?| algorithmique| informatique| technique)?"
    r"(?: d'analyse(?: d[e']\s?[a-z' ]{0,30}?)?)?"
)
_CALLED = rf"(?:,?\s*(?:{'|'.join(_WORDS['called'])}))"
_CHOSEN = rf"(?:,?\s(?:{'|'.join(_WORDS['chosen'])}))"
# "Le logiciel utilisé est Perception", "Solution retenue : Perception".
_IS = rf"(?:{_CHOSEN}(?:\s(?:est|sera)|\s?:)|\s?:|\s(?:est|demeure|reste))"
_QUOTED = re.compile(
    rf"(?:\b{_PRODUCT}{_CHOSEN}?(?: est| sera|,|\s?:)?(?:\s(?:le|la) {_PRODUCT})?|(?P<called>{_CALLED}))"
    r"\s*\"\s*(?P<name>[a-z0-9][^\"\n]{1,40}?)\s*\""
)
_NAMED = re.compile(rf"\b{_PRODUCT}(?P<called>{_CALLED}|{_IS})?\s+(?!{_PRODUCT}\s?:)(?P<name>[a-z0-9])")
# Or "il", which the sentence before calls software.
_CALLED_AFAR = re.compile(rf"(?:\b{_PRODUCT}[^.;\"]{{0,90}}?|(?P<it>(?<=\. )il )[^.;\"]{{0,60}}?){_CALLED}\s+(?P<name>[a-z0-9])")
# "Article 6 (logiciel) ⏎ X, de Y", "Solution ⏎ Inchangée : X (Y)".
_BELOW_HEADING = re.compile(
    r"(?:^|\n)\W{0,3}(?:article|art\.|\d)[^\n.;:]{1,16}\W(?:logiciel|solution|progiciel|produit)(?: \w+)?\W{0,3}\n\s?"
    r"(?:[a-z]{4,14} : )?(?P<name>[a-z0-9])"
)
_MADE_AFTER = re.compile(
    rf"\s*[,–-]?\s*(?:\(|(?:[a-z]+ )?de {COMPANY}|societe\b|de (?:la )?marque\b|propriete de"
    rf"|dans sa version|version\b|{BY}|{THAT}|(?:que|dont|qui|lequel|laquelle)\s[^.;:,]{{0,30}}?\b(?:{COMPANY}|{_ROLE}\b))"
)
# "Le logiciel que décrit l'attestation, à savoir « X », de la société Y", "le logiciel employé, X, est édité par".
_MADE_QUOTED = re.compile(rf"\"\s*(?P<name>[a-z0-9][^\"\n]{{1,40}}?)\s*\"\s*,?\s*(?:\(\s?|de (?:la )?|d[eu] )?(?:l')?(?:{COMPANY}|{BY})")
_APPOSED = re.compile(
    rf"\b{_PRODUCT}{_CHOSEN}?,\s(?P<name>[a-z0-9][^\s,.;:()\"]+(?:\s[^\s,.;:()\"]+){{0,3}})\s?,\s"
    rf"(?:(?:est|a ete|sera) (?:{'|'.join(_WORDS['made'])}|installe|celui)|est de|{BY}|de {COMPANY}"
    r"|n'est pas (?:change|modifie|remplace)|(?:reste|demeure|est) (?:inchange|maintenu|conserve|identique|le meme))"
)
_PRODUCT_ROW = re.compile(rf"(?:nom (?:commercial )?(?:du |de la |de l'))?{_PRODUCT}{_CHOSEN}?\s?:?")
_MAKER_ROW = re.compile(rf"(?:societe )?{_ROLE}(?: (?:du|de la|de l') ?{_PRODUCT})?\s?:?")
# Words may be glued: "letraitement, dénommé".
_NOUN = re.compile(rf"(?P<product>{_PRODUCT}|dispositif|\bil\b)|\b(?:{'|'.join(_WORDS['named_otherwise'])})\b")
# "Le traitement est développé par la société X et porte le nom de « Y »": who made it is not what bears the name.
_MADE_BY = re.compile(rf"\b(?:par|de|aupres de|avec)\s{COMPANY}\s(?=\S)")


def software(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return a known product, else what the decree calls it ("dénommé « … »", "logiciel X de la société Y")."""
    return _named_first(document, segment, "software", _products)


def _products(document: ActText, start: int, limit: int) -> Iterator[TextMatch[str]]:
    text = document.flat
    # In capitals any word looks like a name: "LE TRAITEMENT EST LIMITÉ DANS LE TEMPS".
    capitals = document.in_capitals(start, limit)
    for match in chain.from_iterable(pattern.finditer(text, start, limit) for pattern in (_QUOTED, _MADE_QUOTED, _APPOSED)):
        name = joined(document.original(*match.span("name")))
        if match.re is _QUOTED:
            is_one = name[:1] != name[:1].lower() and not re.match(r"(?:m\.|mme|ci-)", match["name"])
            is_one = is_one and (match["called"] is None or _is_of_software(text, start, match.start()))
        else:
            clause = _CLAUSE.split(text[max(match.start() - _NEAR, start) : match.end()])[-1]
            is_one = bool(re.match(_WORD, name) and re.search(rf"\b{_PRODUCT}", clause)) and not capitals
        if is_one and impersonal(name):
            yield TextMatch(name, *match.span())
    for pattern in (_NAMED, _CALLED_AFAR, _BELOW_HEADING):
        for match in pattern.finditer(document.folded.text if pattern is _BELOW_HEADING else text, start, limit):
            found = name_at(document, match.start("name"), limit)
            if found is None or found.value.split()[0].lower() in _OPERATORS:
                continue
            if match.groupdict().get("it") and not _is_of_software(text, start, match.start()):
                continue
            called = (
                pattern is _CALLED_AFAR
                or (pattern is _BELOW_HEADING and text[found.end] in ",.(")
                or (pattern is _NAMED and match["called"] is not None and not capitals)
            )
            # "société Videtics (logiciel Perception)".
            bracketed = text[match.start() - 1] == "(" and text[found.end : found.end + 1] == ")"
            if called or bracketed or _MADE_AFTER.match(text, found.end, limit):
                yield TextMatch(found.value, match.start(), found.end)
    yield from _of_form(document, start, limit, _PRODUCT_ROW, _NAME)


def _is_of_software(text: str, start: int, position: int) -> bool:
    """Return whether the last noun before "dénommé" is software, not a manifestation, a law or a public application. True if no noun is
    recognised, as it may be damaged, except with "dit", which has too many other uses."""
    opening = max(position - _NEAR, start)
    makers = [match.span() for match in _MADE_BY.finditer(text, opening, position)]
    nouns = [noun for noun in _NOUN.finditer(text, opening, position) if not any(first <= noun.start() < last for first, last in makers)]
    return nouns[-1]["product"] is not None if nouns else re.match(r"\W*dit", text[position:]) is None
