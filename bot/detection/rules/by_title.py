"""What the title of an act, or its heading, decides."""

from __future__ import annotations

import re

from bot.detection.facts.references import CHANGES, references
from bot.detection.rules.evidence import Finding, SegmentEvidence
from bot.detection.rules.titles import (
    USE,
    Verb,
    article_verb,
    decides_before,
    is_notice,
    notice_at_opening,
    notice_in,
    plainly_used,
    stopped,
    title_verb,
    unsettled,
)
from bot.detection.text.cues import VerdictReason, cues, name_of
from bot.detection.text.mentions import Mention
from bot.detection.text.segments import Block, DecreePart, erratum, own_heading
from bot.domain.acts import Evidence, Kind

_TITLE_TAIL = 320
"""Squeezed characters after a mention in which its title may still say what it does to it."""

_PURPORT = re.compile(r"(?:portant|fixant|relati[a-z]{1,2}a)[a-z]{0,16}$")

_NAMED = 90
"""Squeezed characters before a verb in which the decree is named whose title it belongs to."""

_THINGS_ENDED = frozenset({"subsidy", "delegation of signature", "procurement or call"})
"""What may be for VSA without being it: a decree that changes or ends one of these changes no VSA."""


def by_title(case: SegmentEvidence) -> Finding | None:
    """Return what the title decides, else what the heading does; None where neither says anything of VSA."""
    for part in (DecreePart.TITLE, DecreePart.HEADING):
        inside = [mention for mention in case.found if mention.part is part and not mention.citation]
        for block in case.segment.of(part):
            for mention in sorted(inside, key=lambda mention: not mention.strong):
                finding = _by_title_with(case, block, mention)
                if finding is not None:
                    return finding
    return None


def _by_title_with(case: SegmentEvidence, block: Block, mention: Mention) -> Finding | None:
    """What this title or heading says of a mention (of two interleaved layers, one may have the verb, the other the object), or None."""
    document, text = case.document, case.text
    correcting = _erratum_before(case, block, mention)
    # The title of the decree that an erratum corrects comes after that word.
    opening = correcting.start() if correcting is not None else own_heading(document.folded.text, block.start, mention.start)
    start = document.mended_span(opening, block.end)[0]
    stop = min(case.within(block)[1], mention.tight_end + _TITLE_TAIL)
    event = cues().event.search(text, mention.tight_end, stop)
    said = stop if event is None else event.start()
    never = cues().never.search(text, start, said)
    verb = title_verb(text, start, said, stop) if correcting is None else _correction(case, correcting)
    # "Abrogeant l'arrêté attribuant une subvention pour…": what is ended is the subsidy.
    ended = never is not None and verb is not None and verb.kind in CHANGES and name_of(never) in _THINGS_ENDED
    if never is not None and (not decides_before(text, start, said) or (ended and never.end() <= mention.tight_start)):
        return case.not_concerned(case.phrase(mention), case.against(never))
    open_to_doubt = unsettled(text, start, mention.tight_start if verb is None or verb.cue == USE else verb.start, stop)
    if open_to_doubt is not None:
        return case.uncertain(case.phrase(mention), case.because("doubt", VerdictReason.UNSETTLED, mention), case.against(open_to_doubt))
    if verb is None:
        return None
    if correcting is not None and not references(document, case.segment, verb.kind, None):
        return case.uncertain(case.phrase(mention), case.because("doubt", VerdictReason.UNNAMED, mention))
    doubt = _title_doubt(case, block, mention, start, stop) or _bears_on_something_else(case, verb, mention)
    if doubt:
        return case.uncertain(case.phrase(mention), *doubt)
    return _decided(case, mention, verb, start)


def _erratum_before(case: SegmentEvidence, block: Block, mention: Mention) -> re.Match[str] | None:
    """Return the word with which this title or heading calls the act an erratum, where the mention comes after it."""
    found = erratum(case.document, case.segment)
    return found if found is not None and block.start <= found.start() < mention.start else None


def _correction(case: SegmentEvidence, erratum_word: re.Match[str]) -> Verb:
    """Return what an erratum does, whatever the decree does that it corrects."""
    return Verb(Kind.MODIFICATION, *case.document.mended_span(*erratum_word.span("word")), Kind.MODIFICATION.value)


def _decided(case: SegmentEvidence, mention: Mention, verb: Verb, start: int) -> Finding:
    """Return the decree that a title with this verb is (it begins at `start` of the mended view), unless its articles are against it."""
    text = case.text
    if verb.kind is Kind.AUTHORISATION and cues().of_another.search(text, max(start, verb.start - _NAMED), verb.start) is not None:
        kind, said_so = _done_to_another(case) or (Kind.MODIFICATION, case.verb(verb))
        return case.decree(kind, said_so, mention)
    if verb.cue == USE:
        return _used(case, mention, verb, start)
    if verb.kind is Kind.SUSPENSION and (done := _done_to_another(case)) is not None and done[0] is Kind.ABROGATION:
        # "Ordonnant l'interruption": the articles tell whether it is for a time or for good.
        return case.decree(*done, mention)
    contradiction = _contradicted(case, verb.kind)
    if contradiction is not None:
        return case.uncertain(case.phrase(mention), case.verb(verb), contradiction)
    return case.decree(verb.kind, case.verb(verb), mention)


