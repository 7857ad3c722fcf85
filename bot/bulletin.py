"""What the log of `vigie run` says of the whole: what does not work when it starts, whether any site answers, and that it goes on."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from bot.crowd import CrowdLog
from bot.health import nobody_answers
from bot.report import Harvest
from bot.storage.errors import Full, StorageError
from bot.storage.rows import SourceState

if TYPE_CHECKING:
    from bot.report import SourceReport
    from bot.storage import Store


class Bulletin:
    """Speaks of the sources with these keys. Every method that looks at the store raises StorageError."""

    def __init__(self, *, watched: Collection[str], store: Store, crowds: CrowdLog, log: Any = None) -> None:
        self._watched = frozenset(watched)
        self._store = store
        self._crowds = crowds
        self._log = log or structlog.get_logger()
        self._polls = self._new = self._decrees = 0
        self._is_cut_off = False

    def note(self, report: SourceReport, harvest: Harvest) -> None:
        """Count one poll."""
        self._polls += 1
        self._new += report.new
        self.found(harvest)

    def found(self, harvest: Harvest) -> None:
        """Count what was read, in a poll or later in the background."""
        self._decrees += len(harvest.decrees)

    async def start(self) -> None:
        """What was told before a restart is told again: whoever starts the bot must know what does not work."""
        states = await self._states()
        for state in states:
            if state.failures:
                self._crowds.warning(
                    "source still failing", source=state.key, cause=state.cause, error=state.error, failures=state.failures,
                    next_check=_minute(state.next_check_at),
                )  # fmt: skip
        self._crowds.flush()
        self._log.info("watching", sources=len(self._watched), failing=_failing(states), database=self._store.database.name)

    async def round_up(self) -> None:
        """Tell the crowds of the last minute, and once when no site answers any more, and once when they do again."""
        self._crowds.flush()
        states = await self._states()
        is_cut_off = len(states) == len(self._watched) and nobody_answers([_cause(state) for state in states])
        if is_cut_off and not self._is_cut_off:
            self._log.error("no site answers: is this machine connected to the network?", sources=len(states))
        elif self._is_cut_off and not is_cut_off:
            self._log.info("sites answer again")
        self._is_cut_off = is_cut_off

    async def go_on(self) -> None:
        """What was done since the last time: a log in which nothing happens must not look like a bot that does not run."""
        failing = _failing(await self._states())
        self._log.info(
            "still watching", sources=len(self._watched), failing=failing, polls=self._polls, new=self._new, decrees=self._decrees
        )
        self._polls = self._new = self._decrees = 0

    async def _states(self) -> list[SourceState]:
        return [state for state in await asyncio.to_thread(self._store.sources.all) if state.key in self._watched]


class DatabaseLog:
    """Logs once that the database cannot be used, and once that it can again. May be called from any thread."""

    def __init__(self, log: Any = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log = log or structlog.get_logger()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._down: dict[bool, tuple[float, float, StorageError]] = {}
        self._up_since = -math.inf

    def used(self, writing: bool, began: float, error: StorageError | None) -> None:
        """Note that a transaction has ended. See `Database.when_used`.

        A failure of one that began before the last outage was over belongs to that outage, however late it is noticed.
        """
        with self._lock:
            now = self._monotonic()
            since, _, _ = before = self._down.get(writing, (now, now, error))
            if error is not None and error.is_outage:
                if began < self._up_since:
                    return
                if not self._down:
                    self._log.error("the database cannot be used", error=str(error))
                self._down[writing] = (since, now, error)
            elif error is None and writing in self._down and now - before[1] >= _calm(before[2]):
                del self._down[writing]
                if not self._down:
                    self._up_since = now
                    self._log.info("the database can be used again", seconds=round(now - since))


def _calm(error: StorageError | None) -> float:
    """Seconds without a failure after which it is over. On a full disk all succeeds that adds nothing."""
    return 600.0 if isinstance(error, Full) else 0.0


def _failing(states: Collection[SourceState]) -> int:
    return sum(state.failures > 0 for state in states)


def _cause(state: SourceState) -> str | None:
    return state.cause if state.failures else None


def _minute(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="minutes")
