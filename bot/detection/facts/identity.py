"""Computes the keys under which a decree is the same wherever it appears, by which other decrees name it, and reads its number.

Two sightings that share one key are one decree. A false merge loses a decree for good; a miss announces one twice:

- `number:…` joins the authority that decided (not the one that published), the comparable number (`DUPA 2024-1017` = `2024-1017`) and a
  date: that of signature, which a scan shows, or the first day of the period, as in a table of contents. An authority numbers in several
  series: `2024-00493` and `DUPA 2024-493` compare equal, and are two decrees. Where services are named before the year
  (`CAB-SIDPC-2026-447`) there are more keys without them. Without a date a number counts as printed, and only if it holds a year: `n° 12`
  is every service's.
- `act:…` is the identifier of the national template, unique in France.
- `text:…` is the hash of the squeezed text, when it is long enough to be a decree of its own.

What this misses: a decree that prints no number, seen once in a recueil and once as a scan whose OCR differs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import DecreePart, Segment, erratum, erratum_in
from bot.domain.acts import GRANTS, Act, Facts, Kind, Outcome, Reference, Verdict
from bot.domain.identity import comparable
from bot.domain.text import fold_letters

POLICE = "PP"
"""Code of the préfecture de police among the authorities."""

_SHORTEST = 600
"""Squeezed characters below which a text is a title or a fragment that two decrees may share."""

# Letterhead, "Le préfet de police," before the visas or the operative word, or the signature. "La préfecture de police" is spoken of.
_POLICE_SIGNS = re.compile(
    r"^.{0,80}(?<!la)prefecturedepolice(?!desbouches)|(?<!par)(?<!avec)(?<!que)leprefetdepolice(?:vu|arrete(?!n?\d))|pourleprefetdepolice(?!desbouches)"
)
# The préfet de police des Bouches-du-Rhône is another one, who signs "Le préfet de police" too. A match against Marseille is no sign of
# him: only his titles, where he signs and his court are.
_BOUCHES_DU_RHONE = re.compile(
    r"prefe(?:te?|cture)[a-z]{0,60}bouchesdurhone|faitamarseille|(?<![a-z])marseillele\d|tribunaladministratifdemarseille"
)
_ERRATUM = re.compile(r"\berrat(?:um|a)\b")
_POLICE_SERIES = re.compile(r"dupa\b", re.IGNORECASE)
_HEAD = 6000
"""Squeezed characters in which the deciding authority is named."""


def identities(authority: str, act_id: str | None, facts: Facts, text: str) -> tuple[str, ...]:
    """Return the keys of one sighting, strongest first. `authority` is the code of the publisher, `text` the act's pages joined."""
    tight = fold_letters(text)
    keys: list[str] = []
    if act_id is not None:
        keys.append(f"act:{act_id.strip().lower()}")
    if facts.number is not None:
        keys.extend(_number_keys(facts.authority or deciding_authority(authority, facts.number, tight), facts.number, facts))
    if len(tight) >= _SHORTEST:
        keys.append(f"text:{hashlib.sha256(tight.encode('ascii')).hexdigest()[:40]}")
    return tuple(keys)


def deciding_authority(authority: str, number: str, tight: str) -> str:
    """Return `PP` for a number of its own series or a squeezed text that the préfet de police decides; else the publisher."""
    return POLICE if of_police_series(number) or police_decides(tight) is not None else authority


def police_decides(tight: str) -> tuple[int, int] | None:
    """Return where a squeezed text shows that the préfet de police of Paris decides, by its letterhead, opening or signature."""
    match = _POLICE_SIGNS.search(tight, 0, _HEAD)
    return match.span() if match is not None and _BOUCHES_DU_RHONE.search(tight, 0, _HEAD) is None else None


def of_police_series(number: str) -> bool:
    """Return True for a number of the series that only the préfecture de police has (`DUPA-2024-1017`)."""
    return _POLICE_SERIES.match(number) is not None


def _number_keys(authority: str, number: str, facts: Facts) -> list[str]:
    spelt = dict.fromkeys((comparable(number), without_service(number)))
    days = {"signed": facts.signed, "starts": facts.starts.day if facts.starts is not None else None}
    keys = [f"number:{authority}:{each}:{of}:{day.isoformat()}" for each in spelt for of, day in days.items() if day is not None]
    if not keys and re.search(r"20\d\d", number):
        printed = "-".join(re.findall(r"[a-z]+|\d+", number.lower()))
        keys.append(f"number:{authority}:{printed}")
    return keys


def prefix(reference: Reference, authority: str) -> str | None:
    """Return what the keys of the decree that is named begin with (`number:PP:2024-1017:`), None where only its day is named. `authority`
    is the one whose decree names it: an authority changes its own decrees, but for those whose series shows another one."""
    if reference.number is None:
        return None
    return f"number:{deciding_authority(authority, reference.number, '')}:{comparable(reference.number)}:"


