"""Identifies decrees: number, keys, and the decrees that they name. Sightings with a common key are one decree, unless facts contradict a
bare number. A false merge loses a decree, a miss posts it twice.

- `number:…`: deciding authority, comparable number, day (signature or first).
- `act:…`: identifier of the national template; `text:…`: hash of a long squeezed text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import chain, islice
from typing import NamedTuple, TypeVar

from bot.detection.text.cues import Pattern, fold, load, pattern
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch, erratum, erratum_in, own_heading, unquoted
from bot.detection.text.phrases import ANY_DATE, MONTH, full
from bot.domain.acts import CHANGING, GRANTS, Act, Facts, Kind, Outcome, Reference, Verdict
from bot.domain.identity import act_key, comparable
from bot.domain.text import fold_letters

T = TypeVar("T")

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
POLICE_HEAD = 6000
"""Squeezed characters in which the deciding authority is named."""


def identities(authority: str, act_id: str | None, facts: Facts, text: str) -> tuple[str, ...]:
    """Return the keys of one sighting, strongest first. `authority` is the code of the publisher, `text` the act's pages joined."""
    tight = fold_letters(text)
    keys = [own] if (own := act_key(act_id)) is not None else []
    if facts.number is not None:
        keys.extend(_number_keys(facts.authority or deciding_authority(authority, facts.number, tight), facts.number, facts))
    if len(tight) >= _SHORTEST:
        keys.append(f"text:{hashlib.sha256(tight.encode('ascii')).hexdigest()[:40]}")
    return tuple(keys)


def deciding_authority(authority: str, number: str, tight: str) -> str:
    """Return `PP` for a number of its own series or a squeezed text that the préfet de police decides; else the publisher."""
    return POLICE if of_police_series(number) or police_decides(lambda sign: sign.search(tight, 0, POLICE_HEAD)) is not None else authority


def police_decides(search: Callable[[Pattern], T | None]) -> T | None:
    """Return the sign that the préfet de police of Paris decides (letterhead, opening or signature) where a text's head is searched."""
    sign = search(_POLICE_SIGNS)
    return sign if sign is not None and search(_BOUCHES_DU_RHONE) is None else None


def of_police_series(number: str) -> bool:
    """Return whether a number is of the préfecture de police's own series (`DUPA-2024-1017`)."""
    return _POLICE_SERIES.match(number) is not None


def _number_keys(authority: str, number: str, facts: Facts) -> list[str]:
    """Return the keys of a number, with and without services before its year, for each day: `2024-00493` and `DUPA 2024-493` are alike, and
    two decrees. Without a day the number counts as printed, and only with a year: `n° 12` may be any service's."""
    spelt = dict.fromkeys((comparable(number), without_service(number)))
    days = {"signed": facts.signed, "starts": facts.starts.day if facts.starts is not None else None}
    keys = [f"number:{authority}:{each}:{of}:{day.isoformat()}" for each in spelt for of, day in days.items() if day is not None]
    if not keys and re.search(r"20\d\d", number):
        printed = "-".join(re.findall(r"[a-z]+|\d+", number.lower()))
        keys.append(f"number:{authority}:{printed}")
    return keys


def prefix(reference: Reference, authority: str) -> str | None:
    """Return the beginning of the keys of the named decree (`number:PP:2024-1017:`), None if only its day is named. `authority` decided the
    decree that names it, and the named one too unless its series shows another."""
    if reference.number is None:
        return None
    return f"number:{deciding_authority(authority, reference.number, '')}:{comparable(reference.number)}:"


def prefixes(facts: Facts, authority: str) -> tuple[str | None, ...]:
    """Return the prefix of each reference of a decree that this authority decided, in order."""
    return tuple(prefix(reference, authority) for reference in facts.references)


def decided_by(publisher: str, facts: Facts, keys: tuple[str, ...]) -> str:
    """Return the code of the authority that decided: by the text, else by the key of its number, else the publisher."""
    if facts.authority is not None:
        return facts.authority
    return next((key.split(":")[1] for key in keys if key.startswith("number:")), publisher)


