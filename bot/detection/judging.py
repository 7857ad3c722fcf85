"""From an act to its verdicts: gate, cut into decrees, rules, facts."""

from __future__ import annotations

from bot.detection.facts.gather import gather
from bot.detection.rules import grounds
from bot.detection.rules.case import Finding
from bot.detection.rules.decide import decide
from bot.detection.rules.distinct import distinct
from bot.detection.rules.titles import is_generic, lists_acts
from bot.detection.text.cues import VerdictReason, cues, name_of
from bot.detection.text.document import ActText, document
from bot.detection.text.gate import relevant_pages, signs
from bot.detection.text.privacy import without_names
from bot.detection.text.segments import Segment, located, segments
from bot.detection.text.views import fold
from bot.domain import Act, Evidence, Facts, Outcome, TextOrigin, Verdict, Where
from bot.domain.law.windows import outside

_REASONS = 6
"""Phrases kept of an act that is not concerned, which may be hundreds of decrees on other things."""

NOTHING = Verdict(Outcome.NOT_CONCERNED)


def verdicts(act: Act, *, stand_alone: bool) -> tuple[Verdict, ...]:
    """One verdict per decree on VSA in the act, or a single verdict that says why there is none."""
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
        return distinct(decrees)
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
        (*finding.evidence, *grounds.product_named(evidence), *evidence, *_outside_window(facts, evidence)),
    )


def _outside_window(facts: Facts, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """A decree for which no text allowed VSA is flagged with the phrase that dates it; it is announced all the same."""
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
