"""One queue per address: 94 prefecture sites live on one machine, which blocks whoever asks too fast.

One request at a time, starts spaced, first come first served. What an outcome means for the next request is decided by pure
functions on a `Rest`; the queue only waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

from sources.fetch import Paused


@dataclass(frozen=True, slots=True)
class Pace:
    """How an address is treated. All times are in seconds.

    `interval` separates two starts, lengthened by up to `jitter` (a fraction of it). The platform of the prefectures has blocked a client
    that asked every 2 s, after some 50 requests: 3 s is the least, and chance only adds. It adds little, since it is there only to let two
    bots started together drift apart, and France is to be polled in six minutes.

    After `pause_after` failures in a row the address rests `first_pause`, doubled at each further failure up to `longest_pause`. What a
    server asks for is obeyed up to `longest_rest`.
    """

    interval: float = 3.0
    jitter: float = 0.02
    pause_after: int = 3
    first_pause: float = 300.0
    longest_pause: float = 7200.0
    longest_rest: float = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Rest:
    """What is remembered of an address: failures in a row, and until when (monotonic seconds) and why it is left alone."""

    failures: int = 0
    until: float = 0.0
    reason: str = ""


def after_answer(rest: Rest) -> Rest:
    """Any HTTP answer ends a row of failures."""
    return replace(rest, failures=0)


def after_failure(rest: Rest, pace: Pace, *, now: float, reason: str) -> Rest:
    """One more failure in a row; from `pause_after` on the address rests, longer each time."""
    failures = rest.failures + 1
    if failures < pace.pause_after:
        return replace(rest, failures=failures)
    doublings = min(failures - pace.pause_after, 32)
    pause = min(pace.first_pause * 2**doublings, pace.longest_pause)
    return Rest(failures, max(rest.until, now + pause), f"{failures} failures in a row (last: {reason})")


def after_request_to_wait(rest: Rest, pace: Pace, *, now: float, seconds: float) -> Rest:
    """The server asked to be left alone."""
    until = now + min(max(seconds, 0.0), pace.longest_rest)
    return replace(rest, until=until, reason="the server asked to wait") if until > rest.until else rest


class AddressQueue:
    """The line in front of one address. `turn` is taken for each request, and the outcome told before it ends."""

    def __init__(
        self,
        address: str,
        pace: Pace,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
    ) -> None:
        self._address = address
        self._pace = pace
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random
        self._lock = asyncio.Lock()  # wakes its waiters in order, and a cancelled waiter leaves the line
        self._next_start = float("-inf")
        self._rest = Rest()
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the address to be free, then hold it. Raises Paused, naming `url`, at once while the address rests."""
        self.refuse_while_resting(url)
        async with self._taken():
            self.refuse_while_resting(url)
            wait = self._next_start - self._monotonic()
            if wait > 0:
                await self._sleep(wait)
            self._next_start = self._monotonic() + self._pace.interval * (1 + self._pace.jitter * self._random())
            yield

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

    def answered(self) -> None:
        """The address gave an HTTP answer, whatever it said."""
        self._rest = after_answer(self._rest)

    def failed(self, reason: str) -> None:
        """The address gave no answer."""
        self._rest = after_failure(self._rest, self._pace, now=self._monotonic(), reason=reason)

    def asked_to_wait(self, seconds: float) -> float:
        """The address asked for a rest of so many seconds. Returns the seconds it will really be left alone."""
        now = self._monotonic()
        self._rest = after_request_to_wait(self._rest, self._pace, now=now, seconds=seconds)
        return max(self._rest.until - now, 0.0)

    def refuse_while_resting(self, url: str) -> None:
        """Raise Paused, naming `url`, while the address rests."""
        left = self._rest.until - self._monotonic()
        if left > 0:
            error = Paused(f"{url}: not asked, {self._address} is resting for another {left:.0f} s: {self._rest.reason}")
            error.retry_after = left
            raise error
