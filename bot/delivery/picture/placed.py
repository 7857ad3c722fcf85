"""A text of which every letter has its place on the picture: what stands where, and what of it is covered. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.fuzz import partial_ratio_alignment

from bot.detection.text.privacy import spans_of_names
from bot.domain.folding import fold_letters
from bot.reading.pages.ocr import Line, RecognisedWord
from bot.reading.pages.quality import repair

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the picture from its upper left corner."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A text, and a box for each of its characters; None for blanks and for what has no place. Lines end with a line feed."""

    text: str
    boxes: tuple[Box | None, ...]


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """One line of a placed text that has a place."""

    text: str
    box: Box


def strips(placed: Placed, start: int, end: int) -> tuple[Box, ...]:
    """Return the boxes of a stretch, those that stand side by side on one line joined."""
    found: list[Box] = []
    for box in placed.boxes[start:end]:
        if box is None or not all(map(math.isfinite, box)):
            continue
        if found and _same_line(found[-1], box):
            found[-1] = around((found[-1], box))
        else:
            found.append(box)
    return tuple(found)


def lines(placed: Placed) -> Iterator[PlacedLine]:
    """Yield the lines of the text in its own order."""
    start = 0
    for text in placed.text.split("\n"):
        end = start + len(text)
        boxes = strips(placed, start, end)
        if boxes:
            yield PlacedLine(text, around(boxes))
        start = end + 1


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds these, of which there is one at least."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def padded(box: Box, share: float) -> Box:
    """Return the box with a margin of a share of its shorter side on every side."""
    margin = share * min(box[2] - box[0], box[3] - box[1]) + 1
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _same_line(one: Box, other: Box) -> bool:
    """They overlap by half of the smaller one's height, and the other does not begin before the first nor a column's gap after it."""
    height = min(one[3] - one[1], other[3] - other[1])
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    tallest = max(one[3] - one[1], other[3] - other[1], 1.0)
    return overlap >= height / 2 and one[0] - tallest < other[0] < one[2] + 4 * tallest


# The words that an engine read on a page, as a placed text.

_LONG_WORD = 4


def placed_words(words: Iterable[RecognisedWord], scale: float) -> Placed:
    """Return the text of these words, line by line. `scale`: pixels of the picture for one of the image that was read."""
    text: list[str] = []
    boxes: list[Box | None] = []
    line: Line | None = None
    for word in words:
        if line is not None:
            text.append(" " if word.line == line else "\n")
            boxes.append(None)
        line = word.line
        text.append(word.text)
        left, top, right, bottom = word.box
        boxes += [(left * scale, top * scale, right * scale, bottom * scale)] * len(word.text)
    return Placed("".join(text), tuple(boxes))


def lie_on_their_side(words: Iterable[RecognisedWord]) -> bool:
    """Return whether most words of four letters and more are taller than wide: Tesseract also reads lines that run down the page."""
    tall = [word.box[3] - word.box[1] > word.box[2] - word.box[0] for word in words if len(word.text) >= _LONG_WORD]
    return sum(tall) > len(tall) / 2


# Where a phrase stands in the text of a page, however that is broken into lines, accented or misread. Pure.

_LONG = 24
"""Letters and digits from which a phrase is also looked for with misread letters, or for its beginning alone."""
_ALIKE = 88.0
"""Per cent of letters in common: a recognised line with one letter in ten misread passes, another clause of the same style does not."""
_BEGINNINGS = (0.75, 0.5)
"""Shares of a phrase that runs on to the next page, or was cut there by a running title."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters and digits of a text, without case and accents, and from which character of it each comes."""

    text: str
    origins: tuple[int, ...]


def letters_of(text: str) -> Letters:
    """Take the letters and digits out of a text."""
    pairs = [(letter, index) for index, character in enumerate(text) for letter in _opened(character)]
    return Letters("".join(letter for letter, _ in pairs), tuple(index for _, index in pairs))


def find(page: Letters, phrase: str) -> tuple[int, int] | None:
    """Return the first stretch of the page's text (first character, one after the last) that says the phrase; None where none does."""
    sought = letters_of(phrase).text
    if not sought:
        return None
    for wanted in _wanted(sought):
        at = page.text.find(wanted)
        if at >= 0:
            return _stretch(page, at, at + len(wanted))
    if len(sought) >= _LONG and len(page.text) >= len(sought):
        alike = partial_ratio_alignment(sought, page.text, score_cutoff=_ALIKE)
        if alike is not None and alike.dest_end > alike.dest_start:
            return _stretch(page, *_whole_words(page, alike.dest_start, alike.dest_end))
    return None


