"""Rows of the outbox as messages, and the conditions that every query on it shares.

An instant that waits for its time was set by a clock. Where that clock was set back since, the time to come may be far away: whatever was
set in the future of now is taken for due. No wait is thereby longer than the longest one that was meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, case, exists, func, literal, or_, select

from bot.domain import CHANGING, Change, Decree, Post, PostCause, PostState, SentMessage
from bot.domain.folding import clean
from bot.domain.identity.shown import as_shown
from bot.storage.decree_rows import load_decrees
from bot.storage.errors import NoSuchRow
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


# The columns of a post that change with its state, and whether there is such a post.


def values_of(
    state: PostState, now: datetime, *, cause: PostCause | None, error: str | None, not_before: datetime | None, looks: int = 0
) -> dict[str, Any]:
    """The columns of a post in a new state other than SENT."""
    values: dict[str, Any] = {"state": state.value, "not_before": not_before, "changed_at": now, "looks": looks}
    values |= {"error": None if error is None else clean(error), "closed_at": now if state is PostState.REFUSED else None}
    return values | ({} if cause is None else {"cause": cause.value})


def require(connection: Connection, post_id: int) -> None:
    """Raises NoSuchRow for the id of no post."""
    if not connection.execute(select(exists().where(posts.c.id == post_id))).scalar_one():
        raise NoSuchRow(f"no post has the id {post_id}")


# Which message of a destination a post follows, and which follow it.


def with_reply(connection: Connection, post: Post) -> Post:
    """The post, with the last message told there of a decree that its own changes. A digest replies to none: it is about many."""
    changed = _named(post.decree.changes)
    if post.digest is not None or not changed:
        return post
    newest = select(posts.c.reference, posts.c.closed_at).where(_told(post, changed)).order_by(posts.c.closed_at.desc(), posts.c.id.desc())
    found = connection.execute(newest.limit(1)).one_or_none()
    return post if found is None else replace(post, reply_to=SentMessage(found.reference, found.closed_at))


def awaited(connection: Connection, rows: Sequence[Post]) -> dict[int, int]:
    """By the id of a row of this message, the post that must go out before it: of the same destination, of a decree that its own changes,
    at first or second hand, and not yet known to be there. What a platform refused, or a person gave up, is waited for no more.

    Decrees that were misread may change each other: of those the one that was found first goes first.
    """
    waits = and_(posts.c.destination == rows[0].destination, posts.c.state.in_(sorted(OPEN)), posts.c.id.not_in([row.id for row in rows]))
    if not connection.execute(select(exists().where(waits))).scalar_one():
        return {}
    found: dict[int, int] = {}
    for row in rows:
        changed = _changed_by(connection, row.decree)
        theirs = and_(waits, posts.c.decree_id.in_(sorted(changed)))
        both = row.decree.id in changed
        first = connection.execute(select(func.min(posts.c.id)).where(theirs, *([posts.c.id < row.id] if both else []))).scalar_one()
        if first is not None:
            found[row.id] = first
    return found


def _changed_by(connection: Connection, decree: Decree) -> set[int]:
    found: set[int] = set()
    step = _named(decree.changes)
    while step:
        found |= step
        step = set().union(*(_named(one.changes) for one in load_decrees(connection, step).values())) - found
    return found


def with_followers(connection: Connection, post: Post) -> Post:
    """The post, with the later decrees that change its own and were told there after it."""
    changing = _named(post.decree.changed_by)
    if not changing or post.closed_at is None:
        return post
    later = select(posts.c.decree_id).where(_told(post, changing), posts.c.closed_at >= post.closed_at, posts.c.id != post.id)
    return replace(post, below=frozenset(connection.execute(later).scalars()))


def _named(changes: Collection[Change]) -> set[int]:
    return {change.decree for change in changes if change.decree is not None and change.kind in CHANGING}


def _told(post: Post, decrees: Collection[int]) -> ColumnElement[bool]:
    return and_(
        posts.c.destination == post.destination,
        posts.c.decree_id.in_(sorted(decrees)),
        posts.c.state == PostState.SENT,
        posts.c.reference.is_not(None),
        posts.c.closed_at.is_not(None),
    )
