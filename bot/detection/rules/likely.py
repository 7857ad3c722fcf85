"""What an act that only a person can settle would be, if that person says that it is a decree."""

from __future__ import annotations

from collections.abc import Iterator

from bot.detection.rules.titles import own_title
from bot.detection.rules.verbs import article_verb, first_verb
from bot.detection.text.cues import cues
from bot.detection.text.document import Document, document
from bot.detection.text.gate import relevant_pages
from bot.detection.text.mentions import mentions
from bot.detection.text.segments import Part, Segment, segments
from bot.domain import Act, Kind


def likely_kind(act: Act) -> Kind:
    """The kind that the verb of its title tells, else that of its articles, those that speak of VSA first, else an authorisation.

    Of an act that holds several decrees, the first that speaks of VSA counts. Meant for an act whose verdict is uncertain.
    """
    pages = relevant_pages(act) or act.pages
    text = document(act, pages)
    cut = segments(text, act.id)
    return likely_kind_of(text, next((segment for segment in cut if mentions(text, segment).found), cut[0]))


def likely_kind_of(text: Document, segment: Segment) -> Kind:
    """The same of one of the decrees that an act holds."""
    return next(_kinds(text, segment), Kind.AUTHORISATION)


def _kinds(text: Document, segment: Segment) -> Iterator[Kind]:
    title = own_title(text, segment, stand_alone=False)
    if title is not None:
        # What the event is called ("la Nuit du refus") says nothing of the act.
        event = cues().event.search(title.text)
        verb = first_verb(title.text, 0, len(title.text) if event is None else event.start())
        if verb is not None:
            yield verb.kind
    spoken = {segment.at(mention.start) for mention in mentions(text, segment).found}
    for block in sorted(segment.of(Part.ARTICLE), key=lambda block: block not in spoken):
        verb = article_verb(text.mended.text, *text.mended_span(block.start, block.end))
        if verb is not None:
            yield verb.kind
