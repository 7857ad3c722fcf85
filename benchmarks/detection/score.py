"""What detection said, beside what it should have said: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from enum import StrEnum

from benchmarks.detection.labelled import LABELLED, Labelled, Value, as_labels
from bot.domain.acts import Kind, Outcome, Verdict
from bot.domain.text import fold_letters, fold_words


class Mark(StrEnum):
    """What became of one fact. `INVENTED`: found, where the act does not say it."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    INVENTED = "invented"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One label that was missed.

    `about` is `outcome`, `kind`, `decrees` (how many were found in one), `absent` or the name of a fact; `noise` None for the text as is.
    """

    file: str
    at: str
    noise: str | None
    about: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """One act, judged and compared with its label."""

    act: Labelled
    outcome: Outcome
    kind: Kind | None
    marks: dict[str, Mark]
    mistakes: tuple[Mistake, ...]


@dataclass(slots=True)
class Marks:
    """How often one fact was right, wrong, missing, invented."""

    right: int = 0
    wrong: int = 0
    missing: int = 0
    invented: int = 0

    def add(self, mark: Mark) -> None:
        """Count one more."""
        setattr(self, mark.value, getattr(self, mark.value) + 1)


@dataclass(slots=True)
class Tally:
    """Counts over many acts.

    `decrees` are the acts labelled so and `found` those of them that would be announced; `false` is announced and is not a decree;
    `dropped` are decrees said to be not concerned, which must never happen; `queued` are all verdicts that ask a person to look;
    `doubtful` are the acts labelled uncertain and `doubtful_right` those of them that were found to be. `kinds` has, for each labelled
    kind, how often each kind (or outcome, where it was not announced) was said.
    """

    acts: int = 0
    decrees: int = 0
    found: int = 0
    false: int = 0
    dropped: int = 0
    queued: int = 0
    doubtful: int = 0
    doubtful_right: int = 0
    kinds: dict[str, dict[str, int]] = field(default_factory=dict)
    facts: dict[str, Marks] = field(default_factory=dict)

    @property
    def precision(self) -> float | None:
        """Of what would be announced, the share that are decrees (0 to 1). None where nothing would be."""
        return self.found / (self.found + self.false) if self.found + self.false else None

    @property
    def recall(self) -> float | None:
        """Of the decrees, the share that would be announced (0 to 1). None where there is none."""
        return self.found / self.decrees if self.decrees else None

    @property
    def kinds_right(self) -> int:
        """Decrees announced under their kind."""
        return sum(said.get(kind, 0) for kind, said in self.kinds.items())

    @property
    def all_facts(self) -> Marks:
        """The facts together."""
        return Marks(*map(sum, zip(*map(astuple, self.facts.values()), strict=True)))


def assess(act: Labelled, verdicts: Sequence[Verdict], noise: str | None = None) -> Assessment:
    """Compare the verdicts on an act (at least one) with its label.

    On a damaged text, facts are compared without case, accents, signs and blanks.
    """
    verdict = verdicts[0]
    expected = act.kind.value if act.kind else act.outcome.value
    mistakes: list[Mistake] = []

    def missed(about: str, wanted: str, found: str) -> None:
        mistakes.append(Mistake(act.file, act.at, noise, about, wanted, found))

    said = verdict.kind.value if verdict.kind else verdict.outcome.value
    if verdict.outcome is not act.outcome:
        missed("outcome", expected, said)
    elif verdict.kind is not act.kind:
        missed("kind", expected, said)
    if len(verdicts) > 1:
        missed("decrees", "1", str(len(verdicts)))
    shown = fold_words(" ".join([repr(verdict.facts), *(quote.text for quote in verdict.evidence)]))
    for number, name in enumerate(act.absent, start=1):
        if fold_words(name) in shown:
            # Its place in the label, not the name: what must not be shown is not shown here either.
            missed("absent", "not shown", f"absent name {number} is shown")
    marks: dict[str, Mark] = {}
    if act.outcome is Outcome.DECREE:
        found = as_labels(verdict.facts)
        for name in (fact.name for fact in LABELLED):
            mark = mark_of(act.facts.get(name), found.get(name), partial=act.partial, loosely=noise is not None)
            if mark is not None:
                marks[name] = mark
            if mark not in {None, Mark.RIGHT}:
                missed(name, words_of(act.facts.get(name)), words_of(found.get(name)))
    return Assessment(act, verdict.outcome, verdict.kind, marks, tuple(mistakes))


def mark_of(expected: Value | None, found: Value | None, *, partial: bool, loosely: bool = False) -> Mark | None:
    """What became of one fact; None where there was nothing to say, or where what was found is not labelled and the label is `partial`."""
    if expected is None:
        return None if found is None or partial else Mark.INVENTED
    if found is None:
        return Mark.MISSING
    return Mark.RIGHT if _compared(expected, loosely=loosely) == _compared(found, loosely=loosely) else Mark.WRONG


def _compared(value: Value, *, loosely: bool) -> frozenset[str]:
    """A value as compared: blanks and apostrophes of one kind, lists in any order."""
    texts = value if isinstance(value, tuple) else (str(value),)
    if not loosely:
        return frozenset(" ".join(text.replace("’", "'").split()) for text in texts)
    return frozenset(fold_letters(text) for text in texts)


def words_of(value: Value | None) -> str:
    """A value for people."""
    if value is None:
        return "nothing"
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def tally(assessments: Iterable[Assessment]) -> Tally:
    """Count."""
    total = Tally()
    for each in assessments:
        label, said = each.act.outcome, each.outcome
        total.acts += 1
        total.queued += said is Outcome.UNCERTAIN
        if label is Outcome.DECREE:
            total.decrees += 1
            total.found += said is Outcome.DECREE
            total.dropped += said is Outcome.NOT_CONCERNED
            counts = total.kinds.setdefault(str(each.act.kind), {})
            answer = str(each.kind or said)
            counts[answer] = counts.get(answer, 0) + 1
        else:
            total.false += said is Outcome.DECREE
        if label is Outcome.UNCERTAIN:
            total.doubtful += 1
            total.doubtful_right += said is Outcome.UNCERTAIN
        for name, mark in each.marks.items():
            total.facts.setdefault(name, Marks()).add(mark)
    return total
