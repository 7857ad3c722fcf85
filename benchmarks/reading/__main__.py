"""What reading a recueil costs Vigie, beside the usual way of reading it: `python -m benchmarks.reading`.

Builds its own corpus, reads each document in each way as whole processes, one after the other in the same go, and prints what each took and
found. The usual way (the reference: OCR of every page with ocrmypdf) needs programs that Vigie does not; without them it is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

from benchmarks.reading.report import Measured, report
from benchmarks.reading.sample import NAMES, Sample, load
from benchmarks.reading.ways import ROOT, Failed, by_bot, by_reference, describe, environment, missing_for_reference, run


def measure(samples: Sequence[Sample], runs: int, folder: Path, reference: str | None) -> list[Measured]:
    """Read every document so many times in each way. Raises Failed."""
    results = []
    for sample in samples:
        theirs, ours = [], []
        for number in range(runs):
            _say(f"{sample.name}, run {number + 1} of {runs}")
            if reference is not None:
                theirs.append(by_reference(sample, folder / f"{sample.name}.reference.{number}.json", reference))
            ours.append(by_bot(sample, folder / f"{sample.name}.vigie.{number}.json"))
        results.append(Measured(sample, tuple(theirs), tuple(ours)))
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, measure, print."""
    options = _options(arguments)
    reference = None if options.quick else options.reference_python
    if reference is not None and (missing := missing_for_reference(reference)):
        _say("The reference is left out: it needs programs that are not here. To install and use them:", *(f"  {line}" for line in missing))
        reference = None
    with _folder(options.keep) as name:
        folder = Path(name).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        _say("building the corpus")
        try:
            samples, fonts = _corpus(folder, options.only, quick=options.quick)
            results = measure(samples, options.runs, folder, reference)
        except Failed as error:
            print(error, file=sys.stderr)
            return 1
    corpus = f"corpus {'in short form ' if options.quick else ''}in {', '.join(fonts)}"
    if options.json:
        told = {"machine": describe(), "corpus": corpus, "documents": [_document(one) for one in results]}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print(report(results, describe(), corpus))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="how often each document is read in each way (default: 1)")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(NAMES), metavar="NAMES", help=f"of {','.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print every run as JSON")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the corpus and the texts that were read in this folder")
    parser.add_argument("--quick", action="store_true", help="a few short pages, Vigie alone: shows that the benchmark works")
    parser.add_argument("--reference-python", default=sys.executable, metavar="PATH", help="an interpreter with pypdf, ftfy and ocrmypdf")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    if unknown := [name for name in options.only if name not in NAMES]:
        parser.error(f"--only: {', '.join(unknown)} is none of {', '.join(NAMES)}")
    return options


def _folder(keep: Path | None) -> AbstractContextManager[str | Path]:
    return tempfile.TemporaryDirectory() if keep is None else nullcontext(keep)


def _corpus(folder: Path, names: Sequence[str], *, quick: bool) -> tuple[list[Sample], list[str]]:
    """Built by a process of its own: the peak memory of a process cannot be told below that of the one that starts it."""
    command = [sys.executable, "-m", "benchmarks.reading.corpus", str(folder), *(["--quick"] if quick else []), "--only", *names]
    run(command, folder=ROOT, environment=environment())
    return load(folder)


def _document(one: Measured) -> dict[str, object]:
    fields = asdict(one)
    fields["sample"]["phrases"] = len(one.sample.phrases)
    return fields


def _say(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
