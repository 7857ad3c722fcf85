"""What an act decides that says of VSA no more than the title of the decree that it changes or ends."""

from __future__ import annotations

from bot.detection.facts.citations import Citation, citations
from bot.detection.facts.numbers import number
from bot.detection.facts.references import references
from bot.detection.rules.case import Finding, SegmentEvidence
from bot.detection.text.cues import cues
from bot.detection.text.mentions import Mention
from bot.detection.text.segments import DecreePart
from bot.domain import Kind

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
    """The mention of VSA in what is said of a decree that is named, unless it is a subsidy, a committee or the like for it."""
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
