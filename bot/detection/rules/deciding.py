"""Decides what an act does, by its title or heading, else by its articles; visas and recitals never decide alone. Where none decides, and
the act speaks or could speak of the topic, decides whether a person must look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from bot.detection.facts.identity import Citation, citations, number, references
from bot.detection.facts.period import period
from bot.detection.rules.evidence import (
    Finding,
    SegmentEvidence,
    Verb,
    article_verb,
    first_verb,
    is_generic,
    lists_acts,
    notice_opening,
    own_title,
    stopped,
    tells_only_a_change,
    title_verb,
    unsettled,
)
from bot.detection.text.cues import VerdictReason, name_of
from bot.detection.text.document import HEADING_REACH, ActText, Block, CueMatch, DecreePart, Segment, erratum, own_heading
from bot.detection.text.mentions import EXCLUDED, Mention, legal_bases, mentions, purposes_named, sentence
from bot.domain.acts import CHANGING, Evidence, Kind, Outcome


def decide(document: ActText, segment: Segment, *, unreadable: bool, stand_alone: bool) -> Finding:
    """Judge one decree. `unreadable`: some of its pages could not be read; `stand_alone`: its title may be a mere file name."""
    title = own_title(document, segment, stand_alone=stand_alone)
    case = SegmentEvidence(document, segment, mentions(document, segment), title, unreadable)
    titled = any(mention.part in {DecreePart.TITLE, DecreePart.HEADING} for mention in case.found)
    elsewhere = not titled and title.search("around.elsewhere") is not None
    if not case.found:
        return case.not_concerned() if elsewhere else without_mention(case)
    decided = _beside_the_point(case) or by_title(case)
    if decided is not None:
        return decided
    if (never := title.search("never")) is not None:
        return case.not_concerned(*case.phrases(), case.against(never))
    ruled = by_articles(case)
    if ruled is not None and ruled.outcome is Outcome.DECREE:
        return ruled
    if elsewhere and not any(_decides_there(case, mention) for mention in case.found):
        return case.passed_over(VerdictReason.QUOTED)
    return by_reference(case) or answered(case) or by_parts(case) or ruled or undecided(case)


def _decides_there(case: SegmentEvidence, mention: Mention) -> bool:
    """Return whether an article names the topic firmly, and not as what another decree does."""
    return mention.strong and mention.part is DecreePart.ARTICLE and not mention.citation and not _is_of_another(case, mention)


_ENACTS = re.compile(r"^\W{0,4}(?:arretent|arrete)\W{0,4}$", re.MULTILINE)
_DRAFT = re.compile(r"^\W{0,4}projet(?:\sd.arretes?\b|\W{1,5}arretes?\b|\W{0,4}$)", re.MULTILINE)


def _beside_the_point(case: SegmentEvidence) -> Finding | None:
    """Return the finding on an act that decides nothing on the topic: of another authority, a notice, a draft, on other images."""
    court = case.said("judged.by", DecreePart.TITLE, DecreePart.HEADING) or case.said("judged.signed", DecreePart.HEADING)
    if court is not None:
        return _of_a_court(case, court)
    said = case.said("signed_elsewhere", DecreePart.TITLE, DecreePart.HEADING)
    if said is None and not case.segment.is_formal and not case.unreadable:
        said = notice_opening(case.document, case.segment) or lists_acts(case.document, case.segment)
    if said is not None:
        # The title is of an opinion, the text below it a decree: a table of contents may name one by the other.
        advises = name_of(said.value) == "commission that advises"
        if advises and _ENACTS.search(case.document.folded.text, case.segment.start, case.segment.end):
            return case.left_open(VerdictReason.UNSETTLED, case.against(said))
        return case.not_concerned(*case.phrases(), case.against(said))
    headings = case.segment.of(DecreePart.TITLE, DecreePart.HEADING)
    if any(_DRAFT.search(case.document.folded.text, block.start, block.end) for block in headings):
        return case.left_open(VerdictReason.SOMETHING_ELSE)
    parts = DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY
    opened = case.said("judged.overturned.annulled_in_part", *parts) or case.said(
        "around.authorisation_still_to_be_given", DecreePart.ARTICLE
    )
    if opened is not None:
        return case.left_open(VerdictReason.UNSETTLED, case.against(opened))
    return case.passed_over(VerdictReason.OTHER_WORDS) if case.sees_nothing() else None


def _of_a_court(case: SegmentEvidence, said: CueMatch) -> Finding:
    """Return the finding on a judgment: not concerned if it leaves its decree unchanged, else for a person."""
    parts = DecreePart.TITLE, DecreePart.ARTICLE
    overturned = case.said("judged.overturned.suspended_or_annulled", *parts)
    if overturned is None and case.said("judged.overturned.rejected", *parts) is not None:
        return case.not_concerned(*case.phrases(), case.against(said))
    return case.left_open(VerdictReason.UNSETTLED, *map(case.against, filter(None, (said, overturned))))


# By its title.

_TITLE_TAIL = 320
"""Squeezed characters after a mention in which its title may have the verb."""

_VERB_NEAR = 200
"""Squeezed characters beside a mention in which a verb may bear on it, outside articles."""

_PURPORT = re.compile(r"(?:portant|fixant|relati[a-z]{1,2}a)[a-z]{0,16}$")

_NAMED = 90
"""Squeezed characters before a verb that may name the decree whose title it belongs to."""


def by_title(case: SegmentEvidence) -> Finding | None:
    """Return the decision of the title, else of the heading; None if neither names the topic."""
    for part in (DecreePart.TITLE, DecreePart.HEADING):
        inside = [mention for mention in case.found if mention.part is part and not mention.citation]
        for block, mention in product(case.segment.of(part), sorted(inside, key=lambda mention: not mention.strong)):
            if (finding := _by_title_with(case, block, mention)) is not None:
                return finding
    return None


def _by_title_with(case: SegmentEvidence, block: Block, mention: Mention) -> Finding | None:
    """Return the decision on a mention in this title or heading (two layers may have the verb and the object), or None."""
    document = case.document
    # The title of the decree that an erratum corrects comes after that word.
    correcting = erratum(document, case.segment)
    start = correcting.start() if correcting is not None else own_heading(document.folded.text, block.start, mention.start)
    stop = document.around(mention.start, mention.end, 0, _TITLE_TAIL, (start, block.end))[1]
    event = case.search("around.event", mention.end, stop)
    said = stop if event is None else event.start
    never = case.search("never", start, said)
    verb = title_verb(document, start, said, stop)
    if correcting is not None:  # whatever the decree does that it corrects
        verb = Verb(Kind.MODIFICATION, *correcting.span("word"))
    if never is not None:
        first = first_verb(document, start, said)  # "portant autorisation… et délégation" decides before
        # "Abrogeant l'arrêté attribuant une subvention pour…": what is ended is the subsidy.
        ended = verb is not None and verb.kind in CHANGING and never.end <= mention.start
        if ended or first is None or first.start >= never.start:
            return case.not_concerned(case.phrase(mention), case.against(never))
    open_to_doubt = unsettled(document, start, mention.start if verb is None or verb.of_use else verb.start, stop)
    if open_to_doubt is not None:
        return case.doubted(mention, VerdictReason.UNSETTLED, case.against(open_to_doubt))
    if verb is None:
        return None
    if correcting is not None and (unsaid := _unsaid(case, verb)) is not None:
        return case.doubted(mention, unsaid)
    doubt = _title_doubt(case, block, mention, start, stop) or _bears_on_something_else(case, verb, mention)
    return doubt or _decided(case, mention, verb, start)


def _unsaid(case: SegmentEvidence, verb: Verb) -> VerdictReason | None:
    """Return what is uncertain in an erratum: which decree it corrects, or whether it changes anything."""
    if not references(case.document, case.segment, verb.kind, None):
        return VerdictReason.UNNAMED
    return VerdictReason.NO_CHANGE if case.said("around.idle") is not None else None


def _decided(case: SegmentEvidence, mention: Mention, verb: Verb, start: int) -> Finding:
    """Return the decree by a title with this verb (from `start`), unless its articles contradict it."""
    of_another = case.search("around.of_another", *case.document.around(verb.start, verb.start, _NAMED, 0, (start, verb.start)))
    if verb.kind is Kind.AUTHORISATION and of_another is not None:
        kind, said_so = _done_to_another(case) or (Kind.MODIFICATION, case.verb(verb))
        return case.decree(kind, said_so, mention)
    if verb.of_use:
        return _used(case, mention, verb, start)
    if verb.kind is Kind.SUSPENSION and (done := _done_to_another(case)) is not None and done[0] is Kind.ABROGATION:
        # "Ordonnant l'interruption": the articles say whether it is for a time or for good.
        return case.decree(*done, mention)
    contradiction = _contradicted(case, verb.kind)
    if contradiction is not None:
        return case.uncertain(case.phrase(mention), case.verb(verb), contradiction)
    return case.decree(verb.kind, case.verb(verb), mention)


def _used(case: SegmentEvidence, mention: Mention, verb: Verb, start: int) -> Finding:
    """Judge a title that only names its use: a decree if an article authorises, or none contradicts a plain title."""
    said_so = case.verb(verb)
    for block in case.segment.of(DecreePart.ARTICLE):
        decision, contrary = article_verb(case.document, block.start, block.end), stopped(case.document, block.start, block.end)
        if contrary is not None and (decision is None or contrary.start < decision.start):
            return case.uncertain(case.phrase(mention), said_so, case.because("doubt", VerdictReason.UNSETTLED, contrary))
        if decision is not None and decision.kind in {Kind.AUTHORISATION, Kind.RENEWAL}:
            return case.decree(decision.kind, said_so, mention)
        if decision is not None:
            return case.uncertain(case.phrase(mention), said_so, case.because("contradiction", VerdictReason.ARTICLES_AGAINST, block))
    if case.search("around.plainly", start, verb.start) is not None:
        return case.decree(verb.kind, said_so, mention)
    return case.uncertain(case.phrase(mention), said_so, case.because("doubt", VerdictReason.UNSETTLED, mention))


def _title_doubt(case: SegmentEvidence, block: Block, mention: Mention, start: int, stop: int) -> Finding | None:
    """Return the doubt whether the act under this title (`start:stop`) decides on the topic; None without doubt."""
    title = case.title
    if not case.segment.is_formal:
        if mention.part is DecreePart.TITLE:
            # One that begins as something else and goes on with an act: "Avis de consultation : projet d'arrêté…".
            notices = (case.document.match(case.cues[name], block.start, start) for name in ("never", "related"))
        else:
            # "Donnant subdélégation", "fixant la liste…", before any verb.
            notices = (title.search(name) for name in ("never", "related"))
        if (notice := next(filter(None, notices), None)) is not None:
            return case.doubted(mention, VerdictReason.SOMETHING_ELSE, case.against(notice))
        if mention.part is not DecreePart.TITLE and title.text and title.verb is None and not title.speaks:
            return case.doubted(mention, VerdictReason.SOMETHING_ELSE)
        near = case.document.around(mention.start, mention.end, _VERB_NEAR, _VERB_NEAR, (start, stop))
        if not case.search("around.act", start, mention.start) and article_verb(case.document, *near) is None:
            return case.doubted(mention, VerdictReason.NO_ACT)
    return None if mention.strong or case.supported() else case.doubted(mention, VerdictReason.OTHER_WORDS)


def _bears_on_something_else(case: SegmentEvidence, verb: Verb, mention: Mention) -> Finding | None:
    """Return what shows that the decree changed or ended is no authorisation ("l'arrêté portant création d'un comité de suivi…")."""
    named = case.document.finditer(case.cues["related"], verb.end, mention.start) if verb.kind in CHANGING else ()
    other = next((found for found in named if _PURPORT.search(case.document.squeezed(verb.end, found.start)) is not None), None)
    return None if other is None else case.doubted(mention, VerdictReason.SOMETHING_ELSE, case.against(other))


def _done_to_another(case: SegmentEvidence) -> tuple[Kind, Evidence] | None:
    """Return the effect of the first deciding article, under a title that cites another decree's authorisation; None without one."""
    return next(((verb.kind, case.verb(verb)) for _, verb in case.decisions()), None)


