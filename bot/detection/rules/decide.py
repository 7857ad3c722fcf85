"""What one decree decides: the title first, then the operative part; visas and recitals never decide alone."""

from __future__ import annotations

import re

from bot.detection.rules.by_articles import answered, by_articles
from bot.detection.rules.by_reference import by_reference
from bot.detection.rules.by_title import by_title
from bot.detection.rules.case import Finding, SegmentEvidence
from bot.detection.rules.titles import lists_acts, notice_opening, own_title
from bot.detection.rules.undecided import undecided, without_mention
from bot.detection.text.cues import VerdictReason, cues
from bot.detection.text.document import ActText
from bot.detection.text.mentions import mentions
from bot.detection.text.segments import DecreePart, Segment
from bot.domain import Outcome


def decide(document: ActText, segment: Segment, *, unreadable: bool, stand_alone: bool) -> Finding:
    """Judge one decree. `unreadable`: some of its pages could not be read; `stand_alone`: its title may be a mere file name."""
    found = mentions(document, segment)
    if not found.found:
        return without_mention(SegmentEvidence(document, segment, found, None, unreadable), stand_alone=stand_alone)
    case = SegmentEvidence(document, segment, found, own_title(document, segment, stand_alone=stand_alone), unreadable)
    decided = _beside_the_point(case) or by_title(case)
    if decided is not None:
        return decided
    if case.title is not None and (never := cues().never.search(case.title.text)) is not None:
        return case.not_concerned(*case.phrases(), case.against(never, case.title.start))
    ruled = by_articles(case)
    if ruled is not None and ruled.outcome is Outcome.DECREE:
        return ruled
    return by_reference(case) or answered(case) or ruled or undecided(case)


def _beside_the_point(case: SegmentEvidence) -> Finding | None:
    """What is no decision on VSA before one asks what it decides: the work of another authority, a notice, an act on other images."""
    court = case.said_in(cues().judged, DecreePart.TITLE, DecreePart.HEADING) or case.said_in(cues().judge, DecreePart.HEADING)
    if court is not None:
        return _of_a_court(case, court)
    said = case.said_in(cues().signed_elsewhere, DecreePart.TITLE, DecreePart.HEADING)
    if said is None and not case.segment.is_formal and not case.unreadable:
        said = notice_opening(case.document, case.segment) or lists_acts(case.document, case.segment)
    if said is not None:
        return case.not_concerned(*case.phrases(), case.against(said))
    if case.sees_nothing():
        return case.not_concerned(*case.phrases(), case.because("against", VerdictReason.OTHER_WORDS, case.found[0]))
    return None


def _of_a_court(case: SegmentEvidence, said: re.Match[str]) -> Finding:
    """A judgment is no decree. One that leaves the decree it is about as it was is not concerned; any other is for a person to see."""
    overturned = case.said_in(cues().overturned, DecreePart.TITLE, DecreePart.ARTICLE)
    rejected = case.said_in(cues().rejected, DecreePart.TITLE, DecreePart.ARTICLE)
    if overturned is None and rejected is not None:
        return case.not_concerned(*case.phrases(), case.against(said))
    told = () if overturned is None else (case.against(overturned),)
    return case.uncertain(*case.phrases(), case.because("doubt", VerdictReason.UNSETTLED, case.found[0]), case.against(said), *told)
