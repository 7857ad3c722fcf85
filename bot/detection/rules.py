"""What one decree decides: the title first, then the operative part; visas and recitals never decide alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.detection.cues import cues
from bot.detection.document import Document
from bot.detection.events import purposes_named
from bot.detection.law import hooks
from bot.detection.mentions import Mention, mentions
from bot.detection.segments import Block, Part, Segment, own_heading
from bot.model import Evidence, Kind, Outcome

_TITLE_TAIL = 320
"""Squeezed characters after a mention in which its title may still say what it does to it."""

# What is left of a title without these says what the act is about; nothing left: "AP signé", "Arrêté n° 2026-12 du 3 mai 2026".
_EMPTY_WORDS = re.compile(
    r"\b(?:arretes?|prefectora(?:l|ux)|interprefectoral|decisions?|actes?|raa|recueil|signee?s?|publiee?s?|portant|numero|annexes?|version|projet|scan\w*|"
    r"documents?|pdf|vu|date|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|prefecture|prefet|police|special|"
    r"sans|titre|objet|avec|page|pages|numerise|anonymise|caviarde|non|nominatif)\b"
)

# Seen on decrees on VSA only: "de l'emploi dans une gare…". Other uses of "emploi" (of fire, of explosives) go on differently.
_CUT_TITLE = re.compile(r"portantautorisationdelemploi(?:da?$|dans)")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of one segment. `reason` is short English for people who debug; `evidence` quotes the act."""

    outcome: Outcome
    kind: Kind | None
    evidence: tuple[Evidence, ...]
    mentions: tuple[Mention, ...] = ()


def decide(document: Document, segment: Segment, *, unreadable: bool, stand_alone: bool) -> Finding:
    """Judge one decree. `unreadable`: some of its pages could not be read; `stand_alone`: its title may be a mere file name."""
    found = mentions(document, segment)
    if not found:
        return _without_mention(document, segment, stand_alone=stand_alone)
    named = _own_title(document, segment, stand_alone=stand_alone)
    titled = _by_title(document, segment, found, named)
    if titled is not None:
        return titled
    if named is not None and cues().never.search(named):
        return Finding(Outcome.NOT_CONCERNED, None, (), found)
    return _by_articles(document, segment, found, named) or _otherwise(document, segment, found, named, unreadable=unreadable)


def _otherwise(document: Document, segment: Segment, found: tuple[Mention, ...], named: str | None, *, unreadable: bool) -> Finding:
    """Neither title nor articles decide."""
    if any(mention.part is Part.BODY and mention.strong for mention in found) or any(mention.deciding for mention in found):
        return _undecided(document, segment, found, named, unreadable=unreadable)
    return _by_preamble(document, segment, found, named, unreadable=unreadable)


def is_generic(title: str) -> bool:
    """True for a folded title that does not say what the act is about ("ap signe", "arrete n° 2026-12")."""
    left = re.sub(r"[^a-z ]", " ", _EMPTY_WORDS.sub(" ", title))
    return not any(len(word) >= 4 for word in left.split())


def _by_title(document: Document, segment: Segment, found: tuple[Mention, ...], named: str | None) -> Finding | None:
    text = document.mended.text
    for part in (Part.TITLE, Part.HEADING):
        for block in segment.of(part):
            inside = [mention for mention in found if mention.part is part and not mention.citation]
            for mention in sorted(inside, key=lambda mention: not mention.strong):
                start = document.mended_span(own_heading(document.folded.text, block.start, mention.start), block.end)[0]
                stop = min(document.mended_span(block.start, block.end)[1], mention.tight_end + _TITLE_TAIL)
                event = cues().event.search(text, mention.tight_end, stop)
                said = stop if event is None else event.start()
                if cues().never.search(text, start, said) and not _decides_before(text, start, said):
                    return Finding(Outcome.NOT_CONCERNED, None, (document.evidence("verdict", *_around(document, block, mention)),), found)
                kind = _title_kind(text, start, said, stop)
                proof = document.evidence("verdict", *_around(document, block, mention))
                if kind is None:
                    continue
                near = max(start, mention.tight_start - 200), min(stop, mention.tight_end + 200)
                opening = document.mended_span(block.start, block.end)[0]
                notice = _opens_as_notice(text, opening, start) if part is Part.TITLE else named is not None and _is_notice(named)
                if notice and not segment.is_formal:
                    return Finding(Outcome.UNCERTAIN, None, (proof,), found)
                formal = segment.is_formal or cues().act.search(text, start, mention.tight_start) or _article_kind(text, *near)
                if not formal or (not mention.strong and not _supported(document, segment)):
                    return Finding(Outcome.UNCERTAIN, None, (proof,), found)
                contradiction = _contradicted(document, segment, found, kind)
                if contradiction is not None:
                    return Finding(Outcome.UNCERTAIN, None, (proof, contradiction), found)
                return Finding(Outcome.DECREE, kind, (proof,), found)
    return None


def _opens_as_notice(text: str, start: int, stop: int) -> bool:
    """True where a title begins as something else and goes on with an act ("Avis de consultation : projet d'arrêté…")."""
    return any(cue.match(text, start, stop) is not None for cue in (cues().never, cues().related))


