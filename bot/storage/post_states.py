"""The columns of a post that change with its state, and whether there is such a post."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select

from bot.domain import PostCause, PostState
from bot.domain.folding import clean
from bot.storage.errors import NoSuchRow
from bot.storage.schema import posts


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
