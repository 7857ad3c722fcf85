"""Detection, measured: a labelled corpus, the damage that recueils and OCR do to it, and what detection then finds, misses and invents.

`load_corpus` reads the labels (the only part that touches files), `NOISES` is the damage, `evaluate` judges and counts, `lines` tells the
result to people. Everything is the same at each run: chance comes from the seed that is given.
"""

from __future__ import annotations

from benchmarks.detection.corpus import BadCorpus, load_corpus
from benchmarks.detection.evaluating import NOISES, Evaluation, Noise, evaluate, trials
from benchmarks.detection.labelled import Labelled, Printed
from benchmarks.detection.report import evaluation_json, lines

__all__ = [
    "NOISES",
    "BadCorpus",
    "Evaluation",
    "Labelled",
    "Noise",
    "Printed",
    "evaluate",
    "evaluation_json",
    "lines",
    "load_corpus",
    "trials",
]
