"""Recueils in hand: what is quick is waited for, what takes long goes on in the background, and none is taken twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.records import Recueil
from bot.ingest.ingestor import Harvester
from bot.ingest.reading_job import ended
from bot.ingest.results import Harvest
from bot.storage.errors import StorageError

log = structlog.get_logger()

HELD_FOR = timedelta(hours=1)
"""How long a recueil is left alone after the database failed to take what was read of it: long work is not begun anew at once."""


@dataclass(frozen=True, slots=True)
class Late:
    """What a recueil gave that went on in the background."""

    recueil: Recueil
    harvest: Harvest


class Background:
    """Takes recueils. `told` is called, in the event loop, when one that went on in the background has ended; otherwise `finish` tells."""

    def __init__(self, harvester: Harvester, clock: Callable[[], datetime]) -> None:
        self._harvester = harvester
        self._clock = clock
        self._in_hand: dict[int, asyncio.Task[Harvest]] = {}
        self._late: dict[int, asyncio.Task[Harvest]] = {}
        self._held: dict[int, datetime] = {}
        self._ended: list[Late] = []
        self._failure: StorageError | None = None
        self.told: Callable[[Late], None] | None = None

    def is_free(self, recueil: Recueil) -> bool:
        """Whether it may be taken: it is not in hand, and did not fail for the database a short while ago."""
        return recueil.id not in self._in_hand and self._held.get(recueil.id, self._clock()) <= self._clock()

    async def take(self, recueil: Recueil) -> Harvest:
        """Read one that is free: wholly, or until it leaves the quick lane. `Harvest.unfinished` then names it, and it goes on.

        Raises StorageError.
        """
        way = self._harvester.passage()
        work = asyncio.create_task(self._harvester.take(recueil, way))
        self._in_hand[recueil.id] = work
        work.add_done_callback(lambda _: self._in_hand.pop(recueil.id, None))
        left = asyncio.create_task(way.left.wait())
        try:
            await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await ended([work])
            raise
        finally:
            await ended([left])
        if work.done():
            return work.result()
        self._late[recueil.id] = work
        work.add_done_callback(lambda done: self._came_in(recueil, done))
        log.info("recueil takes long, it is read in the background", url=recueil.url)
        return Harvest(unfinished=(recueil.url,))

    async def finish(self) -> list[Late]:
        """Wait for all that went on in the background: what each of them gave, unless `told` was. Raises StorageError, once all ended."""
        while self._late:
            await asyncio.wait(set(self._late.values()))
        came, self._ended = self._ended, []
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return came

    async def stop(self) -> None:
        """End what goes on. Nothing is lost: what was read of it is stored, and the rest is read at the next start."""
        while tasks := list(self._late.values()):
            await ended(tasks)

    def _came_in(self, recueil: Recueil, done: asyncio.Task[Harvest]) -> None:
        del self._late[recueil.id]
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, StorageError):
            log.error("recueil read in the background and not recorded, it will be read again", url=recueil.url, error=str(error))
            self._held[recueil.id] = self._clock() + HELD_FOR
            self._failure = error
        elif error is not None:
            log.error("recueil read in the background and lost by a fault of the program", url=recueil.url, exc_info=error)
        else:
            self._held.pop(recueil.id, None)
            late = Late(recueil, done.result())
            if self.told is not None:
                self.told(late)
            else:
                self._ended.append(late)
