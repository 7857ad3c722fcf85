"""One segment to be judged, with what was found in it, and the findings that can be made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.detection.facts.events import purposes_named
from bot.detection.facts.law import hooks
from bot.detection.rules import grounds
from bot.detection.rules.titles import OwnTitle
from bot.detection.text.cues import Pattern, VerdictReason, cues, name_of
from bot.detection.text.document import ActText
from bot.detection.text.mentions import Mention, Mentions
from bot.detection.text.segments import DecreePart, Segment
from bot.domain import Evidence, Kind, Outcome

_PURPOSE = 20
"""Squeezed characters after a mention in which a title says what its algorithm is for."""


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
        unseen = {match.end() for match in cues().unseen.finditer(self.text, *self._span())}
        return all(match.end() in unseen for match in cues().seen.finditer(self.text, *self._span()))

    def _span(self) -> tuple[int, int]:
        return self.document.mended_span(self.segment.start, self.segment.end)

    def said_in(self, cue: Pattern, *parts: DecreePart) -> re.Match[str] | None:
        """Where the first of these parts that meets a cue does, None where none does."""
        spans = (self.document.mended_span(block.start, block.end) for block in self.segment.of(*parts))
        return next((found for span in spans if (found := cue.search(self.text, *span)) is not None), None)

    def phrase(self, mention: Mention) -> Evidence:
        """A mention quoted with its sentence or title."""
        return grounds.object_named(self.document, self.segment.at(mention.start), mention)

    def phrases(self) -> tuple[Evidence, ...]:
        """The first mentions, each by its bare words."""
        return grounds.objects_named(self.document, self.found)

    def supported(self) -> bool:
        """Medium words need company: the law's own hook, its decree, or two of the predetermined events."""
        start, end = self.segment.start, self.segment.end
        return any(hook.alone for hook, _, _ in hooks(self.document, start, end)) or len(purposes_named(self.document, start, end)) >= 2

    def decree(self, kind: Kind, verb: Evidence, mention: Mention, *phrases: Evidence) -> Finding:
        """A decree of this kind by the verb and the mention, which is quoted unless other `phrases` are given."""
        again = grounds.named_again(self.document, self.segment, self.found, mention)
        beside = grounds.supports(self.document, self.segment)
        return Finding(Outcome.DECREE, kind, (*(phrases or (self.phrase(mention),)), verb, *again, *beside), self.found)

    def uncertain(self, *evidence: Evidence) -> Finding:
        """For a person to see; what stands beside is added to the evidence."""
        return Finding(Outcome.UNCERTAIN, None, (*evidence, *self._beside()), self.found)

    def not_concerned(self, *evidence: Evidence) -> Finding:
        """Not concerned; what stands beside is added to the evidence."""
        return Finding(Outcome.NOT_CONCERNED, None, (*evidence, *self._beside()), self.found)

    def because(self, about: str, why: VerdictReason, mention: Mention) -> Evidence:
        """Why it is so, with the mention for its phrase."""
        return grounds.reason(self.document, about, why, mention.start, mention.end)

    def against(self, match: re.Match[str], offset: int = 0) -> Evidence:
        """What a cue says against it; `offset` is where the text that was searched begins in the mended view."""
        return self.document.evidence("against", *self.document.loose(match.start() + offset, match.end() + offset), name_of(match))

    def _beside(self) -> tuple[Evidence, ...]:
        return (*grounds.against(self.document, self.mentions.set_aside), *grounds.supports(self.document, self.segment))
