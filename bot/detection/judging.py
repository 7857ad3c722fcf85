"""Judges acts: gate, cut into decrees, rules, facts; and gives the facts of an act of which a person said that it is a decree. Pure.

Of one decree the title decides first, then the operative part; visas and recitals never decide alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.detection.facts.doubts import agree, second_values
from bot.detection.facts.gather import facts_of
from bot.detection.facts.identity import number
from bot.detection.facts.references import amended
from bot.detection.facts.signature import passed_over
from bot.detection.facts.tagging import TAGGED, tagged
from bot.detection.rules.deciding import answered, by_articles, by_parts, by_reference, by_title, deduplicate
from bot.detection.rules.evidence import (
    PRODUCT,
    Finding,
    SegmentEvidence,
    Verb,
    article_verb,
    first_verb,
    is_generic,
    lists_acts,
    notice_opening,
    own_title,
    tells_only_a_change,
)
from bot.detection.text.cues import VerdictReason, cue, fold, name_of
from bot.detection.text.document import HEADING_REACH, ActText, document, relevant_pages, signs
from bot.detection.text.mentions import EXCLUDED, Mention, legal_bases, mentions, purposes_named, sentence
from bot.detection.text.phrases import without_names
from bot.detection.text.segments import DecreePart, Segment, located, segments
from bot.domain.acts import Act, Evidence, FactValue, Kind, Outcome, Verdict, Where
from bot.domain.law import outside
from bot.domain.text import TextOrigin

NOTHING = Verdict(Outcome.NOT_CONCERNED)


def judge_each(act: Act, *, stand_alone: bool = False) -> tuple[Verdict, ...]:
    """Return the verdicts on all decrees on VSA that an act holds, each with kind and facts, or a single one that says why there is none,
    or that a person must look. `stand_alone` says that the act is a whole file: its title may be a file name or the text of a link, and the
    heading inside is trusted instead."""
    unreadable = tuple(page.number for page in act.pages if not page.is_whole)
    if not signs(act):
        return (_unread(act, unreadable, stand_alone=stand_alone),)
    text, cut = _opened(act)
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
    return (Verdict(Outcome.NOT_CONCERNED, evidence=reasons[:6]),)  # it may be hundreds of decrees on other things


def _opened(act: Act) -> tuple[ActText, tuple[Segment, ...]]:
    """Return the text of an act, or in a bulk act of hundreds of pages of those around a sign, and the decrees in it."""
    text = document(act, relevant_pages(act))
    cut = segments(text, act.id)
    return located(text, cut, act.title_from), cut


def _verdict(text: ActText, segment: Segment, finding: Finding) -> Verdict:
    facts, evidence = facts_of(text, segment, finding.mentions, finding.kind)
    product = [replace(quote, about="support", cue=PRODUCT) for quote in evidence if quote.about in {"software", "vendor"}]
    # One for which no text allowed VSA is announced all the same, flagged with the phrase that dates it.
    dates = outside(facts.sure)
    flag = [replace(quote, about="outside_window") for quote in evidence if quote.about in dates]
    return Verdict(Outcome.DECREE, finding.kind, facts, (*finding.evidence, *product[:1], *evidence, *flag[:1]))


def _unread(act: Act, unreadable: tuple[int, ...], *, stand_alone: bool) -> Verdict:
    """Return the verdict where what could be read has no sign. An unreadable page already makes its recueil incomplete, to be tried again
    and shown: a person is asked to look only where nothing says what the act is about, no title and no readable page."""
    if not unreadable:
        return NOTHING
    readable = any(page.origin is not TextOrigin.UNREADABLE and page.text.strip() for page in act.pages)
    foreign = act.service is not None and cue("around.other_service").search(fold(act.service).text) is not None
    if readable or foreign or (not stand_alone and not is_generic(fold(act.title).text)):
        return NOTHING
    title, where = without_names(act.title.strip()), act.title_from or Where.TITLE
    return Verdict(Outcome.UNCERTAIN, evidence=(Evidence("unreadable", unreadable[0], title, where, VerdictReason.UNREADABLE.value),))


def decide(document: ActText, segment: Segment, *, unreadable: bool, stand_alone: bool) -> Finding:
    """Judge one decree. `unreadable`: some of its pages could not be read; `stand_alone`: its title may be a mere file name."""
    title = own_title(document, segment, stand_alone=stand_alone)
    case = SegmentEvidence(document, segment, mentions(document, segment), title, unreadable)
    if not case.found:
        return without_mention(case)
    decided = _beside_the_point(case) or by_title(case)
    if decided is not None:
        return decided
    if case.title is not None and (never := cue("never").search(case.title.text)) is not None:
        return case.not_concerned(*case.phrases(), case.against(never, case.title.start))
    ruled = by_articles(case)
    if ruled is not None and ruled.outcome is Outcome.DECREE:
        return ruled
    return by_reference(case) or answered(case) or by_parts(case) or ruled or undecided(case)


_ENACTS = re.compile(r"^\W{0,4}(?:arretent|arrete)\W{0,4}$", re.MULTILINE)
_DRAFT = re.compile(r"^\W{0,4}projet(?:\sd.arretes?\b|\W{0,4}$)", re.MULTILINE)


def _beside_the_point(case: SegmentEvidence) -> Finding | None:
    """Return the finding on what is no decision on VSA: of another authority, a notice, a draft, an act on other images."""
    court = case.said_in("judged.by", DecreePart.TITLE, DecreePart.HEADING) or case.said_in("judged.signed", DecreePart.HEADING)
    if court is not None:
        return _of_a_court(case, court)
    said = case.said_in("signed_elsewhere", DecreePart.TITLE, DecreePart.HEADING)
    if said is None and not case.segment.is_formal and not case.unreadable:
        said = notice_opening(case.document, case.segment) or lists_acts(case.document, case.segment)
    if said is not None:
        # The title is of an opinion, the text below it a decree: a table of contents may name one by the other.
        advises = said.lastgroup == "commission_that_advises"
        if advises and _ENACTS.search(case.document.folded.text, case.segment.start, case.segment.end):
            return case.left_open(VerdictReason.UNSETTLED, case.against(said))
        return case.not_concerned(*case.phrases(), case.against(said))
    headings = case.segment.of(DecreePart.TITLE, DecreePart.HEADING)
    if any(_DRAFT.search(case.document.folded.text, block.start, block.end) for block in headings):
        return case.left_open(VerdictReason.SOMETHING_ELSE)
    parts = DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY
    opened = case.said_in("judged.overturned.annulled_in_part", *parts) or case.said_in(
        "around.authorisation_still_to_be_given", DecreePart.ARTICLE
    )
    if opened is not None:
        return case.left_open(VerdictReason.UNSETTLED, case.against(opened))
    return case.passed_over(VerdictReason.OTHER_WORDS) if case.sees_nothing() else None


def _of_a_court(case: SegmentEvidence, said: re.Match[str]) -> Finding:
    """Return the finding on a judgment: one that leaves the decree it is about as it was is not concerned, any other is for a person."""
    parts = DecreePart.TITLE, DecreePart.ARTICLE
    overturned = case.said_in("judged.overturned.suspended_or_annulled", *parts)
    if overturned is None and case.said_in("judged.overturned.rejected", *parts) is not None:
        return case.not_concerned(*case.phrases(), case.against(said))
    return case.left_open(VerdictReason.UNSETTLED, *map(case.against, filter(None, (said, overturned))))


def confirmed(act: Act, kind: Kind | None = None) -> tuple[Verdict, ...]:
    """Return a decree with the facts that can be read of it, or each of those in an act that holds several of which a person must judge:
    those with visas or articles that the rules would not pass over, of which two at least have numbers of their own; where nothing
    distinguishes them, the first that speaks of VSA. Each is of this `kind`, or of its likeliest where none is given."""
    text, cut = _opened(act)
    unreadable = not all(page.is_whole for page in act.pages)
    speaking = [(segment, found) for segment in cut if (found := mentions(text, segment).found)]
    formal = [(segment, found) for segment, found in speaking if segment.is_formal]
    judged = ((entry, decide(text, entry[0], unreadable=unreadable, stand_alone=False)) for entry in formal)
    open_ones = [entry for entry, finding in judged if finding.outcome is not Outcome.NOT_CONCERNED]
    each = deduplicate([_told(text, segment, found, kind) for segment, found in open_ones])
    if len({verdict.facts.number for verdict in each if verdict.facts.number}) > 1:
        return each
    segment, found = speaking[0] if speaking else (cut[0], ())
    return (_told(text, segment, found, kind)[1],)


@dataclass(frozen=True, slots=True)
class TwiceRead:
    """One fact as it is told and as the second reader has it, without names of persons; `poor`: its page was badly read; `settled`: a
    person said what it is."""

    name: str
    told: FactValue
    second: FactValue
    agreed: bool
    doubtful: bool
    poor: bool
    settled: bool


def read_twice(act: Act, verdict: Verdict) -> tuple[TwiceRead, ...]:
    """Return each fact of a decree that is read twice, and why it is sure or not. It is read again: a verdict keeps only what is told."""
    text, segment = _read_again(act, verdict)
    second = second_values(text, tagged(text, segment))
    poor = {quote.about for quote in verdict.evidence if text.is_poor(quote)}
    told = {name: value for name in TAGGED if (value := getattr(verdict.facts, name))}
    doubtful, settled = verdict.facts.doubtful, verdict.facts.settled
    agreed = {name: agree(text, segment, name, value, second.get(name)) for name, value in told.items()}
    # The second reader may take a person for a maker.
    theirs = {name: _anonymous(second.get(name)) for name in told}
    return tuple(
        TwiceRead(name, value, theirs[name], agreed[name], name in doubtful, name in poor, name in settled) for name, value in told.items()
    )


def not_told(act: Act, verdict: Verdict) -> tuple[Evidence, ...]:
    """Return the days (`signed`) and offices at the end of a decree that are not told of it; the cue of each is the reason."""
    text, segment = _read_again(act, verdict)
    own = number(text, segment)
    return tuple(text.evidence(name, found.start, found.end, found.value) for name, found in passed_over(text, segment, own))


def _read_again(act: Act, verdict: Verdict) -> tuple[ActText, Segment]:
    text, cut = _opened(act)
    spoken = [segment for segment in cut if mentions(text, segment).found] or list(cut)
    numbered = (segment for segment in spoken if (own := number(text, segment)) is not None and own.value == verdict.facts.number)
    segment = next(numbered, spoken[0])
    return amended(text, segment), segment


def _anonymous(value: FactValue) -> FactValue:
    return tuple(without_names(one) for one in value) if isinstance(value, tuple) else without_names(value or "") or None


def _told(text: ActText, segment: Segment, found: tuple[Mention, ...], kind: Kind | None) -> tuple[Segment, Verdict]:
    said = kind or _probable_kind(text, segment, found)
    return segment, Verdict(Outcome.DECREE, said, *facts_of(text, segment, found, said))


def _probable_kind(text: ActText, segment: Segment, found: tuple[Mention, ...]) -> Kind:
    """Return the kind that the verb of its title gives, else that of its articles, those that speak of VSA first, else an authorisation."""
    title = own_title(text, segment, stand_alone=False)
    if title is not None:
        # What the event is called ("la Nuit du refus") says nothing of the act.
        event = cue("around.event").search(title.text)
        verb = first_verb(title.text, 0, len(title.text) if event is None else event.start())
        if verb is not None:
            return verb.kind
    spoken = {segment.at(mention.start) for mention in found}
    articles = sorted(segment.of(DecreePart.ARTICLE), key=lambda block: block not in spoken)
    verbs = (article_verb(text.mended.text, *text.mended_span(block.start, block.end)) for block in articles)
    return next((verb.kind for verb in verbs if verb is not None), Kind.AUTHORISATION)


# What is said of an act in which neither title nor articles decide, though it speaks of VSA or could.


def undecided(case: SegmentEvidence) -> Finding:
    """Return the finding where neither title nor articles decide, though some part speaks of VSA."""
    if not any(mention.strong for mention in case.found) and (ruined := _ruined(case)) is not None:
        return ruined
    spoken = any(mention.deciding or (mention.strong and mention.part is DecreePart.BODY) for mention in case.found)
    finding = _by_body(case) if spoken else _by_preamble(case)
    return finding if finding.outcome is not Outcome.NOT_CONCERNED else _in_other_words(case) or finding


def _by_body(case: SegmentEvidence) -> Finding:
    """Return the finding where articles only speak of VSA: for a person, unless in words of other things under a title of its own."""
    weak = not any(mention.strong for mention in case.found) and not case.supported()
    clear = case.title is not None and not case.title.speaks and case.segment.is_formal and not case.unreadable
    if weak and clear and not any(_draws_attention(case, mention) for mention in case.found):
        return case.passed_over(VerdictReason.OTHER_WORDS)
    # Among powers that the article hands over to somebody.
    handed = case.said_in("around.delegation_of_powers", DecreePart.ARTICLE)
    return case.left_open(VerdictReason.UNDECIDED, *map(case.against, filter(None, [handed])))


def _draws_attention(case: SegmentEvidence, mention: Mention) -> bool:
    """Return True for weak words in an article that says that they show somebody where to look: what VSA does, whatever it is called."""
    if mention.part is not DecreePart.ARTICLE:
        return False
    low, high = case.document.mended_span(*sentence(case.document.flat, case.segment.at(mention.start), mention.start, mention.end))
    return cue("around.telling").search(case.text, low, max(high, mention.tight_end)) is not None


def _by_preamble(case: SegmentEvidence) -> Finding:
    """Return the finding where only visas and recitals speak of VSA: for a person to see, unless the act merely cites the law under a title
    of its own, or is a text of two interleaved layers whose every word is there."""
    strong = [mention for mention in case.found if mention.strong]
    if not strong and not case.supported():
        return case.passed_over(VerdictReason.OTHER_WORDS)
    if case.title is None or is_generic(case.title.text):
        return _scrambled(case, strong) or case.left_open(VerdictReason.PREAMBLE)
    given_up = [_given_up(case, mention) for mention in strong]
    on_the_law = any(basis.alone for basis, *_ in legal_bases(case.document, case.segment.start, case.segment.end))
    # It rests on the law, and its articles name what is looked for: it decides on VSA in words of its own.
    decides = on_the_law and case.looks_for_events() and not any(given_up)
    if decides or tells_only_a_change(case.title) or case.unreadable:
        return case.left_open(VerdictReason.PREAMBLE)
    if all(mention.citation or idle for mention, idle in zip(strong, given_up, strict=True)) or _only_named(case, strong):
        return case.passed_over(VerdictReason.QUOTED if any(mention.citation for mention in strong) else VerdictReason.PREAMBLE)
    return case.left_open(VerdictReason.PREAMBLE)


def _scrambled(case: SegmentEvidence, strong: Sequence[Mention]) -> Finding | None:
    """Return the decree that a text of two interleaved layers is, every word of which is there."""
    scrambled = cue("around.scrambled").search(case.text, *case.span)
    own = next((mention for mention in strong if not mention.citation), None)
    if scrambled is None or own is None or cue("around.another_verb").search(case.text, *case.span) is not None or not case.supported():
        return None
    verb = Verb(Kind.AUTHORISATION, *scrambled.span(), Kind.AUTHORISATION.value)
    return case.decree(verb.kind, case.verb(verb), own)


def _given_up(case: SegmentEvidence, mention: Mention) -> bool:
    """Return True for what a recital says was thought of and is not done."""
    if mention.part is not DecreePart.RECITAL:
        return False
    low, high = case.document.mended_span(*sentence(case.document.flat, case.segment.at(mention.start), mention.start, mention.end))
    before = cue("around.given_up").search(case.text, low, mention.tight_end)
    return before is not None or cue("around.not_done").match(case.text, mention.tight_end, max(high, mention.tight_end)) is not None


def _only_named(case: SegmentEvidence, strong: Sequence[Mention]) -> bool:
    """Return True where only visas speak of VSA, as the title of another decree, and the act decides nothing on images."""
    before = (case.text[case.within(case.segment.at(mention.start))[0] : mention.tight_start] for mention in strong)
    quoted = all(re.match(r"vu?l?(?:es)?arrete", words) for words in before)
    if case.supported() or not case.segment.has_articles or not quoted:
        return False
    return case.said_in("around.seen", DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE) is None


_ON_VIDEO = re.compile(r"video(?:protection|surveillance)|(?:signalement|detection|alerte)automati")


def without_mention(case: SegmentEvidence) -> Finding:
    """Return the finding where nothing names VSA, but its words may have been cut off or misread: a person must look at a title cut in a
    table of contents ("portant autorisation de l'emploi da") with no body to say more, and at an act that rests on the very articles of the
    law and names predetermined events, video surveillance or nothing at all."""
    document, segment = case.document, case.segment
    cut = cue("around.use_of_something_in_a_place").search(case.text, *case.span)
    if cut is not None and not segment.has_articles and case.span[1] - cut.end() <= 60:
        phrase = document.evidence("verdict", segment.start, segment.end, name_of(cut))
        return case.uncertain(phrase, case.because("doubt", VerdictReason.CUT_OFF, segment))
    if (ruined := _ruined(case)) is not None:
        return ruined
    cited = (entry for entry in legal_bases(document, segment.start, segment.end) if entry[0].alone)
    resting = next((entry for entry in cited if not _beside_excluded(case, entry[1])), None)
    if resting is not None and not case.denied():
        basis, start, end = resting
        title = case.title
        telling = title is None or tells_only_a_change(title) or _ON_VIDEO.search(title.text) is not None
        telling = telling or case.said_in("around.images_analysed", DecreePart.ARTICLE) is not None
        if telling or len(purposes_named(document, segment.start, segment.end)) >= 2:
            phrase = document.evidence("verdict", start, end, basis.label)
            return case.uncertain(phrase, document.evidence("doubt", start, end, VerdictReason.LAW_ALONE.value))
    return _in_other_words(case) or Finding(Outcome.NOT_CONCERNED, None, (*case.set_aside(), *case.texts_cited()) or case.sign())


def _in_other_words(case: SegmentEvidence) -> Finding | None:
    """Return that a person must look where a title names VSA in the jargon of services, unless it decides nothing or on other things, and
    where an act on cameras tells of a program that analyses, whatever it is called, and of one of the predetermined events."""
    text = case.document.folded.text
    for block in case.segment.of(DecreePart.TITLE, DecreePart.HEADING):
        end = min(block.end, block.start + HEADING_REACH) if block.part is DecreePart.HEADING else block.end
        said = cue("jargon.title").search(text, block.start, end)
        span = case.document.mended_span(block.start, end)
        other = any(cue(name).search(case.text, *span) for name in ("never", "around.other_thing"))
        if said is None or cue("jargon.unless").search(text, block.start, end) or other:
            continue
        phrase = case.document.evidence("verdict", block.start, end)
        return case.uncertain(phrase, case.document.evidence("doubt", *said.span(), VerdictReason.JARGON.value))
    about_video = cue("around.video").search(case.text, *case.span) is not None and not case.denied()
    blocks = list(case.segment.of(DecreePart.RECITAL, DecreePart.ARTICLE)) if about_video else []
    program = cue("jargon.program")
    told = next((said for block in blocks if (said := program.search(case.document.flat, block.start, block.end)) is not None), None)
    if told is not None and any(purposes_named(case.document, block.start, block.end, listed=True) for block in blocks):
        phrase = case.document.evidence("verdict", *told.span())
        return case.uncertain(phrase, case.document.evidence("doubt", *told.span(), VerdictReason.JARGON.value))
    return None


def _ruined(case: SegmentEvidence) -> Finding | None:
    """Return that a person must look where no article could be read, and fragments are left of the words that name VSA and of its law."""
    left = cue("around.what_is_left_of_its_name").search(case.text, *case.span)
    if left is None or case.segment.has_articles or case.mentions.set_aside or not cue("around.remains").search(case.text, *case.span):
        return None
    phrase = case.document.evidence("verdict", *case.document.loose(*left.span()), name_of(left))
    return case.uncertain(phrase, case.because("doubt", VerdictReason.DAMAGED, left))


_TO_BE_ASKED = re.compile(
    r"\b(?:appartient|revient|loisible|libre|invitee?s?|pourra|peut|faudra|devra)\b[^.;]{0,80}\b(?:presenter|deposer|former|adresser)"
    r" une (?:nouvelle )?demande\b[^.;]{0,120}$"
)


_SUCH = re.compile(r"\b(?:un tel traitement|une telle (?:analyse|exploitation))\b[^.]{0,160}$")


def _beside_excluded(case: SegmentEvidence, start: int) -> bool:
    """Return True for a law named only to say what is not done ("… ni à un traitement algorithmique au sens de l'article 10 de la loi…",
    "… aucun traitement algorithmique ; qu'un tel traitement relève de l'article 10…"), or what an article leaves to be asked for ("il lui
    appartient de présenter une demande sur le fondement de…")."""
    block = case.segment.at(start)
    if block.part is DecreePart.ARTICLE and _TO_BE_ASKED.search(case.document.flat, block.start, start) is not None:
        return True
    excluded = [entry for entry in case.mentions.set_aside if entry.value == EXCLUDED]
    if any(block.start <= entry.start < start and _SUCH.search(case.document.flat, entry.start, start) for entry in excluded):
        return True
    sentences = (
        (entry.start, sentence(case.document.flat, case.segment.at(entry.start), entry.start, entry.start)[1]) for entry in excluded
    )
    return any(first <= start < last for first, last in sentences)
