"""Holds the limits of reading one PDF, the events it yields, and the error when nothing of it can be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.acts import Act, Reading
from bot.domain.text import PageText

USUAL_WORKERS = max(1, min(2, os.cpu_count() or 1))
_LEAST_MEMORY = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Limits the reading of one PDF. `seconds`: wall clock for the file; `page_seconds`: processor time for a page; memory: of one process.
    A process silent for `silent_seconds` of wall clock hangs. `workers` processes recognise pages in parallel, each replaced after
    `pages_per_worker` pages, as its memory grows. After `max_crashes` processes (died, hung, misbehaved; each costs a page) the reading
    stops."""

    seconds: float = 900
    page_seconds: float = 90
    silent_seconds: float = 600
    memory_bytes: int = 1024**3
    max_pages: int = 5000
    max_output_bytes: int = 128 * 1024**2
    max_crashes: int = 3
    ocr: bool = True
    workers: int = USUAL_WORKERS
    pages_per_worker: int = 100

    def lowered(self) -> ReadingLimits:
        """Return lower ones, for a file that may have ended the program: half the memory, one process, which is replaced often."""
        memory = max(self.memory_bytes // 2, min(self.memory_bytes, _LEAST_MEMORY))
        return replace(self, memory_bytes=memory, workers=1, pages_per_worker=10)


class Unreadable(Exception):
    """Nothing of this file could be read. The message is for an operator and says why."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """Reports that `page` is done: `read` of `pages`, and `recognised` of `to_recognise`. A page to recognise comes twice, first as
    `PENDING`. `seconds_left` estimates the rest, None while unknown."""

    page: PageText
    pages: int
    read: int
    to_recognise: int
    recognised: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class ActComplete:
    """An act that is concerned was read whole, while other pages are still to be recognised: in this `reading` they are `PENDING`."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class ReadingDone:
    """The last event: every page is read or given up."""

    reading: Reading


ReadingEvent = PageRead | ActComplete | ReadingDone

IsConcerned = Callable[[Act], bool]
"""Decides, from what is read of an act so far, whether the rest of it is to be read first. Pure and quick."""
