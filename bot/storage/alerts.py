"""Troubles that operators are notified of: each beginning once, each end once, across restarts. What else is one row per destination: its
last check, and how far its mentions are answered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Table, case, insert, select, update

from bot.domain.folding import clean
from bot.domain.posts import DestinationCheck, DestinationTrouble
from bot.domain.records import Alert, NewAlert
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, insert_or_ignore, put
from bot.storage.schema import destination_checks, mentions


class Alerts(Repository):
    """Troubles of the sources, or of the delivery: one row per trouble."""

    def __init__(self, database: Database, table: Table, cause: str) -> None:
        """`cause` names the column of it."""
        super().__init__(database)
        self._table = table
        self._cause = cause

    def unfinished(self) -> list[Alert]:
        """Those that go on, and those whose end is still to be sent, oldest first."""
        query = select(self._table).where(self._table.c.end_notified_at.is_(None)).order_by(self._table.c.id)
        return [value_of(Alert, row, cause=row._mapping[self._cause]) for row in self._database.rows(query)]

    def change(
        self,
        now: datetime,
        *,
        opened: Sequence[NewAlert] = (),
        closed: Collection[int] = (),
        dropped: Collection[int] = (),
        reopened: Collection[int] = (),
    ) -> None:
        """New troubles, those that are over, those that are over without anybody having to hear of it, and those that go on after all.

        All or none.
        The end of a trouble of which no message went out needs none either. What another program has opened meanwhile is not opened twice.
        """
        table = self._table
        over = {"closed_at": now, "end_notified_at": case((table.c.notified_at.is_(None), now), else_=table.c.end_notified_at)}
        with self._database.writing() as connection:
            if closed:
                connection.execute(update(table).where(table.c.id.in_(closed), table.c.closed_at.is_(None)).values(over))
            if dropped:
                connection.execute(update(table).where(table.c.id.in_(dropped)).values(closed_at=now, end_notified_at=now))
            if reopened:
                connection.execute(update(table).where(table.c.id.in_(reopened)).values(closed_at=None))
            going_on = connection.execute(select(table.c.subject, table.c[self._cause]).where(table.c.closed_at.is_(None)))
            there = {(subject, cause) for subject, cause in going_on}
            new = [one for one in opened if (one.subject, one.cause) not in there]
            rows = [{**asdict(one), "detail": clean(one.detail), "opened_at": now, self._cause: one.cause} for one in new]
            if rows:
                connection.execute(insert(table), [{name: row[name] for name in row if name in table.c} for row in rows])

    def notified(self, begun: Collection[int], ended: Collection[int], now: datetime) -> None:
        """A message about these beginnings and ends has gone out."""
        with self._database.writing() as connection:
            if begun:
                connection.execute(update(self._table).where(self._table.c.id.in_(begun)).values(notified_at=now))
            if ended:
                connection.execute(update(self._table).where(self._table.c.id.in_(ended)).values(end_notified_at=now))


class DestinationChecks(Repository):
    """The last check of each destination, one row each."""

    def all(self) -> dict[str, DestinationCheck]:
        """The last check of each destination that was ever checked, by its name."""
        rows = self._database.rows(select(destination_checks))
        return {row.destination: value_of(DestinationCheck, row, detail=row.detail or "") for row in rows}

    def record(self, destination: str, trouble: DestinationTrouble | None, detail: str, now: datetime) -> None:
        """What a check found. As long as that is the same trouble, `since` stays."""
        found = {"trouble": trouble, "detail": clean(detail), "since": now, "checked_at": now}
        mine = destination_checks.c.destination == destination
        same = destination_checks.c.trouble.is_not_distinct_from(trouble)
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, destination_checks), {"destination": destination, **found})
            connection.execute(
                update(destination_checks).where(mine).values({**found, "since": case((same, destination_checks.c.since), else_=now)})
            )


class AnsweredMentions(Repository):
    """How far the mentions of each account are answered, one row each. Every method raises StorageError."""

    def newest(self, destination: str) -> str | None:
        """Return the id of the newest notification that was dealt with, empty where there was none; None before the first start."""
        found: str | None = self._database.value(select(mentions.c.newest).where(mentions.c.destination == destination))
        return found

    def record(self, destination: str, newest: str) -> None:
        """Store the id of the newest notification that was dealt with."""
        with self._database.writing() as connection:
            put(connection, mentions, {"destination": destination}, {"newest": newest})
