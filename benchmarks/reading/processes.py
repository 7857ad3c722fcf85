"""Run a program to its end and see what it took, with all the processes it started."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


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
