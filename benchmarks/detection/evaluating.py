"""The corpus judged, as it is and damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.noise import Noise
from benchmarks.detection.score import Assessment, Mistake, Tally, assess, tally
from bot.detection.judging import judge_each


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


def evaluate(tried: Sequence[Trial], *, seed: int = 0) -> Evaluation:
    """Judge all trials; `seed` is what they were made with."""
    clean: list[Assessment] = []
    noisy: dict[str, list[Assessment]] = {}
    for act, noise, printed in tried:
        assessment = assess(act, judge_each(printed.act()), noise)
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
