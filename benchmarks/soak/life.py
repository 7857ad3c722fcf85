"""One life of the program: its own service, wired by its own composition root, on a clock that hurries.

Where the program would nap, its clock is put forward to what is due next; when nothing is, it ends. All the rest is as in `vigie run`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import assemble
from bot.config import Settings
from bot.delivery import Delivered, Deliverer
from bot.instance import run_alone
from bot.service import Service
from sources import Authority


class Clock:
    """The time plus what it was put forward by, which a file keeps from life to life."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta(seconds=float(file.read_text(encoding="ascii")) if file.exists() else 0.0)

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self._ahead

    def put(self, seconds: float) -> None:
        """Forward, or back where it is less than 0. Whole or not at all: whoever does it may be killed."""
        self._ahead += timedelta(seconds=seconds)
        new = self._file.with_suffix(".new")
        new.write_text(str(self._ahead.total_seconds()), encoding="ascii")
        new.replace(self._file)


class Hurried(Deliverer):
    """A deliverer that never waits for a time to come. It has nothing of its own: all is done by the one that it is made of.

    Its destinations are served together: the clock is put forward when none of them is at work.
    """

    def __init__(self, deliverer: Deliverer, clock: Clock, stop: asyncio.Event) -> None:
        self._deliverer = deliverer
        self._hurried = clock
        self._stop = stop

    @property
    def destinations(self) -> tuple[str, ...]:
        """One, which stands for all."""
        return ("all",)

    async def deliver_due(self, *destinations: str) -> list[Delivered]:
        """As it does."""
        return await self._deliverer.deliver_due()

    async def next_due(self, now: datetime, *destinations: str) -> datetime | None:
        """Now, whenever that was."""
        due = await self._deliverer.next_due(now)
        if due is None:
            self._stop.set()
        elif due > now:
            self._hurried.put((due - now).total_seconds())
        return None if due is None else now


def live(document: Mapping[str, Any], clock_file: Path, authorities: dict[str, Authority]) -> None:
    """Until everything is delivered."""
    asyncio.run(_live(Settings.model_validate(document), Clock(clock_file), authorities))


async def _live(settings: Settings, clock: Clock, authorities: dict[str, Authority]) -> None:
    stop = asyncio.Event()
    async with assemble(settings, authorities, watched=(), console=sys.stdout, clock=clock) as parts:
        hurried = Hurried(parts.deliverer, clock, stop)
        await run_alone(parts.store, clock, stop, Service(replace(parts, deliverer=hurried)).run)
