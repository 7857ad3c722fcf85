"""Which message of a destination a post follows, and which follow it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from bot.domain import CHANGING, Change, Decree, Post, PostState, Told
from bot.storage.decree_rows import load_decrees
from bot.storage.outbox_rows import OPEN
from bot.storage.schema import posts


def with_reply(connection: Connection, post: Post) -> Post:
    """The post, with the last message told there of a decree that its own changes. A digest replies to none: it is about many."""
    changed = _named(post.decree.changes)
    if post.digest is not None or not changed:
        return post
    newest = select(posts.c.reference, posts.c.closed_at).where(_told(post, changed)).order_by(posts.c.closed_at.desc(), posts.c.id.desc())
    found = connection.execute(newest.limit(1)).one_or_none()
    return post if found is None else replace(post, reply_to=Told(found.reference, found.closed_at))


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