def _contradicted(case: SegmentEvidence, kind: Kind) -> Evidence | None:
    """Quote the article if, under an authorising title, articles only refuse or end: a person must look."""
    decisions, speaking = list(case.decisions()), {case.segment.at(mention.start) for mention in case.found}
    if kind is not Kind.AUTHORISATION or any(verb.kind in {Kind.AUTHORISATION, Kind.RENEWAL} for _, verb in decisions):
        return None
    contrary = (block for block, verb in decisions if block in speaking and verb.kind is not Kind.MODIFICATION)
    return next((case.because("contradiction", VerdictReason.ARTICLES_AGAINST, block) for block in contrary), None)


# What the articles of an act decide, also where they say of the topic no more than the title of the decree that they change or end.

_SENTENCE = re.compile(r"[a-z0-9)]\.\s")
# "La commune ne peut employer le traitement", and not "… qu'entre 8 h et 20 h".
_NOT_ALLOWED = re.compile(r"\bne peu(?:t|vent)\b(?![^.;]{0,400}\squ(?:e\b|['’]))")


def _is_not_allowed(case: SegmentEvidence, verb: Verb) -> bool:
    return _NOT_ALLOWED.match(case.document.flat, max(verb.start - 3, 0)) is not None


def by_articles(case: SegmentEvidence) -> Finding | None:
    """Return the decision of the articles on the topic. A title that modifies or ends something gives its direction."""
    doubt: Finding | None = None
    for mention in case.found:
        if mention.part not in {DecreePart.ARTICLE, DecreePart.HEADING, DecreePart.BODY} or mention.citation:
            continue
        block = case.segment.at(mention.start)
        start, stop = block.start, block.end
        if mention.part is not DecreePart.ARTICLE:
            start, stop = case.document.around(mention.start, mention.end, _VERB_NEAR, _VERB_NEAR, (start, stop))
        verb = article_verb(case.document, start, stop)
        if verb is None or case.search("around.delegation_of_powers", start, stop):
            continue
        # "La commune est mise en demeure de cesser… le traitement qui est mis en œuvre" authorises nothing.
        contrary = stopped(case.document, start, stop) if verb.kind is Kind.AUTHORISATION else None
        aside = _is_aside(case, mention, verb)
        if _is_not_allowed(case, verb):
            doubt = doubt or case.doubted(mention, VerdictReason.UNSETTLED, case.verb(verb))
        elif contrary is not None and contrary.start < verb.start and not _apart(case, contrary.start, verb.start):
            doubt = doubt or case.doubted(mention, VerdictReason.UNSETTLED, case.against(contrary))
        elif aside or (not mention.strong and not case.supported()):
            doubt = doubt or case.doubted(mention, VerdictReason.IN_PASSING if aside else VerdictReason.OTHER_WORDS)
        else:
            # What an article put in the place of another authorises is what that decree does.
            quoted = case.document.flat[block.start : block.end].lstrip().startswith('"')
            titled = case.title.verb if verb.kind is not Kind.AUTHORISATION or quoted else None
            done = verb if titled is None or titled.kind is Kind.AUTHORISATION else titled
            return case.decree(done.kind, case.verb(done), mention)
    return doubt or _as_titled(case)


