"""What reading a recueil costs Vigie, beside the usual way of reading it: `python -m benchmarks.reading`.

Builds its own corpus, reads each document in each way as whole processes, one after the other in the same go, and prints what each took and
found. The usual way (the reference: OCR of every page with ocrmypdf) needs programs that Vigie does not, and is left out unless an
interpreter that has them is named.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.reading.corpus import NAMES, Sample, build
from benchmarks.reading.ways import BY_BOT, Failed, Measured, by_reference, read, report


def measure(samples: Sequence[Sample], runs: int, folder: Path, reference: str | None) -> list[Measured]:
    """Read every document so many times in each way. Raises Failed."""
    results = []
    for sample in samples:
        theirs, ours = [], []
        for number in range(runs):
            _say(f"{sample.name}, run {number + 1} of {runs}")
            if reference is not None:
                theirs.append(read(by_reference(reference), sample, folder / f"{sample.name}.reference.{number}.json"))
            ours.append(read(BY_BOT, sample, folder / f"{sample.name}.vigie.{number}.json"))
        results.append(Measured(sample, tuple(theirs), tuple(ours)))
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, measure, print."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.keep or name).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        _say("building the corpus")
        try:
            results = measure(build(folder, options.only, quick=options.quick), options.runs, folder, options.reference_python)
        except Failed as error:
            _say(str(error))
            return 1
    print(
        report(
            results,
            f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
            "the corpus in short form" if options.quick else "the corpus",
        )
    )
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="how often each document is read in each way (default: 1)")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(NAMES), metavar="NAMES", help=f"of {','.join(NAMES)}")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the corpus and the texts that were read in this folder")
    parser.add_argument("--quick", action="store_true", help="a few short pages: shows that the benchmark works")
    parser.add_argument("--reference-python", metavar="PATH", help="an interpreter with pypdf, ftfy and ocrmypdf")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    if unknown := [name for name in options.only if name not in NAMES]:
        parser.error(f"--only: {', '.join(unknown)} is none of {', '.join(NAMES)}")
    return options


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