def prefixes(facts: Facts, authority: str) -> tuple[str | None, ...]:
    """Return the prefix of each reference of a decree that this authority decided, in order."""
    return tuple(prefix(reference, authority) for reference in facts.references)


def decided_by(publisher: str, facts: Facts, keys: tuple[str, ...]) -> str:
    """Return code of the authority that decided: as the text says it, as the key of its number has it, else whoever published it."""
    if facts.authority is not None:
        return facts.authority
    return next((key.split(":")[1] for key in keys if key.startswith("number:")), publisher)


def corrected(act: Act, verdict: Verdict) -> Verdict:
    """Return the verdict on an erratum: whatever the title that it repeats grants, it modifies the decree that it corrects. A number and a
    day that it prints as its own are those of that decree, by which it would be taken for one more sighting of it."""
    facts = verdict.facts
    if verdict.outcome is not Outcome.DECREE or verdict.kind is None:
        return verdict
    title, head = fold(act.title).text, fold(act.pages[0].text).text if act.pages else ""
    if _ERRATUM.search(title) is None and erratum_in(title) is None and erratum_in(head) is None:
        return verdict
    kind = Kind.MODIFICATION if verdict.kind in GRANTS else verdict.kind
    if facts.references:
        # It has a number of its own, or none.
        return replace(verdict, kind=kind) if all(entry.change is kind for entry in facts.references) else verdict
    if facts.number is None:
        return verdict
    named = Reference(kind, facts.number, facts.signed)
    return replace(verdict, kind=kind, facts=replace(facts, number=None, signed=None, references=(named,)))


# The number of a decree, as printed and as compared.
#
# It is what follows "n°", with the letters that are printed there. Letters before "n°" name the service that writes
# ("CAB-SIDPC n° 2026-447" is `2026-447`) and are left out, as one print has them and the next has not; but not where the year stands among
# them ("SPAS/2026/n° 624"), nor where they name a register: the préfecture de police numbers `2024-00493` and `DUPA 2024-493` apart.
#
# Series seen: `2024-00493`, `DUPA 2024-699`, `DUPA-2024-1463`, `DUPA n° 2024-1691`, `2025-BSP-OP-11`, `2025/14/MCI`, `2024 - 368`,
# `DDTM/SEBIO/2024-163`, `2024.PREF/DCPPAT/BUPPE/069`, `AP 20251856`, `CAB/SPAS/2026/n°624`, `CAB-BSI-2026-045`.

_SERIES = r"(?:(?:[a-z]{2,8}/){1,4}20\d\d/|20\d\d/(?:[a-z]{2,8}/){1,3}|dupa\s?-?\s?)"
_SIGN = r"(?:n\s?[°ºo*\"']\s?[.:]?\s?|n\s(?=\d|[a-z]{2,6}[ /-]?\d)|numero\s?)"
_SERVICE = (
    r"(?:(?!portant|autoris|modifi|abrog|relatif|du\b|de\b|le\b|dupa\b)[a-z]{2,10}(?:\s?[/-]\s?[a-z]{2,10}){0,4}\s?[/-]?\s?"
    rf"(?={_SIGN}))"
)
_VALUE = (
    r"(?:[a-z][a-z0-9]{0,11}\s?[-/._]?\s?)?(?:[a-z]{2,8}\s(?=(?:20)?\d\d\s?[-/.]\s?\d))?(?:[a-z0-9]{1,16}\s?[-/._]\s?){0,6}[a-z0-9]{0,16}\d[a-z0-9]{0,40}"
    # After a dash between blanks, letters alone are prose: "n° 2026-77 - commune de X".
    r"(?:(?!\s[-‐‑–—]\s[a-z]+\b)\s?[-/._]\s?(?!\d{1,2}\s+[a-z])[a-z0-9]{1,16}){0,5}"
    r"(?:\s(?:\d{2,5}|cab|bsi|ds)(?=\s+du\s\d))?"  # "n° 2026-PREF-DCSIPC/BSIOP 1012 du 24 août 2026", "n° HC 1042 CAB du 18 juin 2027"
)
_OFFICIAL = (
    r"(?:\s*(?:inter-?|sous-?)?(?:prefectora(?:le?|ux)|conjoint|modificatif|rectificatif|complementaire|du prefet de police|cab(?:inet)?))*"
)
_NUMBER = re.compile(
    rf"(?P<head>\barretes?|\ba r r e t e|\bap(?![a-z])|\bdecision|(?<=[a-z])arrete){_OFFICIAL}"
    # "Arrêté du 2 mai 2026", and its number on the next line.
    rf"(?:\s+du\s+\d{{1,2}}(?:er)?\s[a-z]{{3,9}}\s20\d\d\s*,?)?\s*{_SERVICE}?"
    rf"(?:(?:{_SIGN})?(?P<series>{_SERIES})?{_SIGN}(?P<value>{_VALUE})"
    r"|(?P<bare>(?:[a-z]{2,6}[ -]|(?:[a-z]{2,8}[-/]){2,4}|\d{2,3}[-/](?:[a-z]{2,8}[-/]){1,4})?"
    rf"(?:20\d\d\s?[-./]\s?\d{{1,6}}(?:[-/]\d{{1,4}})?|20\d{{6,9}})"
    r"|20\d\d(?:[-/][a-z]{2,8}){1,5}[-/]\d{1,6}|(?:r\d\d|\d{2,3}|2[ab])-20\d\d-\d\d-\d\d-\d{3,5}))"
)
_GLUED = re.compile(r"(?<=\d)(?:portant|autoris|modifi|abrog|retir|relatif|relative|suspen|prorog|prolong|renouvel|fixant|du\d)")
_FURTHER = re.compile(rf"{_SIGN}(?P<value>{_VALUE})|(?P<bare>20\d\d\s?-\s?\d{{1,6}}\b)")
_LONE = re.compile(r"\bn\s?[°º]\s?(?P<value>20\d\d\s?-\s?\d{2,6})\b")
# A line of its own: "N° 37-2026-10-02-00007", with the letters of a service before it ("BPA n° 2026/12").
_LINE = re.compile(
    r"^\W{0,3}(?:(?!raa|avis|recueil|special)(?P<service>[a-z/-]{2,9})\s)?"
    rf"n\s?[°º]\s?(?P<value>(?=[a-z0-9 ./_-]*20\d\d){_VALUE})\s*$",
    re.MULTILINE,
)
QUOTING = re.compile(r"(?:\bl[' ]?\s?|\b(?:la|les|cet|des|du|de|dudit|ledit|vu|par|aux?|ces)\s)$")
"""Matches what stands before the name of another decree."""