def _as_titled(case: SegmentEvidence) -> Finding | None:
    """Return the change of an authorisation that title and articles make, if an article also names the topic, either firmly and with
    predetermined events, or after citing a decree on it."""
    titled = case.title.verb
    done = _done_to_another(case)
    spoken = next((mention for mention in case.found if mention.part is DecreePart.ARTICLE and not mention.citation), None)
    if titled is None or done is None or spoken is None or titled.kind is not done[0] or done[0] not in CHANGING or not case.supported():
        return None
    block = case.segment.at(spoken.start)
    named = any(entry.of_topic and block.start <= entry.start < spoken.start for entry in citations(case.document, case.segment, None))
    return case.decree(*done, spoken) if named or (spoken.strong and case.looks_for_events()) else None


def _is_aside(case: SegmentEvidence, mention: Mention, verb: Verb) -> bool:
    """Return whether an act with another title decides in one sentence and names the topic in another."""
    if not case.title.text:
        return False
    if mention.part is not DecreePart.ARTICLE:
        return not case.segment.is_formal and case.title.verb is None
    return not case.title.speaks and _apart(case, *sorted((verb.start, mention.start)))


def _apart(case: SegmentEvidence, first: int, last: int) -> bool:
    """Return whether a sentence ends between two positions."""
    return _SENTENCE.search(case.document.flat, first, last) is not None


