"""The two readers beside each other, on writers that the tagger never met: it is taught by others, and reads the acts of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.detection.evaluating import Mark, mark_of
from benchmarks.detection.labelled import Labelled, Value, as_labels
from benchmarks.detection.training import Lesson, lessons, taught_by
from bot.detection.facts.second_reader import TAGGED, doubtful, second_values, tagged

_TURNS = 5
READERS = ("rules alone", "tagger alone", "both, with abstention")
COLUMNS = (("right", 8), ("wrong", 8), ("doubtful", 10), ("missing", 9))
"""How often a fact was right, wrong (or found where the act does not say it), doubtful, missing. Only the last reader doubts."""
Scores = dict[str, dict[str, Counter[str]]]
"""Reader -> fact -> counts."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """What was read of the writers, each unmet; and every fact that is wrong and would be told as sure: act, fact, expected, found."""

    scores: Scores
    wrong: list[tuple[str, str, Value | None, Value | None]] = field(default_factory=list)


def by_writer(acts: Sequence[Labelled]) -> Unmet:
    """Teach the tagger without a fifth of the writers in turn, and count what both readers make of their acts."""
    taught = list(lessons(acts))
    found = Unmet({reader: {name: Counter[str]() for name in TAGGED} for reader in READERS})
    writers = list(dict.fromkeys(lesson.act.writer for lesson in taught))
    for unmet in filter(None, (writers[first::_TURNS] for first in range(_TURNS))):
        model = taught_by(lesson for lesson in taught if lesson.act.writer not in unmet)
        for lesson in taught:
            if lesson.act.writer in unmet:
                _count(lesson, model, found)
    return found


def _count(lesson: Lesson, model: bytes, found: Unmet) -> None:
    text = lesson.text
    facts, evidence = lesson.by_the_rules()
    second = second_values(text, tagged(text, lesson.segment, model))
    unsure = doubtful(text, lesson.segment, facts, evidence, second)
    rules: Mapping[str, Value] = as_labels(facts)
    for name in TAGGED:
        expected = lesson.act.facts.get(name)
        mine = mark_of(expected, rules.get(name), partial=lesson.act.partial)
        theirs = mark_of(expected, second.get(name), partial=lesson.act.partial, loosely=True)
        if mine is not None:
            found.scores["rules alone"][name][_column(mine)] += 1
            found.scores["both, with abstention"][name][_column(mine, unsure=name in unsure)] += 1
            if mine not in {Mark.RIGHT, Mark.MISSING} and name not in unsure:
                found.wrong.append((lesson.act.at, name, expected, rules.get(name)))
        if theirs is not None:
            found.scores["tagger alone"][name][_column(theirs)] += 1


def _column(mark: Mark, *, unsure: bool = False) -> str:
    if mark is Mark.MISSING:
        return "missing"
    return "doubtful" if unsure else "right" if mark is Mark.RIGHT else "wrong"


def lines_by_writer(found: Unmet) -> Iterator[str]:
    """The three readers side by side, and what the last tells as sure and is wrong."""
    yield "on writers that the tagger never met (the rules were mended on all of them)"
    yield f"{'fact':<14}" + "".join(f"{reader:^36}" for reader in READERS)
    yield f"{'':<14}" + "".join("".join(f"{name:>{width}}" for name, width in COLUMNS) + " " for _ in READERS)
    for fact in (*TAGGED, "all"):
        row = [
            sum((counts for name, counts in found.scores[reader].items() if fact in {name, "all"}), Counter[str]()) for reader in READERS
        ]
        yield f"{fact:<14}" + "".join("".join(f"{each[name]:>{width}}" for name, width in COLUMNS) + " " for each in row)
    yield from (f"  told as sure and wrong ({at}) {name}: expected {expected}, found {value}" for at, name, expected, value in found.wrong)
