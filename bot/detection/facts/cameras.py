"""Whose images feed the software: how many cameras, and of which type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.detection.facts.dates import MONTH
from bot.detection.facts.operators import is_formality
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Block, DecreePart, Segment, own_heading
from bot.domain.acts import CameraType

_UNITS = {
    "une": 1, "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10, "onze": 11,
    "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
}  # fmt: skip
_TENS = {"vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60}
_WORD = rf"(?:{'|'.join([*_UNITS, *_TENS, 'cents?', 'mille', 'et'])})"
_COUNT = rf"(?P<count>\d{{1,4}}|{_WORD}(?:[ -]{_WORD}){{0,6}})"
_CAMERAS = re.compile(
    rf"(?<![\w-])(?<!\d[.,])(?<!n° )(?<!article ){_COUNT}\s*(?:\(\s*(?P<again>\d{{1,4}})\s*\)\s*)?"
    r"(?:(?:autres|seules?|nouvelles)\s+)?cameras?\b"
)
_FIXED = re.compile(
    r"\bnombre (?:maximal |total |maximum )?de(?:s)? cameras[^.;]{0,120}?"
    r"(?:fixe a|limite a|est de|s'eleve a|ramene a|porte (?:de \w+ )?a"
    r"|ne \w+ (?:pas )?(?:exceder|depasser|etre superieur a)|n'excede(?:ra)? pas|:)"
    rf"\s*{_COUNT}\b"
)
# "40 pour la préfecture de police, 62 pour la SNCF et 18 pour la RATP, soit 120 au total": the sum that a sentence on cameras ends with.
_SUM = re.compile(
    rf"\bcameras?\b[^.;]{{0,300}}?[\s,(](?:soit|(?:pour |formant )?un total de|au total|total)\s?:?\s"
    rf"(?:(?:au total|en tout|un total de|un ensemble de)\s)?{_COUNT}"
    r"(?=\s?(?:[.;,)]|cameras?\b|au total|en tout|points?\b))"
)
_NUMBERED = re.compile(rf"\bcameras?\b[^.;:]{{0,60}}?\bau nombre (?:total )?de {_COUNT}\b")
# A table with a column of cameras ends with a line "Total 10", over the folded text with its lines.
_TABLE = re.compile(
    r"^(?=[^\n]*\bcameras?\b)[^\n.;]{0,120}\n(?:(?!\W{0,3}(?:total|article)\b)[^\n]*\n){1,80}?"
    r"\W{0,3}total(?: general)?\W{0,4}(?P<count>\d{1,4})[ ]*$",
    re.MULTILINE,
)
# "12 caméras place A, 9 place B et 4 rue C": parts, of which only the first says what it counts. An address has a number from the first on.
_PARTS = re.compile(
    r"[^.;:\d]{0,90}(?:,|\bet)\s+\d{1,3}\s+(?:(?:sur|dans|a|aux?|devant|autour)\s|(?:fixes?|mobiles?|nomades?|place|rue|avenue|boulevard|cours|quai|gare"
    r"|square|parvis|esplanade|allee|route|chemin|pont|parking|promenade|rond-point|stade|port)\b)"
)
_ALTOGETHER = re.compile(r"\s*(?:,\s*)?(?:au total|en tout)\b")
# "au total 20 caméras", "soit 20 caméras": what the others add up to, or the whole beside some of its parts.
_TOTAL = re.compile(r"(?:\bau total,?(?: de)?|\bun total de|\bsoit(?: un total de)?|\ben tout)\s*$")
# "17 caméras dont 3 caméras nomades", "au lieu de 12 caméras": a part, or what was before; and a year that ends the line above.
_NO_COUNT = re.compile(
    rf"(?:(?:\b\d{{1,4}}|\b{_WORD}) des\s*$)|"
    r"(?:\b(?:dont|parmi lesquelles|parmi|y compris|au lieu de|porte de|remplacement de|sur chacune des)"
    rf"|\b{MONTH})\s*$"
)
# "60 des 600 caméras", "600 caméras, dont 60 seulement sont reliées", "Caméras : 60".
_SOME = re.compile(rf"(?<![\w-]){_COUNT}\s(?:seulement )?des (?:\d{{1,4}}|{_WORD}(?:[ -]{_WORD}){{0,6}}) cameras?\b")
_OF_WHICH = re.compile(
    rf"[^.;:]{{0,60}}?,? dont {_COUNT} "
    r"(?:seulement\b|(?:sont |seront |\w{3,7} )?(?:reliee|raccordee|connectee|concernee|analysee|soumise|retenue))"
)
_COLON = re.compile(rf"\bcameras\s?:\s*{_COUNT}(?=\s?(?:[.;,(]|$))")
_DRONE = re.compile(r"\baeronefs?\b|\bdrones?\b")
_VIDEO = re.compile(r"\bvideo\s?-?\s?(?:protection|surveillance)s?\b|\bcameras? fixes?\b")
_FIXED_ONLY = re.compile(r"\bcameras? fixes?\b")
_MOVING = re.compile(r"\b(?:mobiles?|nomades?|embarquees?|orientables?)\b")
_IMAGES = re.compile(r"\bimages\b[^.;]{0,60}\b(?:video\s?-?\s?(?:protection|surveillance)|aeronefs?|drones?)\b")
# The title of the implementing decree names both: it says nothing of what is authorised.
_CITED = re.compile(r"\b(?:decret|relati\w+ aux? modalites)\b[^.;]{0,330}?systemes de video\s?-?protection[^.;]{0,60}?aeronefs?\b")
_NONE = re.compile(
    r"\b(?:aucune?|sans|exclusion d\w+|ni|hors|excepte|n'emploie pas|ne recour\w+ pas)\b[^.;,]{0,60}$|\b(?:exclusion)\b[^.;]{0,60}$"
)
_EXCLUDED = re.compile(r"^[^.;,]{0,60}\b(?:(?:n'est|ne sont) (?:pas|ni)(?! autoris)|est exclu|sont exclu|interdit)")


def cameras(document: ActText, segment: Segment, speaking: tuple[Block, ...] = ()) -> TextMatch[int] | None:
    """Return how many cameras, where the decree gives one figure, or a total beside its parts; None where that is not clear.

    Parts are never added up: only a total that the decree states counts. Of a decree on several things, the articles from the first that
    speaks of the algorithm on (`speaking`) count before those on drones or on fences.
    """
    titles, articles = list(segment.of(DecreePart.TITLE, DecreePart.HEADING)), list(segment.of(DecreePart.ARTICLE, DecreePart.BODY))
    spoken = next((rank for rank, block in enumerate(articles) if block in speaking), 0)
    first = _counted(document, [*titles, *articles[spoken:]])
    return first if first is not None or not spoken else _counted(document, [*titles, *articles])


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number of cameras. `is_total`: said to be the whole; `in_parts`: numbers of other parts follow it, without their noun."""

    count: TextMatch[int]
    position: int
    is_total: bool = False
    in_parts: bool = False