def answered(case: SegmentEvidence) -> Finding | None:
    """Return the decision of the first article on the request, if the title or a visa identifies that as one for such a use."""
    above = {DecreePart.TITLE, DecreePart.HEADING, DecreePart.VISA}
    firm = (mention for mention in case.found if mention.strong and not mention.citation and mention.part in above)
    # "Vu la demande de la commune en vue d'employer un traitement…".
    asked = next((each for each in firm if "demande" in case.document.flat[case.segment.at(each.start).start : each.start]), None)
    for block, verb in case.decisions() if asked is not None else ():
        own = case.document.match(case.cues["around.answered"], verb.start, block.end) is not None
        refused = verb.kind is Kind.REFUSAL and (own or case.search("around.request", block.start, verb.start) is not None)
        # "La commune est autorisée" answers another request; this one is said to be granted.
        said = case.document.squeezed(verb.start, verb.end)
        granted = verb.kind is Kind.AUTHORISATION and (own or said.startswith(("demande", "ilestfaitdroit")))
        if asked is not None and (refused or granted):
            return case.decree(verb.kind, case.verb(verb), asked)
    return None


_USED_NEAR = 120
"""Squeezed characters beside a permission that may name what is allowed."""


def by_parts(case: SegmentEvidence) -> Finding | None:
    """Return the authorisation that cites the law and has all parts of one, in any words ("l'opérateur est autorisé à soumettre les images
    à l'outil", each term defined in another article): a permission, what is looked for, a period, and no title on something else than the
    topic or its law."""
    document, segment = case.document, case.segment
    above = (DecreePart.TITLE, DecreePart.HEADING, DecreePart.VISA)
    on_the_law = any(basis.alone for block in segment.of(*above) for basis, *_ in legal_bases(document, block.start, block.end))
    of_topic = not case.title.text or case.title.speaks or case.title.search("around.title_of_the_law") is not None
    if not (on_the_law and of_topic) or case.denied():
        return None
    allowed: Verb | None = None
    for block in segment.of(DecreePart.ARTICLE):
        start, stop = block.start, block.end
        verb, let = article_verb(document, start, stop), case.search("around.let", start, stop)
        if stopped(document, start, stop) is not None:
            return None
        if verb is not None and (verb.kind is not Kind.AUTHORISATION or _is_not_allowed(case, verb)):
            return None
        verb = verb or (None if let is None else Verb(Kind.AUTHORISATION, let.start, let.end))
        if allowed is None and verb is not None:
            near = document.around(verb.start, verb.end, _USED_NEAR, _USED_NEAR, (start, stop))
            allowed = verb if case.search("around.the_use", *near) is not None else None
    lasts = period(document, segment) if allowed is not None and case.looks_for_events() else None
    named = min(case.found, key=lambda mention: (mention.citation, not mention.strong))
    return None if allowed is None or lasts is None or None in lasts.value else case.decree(allowed.kind, case.verb(allowed), named)


