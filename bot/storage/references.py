"""The messages that are known at a destination, for who looks there for one post."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from bot.model import PostState
from bot.storage.post_states import require
from bot.storage.schema import posts


@dataclass(frozen=True, slots=True)
class References:
    """What is recorded of one destination, to look there for one post: the platform's ids of messages.

    `before` is the greatest whole number among the ids of the posts sent before that post existed, so that its own message can only
    come after; None when there is none. Ids that are no numbers have no order, and are never `before`. `known` are the ids of all posts
    sent there.
    """

    before: str | None
    known: frozenset[str]


def references_of(connection: Connection, post_id: int) -> References:
    """The messages known at the destination of this post. Raises NoSuchRow."""
    require(connection, post_id)
    this = posts.alias()
    # The id too: programs whose clocks disagree must not make a later post an earlier one.
    earlier = and_(posts.c.closed_at < this.c.created_at, posts.c.id < this.c.id)
    sent = select(posts.c.reference, earlier.label("earlier")).join(
        this, and_(this.c.destination == posts.c.destination, this.c.id == post_id)
    )
    rows = connection.execute(sent.where(posts.c.state == PostState.SENT, posts.c.reference.is_not(None))).all()
    numbers = (row.reference for row in rows if row.earlier and row.reference.isascii() and row.reference.isdigit())
    return References(max(numbers, key=int, default=None), frozenset(row.reference for row in rows))
