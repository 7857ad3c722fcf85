"""One segment to be judged: what was found in it, as evidence, and the findings that can be made of it.

`about` of a piece of evidence is `verdict` for a phrase that names algorithmic video surveillance, `verb` for what the act does to it,
`support` and `against` for what stands beside, `doubt` for what leaves it open, `contradiction` for an article against the title, and
`sign` for a word that came to nothing. `cue` is a name of `cues.toml`, the label of a legal hook in `law.toml`, or one of the constants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.detection.facts.law import hooks, purposes_named
from bot.detection.rules.titles import OwnTitle, Verb
from bot.detection.text.cues import Pattern, VerdictReason, cues, name_of
from bot.detection.text.document import ActText
from bot.detection.text.mentions import Mention, Mentions
from bot.detection.text.segments import Block, DecreePart, Segment, own_heading
from bot.domain.acts import Evidence, Kind, Outcome

EVENT = "predetermined event"
PRODUCT = "known product or maker"
SIGN = "a word that could be a sign"

_ENOUGH = 3
"""Phrases of one kind that are quoted: more convince nobody."""
_AFTER_VERB = 24
"""Characters quoted after a verb, so that one sees what it bears on."""
_PURPOSE = 20
"""Squeezed characters after a mention in which a title says what its algorithm is for."""
_PORTANT = "portant "
_BEFORE_NUMBER = 14
_TEXT = re.compile(r"\b(?:loi|decret)\s+(?:n\W{0,3})?\Z")
"""What stands before the number of a text: to be quoted with it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of one segment; `evidence` quotes the act and names the cues that met."""

    outcome: Outcome
    kind: Kind | None
    evidence: tuple[Evidence, ...]
    mentions: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentEvidence:
    """One segment with what was found in it. `unreadable`: some pages of the act could not be read."""

    document: ActText
    segment: Segment
    mentions: Mentions
    title: OwnTitle | None
    unreadable: bool

    @property
    def found(self) -> tuple[Mention, ...]:
        """The phrases that name VSA, in order."""
        return self.mentions.found

    @property
    def text(self) -> str:
        """The text to match cues against."""
        return self.document.mended.text

    @property
    def span(self) -> tuple[int, int]:
        """Where the segment is in that text."""
        return self.document.mended_span(self.segment.start, self.segment.end)

    def within(self, block: Block) -> tuple[int, int]:
        """Return where a part of it is in that text."""
        return self.document.mended_span(block.start, block.end)

    def sees_nothing(self) -> bool:
        """True for a whole act of which no word is about images, or only of animals, land and the like, or to say that there are none."""
        if self.unreadable or not self.segment.has_articles or self.supported():
            return False
        firm = [mention for mention in self.found if mention.strong]
        if self.mentions.alien and not any(mention.part in {DecreePart.TITLE, DecreePart.HEADING} for mention in firm):
            return True
        if firm:
            return False
        titled = (mention for mention in self.found if mention.part is DecreePart.TITLE)
        if any(cues().purpose.search(self.text, mention.tight_start, mention.tight_end + _PURPOSE) is None for mention in titled):
            return False
        unseen = {match.end() for match in cues().unseen.finditer(self.text, *self.span)}
        return all(match.end() in unseen for match in cues().seen.finditer(self.text, *self.span))

    def said_in(self, cue: Pattern, *parts: DecreePart) -> re.Match[str] | None:
        """Return where the first of these parts that meets a cue does, None where none does."""
        spans = (self.within(block) for block in self.segment.of(*parts))
        return next((found for span in spans if (found := cue.search(self.text, *span)) is not None), None)

    def supported(self) -> bool:
        """Tell whether medium words have the company they need: the law's own hook, its decree, or two of the predetermined events."""
        start, end = self.segment.start, self.segment.end
        return any(hook.alone for hook, _, _ in hooks(self.document, start, end)) or len(purposes_named(self.document, start, end)) >= 2

    # Evidence.

    def phrase(self, mention: Mention) -> Evidence:
        """Quote a mention from the beginning of its sentence or title where that is near."""
        return self.document.evidence("verdict", *_around(self.document, self.segment.at(mention.start), mention), mention.cue)

    def phrases(self) -> tuple[Evidence, ...]:
        """Quote the first mentions, each by its bare words."""
        return tuple(self.document.evidence("verdict", mention.start, mention.end, mention.cue) for mention in self.found[:_ENOUGH])

    def verb(self, verb: Verb, offset: int = 0) -> Evidence:
        """Quote what the act does. `offset` is where the text that was searched begins in the mended view."""
        start, end = self.document.loose(verb.start + offset, verb.end + offset)
        block = self.segment.at(start)
        if self.document.flat.startswith(_PORTANT, max(start - len(_PORTANT), block.start)):
            start -= len(_PORTANT)
        return self.document.evidence("verb", start, max(end, min(end + _AFTER_VERB, block.end)), verb.cue)

    def because(self, about: str, why: VerdictReason, phrase: Mention | Block | Segment) -> Evidence:
        """Quote the phrase for which an act is for a person (`doubt`, `contradiction`) or not concerned (`against`), and why."""
        return self.document.evidence(about, phrase.start, phrase.end, why.value)

    def because_of(self, about: str, why: VerdictReason, match: re.Match[str]) -> Evidence:
        """Quote likewise what a cue met in the mended view."""
        return self.document.evidence(about, *self.document.loose(*match.span()), why.value)

    def against(self, match: re.Match[str], offset: int = 0) -> Evidence:
        """Quote what a cue says against it; `offset` is where the text that was searched begins in the mended view."""
        return self.document.evidence("against", *self.document.loose(match.start() + offset, match.end() + offset), name_of(match))

    def set_aside(self) -> tuple[Evidence, ...]:
        """Quote the phrases that were set aside, with what speaks against them."""
        return tuple(self.document.evidence("against", entry.start, entry.end, entry.value) for entry in self.mentions.set_aside[:_ENOUGH])

    def texts_cited(self) -> Iterator[Evidence]:
        """Quote the laws and decrees on VSA that it cites, each once."""
        for hook, start, end in hooks(self.document, self.segment.start, self.segment.end):
            named = _TEXT.search(self.document.flat, max(start - _BEFORE_NUMBER, self.segment.start), start)
            yield self.document.evidence("support", start if named is None else named.start(), end, hook.label)

    def sign(self) -> tuple[Evidence, ...]:
        """Quote the word for which the act was looked at, where nothing else was found in it."""
        match = cues().gate.search(self.text, *self.span)
        return () if match is None else (self.document.evidence("sign", *self.document.loose(*match.span()), SIGN),)

    # Findings.

    def decree(self, kind: Kind, verb: Evidence, mention: Mention, *phrases: Evidence) -> Finding:
        """Return a decree of this kind by the verb and the mention, which is quoted unless other `phrases` are given."""
        named = (*(phrases or (self.phrase(mention),)), verb, *self._named_again(mention), *self._supports())
        return Finding(Outcome.DECREE, kind, named, self.found)

    def uncertain(self, *evidence: Evidence) -> Finding:
        """For a person to see; what stands beside is added to the evidence."""
        return Finding(Outcome.UNCERTAIN, None, (*evidence, *self.set_aside(), *self._supports()), self.found)

    def not_concerned(self, *evidence: Evidence) -> Finding:
        """Not concerned; what stands beside is added to the evidence."""
        return Finding(Outcome.NOT_CONCERNED, None, (*evidence, *self.set_aside(), *self._supports()), self.found)

    def _named_again(self, decided: Mention) -> Iterator[Evidence]:
        """The object where other parts than the one that decided name it: once for each part, and not the same words of the same page."""
        quoted = self.phrase(decided)
        seen = {DecreePart.VISA, DecreePart.RECITAL, decided.part}
        for mention in self.found:
            if mention.strong and not mention.citation and mention.part not in seen:
                quote = replace(self.phrase(mention), about="support")
                if (quote.page, quote.text) != (quoted.page, quoted.text):
                    seen.add(mention.part)
                    yield quote

    def _supports(self) -> Iterator[Evidence]:
        """Yield the texts cited and the predetermined events."""
        yield from self.texts_cited()
        events = purposes_named(self.document, self.segment.start, self.segment.end)
        # One alone proves nothing: "bagage abandonné" is said of any station.
        for _, start, end in events[:_ENOUGH] if len(events) >= 2 else ():
            yield self.document.evidence("support", start, end, EVENT)


def product_named(facts: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return the first software or maker among the evidence of the facts, as a support."""
    named = (quote for quote in facts if quote.about in {"software", "vendor"})
    return tuple(Evidence("support", quote.page, quote.text, quote.where, PRODUCT) for quote in named)[:1]


def _around(document: ActText, block: Block, mention: Mention) -> tuple[int, int]:
    text = document.folded.text
    if block.part in {DecreePart.TITLE, DecreePart.HEADING}:
        title = own_heading(text, block.start, mention.start)
        if title > block.start and mention.start - title < 200:
            return title, min(block.end, mention.end + 40)
    start = max(block.start, mention.start - 130)
    breaks = [text.rfind(mark, start, mention.start) for mark in (". ", ";", ":\n", ".\n")]
    return max(start, *(position + 1 for position in breaks)), min(block.end, mention.end + 40)
