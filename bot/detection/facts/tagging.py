"""Reads facts a second time, with a sequence tagger that labelled acts have taught (`make model`) and that knows none of the rules.

It reads words in order: what each looks like, what stands around it, and in which part of the act. Visas and recitals are left out: they
tell why, and of other decrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pycrfsuite

from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.segments import Block, DecreePart, Segment

TAGGED = ("places", "event", "software", "vendor", "operators", "office")
"""The facts that the tagger reads, by the names that `bot.domain.acts.Facts` gives them."""

OUTSIDE = "O"
"""The label of a word that belongs to no fact. The first word of `places` has the label `B-places`, each other `I-places`."""

_PARTS = frozenset({DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE, DecreePart.BODY})
_WORD = re.compile(r"[a-z]+'(?=\w)|\w+(?:-\w+)*|[^\w\s]")
_GAP = re.compile(r"\t|[ \xa0]{2}|\.{3}|…|│|\|")
_DIGIT = re.compile(r"\d")
_SIGNED = re.compile(r"\bfait (?:a|le|en)\b|^\W{0,3}pour l\w{1,2}\W{1,2}(?:sous-)?prefete?", re.MULTILINE)
_REMEDIES = re.compile(r"\b(?:voies et delais|delais et voies|recours gracieux|recours contentieux|peut etre contestee?)")
_EXECUTES = re.compile(r"charge\w*[^.;]{0,120}\bexecution\b|recueil des actes")
_NEAR = (-3, -2, -1, 1, 2, 3)
_SHORT = 60
"""Letters of a line that ends an item or a row rather than being broken at the margin."""
_SENTENCE = 7
"""Words of the same sentence before one, of which the tagger is told without their order."""


@dataclass(frozen=True, slots=True)
class Word:
    """Holds a word or sign of the folded text, with what is printed there. `opens_line`: it is the first of its line; `after_short`: and
    the line before ends far from the margin; `column`: of a table, from 0."""

    folded: str
    printed: str
    start: int
    end: int
    opens_line: bool
    after_short: bool
    column: int

    @property
    def shape(self) -> str:
        """How it is printed: `Aa`, `AA`, `a`, `9`, or the sign itself."""
        if not self.printed[0].isalnum():
            return self.printed[0]
        if self.printed.isdigit():
            return "9"
        if len(self.printed) > 1 and self.printed.isupper():
            return "AA"
        return "Aa" if self.printed[0].isupper() else "a"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One part of a decree as the tagger gets it: its words, the zone of each, and what part it is."""

    words: tuple[Word, ...]
    zones: tuple[str, ...]
    rank: str

    @property
    def features(self) -> list[list[str]]:
        """Return what the tagger is told of each word."""
        return list(_features(self.words, self.zones, self.rank))


def stretches(document: ActText, segment: Segment) -> Iterator[Stretch]:
    """Yield the parts of a decree that the tagger reads, in order."""
    articles = 0
    for block in segment.blocks:
        words = _words(document, block) if block.part in _PARTS else ()
        if not words:
            continue
        articles += block.part is DecreePart.ARTICLE
        rank = f"article {min(articles, 3)}" if block.part is DecreePart.ARTICLE else block.part.value
        yield Stretch(words, tuple(_zones(document.folded.text, block, words)), rank)


def tagged(document: ActText, segment: Segment, model: bytes | None = None) -> dict[str, list[TextMatch[str]]]:
    """Return what the tagger takes for each fact, as printed and in order. `model` is another than the one that is packaged."""
    # Held to the end: the tagger reads in it, and what is cached may be replaced by another thread which asked for it at the same time.
    packed = _packaged() if model is None else model
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(packed)
    found: dict[str, list[TextMatch[str]]] = {}
    for stretch in stretches(document, segment):
        for fact, first, last in spans(tagger.tag(stretch.features)):
            start, end = stretch.words[first].start, stretch.words[last].end
            found.setdefault(fact, []).append(TextMatch(document.original(start, end), start, end))
    return found


