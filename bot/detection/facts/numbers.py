"""The number of a decree, as printed and as compared.

It is what follows "n°", with the letters that are printed there. Letters before "n°" name the service that writes ("CAB-SIDPC n° 2026-447"
is `2026-447`) and are left out, as one print has them and the next has not; but not where the year stands among them ("SPAS/2026/n° 624"),
nor where they name a register: the préfecture de police numbers `2024-00493` and `DUPA 2024-493` apart.

Series seen: `2024-00493`, `DUPA 2024-699`, `DUPA-2024-1463`, `DUPA n° 2024-1691`, `2025-BSP-OP-11`, `2025/14/MCI`, `2024 - 368`,
`DDTM/SEBIO/2024-163`, `2024.PREF/DCPPAT/BUPPE/069`, `AP 20251856`, `CAB/SPAS/2026/n°624`, `CAB-BSI-2026-045`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import DecreePart, Segment, erratum
from bot.domain.identity import comparable

_SERIES = r"(?:(?:[a-z]{2,8}/){1,4}20\d\d/|dupa\s?-?\s?)"
_SIGN = r"(?:n\s?[°ºo*\"']\s?\.?\s?|n\s(?=\d|[a-z]{2,6}[ /-]?\d)|numero\s?)"
_SERVICE = (
    r"(?:(?!portant|autoris|modifi|abrog|relatif|du\b|de\b|le\b|dupa\b)[a-z]{2,10}(?:\s?[/-]\s?[a-z]{2,10}){0,4}\s?[/-]?\s?"
    rf"(?={_SIGN}))"
)
_VALUE = (
    r"(?:[a-z][a-z0-9]{0,11}\s?[-/._]?\s?)?(?:[a-z]{2,8}\s(?=(?:20)?\d\d\s?[-/.]\s?\d))?(?:[a-z0-9]{1,16}\s?[-/._]\s?){0,6}[a-z0-9]{0,16}\d[a-z0-9]{0,40}"
    # After a dash between blanks, letters alone are prose: "n° 2026-77 - commune de X".
    r"(?:(?!\s[-‐‑–—]\s[a-z]+\b)\s?[-/._]\s?(?!\d{1,2}\s+[a-z])[a-z0-9]{1,16}){0,5}"
    r"(?:\s\d{2,5}(?=\s+du\s\d))?"  # "n° 2026-PREF-DCSIPC/BSIOP 1012 du 24 août 2026"
)
_OFFICIAL = r"(?:\s*(?:inter-?)?(?:prefectora(?:l|ux)|conjoint|modificatif|rectificatif|complementaire|du prefet de police|cab(?:inet)?))*"
_NUMBER = re.compile(
    rf"(?P<head>\barretes?|\bap|\bdecision|(?<=[a-z])arrete){_OFFICIAL}\s*{_SERVICE}?"
    rf"(?:(?:{_SIGN})?(?P<series>{_SERIES})?{_SIGN}(?P<value>{_VALUE})"
    rf"|(?P<bare>(?:[a-z]{{2,6}}[ -]|(?:[a-z]{{2,8}}[-/]){{2,4}})?(?:20\d\d\s?[-./]\s?\d{{1,6}}|20\d{{6,9}})"
    r"|20\d\d(?:[-/][a-z]{2,8}){1,5}[-/]\d{1,6}|(?:r\d\d|\d{2,3}|2[ab])-20\d\d-\d\d-\d\d-\d{3,5}))"
)
_GLUED = re.compile(r"(?<=\d)(?:portant|autoris|modifi|abrog|retir|relatif|relative|suspen|prorog|prolong|renouvel|fixant|du\d)")
_FURTHER = re.compile(rf"{_SIGN}(?P<value>{_VALUE})|(?P<bare>20\d\d\s?-\s?\d{{1,6}}\b)")
_LONE = re.compile(r"\bn\s?[°º]\s?(?P<value>20\d\d\s?-\s?\d{2,6})\b")
# A line of its own: "N° 37-2026-10-02-00007".
_LINE = re.compile(rf"^\W{{0,3}}n\s?[°º]\s?(?P<value>(?=[a-z0-9 ./_-]*20\d\d){_VALUE})\s*$", re.MULTILINE)
_QUOTED = re.compile(r"(?:\bl[' ]?\s?|\b(?:les|cet|des|du|de|dudit|ledit|vu|par|aux?|ces)\s)$")


def number(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the decree's own number: of its title, else of its heading, else of any line that is a heading; never a quoted one.

    An erratum has none: what it prints is the number of the decree it corrects.
    """
    if erratum(document, segment) is not None:
        return None
    for parts in ((DecreePart.TITLE,), (DecreePart.HEADING,), (DecreePart.BODY, DecreePart.VISA, DecreePart.RECITAL)):
        for block in segment.of(*parts):
            for found in numbers_in(document, block.start, block.end):
                return found
    for block in segment.of(DecreePart.HEADING):
        text = document.folded.text
        for match in chain(_LONE.finditer(text, block.start, block.end), _LINE.finditer(text, block.start, block.end)):
            before = text[max(match.start() - 24, 0) : match.start()]
            if not re.search(r"(?:loi|decret|arrete|annexe[^\n]*)\s*$", before):
                return TextMatch(_printed(document, match.start("value"), match.end("value"), ""), match.start(), match.end())
    return None


def numbers_in(document: ActText, start: int, end: int, *, quoted: bool = False) -> Iterator[TextMatch[str]]:
    """The numbers of decrees in a stretch of the folded text, in order; those of other decrees ("l'arrêté n°…") only where `quoted`."""
    text = document.folded.text
    for match in _NUMBER.finditer(text, start, end):
        if not quoted and _QUOTED.search(text[max(match.start() - 8, 0) : match.start()]):
            continue
        group = "value" if match.group("value") else "bare"
        series = _printed(document, match.start("series"), match.end("series"), "") if match.group("series") else ""
        yield TextMatch(_printed(document, match.start(group), match.end(group), series), match.start(), match.end())


def number_after(document: ActText, start: int, end: int) -> TextMatch[str] | None:
    """Return a further number of a list, right at `start`: `n° 2026-8` in "les arrêtés n° 2026-7 et n° 2026-8"."""
    match = _FURTHER.match(document.folded.text, start, end)
    if match is None:
        return None
    group = "value" if match["value"] else "bare"
    return TextMatch(_printed(document, match.start(group), match.end(group), ""), match.start(), match.end())


def _printed(document: ActText, start: int, end: int, series: str) -> str:
    """As printed, without the blanks that justification and OCR put around separators."""
    glued = _GLUED.search(document.folded.text, start, end)
    text = document.original(start, glued.start() if glued is not None else end).strip(" .-/")
    text = re.sub(r"\s*([-/._‐‑–—])\s*", lambda match: "-" if match.group(1) in "‐‑–—" else match.group(1), text)
    return f"{series.strip(' -')}{'/' if '/' in series else ' '}{text}".strip() if series else text


def without_service(number: str) -> str:
    """Return a number in comparable form without any word before the year: `n° CAB-SIDPC-2026-447` also printed `CAB-SIDPC n° 2026-447`."""
    return re.sub(r"^(?:[a-z]+-)+(?=\d{4})", "", comparable(number))