_REACH = 420
"""Characters after a decree's name in which its object stands: a full title."""

_AFTER = 60
"""Characters quoted after a decree's name, so that one sees what becomes of it."""


def by_reference(case: SegmentEvidence) -> Finding | None:
    """Return the change that a title or an article makes to a decree that only a visa or a recital identifies as one on the topic
    ("l'arrêté n° 2026-12 susvisé est abrogé")."""
    numbered = number(case.document, case.segment)
    own = numbered.value if numbered is not None else None
    cited = citations(case.document, case.segment, own)
    known = {entry.same: mention for entry in cited if entry.of_topic and (mention := _object_of(case, entry)) is not None}
    same = {entry.start: entry.same for entry in cited}
    for found in references(case.document, case.segment, None, own) if known else ():
        if (mention := known.get(same.get(found.start, ""))) is not None:
            kind = Kind(found.value.change.value)
            said = case.document.evidence("verb", found.start, min(found.end + _AFTER, case.segment.end), kind.value)
            return case.decree(kind, said, mention)
    return None


def _object_of(case: SegmentEvidence, cited: Citation) -> Mention | None:
    """Return the mention of the topic in the description of a cited decree, unless that is a subsidy, a committee or the like for it."""
    block = case.segment.at(cited.start)
    for mention in case.found:
        named = mention.strong and not mention.citation and cited.end <= mention.start < min(block.end, cited.end + _REACH)
        if named and not any(case.search(name, cited.end, mention.start) for name in ("never", "related")):
            return mention
    return None


