"""One queue per address: 94 prefecture sites live on one machine, which blocks whoever asks too fast.

One request at a time, starts spaced, first come first served. What an outcome means for the next request is decided by
`sources.http.politeness`; the queue waits, and reports outcomes to where all processes find them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sources.http.politeness import (
    AddressState,
    PolitenessStore,
    RateLimit,
    after_answer,
    after_failure,
    after_request_to_wait,
    as_of,
    is_down,
    reserved,
    rest_left,
    start_of_next,
)
from sources.model import Paused


@dataclass(frozen=True, slots=True)
class Clocks:
    """Clocks (`monotonic` in seconds, `now` with a time zone), sleep, and chance (0 to 1)."""

    monotonic: Callable[[], float]
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[object]]
    random: Callable[[], float]


class AddressQueue:
    """The queue in front of one address. `turn` is taken for each request, and the outcome reported before it ends."""

    def __init__(self, address: str, pace: RateLimit, store: PolitenessStore, clocks: Clocks) -> None:
        self._address = address
        self._pace = pace
        self._store = store
        self._clocks = clocks
        self._lock = asyncio.Lock()  # wakes its waiters in order, and a cancelled waiter leaves the queue
        self._earliest = float("-inf")
        self._state = AddressState()
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the address to be free, then hold it. Raises Paused, naming `url`, at once while the address rests."""
        await self.refuse_while_resting(url)
        async with self._taken():
            now, clocks, pace = self._clocks.now(), self._clocks, self._pace
            interval = pace.interval * (1 + pace.jitter * clocks.random())
            before = await self._update(partial(reserved, pace=pace, now=now, interval=interval))
            self._refuse(url, before, now)
            # By both clocks: the wall clock, which other processes share, may be set while this one waits.
            wait = max((start_of_next(before, now) - now).total_seconds(), self._earliest - clocks.monotonic())
            if wait > 0:
                await clocks.sleep(wait)
            self._earliest = clocks.monotonic() + interval
            yield

    async def answered(self) -> None:
        """Report that the address gave an HTTP answer that does not refuse."""
        if self._state.failures or self._state.retry_at is not None:
            await self._update(partial(after_answer, now=self._clocks.now()))

    async def failed(self, host: str, reason: str, *, answered: bool = False) -> bool:
        """Report that the address gave no answer, or one that refuses. Returns whether it is itself at fault, and rests now."""
        now = self._clocks.now()
        await self._update(partial(after_failure, pace=self._pace, now=now, host=host, reason=reason, answered=answered))
        return is_down(self._state, self._pace)

    async def asked_to_wait(self, seconds: float) -> float:
        """Report that the address asked for a rest of so many seconds. Returns the seconds it will really be left alone."""
        now = self._clocks.now()
        await self._update(partial(after_request_to_wait, pace=self._pace, now=now, seconds=seconds))
        return rest_left(self._state, now)

    async def refuse_while_resting(self, url: str) -> None:
        """Raise Paused, naming `url`, while the address rests. Where a request is under way its outcome is waited for in the queue."""
        if not self._lock.locked() and rest_left(self._state, self._clocks.now()) > 0:
            now = self._clocks.now()
            await self._update(partial(as_of, now=now))  # another process may have ended the rest
            self._refuse(url, self._state, now)

    def _refuse(self, url: str, state: AddressState, now: datetime) -> None:
        left = rest_left(state, now)
        if left > 0:
            error = Paused(f"{url}: not asked, {self._address} is resting for another {left:.0f} s: {state.reason}")
            error.retry_after = left
            raise error

    async def _update(self, change: Callable[[AddressState], AddressState]) -> AddressState:
        before = await self._store.update(self._address, change)
        self._state = change(before)
        return before

    @contextlib.asynccontextmanager
    async def _taken(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._lock.release()
