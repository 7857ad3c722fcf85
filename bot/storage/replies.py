"""Which message of a destination a post follows, and which follow it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, select

from bot.model import CHANGING, Change, Post, PostState, Told
from bot.storage.schema import posts


def with_reply(connection: Connection, post: Post) -> Post:
    """The post, with the last message told there of a decree that its own changes. A digest replies to none: it is about many."""
    changed = _named(post.decree.changes)
    if post.digest is not None or not changed:
        return post
    newest = select(posts.c.reference, posts.c.closed_at).where(_told(post, changed)).order_by(posts.c.closed_at.desc(), posts.c.id.desc())
    found = connection.execute(newest.limit(1)).one_or_none()
    return post if found is None else replace(post, reply_to=Told(found.reference, found.closed_at))


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