def _used(case: SegmentEvidence, mention: Mention, verb: Verb, start: int) -> Finding:
    """Judge a title that only names its use: a decree where an article authorises, or no article says otherwise under a plain title."""
    said_so = case.verb(verb)
    for block in case.segment.of(DecreePart.ARTICLE):
        span = case.within(block)
        decision, contrary = article_verb(case.text, *span), stopped(case.text, *span)
        if contrary is not None and (decision is None or contrary.start() < decision.start):
            why = case.because_of("doubt", VerdictReason.UNSETTLED, contrary)
            return case.uncertain(case.phrase(mention), said_so, why)
        if decision is not None and decision.kind in {Kind.AUTHORISATION, Kind.RENEWAL}:
            return case.decree(verb.kind, said_so, mention)
        if decision is not None:
            contradiction = case.because("contradiction", VerdictReason.ARTICLES_AGAINST, block)
            return case.uncertain(case.phrase(mention), said_so, contradiction)
    if plainly_used(case.text, start, verb):
        return case.decree(verb.kind, said_so, mention)
    return case.uncertain(case.phrase(mention), said_so, case.because("doubt", VerdictReason.UNSETTLED, mention))


def _title_doubt(case: SegmentEvidence, block: Block, mention: Mention, start: int, stop: int) -> tuple[Evidence, ...]:
    """What leaves it open whether the act under this title (`start:stop` of the mended view) decides on VSA; empty where nothing does."""
    text = case.text
    if not case.segment.is_formal:
        if mention.part is DecreePart.TITLE:
            opening = case.within(block)[0]
            notice, offset = notice_at_opening(text, opening, start), 0
            is_one = notice is not None
        else:
            notice, offset = (notice_in(case.title), case.title.start) if case.title is not None else (None, 0)
            is_one = case.title is not None and is_notice(case.title)
        if is_one:
            said_so = () if notice is None else (case.against(notice, offset),)
            return case.because("doubt", VerdictReason.SOMETHING_ELSE, mention), *said_so
        near = max(start, mention.tight_start - 200), min(stop, mention.tight_end + 200)
        if not cues().act.search(text, start, mention.tight_start) and article_verb(text, *near) is None:
            return (case.because("doubt", VerdictReason.NO_ACT, mention),)
    if not mention.strong and not case.supported():
        return (case.because("doubt", VerdictReason.OTHER_WORDS, mention),)
    return ()


def _bears_on_something_else(case: SegmentEvidence, verb: Verb, mention: Mention) -> tuple[Evidence, ...]:
    """What tells that the decree which is changed or ended is no authorisation ("l'arrêté portant création d'un comité de suivi…")."""
    if verb.kind not in CHANGES:
        return ()
    for other in cues().related.finditer(case.text, verb.end, mention.tight_start):
        if _PURPORT.search(case.text[verb.end : other.start()]) is not None:
            return case.because("doubt", VerdictReason.SOMETHING_ELSE, mention), case.against(other)
    return ()


def _done_to_another(case: SegmentEvidence) -> tuple[Kind, Evidence] | None:
    """Return what the first article that decides does, where the title tells what another decree authorises; None where no article does."""
    for block in case.segment.of(DecreePart.ARTICLE):
        verb = article_verb(case.text, *case.within(block))
        if verb is not None:
            return verb.kind, case.verb(verb)
    return None


def _contradicted(case: SegmentEvidence, kind: Kind) -> Evidence | None:
    """Quote the article by which an authorising title stands over articles that only refuse or end: a person must look."""
    if kind is not Kind.AUTHORISATION:
        return None
    contrary: Evidence | None = None
    for block in case.segment.of(DecreePart.ARTICLE):
        verb = article_verb(case.text, *case.within(block))
        if verb is None or verb.kind is Kind.MODIFICATION:
            continue
        if verb.kind in {Kind.AUTHORISATION, Kind.RENEWAL}:
            return None
        speaks = any(mention.part is DecreePart.ARTICLE and block.start <= mention.start < block.end for mention in case.found)
        speaks = speaks or (verb.kind is Kind.REFUSAL and _answers(case, block, verb))
        if speaks and contrary is None:
            contrary = case.because("contradiction", VerdictReason.ARTICLES_AGAINST, block)
    return contrary


def _answers(case: SegmentEvidence, block: Block, verb: Verb) -> bool:
    """Return True for an article that says of what was asked for that it is refused."""
    return cues().request.search(case.text, case.document.mended_span(block.start, block.start)[0], verb.start) is not None
