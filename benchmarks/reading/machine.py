"""What the figures were taken on, and how busy it was with other things."""

from __future__ import annotations

import os
import platform
from pathlib import Path

QUIET = 0.1
"""Cores that other programs may take before the figures of a run are called disturbed."""


def describe() -> str:
    """Processor, cores, system, Python."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def busy_seconds() -> float | None:
    """CPU seconds that all programs of the machine have taken since it started; None where the system does not tell."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    except OSError:
        return None
    user, nice, system, _idle, _wait, interrupts, soft, steal, *_ = (int(figure) for figure in first.split()[1:])
    return (user + nice + system + interrupts + soft + steal) / os.sysconf("SC_CLK_TCK")