def corrected(act: Act, verdict: Verdict) -> Verdict:
    """Return the verdict on an erratum: it modifies the decree that it corrects, whatever the title that it repeats grants. The number and
    day that it prints become its reference: as its own they would make it that decree."""
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


# The number follows "n°". Letters before it name a service and are left out, as not every print has them ("CAB-SIDPC n° 2026-447" is
# `2026-447`), unless they contain the year ("SPAS/2026/n° 624") or a register (`DUPA 2024-493`).
# Other series: `DUPA-2024-1463`, `2025-BSP-OP-11`, `2025/14/MCI`, `2024 - 368`, `2024.PREF/DCPPAT/BUPPE/069`, `AP 20251856`,
# `CAB/SPAS/2026/n°624`.

# "27/CAB/DS/PPA-VIDEO n° 136": a series with its year.
_SERIES = r"(?:(?:[a-z]{2,8}/){1,4}20\d\d/|(?:20)?\d\d/(?:[a-z]{2,8}[/-]){0,4}[a-z]{2,8}(?:/|\s(?=n))|dupa\s?-?\s?)"
# OCR reads "n°" as "n2", and as "n°2" before the year.
_SIGN = r"(?:n\s?[°ºo*\"']\s?[.:]?\s?(?:2\s(?=20\d\d))?|n2\s(?=[\da-z])|n\s(?=\d|[a-z]{2,6}[ /-]?\d)|numero\s?)"
_SERVICE = (
    r"(?:(?!portant|autoris|modifi|abrog|relatif|du\b|de\b|le\b|dupa\b)[a-z]{2,10}(?:\s?[/-]\s?[a-z]{2,10}){0,4}\s?[/-]?\s?"
    rf"(?={_SIGN}))"
)
_VALUE = (
    # No number yet: "n°      du 12 janvier 2027", "n° 26-2027-01-12-      en date du".
    r"(?!(?:du|le|en)\s|\d{2,3}-20\d\d-\d\d-\d\d\s?-(?!\s?\d|[a-z]))"
    r"(?:[a-z][a-z0-9]{0,11}\s?[-/._]?\s?)?(?:[a-z]{2,8}\s(?=(?:20)?\d\d\s?[-/.]\s?\d))?(?:[a-z0-9]{1,16}\s?[-/._]\s?){0,6}[a-z0-9]{0,16}\d[a-z0-9]{0,40}"
    # After a dash between blanks, letters alone are prose: "n° 2026-77 - commune de X".
    r"(?:(?!\s[-‐‑–—]\s[a-z]+\b)\s?[-/._]\s?(?!\d{1,2}\s+[a-z])[a-z0-9]{1,16}){0,5}"
    # "n° 2026-PREF-DCSIPC/BSIOP 1012 du 24 août 2026", "n° HC 1042 CAB du 18 juin 2027", "n° 2027 368", "n° 2027-12 bis"
    rf"(?:\s(?:\d{{2,5}}|cab|bsi|ds)(?=\s+du\s\d)|(?<=\b20\d\d)(?:\s\d{{2,6}}){{1,2}}(?!\s?{MONTH})|\s(?:bis|ter|quater)\b)?"
)
OFFICIAL = (
    r"(?:\s*(?:inter-?|sous-?)?(?:prefectora(?:le?|ux)|conjoint|modificatif|rectificatif|complementaire|du prefet de police|cab(?:inet)?))*"
)
_TEMPLATE = r"(?:[rd]\d\d|\d{2,3}|2[ab])-20\d\d-\d\d-\d\d-\d{3,5}"
_NUMBER = re.compile(
    rf"(?P<head>\barretes?|\ba r r e t e|\bap(?![a-z])|\bdecision|(?<=[a-z])arrete){OFFICIAL}"
    # "Arrêté du 2 mai 2026", and its number on the next line.
    rf"(?:\s+du\s+\d{{1,2}}(?:er)?\s[a-z]{{3,9}}\s20\d\d\s*,?)?\s*{_SERVICE}?"
    rf"(?:(?:{_SIGN})?(?P<series>{_SERIES})?{_SIGN}(?P<value>{_VALUE})"
    r"|(?P<bare>(?:[a-z]{2,6}[ /-]|(?:[a-z]{2,8}[-/]){2,4}|(?:[a-z]{2,8}[-/]){1,3}[a-z]{2,8}\s?|\d{2,3}[-/](?:[a-z]{2,8}[-/]){1,4})?"
    r"(?:20\d\d(?:\.\d\d)?(?:[-/.][a-z]{2,8}){1,5}[-/.]\d{1,6}"
    r"|20\d\d\s?[-./]\s?\d{1,6}(?:[-/]\d{1,4}){0,2}(?:-[a-z]{2,4}\b)?|20\d{5,9}(?:-\d{1,4})?)"
    # "25 CAB-SIDPC 742", "HC/176/CAB", and the national template.
    r"|\d\d[ -][a-z]{2,8}-[a-z]{2,8}[ -]\d{1,6}"
    rf"|[a-z]{{2,4}}/\d{{1,5}}/[a-z]{{2,8}}|{_TEMPLATE}"
    # "AP 26/812 - Arrêté de renouvellement".
    r"|(?<=\bap )\d\d/\d{2,5}(?=\s*(?:[-–—]\s|\n|$))))"
)
# What is glued to a number, as printed: a word in lower case, who decides, a verb.
_GLUED = re.compile(
    r"(?:(?<=\d)|(?<=[A-Z]{2}))(?!(?:bis|ter|quater)\b)[a-zà-ÿ]{2,}(?![\w./-]*\d)|(?<=\d)(?:Vu|L[ea]s?|[A-ZÀ-Þ][a-zà-ÿ]{3,}ant)\b"
    r"|(?<=[\d./-])(?:[a-zà-ÿ]{3,}(?:ant|tif|tive|tion)|[A-ZÀ-Þ]{3,}(?:ANT|TIF|TIVE|TION))\b|(?<=[A-Z])(?:PORTANT|AUTORISANT)\b"
)
# "n° 64-2026-07-instaurant" was cut before its serial.
_GOES_ON = re.compile(r"\d|[-/._][a-z0-9]|(?<=[-/._])")
_FURTHER = re.compile(rf"{_SIGN}(?P<value>{_VALUE})|(?P<bare>20\d\d\s?-\s?\d{{1,6}}\b)")
_LONE = re.compile(r"\bn\s?[°º]\s?(?P<value>(?:\d\d-)?20\d\d(?:-[a-z]{2,8})?\s?-\s?\d{2,6})\b(?!-\d)")
# A line of its own: "N° 37-2026-10-02-00007", with the letters of a service before it ("BPA n° 2026/12") or a series ("27/CAB/DS n° 136"),
# without a sign ("2027 - 368"), or without a year above the title ("N° 368").
_LINE = re.compile(
    rf"^\W{{0,3}}(?:(?:(?P<series>{_SERIES})|(?!raa|avis|recueil|special)(?:(?P<service>[a-z/-]{{2,9}})\s)?(?=\W*n\W*[a-z0-9 ./_-]*20\d\d"
    rf"|n\s?[°º]\s?\d+\s*\n\W*arrete))n\s?[°º]\s?(?P<value>{_VALUE})|(?!20\d\d\s?[-/]\s?20)"
    rf"(?P<bare>20\d\d(?:\s?[-/.]\s?[a-z]{{2,8}}){{0,3}}\s?[-/.]\s?\d{{1,6}}))(?=\s*$|\s+du\s\d)",
    re.MULTILINE,
)


