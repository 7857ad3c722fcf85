"""The ways in which a document is read, each as a whole process, and what each run came to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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
