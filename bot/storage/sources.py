"""What is remembered of each source between polls."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update

from bot.domain.folding import clean_or_none
from bot.domain.records import SourceState
from bot.storage.columns import value_of
from bot.storage.database import Database, insert_or_ignore
from bot.storage.schema import backfills, recueils, sources


class SourceStates:
    """One row per source, by its key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> SourceState:
        """The state of a source: a fresh one when nothing is remembered of it. Raises StorageError."""
        with self._database.reading() as connection:
            row = connection.execute(select(sources).where(sources.c.key == key)).one_or_none()
        return SourceState(key) if row is None else value_of(SourceState, row)

    def all(self) -> list[SourceState]:
        """Every source ever saved, by key. Raises StorageError."""
        with self._database.reading() as connection:
            return [value_of(SourceState, row) for row in connection.execute(select(sources).order_by(sources.c.key))]

    def save(self, state: SourceState) -> None:
        """Remember the state, in the place of the one before. Raises StorageError."""
        values = {**asdict(state), **{name: clean_or_none(getattr(state, name)) for name in ("trail", "error", "moved_to")}}
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, sources), values)
            connection.execute(update(sources).where(sources.c.key == state.key).values(values))

    def clock_set_back(self, by: timedelta, now: datetime) -> None:
        """Move next polls, last polls and next tries of recueils that lie in the future back as far as the clock. Raises StorageError."""
        instants = ((sources, sources.c.next_check_at), (sources, sources.c.last_ok_at), (recueils, recueils.c.next_try_at))
        with self._database.writing() as connection:
            for table, column in instants:
                [key] = table.primary_key.columns
                for row in connection.execute(select(key, column).where(column > now)).all():
                    connection.execute(update(table).where(key == row[0]).values({column.name: row[1] - by}))


# Which sources were listed back to which day: what a backfill that was stopped need not do again.


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