# What is said of an act in which neither title nor articles decide, though it speaks of the topic or could.


def undecided(case: SegmentEvidence) -> Finding:
    """Return the finding if neither title nor articles decide, but some part names the topic."""
    if not any(mention.strong for mention in case.found) and (ruined := _ruined(case)) is not None:
        return ruined
    spoken = any(mention.deciding or (mention.strong and mention.part is DecreePart.BODY) for mention in case.found)
    finding = _by_body(case) if spoken else _by_preamble(case)
    return finding if finding.outcome is not Outcome.NOT_CONCERNED else _in_other_words(case) or finding


def _by_body(case: SegmentEvidence) -> Finding:
    """Return the finding if articles only mention the topic: for a person, unless in words of other things under another title."""
    weak = not any(mention.strong for mention in case.found) and not case.supported()
    clear = case.title.text and not case.title.speaks and case.segment.is_formal and not case.unreadable
    if weak and clear and not any(_draws_attention(case, mention) for mention in case.found):
        return case.passed_over(VerdictReason.OTHER_WORDS)
    deciding = [mention for mention in case.found if mention.deciding]
    if clear and deciding and all(_is_of_another(case, mention, "authorised") for mention in deciding):
        return case.passed_over(VerdictReason.QUOTED)
    # Among powers that the article hands over to somebody.
    handed = case.said("around.delegation_of_powers", DecreePart.ARTICLE)
    return case.left_open(VerdictReason.UNDECIDED, *map(case.against, filter(None, [handed])))


_ANALYSES = frozenset({"automated analysis of images", "automated analysis of what cameras see", "image analysis software"})


def _is_of_another(case: SegmentEvidence, mention: Mention, *how: str) -> bool:
    """Return whether the sentence of a mention says that another decree authorises it, or is on it."""
    return case.search(".".join(("around.by_another", *how)), *case.sentence(mention)) is not None


def _draws_attention(case: SegmentEvidence, mention: Mention) -> bool:
    """Return whether weak words in an article describe what the topic does under any name: to analyse images, to show somebody where to
    look."""
    if mention.part is not DecreePart.ARTICLE:
        return False
    start, end = case.sentence(mention)
    end = max(end, mention.end)
    if case.search("around.telling", start, end) is not None:
        return True
    whole = _SENTENCE.search(case.document.flat, mention.start, mention.end) is None and case.title.search("related") is None
    return mention.cue in _ANALYSES and whole and case.search("around.made", start, end) is not None


def _by_preamble(case: SegmentEvidence) -> Finding:
    """Return the finding if only visas and recitals speak of the topic: a person must look, unless the act merely cites the law under a
    title of its own, an article denies the use, or it is a text of two interleaved layers with every word there."""
    strong = [mention for mention in case.found if mention.strong]
    if not strong and not case.supported():
        # What decides may be cut off.
        return case.passed_over(VerdictReason.OTHER_WORDS) if case.segment.has_articles else case.left_open(VerdictReason.CUT_OFF)
    if is_generic(case.title.text):
        return _scrambled(case, strong) or case.left_open(VerdictReason.PREAMBLE)
    given_up = [_given_up(case, mention) for mention in strong]
    cited = legal_bases(case.document, case.segment.start, case.segment.end)
    on_the_law = any(basis.alone and not _beside_excluded(case, start) for basis, start, _ in cited)
    # It rests on the law, and its articles name what is looked for: it decides in words of its own.
    decides = on_the_law and case.looks_for_events() and not any(given_up)
    changes = case.title.verb is not None and case.title.verb.kind in CHANGING and case.title.search("around.changed")
    if decides or changes or tells_only_a_change(case.title) or case.unreadable:
        return case.left_open(VerdictReason.PREAMBLE)
    beside = not on_the_law and case.title.search("around.other_measure") is not None
    if (
        beside
        or case.denied()
        or all(mention.citation or idle for mention, idle in zip(strong, given_up, strict=True))
        or _only_named(case, strong)
    ):
        return case.passed_over(VerdictReason.QUOTED if any(mention.citation for mention in strong) else VerdictReason.PREAMBLE)
    return case.left_open(VerdictReason.PREAMBLE)


