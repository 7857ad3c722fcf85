"""What only one program at a time may be. A lease is taken with a heartbeat; without one for a while, it may be taken over.

Where the holder is known to be gone (same machine, no such process any more) it need not be waited for: the caller tells by `is_gone`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, insert, select, update

from bot.storage.database import Database
from bot.storage.errors import Conflict
from bot.storage.schema import leases

BEAT = timedelta(seconds=20)
STALE = timedelta(seconds=90)
"""Without a heartbeat for so long, the holder is taken for gone. Also a heartbeat so far in the future: a clock was set."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds it: an id of its own, where it runs, since when, and its last sign of life."""

    holder: str
    place: str
    since: datetime
    beat_at: datetime


class Leases:
    """Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, holder: str, place: str, now: datetime, *, is_gone: Callable[[str], bool]) -> Lease | None:
        """Take a lease, or renew one's own. None when it is now ours, else who has it. `is_gone` is asked about the holder's place."""
        try:
            with self._database.writing() as connection:
                row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).one_or_none()
                if row is not None and row.holder == holder:
                    connection.execute(update(leases).where(leases.c.name == name).values(beat_at=now))
                    return None
                if row is not None and abs(now - row.beat_at) < STALE and not is_gone(row.place):
                    return Lease(row.holder, row.place, row.since, row.beat_at)
                values = {"holder": holder, "place": place, "since": now, "beat_at": now}
                if row is None:
                    connection.execute(insert(leases), {"name": name, **values})
                else:
                    connection.execute(update(leases).where(leases.c.name == name).values(values))
                return None
        except Conflict:
            # Two began at the same moment: the other one was quicker.
            return self.holder_of(name)

    def release(self, name: str, holder: str) -> None:
        """Give up one's own lease; that of another is left alone."""
        with self._database.writing() as connection:
            connection.execute(delete(leases).where(and_(leases.c.name == name, leases.c.holder == holder)))

    def holder_of(self, name: str) -> Lease | None:
        """Who has a lease, None when nobody does."""
        with self._database.reading() as connection:
            row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
        return None if row is None else Lease(row.holder, row.place, row.since, row.beat_at)
