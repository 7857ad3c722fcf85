"""The corpus judged, as it is and damaged: what detection said beside what it should have said, counted and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from benchmarks.detection.labelled import LABELLED, Labelled, Printed, Value, as_labels
from benchmarks.detection.noises import LAYOUTS, SEEDED, STEADY, Damage
from bot.detection.judging import judge
from bot.domain.acts import Act, Kind, Outcome, Verdict
from bot.domain.text import fold_letters, fold_words
from bot.messages.words import clean
from bot.reading.acts.cutting import cut_inner


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


Marks = dict[Mark, int]
"""How often one fact was right, wrong, missing, invented."""


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
        return {mark: sum(marks[mark] for marks in self.facts.values()) for mark in Mark}


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
        for fact in LABELLED:
            name, partial = fact.name, act.partial or not fact.labelled
            mark = mark_of(act.facts.get(name), found.get(name), partial=partial, loosely=noise is not None)
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
            total.facts.setdefault(name, dict.fromkeys(Mark, 0))[mark] += 1
    return total


@dataclass(frozen=True, slots=True)
class Noise:
    """One kind of damage."""

    name: str
    damage: Callable[[Labelled, Random], Printed | None]

    def on(self, act: Labelled, seed: int = 0) -> Printed | None:
        """The act as damaged; None where this damage does not apply to it, or changes nothing."""
        # A text as seed is hashed the same way everywhere, unlike a tuple. Nothing here is a secret.
        damaged = self.damage(act, Random(f"{seed} {self.name} {act.file}"))
        return None if damaged == act.printed else damaged


def _to_letters(damage: Damage) -> Callable[[Labelled, Random], Printed]:
    def to_all(act: Labelled, chance: Random) -> Printed:
        return Printed(damage(act.printed.title, chance), tuple(damage(page, chance) for page in act.printed.pages))

    return to_all


NOISES: Mapping[str, Noise] = {
    **{name: Noise(name, _to_letters(damage)) for name, damage in {**STEADY, **SEEDED}.items()},
    **{name: Noise(name, damage) for name, damage in LAYOUTS.items()},
}
"""Every noise by its name, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`clean` is of the acts as they are; `noisy` of each noise, over the acts that it applies to; `all_noises` of these together.

    `mistakes` are all labels missed on the clean part. Of the damaged ones `noisy_mistakes` has what would be announced wrongly, or not:
    outcomes, kinds and decrees told twice. Facts lost to damage are only counted.
    """

    clean: Tally
    noisy: dict[str, Tally]
    all_noises: Tally
    mistakes: tuple[Mistake, ...]
    noisy_mistakes: tuple[Mistake, ...]


Trial = tuple[Labelled, str | None, Printed]
"""An act to judge, the noise that damaged it (None: as it is), and what detection gets of it."""


def trials(acts: Sequence[Labelled], noises: Iterable[Noise]) -> Iterator[Trial]:
    """Every act as it is, then damaged by every noise that applies to it."""
    for act in acts:
        yield act, None, act.printed
    for noise in noises:
        for act in acts:
            damaged = noise.on(act)
            if damaged is not None:
                yield act, noise.name, damaged


def judged(act: Act, topic: str | None = None) -> Sequence[Verdict]:
    """The verdicts on the decrees on a topic that an act of the corpus holds; without any, the one for a person, else the first."""
    verdicts = [judge(part, topic) for part in cut_inner(act)]
    decrees = [verdict for verdict in verdicts if verdict.outcome is Outcome.DECREE]
    return decrees or sorted(verdicts, key=lambda verdict: verdict.outcome is not Outcome.UNCERTAIN)[:1]


def evaluate(tried: Sequence[Trial]) -> Evaluation:
    """Judge all trials."""
    clean: list[Assessment] = []
    noisy: dict[str, list[Assessment]] = {}
    for act, noise, printed in tried:
        assessment = assess(act, judged(printed.act(), act.topic), noise)
        (clean if noise is None else noisy.setdefault(noise, [])).append(assessment)
    damaged = [assessment for of_noise in noisy.values() for assessment in of_noise]
    return Evaluation(
        tally(clean),
        {noise: tally(of_noise) for noise, of_noise in noisy.items()},
        tally(damaged),
        tuple(mistake for assessment in clean for mistake in assessment.mistakes),
        tuple(mistake for assessment in damaged for mistake in assessment.mistakes if mistake.about in {"outcome", "kind", "decrees"}),
    )


def lines(evaluation: Evaluation, errors: int) -> Iterator[str]:
    """The tables, then the first `errors` mistakes of the clean part, and as many of the damaged ones."""
    tally = evaluation.clean
    others = tally.acts - tally.decrees - tally.doubtful
    yield f"{tally.acts} acts: {tally.decrees} decrees, {tally.doubtful} uncertain, {others} not concerned"
    yield ""
    yield from _outcomes(evaluation)
    yield ""
    yield from _kinds(tally)
    yield ""
    yield from _facts(tally)
    yield ""
    yield from _mistakes("as they are", evaluation.mistakes, errors)
    if evaluation.noisy:
        yield ""
        yield from _mistakes("damaged (outcomes and kinds)", evaluation.noisy_mistakes, errors)


def _outcomes(evaluation: Evaluation) -> Iterator[str]:
    yield (
        f"{'decree or not':<24}{'precision':>9}{'recall':>9}{'decrees':>9}{'found':>7}{'false':>7}{'dropped':>9}"
        f"{'uncertain':>20}{'kind wrong':>12}{'facts right':>13}"
    )
    rows = {"as they are": evaluation.clean, **evaluation.noisy}
    if evaluation.noisy:
        rows["all noises"] = evaluation.all_noises
    for name, tally in rows.items():
        # Uncertain verdicts where the label says so are right: they are told beside the others.
        uncertain = f"{tally.queued} ({tally.doubtful_right}/{tally.doubtful})"
        yield (
            f"{name:<24}{_share(tally.precision):>9}{_share(tally.recall):>9}{tally.decrees:>9}{tally.found:>7}{tally.false:>7}{tally.dropped:>9}"
            f"{uncertain:>20}{tally.found - tally.kinds_right:>12}{_right(tally.all_facts):>13}"
        )
    yield "uncertain: verdicts that ask a person to look, and of the acts labelled so how many. dropped: decrees said to be not concerned."


def _kinds(tally: Tally) -> Iterator[str]:
    yield f"{'kind':<24}{'right':>9}"
    for kind in Kind:
        if kind.value not in tally.kinds:
            continue
        said = tally.kinds[kind.value]
        others = ", ".join(f"{count} as {name}" for name, count in sorted(said.items()) if name != kind.value)
        right = f"{said.get(kind.value, 0)}/{sum(said.values())}"
        yield f"{kind.value:<24}{right:>9}{f'   {others}' if others else ''}"


def _facts(tally: Tally) -> Iterator[str]:
    yield f"{'fact':<24}{'right':>9}{'wrong':>9}{'missing':>9}{'invented':>9}"
    for name in (fact.name for fact in LABELLED):
        if name in tally.facts:
            yield f"{name:<24}" + "".join(f"{tally.facts[name][mark]:>9}" for mark in Mark)


def _mistakes(where: str, mistakes: Sequence[Mistake], errors: int) -> Iterator[str]:
    yield f"errors on the acts {where}: {len(mistakes)}"
    for mistake in mistakes[:errors]:
        noise = f" [{mistake.noise}]" if mistake.noise else ""
        # What is found is text of the act, whatever it is: it never moves the cursor of a terminal.
        yield f"  {clean(f'{mistake.file}{noise} ({mistake.at}) {mistake.about}: expected {mistake.expected}, found {mistake.found}')}"
    if len(mistakes) > errors:
        yield f"  and {len(mistakes) - errors} more (--errors)"


def _share(share: float | None) -> str:
    # Rounded down: 1.0000 is when nothing is missed.
    return "-" if share is None else f"{int(share * 10_000) / 10_000:.4f}"


def _right(marks: Marks) -> str:
    labelled = sum(marks.values()) - marks[Mark.INVENTED]
    return f"{marks[Mark.RIGHT]}/{labelled}" if labelled else "-"
