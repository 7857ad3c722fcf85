"""Troubles that operators are told of: each beginning once, each end once, across restarts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Row, case, insert, select, update

from bot.domain.folding import clean
from bot.domain.records import Alert, NewAlert
from bot.storage.database import Database
from bot.storage.schema import alerts


class Alerts:
    """One row per trouble. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unfinished(self) -> list[Alert]:
        """Those that go on, and those whose end is still to be told, oldest first."""
        query = select(alerts).where(alerts.c.end_told_at.is_(None)).order_by(alerts.c.id)
        with self._database.reading() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def change(
        self,
        now: datetime,
        *,
        opened: Sequence[NewAlert] = (),
        closed: Collection[int] = (),
        dropped: Collection[int] = (),
        reopened: Collection[int] = (),
    ) -> None:
        """New troubles, those that are over, those that are over without anybody having to be told, and those that go on after all.

        All or none.
        The end of a trouble that was never told is not to be told either. What another program has opened meanwhile is not opened twice.
        """
        over = {"closed_at": now, "end_told_at": case((alerts.c.told_at.is_(None), now), else_=alerts.c.end_told_at)}
        with self._database.writing() as connection:
            if closed:
                connection.execute(update(alerts).where(alerts.c.id.in_(closed)).values(over))
            if dropped:
                connection.execute(update(alerts).where(alerts.c.id.in_(dropped)).values(closed_at=now, end_told_at=now))
            if reopened:
                connection.execute(update(alerts).where(alerts.c.id.in_(reopened)).values(closed_at=None))
            there = {(row.subject, row.cause) for row in connection.execute(select(alerts).where(alerts.c.closed_at.is_(None)))}
            rows = [
                {"subject": new.subject, "cause": new.cause, "detail": clean(new.detail), "opened_at": now}
                for new in opened
                if (new.subject, new.cause) not in there
            ]
            if rows:
                connection.execute(insert(alerts), rows)

    def told(self, begun: Collection[int], ended: Collection[int], now: datetime) -> None:
        """A message about these beginnings and ends has gone out."""
        with self._database.writing() as connection:
            if begun:
                connection.execute(update(alerts).where(alerts.c.id.in_(begun)).values(told_at=now))
            if ended:
                connection.execute(update(alerts).where(alerts.c.id.in_(ended)).values(end_told_at=now))


def _alert(row: Row[tuple[object, ...]]) -> Alert:
    return Alert(
        id=row.id,
        subject=row.subject,
        cause=row.cause,
        detail=row.detail,
        opened_at=row.opened_at,
        told_at=row.told_at,
        closed_at=row.closed_at,
    )
