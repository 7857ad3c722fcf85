"""Finds the decrees that a decree names, by number or day of signature, and those on VSA that it renews, modifies, suspends or ends: in its
title, then in the sentences of its articles, else the only one on VSA that its visas cite. A decree named on the way ("l'arrêté n° 2
modifiant l'arrêté n° 1 est abrogé") is none of them, nor is one that the text says to be about another thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice
from typing import NamedTuple

from bot.detection.facts.identity import number_after, numbers_in, without_service
from bot.detection.text.cues import Pattern, cues, fold, load, pattern
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import ANY_DATE, full
from bot.detection.text.segments import Block, DecreePart, Segment, own_heading
from bot.domain.acts import Kind, Reference

_REACH = 420
"""Characters after a decree's name in which its object stands: a full title."""

_MOST_CITATIONS = 150
"""Decrees looked at in one text: real ones name a dozen, a hostile text has any number."""

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
    """A decree named at `start:end` of the folded text. `vsa` is None where the text does not say what it is about."""

    number: str | None
    signed: date | None
    vsa: bool | None
    start: int
    end: int

    @property
    def same(self) -> str:
        """Return what shows that two citations are of one decree."""
        return without_service(self.number) if self.number is not None else str(self.signed)


def citations(document: ActText, segment: Segment, own: str | None) -> list[Citation]:
    """Return every decree that the segment names but itself (`own` is its number), each time it does, in order. Where one place gives the
    number, another the day or the object, each citation has them all."""
    named = sorted(islice(_named(document, segment.start, segment.end), _MOST_CITATIONS), key=lambda entry: entry.start)
    limits = [*(entry.start for entry in named[1:]), segment.end]
    others = [
        replace(entry, vsa=_about_vsa(document, entry.end, limit))
        for entry, limit in zip(named, limits, strict=False)
        if own is None or entry.number is None or entry.same != without_service(own)
    ]
    return _completed(others)


def _named(document: ActText, start: int, end: int) -> Iterator[Citation]:
    text = document.flat
    seen = start
    for first in numbers_in(document, start, end, quoted=True):
        entry: TextMatch[str] | None = first
        while entry is not None and entry.start >= seen:
            day = _DAY.match(text, entry.end, end)
            signed = full(day["day"]) if day is not None else None
            seen = day.end() if day is not None and signed is not None else entry.end
            yield Citation(entry.value, signed, None, entry.start, seen)
            following = _ALSO.match(text, seen, end)
            entry = number_after(document, following.end(), end) if following is not None and following.end() > seen else None
    for match in _DATED.finditer(text, start, end):
        signed = full(match["day"])
        if signed is not None:
            yield Citation(None, signed, None, match.start(), match.end())


def _about_vsa(document: ActText, start: int, limit: int) -> bool | None:
    """Return what the words after a decree's name say of its object: True, False, or None where they do not say."""
    limit = min(limit, start + _REACH)
    stop = _OBJECT_END.search(document.flat, start, limit)
    low, high = document.mended_span(start, stop.start() if stop is not None else limit)
    known = cues()
    if any(cue.search(document.mended.text, low, high) for cue in (*known.strong, *known.bare, *known.medium, _objects("same"))):
        return True
    return False if _objects("other").search(document.mended.text, low, high) else None


def _completed(found: list[Citation]) -> list[Citation]:
    """Return each citation with the number, day and object that another citation of the same decree gives."""
    # "L'arrêté du 2 mai 2026" is also the "n° 26-2026-05-02-00004" that has the day in its number.
    alone = [entry.signed for entry in found if entry.number is None]
    found = [
        replace(entry, signed=entry.signed or next((day for day in alone if str(day) in (entry.number or "")), None)) for entry in found
    ]
    numbered = [(entry.same, entry) for entry in found if entry.number is not None]
    whole: list[Citation] = []
    for cited in found:
        # The one decree of that day that is named by number too.
        twins = {same: other.number for same, other in numbered if other.signed == cited.signed} if cited.number is None else {}
        entry = replace(cited, number=next(iter(twins.values()))) if len(twins) == 1 else cited
        if entry.number is not None:
            same = [other for key, other in numbered if key == entry.same]
        else:
            same = [other for other in found if other.signed == entry.signed]
        days = {other.signed for other in same if other.signed is not None}
        known = {other.vsa for other in same if other.vsa is not None}
        day = entry.signed or (days.pop() if len(days) == 1 else None)
        whole.append(replace(entry, signed=day, vsa=known.pop() if entry.vsa is None and len(known) == 1 else entry.vsa))
    return whole


@cache
def _objects(which: str) -> Pattern:
    return pattern(*load("references.toml")["objects"][which])


CHANGES = frozenset({Kind.RENEWAL, Kind.MODIFICATION, Kind.ABROGATION, Kind.SUSPENSION})

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
_VERB_REACH = 160
"""Characters between a verb of a title and the decree that it bears on."""


class _Change(NamedTuple):
    """What becomes of a decree that is named; see `Reference.retroactive`."""

    kind: Kind
    retroactive: bool | None = None