def spans(labels: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the facts that a sequence of labels tells, each with its first and last word."""
    first: int | None = None
    for position, label in enumerate(labels):
        following = labels[position + 1] if position + 1 < len(labels) else OUTSIDE
        if label == OUTSIDE:
            continue
        first = position if first is None or label.startswith("B-") else first
        if following != f"I-{label[2:]}":
            yield label[2:], first, position
            first = None


@cache
def _packaged() -> bytes:
    return files("bot.detection").joinpath("tagger.crfsuite").read_bytes()


def _words(document: ActText, block: Block) -> tuple[Word, ...]:
    text = document.folded.text
    words: list[Word] = []
    position, line, column, last = block.start, text.rfind("\n", 0, block.start) + 1, 0, 0
    for match in _WORD.finditer(text, block.start, block.end):
        before, (first, last) = last, document.folded.span(*match.span())
        end = text.find("\n", position, match.start())
        after_short = 0 <= end - line < _SHORT
        if end >= 0:
            line, column = text.rfind("\n", position, match.start()) + 1, 0
        elif words and _GAP.search(document.source, before, first) is not None:
            column += 1
        printed = document.source[first:last] or match.group()
        opens_line = not words or end >= 0
        words.append(Word(_DIGIT.sub("0", match.group()), printed, *match.span(), opens_line, after_short, column))
        position = match.end()
    return tuple(words)


def _zones(text: str, block: Block, words: Sequence[Word]) -> list[str]:
    """Return for each word which part of the decree it stands in: an article on execution, a signature and remedies are parts too."""
    signed = _SIGNED.search(text, block.start, block.end) if block.part in {DecreePart.ARTICLE, DecreePart.BODY} else None
    closing = signed.start() if signed is not None else block.end
    remedies = _REMEDIES.search(text, closing, block.end)
    last = remedies.start() if remedies is not None else block.end
    own = "execution" if _EXECUTES.search(text, block.start, closing) is not None else block.part.value
    return [own if word.start < closing else "closing" if word.start < last else "remedies" for word in words]


def _features(words: Sequence[Word], zones: Sequence[str], rank: str) -> Iterator[list[str]]:
    """Yield what the tagger is told of each word. A feature is a name and the words it is about."""
    folded = [word.folded for word in words]
    capitals = sum(word.shape == "AA" for word in words) > len(words) * 0.6
    shapes = ["up" if capitals and word.shape == "AA" else word.shape for word in words]
    head = [word for word in folded[1:14] if word.isalpha() and len(word) > 3][:4] if rank.startswith("article") else []
    quoted, colon, before_quote = False, "-", "-"
    sentence: list[str] = []
    for position, word in enumerate(folded):
        if words[position].printed in {"«", "“"} or (word == '"' and not quoted):
            quoted, before_quote = True, "|".join(folded[max(position - 2, 0) : position])
        elif words[position].printed in {"»", "”"} or word == '"':
            quoted = False
        shape, zone = shapes[position], zones[position]
        own = [f"is {word}", f"shape {shape}", f"zone {zone}", f"rank {rank}", f"zone {zone}|{shape}", f"zone {zone}|is {word}"]
        own += [f"ends {word[-3:]}", f"begins {word[:4]}", f"after colon {colon}"]
        own += list(_of_line(words[position], shape))
        own += ["quoted", f"quoted after {before_quote}"] if quoted else []
        yield [
            *own,
            *_around(folded, shapes, position),
            *(f"sentence {other}" for other in sentence[-_SENTENCE:]),
            *(f"article on {other}" for other in head),
        ]
        if word == ":":
            colon = next((other for other in reversed(folded[max(position - 3, 0) : position]) if len(other) > 3), ":")
        elif word == ".":
            colon = "-"
        if word in {".", ";"}:
            sentence = []
        elif len(word) > 2:
            sentence.append(word)


def _of_line(word: Word, shape: str) -> Iterator[str]:
    """Yield the features of where a word stands in its line."""
    if word.opens_line:
        yield from ("opens line", f"opens line|{shape}", f"opens line after short {word.after_short}")
    if word.column:
        yield f"column {min(word.column, 2)}|{shape}"


def _around(folded: Sequence[str], shapes: Sequence[str], position: int) -> Iterator[str]:
    """Yield the features of the words before and after one."""
    word, shape = folded[position], shapes[position]
    for distance in _NEAR:
        other = position + distance
        if not 0 <= other < len(folded):
            yield f"{distance} edge"
            continue
        yield f"{distance} {folded[other]}"
        if abs(distance) < 3:
            yield f"{distance} shape {shapes[other]}"
    if position > 0:
        yield f"{folded[position - 1]}|{word}"
    if position > 1:
        yield f"{folded[position - 2]}|{folded[position - 1]}|{shape}"
    if position + 1 < len(folded):
        yield f"{word}|{folded[position + 1]}"
        yield f"{shape}|{shapes[position + 1]}|{folded[position + 1]}"
