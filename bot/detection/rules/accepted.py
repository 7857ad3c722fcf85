"""The verdicts on an act of which a person said that it is a decree."""

from __future__ import annotations

from bot.detection.facts.gather import gather
from bot.detection.rules.decide import decide
from bot.detection.rules.distinct import distinct
from bot.detection.rules.likely import likely_kind_of
from bot.detection.text.document import Document, document
from bot.detection.text.gate import relevant_pages
from bot.detection.text.located import located
from bot.detection.text.mentions import Mention, mentions
from bot.detection.text.segments import Segment, segments
from bot.domain import Act, Kind, Outcome, Verdict


def accepted(act: Act, kind: Kind | None = None) -> tuple[Verdict, ...]:
    """A decree with the facts that can be read of it, or each of those in an act that holds several of which a person must judge.

    Several are those with visas or articles that the rules would not pass over, of which two at least have numbers of their own: where
    nothing tells them apart, the first that speaks of VSA is the decree. Each is of this `kind`, or of its likeliest where none is given.
    """
    pages = relevant_pages(act) or act.pages
    text = document(act, pages)
    cut = segments(text, act.id)
    text = located(text, cut, act.title_from)
    unreadable = not all(page.is_whole for page in act.pages)
    speaking = [(segment, found) for segment in cut if (found := mentions(text, segment).found)]
    formal = [(segment, found) for segment, found in speaking if segment.is_formal]
    if len(formal) > 1:
        judged = ((entry, decide(text, entry[0], unreadable=unreadable, stand_alone=False)) for entry in formal)
        formal = [entry for entry, finding in judged if finding.outcome is not Outcome.NOT_CONCERNED]
    each = distinct([_told(text, segment, found, kind) for segment, found in formal]) if len(formal) > 1 else ()
    if len({verdict.facts.number for verdict in each if verdict.facts.number}) > 1:
        return each
    segment, found = speaking[0] if speaking else (cut[0], ())
    return (_told(text, segment, found, kind)[1],)


def _told(text: Document, segment: Segment, found: tuple[Mention, ...], kind: Kind | None) -> tuple[Segment, Verdict]:
    said = kind or likely_kind_of(text, segment)
    return segment, Verdict(Outcome.DECREE, said, *gather(text, segment, found, said))
