"""The verdict on an act of which a person said that it is a decree."""

from __future__ import annotations

from bot.detection.document import document
from bot.detection.facts import gather
from bot.detection.gate import relevant_pages
from bot.detection.located import located
from bot.detection.mentions import mentions
from bot.detection.segments import segments
from bot.model import Act, Kind, Outcome, Verdict


def accepted(act: Act, kind: Kind) -> Verdict:
    """A decree of this kind, with the facts that can be read of it: of an act that is cut into several, of the first that speaks of VSA."""
    pages = relevant_pages(act) or act.pages
    text = document(act, pages)
    cut = segments(text, act.id)
    text = located(text, cut, act.title_from)
    segment = next((one for one in cut if mentions(text, one).found), cut[0])
    facts, evidence = gather(text, segment, mentions(text, segment).found, kind)
    return Verdict(Outcome.DECREE, kind, facts, evidence)
