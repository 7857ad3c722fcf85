"""What is read of one file so far, and when its reading is long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import PageText, Reading, TextOrigin
from bot.reading.follow import Progress

_READ = frozenset({TextOrigin.LAYER, TextOrigin.OCR, TextOrigin.BLANK})


@dataclass(frozen=True, slots=True)
class Pace:
    """What is long. With more than `pages` to recognise, or after `quick` seconds, a reading moves to the slow lane once there is room.

    While there is none it goes on where it is for `urgent` seconds, in which the pages that are likely to matter are recognised, and
    then lets others pass. What was read is stored every `checkpoint` seconds.
    """

    pages: int = 20
    quick: float = 20
    urgent: float = 60
    checkpoint: float = 60


USUAL_PACE = Pace()


class Notes:
    """What is read of one file so far. `long` is set as soon as its reading is known to take long."""

    def __init__(self, known: Sequence[PageText], long_from: int) -> None:
        self.pages = {page.number: page for page in known}
        self.count: int | None = None
        self.unsaved = False
        self.long = asyncio.Event()
        self._long_from = long_from

    def told(self, progress: Progress) -> None:
        """One page more."""
        self.count = progress.pages
        if progress.page is not None:
            self._add(progress.page)
        if progress.to_recognise - progress.recognised > self._long_from:
            self.long.set()

    def take(self, reading: Reading) -> None:
        """All that is read of it."""
        self.count = reading.page_count
        for page in reading.pages:
            self._add(page)

    def _add(self, page: PageText) -> None:
        if page.origin in _READ and not page.damaged and self.pages.get(page.number) != page:
            self.pages[page.number] = page
            self.unsaved = True

    def in_order(self) -> tuple[PageText, ...]:
        """The pages that were read, by number."""
        return tuple(self.pages[number] for number in sorted(self.pages))
