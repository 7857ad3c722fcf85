"""Troubles that operators are told of: each beginning once, each end once, across restarts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, case, insert, select, update

from bot.domain import DestinationCheck, DestinationTrouble
from bot.domain.folding import clean
from bot.domain.records import Alert, NewAlert
from bot.storage.database import Database, insert_or_ignore
from bot.storage.schema import alerts, destination_checks, post_alerts


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


# Troubles of the delivery: what the last check of each destination found, and what operators are told, once, across restarts.


@dataclass(frozen=True, slots=True)
class NewPostAlert:
    """What begins. `subject` is `post:<id>` or `destination:<name>`, `trouble` a word of `bot.operators.post_alerts.PostTrouble`."""

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


class DestinationChecks:
    """One row per destination. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, DestinationCheck]:
        """The last check of each destination that was ever checked, by its name."""
        with self._database.reading() as connection:
            return {
                row.destination: DestinationCheck(
                    row.destination,
                    None if row.trouble is None else DestinationTrouble(row.trouble),
                    row.detail or "",
                    row.since,
                    row.checked_at,
                )
                for row in connection.execute(select(destination_checks))
            }

    def record(self, destination: str, trouble: DestinationTrouble | None, detail: str, now: datetime) -> None:
        """What a check found. As long as that is the same trouble, `since` stays."""
        found = {"trouble": None if trouble is None else trouble.value, "detail": clean(detail), "since": now, "checked_at": now}
        mine = destination_checks.c.destination == destination
        same = destination_checks.c.trouble.is_not_distinct_from(found["trouble"])
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, destination_checks), {"destination": destination, **found})
            connection.execute(
                update(destination_checks).where(mine).values({**found, "since": case((same, destination_checks.c.since), else_=now)})
            )
