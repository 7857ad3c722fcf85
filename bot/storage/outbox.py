"""The outbox: every post is a row before it is a message, and one program at a time holds it.

`claim` and `unknown_due` give a post to this store (its *holder*) for a lease: see `bot.storage.holding`. Meanwhile
nobody else changes it but a person; `sent` alone is accepted from whoever says it.

The posts of a digest are one message: which they are is recorded before it is sent, and from then on they change together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, update

from bot.model import Post, PostCause, PostState
from bot.storage import backlog, waiting
from bot.storage.backlog import Load
from bot.storage.codec import clean
from bot.storage.database import Database
from bot.storage.holding import Holder
from bot.storage.marks import as_text
from bot.storage.outbox_rows import is_due, is_in_doubt, is_resting, load_messages, load_rows, of_message
from bot.storage.post_states import require, values_of
from bot.storage.replies import with_reply
from bot.storage.schema import posts
from bot.storage.shown import shown_by
from bot.storage.withdrawing import refuse_withdrawn

LEASE = timedelta(minutes=5)
"""How long a send or a look-up may take before another program may take over: longer than any request with its time-outs. A send that takes
longer, because it is made of many requests, is renewed meanwhile."""


class Outbox:
    """Posts of every destination, in the order they were recorded. Every method raises StorageError when the database cannot do it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = Holder(LEASE)

    def run_at(self, place: str, is_gone: Callable[[str], bool]) -> None:
        """Note from now on that messages are held from this place, and ask `is_gone` of that of others: whether the program there has
        certainly ended. Without it a killed program is known by its lease alone.
        """
        self._holder.run_at(place, is_gone)

    def claim(self, destination: str, now: datetime) -> Post | None:
        """The oldest due PENDING message of the destination, now SENDING and ours alone. None while the destination is on hold.

        What would go out before a post of a decree that it changes is put off, and leaves its digest.
        """
        due = and_(posts.c.state == PostState.PENDING, is_due(now))
        with self._database.writing() as connection:
            refuse_withdrawn(connection, now)
            oldest = _oldest(destination, due, now).limit(1).with_for_update(skip_locked=True)
            while (first := connection.execute(oldest).scalar_one_or_none()) is not None:
                digest = select(posts.c.digest).where(posts.c.id == first).scalar_subquery()
                whole = and_(posts.c.state == PostState.PENDING, or_(posts.c.id == first, posts.c.digest == digest))
                # PostgreSQL: another program that takes the same digest waits here, and then finds it taken.
                ids = list(connection.execute(select(posts.c.id).where(whole).order_by(posts.c.id).with_for_update()).scalars())
                ids = waiting.without_early(connection, ids, now)
                if ids:
                    self._holder.hold(connection, ids, now, {"state": PostState.SENDING.value, "attempts": posts.c.attempts + 1})
                    return next(iter(_about_to_be_told(connection, load_messages(connection, posts.c.id.in_(ids)))), None)
            return None

    def in_doubt(self, destination: str) -> bool:
        """Whether a message there is being sent, or may have been and is still to be looked for: what follows it would overtake it."""
        query = select(exists().where(posts.c.destination == destination, is_in_doubt(posts)))
        with self._database.reading() as connection:
            return bool(connection.execute(query).scalar_one())

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        """The messages of the destination to look for now, oldest first, ours alone for a lease: those UNKNOWN whose time has come, and
        those that a program left SENDING, now UNKNOWN too. Empty while the destination is on hold.
        """
        due = and_(posts.c.state == PostState.UNKNOWN, is_due(now))
        with self._database.writing() as connection:
            self._holder.recover(connection, now)
            # PostgreSQL: rows that another program is taking are passed over. SQLite: the whole transaction is exclusive already.
            ids = list(connection.execute(_oldest(destination, due, now).with_for_update(skip_locked=True)).scalars())
            self._holder.hold(connection, ids, now, {"not_before": now + self._holder.lease, "changed_at": now})
            return load_messages(connection, posts.c.id.in_(ids))

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None) -> None:
        """The platform has the message, under this id. Always accepted: it is true whoever says it. Raises NoSuchRow."""
        values: dict[str, Any] = {"state": PostState.SENT, "reference": clean(reference), "closed_at": now, "error": None}
        values |= {"not_before": None, "holder": None, "looks": 0} | ({} if cause is None else {"cause": cause.value})
        digest = select(posts.c.digest).where(posts.c.id == post_id).scalar_subquery()
        whole = or_(posts.c.id == post_id, posts.c.digest == digest)
        with self._database.writing() as connection:
            if not connection.execute(update(posts).where(whole, posts.c.state != PostState.SENT).values(values)).rowcount:
                require(connection, post_id)
            waiting.wake(connection, post_id)

    def move(
        self,
        post: Post,
        state: PostState,
        now: datetime,
        *,
        cause: PostCause | None = None,
        error: str | None = None,
        not_before: datetime | None = None,
        looks: int = 0,
    ) -> bool:
        """Take a message that is ours from the state that `post` tells to another; `cause` None leaves the last one.

        Changes nothing, and gives False, when another program or a person has taken over. Raises NoSuchRow.
        """
        values = values_of(state, now, cause=cause, error=error, not_before=not_before, looks=looks)
        # Certainly nothing is there: the next try shows what is known then.
        values |= {"shown": None} if state is PostState.REFUSED else {}
        ours = self._holder.ours(post)
        with self._database.writing() as connection:
            changed = connection.execute(update(posts).where(ours).values(values)).rowcount
            if not changed:
                require(connection, post.id)
            if state is PostState.REFUSED:
                waiting.wake(connection, post.id)
        return changed > 0

    def renew(self, post: Post, now: datetime) -> bool:
        """Hold a message that is being sent for another lease from now on; false when another program or a person has taken over."""
        with self._database.writing() as connection:
            return connection.execute(update(posts).where(self._holder.ours(post)).values(claimed_at=now)).rowcount > 0

    def recover(self, now: datetime) -> int:
        """Make UNKNOWN every post left SENDING whose lease is over, or whose program was seen to be gone. Returns how many. `unknown_due`
        does it too.
        """
        with self._database.writing() as connection:
            return self._holder.recover(connection, now)

    def hold(self, destination: str, until: datetime, now: datetime, cause: PostCause | None = None) -> None:
        """Give nothing to this destination before then. A later time already set stays, unless the clock was set back since."""
        with self._database.writing() as connection:
            waiting.hold(connection, destination, until, now, cause)

    def reopen(self, destination: str, now: datetime) -> None:
        """A check found that the destination can be used: make due what waits because it refused or did not answer."""
        with self._database.writing() as connection:
            waiting.reopen(connection, destination, now)

    def held_until(self, destination: str, now: datetime) -> datetime | None:
        """When the destination may be used again; None when it may be now."""
        with self._database.reading() as connection:
            return waiting.held_until(connection, destination, now)

    def idle_since(self, now: datetime) -> dict[str, datetime]:
        """Since when something has been due at each destination while nothing was tried there, by its name."""
        with self._database.reading() as connection:
            return waiting.idle_since(connection, now)

    def next_due(self, now: datetime, destinations: Collection[str] | None = None) -> datetime | None:
        """When there will next be something to do (never before `now`), None when nothing waits.

        Give the configured destinations: posts of one that is no longer configured stay, and would be due for ever.
        """
        with self._database.reading() as connection:
            return waiting.next_due(connection, now, destinations, self._holder.lease)

    def load(self, destination: str, now: datetime, since: datetime) -> Load:
        """How much waits for a destination, and how many messages it got after `since`."""
        with self._database.reading() as connection:
            return backlog.load(connection, destination, now, since)

    def sent_since(self, destination: str, since: datetime) -> list[datetime]:
        """When each message that a destination got after `since` was sent."""
        with self._database.reading() as connection:
            return backlog.sent_since(connection, destination, since)

    def single(self, destination: str, now: datetime) -> list[Post]:
        """The due PENDING posts of a destination that are in no digest, oldest first."""
        with self._database.reading() as connection:
            return load_rows(connection, backlog.is_single(destination, now))

    def gather(self, destination: str, digests: Sequence[Sequence[int]], now: datetime) -> None:
        """Make each of these lists of posts one message, all of them or none. What is no longer due and single is left out.

        Recorded before anything of it is sent: every try of a digest holds the same decrees under the same key.
        """
        with self._database.writing() as connection:
            backlog.gather(connection, destination, digests, now)

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


def _about_to_be_told(connection: Connection, messages: Sequence[Post]) -> list[Post]:
    """With the message that each replies to. What they tell is noted, so that it is known when there is more to tell, and at the first
    try what they are recognised by.
    """
    for message in messages:
        for decree in message.decrees:
            this = and_(of_message(message), posts.c.decree_id == decree.id)
            connection.execute(update(posts).where(this).values(told=as_text(None, decree)))
            connection.execute(update(posts).where(this, posts.c.shown.is_(None)).values(shown=shown_by(decree)))
    return [with_reply(connection, message) for message in messages]


def _oldest(destination: str, due: ColumnElement[bool], now: datetime) -> Select[int]:
    return select(posts.c.id).where(posts.c.destination == destination, due, ~is_resting(destination, now)).order_by(posts.c.id)
