"""Keeps one queue per address, and the rules of robots.txt: 94 prefecture sites share a machine that blocks fast clients. One request at a
time, starts spaced, first come first served. Pure functions decide when the next request may start. All processes (`vigie run`, `vigie
poll` from cron, `vigie read`) share pace, rest and robots.txt, so instants are wall clock."""

from __future__ import annotations

import asyncio
import contextlib
import random as chance
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from protego import Protego

from sources.model import FetchError, Paused, Unusable


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Limits requests to an address, in seconds. `interval` separates two starts, plus up to the fraction `jitter`; at least 3: the
    prefectures' platform blocks after some 50 requests at 2. After `pause_after` failures in a row the address rests for `pause`, which
    never grows; one request then probes it, for `probe` at most. `longest_rest` limits a server's request."""

    interval: float = 3.0
    jitter: float = 0.02
    pause_after: int = 3
    pause: float = 300.0
    probe: float = 120.0
    longest_rest: float = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class AddressState:
    """Holds the state of one address as of `updated_at`. `next_start`: when the next request may begin. `asked_until`: end of the wait that
    the server requests. `failures`: number in a row, the last on `failed_host`; `retry_at`: end of the rest after them. `reason`: why it
    rests, in words."""

    updated_at: datetime | None = None
    next_start: datetime | None = None
    asked_until: datetime | None = None
    failures: int = 0
    failed_host: str = ""
    retry_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RobotsCopy:
    """Holds the text of a robots.txt, empty where there is none, and when it was read."""

    text: str
    read_at: datetime


class PolitenessStore(Protocol):
    """Keeps the state of each address and a copy of the robots.txt of each host. No method ever raises: that would end polling."""

    async def update(self, address: str, change: Callable[[AddressState], AddressState]) -> AddressState:
        """Apply a pure function to the state of an address, empty at first, in one step for all processes. Returns the state before."""
        ...

    async def robots(self, host: str) -> RobotsCopy | None:
        """Return the copy of a host's robots.txt, None where there is none."""
        ...

    async def keep_robots(self, host: str, copy: RobotsCopy) -> None:
        """Keep a copy, in the place of the one before."""
        ...


class MemoryPoliteness:
    """Keeps states and copies for this process alone."""

    def __init__(self) -> None:
        self._addresses: dict[str, AddressState] = {}
        self._robots: dict[str, RobotsCopy] = {}

    async def update(self, address: str, change: Callable[[AddressState], AddressState]) -> AddressState:
        """Apply a function to the state of an address. Returns the state before."""
        before = self._addresses.get(address, AddressState())
        self._addresses[address] = change(before)
        return before

    async def robots(self, host: str) -> RobotsCopy | None:
        """Return the copy of a host's robots.txt."""
        return self._robots.get(host)

    async def keep_robots(self, host: str, copy: RobotsCopy) -> None:
        """Keep a copy."""
        self._robots[host] = copy


def as_of(state: AddressState, now: datetime) -> AddressState:
    """Return the state with its instants moved back as far as the clock was set back since it was written, so that this lengthens no
    rest."""
    if state.updated_at is None or state.updated_at <= now:
        return state
    back = state.updated_at - now
    return replace(
        state,
        updated_at=now,
        next_start=state.next_start and state.next_start - back,
        asked_until=state.asked_until and state.asked_until - back,
        retry_at=state.retry_at and state.retry_at - back,
    )


def rest_left(state: AddressState, now: datetime) -> float:
    """Return the seconds for which the address is to be left alone."""
    state = as_of(state, now)
    return max(((until - now).total_seconds() for until in (state.asked_until, state.retry_at) if until is not None), default=0.0)


def start_of_next(state: AddressState, now: datetime) -> datetime:
    """Return when the next request to the address may begin."""
    state = as_of(state, now)
    return now if state.next_start is None else max(now, state.next_start)


def is_down(state: AddressState, limit: RateLimit) -> bool:
    """Return whether so many requests failed in a row that the address counts as down."""
    return state.failures >= limit.pause_after


def reserved(state: AddressState, limit: RateLimit, *, now: datetime, interval: float) -> AddressState:
    """Return the state after the next start is reserved, `interval` seconds before the one after it; the state of a rest is unchanged. The
    first request after a pause is a probe: others wait for its outcome."""
    state = as_of(state, now)
    if rest_left(state, now) > 0:
        return state
    after = replace(state, updated_at=now, next_start=start_of_next(state, now) + timedelta(seconds=interval))
    return replace(after, retry_at=now + timedelta(seconds=limit.probe)) if is_down(state, limit) else after


def after_answer(state: AddressState, *, now: datetime) -> AddressState:
    """Return the state after an answer: it ends a row of failures, but no rest that the server requested."""
    return replace(as_of(state, now), updated_at=now, failures=0, failed_host="", retry_at=None)


def after_failure(state: AddressState, limit: RateLimit, *, now: datetime, host: str, reason: str, answered: bool = False) -> AddressState:
    """Return the state after one more failure in a row; from `pause_after` on the address rests. `answered`: the failure is an answer that
    refuses. Refusals of one `host` alone count once, as other hosts share the address."""
    if answered and not is_down(state, limit) and host == state.failed_host:
        return state
    after = replace(as_of(state, now), updated_at=now, failures=state.failures + 1, failed_host=host, retry_at=None)
    if not is_down(after, limit):
        return after
    reason = f"{after.failures} failures in a row (last: {reason})"
    return replace(after, retry_at=now + timedelta(seconds=limit.pause), reason=reason)


