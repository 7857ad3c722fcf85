"""Notes, where decrees are written, that posts may have to be edited. Within the transaction of the connection."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select, update

from bot.domain import CHANGING, Kind, PostState
from bot.domain.identity.marks import CHANGED, named_by, news
from bot.storage.decree_rows import load_decrees
from bot.storage.schema import edits, posts
from bot.storage.upsert import insert_or_ignore

PENDING, DONE, GIVEN_UP = "pending", "done", "given_up"


def changed_by(connection: Connection, written: Collection[int]) -> frozenset[int]:
    """The decrees that these ones change, as they stand now, and those that the decrees which they end had changed."""
    found: set[int] = set()
    step = set(written)
    while step:
        stored = load_decrees(connection, step)
        changes = [(change.kind, change.decree) for decree in stored.values() for change in decree.changes]
        changed = {decree for kind, decree in changes if decree is not None and kind in CHANGING} - found
        # What is ended changes nothing any more, and what it had ended changes again what that had changed.
        step = changed & {decree for kind, decree in changes if kind is Kind.ABROGATION}
        found |= changed
    return frozenset(found)


def want_edits(connection: Connection, written: Collection[int], *, new: Collection[int] = ()) -> None:
    """Note the posts of these decrees, of those that they change (what ends a suspension is news for readers of what was suspended), and of
    those that they are said to change and do not any more, which have not told what is known by now.

    A post that is being sent is noted too, and one that waits, which another program may be about to send: whether there is still
    something to tell is asked again before it is edited. Those that are `new` among them no post can have told of: where all are, the posts
    of years need not be looked through.
    """
    if not written:
        return
    touched = {*written, *changed_by(connection, written), *_told_of(connection, {*written} - {*new})}
    told = select(posts.c.id, posts.c.decree_id, posts.c.told).where(
        posts.c.decree_id.in_(sorted(touched)), posts.c.digest.is_(None), posts.c.state != PostState.REFUSED
    )
    rows = connection.execute(told.order_by(posts.c.id)).all()
    stored = load_decrees(connection, {row.decree_id for row in rows})
    wanted = [row.id for row in rows if news(row.told, stored[row.decree_id])]
    if wanted:
        opened: list[dict[str, Any]] = [{"post_id": post, "state": PENDING, "attempts": 0} for post in wanted]
        connection.execute(insert_or_ignore(connection, edits), opened)
        again = {"state": PENDING, "attempts": 0, "not_before": None, "tried_at": None, "cause": None, "error": None}
        connection.execute(update(edits).where(edits.c.post_id.in_(wanted), edits.c.state != PENDING).values(again))


def _told_of(connection: Connection, written: Collection[int]) -> set[int]:
    """The decrees whose posts tell that one of these changed theirs."""
    if not written:
        return set()
    telling = select(posts.c.decree_id, posts.c.told).where(posts.c.told.contains(CHANGED))
    return {row.decree_id for row in connection.execute(telling) if not named_by(row.told).isdisjoint(written)}