def number(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the decree's own number: of its title, else of its heading, else of any line that is a heading; never a quoted one. An erratum
    has none: what it prints is the number of the decree it corrects."""
    if erratum(document, segment) is not None:
        return None
    for parts in ((DecreePart.TITLE,), (DecreePart.HEADING,), (DecreePart.BODY, DecreePart.VISA, DecreePart.RECITAL)):
        for block in segment.of(*parts):
            for found in numbers_in(document, block.start, block.end):
                return found
    text = document.folded.text
    for block in segment.of(DecreePart.HEADING):
        for match in chain(_LONE.finditer(text, block.start, block.end), _LINE.finditer(text, block.start, block.end)):
            service = document.original(*match.span("service")) if match.groupdict().get("service") else ""
            before = text[max(match.start() - 24, 0) : match.start()]
            if service == service.upper() and not re.search(r"(?:loi|decret|arrete|annexe[^\n]*)\s*$", before):
                return _read(document, match)
    return None


def numbers_in(document: ActText, start: int, end: int, *, quoted: bool = False) -> Iterator[TextMatch[str]]:
    """Return the numbers of decrees in a stretch of the folded text, in order; those of other decrees ("l'arrêté n°…") only where
    `quoted`."""
    text = document.folded.text
    for match in _NUMBER.finditer(text, start, end):
        if quoted or not QUOTING.search(text[max(match.start() - 8, 0) : match.start()]):
            yield _read(document, match)


def number_after(document: ActText, start: int, end: int) -> TextMatch[str] | None:
    """Return a further number of a list, right at `start`: `n° 2026-8` in "les arrêtés n° 2026-7 et n° 2026-8"."""
    match = _FURTHER.match(document.folded.text, start, end)
    return _read(document, match) if match is not None else None


def _read(document: ActText, match: re.Match[str]) -> TextMatch[str]:
    groups = match.groupdict()
    series = _printed(document, *match.span("series"), "") if groups.get("series") else ""
    return TextMatch(_printed(document, *match.span("value" if groups["value"] else "bare"), series), *match.span())


def _printed(document: ActText, start: int, end: int, series: str) -> str:
    """Return it as printed, without the blanks that justification and OCR put around separators."""
    glued = _GLUED.search(document.folded.text, start, end)
    text = document.original(start, glued.start() if glued is not None else end).strip(" .-/")
    text = re.sub(r"\s*([-/._‐‑–—])\s*", lambda match: "-" if match.group(1) in "‐‑–—" else match.group(1), text)
    return f"{series.strip(' -')}{'/' if '/' in series else ' '}{text}".strip() if series else text


def without_service(number: str) -> str:
    """Return a number in comparable form without any word before the year: `n° CAB-SIDPC-2026-447` also printed `CAB-SIDPC n° 2026-447`."""
    return re.sub(r"^(?:[a-z]+-)+(?=\d{4})", "", comparable(number))
