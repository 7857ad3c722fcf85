"""The ways in which a document is read, each as a whole process, and what each run came to."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rapidfuzz import fuzz

from benchmarks.reading.sample import Sample
from bot.domain.text import fold_letters

ROOT = Path(__file__).resolve().parents[2]
_REFERENCE = Path(__file__).with_name("reference.py")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of wall clock; seconds of CPU, user and system, of the process and of those it waited for; bytes of the largest of them."""

    seconds: float
    cpu: float
    peak: int


class Failed(Exception):
    """The program ended with an error; the message holds its last words."""


def run(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Spent:
    """Run a program in a folder, its output thrown away. Raises Failed."""
    with tempfile.TemporaryFile() as words:
        start = perf_counter()
        process = subprocess.Popen(  # noqa: S603 - programs of this benchmark only, without a shell
            command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words
        )
        try:
            # Unlike `wait`, it says what this one process and its children took, whatever else was run before.
            _, status, use = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            words.seek(0)
            last = words.read().decode("utf-8", "replace").strip().splitlines()[-5:]
            raise Failed(f"{' '.join(command[:4])} ended with status {process.returncode}: " + " / ".join(last))
    # Linux counts the peak in kibibytes.
    return Spent(seconds, use.ru_utime + use.ru_stime, use.ru_maxrss * 1024)


def describe() -> str:
    """Processor, cores, system, Python."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


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


def by_reference(sample: Sample, output: Path, python: str) -> Run:
    """The reference, in its own interpreter. Raises Failed."""
    return _read([python, str(_REFERENCE)], sample, output)


def by_bot(sample: Sample, output: Path) -> Run:
    """Vigie as the running bot reads. Raises Failed."""
    return _read([sys.executable, "-m", "benchmarks.reading.vigie"], sample, output)


def _read(command: Sequence[str], sample: Sample, output: Path) -> Run:
    spent = run([*command, sample.path, str(output)], folder=ROOT, environment=environment())
    told: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return Run(spent, told["seconds"], told["cpu"], find(told["pages"], sample.phrases), told.get("alert"))


def environment() -> dict[str, str]:
    """Ours, without what would set up Vigie otherwise than it comes."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("VIGIE_", "PYTHON"))}


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
