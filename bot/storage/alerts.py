"""Stores notifications of operators and followers (each once, across restarts), checks of destinations, and answered mentions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, Select, Table, Text, and_, case, cast, delete, exists, insert, literal, or_, select, update

from bot.domain.acts import Decree
from bot.domain.posts import CHATS, DestinationCheck, DestinationTrouble, FollowKind, NoticeState, PostState
from bot.domain.records import Alert, NewAlert
from bot.domain.text import clean
from bot.storage.acts import withdrawn_among
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, insert_or_ignore, put
from bot.storage.decrees import load_decrees
from bot.storage.posts import locked
from bot.storage.schema import decrees, destination_checks, followers, follows, mentions, notices, posts


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


# Notices to followers of a department that its source cannot be read, and of a decree that it is withdrawn. Each is a row before it is a
# message; an interrupted send counts as sent, so none is sent twice.

_SENDING = {NoticeState.DUE: NoticeState.SENDING, NoticeState.END_DUE: NoticeState.END_SENDING}


_DECREE = "decree:"
_NOTIFIED_FOR = timedelta(days=30)
"""How long after its withdrawal chats are notified of that of a decree: those that are paused until then are not."""


@dataclass(frozen=True, slots=True)
class FollowerNotice:
    """One that is to be sent, about an authority or a `decree`. `is_end`: the recueils can be read again, the decree stands again."""

    chat: int
    subject: str
    is_end: bool
    decree: Decree | None = None


class Notices(Repository):
    """Notices of all chats. Every method raises StorageError."""

    def update(
        self,
        unread: Mapping[str, Collection[str]],
        readable: Collection[str],
        now: datetime,
        regions: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Note which authorities cannot be read, with their departments, and which can again; and which decrees people withdrew.

        Followers of a department, a commune there or its region (`regions`: region code by department code) get a notice of the failure,
        followers of a decree and chats that were sent it one of its withdrawal, those notified one of the end.
        """
        with self._database.writing() as connection:
            concerned = {code: select(follows.c.chat).where(_in(departments, regions)) for code, departments in sorted(unread.items())}
            gone = select(decrees.c.id).where(decrees.c.withdrawn_at > now - _NOTIFIED_FOR).order_by(decrees.c.id)
            concerned |= {f"{_DECREE}{one}": _chats_concerned_by(one) for one in connection.execute(gone).scalars()}
            subjects = connection.execute(select(notices.c.subject).distinct().where(notices.c.subject.startswith(_DECREE))).scalars()
            known = {int(subject.removeprefix(_DECREE)) for subject in subjects}
            over = sorted({*readable, *(f"{_DECREE}{one}" for one in known - withdrawn_among(connection, known))})
            whose = or_(followers.c.chat.in_(select(notices.c.chat)), *(followers.c.chat.in_(query) for query in concerned.values()))
            # Whoever forgets or tidies locks them in the same order.
            there = set(connection.execute(locked(whose)).scalars())
            for subject, query in concerned.items():
                new = {"subject": subject, "state": NoticeState.DUE, "changed_at": now}
                rows = [{"chat": chat, **new} for chat in sorted(there.intersection(connection.execute(query).scalars()))]
                # Who follows nothing of it any more needs no beginning.
                left = and_(notices.c.subject == subject, notices.c.state == NoticeState.DUE, notices.c.chat.not_in(query))
                connection.execute(delete(notices).where(left))
                if rows:
                    connection.execute(insert_or_ignore(connection, notices), rows)
            again = and_(notices.c.subject.not_in(over), notices.c.state == NoticeState.END_DUE)
            connection.execute(update(notices).where(again).values(state=NoticeState.SENT, changed_at=now))
            no_more = and_(notices.c.subject.not_in(sorted(concerned)), notices.c.state == NoticeState.DUE)
            connection.execute(delete(notices).where(no_more))
            sent = update(notices).where(notices.c.subject.in_(over), notices.c.state == NoticeState.SENT)
            connection.execute(sent.values(state=NoticeState.END_DUE, changed_at=now))

    def due(self, limit: int) -> list[FollowerNotice]:
        """Return at most `limit` notices to send, except for chats that are paused or blocked."""
        takes = and_(followers.c.paused_at.is_(None), followers.c.blocked_at.is_(None))
        query = select(notices).join(followers, followers.c.chat == notices.c.chat).where(takes, notices.c.state.in_(list(_SENDING)))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(notices.c.subject, notices.c.chat).limit(limit)).all()
            ids = {row.subject: int(row.subject.removeprefix(_DECREE)) for row in rows if row.subject.startswith(_DECREE)}
            about = load_decrees(connection, ids.values())
        return [FollowerNotice(row.chat, row.subject, row.state is NoticeState.END_DUE, about.get(ids.get(row.subject, 0))) for row in rows]

    def claim(self, notice: FollowerNotice, now: datetime) -> bool:
        """Mark a notice as being sent; return false where it is no longer due."""
        before = NoticeState.END_DUE if notice.is_end else NoticeState.DUE
        return self._move(notice, before, _SENDING[before], now)

    def put_back(self, notice: FollowerNotice, now: datetime) -> None:
        """Note that a notice was certainly not sent."""
        before = NoticeState.END_DUE if notice.is_end else NoticeState.DUE
        self._move(notice, _SENDING[before], before, now)

    def sent(self, notice: FollowerNotice, now: datetime) -> None:
        """Note that a notice was sent, or may have been."""
        if notice.is_end:
            self._database.write(delete(notices).where(_row(notice), notices.c.state == NoticeState.END_SENDING))
        else:
            self._move(notice, NoticeState.SENDING, NoticeState.SENT, now)

    def recover(self, now: datetime) -> None:
        """Take what a process left that is gone for sent."""
        with self._database.writing() as connection:
            connection.execute(delete(notices).where(notices.c.state == NoticeState.END_SENDING))
            left = update(notices).where(notices.c.state == NoticeState.SENDING)
            connection.execute(left.values(state=NoticeState.SENT, changed_at=now))

    def _move(self, notice: FollowerNotice, before: NoticeState, after: NoticeState, now: datetime) -> bool:
        this = update(notices).where(_row(notice), notices.c.state == before)
        return self._database.write(this.values(state=after, changed_at=now)) > 0


def _row(notice: FollowerNotice) -> ColumnElement[bool]:
    return and_(notices.c.chat == notice.chat, notices.c.subject == notice.subject)


def _chats_concerned_by(decree: int) -> Select[int]:
    """Select the chats that follow a decree or were sent it."""
    sent = posts.c.destination == literal(CHATS).concat(cast(followers.c.chat, Text))
    has_it = exists().where(posts.c.decree_id == decree, posts.c.state == PostState.SENT, sent)
    follow = exists().where(follows.c.chat == followers.c.chat, follows.c.kind == FollowKind.DECREE, follows.c.value == str(decree))
    return select(followers.c.chat).where(or_(has_it, follow))


def _in(departments: Collection[str], regions: Mapping[str, str]) -> ColumnElement[bool]:
    """Match follows of these departments, of their communes, or of their regions."""
    communes = [and_(follows.c.kind == FollowKind.COMMUNE, follows.c.value.startswith(code)) for code in sorted(departments)]
    around = sorted({regions[code] for code in departments if code in regions})
    return or_(
        and_(follows.c.kind == FollowKind.DEPARTMENT, follows.c.value.in_(sorted(departments))),
        and_(follows.c.kind == FollowKind.REGION, follows.c.value.in_(around)),
        *communes,
    )
