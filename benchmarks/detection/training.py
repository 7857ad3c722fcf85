"""Teaches the tagger from folders of labelled acts: `python -m benchmarks.detection.training DIR…` (`make model`).

Writes the model and, beside it, two hashes: of all that it was taught with, and of the model. The same lessons give the same model.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pycrfsuite

from benchmarks.detection.corpus import BadCorpus, load_corpus
from benchmarks.detection.labelled import Labelled, Value, as_labels
from bot.detection.facts.operators import is_formality, named_in
from bot.detection.facts.second_reader import OUTSIDE, Stretch, Word, stretches
from bot.detection.facts.signature import office
from bot.detection.judging import amended, gather
from bot.detection.rules.deciding import decide
from bot.detection.rules.evidence import Finding
from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, DecreePart, Segment, document
from bot.domain.acts import Evidence, Facts, Outcome

MODEL = Path("bot/detection/tagger.crfsuite")

_SETTINGS = {"c1": 0.2, "c2": 0.02, "max_iterations": 50, "feature.minfreq": 0}

_NAMED_FREELY = frozenset({"places", "event", "software", "vendor"})
_NOBODY_MET = "\0"
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A labelled decree as the readers get it, with what detection found of it; and the label of each word, stretch by stretch."""

    act: Labelled
    whole: ActText
    segment: Segment
    finding: Finding
    taught: tuple[tuple[Stretch, tuple[str, ...]], ...] = ()

    @property
    def text(self) -> ActText:
        """The text without what the decree says of another one."""
        return amended(self.whole, self.segment)

    def by_the_rules(self) -> tuple[Facts, tuple[Evidence, ...]]:
        """Read the facts with the rules alone."""
        return gather(self.whole, self.segment, self.finding.mentions, self.finding.kind)