def _whole_words(page: Letters, start: int, end: int) -> tuple[int, int]:
    """Widen a stretch to whole words: it was compared as long as the phrase, of which misread letters may have pushed the ends out."""
    while start > 0 and page.origins[start] - page.origins[start - 1] <= 1:
        start -= 1
    while end < len(page.origins) and page.origins[end] - page.origins[end - 1] <= 1:
        end += 1
    return start, end


def _wanted(sought: str) -> Iterator[str]:
    yield sought
    for share in _BEGINNINGS:
        beginning = sought[: int(len(sought) * share)]
        if len(beginning) >= _LONG:
            yield beginning


def _stretch(page: Letters, start: int, end: int) -> tuple[int, int]:
    return page.origins[start], page.origins[end - 1] + 1


@lru_cache(maxsize=4096)
def _opened(character: str) -> str:
    """Return the letters that a character stands for: none for blanks and signs, two for ligatures."""
    return fold_letters(repair(character))


# What of a page is covered: persons' names, and the block of the signature. Pure.
#
# Whoever signs a decree is a public official, whose office posts tell. His or her name and hand add nothing to that and are what forgeries
# are made of: whatever is written or drawn under the line that says where and when it was signed is covered, down to the next line of
# running text.
# A name that `bot.detection.text.privacy` recognises is covered wherever else the page has two of its words in a row, as running titles do.
# One that it recognises nowhere on the page (without civility, office or rank), or that only an image shows on a page whose text is good,
# stays.

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SHORTEST_WORD = 3
"""Letters: a civility or a particle is no name."""
_SIGNED_AT = re.compile(r"\s*Fait\b.{0,60}?,?\s+le\b", re.IGNORECASE)
_SIGNED_BY = re.compile(r"\s*(?:Original\s+)?(?:Signé|SIGNÉ|SIGNE)\b")
_RUNNING_TEXT = 45
"""Letters and digits of a line from which it is no part of a signature: an office, a name, a delegation are shorter."""
_TALLEST = 0.25
"""Share of the page's height that a signature takes at most: 7 cm of an A4 page."""
_NAME_MARGIN, _LINE_MARGIN = 0.25, 0.3


def names(placed: Placed) -> tuple[Box, ...]:
    """Return the boxes of persons' names."""
    spans = _with_repeats(placed.text, spans_of_names(placed.text))
    return tuple(padded(strip, _NAME_MARGIN) for start, end in spans for strip in strips(placed, start, end))


def _with_repeats(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """These names, and wherever else two words of one of them follow each other, in any order and case."""
    yield from spans
    words = [(letters_of(found[0]).text, found.span()) for found in _WORD.finditer(text)]
    for start, end in spans:
        own = {word for word, (first, _) in words if start <= first < end and len(word) >= _SHORTEST_WORD}
        for (one, (first, _)), (other, (_, last)) in pairwise(words):
            if one != other and one in own and other in own and not start <= first < end:
                yield first, last


def signatures(placed: Placed, width: int, height: int) -> Iterator[Box]:
    """Yield the boxes in which whoever signed left name and hand, of a picture of so many pixels; they may hold more paper than ink."""
    found = [*lines(placed)]
    for line in found:
        if _SIGNED_AT.match(line.text) is not None:
            top = padded(line.box, _LINE_MARGIN)[3]
        elif _SIGNED_BY.match(line.text) is not None and not _runs_on(line):
            top = padded(line.box, _LINE_MARGIN)[1]
        else:
            continue
        below = [padded(other.box, _LINE_MARGIN)[1] for other in found if _runs_on(other) and other.box[1] >= top]
        bottom = min(*below, top + _TALLEST * height, height) if below else min(top + _TALLEST * height, height)
        if bottom > top:
            yield 0.0, top, float(width), bottom


def _runs_on(line: PlacedLine) -> bool:
    return len(re.findall(r"[^\W_]", line.text)) >= _RUNNING_TEXT
