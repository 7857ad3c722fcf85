"""What only one program at a time may be. A lease is taken with a heartbeat; without one for a while, it may be taken over.

Where the holder is known to be gone (same machine, no such process any more) it need not be waited for: the caller tells by `is_gone`.

Programs that share a PostgreSQL database may run on machines whose clocks differ: each would find the other's heartbeat too old, or too far
in the future, and they would take the lease from each other for ever. There the server's clock counts, and the caller's is not looked at.
A SQLite file is shared on one machine, whose clock the caller gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from bot.storage.database import Database
from bot.storage.errors import Conflict
from bot.storage.schema import Instant, leases

BEAT = timedelta(seconds=20)
STALE = timedelta(seconds=90)
"""Without a heartbeat for so long, the holder is taken for gone. Also with one so far in the future: the clock was set."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds it: an id of its own, where it runs, since when, and how long ago it gave its last sign of life.

    The last is negative where the clock was set back since.
    """

    holder: str
    place: str
    since: datetime
    silent: timedelta


class Leases:
    """Every method raises StorageError when the database cannot do it. `now` is aware; the clock of a PostgreSQL server takes its place."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, holder: str, place: str, now: datetime, *, is_gone: Callable[[str], bool]) -> Lease | None:
        """Take a lease, or renew one's own. None when it is now ours, else who has it. `is_gone` is asked about the holder's place."""
        mine = leases.c.name == name
        try:
            with self._database.writing() as connection:
                row = connection.execute(select(leases).where(mine).with_for_update()).one_or_none()
                # After the lock: another program may have given a sign of life while this one waited for it.
                now = _clock(connection, now)
                if row is None:
                    connection.execute(insert(leases), {"name": name, "holder": holder, "place": place, "since": now, "beat_at": now})
                    return None
                if row.holder == holder:
                    connection.execute(update(leases).where(mine).values(beat_at=now))
                    return None
                other = _lease(row, now)
                if abs(other.silent) < STALE and not is_gone(other.place):
                    return other
                connection.execute(update(leases).where(mine).values(holder=holder, place=place, since=now, beat_at=now))
                return None
        except Conflict:
            # Two began at the same moment: the other one was quicker.
            return self.holder_of(name, now)

    def release(self, name: str, holder: str) -> None:
        """Give up one's own lease; that of another is left alone."""
        with self._database.writing() as connection:
            connection.execute(delete(leases).where(and_(leases.c.name == name, leases.c.holder == holder)))

    def holder_of(self, name: str, now: datetime) -> Lease | None:
        """Who has a lease, None when nobody does."""
        with self._database.reading() as connection:
            row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
            return None if row is None else _lease(row, _clock(connection, now))


def _lease(row: Row[Any], now: datetime) -> Lease:
    return Lease(row.holder, row.place, row.since, now - row.beat_at)


def _clock(connection: Connection, now: datetime) -> datetime:
    """The instant by the clock that all programs on this database share."""
    if connection.dialect.name != "postgresql":
        return now
    # Not `now()`, which is when the transaction began.
    return connection.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()
