"""Where an act speaks of algorithmic video surveillance, in which part of it, and how firmly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bot.detection.cues import Pattern, cues
from bot.detection.document import Document
from bot.detection.events import purposes_named
from bot.detection.segments import Block, Part, Segment

_AROUND = 130
"""Squeezed characters on each side in which the company of a mention is looked at: a sentence, more or less."""

_SENTENCE_END = re.compile(r"(?<=[a-z0-9]{3})\.\s|;")

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
    about_video = cues().video.search(text, low, high) is not None or len(purposes_named(document, segment.start, segment.end)) >= 2
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
        said = document.mended_span(*_sentence(document.flat, block, first, last))
        if cues().excluded.search(text, max(start - _AROUND, said[0]), min(end + 60, max(said[1], end))):
            continue
        if part in {Part.TITLE, Part.HEADING} and segment.at(last - 1).part not in {Part.TITLE, Part.HEADING}:
            last = block.end
        citation = cues().citation.search(text[max(start - _AROUND, opening) : start]) is not None
        # In a whole act, images without a camera anywhere are of another kind (X-rays, wildlife).
        firm = strong and (about_video or not segment.is_formal)
        found.append(Mention(part, firm, citation, start, end, first, last))
    return tuple(sorted(found, key=lambda mention: mention.start))


def _sentence(flat: str, block: Block, start: int, end: int) -> tuple[int, int]:
    """The sentence around a mention, within its block: what the next one excludes, the decree does not exclude."""
    first = block.start
    for match in _SENTENCE_END.finditer(flat, max(block.start, start - 3 * _AROUND), start):
        first = match.end()
    last = _SENTENCE_END.search(flat, end, block.end)
    return first, last.start() if last is not None else max(block.end, end)


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
