"""The processes of Chromium: what they may take of this machine, whatever a page does, and who started them."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

MOST_MEMORY = 2 * 1024 * 1024 * 1024
"""Bytes that one process may have to write to. An ordinary page has 0.7 GB, most of it never touched. Who wants more crashes."""


def limit(pid: int) -> None:
    """Limit the memory of a process and of all below it, and those that they will start; none of them leaves a core file.

    Chromium limits its pages so by itself where it has its sandbox, but by what the machine has: up to 16 GB. Does nothing on systems
    without `prlimit`, that is but on Linux.
    """
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:
        return
    for one in _with_those_below(pid):
        with contextlib.suppress(OSError, ValueError):  # it has ended meanwhile, or is limited to less
            prlimit(one, resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
            prlimit(one, resource.RLIMIT_CORE, (0, 0))


def parent_of(pid: int) -> int | None:
    """The process that started this one, None where the system does not tell (it does on Linux)."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def _with_those_below(pid: int) -> Iterator[int]:
    """Each before its children are looked for: what it starts later has its limits from it."""
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = file.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _with_those_below(int(child))
