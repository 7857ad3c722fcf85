"""The JSON that `python -m benchmarks.detection` prints. Keys are a contract: add, never rename."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.detection.evaluating import Evaluation
from benchmarks.detection.score import Mistake, Tally


def evaluation_json(folder: str, evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation.

    `clean`, each of `noises` (with its `noise`) and `all_noises` (null without noise) have: `acts`, `decrees`, `found`, `false`, `dropped`,
    `queued`, `doubtful`, `doubtful_right` (as in `score.Tally`), `precision` and `recall` (0 to 1, null where they mean nothing),
    `kinds` (labelled kind -> what was said -> how often) and `facts` (name -> `right`, `wrong`, `missing`, `invented`).
    `mistakes` are the labels missed on the clean part, `noisy_mistakes` outcomes and kinds missed on the damaged ones; each has `file`,
    `at` (label file and line), `noise`, `about`, `expected`, `found`.
    """
    return {
        "folder": folder,
        "seed": evaluation.seed,
        "clean": _tally_json(evaluation.clean),
        "noises": [{"noise": noise, **_tally_json(tally)} for noise, tally in evaluation.noisy.items()],
        "all_noises": _tally_json(evaluation.all_noises) if evaluation.noisy else None,
        "mistakes": [_mistake_json(mistake) for mistake in evaluation.mistakes],
        "noisy_mistakes": [_mistake_json(mistake) for mistake in evaluation.noisy_mistakes],
    }


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {**asdict(tally), "precision": tally.precision, "recall": tally.recall}


def _mistake_json(mistake: Mistake) -> dict[str, Any]:
    return asdict(mistake)