def main(arguments: Sequence[str] | None = None) -> int:
    """Teach the tagger, write model and hashes, and return the exit code: 2 where the corpus cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection.training", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="a folder with labels/*.toml and the texts they name")
    parser.add_argument("--model", type=Path, default=MODEL, metavar="FILE", help="what is written (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        taught = list(lessons(act for folder in options.folders for act in load_corpus(folder)))
        model = taught_by(taught)
    except (BadCorpus, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    options.model.write_bytes(model)
    options.model.with_suffix(".sha256").write_text(hashes(taught, model), encoding="ascii")
    print(f"{options.model}: {len(model) // 1000} kB")
    return 0


def hashes(taught: Iterable[Lesson], model: bytes) -> str:
    """Two lines: the hash of every feature and label of these lessons, and that of the model."""
    told = hashlib.sha256(repr(_SETTINGS).encode())
    for lesson in taught:
        told.update(lesson.act.writer.encode() + b"\n")
        for stretch, labels in lesson.taught:
            for features, label in zip(stretch.features, labels, strict=True):
                told.update("\0".join((label, *features)).encode() + b"\n")
    return f"{told.hexdigest()}  lessons\n{hashlib.sha256(model).hexdigest()}  model\n"


def taught_by(given: Iterable[Lesson]) -> bytes:
    """A model. What only one writer of several writes teaches nothing that holds elsewhere: a feature counts from two writers on.

    Each stretch with names is taught a second time with half of them unknown.

    Raises ValueError where there is nothing to learn from.
    """
    taught = list(given)
    if not taught:
        raise ValueError("no labelled decree to learn from")
    alone = len({lesson.act.writer for lesson in taught}) == 1
    first: dict[str, str] = {}
    shared: set[str] = set()
    for lesson in taught:
        for stretch, _ in lesson.taught:
            for feature in (feature for features in stretch.features for feature in features):
                if first.setdefault(feature, lesson.act.writer) != lesson.act.writer or alone:
                    shared.add(feature)
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(_SETTINGS)
    for lesson in taught:
        for stretch, labels in lesson.taught:
            for each in dict.fromkeys((stretch, _unknown(stretch, labels))):
                trainer.append([[feature for feature in features if feature in shared] for features in each.features], labels)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model"
        trainer.train(str(file))
        return file.read_bytes()


def _unknown(stretch: Stretch, labels: Sequence[str]) -> Stretch:
    """The same with half of its names as words that nobody has met, so that what stands around a name is learned too."""
    chance = random.Random(len(stretch.words))
    hidden = False
    words: list[Word] = []
    for word, label in zip(stretch.words, labels, strict=True):
        if label.startswith("B-"):
            hidden = chance.random() < 0.5
        hide = hidden and label[2:] in _NAMED_FREELY and word.folded.isalnum() and len(word.folded) > 2
        words.append(replace(word, folded=_NOBODY_MET) if hide else word)
    return replace(stretch, words=tuple(words))


def lessons(acts: Iterable[Labelled]) -> Iterator[Lesson]:
    """Every decree of the corpus that detection finds, in order.

    Where its labels are partial, what they do not tell is taught as the rules read it: a fact without a label would be taught as no fact.
    """
    for act in acts:
        if act.outcome is not Outcome.DECREE:
            continue
        text = document(act.printed.act(), act.topic)
        segment = text.segment
        finding = decide(text, segment, unreadable=False, stand_alone=False)
        if finding.outcome is not Outcome.DECREE:
            continue
        lesson = Lesson(act, text, segment, finding)
        told = {**as_labels(lesson.by_the_rules()[0]), **act.facts} if act.partial else act.facts
        marks = list(_marks(lesson.text, segment, told))
        yield replace(lesson, taught=tuple((stretch, _labels(stretch, marks)) for stretch in stretches(lesson.text, segment)))


def _labels(stretch: Stretch, marks: Sequence[tuple[str, _Span]]) -> tuple[str, ...]:
    labels = [OUTSIDE] * len(stretch.words)
    for fact, (start, end) in marks:
        inside = [position for position, word in enumerate(stretch.words) if word.start < end and word.end > start]
        if any(labels[position] != OUTSIDE for position in inside):
            continue
        for position in inside:
            labels[position] = f"{'B' if position == inside[0] else 'I'}-{fact}"
    return tuple(labels)


# Where the text tells what the labels say.


def _marks(text: ActText, segment: Segment, told: Mapping[str, Value]) -> Iterator[tuple[str, _Span]]:
    """Yield the stretches that tell each fact, those of a fact the longest first."""
    told_in = [block for block in segment.blocks if block.part not in {DecreePart.VISA, DecreePart.RECITAL}]
    where = [
        (block.start, block.end)
        for block in told_in
        if not is_formality(text.flat, block) or "annexe" in text.flat[block.start : block.end]
    ]
    signed = office(text, segment)
    if signed is not None and signed.value == told.get("office"):
        yield "office", (signed.start, signed.end)
    for name in ("event", "software", "vendor"):
        if name in told:
            yield from ((name, span) for span in _found(text, [(block.start, block.end) for block in told_in], _pattern(str(told[name]))))
    for place in sorted(_listed(told, "places"), key=len, reverse=True):
        yield from (("places", span) for span in _told_place(text, where, place))
    titles = [*segment.of(DecreePart.TITLE, DecreePart.HEADING)]
    articles = [block for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY) if not is_formality(text.flat, block)]
    for entry in (*named_in(text, titles, heading=True), *named_in(text, articles)):
        if entry.value in _listed(told, "operators"):
            yield "operators", (entry.start, entry.end)
    for span in (span for town in _listed(told, "communes") for span in _found(text, where, _pattern(town))):
        if _ELSEWHERE.search(text.flat[: span[0]][-40:]) is None:
            yield "communes", span


def _listed(told: Mapping[str, Value], name: str) -> tuple[str, ...]:
    value = told.get(name, ())
    return value if isinstance(value, tuple) else ()


def _pattern(value: str) -> str:
    return r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", fold(value).text)))


def _found(text: ActText, where: Iterable[_Span], pattern: str) -> list[_Span]:
    sought = re.compile(rf"(?<!\w){pattern}(?!\w)")
    return [match.span() for start, end in where for match in sought.finditer(text.flat, start, end)]


_ELSEWHERE = re.compile(r"\b(?:maires?|site(?: internet)?|prefete?|police municipale|tribunal administratif)\b[a-z' ]{0,20}$")
_OF_A_KIND = re.compile(r"(?P<kind>[a-z]+)\s(?:de la |de l'|du |des |de |d')(?P<name>.+)")
_AROUND = re.compile(r"\s(?:et|avec)\s(?:ses|leurs)\s.*")


def _told_place(text: ActText, where: Sequence[_Span], place: str) -> list[_Span]:
    """Where a place stands: as it is labelled, else of several of a kind ("les gares de Lyon et d'Arles"), else by its name alone."""
    plain = fold(place).text
    named = _OF_A_KIND.match(plain)
    found = _found(text, where, _pattern(place))
    if not found and named is not None:
        found = _found(text, where, rf"{named['kind']}s\s(?:de la |de l'|du |des |de |d')?{_pattern(named['name'])}")
    return found or _found(text, where, _pattern(_AROUND.sub("", named["name"] if named is not None else plain)))


if __name__ == "__main__":
    sys.exit(main())
