"""From an act to its verdicts: gate, cut into decrees, rules, facts; and the verdicts on an act of which a person said that it is a decree.

Of one decree the title decides first, then the operative part; visas and recitals never decide alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.detection.facts.gather import gather
from bot.detection.rules.by_articles import answered, by_articles, by_reference
from bot.detection.rules.by_title import by_title
from bot.detection.rules.duplicates import deduplicate
from bot.detection.rules.evidence import Finding, SegmentEvidence, product_named
from bot.detection.rules.titles import article_verb, first_verb, is_generic, lists_acts, notice_opening, own_title
from bot.detection.rules.undecided import undecided, without_mention
from bot.detection.text.cues import VerdictReason, cues, name_of
from bot.detection.text.document import ActText, document, relevant_pages, signs
from bot.detection.text.mentions import Mention, mentions
from bot.detection.text.privacy import without_names
from bot.detection.text.segments import DecreePart, Segment, located, segments
from bot.detection.text.views import fold
from bot.domain.acts import Act, Evidence, Facts, Kind, Outcome, TextOrigin, Verdict, Where
from bot.domain.law.tables import outside

_REASONS = 6
"""Phrases kept of an act that is not concerned, which may be hundreds of decrees on other things."""

NOTHING = Verdict(Outcome.NOT_CONCERNED)


def verdicts(act: Act, *, stand_alone: bool) -> tuple[Verdict, ...]:
    """Return one verdict per decree on VSA in the act, or a single verdict that says why there is none."""
    unreadable = tuple(page.number for page in act.pages if not page.is_whole)
    if not signs(act):
        return (_unread(act, unreadable, stand_alone=stand_alone),)
    text = document(act, relevant_pages(act))
    cut = segments(text, act.id)
    text = located(text, cut, act.title_from)
    lists = lists_acts(text, cut[0]) if not unreadable else None
    if lists is not None:
        # The lines of a certificate of posting would each be taken for a line of a table of contents.
        cut = (cut[0], *(segment for segment in cut[1:] if segment.is_formal))
    judged = [(segment, decide(text, segment, unreadable=bool(unreadable), stand_alone=stand_alone)) for segment in cut]
    decrees = [(segment, _verdict(text, segment, finding)) for segment, finding in judged if finding.outcome is Outcome.DECREE]
    if decrees:
        return deduplicate(decrees)
    doubts = [finding for _, finding in judged if finding.outcome is Outcome.UNCERTAIN]
    if doubts:
        evidence = tuple(quote for finding in doubts[:3] for quote in finding.evidence)
        return (Verdict(Outcome.UNCERTAIN, evidence=evidence),)
    reasons = tuple(quote for _, finding in judged for quote in finding.evidence)
    if lists is not None and not reasons:
        reasons = (text.evidence("against", *text.loose(*lists.span()), name_of(lists)),)
    return (Verdict(Outcome.NOT_CONCERNED, evidence=reasons[:_REASONS]),)


def _verdict(text: ActText, segment: Segment, finding: Finding) -> Verdict:
    facts, evidence = gather(text, segment, finding.mentions, finding.kind)
    return Verdict(
        Outcome.DECREE,
        finding.kind,
        facts,
        (*finding.evidence, *product_named(evidence), *evidence, *_outside_window(facts, evidence)),
    )


def _outside_window(facts: Facts, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Flag a decree for which no text allowed VSA with the phrase that dates it; it is announced all the same."""
    dates = outside(facts)
    return tuple(Evidence("outside_window", quote.page, quote.text, quote.where) for quote in evidence if quote.about in dates)[:1]


def _unread(act: Act, unreadable: tuple[int, ...], *, stand_alone: bool) -> Verdict:
    """No sign in what could be read. That settles it, unless what could not be read is all that could tell.

    An unreadable page already makes its recueil incomplete, to be tried again and shown. A person is asked to look only
    where nothing says what the act is about: no title that does, and no readable page.
    """
    if not unreadable:
        return NOTHING
    readable = any(page.origin is not TextOrigin.UNREADABLE and page.text.strip() for page in act.pages)
    title = fold(act.title).text
    foreign = act.service is not None and cues().other_service.search(fold(act.service).text) is not None
    if readable or foreign or (not stand_alone and not is_generic(title)):
        return NOTHING
    where = act.title_from or Where.TITLE
    told = Evidence("unreadable", unreadable[0], without_names(act.title.strip()), where, VerdictReason.UNREADABLE.value)
    return Verdict(Outcome.UNCERTAIN, evidence=(told,))


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


def confirmed(act: Act, kind: Kind | None = None) -> tuple[Verdict, ...]:
    """Return a decree with the facts that can be read of it, or each of those in an act that holds several of which a person must judge.

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
    each = deduplicate([_told(text, segment, found, kind) for segment, found in formal]) if len(formal) > 1 else ()
    if len({verdict.facts.number for verdict in each if verdict.facts.number}) > 1:
        return each
    segment, found = speaking[0] if speaking else (cut[0], ())
    return (_told(text, segment, found, kind)[1],)


def _told(text: ActText, segment: Segment, found: tuple[Mention, ...], kind: Kind | None) -> tuple[Segment, Verdict]:
    said = kind or probable_kind_of(text, segment)
    return segment, Verdict(Outcome.DECREE, said, *gather(text, segment, found, said))


# What an act that only a person can settle would be, if that person says that it is a decree.


def probable_kind(act: Act) -> Kind:
    """Return the kind that the verb of its title tells, else that of its articles, those that speak of VSA first, else an authorisation.

    Of an act that holds several decrees, the first that speaks of VSA counts. Meant for an act whose verdict is uncertain.
    """
    pages = relevant_pages(act) or act.pages
    text = document(act, pages)
    cut = segments(text, act.id)
    return probable_kind_of(text, next((segment for segment in cut if mentions(text, segment).found), cut[0]))


def probable_kind_of(text: ActText, segment: Segment) -> Kind:
    """Return likewise the kind of one of the decrees that an act holds."""
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
