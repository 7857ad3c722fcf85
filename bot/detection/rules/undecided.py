"""What is said of an act in which neither title nor articles decide, though it speaks of VSA or could."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.detection.facts.law import hooks, purposes_named
from bot.detection.facts.references import CHANGES
from bot.detection.rules.evidence import Finding, SegmentEvidence
from bot.detection.rules.titles import Verb, first_verb, is_generic, own_title, tells_only_a_change
from bot.detection.text.cues import VerdictReason, cues, name_of
from bot.detection.text.mentions import EXCLUDED, Mention, sentence
from bot.detection.text.segments import DecreePart
from bot.domain.acts import Evidence, Kind, Outcome

_SAME_SENTENCE = 100
"""Characters after what is excluded in which its law is named."""


def undecided(case: SegmentEvidence) -> Finding:
    """Neither title nor articles decide, though some part speaks of VSA."""
    if not any(mention.strong for mention in case.found) and (ruined := _ruined(case)) is not None:
        return ruined
    if any(mention.part is DecreePart.BODY and mention.strong for mention in case.found) or any(mention.deciding for mention in case.found):
        return _by_body(case)
    return _by_preamble(case)


def _by_body(case: SegmentEvidence) -> Finding:
    """No article decides, but some speak of VSA: for a person to see, unless in words of other things under a title of its own."""
    weak = not any(mention.strong for mention in case.found) and not case.supported()
    clear = case.title is not None and not case.title.speaks and case.segment.is_formal and not case.unreadable
    if weak and clear and not any(_draws_attention(case, mention) for mention in case.found):
        return case.not_concerned(*case.phrases(), case.because("against", VerdictReason.OTHER_WORDS, case.found[0]))
    return case.uncertain(*case.phrases(), case.because("doubt", VerdictReason.UNDECIDED, case.found[0]), *_powers_handed_over(case))


def _draws_attention(case: SegmentEvidence, mention: Mention) -> bool:
    """Return True for weak words in an article that says that they tell somebody where to look: what VSA does, whatever it is called."""
    if mention.part is not DecreePart.ARTICLE:
        return False
    low, high = case.document.mended_span(*sentence(case.document.flat, case.segment.at(mention.start), mention.start, mention.end))
    return cues().telling.search(case.text, low, max(high, mention.tight_end)) is not None


def _powers_handed_over(case: SegmentEvidence) -> tuple[Evidence, ...]:
    """Return the article that speaks of VSA among powers that it hands over to somebody."""
    spans = (case.within(block) for mention in case.found if (block := case.segment.at(mention.start)).part is DecreePart.ARTICLE)
    found = (case.against(match) for span in spans if (match := cues().handing_over.search(case.text, *span)) is not None)
    return tuple(found)[:1]


def _by_preamble(case: SegmentEvidence) -> Finding:
    """Only visas and recitals speak of VSA.

    An act that merely cites the law under a title of its own is not concerned. A scrambled text (two layers interleaved)
    whose every word is there is a decree. Anything else is for a person to see.
    """
    strong = [mention for mention in case.found if mention.strong]
    if not strong and not case.supported():
        return case.not_concerned(*case.phrases(), case.because("against", VerdictReason.OTHER_WORDS, case.found[0]))
    clear = case.title is not None and not is_generic(case.title.text)
    finding = _under_own_title(case, strong) if clear else _scrambled(case, strong)
    return finding or case.uncertain(*case.phrases(), case.because("doubt", VerdictReason.PREAMBLE, case.found[0]))


def _under_own_title(case: SegmentEvidence, strong: Sequence[Mention]) -> Finding | None:
    """Return what is said under a title that tells what the act is about; None where that leaves it open."""
    if case.title is None or tells_only_a_change(case.title) or case.unreadable:
        return None
    if case.supported() and (analysed := case.said_in(cues().analysed, DecreePart.ARTICLE)) is not None:
        said = case.document.evidence("support", *case.document.loose(*analysed.span()), name_of(analysed))
        return case.uncertain(*case.phrases(), case.because("doubt", VerdictReason.PREAMBLE, case.found[0]), said)
    if all(mention.citation or _given_up(case, mention) for mention in strong) or _only_named(case, strong):
        why = VerdictReason.QUOTED if any(mention.citation for mention in strong) else VerdictReason.PREAMBLE
        return case.not_concerned(*case.phrases(), case.because("against", why, case.found[0]))
    return None


def _scrambled(case: SegmentEvidence, strong: Sequence[Mention]) -> Finding | None:
    """Return the decree that a text of two interleaved layers is, every word of which is there."""
    scrambled = cues().scrambled.search(case.text, *case.span)
    own = next((mention for mention in strong if not mention.citation), None)
    if scrambled is None or own is None or cues().scrambled_other.search(case.text, *case.span) is not None or not case.supported():
        return None
    verb = Verb(Kind.AUTHORISATION, *scrambled.span(), Kind.AUTHORISATION.value)
    return case.decree(verb.kind, case.verb(verb), own, *case.phrases())


def _given_up(case: SegmentEvidence, mention: Mention) -> bool:
    """True for what a recital says was thought of and is not done. An act that ends something may rest on that: it is not set aside."""
    if case.title is None or mention.part is not DecreePart.RECITAL:
        return False
    verb = first_verb(case.title.text, 0, len(case.title.text))
    if verb is not None and verb.kind in CHANGES:
        return False
    low, high = case.document.mended_span(*sentence(case.document.flat, case.segment.at(mention.start), mention.start, mention.end))
    before = cues().given_up.search(case.text, low, mention.tight_end)
    return before is not None or cues().not_done.match(case.text, mention.tight_end, max(high, mention.tight_end)) is not None


def _only_named(case: SegmentEvidence, strong: Sequence[Mention]) -> bool:
    """True where only visas speak of VSA, as the title of another decree; the act rests on no law on VSA and decides nothing on images."""
    if case.supported() or not case.segment.has_articles or any(not _is_title_of_another(case, mention) for mention in strong):
        return False
    spans = (case.within(block) for block in case.segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE))
    return not any(cues().seen.search(case.text, *span) for span in spans)


def _is_title_of_another(case: SegmentEvidence, mention: Mention) -> bool:
    block = case.segment.at(mention.start)
    opening = case.within(block)[0]
    return block.part is DecreePart.VISA and re.match(r"vu?l?(?:es)?arrete", case.text[opening : mention.tight_start]) is not None


def without_mention(case: SegmentEvidence, *, stand_alone: bool) -> Finding:
    """Nothing names VSA, but its words may have been cut off or misread.

    A person must look at a title cut in a table of contents ("portant autorisation de l'emploi da") with no body to say more,
    and at an act that rests on the very articles of the law and names predetermined events, video surveillance or nothing at all.
    """
    document, segment = case.document, case.segment
    low, high = case.span
    stretch = case.text[low:high]
    cut = cues().cut.search(stretch)
    if cut is not None and not segment.has_articles and len(stretch) - cut.end() <= 60:
        phrase = document.evidence("verdict", segment.start, segment.end, name_of(cut))
        return case.uncertain(phrase, case.because("doubt", VerdictReason.CUT_OFF, segment))
    leftover = cues().leftover.search(case.text, low, high)
    if leftover is not None and not any(entry.search(stretch) for entry in cues().strong):
        phrase = document.evidence("verdict", *document.loose(*leftover.span()), name_of(leftover))
        return case.uncertain(phrase, case.because_of("doubt", VerdictReason.DAMAGED, leftover))
    ruined = _ruined(case)
    if ruined is not None:
        return ruined
    cited = next(
        (entry for entry in hooks(document, segment.start, segment.end) if entry[0].alone and not _beside_excluded(case, entry[1])), None
    )
    if cited is not None:
        hook, start, end = cited
        title = own_title(document, segment, stand_alone=stand_alone)
        telling = title is None or tells_only_a_change(title) or re.search(r"video(?:protection|surveillance)", title.text) is not None
        telling = telling or case.said_in(cues().analysed, DecreePart.ARTICLE) is not None
        if telling or len(purposes_named(document, segment.start, segment.end)) >= 2:
            phrase = document.evidence("verdict", start, end, hook.label)
            return case.uncertain(phrase, document.evidence("doubt", start, end, VerdictReason.LAW_ALONE.value))
    beside = (*case.set_aside(), *case.texts_cited())
    return Finding(Outcome.NOT_CONCERNED, None, beside or case.sign())


def _ruined(case: SegmentEvidence) -> Finding | None:
    """For a person to see: no article could be read, and fragments are left of the words that name VSA and of the law it rests on."""
    left = cues().ruined.search(case.text, *case.span)
    if left is None or case.segment.has_articles or case.mentions.set_aside or cues().remains.search(case.text, *case.span) is None:
        return None
    phrase = case.document.evidence("verdict", *case.document.loose(*left.span()), name_of(left))
    return case.uncertain(phrase, case.because_of("doubt", VerdictReason.DAMAGED, left))


def _beside_excluded(case: SegmentEvidence, start: int) -> bool:
    """Return True for a law named only to say what is not done: "… ni à un traitement algorithmique au sens de l'article 10 de la loi…"."""
    excluded = (entry for entry in case.mentions.set_aside if entry.value == EXCLUDED)
    between = (case.document.flat[entry.end : start] for entry in excluded if entry.end <= start <= entry.end + _SAME_SENTENCE)
    return any(re.search(r"\.\s|;", words) is None for words in between)
