"""Put posts into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from bot.domain import Decree, Post, PostState
from bot.domain.identity.identity import post_key
from bot.storage.schema import posts

Route = Callable[[Decree], Sequence[str]]
"""Names the destinations of a decree."""


def queue(connection: Connection, decree: Decree, destinations: Sequence[str], now: datetime) -> list[Post]:
    """One post for each destination of a stored decree."""
    queued = []
    for destination in dict.fromkeys(destinations):
        key = post_key(destination, decree.identities)
        row = {"key": key, "destination": destination, "decree_id": decree.id, "state": PostState.PENDING, "attempts": 0, "created_at": now}
        post = connection.execute(insert(posts).returning(posts.c.id), row).scalar_one()
        queued.append(Post(int(post), key, destination, decree, PostState.PENDING, created_at=now))
    return queued
