"""The verdicts on an act of which a person said that it is a decree."""

from __future__ import annotations

from collections.abc import Iterator

from bot.detection.facts.gather import gather
from bot.detection.rules.decide import decide
from bot.detection.rules.distinct import distinct
from bot.detection.rules.titles import own_title
from bot.detection.rules.verbs import article_verb, first_verb
from bot.detection.text.cues import cues
from bot.detection.text.document import ActText, document
from bot.detection.text.gate import relevant_pages
from bot.detection.text.mentions import Mention, mentions
from bot.detection.text.segments import DecreePart, Segment, located, segments
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


def _told(text: ActText, segment: Segment, found: tuple[Mention, ...], kind: Kind | None) -> tuple[Segment, Verdict]:
    said = kind or likely_kind_of(text, segment)
    return segment, Verdict(Outcome.DECREE, said, *gather(text, segment, found, said))


# What an act that only a person can settle would be, if that person says that it is a decree.


def likely_kind(act: Act) -> Kind:
    """The kind that the verb of its title tells, else that of its articles, those that speak of VSA first, else an authorisation.

    Of an act that holds several decrees, the first that speaks of VSA counts. Meant for an act whose verdict is uncertain.
    """
    pages = relevant_pages(act) or act.pages
    text = document(act, pages)
    cut = segments(text, act.id)
    return likely_kind_of(text, next((segment for segment in cut if mentions(text, segment).found), cut[0]))


def likely_kind_of(text: ActText, segment: Segment) -> Kind:
    """The same of one of the decrees that an act holds."""
    return next(_kinds(text, segment), Kind.AUTHORISATION)


def _kinds(text: ActText, segment: Segment) -> Iterator[Kind]:
    title = own_title(text, segment, stand_alone=False)
    if title is not None:
        # What the event is called ("la Nuit du refus") says nothing of the act.
        event = cues().event.search(title.text)
        verb = first_verb(title.text, 0, len(title.text) if event is None else event.start())
        if verb is not None:
            yield verb.kind
    spoken = {segment.at(mention.start) for mention in mentions(text, segment).found}
    for block in sorted(segment.of(DecreePart.ARTICLE), key=lambda block: block not in spoken):
        verb = article_verb(text.mended.text, *text.mended_span(block.start, block.end))
        if verb is not None:
            yield verb.kind
