"""Which program holds a message of the outbox, and what becomes of those whose program is gone. Within the transaction of the connection.

A held post is changed by its holder only: an answer that comes late, after the lease ended and another program or a person took over,
changes nothing. A program that is killed while sending leaves a post SENDING; once its lease is over it becomes UNKNOWN, to be looked for
before any retry. Where another program of the same machine can see that it is gone, that is so at once. Process ids mean nothing from one
container to the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from bot.model import Post, PostCause, PostState
from bot.storage.outbox_rows import SKEW, of_message
from bot.storage.post_states import values_of
from bot.storage.schema import posts

SETTLE = timedelta(seconds=10)
"""Before a message is looked for whose program was seen to be gone: the platform may still be working on it."""

_OPEN = (PostState.SENDING, PostState.UNKNOWN)


class Holder:
    """This program, as one that holds messages, each for a lease at a time."""

    def __init__(self, lease: timedelta) -> None:
        self.lease = lease
        self._id = uuid.uuid4().hex
        self._place: str | None = None
        self._is_gone: Callable[[str], bool] = lambda place: False

    def run_at(self, place: str, is_gone: Callable[[str], bool]) -> None:
        """See `Outbox.run_at`."""
        self._place, self._is_gone = place, is_gone

    def ours(self, post: Post) -> ColumnElement[bool]:
        """The rows of this message, while they are in the state that it tells and held by this program."""
        return and_(of_message(post), posts.c.state == post.state, posts.c.holder == self._id, posts.c.state.in_(_OPEN))

    def hold(self, connection: Connection, ids: Sequence[int], now: datetime, values: dict[str, Any]) -> None:
        """Hold these posts from now on, with these values besides."""
        connection.execute(update(posts).where(posts.c.id.in_(ids)).values(holder=self._id, place=self._place, claimed_at=now, **values))

    def recover(self, connection: Connection, now: datetime) -> int:
        """Make UNKNOWN every post left SENDING whose lease is over, or whose program was seen to be gone. Returns how many."""
        left = posts.c.state == PostState.SENDING
        # Claimed in the future: the clock was set back, and the lease begins now.
        connection.execute(update(posts).where(left, posts.c.claimed_at > now + SKEW).values(claimed_at=now))
        places = connection.execute(select(posts.c.place).where(left, posts.c.place.is_not(None)).distinct()).scalars().all()
        gone = posts.c.place.in_([place for place in places if self._is_gone(place)])
        is_over = posts.c.claimed_at <= now - self.lease
        # Its request may have left a moment before it ended; after a whole lease it has arrived, or never will.
        return _killed(connection, and_(left, is_over), now, now) + _killed(connection, and_(left, gone), now, now + SETTLE)


def _killed(connection: Connection, which: ColumnElement[bool], now: datetime, not_before: datetime) -> int:
    error = "the program was stopped while sending"
    values = values_of(PostState.UNKNOWN, now, cause=PostCause.KILLED, error=error, not_before=not_before)
    return connection.execute(update(posts).where(which).values(values | {"holder": None, "place": None})).rowcount
