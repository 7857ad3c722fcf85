"""Stores pace, rests and robots.txt of sites for all processes of the instance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import select, update

from bot.domain.text import clean
from bot.storage.baseline import has_tables
from bot.storage.columns import value_of
from bot.storage.database import Database, in_memory, insert_or_ignore, make_engine, masked, parse_url, put
from bot.storage.errors import StorageError, WrongSchema
from bot.storage.schema import addresses, robots
from sources.http.politeness import AddressState, MemoryPoliteness, PolitenessStore, RobotsCopy

log = structlog.get_logger()

Answer = TypeVar("Answer")

PATIENCE = 5.0
"""Seconds to wait for a lock on the database: a request is not worth more."""

PAUSE = 60.0
"""Seconds before a database that failed is used again."""


@contextmanager
def open_politeness(url: str) -> Iterator[PolitenessStore]:
    """Open the politeness store in the database at `url`; in memory where there is none, or it is not writable. Creates no database."""
    with ExitStack() as stack:
        try:
            database = _open(url)
            if database is not None:
                stack.callback(database.close)
                with database.reading() as connection:
                    if not has_tables(connection, database.name):
                        raise WrongSchema(f"the database {database.name} has no tables yet")
        except (StorageError, OSError) as error:
            log.warning("politeness.not_shared", error=str(error))
            database = None
        yield MemoryPoliteness() if database is None else DatabasePoliteness(database)


def _open(url: str) -> Database | None:
    address = parse_url(url)
    if address.get_backend_name() == "sqlite" and (in_memory(address) or not Path(address.database or "").exists()):
        return None
    return Database(make_engine(address, read_only=False, busy_timeout=PATIENCE), name=masked(address), read_only=False)


class DatabasePoliteness:
    """Stores politeness for all processes on a database, with a copy in memory for when it fails."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._failed_at: float | None = None
        self._seen: dict[str, AddressState] = {}
        self._unsaved: set[str] = set()
        self._robots = MemoryPoliteness()

    async def update(self, address: str, change: Callable[[AddressState], AddressState]) -> AddressState:
        """Apply a function to the state of an address in one transaction; return the state before."""
        before = await self._attempt(lambda: self._update(address, change))
        if before is None:
            before = self._seen.get(address, AddressState())
            self._unsaved.add(address)
        else:
            self._unsaved.discard(address)
        self._seen[address] = change(before)
        return before

    async def robots(self, host: str) -> RobotsCopy | None:
        """The copy of a host's robots.txt."""
        return await self._attempt(lambda: self._read_robots(host)) or await self._robots.robots(host)

    async def keep_robots(self, host: str, copy: RobotsCopy) -> None:
        """Keep a copy."""
        await self._robots.keep_robots(host, copy)
        await self._attempt(lambda: self._write_robots(host, copy))

    async def _attempt(self, work: Callable[[], Answer]) -> Answer | None:
        """Return the result of the work; None where the database failed, logged once and not retried for a while."""
        if self._failed_at is not None and self._monotonic() - self._failed_at < PAUSE:
            return None
        try:
            done = await asyncio.to_thread(work)
        except StorageError as error:
            if self._failed_at is None:
                log.warning("politeness.in_memory", error=str(error))
            self._failed_at = self._monotonic()
            return None
        if self._failed_at is not None:
            self._failed_at = None
            log.info("politeness.recovered")
        return done

    def _update(self, address: str, change: Callable[[AddressState], AddressState]) -> AddressState:
        mine = addresses.c.address == address
        with self._database.writing() as connection:
            row = connection.execute(select(addresses).where(mine).with_for_update()).one_or_none()
            if row is None:
                connection.execute(insert_or_ignore(connection, addresses), {"address": address, **asdict(AddressState())})
                row = connection.execute(select(addresses).where(mine).with_for_update()).one()
            stored = value_of(AddressState, row)
            # What happened while the database failed is not in it.
            before = _newer(stored, self._seen[address]) if address in self._unsaved else stored
            after = change(before)
            if after != stored:
                connection.execute(update(addresses).where(mine).values({**asdict(after), "reason": clean(after.reason)}))
        return before

    def _read_robots(self, host: str) -> RobotsCopy | None:
        row = self._database.first(select(robots).where(robots.c.host == host))
        return None if row is None else value_of(RobotsCopy, row)

    def _write_robots(self, host: str, copy: RobotsCopy) -> None:
        values = {"text": clean(copy.text), "read_at": copy.read_at}
        with self._database.writing() as connection:
            put(connection, robots, {"host": host}, values)


def _newer(one: AddressState, other: AddressState) -> AddressState:
    return other if one.updated_at is None or (other.updated_at is not None and other.updated_at >= one.updated_at) else one
