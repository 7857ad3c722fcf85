"""Rows of the outbox as messages, and the conditions that every query on it shares.

An instant that waits for its time was set by a clock. Where that clock was set back since, the time to come may be far away: whatever was
set in the future of now is taken for due. No wait is thereby longer than the longest one that was meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, case, exists, literal, or_, select

from bot.domain import Post, PostCause, PostState
from bot.domain.identity.shown import as_shown
from bot.storage.decree_rows import load_decrees
from bot.storage.schema import Instant, holds, posts

OPEN = frozenset({PostState.PENDING, PostState.SENDING, PostState.UNKNOWN, PostState.HELD})
"""The states of a post that may still go out, or may be out."""

SKEW = timedelta(minutes=1)
"""By how much the clocks of two programs may differ before one is taken for set back."""


def is_due(now: datetime) -> ColumnElement[bool]:
    """A post whose time has come."""
    return or_(posts.c.not_before.is_(None), posts.c.not_before <= now, posts.c.changed_at > now + SKEW)


def due_at(now: datetime) -> ColumnElement[datetime]:
    """When a post's time comes, `now` where it has."""
    return case((is_due(now), literal(now, Instant())), else_=posts.c.not_before)


def lasts(now: datetime) -> ColumnElement[bool]:
    """A hold that is not over."""
    return and_(holds.c.until > now, or_(holds.c.set_at.is_(None), holds.c.set_at <= now + SKEW))


def is_in_doubt(table: FromClause) -> ColumnElement[bool]:
    """A row of `posts` (or of an alias of it) whose message is on its way, or may be there and is yet to be looked for. One of which
    nobody can tell is left behind: operators know of it, and the others go on.
    """
    sending, unknown = PostState.SENDING.value, PostState.UNKNOWN.value
    undecided = or_(table.c.cause.is_(None), table.c.cause != PostCause.RECONCILE_UNCLEAR.value)
    # The few rows of these states are found by an index, which an alternative of two conditions would not be.
    return and_(table.c.state.in_((sending, unknown)), or_(table.c.state == sending, undecided))


def is_resting(destination: str, now: datetime) -> ColumnElement[bool]:
    """Whether this destination gets nothing now."""
    return exists().where(holds.c.destination == destination, lasts(now))


def of_message(post: Post) -> ColumnElement[bool]:
    """The rows of one message: one, or all of its digest."""
    own = posts.c.id == post.id
    return own if post.digest is None else or_(own, posts.c.digest == post.digest)


def load_rows(connection: Connection, which: ColumnElement[bool], *, limit: int | None = None) -> list[Post]:
    """One post for each row, oldest first: with its decree as it is known now, but for the marks of a message that may be there already."""
    rows = connection.execute(select(posts).where(which).order_by(posts.c.id).limit(limit)).all()
    decrees = load_decrees(connection, [row.decree_id for row in rows])
    return [
        Post(
            id=row.id,
            key=row.key,
            destination=row.destination,
            decree=as_shown(decrees[row.decree_id], row.shown if row.state in OPEN else None),
            state=PostState(row.state),
            attempts=row.attempts,
            not_before=row.not_before,
            reference=row.reference,
            error=row.error,
            cause=cause_of(row),
            looks=row.looks,
            created_at=row.created_at,
            closed_at=row.closed_at,
            digest=row.digest,
        )
        for row in rows
    ]


def load_messages(connection: Connection, which: ColumnElement[bool]) -> list[Post]:
    """One post for each message, oldest first: those of a digest are one, under the key of the digest."""
    messages: defaultdict[str, list[Post]] = defaultdict(list)
    for row in load_rows(connection, which):
        messages[row.digest or row.key].append(row)
    return [one_message(rows) for rows in messages.values()]


def one_message(rows: Sequence[Post]) -> Post:
    """The rows of one digest, or the single row, as one message."""
    first = rows[0]
    return Post(
        id=first.id,
        key=first.digest or first.key,
        destination=first.destination,
        decree=first.decree,
        state=first.state,
        attempts=first.attempts,
        not_before=first.not_before,
        reference=first.reference,
        error=first.error,
        cause=first.cause,
        looks=first.looks,
        created_at=first.created_at,
        closed_at=first.closed_at,
        digest=first.digest,
        also=tuple(row.decree for row in rows[1:]),
    )


def cause_of(row: Row[tuple[object, ...]]) -> PostCause | None:
    """The cause of a row, None where there is none or none that this program knows."""
    known = {cause.value: cause for cause in PostCause}
    return known.get(row.cause)
