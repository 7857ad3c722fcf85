"""Where an act speaks of algorithmic video surveillance, in which part of it, and how firmly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bot.detection.facts.law import hooks, purposes_named
from bot.detection.text.cues import Pattern, cues, name_of
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Block, DecreePart, Segment

_AROUND = 130
"""Squeezed characters on each side in which the company of a mention is looked at: a sentence, more or less."""

_SENTENCE_END = re.compile(r"(?<=[a-z0-9]{3})\.\s|;")

_ALIEN = frozenset({"medical images", "wildlife or photographs", "aerial surveys", "land or taxes", "water levels"})
"""Names of the cues which tell that the images of an act are of another world. Number plates are not among them: people drive."""

EXCLUDED = "said not to be there"
"""The name of the cue by which what an act excludes is set aside."""

_ENOUGH = 400
"""Mentions looked at in one decree: real ones have a dozen, a hostile text has any number."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. `tight_start:tight_end` are positions in the mended view, `start:end` in the folded one; `cue` names what it met."""

    part: DecreePart
    strong: bool
    citation: bool
    tight_start: int
    tight_end: int
    start: int
    end: int
    cue: str

    @property
    def deciding(self) -> bool:
        """True in the parts that say what the decree does."""
        return self.part in {DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE} and not self.citation


@dataclass(frozen=True, slots=True)
class Mentions:
    """The mentions of a segment in order, and beside them the phrases set aside, each with the name of the cue that speaks against it."""

    found: tuple[Mention, ...]
    set_aside: tuple[TextMatch[str], ...] = ()

    @property
    def alien(self) -> bool:
        """True where a phrase was set aside that tells what the images of the act are of, and that is no public place."""
        return any(entry.value in _ALIEN for entry in self.set_aside)


def mentions(document: ActText, segment: Segment) -> Mentions:
    """Return all mentions of a segment; those that are about another thing (number plates, tax, a prohibition) are set aside."""
    found: list[Mention] = []
    aside: list[TextMatch[str]] = []
    taken: list[tuple[int, int]] = []
    text = document.mended.text
    low, high = document.mended_span(segment.start, segment.end)
    about_video = cues().video.search(text, low, high) is not None or _rests_on_the_law(document, segment)
    for strong, match in islice(_matches(document, segment, about_video), _ENOUGH):
        start, end = match.span()
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        first, last = document.loose(start, end)
        block = segment.at(first)
        part = block.part
        opening = document.mended_span(block.start, block.end)[0]
        said = document.mended_span(*sentence(document.flat, block, first, last))
        against = cues().other_thing.search(text, max(start - _AROUND, opening), min(end + 60, high)) or cues().excluded.search(
            text, max(start - _AROUND, said[0]), min(end + _AROUND, max(said[1], end))
        )
        if against is not None:
            aside.append(TextMatch(name_of(against), *document.loose(min(start, against.start()), max(end, against.end()))))
            continue
        if part in {DecreePart.TITLE, DecreePart.HEADING} and segment.at(last - 1).part not in {DecreePart.TITLE, DecreePart.HEADING}:
            last = block.end
        citation = cues().citation.search(text[max(start - _AROUND, opening) : start]) is not None
        # In a whole act, images without a camera anywhere are of another kind (X-rays, wildlife).
        firm = strong and (about_video or not segment.is_formal)
        found.append(Mention(part, firm, citation, start, end, first, last, name_of(match)))
    return Mentions(tuple(sorted(found, key=lambda mention: mention.start)), tuple(sorted(aside, key=lambda entry: entry.start)))


def _rests_on_the_law(document: ActText, segment: Segment) -> bool:
    """Return True for an act that names two of the predetermined events or the very article on VSA: its images are those of cameras."""
    if len(purposes_named(document, segment.start, segment.end)) >= 2:
        return True
    return any(hook.alone for hook, _, _ in hooks(document, segment.start, segment.end))


def sentence(flat: str, block: Block, start: int, end: int) -> tuple[int, int]:
    """Return the sentence around a mention, within its block: what the next one excludes, the decree does not exclude."""
    first = block.start
    for match in _SENTENCE_END.finditer(flat, max(block.start, start - 3 * _AROUND), start):
        first = match.end()
    last = _SENTENCE_END.search(flat, end, block.end)
    return first, last.start() if last is not None else max(block.end, end)


def _matches(document: ActText, segment: Segment, about_video: bool) -> Iterator[tuple[bool, re.Match[str]]]:
    whole = [document.mended_span(segment.start, segment.end)]
    titles = [document.mended_span(block.start, block.end) for block in segment.of(DecreePart.TITLE, DecreePart.HEADING)]
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
                    yield strong, match