def number(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return the decree's own number: from its title, else its heading, else any heading line; never a quoted one. An erratum has none: it
    prints the number of the decree it corrects."""
    if erratum(document, segment) is not None:
        return None
    text = document.folded.text
    for parts in ((DecreePart.TITLE,), (DecreePart.HEADING,)):
        for match in _own_numbers(text, segment, *parts):
            # "Arrêté DSPC-BSI 2026-12" in a list of titles is "Arrêté n° 2026-12" in the text.
            headings = _own_numbers(text, segment, DecreePart.HEADING) if (match["bare"] or "2")[0].isalpha() else ()
            return _read_number(document, next((other for other in headings if other["value"]), match))
    for block in segment.of(DecreePart.HEADING):
        for match in chain(_LONE.finditer(text, block.start, block.end), _LINE.finditer(text, block.start, block.end)):
            service = document.original(*match.span("service")) if match.groupdict().get("service") else ""
            before = text[max(match.start() - 24, 0) : match.start()]
            if service == service.upper() and not re.search(r"(?:loi|decret|arrete|annexe[^\n]*)\s*$", before):
                return _read_number(document, match)
    for match in _own_numbers(text, segment, DecreePart.BODY, DecreePart.VISA, DecreePart.RECITAL):
        return _read_number(document, match)
    return None


def _own_numbers(text: str, segment: Segment, *parts: DecreePart) -> Iterator[re.Match[str]]:
    """Yield the numbers of decrees in these parts of the text that are not quoted."""
    for block in segment.of(*parts):
        yield from unquoted(_NUMBER, text, block.start, block.end)


def number_is_whole(document: ActText, segment: Segment, found: TextMatch[str]) -> bool:
    """Return False if a number goes on after what was read of it, or title and heading print two."""
    text, own = document.folded.text, _digits(found.value)
    parts = segment.of(DecreePart.TITLE, DecreePart.HEADING)
    firsts = chain.from_iterable(islice(unquoted(_NUMBER, text, block.start, block.end), 1) for block in parts)
    printed = (_digits(_read_number(document, first).value) for first in firsts)
    return _GOES_ON.match(text, found.end) is None and all(own in other or other in own for other in printed)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", comparable(number))


def _read_number(document: ActText, match: re.Match[str]) -> TextMatch[str]:
    """Return a number as printed, without the blanks that justification and OCR add around separators, and without what is glued to it."""
    groups = match.groupdict()
    start, end = match.span("value" if groups["value"] else "bare")
    first, last = document.folded.span(start, end)
    if (glued := _GLUED.search(document.source, first, last)) is not None:
        last, end = glued.start(), document.folded.position(glued.start())
    text = _tidied(document.source[first:last])
    if groups.get("series"):
        series = document.original(*match.span("series"))
        text = _tidied(series) + ("/" if series.endswith("/") else " n° " if "/" in series else " ") + text
    return TextMatch(text, match.start(), end)


def _tidied(printed: str) -> str:
    text = re.sub(r"^AP (?=\d)", "", " ".join(printed.split()).strip(" .-/"))
    return re.sub(r"\s*([-/._‐‑–—])\s*", lambda match: "-" if match[1] in "‐‑–—" else match[1], text)


def without_service(number: str) -> str:
    """Return a number in comparable form without any word before the year: `n° CAB-SIDPC-2026-447` also printed `CAB-SIDPC n° 2026-447`."""
    return re.sub(r"^(?:[a-z]+-)+(?=\d{4})", "", comparable(number))


# The decrees that a decree names, and what becomes of those on its topic: by its title, then by sentences of its articles, else the only
# one on it in its visas. Decrees named in passing ("l'arrêté n° 2 modifiant l'arrêté n° 1 est abrogé") or on other subjects do not count.

_REACH = 420
"""Characters after a decree's name in which its object stands: a full title."""

_MOST_CITATIONS = 150
"""Most decrees cited in one text: real ones name a dozen; limits hostile texts."""

_DAY = re.compile(rf"\s*,?\s*\(?(?:en date )?du\s+(?P<day>{ANY_DATE})\)?")
_DATED = re.compile(
    rf"\b(?:arretes?|decisions?)(?:\s+(?:inter-?)?prefectora(?:l|ux))?(?:\s+du prefet de police)?(?:\s+en date)?\s+du\s+(?P<day>{ANY_DATE})"
)
_ALSO = re.compile(r"(?:\s*,)?\s*(?:et\s*)?(?:de l'|l'|les |du )?")
_OBJECT_END = re.compile(
    r";|(?<=[a-z0-9»)]{2})\.\s|\b(?:est|sont|demeure)\s+(?:\w+\s+)?(?:abrog|retir|rapport|annul|modifi|complet|rempla|renouvel|prorog|prolong|recondui|suspend)"
)


@dataclass(frozen=True, slots=True)
class Citation:
    """Holds a decree named at `start:end` of the folded text. `of_topic` is None if the text does not name its subject."""

    number: str | None
    signed: date | None
    of_topic: bool | None
    start: int
    end: int

    @property
    def same(self) -> str:
        """Return its number without services, else its day: equal for two citations of one decree."""
        return without_service(self.number) if self.number is not None else str(self.signed)


def citations(document: ActText, segment: Segment, own: str | None) -> list[Citation]:
    """Return each mention of another decree in the segment, in order (`own` is the segment's number). Mentions of one decree share its
    number, day and object if any of them gives these."""
    named = sorted(islice(_named(document, segment.start, segment.end), _MOST_CITATIONS), key=lambda entry: entry.start)
    limits = [*(entry.start for entry in named[1:]), segment.end]
    others = [
        replace(entry, of_topic=_about_topic(document, entry.end, limit))
        for entry, limit in zip(named, limits, strict=False)
        if own is None or entry.number is None or entry.same != without_service(own)
    ]
    return _completed(others)


def _named(document: ActText, start: int, end: int) -> Iterator[Citation]:
    text = document.flat
    seen = start
    for first in _NUMBER.finditer(document.folded.text, start, end):
        numbered: re.Match[str] | None = first
        while numbered is not None and numbered.start() >= seen:
            day = _DAY.match(text, numbered.end(), end)
            signed = full(day["day"]) if day is not None else None
            seen = day.end() if day is not None and signed is not None else numbered.end()
            yield Citation(_read_number(document, numbered).value, signed, None, numbered.start(), seen)
            also = _ALSO.match(text, seen, end)  # "les arrêtés n° 2026-7 et n° 2026-8"
            numbered = _FURTHER.match(document.folded.text, also.end(), end) if also is not None and also.end() > seen else None
    for match in _DATED.finditer(text, start, end):
        signed = full(match["day"])
        if signed is not None:
            yield Citation(None, signed, None, match.start(), match.end())


def _about_topic(document: ActText, start: int, limit: int) -> bool | None:
    """Return whether the words after a decree's name describe the topic; None if they give no subject."""
    limit = min(limit, start + _REACH)
    stop = _OBJECT_END.search(document.flat, start, limit)
    letters = document.squeezed(start, stop.start() if stop is not None else limit)
    if _objects("never").search(letters):
        return False
    if document.cues.name(letters) or _objects("same").search(letters):
        return True
    return False if _objects("other").search(letters) else None


def _completed(found: list[Citation]) -> list[Citation]:
    """Return each citation with the number, day and object that another citation of the same decree gives."""
    # "L'arrêté du 2 mai 2026" is also the "n° 26-2026-05-02-00004" that has the day in its number.
    alone = [entry.signed for entry in found if entry.number is None]
    found = [
        replace(entry, signed=entry.signed or next((day for day in alone if str(day) in (entry.number or "")), None)) for entry in found
    ]
    whole: list[Citation] = []
    for entry in found:
        of_its_day = [other for other in found if other.signed == entry.signed]
        # The one decree of that day that is named by number too.
        twins = {other.same: other for other in reversed(of_its_day) if other.number is not None}
        named = entry if entry.number is not None or len(twins) != 1 else next(iter(twins.values()))
        same = [other for other in found if other.same == named.same] if named.number is not None else of_its_day
        days = {other.signed for other in same if other.signed is not None}
        known = {other.of_topic for other in same if other.of_topic is not None}
        day = entry.signed or (days.pop() if len(days) == 1 else None)
        of_topic = known.pop() if entry.of_topic is None and len(known) == 1 else entry.of_topic
        whole.append(replace(entry, number=named.number, signed=day, of_topic=of_topic))
    return whole


@cache
def _objects(which: str) -> Pattern:
    return pattern(*load("references.toml")["objects"][which])


_AND = re.compile(r"(?:\bet|,|;|:|-|•|ainsi que)\s*(?:de |a |portant )*(?:l'|l |les |du |des )?\s*$")
_SENTENCE = re.compile(r"(?<=[a-z0-9)\"]{3})\.\s|;")
_LIST = re.compile(r"\b(?:est|sont)\s+(?P<verb>[a-z]{6,12})s?\b[^.;:]{0,60}:\s")
# What follows is cited for its terms, or for who changed what.
_ASIDE = re.compile(
    r"(?:conformement a|en application de|sans prejudice de|dans les conditions \w+ par|modifiee? par|completee? par)\s*(?:l'|les )?\s*$"
)
# Where only a part of a decree goes, the decree is modified.
_IN_PART = re.compile(
    r"\b(?:l'article|(?:a|de|dans) l'article|les articles|aux articles|l'annexe|les annexes|l'alinea|les mots|phrases?|alineas?)\b"
)
# "Toute disposition contraire de l'arrêté n° … est abrogée": what it is, and whether there is one, is not said.
_CONTRARY = re.compile(r"\bdispositions?\b[^.;,]{0,40}?\bcontraires?\b(?!.*\b(?:ainsi que|et) (?:l'|les |de l'))")
_CEASES = re.compile(
    r"\b(?:cesse(?:nt)?|cesseront|cessera) (?:de produire|d'avoir|d'etre|ses|leurs|de s'appliquer)\b|\bprend(?:ra|ront|nent)? fin\b"
)
# "… accordée par l'arrêté susvisé": the only one whose visa does not say what it is about.
_ABOVE = re.compile(r"\bl'arrete (?:prefectoral )?(?:susvise|susmentionne|precite|vise ci-dessus)\b")
_VERB_REACH = 160
"""Characters between a verb of a title and the decree that it bears on."""


class _Change(NamedTuple):
    """Holds what becomes of a cited decree; see `Reference.retroactive`."""

    kind: Kind
    retroactive: bool | None = None


def references(document: ActText, segment: Segment, kind: Kind | None, own: str | None) -> list[TextMatch[Reference]]:
    """Return the decrees that this one (`kind`, with its `own` number) bears on, each once, in the order of the text."""
    text, cited = document.flat, citations(document, segment, own)
    changes: list[tuple[Citation, _Change]] = []
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        start = own_heading(document.folded.text, block.start, block.end)
        changes += _in_title(text, start, _within(cited, start, block.end))
    for block in segment.of(DecreePart.ARTICLE, *([] if segment.has_articles else [DecreePart.HEADING, DecreePart.BODY])):
        changes += _in_article(text, block, _within(cited, block.start, block.end))
    changes = [(entry, change) for entry, change in changes if entry.of_topic is not False]
    if not changes and kind in CHANGING and kind is not None:
        own_parts, others = (
            (DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE),
            (DecreePart.VISA, DecreePart.RECITAL, DecreePart.BODY),
        )
        is_told = any(entry.of_topic for entry in cited)
        taken_up = not is_told and any(_ABOVE.search(text, block.start, block.end) for block in segment.of(DecreePart.ARTICLE))
        for parts, told in ((own_parts, True), (others, True), *([((DecreePart.VISA,), None)] if taken_up else [])):
            bearing = {
                entry.same: entry
                for block in segment.of(*parts)
                for entry in reversed(_within(cited, block.start, block.end))
                if entry.of_topic is told and not _ASIDE.search(text, max(entry.start - 40, block.start), entry.start)
            }
            if len(bearing) == 1:
                changes = [(next(iter(bearing.values())), _Change(kind, _said_of_it(text, segment) if kind is Kind.ABROGATION else None))]
                break
    found: dict[str, TextMatch[Reference]] = {}
    for entry, change in changes:
        named = Reference(change.kind, entry.number, entry.signed, change.retroactive)
        first = found.setdefault(entry.same, TextMatch(named, entry.start, entry.end))
        # "Arrêté mettant fin à l'arrêté n° 1", of which the article says that it is "retiré".
        if first.value.change is named.change and first.value.retroactive is None:
            found[entry.same] = replace(first, value=replace(first.value, retroactive=named.retroactive))
    return sorted(found.values(), key=lambda entry: entry.start)


def _within(cited: list[Citation], start: int, end: int) -> list[Citation]:
    return [entry for entry in cited if start <= entry.start < end]


def _in_title(text: str, start: int, cited: list[Citation]) -> Iterator[tuple[Citation, _Change]]:
    """Yield the decrees that the verbs of a title concern; not those in the quoted title of another."""
    last: _Change | None = None
    position = start
    for entry in cited:
        gap = text[position : entry.start]
        change, verb = _last_verb(gap)
        bears = change is not None and len(gap) - verb <= _VERB_REACH and bool(position == start or _AND.search(gap[:verb]))
        last = change if bears else last
        if last is not None and (bears or (change is None and _AND.search(gap))):
            yield entry, last
        position = entry.end


def _in_article(text: str, block: Block, cited: list[Citation]) -> Iterator[tuple[Citation, _Change]]:
    """Yield the decrees that a sentence of an article changes or ends."""
    end = block.start
    change: _Change | None = None
    for entry in cited:
        start = max((match.end() for match in _SENTENCE.finditer(text, block.start, entry.start)), default=block.start)
        stop = _SENTENCE.search(text, entry.end, block.end)
        limit = stop.start() if stop is not None else block.end
        gap = text[max(start, end) : entry.start]
        listed = _list_verb(text[block.start : entry.start])
        if listed is not None:
            change = listed
        elif end > start:  # a second one in the sentence
            change = change if _AND.search(gap) else None
        elif _ASIDE.search(gap) or _CONTRARY.search(gap[-_VERB_REACH * 2 :]):
            change = None
        else:
            change = _verb_after(text[entry.end : limit]) or _last_verb(gap)[0]
            part = _IN_PART.search(gap) if change is not None and change.kind is Kind.ABROGATION else None
            if part is not None and not re.search(r"autorisation|emploi|effets|periode", gap[: part.start()]):
                change = _Change(Kind.MODIFICATION)
        end = entry.end
        if change is not None:
            yield entry, change


def _list_verb(before: str) -> _Change | None:
    """Return what a list does to its items: "Sont abrogés : - l'arrêté …"; None outside one."""
    lead = next(reversed(list(_LIST.finditer(before))), None)
    if lead is None or re.search(r"(?<=[a-z0-9)]{3})\.\s", before[lead.end() :]):
        return None
    return _verb_after(f"est {lead['verb']}")


def _verb_after(text: str) -> _Change | None:
    matches = ((kind, verbs.search(text)) for kind, verbs in _verbs("after").items())
    found = [(match.start(), _change(kind, match[0])) for kind, match in matches if match is not None]
    ending = _CEASES.search(text)
    if ending is not None:
        found.append((ending.start(), _Change(Kind.ABROGATION)))
    return min(found, key=lambda verb: verb[0])[1] if found else None


def _last_verb(text: str) -> tuple[_Change | None, int]:
    """Return the last verb of a stretch that concerns what follows, and its position."""
    found = [(match.start(), kind, match[0]) for kind, verbs in _verbs("before").items() for match in verbs.finditer(text)]
    if not found:
        return None, 0
    start, kind, word = max(found)
    # "abrogeant et remplaçant", "annule et remplace": what comes first is what becomes of it.
    for earlier, other, first in found:
        if re.fullmatch(r"[a-z]+ et ", text[earlier:start]):
            return _change(other, first), earlier
    return _change(kind, word), start


def _said_of_it(text: str, segment: Segment) -> bool | None:
    """Return how this decree ends the only decree that it can end, by the words of its title and articles; None if they are of both
    sorts."""
    said = {
        _change(Kind.ABROGATION, word[0]).retroactive
        for block in segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE)
        for group in ("before", "after")
        for word in _verbs(group)[Kind.ABROGATION].finditer(text, block.start, block.end)
    }
    return said.pop() if len(said) == 1 else None


def _change(kind: Kind, words: str) -> _Change:
    """Return the effect of these words of an end: abrogation, retrait, or neither."""
    said = {effect for effect, words_of_it in load("references.toml")["ends"].items() if any(word in words for word in words_of_it)}
    retroactive = "retroactive" in said if kind is Kind.ABROGATION and len(said) == 1 else None
    return _Change(kind, retroactive)


@cache
def _verbs(group: str) -> dict[Kind, re.Pattern[str]]:
    opening = r"\b(?:est|sont|demeure|soit)\s+(?:\w+\s+){0,2}?" if group == "after" else ""
    words = load("references.toml")[group].items()
    return {Kind(kind): re.compile(rf"{opening}(?:{'|'.join(rf'(?<![a-z]){each}' for each in verbs)})") for kind, verbs in words}
