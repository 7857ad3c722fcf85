"""Troubles of the delivery that operators are told of: each beginning once, each end once, across restarts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, insert, select, update

from bot.storage.codec import clean
from bot.storage.database import Database
from bot.storage.locks import lock_alerts
from bot.storage.schema import post_alerts


@dataclass(frozen=True, slots=True)
class NewPostAlert:
    """What begins. `subject` is `post:<id>` or `destination:<name>`, `trouble` a word of `bot.alerts.post_decisions.Trouble`."""

    subject: str
    trouble: str
    destination: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PostAlert:
    """A trouble as stored. It is over once closed; `told_at` is when a message about its beginning had gone out."""

    id: int
    subject: str
    trouble: str
    destination: str
    detail: str
    opened_at: datetime
    told_at: datetime | None
    closed_at: datetime | None


class PostAlerts:
    """One row per trouble. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unfinished(self) -> list[PostAlert]:
        """Those that go on, and those whose end is still to be told, oldest first."""
        query = select(post_alerts).where(post_alerts.c.end_told_at.is_(None)).order_by(post_alerts.c.id)
        with self._database.reading() as connection:
            return [
                PostAlert(
                    id=row.id,
                    subject=row.subject,
                    trouble=row.trouble,
                    destination=row.destination,
                    detail=row.detail,
                    opened_at=row.opened_at,
                    told_at=row.told_at,
                    closed_at=row.closed_at,
                )
                for row in connection.execute(query)
            ]

    def change(self, now: datetime, *, opened: Sequence[NewPostAlert] = (), closed: Collection[int] = ()) -> None:
        """New troubles, and those that are over. The end of a trouble that was never told is not to be told either.

        What another program has opened meanwhile is not opened twice.
        """
        # Untold, and over: nobody need ever hear of it.
        over = {"closed_at": now, "end_told_at": case((post_alerts.c.told_at.is_(None), now), else_=post_alerts.c.end_told_at)}
        with self._database.writing() as connection:
            lock_alerts(connection)
            if closed:
                connection.execute(update(post_alerts).where(post_alerts.c.id.in_(closed), post_alerts.c.closed_at.is_(None)).values(over))
            going_on = connection.execute(select(post_alerts).where(post_alerts.c.closed_at.is_(None)))
            there = {(row.subject, row.trouble) for row in going_on}
            rows = [
                {
                    "subject": new.subject,
                    "trouble": new.trouble,
                    "destination": new.destination,
                    "detail": clean(new.detail),
                    "opened_at": now,
                }
                for new in opened
                if (new.subject, new.trouble) not in there
            ]
            if rows:
                connection.execute(insert(post_alerts), rows)

    def told(self, begun: Collection[int], ended: Collection[int], now: datetime) -> None:
        """A message about these beginnings and ends has gone out."""
        with self._database.writing() as connection:
            if begun:
                connection.execute(update(post_alerts).where(post_alerts.c.id.in_(begun)).values(told_at=now))
            if ended:
                connection.execute(update(post_alerts).where(post_alerts.c.id.in_(ended)).values(end_told_at=now))
