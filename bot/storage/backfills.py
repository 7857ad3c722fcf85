"""Which sources were listed back to which day: what a backfill that was stopped need not do again."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select, update

from bot.storage.database import Database
from bot.storage.schema import backfills
from bot.storage.upsert import insert_or_ignore


class Backfills:
    """One row per source and day. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed_at(self, source: str, since: date) -> datetime | None:
        """When the source was last listed completely back to this day or further, None if never."""
        query = select(func.max(backfills.c.listed_at, type_=backfills.c.listed_at.type))
        with self._database.reading() as connection:
            found: datetime | None = connection.execute(query.where(backfills.c.source == source, backfills.c.since <= since)).scalar_one()
        return found

    def listed(self, source: str, since: date, now: datetime) -> None:
        """The source has been listed completely back to this day."""
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, backfills), {"source": source, "since": since, "listed_at": now})
            same = update(backfills).where(backfills.c.source == source, backfills.c.since == since)
            connection.execute(same.values(listed_at=now))