def references(document: ActText, segment: Segment, kind: Kind | None, own: str | None) -> list[TextMatch[Reference]]:
    """Return the decrees that this one (`kind`, with its `own` number) bears on, each once, in the order of the text."""
    cited = citations(document, segment, own)
    found: dict[str, TextMatch[Reference]] = {}

    def take(entry: Citation, change: _Change) -> None:
        if entry.vsa is False:
            return
        named = Reference(change.kind, entry.number, entry.signed, change.retroactive)
        first = found.setdefault(entry.same, TextMatch(named, entry.start, entry.end))
        # "Arrêté mettant fin à l'arrêté n° 1", of which the article says that it is "retiré".
        if first.value.change is named.change and first.value.retroactive is None:
            found[entry.same] = replace(first, value=replace(first.value, retroactive=named.retroactive))

    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING):
        start = own_heading(document.folded.text, block.start, block.end)
        for entry, change in _in_title(document.flat, start, _within(cited, start, block.end)):
            take(entry, change)
    for block in segment.of(DecreePart.ARTICLE, *([] if segment.has_articles else [DecreePart.HEADING, DecreePart.BODY])):
        for entry, change in _in_article(document.flat, block, _within(cited, block.start, block.end)):
            take(entry, change)
    if not found and kind in CHANGES and kind is not None:
        for parts in ((DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE), (DecreePart.VISA, DecreePart.RECITAL, DecreePart.BODY)):
            bearing = {
                entry.same: entry
                for block in segment.of(*parts)
                for entry in reversed(_within(cited, block.start, block.end))
                if entry.vsa and not _ASIDE.search(document.flat, max(entry.start - 40, block.start), entry.start)
            }
            if len(bearing) == 1:
                take(next(iter(bearing.values())), _Change(kind, _said_of_it(document.flat, segment) if kind is Kind.ABROGATION else None))
                break
    return sorted(found.values(), key=lambda entry: entry.start)


def _within(cited: list[Citation], start: int, end: int) -> list[Citation]:
    return [entry for entry in cited if start <= entry.start < end]


def _in_title(text: str, start: int, cited: list[Citation]) -> list[tuple[Citation, _Change]]:
    """Return the decrees on which the verbs of a title bear; not those in the quoted title of another."""
    found: list[tuple[Citation, _Change]] = []
    last: _Change | None = None
    position = start
    for entry in cited:
        gap = text[position : entry.start]
        change, verb = _last_verb(gap)
        bears = change is not None and len(gap) - verb <= _VERB_REACH and bool(position == start or _AND.search(gap[:verb]))
        last = change if bears else last
        if last is not None and (bears or (change is None and _AND.search(gap))):
            found.append((entry, last))
        position = entry.end
    return found


def _in_article(text: str, block: Block, cited: list[Citation]) -> list[tuple[Citation, _Change]]:
    """Return the decrees of which a sentence of an article says what becomes of them."""
    found: list[tuple[Citation, _Change]] = []
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
            found.append((entry, change))
    return found


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
    """Return the last verb of a stretch that bears on what follows, and where it begins."""
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
    """Return how this decree ends the only one that it can end, by the words of its title and articles; None where they are of both
    sorts."""
    said = {
        _change(Kind.ABROGATION, word[0]).retroactive
        for block in segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE)
        for group in ("before", "after")
        for word in _verbs(group)[Kind.ABROGATION].finditer(text, block.start, block.end)
    }
    return said.pop() if len(said) == 1 else None


def _change(kind: Kind, words: str) -> _Change:
    """Return what these words of an end do: abrogation, retrait, or neither said."""
    said = {effect for effect, words_of_it in load("references.toml")["ends"].items() if any(word in words for word in words_of_it)}
    retroactive = "retroactive" in said if kind is Kind.ABROGATION and len(said) == 1 else None
    return _Change(kind, retroactive)


@cache
def _verbs(group: str) -> dict[Kind, re.Pattern[str]]:
    opening = r"\b(?:est|sont|demeure|soit)\s+(?:\w+\s+){0,2}?" if group == "after" else ""
    words = load("references.toml")[group].items()
    return {Kind(kind): re.compile(rf"{opening}(?:{'|'.join(rf'(?<![a-z]){each}' for each in verbs)})") for kind, verbs in words}


# A decree without the words that it takes away: what a modification removes is none of its facts.
#
# « Les mots "place Pie" sont remplacés par les mots "place Kléber" » names one place. What goes is blanked, at its length, so that every
# position holds and the rules for each fact need not know of it.

