"""The corpus judged, as it is and damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.detection import letters
from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.layout import LAYOUTS
from benchmarks.detection.letters import SEEDED, STEADY
from benchmarks.detection.score import Assessment, Mistake, Tally, assess, tally
from bot.detection.judging import judge
from bot.domain.acts import Act, Outcome, Verdict
from bot.reading.acts.cutting import cut_inner


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


def _to_letters(damage: letters.Damage) -> Callable[[Labelled, Random], Printed]:
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

    seed: int
    clean: Tally
    noisy: dict[str, Tally]
    all_noises: Tally
    mistakes: tuple[Mistake, ...]
    noisy_mistakes: tuple[Mistake, ...]


Trial = tuple[Labelled, str | None, Printed]
"""An act to judge, the noise that damaged it (None: as it is), and what detection gets of it."""


def trials(acts: Sequence[Labelled], noises: Iterable[Noise], seed: int = 0) -> Iterator[Trial]:
    """Every act as it is, then damaged by every noise that applies to it."""
    for act in acts:
        yield act, None, act.printed
    for noise in noises:
        for act in acts:
            damaged = noise.on(act, seed)
            if damaged is not None:
                yield act, noise.name, damaged


def judged(act: Act) -> Sequence[Verdict]:
    """The verdicts on the decrees on VSA that an act of the corpus holds; without any, the one for a person, else the first."""
    verdicts = [judge(part) for part in cut_inner(act)]
    decrees = [verdict for verdict in verdicts if verdict.outcome is Outcome.DECREE]
    return decrees or sorted(verdicts, key=lambda verdict: verdict.outcome is not Outcome.UNCERTAIN)[:1]


def evaluate(tried: Sequence[Trial], *, seed: int = 0) -> Evaluation:
    """Judge all trials; `seed` is what they were made with."""
    clean: list[Assessment] = []
    noisy: dict[str, list[Assessment]] = {}
    for act, noise, printed in tried:
        assessment = assess(act, judged(printed.act()), noise)
        (clean if noise is None else noisy.setdefault(noise, [])).append(assessment)
    damaged = [assessment for of_noise in noisy.values() for assessment in of_noise]
    return Evaluation(
        seed,
        tally(clean),
        {noise: tally(of_noise) for noise, of_noise in noisy.items()},
        tally(damaged),
        tuple(mistake for assessment in clean for mistake in assessment.mistakes),
        tuple(mistake for assessment in damaged for mistake in assessment.mistakes if mistake.about in {"outcome", "kind", "decrees"}),
    )
