"""Notes, where decrees are written, that posts may have to be edited. Within the transaction of the connection."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select, update

from bot.model import CHANGING, PostState
from bot.storage.decree_rows import load_decrees
from bot.storage.marks import news
from bot.storage.schema import edits, posts
from bot.storage.upsert import insert_or_ignore

PENDING, DONE, GIVEN_UP = "pending", "done", "given_up"


def changed_by(connection: Connection, written: Collection[int]) -> frozenset[int]:
    """The decrees that these ones change, as they stand now."""
    stored = load_decrees(connection, written)
    changes = {change.decree for decree in stored.values() for change in decree.changes if change.kind in CHANGING}
    return frozenset(one for one in changes if one is not None)


def want_edits(connection: Connection, written: Collection[int]) -> None:
    """Note the posts of these decrees, of those that they change, and of those that these change in turn, which have not told what is known
    by now: what ends a suspension is news for readers of what was suspended.

    A post that is being sent is noted too, and one that waits, which another program may be about to send: whether there is still
    something to tell is asked again before it is edited.
    """
    changed = changed_by(connection, written)
    touched = {*written, *changed, *changed_by(connection, changed)}
    told = select(posts.c.id, posts.c.decree_id, posts.c.told).where(
        posts.c.decree_id.in_(sorted(touched)), posts.c.digest.is_(None), posts.c.state != PostState.REFUSED
    )
    rows = connection.execute(told.order_by(posts.c.id)).all()
    stored = load_decrees(connection, {row.decree_id for row in rows})
    wanted = [row.id for row in rows if news(row.told, stored[row.decree_id])]
    if wanted:
        new: list[dict[str, Any]] = [{"post_id": post, "state": PENDING, "attempts": 0} for post in wanted]
        connection.execute(insert_or_ignore(connection, edits), new)
        again = {"state": PENDING, "attempts": 0, "not_before": None, "tried_at": None, "cause": None, "error": None}
        connection.execute(update(edits).where(edits.c.post_id.in_(wanted), edits.c.state != PENDING).values(again))