def _scrambled(case: SegmentEvidence, strong: Sequence[Mention]) -> Finding | None:
    """Return the decree in a text of two interleaved layers that has every word of one."""
    scrambled = case.said("around.scrambled")
    own = next((mention for mention in strong if not mention.citation), None)
    if scrambled is None or own is None or case.said("around.another_verb") is not None or not case.supported():
        return None
    return case.decree(Kind.AUTHORISATION, case.verb(Verb(Kind.AUTHORISATION, scrambled.start, scrambled.end)), own)


def _given_up(case: SegmentEvidence, mention: Mention) -> bool:
    """Return whether a recital names a use that was considered and rejected, or that another decree authorises."""
    if mention.part is not DecreePart.RECITAL:
        return False
    if _is_of_another(case, mention):
        return True
    start, end = case.sentence(mention)
    if case.search("around.given_up", start, mention.end) is not None:
        return True
    return case.document.match(case.cues["around.not_done"], mention.end, max(end, mention.end)) is not None


def _only_named(case: SegmentEvidence, strong: Sequence[Mention]) -> bool:
    """Return whether the topic is only named in titles of cited decrees, and the act decides nothing on images."""
    before = (case.document.squeezed(case.segment.at(mention.start).start, mention.start) for mention in strong)
    quoted = all(re.match(r"vu?l?(?:es)?arrete", words) for words in before)
    if case.supported() or not case.segment.has_articles or not quoted:
        return False
    return case.said("around.seen", DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE) is None


def without_mention(case: SegmentEvidence) -> Finding:
    """Return the finding if nothing names the topic, but its words may be cut off or misread. A person must look at a title cut in a table
    of contents ("portant autorisation de l'emploi da") without a body, and at an act that cites the very articles of the law and names
    predetermined events, video surveillance or nothing."""
    document, segment = case.document, case.segment
    cut = case.said("around.use_of_something_in_a_place")
    cut = cut if cut is not None else case.said("around.law_cut_off")
    if cut is not None and not segment.has_articles and len(document.squeezed(cut.end, segment.end)) <= 60:
        phrase = document.evidence("verdict", segment.start, segment.end, name_of(cut.value))
        return case.uncertain(phrase, case.because("doubt", VerdictReason.CUT_OFF, segment))
    if (ruined := _ruined(case)) is not None:
        return ruined
    cited = (entry for entry in legal_bases(document, segment.start, segment.end) if entry[0].alone)
    resting = next((entry for entry in cited if not _beside_excluded(case, entry[1])), None)
    if resting is not None and not case.denied():
        basis, start, end = resting
        telling = not case.title.text or tells_only_a_change(case.title) or case.title.search("around.on_the_field") is not None
        telling = telling or not segment.has_articles or case.said("around.images_analysed", DecreePart.ARTICLE) is not None
        if telling or len(purposes_named(document, segment.start, segment.end)) >= 2:
            phrase = document.evidence("verdict", start, end, basis.label)
            return case.uncertain(phrase, document.evidence("doubt", start, end, VerdictReason.LAW_ALONE.value))
    return _in_other_words(case) or Finding(Outcome.NOT_CONCERNED, None, (*case.set_aside(), *case.texts_cited()) or case.sign())


_IN_JARGON = VerdictReason.JARGON.value
_UNDONE = 200
"""Squeezed characters after a sentence of a recital that may say that what it names is not done."""


