"""What chats that follow a department are notified of its source: once that it cannot be read, and once that it can again.

A notice is a row before it is a message. One whose sending was cut short is taken for sent: it is never there twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from bot.domain.routing import FollowKind, NoticeState
from bot.storage.database import Repository, insert_or_ignore
from bot.storage.posts import locked
from bot.storage.schema import followers, follows, notices

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
        """Note which authorities cannot be read, with the departments in which each decides, and which can. Whoever follows one of these
        departments, a commune there, or its region (`regions`: the code of each by that of a department) is to be notified; whoever was
        notified of one that is `readable` is to be notified of that. Of any other nothing can be said: it stays as it was.
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
        """Return notices to send, at most so many, but for chats that are paused or take no messages."""
        takes = and_(followers.c.paused_at.is_(None), followers.c.blocked_at.is_(None))
        query = select(notices).join(followers, followers.c.chat == notices.c.chat).where(takes, notices.c.state.in_(list(_SENDING)))
        rows = self._database.rows(query.order_by(notices.c.authority, notices.c.chat).limit(limit))
        return [UnreadNotice(row.chat, row.authority, row.state is NoticeState.READ_DUE) for row in rows]

    def claim(self, notice: UnreadNotice, now: datetime) -> bool:
        """Note that a notice is being sent; false where it is no longer to be sent."""
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
    """A follow of one of these departments, of a commune there, or of the region."""
    communes = [and_(follows.c.kind == FollowKind.COMMUNE, follows.c.value.startswith(code)) for code in sorted(departments)]
    around = sorted({regions[code] for code in departments if code in regions})
    return or_(
        and_(follows.c.kind == FollowKind.DEPARTMENT, follows.c.value.in_(sorted(departments))),
        and_(follows.c.kind == FollowKind.REGION, follows.c.value.in_(around)),
        *communes,
    )