_READ = r"\b(?:lire|il (?:y a lieu|faut|convient)|le mot)\b"
_CLAUSE_END = r"\.\s|[;:\"]|,\s(?:l[ae] |les |l'|aux? |dans |sur |il |elle |ils |elles |on )|\b(?:est|sont|peut|peuvent|sera|seront)\b"
_QUOTED = r'"([^"]{1,400})"'
# « Les mots "…" sont remplacés », "remplacer les mots « … »", "il est substitué aux mots « … »".
_REPLACED = re.compile(
    rf"{_QUOTED}(?:\s*\")?\s*,?\s*(?:est|sont|doit etre|doivent etre)\s+(?:ainsi\s+)?(?:remplace|supprime)"
    rf"|\b(?:remplacer|supprimer|substituer? (?:aux?|a la|a l'))\b[^\".;]{{0,60}}{_QUOTED}"
)
_INSTEAD = re.compile(rf"\bau lieu (?:de|du|des)\b((?:(?!{_READ}).){{1,220}})(?={_READ})")
# What comes before "en lieu et place de" holds. A place where people gather is no change.
_IN_PLACE = re.compile(
    r"(\b(?:aux? lieux?(?: et places?)?|en lieu et place|en remplacement)(?=\s(?:de |des |du |d'))"
    r"(?!\s(?:du |de |de l'|de la )(?:rassemblement|rendez|depart|stationnement|culte|evenement|manifestation))"
    rf"(?:(?!{_CLAUSE_END}).){{1,220}})"
)
# Of things, a sentence says it without quotes: "le logiciel X est remplacé par le logiciel Y", "Y remplace X".
_IS_REPLACED = re.compile(r"\b(?:est|sont|sera|seront|a ete|ont ete)\s(?:ainsi\s)?remplacee?s?\spar\b")
_SUBJECT = re.compile(r"(?:(?!\.\s|\b(?:est|sont)\b)[^;\"]){1,200}$")
_REPLACES = re.compile(
    r"(?<!est )(?<!sont )(?<!sera )(?<!ete )"
    r"\b(?:remplace(?:nt|ra|ront)?|remplacant|(?:se substitue|succede)(?:nt|ra|ront)?\s(?:a|au|aux))\s(?!par\b)"
    rf"((?:(?!{_CLAUSE_END}).){{1,220}})"
)
_NEW_WORDING = re.compile(rf"[^\"]{{0,30}}\b(?:par|les mots|{_READ})[^\"]{{0,40}}\"(?![^\"]{{0,40}}\b(?:logiciel|solution))")
_OF_SOFTWARE = re.compile(r"\b(?:societe|entreprise|editeur|start-?up|logiciel|solution)\b")
_SOFTWARE = " logiciel "


def amended(document: ActText, segment: Segment) -> ActText:
    """Return the document without the wording that this decree replaces or removes."""
    return _blanked(document, _wordings(document.flat, segment))


def amended_things(document: ActText, segment: Segment) -> tuple[ActText, tuple[tuple[int, int], ...]]:
    """Return the document without the software and makers that this decree replaces, whatever the words, and where these were. A new
    wording that takes the place of one on a maker is about software too, though it does not say so again."""
    text = document.flat
    wordings = tuple(_wordings(text, segment))
    gone = (*wordings, *_things(text, segment))
    blanked = _blanked(document, gone)
    for start, end in wordings:
        lead = _NEW_WORDING.match(text, min(end + 1, segment.end), segment.end) if _OF_SOFTWARE.search(text, start, end) else None
        if lead is not None:
            blanked = _overwritten(blanked, lead.end() - len(_SOFTWARE), _SOFTWARE)
    return blanked, gone


def unless_gone(
    document: ActText, gone: Iterable[tuple[int, int]], segment: Segment, found: TextMatch[str] | None
) -> TextMatch[str] | None:
    """Return a software or maker; None for one of a visa or recital where an article takes that one away, or its maker or product."""
    first = next(iter(segment.of(DecreePart.ARTICLE)), None)
    if found is None or first is None or found.start >= first.start:
        return found
    taken = [fold(document.original(start, end)).text for start, end in gone if start >= first.start]
    return None if any(fold(found.value).text in words or _OF_SOFTWARE.search(words) for words in taken) else found


def _wordings(text: str, segment: Segment) -> Iterator[tuple[int, int]]:
    for words in (_REPLACED, _INSTEAD, _IN_PLACE):
        yield from (match.span(match.lastindex or 0) for match in words.finditer(text, segment.start, segment.end))


def _things(text: str, segment: Segment) -> Iterator[tuple[int, int]]:
    for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY):
        for match in _IS_REPLACED.finditer(text, block.start, block.end):
            subject = _SUBJECT.search(text[max(match.start() - 200, block.start) : match.start()])
            if subject is not None:
                yield match.start() - len(subject.group()), match.start()
        yield from (match.span(1) for match in _REPLACES.finditer(text, block.start, block.end))


def _blanked(document: ActText, gone: Iterable[tuple[int, int]]) -> ActText:
    for start, end in gone:
        # A semicolon ends every sentence and name that would run on into what is gone.
        document = _overwritten(document, start, ";" + " " * (end - start - 1))
    return document


def _overwritten(document: ActText, start: int, words: str) -> ActText:
    end = start + len(words)
    flat, folded = document.flat, document.folded.text
    lines = "".join("\n" if old == "\n" else new for old, new in zip(folded[start:end], words, strict=True))
    folded = folded[:start] + lines + folded[end:]
    return replace(document, flat=flat[:start] + words + flat[end:], folded=replace(document.folded, text=folded))
