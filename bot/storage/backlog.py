"""How much waits for a destination, and which of it become digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from bot.domain import PostState
from bot.storage.outbox_rows import is_due
from bot.storage.schema import posts

_MESSAGE = func.coalesce(posts.c.digest, posts.c.key)


@dataclass(frozen=True, slots=True)
class Load:
    """How much there is for a destination: messages that are due, posts among them that are in no digest, messages sent lately."""

    waiting: int
    single: int
    sent: int


def load(connection: Connection, destination: str, now: datetime, since: datetime) -> Load:
    """What waits at `now`, and how many messages were sent after `since`."""
    mine = posts.c.destination == destination
    due = select(func.count(_MESSAGE.distinct()), func.count() - func.count(posts.c.digest)).where(
        mine, posts.c.state == PostState.PENDING, is_due(now)
    )
    sent = select(func.count(_MESSAGE.distinct())).where(mine, posts.c.state == PostState.SENT, posts.c.closed_at > since)
    waiting, single = connection.execute(due).one()
    return Load(waiting, single, connection.execute(sent).scalar_one())


def sent_since(connection: Connection, destination: str, since: datetime) -> list[datetime]:
    """When each message sent after `since` was sent, in order."""
    query = select(func.max(posts.c.closed_at, type_=posts.c.closed_at.type).label("sent_at")).where(
        posts.c.destination == destination, posts.c.state == PostState.SENT, posts.c.closed_at > since
    )
    return sorted(row.sent_at for row in connection.execute(query.group_by(_MESSAGE)))


def gather(connection: Connection, destination: str, digests: Sequence[Sequence[int]], now: datetime) -> None:
    """Give the posts of each list the key of one digest, as far as they are still due, single and free."""
    # The rows are locked: another program that is about to send one of them has it, or waits.
    query = select(posts.c.id, posts.c.key).where(is_single(destination, now)).with_for_update(skip_locked=True)
    free = {row.id: row.key for row in connection.execute(query)}
    for ids in digests:
        kept = [one for one in ids if one in free]
        if len(kept) > 1:
            key = digest_key(free[one] for one in kept)
            connection.execute(update(posts).where(posts.c.id.in_(kept)).values(digest=key))


def digest_key(keys: Iterable[str]) -> str:
    """The key of a digest, made from those of its posts: 32 hexadecimal digits, as theirs."""
    return hashlib.sha256("\0".join(["digest", *sorted(keys)]).encode()).hexdigest()[:32]


def is_single(destination: str, now: datetime) -> ColumnElement[bool]:
    """A due post of this destination that is a message of its own so far."""
    return and_(posts.c.destination == destination, posts.c.state == PostState.PENDING, posts.c.digest.is_(None), is_due(now))
