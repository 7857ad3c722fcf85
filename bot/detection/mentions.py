"""Where an act speaks of algorithmic video surveillance, in which part of it, and how firmly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bot.detection.cues import Pattern, cues
from bot.detection.document import Document
from bot.detection.events import event_labels
from bot.detection.segments import Part, Segment

_AROUND = 130
"""Squeezed characters on each side in which the company of a mention is looked at: a sentence, more or less."""

_ENOUGH = 400
"""Mentions looked at in one decree: real ones have a dozen, a hostile text has any number."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. `tight_start:tight_end` are positions in the mended view, `start:end` in the folded one."""

    part: Part
    strong: bool
    citation: bool
    tight_start: int
    tight_end: int
    start: int
    end: int

    @property
    def deciding(self) -> bool:
        """True in the parts that say what the decree does."""
        return self.part in {Part.TITLE, Part.HEADING, Part.ARTICLE} and not self.citation


def mentions(document: Document, segment: Segment) -> tuple[Mention, ...]:
    """All mentions of a segment, in order; those that are about another thing (number plates, tax, a prohibition) are left out."""
    found: list[Mention] = []
    taken: list[tuple[int, int]] = []
    text = document.mended.text
    low, high = document.mended_span(segment.start, segment.end)
    about_video = cues().video.search(text, low, high) is not None or len(event_labels(document, segment.start, segment.end)) >= 2
    for strong, start, end in islice(_matches(document, segment, about_video), _ENOUGH):
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        first, last = document.loose(start, end)
        block = segment.at(first)
        part = block.part
        opening = document.mended_span(block.start, block.end)[0]
        if cues().other_thing.search(text, max(start - _AROUND, opening), min(end + 60, high)):
            continue
        if part in {Part.TITLE, Part.HEADING} and segment.at(last - 1).part not in {Part.TITLE, Part.HEADING}:
            last = block.end
        citation = cues().citation.search(text[max(start - _AROUND, opening) : start]) is not None
        found.append(Mention(part, strong, citation, start, end, first, last))
    return tuple(sorted(found, key=lambda mention: mention.start))


def _matches(document: Document, segment: Segment, about_video: bool) -> Iterator[tuple[bool, int, int]]:
    whole = [document.mended_span(segment.start, segment.end)]
    titles = [document.mended_span(block.start, block.end) for block in segment.of(Part.TITLE, Part.HEADING)]
    levels: list[tuple[bool, tuple[Pattern, ...], list[tuple[int, int]]]] = [
        (True, cues().strong, whole),
        (True, cues().bare if about_video else (), whole),
        (False, cues().medium, whole),
        (False, cues().titled, titles),
    ]
    for strong, patterns, stretches in levels:
        for entry in patterns:
            for low, high in stretches:
                for match in entry.finditer(document.mended.text, low, high):
                    yield strong, match.start(), match.end()
