"""Only one `vigie run` at a time on one database: two would answer every command twice, and Telegram refuses the second poller.

`vigie poll`, from cron or by hand, may run beside it: a post is claimed by one program at a time, whoever runs.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from bot.storage import StorageError
from bot.storage.leases import BEAT, STALE, Lease
from bot.uninterrupted import uninterrupted

log = structlog.get_logger()

RUN = "run"
"""The name of the lease."""


class AlreadyRunning(Exception):
    """Another program holds the lease. The message says where, and since when."""


class Leases(Protocol):
    """The store's leases. Synchronous; every method is called in a thread."""

    def take(self, name: str, holder: str, place: str, now: datetime, /, *, is_gone: Callable[[str], bool]) -> Lease | None:
        """Take or renew; None when it is ours, else who has it."""
        ...

    def release(self, name: str, holder: str, /) -> None:
        """Give up one's own."""
        ...


class Held(Protocol):
    """Who has the store's leases. Synchronous; called in a thread."""

    def holder_of(self, name: str, now: datetime, /) -> Lease | None:
        """Who has this one, None when nobody does."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program runs. `scope` is the same for programs that see each other's process ids: one boot of one machine, one container.

    `started` tells a process from a later one with the same id (clock ticks since the boot; empty where the system does not say).
    """

    host: str
    scope: str
    pid: int
    started: str

    def __str__(self) -> str:
        return "|".join((self.host.replace("|", " "), self.scope, str(self.pid), self.started))

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The inverse of `str`; None for anything else."""
        host, *rest = text.split("|")
        return cls(host, rest[0], int(rest[1]), rest[2]) if len(rest) == 3 and rest[1].isdecimal() else None


def here() -> Place:
    """Where this program runs."""
    return Place(socket.gethostname(), _scope(), os.getpid(), _started(os.getpid()))


def is_gone(text: str, own: Place | None = None) -> bool:
    """Whether the program at this place has certainly ended. Of another machine or container nobody can tell."""
    own = own or here()
    there = Place.parse(text)
    if there is None or not there.scope or (there.host, there.scope) != (own.host, own.scope):
        return False
    return not _lives(there.pid) or _started(there.pid) != there.started


@asynccontextmanager
async def alone(
    leases: Leases, clock: Callable[[], datetime], stop: asyncio.Event, *, beat: float = BEAT.total_seconds()
) -> AsyncIterator[None]:
    """Be the one `vigie run` while entered. Sets `stop` should another one have taken over, after a pause of the machine for instance.

    `beat` is in seconds. Raises AlreadyRunning, and StorageError.
    """
    holder, place = uuid.uuid4().hex, str(here())
    other = await asyncio.to_thread(leases.take, RUN, holder, place, clock(), is_gone=is_gone)
    if other is not None:
        raise AlreadyRunning(_told(other))
    beating = asyncio.create_task(_beat(leases, holder, place, clock, stop, beat))
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        try:
            await asyncio.to_thread(leases.release, RUN, holder)
        except StorageError as error:
            # It is taken over all the same: this process will be gone.
            log.warning("the end was not recorded", error=str(error))


async def is_running(leases: Held, now: datetime) -> bool:
    """Whether a `vigie run` works on this database, as far as can be told. Raises StorageError."""
    lease = await asyncio.to_thread(leases.holder_of, RUN, now)
    return lease is not None and abs(lease.silent) < STALE and not is_gone(lease.place)


async def _beat(leases: Leases, holder: str, place: str, clock: Callable[[], datetime], stop: asyncio.Event, beat: float) -> None:
    while True:
        await asyncio.sleep(beat)
        try:
            other = await uninterrupted(leases.take, RUN, holder, place, clock(), is_gone=is_gone)
        except StorageError as error:
            # Whoever cannot write here cannot take over either.
            (log.debug if error.is_outage else log.warning)("no sign of life recorded", error=str(error))
            continue
        if other is not None:
            log.error("another vigie run has taken over: this one ends", other=_where(other))
            stop.set()
            return


def _told(other: Lease) -> str:
    since, seconds = other.since.isoformat(timespec="seconds"), max(int(other.silent.total_seconds()), 0)
    return (
        f"another `vigie run` works on this database since {since} ({_where(other)}; last sign of life {seconds} s ago). "
        f"Stop it first; if it is gone, this works {int(STALE.total_seconds())} s after its last sign of life"
    )


def _where(lease: Lease) -> str:
    place = Place.parse(lease.place)
    return "unknown place" if place is None else f"host {place.host}, process {place.pid}"


def _scope() -> str:
    """Empty where the system does not tell: then nobody is ever said to be gone."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """The 22nd field of /proc/<pid>/stat (proc_pid_stat(5)); the second, a name in parentheses, may hold anything."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie has ended, and only its parent does not know yet.
    return fields[19] if len(fields) > 19 and fields[0] not in {"Z", "X"} else ""


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
