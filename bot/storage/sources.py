"""What is remembered of each source between polls."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update

from bot.domain.folding import clean_or_none
from bot.domain.records import SourceState
from bot.storage.columns import value_of
from bot.storage.database import Repository, put
from bot.storage.schema import backfills, recueils, sources


class SourceStates(Repository):
    """One row per source, by its key."""

    def get(self, key: str) -> SourceState:
        """The state of a source: a fresh one when nothing is remembered of it."""
        row = self._database.first(select(sources).where(sources.c.key == key))
        return SourceState(key) if row is None else value_of(SourceState, row)

    def all(self) -> list[SourceState]:
        """Every source ever saved, by key."""
        return [value_of(SourceState, row) for row in self._database.rows(select(sources).order_by(sources.c.key))]

    def save(self, state: SourceState) -> None:
        """Remember the state, in the place of the one before."""
        values = {**asdict(state), **{name: clean_or_none(getattr(state, name)) for name in ("trail", "error", "moved_to")}}
        with self._database.writing() as connection:
            put(connection, sources, {"key": state.key}, values)

    def clock_set_back(self, by: timedelta, now: datetime) -> None:
        """Move next polls, last polls and next tries of recueils that lie in the future back as far as the clock."""
        instants = ((sources, sources.c.next_check_at), (sources, sources.c.last_ok_at), (recueils, recueils.c.next_try_at))
        with self._database.writing() as connection:
            for table, column in instants:
                [key] = table.primary_key.columns
                for row in connection.execute(select(key, column).where(column > now)).all():
                    connection.execute(update(table).where(key == row[0]).values({column.name: row[1] - by}))


# Which sources were listed back to which day: what a backfill that was stopped need not do again.


class Backfills(Repository):
    """One row per source and day."""

    def listed_at(self, source: str, since: date) -> datetime | None:
        """When the source was last listed completely back to this day or further, None if never."""
        query = select(func.max(backfills.c.listed_at, type_=backfills.c.listed_at.type))
        found: datetime | None = self._database.value(query.where(backfills.c.source == source, backfills.c.since <= since))
        return found

    def listed(self, source: str, since: date, now: datetime) -> None:
        """The source has been listed completely back to this day."""
        with self._database.writing() as connection:
            put(connection, backfills, {"source": source, "since": since}, {"listed_at": now})