def _counted(document: ActText, blocks: list[Block]) -> TextMatch[int] | None:
    figures = [figure for block in blocks for figure in _figures(document, block)]
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
    if not counted:
        return None
    most = max(counted, key=lambda entry: entry.value)
    others = [entry.value for entry in counted if entry.value != most.value]
    return most if not others or sum(others) == most.value else None


def _figures(document: ActText, block: Block) -> Iterator[_Figure]:
    text = document.flat
    for pattern in (_SUM, _FIXED, _NUMBERED, _TABLE, _SOME, _COLON, _CAMERAS):
        for match in pattern.finditer(document.folded.text if pattern is _TABLE else text, block.start, block.end):
            count = _count(match.groupdict().get("again") or match["count"])
            before = text[max(match.start() - 40, block.start) : match.start()]
            if count is None or _NO_COUNT.search(before) is not None:
                continue
            position = match.start("count")
            some = _OF_WHICH.match(text, match.end(), block.end) if pattern is _CAMERAS else None
            if some is not None and (fewer := _count(some["count"])) is not None:
                yield _Figure(TextMatch(fewer, match.start(), some.end()), position)
                continue
            yield _Figure(
                TextMatch(count, match.start(), match.end()),
                position,
                is_total=pattern not in {_CAMERAS, _SOME}
                or _TOTAL.search(before) is not None
                or _ALTOGETHER.match(text, match.end()) is not None,
                in_parts=pattern is _CAMERAS and _PARTS.match(text, match.end(), block.end) is not None,
            )


def camera_types(document: ActText, segment: Segment, mentioning: tuple[Block, ...]) -> list[TextMatch[CameraType]]:
    """Return the types of the cameras whose images are analysed, as the title and the articles tell.

    A decree that only changes another one may tell them in its visas alone: then those count that speak of the algorithm (`mentioning`).
    """
    articles = [block for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY) if not is_formality(document.flat, block)]
    titles = list(segment.of(DecreePart.TITLE, DecreePart.HEADING))
    for blocks in ([*titles, *articles], list(mentioning), _speaking_of_images(document, segment)):
        if found := _types(document, blocks):
            return found
    return []


def _speaking_of_images(document: ActText, segment: Segment) -> list[Block]:
    """Return the visas and recitals that speak of images of a system, not of the system alone, which any decree may cite."""
    text = document.flat
    return [block for block in segment.of(DecreePart.VISA, DecreePart.RECITAL) if _IMAGES.search(text, block.start, block.end) is not None]


def _types(document: ActText, blocks: list[Block]) -> list[TextMatch[CameraType]]:
    text = document.flat
    found: dict[CameraType, TextMatch[CameraType]] = {}
    for block in blocks:
        heading = block.part in {DecreePart.TITLE, DecreePart.HEADING}
        start = own_heading(document.folded.text, block.start, block.end) if heading else block.start
        cited = [match.span() for match in _CITED.finditer(text, start, block.end)]
        for kind, pattern in ((CameraType.VIDEOPROTECTION, _VIDEO), (CameraType.FIXED, _FIXED_ONLY), (CameraType.DRONE, _DRONE)):
            for match in pattern.finditer(text, start, block.end):
                if any(first <= match.start() < last for first, last in cited) or _NONE.search(
                    text[max(match.start() - 90, start) : match.start()]
                ):
                    continue
                if _EXCLUDED.search(text[match.end() : min(match.end() + 90, block.end)]):
                    continue
                found.setdefault(kind, TextMatch(kind, match.start(), match.end()))
                break
    # "Fixes" is of all of them where no other ones are spoken of.
    moving = any(_MOVING.search(text, block.start, block.end) is not None for block in blocks)
    if CameraType.FIXED in found:
        del found[CameraType.FIXED if moving else CameraType.VIDEOPROTECTION]
    return [found[kind] for kind in CameraType if kind in found]


def _count(words: str) -> int | None:
    """Read a French cardinal below ten thousand, in digits or words; None for what is none ("et")."""
    if words.isdigit():
        return int(words) or None
    total = 0
    for word in re.split(r"[ -]", words):
        if word == "mille":
            total = (total or 1) * 1000
        elif word.startswith("cent"):
            below = total % 1000
            total += (below or 1) * 100 - below
        elif word in {"vingt", "vingts"} and total % 100 == 4:
            total += 76  # quatre-vingt
        else:
            total += _UNITS.get(word, 0) + _TENS.get(word, 0)
    return total or None