def _is_notice(named: str) -> bool:
    """True for a title that says that the act decides nothing on VSA ("donnant subdélégation", "fixant la liste…")."""
    decision = _first(named, 0, len(named))
    spoken = cues().never.search(named) or cues().related.search(named)
    if spoken is not None:
        return decision is None or spoken.start() < decision[0]
    return decision is None and not _speaks(named)


def _speaks(named: str) -> bool:
    return any(cue.search(named) for cue in (*cues().strong, *cues().bare, *cues().medium))


def _decides_before(text: str, start: int, stop: int) -> bool:
    """True when a title decides before it mentions what is never a decree ("portant autorisation … et délégation")."""
    never = cues().never.search(text, start, stop)
    decision = _first(text, start, stop)
    return never is not None and decision is not None and decision[0] < never.start()


def _first(text: str, start: int, stop: int) -> tuple[int, Kind] | None:
    """The first verb of a title; of two that begin together, the longer."""
    matches = [
        (match.start(), -len(match.group()), kind) for kind, verb in cues().titles.items() if (match := verb.search(text, start, stop))
    ]
    if not matches:
        return None
    position, _, kind = min(matches, key=lambda entry: entry[:2])
    return position, kind


def _title_kind(text: str, start: int, said: int, stop: int) -> Kind | None:
    """What a title does. Beyond `said` it names the event: only what bears on another decree counts there."""
    decision = _first(text, start, said)
    if decision is None and (amending := cues().amending.search(text, said, stop)) is not None:
        decision = _first(text, amending.start(), stop)
    related = cues().related.search(text, start, said)
    if decision is not None:
        return None if related is not None and related.start() < decision[0] else decision[1]
    use = cues().use.search(text, start, said)
    if use is not None and (related is None or use.start() < related.start()):
        return Kind.AUTHORISATION
    return None


def _article_kind(text: str, start: int, stop: int) -> Kind | None:
    decision = _article_decision(text, start, stop)
    return decision[1] if decision is not None else None


def _article_decision(text: str, start: int, stop: int) -> tuple[int, Kind] | None:
    matches = [(match.start(), kind) for kind, verb in cues().articles.items() if (match := verb.search(text, start, stop))]
    return min(matches) if matches else None


def _is_aside(document: Document, segment: Segment, mention: Mention, verb: int, named: str | None) -> bool:
    """True where an act under another title of its own decides in one sentence and speaks of an algorithm in another."""
    if named is None:
        return False
    if mention.part is not Part.ARTICLE:
        return not segment.is_formal and _first(named, 0, len(named)) is None
    first, last = sorted((document.loose(verb, verb + 1)[0], mention.start))
    return not _speaks(named) and re.search(r"[a-z]\.\s", document.flat[first:last]) is not None


def _by_articles(document: Document, segment: Segment, found: tuple[Mention, ...], named: str | None) -> Finding | None:
    """What the articles that speak of VSA decide. A title that modifies or ends something says which way it goes."""
    text = document.mended.text
    doubt: Evidence | None = None
    for mention in found:
        if mention.part not in {Part.ARTICLE, Part.HEADING, Part.BODY} or mention.citation:
            continue
        block = segment.at(mention.start)
        start, stop = document.mended_span(block.start, block.end)
        if mention.part is not Part.ARTICLE:
            start, stop = max(start, mention.tight_start - 200), min(stop, mention.tight_end + 200)
        if cues().delegation.search(text, start, stop):
            continue
        decision = _article_decision(text, start, stop)
        if decision is None:
            continue
        kind = decision[1]
        proof = document.evidence("verdict", *_around(document, block, mention))
        if _is_aside(document, segment, mention, decision[0], named) or (not mention.strong and not _supported(document, segment)):
            doubt = doubt or proof
            continue
        title_kind = _first(named, 0, len(named)) if named is not None else None
        if title_kind is not None and title_kind[1] is not Kind.AUTHORISATION and kind is not Kind.AUTHORISATION:
            kind = title_kind[1]
        return Finding(Outcome.DECREE, kind, (proof,), found)
    return Finding(Outcome.UNCERTAIN, None, (doubt,), found) if doubt is not None else None


def _contradicted(document: Document, segment: Segment, found: tuple[Mention, ...], kind: Kind) -> Evidence | None:
    """An authorising title over articles that only refuse or end: a person must look."""
    if kind is not Kind.AUTHORISATION:
        return None
    text = document.mended.text
    against: Evidence | None = None
    for block in segment.of(Part.ARTICLE):
        article = _article_kind(text, *document.mended_span(block.start, block.end))
        if article in {Kind.AUTHORISATION, Kind.RENEWAL}:
            return None
        speaks = any(mention.part is Part.ARTICLE and block.start <= mention.start < block.end for mention in found)
        if article in {Kind.REFUSAL, Kind.SUSPENSION, Kind.ABROGATION} and speaks and against is None:
            against = document.evidence("contradiction", block.start, block.end)
    return against


