"""Stores notifications of operators and followers (each once, across restarts), checks of destinations, and answered mentions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, Table, and_, case, delete, insert, or_, select, update

from bot.domain.posts import DestinationCheck, DestinationTrouble, FollowKind, NoticeState
from bot.domain.records import Alert, NewAlert
from bot.domain.text import clean
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, insert_or_ignore, put
from bot.storage.posts import locked
from bot.storage.schema import destination_checks, followers, follows, mentions, notices


class Alerts(Repository):
    """Troubles of the sources, or of the delivery: one row per trouble."""

    def __init__(self, database: Database, table: Table, cause: str) -> None:
        """`cause` names the column of it."""
        super().__init__(database)
        self._table = table
        self._cause = cause

    def unfinished(self) -> list[Alert]:
        """Return open alerts and those whose end is still to be sent, oldest first."""
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
        """Apply changes of alerts in one transaction: opened (unless open already), closed, dropped without notice, and reopened. A closed
        alert whose message never went out needs no notice of its end.
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
    """Stores per account how far its mentions were answered. Every method raises StorageError."""

    def newest(self, destination: str) -> str | None:
        """Return the id of the newest notification that was dealt with, empty where there was none; None before the first start."""
        found: str | None = self._database.value(select(mentions.c.newest).where(mentions.c.destination == destination))
        return found

    def record(self, destination: str, newest: str) -> None:
        """Store the id of the newest notification that was dealt with."""
        with self._database.writing() as connection:
            put(connection, mentions, {"destination": destination}, {"newest": newest})


# Notices to followers of a department that its source cannot be read. Each is a row before it is a message; an interrupted send counts as
# sent, so none is sent twice.

_SENDING = {NoticeState.UNREAD_DUE: NoticeState.UNREAD_SENDING, NoticeState.READ_DUE: NoticeState.READ_SENDING}


@dataclass(frozen=True, slots=True)
class UnreadNotice:
    """One that is to be sent. `is_end`: the recueils can be read again."""

    chat: int
    authority: str
    is_end: bool


class Notices(Repository):
    """Notices of all chats. Every method raises StorageError."""

    def update(
        self,
        unread: Mapping[str, Collection[str]],
        readable: Collection[str],
        now: datetime,
        regions: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Note which authorities cannot be read, with their departments, and which can again.

        Followers of a department, of a commune there or of its region (`regions`: region code by department code) get a notice of the
        failure, and those notified one of the end. Other authorities stay as they were.
        """
        with self._database.writing() as connection:
            concerned = {code: select(follows.c.chat).where(_in(departments, regions)) for code, departments in sorted(unread.items())}
            whose = or_(followers.c.chat.in_(select(notices.c.chat)), *(followers.c.chat.in_(query) for query in concerned.values()))
            # Whoever forgets or tidies locks them in the same order.
            there = set(connection.execute(locked(whose)).scalars())
            for authority, query in concerned.items():
                new = {"authority": authority, "state": NoticeState.UNREAD_DUE, "changed_at": now}
                rows = [{"chat": chat, **new} for chat in sorted(there.intersection(connection.execute(query).scalars()))]
                # Who follows nothing there any more needs no beginning.
                left = and_(notices.c.authority == authority, notices.c.state == NoticeState.UNREAD_DUE, notices.c.chat.not_in(query))
                connection.execute(delete(notices).where(left))
                if rows:
                    connection.execute(insert_or_ignore(connection, notices), rows)
            again = and_(notices.c.authority.not_in(sorted(readable)), notices.c.state == NoticeState.READ_DUE)
            connection.execute(update(notices).where(again).values(state=NoticeState.UNREAD_SENT, changed_at=now))
            no_more = and_(notices.c.authority.not_in(sorted(unread)), notices.c.state == NoticeState.UNREAD_DUE)
            connection.execute(delete(notices).where(no_more))
            over = and_(notices.c.authority.in_(sorted(readable)), notices.c.state == NoticeState.UNREAD_SENT)
            sent = update(notices).where(over)
            connection.execute(sent.values(state=NoticeState.READ_DUE, changed_at=now))

    def due(self, limit: int) -> list[UnreadNotice]:
        """Return at most `limit` notices to send, except for chats that are paused or blocked."""
        takes = and_(followers.c.paused_at.is_(None), followers.c.blocked_at.is_(None))
        query = select(notices).join(followers, followers.c.chat == notices.c.chat).where(takes, notices.c.state.in_(list(_SENDING)))
        rows = self._database.rows(query.order_by(notices.c.authority, notices.c.chat).limit(limit))
        return [UnreadNotice(row.chat, row.authority, row.state is NoticeState.READ_DUE) for row in rows]

    def claim(self, notice: UnreadNotice, now: datetime) -> bool:
        """Mark a notice as being sent; return false where it is no longer due."""
        before = NoticeState.READ_DUE if notice.is_end else NoticeState.UNREAD_DUE
        return self._move(notice, before, _SENDING[before], now)

    def put_back(self, notice: UnreadNotice, now: datetime) -> None:
        """Note that a notice was certainly not sent."""
        before = NoticeState.READ_DUE if notice.is_end else NoticeState.UNREAD_DUE
        self._move(notice, _SENDING[before], before, now)

    def sent(self, notice: UnreadNotice, now: datetime) -> None:
        """Note that a notice was sent, or may have been."""
        if notice.is_end:
            self._database.write(delete(notices).where(_row(notice), notices.c.state == NoticeState.READ_SENDING))
        else:
            self._move(notice, NoticeState.UNREAD_SENDING, NoticeState.UNREAD_SENT, now)

    def recover(self, now: datetime) -> None:
        """Take what a process left that is gone for sent."""
        with self._database.writing() as connection:
            connection.execute(delete(notices).where(notices.c.state == NoticeState.READ_SENDING))
            left = update(notices).where(notices.c.state == NoticeState.UNREAD_SENDING)
            connection.execute(left.values(state=NoticeState.UNREAD_SENT, changed_at=now))

    def _move(self, notice: UnreadNotice, before: NoticeState, after: NoticeState, now: datetime) -> bool:
        this = update(notices).where(_row(notice), notices.c.state == before)
        return self._database.write(this.values(state=after, changed_at=now)) > 0


def _row(notice: UnreadNotice) -> ColumnElement[bool]:
    return and_(notices.c.chat == notice.chat, notices.c.authority == notice.authority)


def _in(departments: Collection[str], regions: Mapping[str, str]) -> ColumnElement[bool]:
    """Match follows of these departments, of their communes, or of their regions."""
    communes = [and_(follows.c.kind == FollowKind.COMMUNE, follows.c.value.startswith(code)) for code in sorted(departments)]
    around = sorted({regions[code] for code in departments if code in regions})
    return or_(
        and_(follows.c.kind == FollowKind.DEPARTMENT, follows.c.value.in_(sorted(departments))),
        and_(follows.c.kind == FollowKind.REGION, follows.c.value.in_(around)),
        *communes,
    )
