"""Measures detection on folders of labelled acts: precision and recall, kinds, facts, and every label that was missed. Records nothing.

Exit codes: 0 every label of the acts as they are was met, 1 some label was missed, 2 no such folder or bad labels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.detection.by_writer import by_writer, lines_by_writer
from benchmarks.detection.corpus import BadCorpus, load_corpus
from benchmarks.detection.evaluating import NOISES, evaluate, lines, trials
from bot.domain.topics import use_topics_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Judges the acts of a corpus, prints the result, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="a folder with labels/*.toml and the texts they name")
    parser.add_argument(
        "--noise",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="judge the acts also as damaged by bad text layers and OCR (default: yes)",
    )
    parser.add_argument(
        "--by-writer",
        action="store_true",
        help="print instead how often the two readers agree on writers that the tagger was not taught by: some minutes",
    )
    parser.add_argument("--topics", type=Path, metavar="DIR", help="a folder with topics of your own, which labels may name")
    parser.add_argument("--errors", "-n", type=int, default=20, metavar="N", help="errors shown of each list (default: %(default)s)")
    options = parser.parse_args(arguments)
    use_topics_of(options.topics)
    try:
        acts = tuple(act for folder in options.folders for act in load_corpus(folder))
    except BadCorpus as error:
        print(error, file=sys.stderr)
        return 2
    if options.by_writer:
        print(*lines_by_writer(by_writer(acts)), sep="\n")
        return 0
    evaluation = evaluate(tuple(trials(acts, NOISES.values() if options.noise else ())))
    print(*lines(evaluation, options.errors), sep="\n")
    return 1 if evaluation.mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
