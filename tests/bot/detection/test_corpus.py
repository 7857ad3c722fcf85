"""The labelled corpus: every act of it as it is, then a share of all the damage; the figures are printed."""

from __future__ import annotations

import pytest

from bot.detection import judge, judge_each
from bot.evaluation import NOISES, Labelled, evaluate, lines, trials
from bot.evaluation.score import assess
from bot.model import Facts, Kind, Outcome
from tests.bot.detection.samples import corpus

ACTS = corpus()
DECREES = [act for act in ACTS if act.outcome is Outcome.DECREE]
EACH = 3
"""Noises that each act meets here: over the corpus each noise meets many acts. `vigie evaluate tests/corpus` takes them all."""


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(ACTS) >= 250
    assert len(DECREES) >= 100
    assert sum(act.outcome is Outcome.UNCERTAIN for act in ACTS) >= 10
    assert {act.kind for act in DECREES} == set(Kind)
    assert sum(len(act.printed.pages) > 1 for act in ACTS) >= 5


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.file)
def test_every_label_is_met(act: Labelled) -> None:
    """Outcome, kind, every fact and no other, no name of a person."""
    verdicts = judge_each(act.printed.act())
    missed = [(mistake.about, mistake.expected, mistake.found) for mistake in assess(act, verdicts).mistakes]
    assert missed == [], (act.at, act.note)


@pytest.mark.parametrize("act", DECREES, ids=lambda act: act.file)
def test_every_fact_has_its_evidence(act: Labelled) -> None:
    verdict = judge(act.printed.act())
    about = {quote.about for quote in verdict.evidence}
    assert "verdict" in about
    for name in Facts.__slots__:
        if getattr(verdict.facts, name):
            assert ("period" if name in {"starts", "ends"} else name) in about


def test_precision_and_recall(capsys: pytest.CaptureFixture[str]) -> None:
    noises = list(NOISES)
    met = {act.file: {noises[(index * EACH + turn) % len(noises)] for turn in range(EACH)} for index, act in enumerate(ACTS)}
    evaluation = evaluate([trial for trial in trials(ACTS, NOISES.values()) if trial[1] is None or trial[1] in met[trial[0].file]])
    with capsys.disabled():
        print("", *lines(evaluation, 0), sep="\n")
    assert set(evaluation.noisy) == set(NOISES)
    assert evaluation.clean.precision == evaluation.clean.recall == 1
    assert evaluation.clean.dropped == evaluation.all_noises.dropped == 0
    assert evaluation.all_noises.precision is not None
    assert evaluation.all_noises.recall is not None
    assert evaluation.all_noises.precision >= 0.99
    assert evaluation.all_noises.recall >= 0.99
