"""What is remembered of addresses and sites, so that every request is polite: pure decisions on values, and where the values are kept.

An address is shared by dozens of sites, and by every process of the program: `vigie run`, `vigie poll` from cron, `vigie read`. So pace,
rest and robots.txt are kept where all of them find them, and instants are those of the wall clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How an address is treated. All times are in seconds.

    `interval` separates two starts, lengthened by up to `jitter` (a fraction of it). The platform of the prefectures has blocked a client
    that asked every 2 s, after some 50 requests: 3 s is the least, and chance only adds. It adds little: France is to be polled in six
    minutes.

    After `pause_after` failures in a row the address rests for `pause`, then one request probes it, for `probe` at most. The pause does not
    grow: one request in five minutes hurts nobody, and what was published during an outage is found soon after it. What a server asks for
    is obeyed up to `longest_rest`.
    """

    interval: float = 3.0
    jitter: float = 0.02
    pause_after: int = 3
    pause: float = 300.0
    probe: float = 120.0
    longest_rest: float = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class AddressState:
    """What is remembered of one address as of `updated_at`.

    `next_start`: when the next request may begin. `asked_until`: how long the server asked to be left alone. `failures` in a row, the last
    of them on `failed_host`; `retry_at`: until when the address is left alone for them. `reason`: why it rests, in words.
    """

    updated_at: datetime | None = None
    next_start: datetime | None = None
    asked_until: datetime | None = None
    failures: int = 0
    failed_host: str = ""
    retry_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RobotsCopy:
    """The text of a robots.txt, empty where there is none, and when it was read."""

    text: str
    read_at: datetime


class PolitenessStore(Protocol):
    """Keeps the state of each address and a copy of the robots.txt of each host. No method ever raises: that would end polling."""

    async def update(self, address: str, change: Callable[[AddressState], AddressState]) -> AddressState:
        """Apply a pure function to the state of an address, empty at first, in one step for all processes. Returns the state before."""
        ...

    async def robots(self, host: str) -> RobotsCopy | None:
        """The copy of a host's robots.txt, None where there is none."""
        ...

    async def keep_robots(self, host: str, copy: RobotsCopy) -> None:
        """Keep a copy, in the place of the one before."""
        ...


class MemoryPoliteness:
    """A store for this process alone."""

    def __init__(self) -> None:
        self._addresses: dict[str, AddressState] = {}
        self._robots: dict[str, RobotsCopy] = {}

    async def update(self, address: str, change: Callable[[AddressState], AddressState]) -> AddressState:
        """Apply a function to the state of an address. Returns the state before."""
        before = self._addresses.get(address, AddressState())
        self._addresses[address] = change(before)
        return before

    async def robots(self, host: str) -> RobotsCopy | None:
        """The copy of a host's robots.txt."""
        return self._robots.get(host)

    async def keep_robots(self, host: str, copy: RobotsCopy) -> None:
        """Keep a copy."""
        self._robots[host] = copy


def as_of(state: AddressState, now: datetime) -> AddressState:
    """The state with its instants moved back as far as the clock was set back since it was written. Once that is stored too, no rest gets
    longer by the clock."""
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
    """Seconds for which the address is to be left alone."""
    state = as_of(state, now)
    return max(((until - now).total_seconds() for until in (state.asked_until, state.retry_at) if until is not None), default=0.0)


def start_of_next(state: AddressState, now: datetime) -> datetime:
    """When the next request to the address may begin."""
    state = as_of(state, now)
    return now if state.next_start is None else max(now, state.next_start)


def is_down(state: AddressState, pace: RateLimit) -> bool:
    """Whether so many requests failed in a row that the address itself is taken to be at fault."""
    return state.failures >= pace.pause_after


def reserved(state: AddressState, pace: RateLimit, *, now: datetime, interval: float) -> AddressState:
    """The state once the next start is given away, `interval` seconds before the one after it. One that rests stays as it is.

    The first request after a pause is a probe: others are held back until its outcome is known.
    """
    state = as_of(state, now)
    if rest_left(state, now) > 0:
        return state
    after = replace(state, updated_at=now, next_start=start_of_next(state, now) + timedelta(seconds=interval))
    return replace(after, retry_at=now + timedelta(seconds=pace.probe)) if is_down(state, pace) else after


def after_answer(state: AddressState, *, now: datetime) -> AddressState:
    """The state after an answer: it ends a row of failures, but no rest that the server asked for."""
    return replace(as_of(state, now), updated_at=now, failures=0, failed_host="", retry_at=None)


def after_failure(state: AddressState, pace: RateLimit, *, now: datetime, host: str, reason: str, answered: bool = False) -> AddressState:
    """The state after one more failure in a row; from `pause_after` on the address rests.

    `answered`: it gave an answer that refuses. Those of one `host` alone say nothing of the address that it shares, and count once.
    """
    if answered and not is_down(state, pace) and host == state.failed_host:
        return state
    after = replace(as_of(state, now), updated_at=now, failures=state.failures + 1, failed_host=host, retry_at=None)
    if not is_down(after, pace):
        return after
    reason = f"{after.failures} failures in a row (last: {reason})"
    return replace(after, retry_at=now + timedelta(seconds=pace.pause), reason=reason)


def after_request_to_wait(state: AddressState, pace: RateLimit, *, now: datetime, seconds: float) -> AddressState:
    """The state after the server asked to be left alone for so many seconds. It never ends a rest earlier."""
    state = as_of(state, now)
    until = now + timedelta(seconds=min(max(seconds, 0.0), pace.longest_rest))
    if state.asked_until is not None and state.asked_until >= until:
        return state
    return replace(state, updated_at=now, asked_until=until, reason="the server asked to wait")


def seconds_to_wait(value: str | None, *, date: str | None, now: datetime) -> float | None:
    """Seconds a server asks to wait by `Retry-After` (RFC 9110, section 10.2.3), None where it asks nothing readable. Never negative.

    `value` is the header: seconds, or an HTTP date. A date is compared with the answer's own `Date` header where there is one, so that
    a clock that is wrong on either side does not matter, else with `now`.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    until = _instant(text)
    if until is None:
        return None
    return max((until - (_instant(date or "") or now)).total_seconds(), 0.0)


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError, TypeError):
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
