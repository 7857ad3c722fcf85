"""The outbox: every post is a row before it is a message, and one program at a time holds it.

`claim` and `unknown_due` give a post to this store (its *holder*) for a lease. A held post is changed by its holder only: an answer that
comes late, after the lease ended and another program took over, changes nothing, but for `sent`, which is always true. A program that is
killed while sending leaves a post SENDING; once its lease is over it becomes UNKNOWN, to be looked for before any retry.
There is no other way to tell a killed program from a slow one: process ids mean nothing from one container to the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, update

from bot.model import Post, PostState
from bot.storage.codec import clean
from bot.storage.database import Database
from bot.storage.decree_rows import load_decrees
from bot.storage.errors import NoSuchRow
from bot.storage.schema import holds, posts
from bot.storage.upsert import insert_or_ignore

LEASE = timedelta(minutes=5)
"""How long a send or a look-up may take before another program may take over. Longer than any request with its time-outs."""

_WAITING = (PostState.QUEUED, PostState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class References:
    """What is recorded of one destination, to look there for one post: the platform's ids of messages.

    `before` is the greatest whole number among the ids of the posts sent before that post existed, so that its own message can only
    come after; None when there is none. Ids that are no numbers have no order, and are never `before`. `known` are the ids of all posts
    sent there.
    """

    before: str | None
    known: frozenset[str]


class Outbox:
    """Posts of every destination, in the order they were recorded. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._lease = lease
        self._holder = uuid.uuid4().hex

    def claim(self, destination: str, now: datetime) -> Post | None:
        """The oldest due QUEUED post of the destination, now SENDING and ours alone. None while the destination is on hold."""
        due = and_(posts.c.state == PostState.QUEUED, _is_due(now))
        with self._database.writing() as connection:
            taken = self._take(connection, _oldest(destination, due, now).limit(1), now, {"state": PostState.SENDING.value})
            if taken:
                connection.execute(update(posts).where(posts.c.id == taken[0]).values(attempts=posts.c.attempts + 1))
            return next(iter(_load(connection, posts.c.id.in_(taken))), None)

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        """The posts of the destination to look for now, oldest first, ours alone for a lease: those UNKNOWN whose time has come, and
        those that a program left SENDING, now UNKNOWN too. Empty while the destination is on hold.
        """
        due = and_(posts.c.state == PostState.UNKNOWN, _is_due(now))
        with self._database.writing() as connection:
            self._recover(connection, now)
            taken = self._take(connection, _oldest(destination, due, now), now, {"not_before": now + self._lease})
            return _load(connection, posts.c.id.in_(taken))

    def sent(self, post_id: int, reference: str, now: datetime) -> None:
        """The platform has it, under this id. Always accepted: it is true whoever says it. Raises NoSuchRow."""
        values = {"state": PostState.SENT, "reference": clean(reference), "closed_at": now, "error": None, "not_before": None}
        self._change(post_id, posts.c.state != PostState.SENT, values)

    def requeue(self, post_id: int, error: str, not_before: datetime | None) -> None:
        """Certainly not sent: to be sent again. Also for one that was refused, once an operator has mended the cause.

        Changes nothing when another program has taken over. Raises NoSuchRow.
        """
        values = {"state": PostState.QUEUED, "error": clean(error), "not_before": not_before, "closed_at": None}
        self._change(post_id, or_(self._is_ours(), posts.c.state == PostState.REFUSED), values)

    def refused(self, post_id: int, error: str, now: datetime) -> None:
        """Certainly not sent, and of no use to try again. Changes nothing when another program has taken over. Raises NoSuchRow."""
        values = {"state": PostState.REFUSED, "error": clean(error), "not_before": None, "closed_at": now}
        self._change(post_id, self._is_ours(), values)

    def unknown(self, post_id: int, error: str, not_before: datetime | None) -> None:
        """Sent perhaps: to be looked for. Changes nothing when another program has taken over. Raises NoSuchRow."""
        self._change(post_id, self._is_ours(), {"state": PostState.UNKNOWN, "error": clean(error), "not_before": not_before})

    def recover(self, now: datetime) -> int:
        """Make UNKNOWN every post left SENDING whose lease is over, by whatever program. Returns how many. `unknown_due` does it too."""
        with self._database.writing() as connection:
            return self._recover(connection, now)

    def hold(self, destination: str, not_before: datetime) -> None:
        """Give nothing to this destination before then. A later time already set stays."""
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, holds), {"destination": destination, "until": not_before})
            earlier = and_(holds.c.destination == destination, holds.c.until < not_before)
            connection.execute(update(holds).where(earlier).values(until=not_before))

    def held_until(self, destination: str) -> datetime | None:
        """When the destination may be used again, as last set by `hold`; it may be past."""
        with self._database.reading() as connection:
            return connection.execute(select(holds.c.until).where(holds.c.destination == destination)).scalar_one_or_none()

    def next_due(self, now: datetime, destinations: Collection[str] | None = None) -> datetime | None:
        """When there will next be something to do (never before `now`), None when nothing waits.

        Give the configured destinations: posts of one that is no longer configured stay, and would be due for ever.
        """
        when = func.coalesce(posts.c.not_before, posts.c.created_at)
        waiting = (
            select(func.min(when).label("due"), holds.c.until)
            .outerjoin(holds, holds.c.destination == posts.c.destination)
            .where(posts.c.state.in_(_WAITING))
            .group_by(posts.c.destination, holds.c.until)
        )
        sending = select(func.min(posts.c.claimed_at)).where(posts.c.state == PostState.SENDING)
        if destinations is not None:
            ours = posts.c.destination.in_(sorted(destinations))
            waiting, sending = waiting.where(ours), sending.where(ours)
        with self._database.reading() as connection:
            times = [max(row.due, row.until or row.due, now) for row in connection.execute(waiting)]
            claimed = connection.execute(sending).scalar_one()
        if claimed is not None:
            times.append(max(claimed + self._lease, now))
        return min(times, default=None)

    def for_decrees(self, decrees: Sequence[int]) -> list[Post]:
        """All posts of these decrees, oldest first."""
        with self._database.reading() as connection:
            return _load(connection, posts.c.decree_id.in_(sorted(set(decrees))))

    def references(self, post_id: int) -> References:
        """The messages known at the destination of this post. Raises NoSuchRow."""
        this = posts.alias()
        # The id too: programs whose clocks disagree must not make a later post an earlier one.
        earlier = and_(posts.c.closed_at < this.c.created_at, posts.c.id < this.c.id)
        sent = select(posts.c.reference, earlier.label("earlier")).join(
            this, and_(this.c.destination == posts.c.destination, this.c.id == post_id)
        )
        with self._database.reading() as connection:
            _require(connection, post_id)
            rows = connection.execute(sent.where(posts.c.state == PostState.SENT)).all()
        numbers = (row.reference for row in rows if row.earlier and row.reference.isascii() and row.reference.isdigit())
        return References(max(numbers, key=int, default=None), frozenset(row.reference for row in rows))

    def counts(self) -> dict[str, dict[PostState, int]]:
        """How many in each state, by destination. States and destinations without any are left out."""
        query = (
            select(posts.c.destination, posts.c.state, func.count())
            .group_by(posts.c.destination, posts.c.state)
            .order_by(posts.c.destination, posts.c.state)
        )
        result: dict[str, dict[PostState, int]] = {}
        with self._database.reading() as connection:
            for destination, state, number in connection.execute(query):
                result.setdefault(destination, {})[PostState(state)] = number
        return result

    def _take(self, connection: Connection, which: Select[int], now: datetime, values: dict[str, Any]) -> list[int]:
        # PostgreSQL: rows that another program is taking are passed over. SQLite: the whole transaction is exclusive already.
        ids = list(connection.execute(which.with_for_update(skip_locked=True)).scalars())
        connection.execute(update(posts).where(posts.c.id.in_(ids)).values(holder=self._holder, claimed_at=now, **values))
        return ids

    def _is_ours(self) -> ColumnElement[bool]:
        return and_(posts.c.holder == self._holder, posts.c.state.in_((PostState.SENDING, PostState.UNKNOWN)))

    def _recover(self, connection: Connection, now: datetime) -> int:
        lost = and_(posts.c.state == PostState.SENDING, posts.c.claimed_at <= now - self._lease)
        values = {"state": PostState.UNKNOWN, "error": "the program was stopped while sending", "not_before": now, "holder": None}
        return connection.execute(update(posts).where(lost).values(values)).rowcount

    def _change(self, post_id: int, allowed: ColumnElement[bool], values: dict[str, Any]) -> None:
        with self._database.writing() as connection:
            changed = connection.execute(update(posts).where(posts.c.id == post_id, allowed).values(values)).rowcount
            if not changed:
                _require(connection, post_id)


def _require(connection: Connection, post_id: int) -> None:
    if not connection.execute(select(exists().where(posts.c.id == post_id))).scalar_one():
        raise NoSuchRow(f"no post has the id {post_id}")


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(posts.c.not_before.is_(None), posts.c.not_before <= now)


def _oldest(destination: str, due: ColumnElement[bool], now: datetime) -> Select[int]:
    held = exists().where(holds.c.destination == destination, holds.c.until > now)
    return select(posts.c.id).where(posts.c.destination == destination, due, ~held).order_by(posts.c.id)


def _load(connection: Connection, which: ColumnElement[bool]) -> list[Post]:
    rows = connection.execute(select(posts).where(which).order_by(posts.c.id)).all()
    decrees = load_decrees(connection, [row.decree_id for row in rows])
    return [
        Post(
            id=row.id,
            key=row.key,
            destination=row.destination,
            decree=decrees[row.decree_id],
            state=PostState(row.state),
            attempts=row.attempts,
            not_before=row.not_before,
            reference=row.reference,
            error=row.error,
        )
        for row in rows
    ]