def after_request_to_wait(state: AddressState, limit: RateLimit, *, now: datetime, seconds: float) -> AddressState:
    """Return the state after the server requested a rest of so many seconds, which never ends a rest earlier."""
    state = as_of(state, now)
    until = now + timedelta(seconds=min(max(seconds, 0.0), limit.longest_rest))
    if state.asked_until is not None and state.asked_until >= until:
        return state
    return replace(state, updated_at=now, asked_until=until, reason="the server asked to wait")


def seconds_to_wait(value: str | None, *, date: str | None, now: datetime) -> float | None:
    """Return the seconds to wait by a `Retry-After` header (`value`: seconds or an HTTP date; RFC 9110, section 10.2.3), None if
    unreadable; never negative. A date is compared with the answer's own `Date` header, so that wrong clocks do not matter, else with
    `now`."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    until = date_of(text)
    if until is None:
        return None
    return max((until - (date_of(date or "") or now)).total_seconds(), 0.0)


def date_of(text: str) -> datetime | None:
    """Return the instant of an HTTP date, None where it is none."""
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Bundles clocks (`monotonic` in seconds, `now` with a time zone), sleep, and chance (0 to 1): the real ones, or those of a test."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    random: Callable[[], float] = chance.random


SYSTEM_CLOCKS = Clocks()


class AddressQueue:
    """Queues the requests to one address. `turn` is taken for each request, and the outcome reported before it ends."""

    def __init__(self, address: str, limit: RateLimit, store: PolitenessStore, clocks: Clocks) -> None:
        self._address = address
        self._limit = limit
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
            now, clocks, limit = self._clocks.now(), self._clocks, self._limit
            interval = limit.interval * (1 + limit.jitter * clocks.random())
            before = await self._update(partial(reserved, limit=limit, now=now, interval=interval))
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
        await self._update(partial(after_failure, limit=self._limit, now=now, host=host, reason=reason, answered=answered))
        return is_down(self._state, self._limit)

    async def asked_to_wait(self, seconds: float) -> float:
        """Report that the server requests a rest of so many seconds. Returns the seconds that the address will really rest."""
        now = self._clocks.now()
        await self._update(partial(after_request_to_wait, limit=self._limit, now=now, seconds=seconds))
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


# The Robots Exclusion Protocol (RFC 9309). Protego parses; copies last a day. `Crawl-delay` is no part of the RFC: the queue spaces
# requests.

MOST_ROBOTS_BYTES = 500 * 1024
"""Bytes read of a robots.txt: the least a crawler must parse (RFC 9309, section 2.5); the rest is ignored."""

ROBOTS_FRESH = timedelta(hours=24)
"""How long a copy is used without a new request (RFC 9309, section 2.4)."""


class Disallowed(FetchError):
    """Raised when the site's robots.txt forbids this request."""


class RobotsGate:
    """Lets a request through if the site's robots.txt allows it. `read` fetches that by canonical URL, empty without one; `token` is our
    name in it. A redirect out of the catalogue counts as none (RFC 9309, 2.3.1.2). No answer or a 5xx closes the site (2.3.1.4), by
    Unreachable or FetchRefused, without an older copy; the next request retries."""

    def __init__(self, read: Callable[[str], Awaitable[str]], token: str, store: PolitenessStore, now: Callable[[], datetime]) -> None:
        self._read = read
        self._token = token
        self._store = store
        self._now = now
        self._parsed: dict[str, tuple[datetime, Protego]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def require_allowed(self, url: str) -> None:
        """Return where the canonical URL may be fetched. Raises Disallowed, or why the robots.txt cannot be had."""
        host = urlsplit(url).netloc
        async with self._locks[host]:
            parsed = self._parsed.get(host)
            if parsed is None or not self._is_fresh(parsed[0]):
                copy = await self._copy(url, host)
                parsed = self._parsed[host] = copy.read_at, parse_robots(copy.text)
        if not parsed[1].can_fetch(url, self._token):
            raise Disallowed(f"{url}: the site's robots.txt asks robots not to fetch this")

    async def _copy(self, url: str, host: str) -> RobotsCopy:
        kept = await self._store.robots(host)
        if kept is not None and self._is_fresh(kept.read_at):
            return kept
        address = f"https://{host}/robots.txt"
        try:
            text = await self._read(address)
        except Unusable:
            text = ""
        except FetchError as cause:
            if kept is not None:
                return kept
            error = type(cause)(f"{url}: {str(cause).removeprefix(f'{address}: ')}, when asked for its robots.txt")
            error.retry_after, error.is_of_site = cause.retry_after, cause.is_of_site
            raise error from cause
        copy = RobotsCopy(text, self._now())
        await self._store.keep_robots(host, copy)
        return copy

    def _is_fresh(self, read_at: datetime) -> bool:
        # A copy of the future was read before the clock was set back.
        return timedelta(0) <= self._now() - read_at < ROBOTS_FRESH


def parse_robots(text: str) -> Protego:
    """Return the rules of a robots.txt, without its byte order mark, which Protego takes for a part of the first line."""
    return Protego.parse(text.removeprefix("\ufeff"))


def product_token(user_agent: str) -> str:
    """Return our name for robots.txt: the letters, `-` and `_` at the start of the User-Agent (section 2.2.1)."""
    found = re.match(r"[A-Za-z_-]+", user_agent)
    return found[0] if found else ""
