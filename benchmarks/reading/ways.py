"""The ways in which a document is read, each as a whole process, and what the runs came to, as a person reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from rapidfuzz import fuzz

from benchmarks.reading.corpus import Sample
from bot.domain.text import fold_letters

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of wall clock; of CPU, of the process and of those it waited for; bytes of the largest of them."""

    seconds: float
    cpu: float
    peak: int


class Failed(Exception):
    """The program ended with an error; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Run:
    """One reading of one document.

    `whole` is the process with all it started. `seconds` and `cpu` leave out its start-up (imports). `alert` is when a decree was first
    known, in seconds from the same moment.
    """

    whole: Spent
    seconds: float
    cpu: float
    found: Found
    alert: float | None = None


def by_reference(python: str) -> Sequence[str]:
    """The command of the reference, in its own interpreter."""
    return python, str(Path(__file__).with_name("reference.py"))


BY_BOT = (sys.executable, "-m", "benchmarks.reading.vigie")
"""The command of Vigie, as the running bot reads."""


def read(command: Sequence[str], sample: Sample, output: Path) -> Run:
    """Read a document. Raises Failed."""
    start = perf_counter()
    # What would set up Vigie otherwise than it comes is left out.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIE_", "PYTHON"))}
    done = subprocess.run(  # noqa: S603 - programs of this benchmark only, without a shell
        [*command, sample.path, str(output)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    seconds = perf_counter() - start
    if done.returncode:
        raise Failed(f"{' '.join(command)} ended with status {done.returncode}: " + " / ".join(done.stderr.strip().splitlines()[-5:]))
    figures: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    whole = Spent(seconds, figures["whole_cpu"], figures["peak"])
    return Run(whole, figures["seconds"], figures["cpu"], find(figures["pages"], sample.phrases), figures.get("alert"))


# Which of the known phrases a reading holds.

_CLOSE = 85.0


@dataclass(frozen=True, slots=True)
class Found:
    """Of `known` phrases, so many were found on their page letter by letter (`exact`).

    `folded` are those found without regard to accents, case, spaces and punctuation; `close` those of which besides a letter here and there
    was misread (a similarity of 85 of 100, at which no phrase that is not there was found).
    """

    known: int
    exact: int
    folded: int
    close: int


def find(pages: Sequence[str], phrases: Sequence[tuple[int, str]]) -> Found:
    """Look for each phrase on its own page (numbers from 1); a line end counts as a space."""
    plain = [" ".join(page.split()) for page in pages]
    tight = [fold_letters(page) for page in pages]
    there = [(page, phrase) for page, phrase in phrases if page <= len(pages)]
    return Found(
        known=len(phrases),
        exact=sum(phrase in plain[page - 1] for page, phrase in there),
        folded=sum(fold_letters(phrase) in tight[page - 1] for page, phrase in there),
        close=sum(fuzz.partial_ratio(fold_letters(phrase), tight[page - 1]) >= _CLOSE for page, phrase in there),
    )


# From runs to figures: medians, and how many times less Vigie takes than the reference.

EXPLANATION = (
    "reference: pypdf flatten, ocrmypdf --redo-ocr on every page, pypdf + ftfy, keywords: how Attrap reads a recueil",
    "vigie:     as the running bot reads: read_pdf, its reading processes included, judged as pages come",
    "inside:    without the start-up (imports) of the program; whole: the program from its start to its end",
    "peak:      memory of the largest process; phrases: known phrases found on their page, exact / folded / close, in the worst run",
)
_COLUMNS: tuple[tuple[str, Callable[[Run], float]], ...] = (
    ("wall s", lambda run: run.seconds),
    ("CPU s", lambda run: run.cpu),
    ("whole, wall s", lambda run: run.whole.seconds),
    ("whole, CPU s", lambda run: run.whole.cpu),
    ("peak MB", lambda run: run.whole.peak / 1e6),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One document, read so many times in each way."""

    sample: Sample
    reference: tuple[Run, ...]
    vigie: tuple[Run, ...]

    @property
    def alert(self) -> float | None:
        """Seconds until Vigie knows of the decree, in the median."""
        known = [run.alert for run in self.vigie if run.alert is not None]
        return median(known) if known else None

    def ratio(self, what: Callable[[Run], float]) -> float:
        """How many times more the reference takes, medians compared."""
        return median(map(what, self.reference)) / median(map(what, self.vigie))


def report(results: Sequence[Measured], machine: str, corpus: str) -> str:
    """All documents."""
    return "\n".join([machine, corpus, *EXPLANATION, *(line for one in results for line in ("", *_document(one)))])


def _document(one: Measured) -> Iterator[str]:
    sample = one.sample
    yield f"{sample.name}: {sample.pages} pages, {len(sample.scans)} of them scans, {len(sample.phrases)} phrases, {len(one.vigie)} run(s)"
    yield f"  {'inside':20}" + "".join(f"{name:>22}" for name, _ in _COLUMNS) + f"{'phrases':>20}"
    for name, runs in (("reference", one.reference), ("vigie", one.vigie)):
        if runs:
            worst = min((run.found for run in runs), key=lambda found: (found.close, found.folded, found.exact))
            cells = "".join(f"{_value(what(run) for run in runs):>22}" for _, what in _COLUMNS)
            yield f"  {name:20}{cells}{f'{worst.exact} / {worst.folded} / {worst.close}':>20}"
    if one.reference:
        yield f"  {'reference / vigie':20}" + "".join(f"{one.ratio(what):>21.1f}x" for _, what in _COLUMNS)
    if one.alert is not None:
        end = median(run.seconds for run in one.reference) if one.reference else None
        compared = "" if end is None else f"; the reference has finished after {end:.1f} s: {end / one.alert:.1f} times later"
        yield f"  decree on page {sample.decree_page} known after {one.alert:.2f} s{compared}"


def _value(values: Iterable[float]) -> str:
    """The median, and the extremes where there are several."""
    known = list(values)
    middle = median(known)
    digits = 1 if middle >= 20 else 2 if middle >= 1 else 3
    extremes = f" ({min(known):.{digits}f}-{max(known):.{digits}f})" if max(known) > min(known) else ""
    return f"{middle:.{digits}f}{extremes}"