def _undecided(document: Document, segment: Segment, found: tuple[Mention, ...], named: str | None, *, unreadable: bool) -> Finding:
    """No article decides, but some speak of VSA: for a person to see, unless in words of other things under a title of its own."""
    weak = not any(mention.strong for mention in found) and not _supported(document, segment)
    if weak and named is not None and not _speaks(named) and segment.is_formal and not unreadable:
        return Finding(Outcome.NOT_CONCERNED, None, _proofs(document, found), found)
    return _uncertain(document, found)


def _by_preamble(document: Document, segment: Segment, found: tuple[Mention, ...], named: str | None, *, unreadable: bool) -> Finding:
    """Only visas and recitals speak of VSA.

    An act that merely cites the law under a title of its own is not concerned. A scrambled text (two layers interleaved)
    whose every word is there is a decree. Anything else is for a person to see.
    """
    text = document.mended.text
    low, high = document.mended_span(segment.start, segment.end)
    strong = [mention for mention in found if mention.strong]
    if not strong and not _supported(document, segment):
        return Finding(Outcome.NOT_CONCERNED, None, (), found)
    clear = named is not None and not is_generic(named)
    if clear and not unreadable and all(mention.citation for mention in strong):
        return Finding(Outcome.NOT_CONCERNED, None, (), found)
    scrambled = not clear and re.search(r"portantautorisationdelemploi|autorisee?s?amettreen(?:oe|ce)uvre", text[low:high]) is not None
    other = re.search(r"portant(?:abrog|refus|modif|suspen|retrait|delegation)", text[low:high])
    if scrambled and other is None and any(not mention.citation for mention in strong) and _supported(document, segment):
        return Finding(Outcome.DECREE, Kind.AUTHORISATION, _proofs(document, found), found)
    return _uncertain(document, found)


def _own_title(document: Document, segment: Segment, *, stand_alone: bool) -> str | None:
    """The squeezed title: of the act, or where that is missing, generic or a mere file name, the heading's; None if there is none."""
    text = document.folded.text
    for block in segment.of(Part.TITLE, Part.HEADING):
        start = own_heading(text, block.start, block.end)
        folded = text[start : block.end]
        if (block.part is Part.TITLE and stand_alone) or is_generic(folded):
            continue
        if block.part is Part.HEADING and re.match(r"(?:arretes?|decision)\b", folded) is None:
            continue
        first, last = document.mended_span(start, block.end)
        return document.mended.text[first:last]
    return None


def _supported(document: Document, segment: Segment) -> bool:
    """Medium words need company: the law's own hook, its decree, or two of the predetermined events."""
    if any(hook.alone for hook, _, _ in hooks(document, segment.start, segment.end)):
        return True
    return len(purposes_named(document, segment.start, segment.end)) >= 2


def _around(document: Document, block: Block, mention: Mention) -> tuple[int, int]:
    """A phrase around a mention: from the sentence's or the title's beginning where that is near."""
    text = document.folded.text
    if block.part in {Part.TITLE, Part.HEADING}:
        title = own_heading(text, block.start, mention.start)
        if title > block.start and mention.start - title < 200:
            return title, min(block.end, mention.end + 40)
    start = max(block.start, mention.start - 130)
    breaks = [text.rfind(mark, start, mention.start) for mark in (". ", ";", ":\n", ".\n")]
    return max(start, *(position + 1 for position in breaks)), min(block.end, mention.end + 40)


def _without_mention(document: Document, segment: Segment, *, stand_alone: bool) -> Finding:
    """Nothing names VSA, but its words may have been cut off or misread.

    A person must look at a title cut in a table of contents ("portant autorisation de l'emploi da") with no body to say more,
    and at an act that rests on the very articles of the law and names predetermined events, video surveillance or nothing at all.
    """
    text = document.mended.text
    stretch = text[slice(*document.mended_span(segment.start, segment.end))]
    cut = _CUT_TITLE.search(stretch)
    if cut is not None and not segment.has_articles and len(stretch) - cut.end() <= 60:
        return Finding(Outcome.UNCERTAIN, None, (document.evidence("verdict", segment.start, segment.end),))
    leftover = cues().leftover.search(text, *document.mended_span(segment.start, segment.end))
    if leftover is not None and not any(entry.search(stretch) for entry in cues().strong):
        return Finding(Outcome.UNCERTAIN, None, (document.evidence("verdict", *document.loose(*leftover.span())),))
    cited = next((span for hook, *span in hooks(document, segment.start, segment.end) if hook.alone), None)
    if cited is not None:
        named = _own_title(document, segment, stand_alone=stand_alone)
        telling = named is None or re.search(r"video(?:protection|surveillance)", named) is not None
        if telling or len(purposes_named(document, segment.start, segment.end)) >= 2:
            return Finding(Outcome.UNCERTAIN, None, (document.evidence("verdict", *cited),))
    return Finding(Outcome.NOT_CONCERNED, None, ())


def _proofs(document: Document, found: tuple[Mention, ...]) -> tuple[Evidence, ...]:
    return tuple(document.evidence("verdict", mention.start, mention.end) for mention in found[:3])


def _uncertain(document: Document, found: tuple[Mention, ...]) -> Finding:
    return Finding(Outcome.UNCERTAIN, None, _proofs(document, found), found)
