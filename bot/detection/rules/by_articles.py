"""What the articles of an act decide, also where they say of VSA no more than the title of the decree that they change or end."""

from __future__ import annotations

import re

from bot.detection.facts.numbers import number
from bot.detection.facts.references import Citation, citations, references
from bot.detection.rules.evidence import Finding, SegmentEvidence
from bot.detection.rules.titles import Verb, article_verb, first_verb, stopped
from bot.detection.text.cues import VerdictReason, cues
from bot.detection.text.mentions import Mention
from bot.detection.text.segments import DecreePart
from bot.domain.acts import Evidence, Kind

_SENTENCE = re.compile(r"[a-z]\.\s")


def by_articles(case: SegmentEvidence) -> Finding | None:
    """Return what the articles that speak of VSA decide. A title that modifies or ends something says which way it goes."""
    doubt: tuple[Evidence, ...] = ()
    for mention in case.found:
        if mention.part not in {DecreePart.ARTICLE, DecreePart.HEADING, DecreePart.BODY} or mention.citation:
            continue
        block = case.segment.at(mention.start)
        start, stop = case.within(block)
        if mention.part is not DecreePart.ARTICLE:
            start, stop = max(start, mention.tight_start - 200), min(stop, mention.tight_end + 200)
        if cues().handing_over.search(case.text, start, stop):
            continue
        verb = article_verb(case.text, start, stop)
        if verb is None:
            continue
        # "La commune est mise en demeure de cesser… le traitement qui est mis en œuvre" authorises nothing.
        contrary = stopped(case.text, start, stop) if verb.kind is Kind.AUTHORISATION else None
        if contrary is not None and contrary.start() < verb.start and not _apart(case, contrary.start(), verb.start):
            doubt = doubt or (case.phrase(mention), case.because("doubt", VerdictReason.UNSETTLED, mention), case.against(contrary))
            continue
        why = _doubtful(case, mention, verb)
        if why is not None:
            doubt = doubt or (case.phrase(mention), case.because("doubt", why, mention))
            continue
        said = case.verb(verb)
        kind = verb.kind
        if case.title is not None and kind is not Kind.AUTHORISATION:
            titled = first_verb(case.title.text, 0, len(case.title.text))
            if titled is not None and titled.kind is not Kind.AUTHORISATION:
                kind, said = titled.kind, case.verb(titled, case.title.start)
        return case.decree(kind, said, mention)
    return case.uncertain(*doubt) if doubt else None


def _doubtful(case: SegmentEvidence, mention: Mention, verb: Verb) -> VerdictReason | None:
    if _is_aside(case, mention, verb):
        return VerdictReason.IN_PASSING
    return VerdictReason.OTHER_WORDS if not mention.strong and not case.supported() else None


def _is_aside(case: SegmentEvidence, mention: Mention, verb: Verb) -> bool:
    """Return True where an act under another title of its own decides in one sentence and speaks of an algorithm in another."""
    if case.title is None:
        return False
    if mention.part is not DecreePart.ARTICLE:
        return not case.segment.is_formal and first_verb(case.title.text, 0, len(case.title.text)) is None
    first, last = sorted((case.document.loose(verb.start, verb.start + 1)[0], mention.start))
    return not case.title.speaks and _SENTENCE.search(case.document.flat, first, last) is not None


def _apart(case: SegmentEvidence, one: int, two: int) -> bool:
    """Return True where a sentence ends between two positions of the mended view."""
    first, last = (case.document.loose(position, position + 1)[0] for position in (one, two))
    return _SENTENCE.search(case.document.flat, first, last) is not None


def answered(case: SegmentEvidence) -> Finding | None:
    """Return what the first article that speaks of the request says of it, where the title or a visa tells that it was one for VSA."""
    asked = next((mention for mention in case.found if mention.strong and not mention.citation and _is_asked(case, mention)), None)
    if asked is None:
        return None
    for block in case.segment.of(DecreePart.ARTICLE):
        start, stop = case.within(block)
        verb = article_verb(case.text, start, stop)
        if verb is None:
            continue
        refused = verb.kind is Kind.REFUSAL and cues().request.search(case.text, start, verb.start) is not None
        # "La commune est autorisée" answers another request; this one is said to be granted.
        granted = verb.kind is Kind.AUTHORISATION and re.match("demande|ilestfaitdroit", case.text[verb.start : verb.end]) is not None
        if refused or granted:
            return case.decree(verb.kind, case.verb(verb), asked)
    return None


def _is_asked(case: SegmentEvidence, mention: Mention) -> bool:
    """Return True for what a title or a visa says was asked for: "Vu la demande de la commune en vue d'employer un traitement…"."""
    block = case.segment.at(mention.start)
    return (
        mention.part in {DecreePart.TITLE, DecreePart.HEADING, DecreePart.VISA}
        and "demande" in case.document.flat[block.start : mention.start]
    )


_REACH = 420
"""Characters after a decree's name in which its object is told: a full title."""

_AFTER = 60
"""Characters quoted after a decree's name, so that one sees what becomes of it."""


def by_reference(case: SegmentEvidence) -> Finding | None:
    """The change that a title or an article makes to a decree which a visa or a recital tells to be one on VSA; None where there is none.

    "L'arrêté n° 2026-12 susvisé est abrogé", under "portant abrogation de l'arrêté n° 2026-12": only its visa names an algorithm.
    """
    own = number(case.document, case.segment)
    cited = citations(case.document, case.segment, own.value if own is not None else None)
    told = {entry.same: mention for entry in cited if entry.vsa and (mention := _object_of(case, entry)) is not None}
    if not told:
        return None
    for found in references(case.document, case.segment, None, own.value if own is not None else None):
        named = next((entry for entry in cited if entry.start == found.start), None)
        if named is not None and named.same in told:
            kind = Kind(found.value.change.value)
            said = case.document.evidence("verb", found.start, min(found.end + _AFTER, case.segment.end), kind.value)
            return case.decree(kind, said, told[named.same])
    return None


def _object_of(case: SegmentEvidence, cited: Citation) -> Mention | None:
    """Return the mention of VSA in what is said of a decree that is named, unless it is a subsidy, a committee or the like for it."""
    block = case.segment.at(cited.start)
    if block.part is DecreePart.ARTICLE:
        return None
    low = case.document.mended_span(cited.end, cited.end)[0]
    for mention in case.found:
        if mention.strong and not mention.citation and cited.end <= mention.start < min(block.end, cited.end + _REACH):
            between = (low, mention.tight_start)
            if cues().never.search(case.text, *between) is None and cues().related.search(case.text, *between) is None:
                return mention
    return None
