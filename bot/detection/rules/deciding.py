"""Decides by the title or heading of an act, else by its articles; and finds which decrees of one act are the same."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import timedelta
from itertools import product, starmap
from typing import Any

from bot.detection.facts.identity import number, without_service
from bot.detection.facts.period import period
from bot.detection.facts.references import CHANGES, Citation, citations, references
from bot.detection.rules.evidence import USE, Finding, SegmentEvidence, Verb, article_verb, first_verb, stopped, title_verb, unsettled
from bot.detection.text.cues import VerdictReason, cue
from bot.detection.text.mentions import Mention, legal_bases
from bot.detection.text.segments import Block, DecreePart, Segment, erratum, own_heading
from bot.domain.acts import Evidence, Facts, Kind, Moment, Verdict

_TITLE_TAIL = 320
"""Squeezed characters after a mention in which its title may still say what it does to it."""

_PURPORT = re.compile(r"(?:portant|fixant|relati[a-z]{1,2}a)[a-z]{0,16}$")

_NAMED = 90
"""Squeezed characters before a verb in which the decree is named whose title it belongs to."""


def by_title(case: SegmentEvidence) -> Finding | None:
    """Return what the title decides, else what the heading does; None where neither says anything of VSA."""
    for part in (DecreePart.TITLE, DecreePart.HEADING):
        inside = [mention for mention in case.found if mention.part is part and not mention.citation]
        for block, mention in product(case.segment.of(part), sorted(inside, key=lambda mention: not mention.strong)):
            if (finding := _by_title_with(case, block, mention)) is not None:
                return finding
    return None


def _by_title_with(case: SegmentEvidence, block: Block, mention: Mention) -> Finding | None:
    """Return what this title or heading says of a mention (of two interleaved layers, one may have the verb, one the object), or None."""
    document, text = case.document, case.text
    # The title of the decree that an erratum corrects comes after that word.
    correcting = erratum(document, case.segment)
    opening = correcting.start() if correcting is not None else own_heading(document.folded.text, block.start, mention.start)
    start = document.mended_span(opening, block.end)[0]
    stop = min(case.within(block)[1], mention.tight_end + _TITLE_TAIL)
    event = cue("around.event").search(text, mention.tight_end, stop)
    said = stop if event is None else event.start()
    never = cue("never").search(text, start, said)
    verb = title_verb(text, start, said, stop)
    if correcting is not None:  # whatever the decree does that it corrects
        verb = Verb(Kind.MODIFICATION, *document.mended_span(*correcting.span("word")), Kind.MODIFICATION.value)
    if never is not None:
        first = first_verb(text, start, said)  # "portant autorisation… et délégation" decides before
        # "Abrogeant l'arrêté attribuant une subvention pour…": what is ended is the subsidy.
        ended = verb is not None and verb.kind in CHANGES and never.end() <= mention.tight_start
        if ended or first is None or first.start >= never.start():
            return case.not_concerned(case.phrase(mention), case.against(never))
    open_to_doubt = unsettled(text, start, mention.tight_start if verb is None or verb.cue == USE else verb.start, stop)
    if open_to_doubt is not None:
        return case.doubted(mention, VerdictReason.UNSETTLED, case.against(open_to_doubt))
    if verb is None:
        return None
    if correcting is not None and (unsaid := _unsaid(case, verb)) is not None:
        return case.doubted(mention, unsaid)
    doubt = _title_doubt(case, block, mention, start, stop) or _bears_on_something_else(case, verb, mention)
    return doubt or _decided(case, mention, verb, start)


def _unsaid(case: SegmentEvidence, verb: Verb) -> VerdictReason | None:
    """Return what an erratum leaves open: which decree it corrects, or that it changes anything."""
    if not references(case.document, case.segment, verb.kind, None):
        return VerdictReason.UNNAMED
    return VerdictReason.NO_CHANGE if cue("around.idle").search(case.text, *case.span) is not None else None


def _decided(case: SegmentEvidence, mention: Mention, verb: Verb, start: int) -> Finding:
    """Return the decree that a title with this verb is (it begins at `start` of the mended view), unless its articles are against it."""
    text = case.text
    of_another = cue("around.of_another").search(text, max(start, verb.start - _NAMED), verb.start)
    if verb.kind is Kind.AUTHORISATION and of_another is not None:
        kind, said_so = _done_to_another(case) or (Kind.MODIFICATION, case.verb(verb))
        return case.decree(kind, said_so, mention)
    if verb.cue == USE:
        return _used(case, mention, verb, start)
    if verb.kind is Kind.SUSPENSION and (done := _done_to_another(case)) is not None and done[0] is Kind.ABROGATION:
        # "Ordonnant l'interruption": the articles say whether it is for a time or for good.
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
            return case.uncertain(case.phrase(mention), said_so, case.because("doubt", VerdictReason.UNSETTLED, contrary))
        if decision is not None and decision.kind in {Kind.AUTHORISATION, Kind.RENEWAL}:
            return case.decree(verb.kind, said_so, mention)
        if decision is not None:
            return case.uncertain(case.phrase(mention), said_so, case.because("contradiction", VerdictReason.ARTICLES_AGAINST, block))
    if cue("around.plainly").search(case.text, start, verb.start) is not None:
        return case.decree(verb.kind, said_so, mention)
    return case.uncertain(case.phrase(mention), said_so, case.because("doubt", VerdictReason.UNSETTLED, mention))


def _title_doubt(case: SegmentEvidence, block: Block, mention: Mention, start: int, stop: int) -> Finding | None:
    """Return what leaves open whether the act under this title (`start:stop` of the mended view) decides on VSA; None where it is clear."""
    text = case.text
    if not case.segment.is_formal:
        notice, offset, is_one = None, 0, False
        if mention.part is DecreePart.TITLE:
            opening = case.within(block)[0]
            # One that begins as something else and goes on with an act: "Avis de consultation : projet d'arrêté…".
            notice = cue("never").match(text, opening, start) or cue("related").match(text, opening, start)
        elif case.title is not None:
            # "Donnant subdélégation", "fixant la liste…", before any verb.
            titled, verb, offset = case.title.text, case.title.verb, case.title.start
            notice = cue("never").search(titled) or cue("related").search(titled)
            is_one = notice is None and verb is None and not case.title.speaks
        if is_one or notice is not None:
            beside = () if notice is None else (case.against(notice, offset),)
            return case.doubted(mention, VerdictReason.SOMETHING_ELSE, *beside)
        near = max(start, mention.tight_start - 200), min(stop, mention.tight_end + 200)
        if not cue("around.act").search(text, start, mention.tight_start) and article_verb(text, *near) is None:
            return case.doubted(mention, VerdictReason.NO_ACT)
    return None if mention.strong or case.supported() else case.doubted(mention, VerdictReason.OTHER_WORDS)


def _bears_on_something_else(case: SegmentEvidence, verb: Verb, mention: Mention) -> Finding | None:
    """Return what shows that the decree changed or ended is no authorisation ("l'arrêté portant création d'un comité de suivi…")."""
    named = cue("related").finditer(case.text, verb.end, mention.tight_start) if verb.kind in CHANGES else ()
    other = next((found for found in named if _PURPORT.search(case.text[verb.end : found.start()]) is not None), None)
    return None if other is None else case.doubted(mention, VerdictReason.SOMETHING_ELSE, case.against(other))


def _done_to_another(case: SegmentEvidence) -> tuple[Kind, Evidence] | None:
    """Return what the first article that decides does, where the title says what another decree authorises; None where no article does."""
    return next(((verb.kind, case.verb(verb)) for _, verb in case.decisions()), None)


def _contradicted(case: SegmentEvidence, kind: Kind) -> Evidence | None:
    """Quote the article by which an authorising title stands over articles that only refuse or end: a person must look."""
    decisions, speaking = list(case.decisions()), {case.segment.at(mention.start) for mention in case.found}
    if kind is not Kind.AUTHORISATION or any(verb.kind in {Kind.AUTHORISATION, Kind.RENEWAL} for _, verb in decisions):
        return None
    contrary = (block for block, verb in decisions if block in speaking and verb.kind is not Kind.MODIFICATION)
    return next((case.because("contradiction", VerdictReason.ARTICLES_AGAINST, block) for block in contrary), None)


# What the articles of an act decide, also where they say of VSA no more than the title of the decree that they change or end.

_SENTENCE = re.compile(r"[a-z0-9)]\.\s")
# "La commune ne peut employer le traitement", and not "… qu'entre 8 h et 20 h".
_NOT_ALLOWED = re.compile(r"\bne peu(?:t|vent)\b(?![^.;]{0,400}\squ(?:e\b|['’]))")


def _is_not_allowed(case: SegmentEvidence, verb: Verb) -> bool:
    return _NOT_ALLOWED.match(case.document.flat, max(case.document.loose(verb.start, verb.end)[0] - 3, 0)) is not None


def by_articles(case: SegmentEvidence) -> Finding | None:
    """Return what the articles that speak of VSA decide. A title that modifies or ends something says which way it goes."""
    doubt: Finding | None = None
    for mention in case.found:
        if mention.part not in {DecreePart.ARTICLE, DecreePart.HEADING, DecreePart.BODY} or mention.citation:
            continue
        block = case.segment.at(mention.start)
        start, stop = case.within(block)
        if mention.part is not DecreePart.ARTICLE:
            start, stop = max(start, mention.tight_start - 200), min(stop, mention.tight_end + 200)
        verb = article_verb(case.text, start, stop)
        if verb is None or cue("around.delegation_of_powers").search(case.text, start, stop):
            continue
        # "La commune est mise en demeure de cesser… le traitement qui est mis en œuvre" authorises nothing.
        contrary = stopped(case.text, start, stop) if verb.kind is Kind.AUTHORISATION else None
        aside = _is_aside(case, mention, verb)
        if _is_not_allowed(case, verb):
            doubt = doubt or case.doubted(mention, VerdictReason.UNSETTLED, case.verb(verb))
        elif contrary is not None and contrary.start() < verb.start and not _apart(case, contrary.start(), verb.start):
            doubt = doubt or case.doubted(mention, VerdictReason.UNSETTLED, case.against(contrary))
        elif aside or (not mention.strong and not case.supported()):
            doubt = doubt or case.doubted(mention, VerdictReason.IN_PASSING if aside else VerdictReason.OTHER_WORDS)
        else:
            # What an article put in the place of another authorises is what that decree does.
            quoted = case.document.flat[block.start : block.end].lstrip().startswith('"')
            titled = case.title.verb if case.title is not None and (verb.kind is not Kind.AUTHORISATION or quoted) else None
            if case.title is None or titled is None or titled.kind is Kind.AUTHORISATION:
                return case.decree(verb.kind, case.verb(verb), mention)
            return case.decree(titled.kind, case.verb(titled, case.title.start), mention)
    return doubt or _as_titled(case)


def _as_titled(case: SegmentEvidence) -> Finding | None:
    """Return the change that title and articles both make to an authorisation, where other articles say of VSA how it goes on, what it is
    called and what it looks for; or name the decree that gave it."""
    titled = case.title.verb if case.title is not None else None
    done = _done_to_another(case)
    spoken = next((mention for mention in case.found if mention.part is DecreePart.ARTICLE and not mention.citation), None)
    if titled is None or done is None or spoken is None or titled.kind is not done[0] or done[0] not in CHANGES or not case.supported():
        return None
    block = case.segment.at(spoken.start)
    named = any(entry.vsa and block.start <= entry.start < spoken.start for entry in citations(case.document, case.segment, None))
    return case.decree(*done, spoken) if named or (spoken.strong and case.looks_for_events()) else None


def _is_aside(case: SegmentEvidence, mention: Mention, verb: Verb) -> bool:
    """Return True where an act under another title of its own decides in one sentence and speaks of an algorithm in another."""
    if case.title is None:
        return False
    if mention.part is not DecreePart.ARTICLE:
        return not case.segment.is_formal and case.title.verb is None
    return not case.title.speaks and _apart(case, *sorted((verb.start, mention.tight_start)))


def _apart(case: SegmentEvidence, one: int, two: int) -> bool:
    """Return True where a sentence ends between two positions of the mended view."""
    first, last = (case.document.loose(position, position + 1)[0] for position in (one, two))
    return _SENTENCE.search(case.document.flat, first, last) is not None


# In a letter: "j'autorise la commune à employer ce logiciel", and not "j'autorise la commune à fermer une rue".
_ANSWERED = re.compile(
    r"j(?:evous|e)?(?:autorise|refuse|rejette)[a-z0-9]{0,160}?"
    r"(?:traitement|logiciel|algorithm|analyse|employer|recourir|utiliser|mettreen|demande|autorisation|emploi|usage)"
)


def answered(case: SegmentEvidence) -> Finding | None:
    """Return what the first article that speaks of the request says of it, where the title or a visa says that it was one for VSA."""
    above = {DecreePart.TITLE, DecreePart.HEADING, DecreePart.VISA}
    firm = (mention for mention in case.found if mention.strong and not mention.citation and mention.part in above)
    # "Vu la demande de la commune en vue d'employer un traitement…".
    asked = next((each for each in firm if "demande" in case.document.flat[case.segment.at(each.start).start : each.start]), None)
    for block, verb in case.decisions() if asked is not None else ():
        start, stop = case.within(block)
        said, own = case.text[verb.start : verb.end], _ANSWERED.match(case.text, verb.start, stop) is not None
        refused = verb.kind is Kind.REFUSAL and (own or cue("around.request").search(case.text, start, verb.start) is not None)
        # "La commune est autorisée" answers another request; this one is said to be granted.
        granted = verb.kind is Kind.AUTHORISATION and (own or re.match("demande|ilestfaitdroit", said) is not None)
        if asked is not None and (refused or granted):
            return case.decree(verb.kind, case.verb(verb), asked)
    return None


_LET = re.compile(r"met(?:tent)?en(?:oe|ce)uvre(?:le|un|ce)traitement")
_THE_USE = re.compile(r"traitement|outil|logiciel|analys|algorithm")
_USED_NEAR = 120
"""Squeezed characters beside what allows in which the thing is named that may be used."""


def by_parts(case: SegmentEvidence) -> Finding | None:
    """Return the authorisation that rests on the law and has all parts of one, whatever the words ("l'opérateur est autorisé à soumettre
    les images à l'outil", each of which another article defines): an article that allows, what is looked for, a period, and no title that
    is on neither VSA nor its law."""
    document, segment, text = case.document, case.segment, case.text
    above = (DecreePart.TITLE, DecreePart.HEADING, DecreePart.VISA)
    on_the_law = any(basis.alone for block in segment.of(*above) for basis, *_ in legal_bases(document, block.start, block.end))
    of_vsa = case.title is None or case.title.speaks or re.search(r"article10(?!\d)", case.title.text) is not None
    if not (on_the_law and of_vsa) or case.denied():
        return None
    allowed: Verb | None = None
    for block in segment.of(DecreePart.ARTICLE):
        start, stop = case.within(block)
        verb, let = article_verb(text, start, stop), _LET.search(text, start, stop)
        if stopped(text, start, stop) is not None:
            return None
        if verb is not None and (verb.kind is not Kind.AUTHORISATION or _is_not_allowed(case, verb)):
            return None
        verb = verb or (None if let is None else Verb(Kind.AUTHORISATION, *let.span(), Kind.AUTHORISATION.value))
        if verb is not None and _THE_USE.search(text, max(verb.start - _USED_NEAR, start), min(verb.end + _USED_NEAR, stop)):
            allowed = allowed or verb
    lasts = period(document, segment) if allowed is not None and case.looks_for_events() else None
    named = min(case.found, key=lambda mention: (mention.citation, not mention.strong))
    return None if allowed is None or lasts is None or None in lasts.value else case.decree(allowed.kind, case.verb(allowed), named)


_REACH = 420
"""Characters after a decree's name in which its object stands: a full title."""

_AFTER = 60
"""Characters quoted after a decree's name, so that one sees what becomes of it."""


def by_reference(case: SegmentEvidence) -> Finding | None:
    """Return the change that a title or an article makes to a decree which only a visa or a recital says is one on VSA ("l'arrêté n°
    2026-12 susvisé est abrogé")."""
    numbered = number(case.document, case.segment)
    own = numbered.value if numbered is not None else None
    cited = citations(case.document, case.segment, own)
    known = {entry.same: mention for entry in cited if entry.vsa and (mention := _object_of(case, entry)) is not None}
    same = {entry.start: entry.same for entry in cited}
    for found in references(case.document, case.segment, None, own) if known else ():
        if (mention := known.get(same.get(found.start, ""))) is not None:
            kind = Kind(found.value.change.value)
            said = case.document.evidence("verb", found.start, min(found.end + _AFTER, case.segment.end), kind.value)
            return case.decree(kind, said, mention)
    return None


def _object_of(case: SegmentEvidence, cited: Citation) -> Mention | None:
    """Return the mention of VSA in what is said of a decree that is named, unless it is a subsidy, a committee or the like for it."""
    block, low = case.segment.at(cited.start), case.document.mended_span(cited.end, cited.end)[0]
    for mention in case.found:
        if mention.strong and not mention.citation and cited.end <= mention.start < min(block.end, cited.end + _REACH):
            between = (low, mention.tight_start)
            if cue("never").search(case.text, *between) is None and cue("related").search(case.text, *between) is None:
                return mention
    return None


# Which of the decrees found inside one act are the same: a line of a table of contents, a separator page, the decree itself.

_FACTS = tuple(entry.name for entry in fields(Facts))
_DATES = ("signed", "starts")
_TELLING = ("signed", "starts", "ends", "operators", "event", "places")
_MORNING = 9
"""Hour until which the end of an evening is given as of the day before."""


def deduplicate(decrees: list[tuple[Segment, Verdict]]) -> tuple[Verdict, ...]:
    """Return each decree once, in the order of the act, with every fact that any of its appearances gave. A wrong merge would lose one: two
    are one only when their identifiers agree, or their numbers and dates, or, where one has no number, when nothing they both give
    differs."""
    kept: list[tuple[Segment, Verdict]] = []

    def wealth(decree: tuple[Segment, Verdict]) -> tuple[bool, int]:
        return decree[0].has_articles, sum(bool(getattr(decree[1].facts, name)) for name in _FACTS)

    for entry in sorted(decrees, key=wealth, reverse=True):
        twin = next((rank for rank, other in enumerate(kept) if _same(entry, other)), None)
        if twin is not None:
            kept[twin] = kept[twin][0], _completed(kept[twin][1], entry[1])
        else:
            kept.append(entry)
    return tuple(verdict for _, verdict in sorted(kept, key=lambda entry: entry[0].start))


def _same(one: tuple[Segment, Verdict], two: tuple[Segment, Verdict]) -> bool:
    (segment, verdict), (other_segment, other) = one, two
    if verdict.kind is not other.kind:
        return False
    if segment.act_id is not None and other_segment.act_id is not None:
        return segment.act_id == other_segment.act_id
    if verdict.facts.number is not None and other.facts.number is not None:
        numbers = {without_service(verdict.facts.number), without_service(other.facts.number)}
        return len(numbers) == 1 and all(starmap(_agree, _pairs(verdict.facts, other.facts, _DATES)))
    telling = _pairs(verdict.facts, other.facts, _TELLING)
    agreeing = any(left == right for left, right in telling)
    return all(starmap(_agree, telling)) and (agreeing or not (segment.has_articles and other_segment.has_articles))


def _pairs(one: Facts, two: Facts, names: tuple[str, ...]) -> list[tuple[Any, Any]]:
    """Return the facts that both give."""
    pairs = [(getattr(one, name), getattr(two, name)) for name in names]
    return [(left, right) for left, right in pairs if left and right]


def _agree(one: Any, two: Any) -> bool:
    """Return True for the same, or moments of which one only has its day: "du 5 au 8 décembre" is also until 1 a.m. of the 9th."""
    if not isinstance(one, Moment) or not isinstance(two, Moment) or (one.time is None) is (two.time is None):
        return bool(one == two)
    day, exact = (one.day, two) if one.time is None else (two.day, one)
    night = exact.time is not None and exact.time.hour < _MORNING and exact.day == day + timedelta(days=1)
    return day == exact.day or night


def _completed(fuller: Verdict, other: Verdict) -> Verdict:
    """Return the fuller verdict with the facts that only the other one had, and their evidence."""
    missing = {name: value for name in _FACTS if not getattr(fuller.facts, name) and (value := getattr(other.facts, name))}
    about = {"period" if name in {"starts", "ends"} else name for name in missing}
    evidence = (*fuller.evidence, *(quote for quote in other.evidence if quote.about in about))
    return replace(fuller, facts=replace(fuller.facts, **missing), evidence=evidence)
