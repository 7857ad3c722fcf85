"""The reading processes of a test, seen from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tests.readers import zygotes


def reading_children() -> Iterator[int]:
    """The reading processes that this one has started and that are still there; none where there is no /proc to look at."""
    forking = {zygote.pid for zygote in zygotes.values()}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        process = int(entry.name)
        if b"bot.reading.sandbox.child" in command and parent in (os.getpid(), *forking) and process not in forking:
            yield process