def _in_other_words(case: SegmentEvidence) -> Finding | None:
    """Return that a person must look if a title names the topic in administrative jargon, unless it decides nothing or on other things, or
    if an act on cameras has an analysing program, under any name, and one of the predetermined events."""
    text = case.document.folded.text
    for block in case.segment.of(DecreePart.TITLE, DecreePart.HEADING):
        end = min(block.end, block.start + HEADING_REACH) if block.part is DecreePart.HEADING else block.end
        said = case.cues["jargon.title"].search(text, block.start, end)
        other = any(case.search(name, block.start, end) for name in ("never", "around.other_thing"))
        if said is None or case.cues["jargon.unless"].search(text, block.start, end) or other:
            continue
        phrase = case.document.evidence("verdict", block.start, end)
        return case.uncertain(phrase, case.document.evidence("doubt", *said.span(), _IN_JARGON))
    told = None if case.denied() else _program(case)
    if told is None:
        return None
    return case.uncertain(*(case.document.evidence(about, *told.span(), why) for about, why in (("verdict", None), ("doubt", _IN_JARGON))))


def _program(case: SegmentEvidence) -> re.Match[str] | None:
    """Return what analyses images under any name, in an act on cameras that names a predetermined event, or that tells of people."""
    text = case.document.flat
    blocks = list(case.segment.of(DecreePart.RECITAL, DecreePart.ARTICLE))
    listed = case.said("around.field") and any(purposes_named(case.document, block.start, block.end, listed=True) for block in blocks)
    for block in blocks:
        for told in case.cues["jargon.program"].finditer(text, block.start, block.end):
            start, end = sentence(text, block, *told.span())
            beyond = case.document.around(start, end, 0, _UNDONE)[1]
            undone = case.search("around.not_done", start, beyond) if block.part is DecreePart.RECITAL else None
            people = case.cues["around.tells"].search(text, told.start(), end) and case.search("around.people", start, end)
            if (listed or people) and undone is None and case.search("around.other_thing", start, end) is None:
                return told
    return None


def _ruined(case: SegmentEvidence) -> Finding | None:
    """Return that a person must look if no article could be read, but fragments of the words for the topic and of its law remain."""
    left = case.said("around.what_is_left_of_its_name")
    if left is None or case.segment.has_articles or case.mentions.set_aside or case.said("around.remains") is None:
        return None
    phrase = case.document.evidence("verdict", left.start, left.end, name_of(left.value))
    return case.uncertain(phrase, case.because("doubt", VerdictReason.DAMAGED, left))


_TO_BE_ASKED = re.compile(
    r"\b(?:appartient|revient|loisible|libre|invitee?s?|pourra|peut|faudra|devra)\b[^.;]{0,80}\b(?:presenter|deposer|former|adresser)"
    r" une (?:nouvelle )?demande\b[^.;]{0,120}$"
)


# "La demande ne porte pas sur les traitements de l'article 10": in the sentence before it.
_NOT_OF_IT = re.compile(r"\bn(?:e |')\w+ (?:pas|nullement|aucunement)\b[^.;:]{0,160}$")
_SUCH = re.compile(r"\b(?:un tel traitement|une telle (?:analyse|exploitation))\b[^.]{0,160}$")


def _beside_excluded(case: SegmentEvidence, start: int) -> bool:
    """Return whether the law is only named for what is not done ("… ni à un traitement algorithmique au sens de l'article 10 de la loi…",
    "… aucun traitement algorithmique ; qu'un tel traitement relève de l'article 10…") or must be requested ("il lui appartient de présenter
    une demande sur le fondement de…")."""
    block = case.segment.at(start)
    is_asked = block.part is DecreePart.ARTICLE and _TO_BE_ASKED.search(case.document.flat, block.start, start) is not None
    if is_asked or _NOT_OF_IT.search(case.document.flat, block.start, start) is not None:
        return True
    excluded = [entry for entry in case.mentions.set_aside if entry.value == EXCLUDED]
    if any(block.start <= entry.start < start and _SUCH.search(case.document.flat, entry.start, start) for entry in excluded):
        return True
    flat = case.document.flat
    return any(entry.start <= start < sentence(flat, case.segment.at(entry.start), entry.start, entry.start)[1] for entry in excluded)
