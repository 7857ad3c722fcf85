"""What a verdict rests on, as evidence: object, verb, what supports it, what speaks against it, and why a person must look.

`about` is `verdict` for a phrase that names algorithmic video surveillance, `verb` for what the act does to it, `support` and `against` for
what stands beside, `doubt` for what leaves it open, `contradiction` for an article against the title, and `sign` for a word that came to
nothing. `cue` is a name of `cues.toml`, the label of a legal hook in `law.toml`, or one of the two constants below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.detection.facts.events import purposes_named
from bot.detection.facts.law import hooks
from bot.detection.rules.verbs import Verb
from bot.detection.text.cues import VerdictReason, cues
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.mentions import Mention
from bot.detection.text.segments import Block, DecreePart, Segment, own_heading
from bot.domain import Evidence

EVENT = "predetermined event"
PRODUCT = "known product or maker"
SIGN = "a word that could be a sign"

_ENOUGH = 3
"""Phrases of one kind that are quoted: more convince nobody."""
_AFTER_VERB = 24
"""Characters quoted after a verb, so that one sees what it bears on."""
_PORTANT = "portant "
_BEFORE_NUMBER = 14
_TEXT = re.compile(r"\b(?:loi|decret)\s+(?:n\W{0,3})?\Z")
"""What stands before the number of a text: to be quoted with it."""


def object_named(document: ActText, block: Block, mention: Mention) -> Evidence:
    """The phrase around a mention: from the sentence's or the title's beginning where that is near."""
    return document.evidence("verdict", *_around(document, block, mention), mention.cue)


def objects_named(document: ActText, found: Iterable[Mention]) -> tuple[Evidence, ...]:
    """The first mentions, each by its bare words."""
    return tuple(document.evidence("verdict", mention.start, mention.end, mention.cue) for mention in tuple(found)[:_ENOUGH])


def verb_said(document: ActText, segment: Segment, verb: Verb, offset: int = 0) -> Evidence:
    """What the act does: the verb with the words around it. `offset` is where the text that was searched begins in the mended view."""
    start, end = document.loose(verb.start + offset, verb.end + offset)
    block = segment.at(start)
    if document.flat.startswith(_PORTANT, max(start - len(_PORTANT), block.start)):
        start -= len(_PORTANT)
    return document.evidence("verb", start, max(end, min(end + _AFTER_VERB, block.end)), verb.cue)


def named_again(document: ActText, segment: Segment, found: Iterable[Mention], decided: Mention) -> Iterator[Evidence]:
    """The object where other parts than the one that decided name it too: once for each part, and not the same words of the same page."""
    told = object_named(document, segment.at(decided.start), decided)
    seen = {DecreePart.VISA, DecreePart.RECITAL, decided.part}
    for mention in found:
        if mention.strong and not mention.citation and mention.part not in seen:
            quote = replace(object_named(document, segment.at(mention.start), mention), about="support")
            if (quote.page, quote.text) != (told.page, told.text):
                seen.add(mention.part)
                yield quote


def supports(document: ActText, segment: Segment) -> Iterator[Evidence]:
    """What stands beside the phrases that name it: the texts cited and the predetermined events."""
    yield from texts_cited(document, segment)
    events = purposes_named(document, segment.start, segment.end)
    # One alone proves nothing: "bagage abandonné" is said of any station.
    for _, start, end in events[:_ENOUGH] if len(events) >= 2 else ():
        yield document.evidence("support", start, end, EVENT)


def texts_cited(document: ActText, segment: Segment) -> Iterator[Evidence]:
    """The laws and decrees on VSA that it cites, each once."""
    for hook, start, end in hooks(document, segment.start, segment.end):
        named = _TEXT.search(document.flat, max(start - _BEFORE_NUMBER, segment.start), start)
        yield document.evidence("support", start if named is None else named.start(), end, hook.label)


def product_named(facts: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The first software or maker among the evidence of the facts, as a support."""
    named = (quote for quote in facts if quote.about in {"software", "vendor"})
    return tuple(Evidence("support", quote.page, quote.text, quote.where, PRODUCT) for quote in named)[:1]


def against(document: ActText, set_aside: Iterable[TextMatch[str]]) -> tuple[Evidence, ...]:
    """The phrases that were set aside, with what speaks against them."""
    return tuple(document.evidence("against", entry.start, entry.end, entry.value) for entry in tuple(set_aside)[:_ENOUGH])


def reason(document: ActText, about: str, why: VerdictReason, start: int, end: int) -> Evidence:
    """Why an act is for a person (`doubt`, `contradiction`) or not concerned (`against`), with the phrase that makes it so."""
    return document.evidence(about, start, end, why.value)


def sign(document: ActText, segment: Segment) -> tuple[Evidence, ...]:
    """The word for which the act was looked at, where nothing else was found in it."""
    match = cues().gate.search(document.mended.text, *document.mended_span(segment.start, segment.end))
    return () if match is None else (document.evidence("sign", *document.loose(*match.span()), SIGN),)


def _around(document: ActText, block: Block, mention: Mention) -> tuple[int, int]:
    text = document.folded.text
    if block.part in {DecreePart.TITLE, DecreePart.HEADING}:
        title = own_heading(text, block.start, mention.start)
        if title > block.start and mention.start - title < 200:
            return title, min(block.end, mention.end + 40)
    start = max(block.start, mention.start - 130)
    breaks = [text.rfind(mark, start, mention.start) for mark in (". ", ";", ":\n", ".\n")]
    return max(start, *(position + 1 for position in breaks)), min(block.end, mention.end + 40)
