"""When destinations and their posts have waited long enough. Within the transaction of the connection."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, delete, func, or_, select, update

from bot.domain import PostCause, PostState
from bot.storage.database import insert_or_ignore
from bot.storage.outbox_rows import SKEW, awaited, due_at, is_due, is_in_doubt, lasts, load_rows, values_of
from bot.storage.schema import Instant, edits, holds, posts

_LOOKED_FOR = (PostState.UNKNOWN, PostState.SENDING)

AWAITED = timedelta(minutes=5)
"""After which a post is looked at again that waits for one to go out first. What makes that certain wakes it at once."""


def without_early(connection: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Those of these posts of one message that may go out now; the others wait for the post of a decree that their own changes."""
    left = list(ids)
    while left and (early := awaited(connection, load_rows(connection, posts.c.id.in_(left)))):
        for post, first in early.items():
            error, again = f"it waits for post {first}, of a decree that this one changes", now + AWAITED
            values = values_of(PostState.PENDING, now, cause=PostCause.AWAITS_EARLIER, error=error, not_before=again) | {"digest": None}
            connection.execute(update(posts).where(posts.c.id == post).values(values))
        left = [post for post in left if post not in early]
    return left


def wake(connection: Connection, post_id: int) -> None:
    """Look again at once at what waits at the destination of this post: it is out, or given up."""
    this = posts.alias()
    here = posts.c.destination == select(this.c.destination).where(this.c.id == post_id).scalar_subquery()
    waits = and_(here, posts.c.state == PostState.PENDING, posts.c.cause == PostCause.AWAITS_EARLIER)
    connection.execute(update(posts).where(waits).values(not_before=None))


def hold(connection: Connection, destination: str, until: datetime, now: datetime, cause: PostCause | None) -> None:
    """Give nothing to this destination before then. A later time already set stays, unless the clock was set back since."""
    values = {"until": until, "set_at": now, "cause": None if cause is None else cause.value}
    connection.execute(insert_or_ignore(connection, holds), {"destination": destination, **values})
    earlier = or_(holds.c.until < until, holds.c.set_at > now + SKEW)
    connection.execute(update(holds).where(holds.c.destination == destination, earlier).values(values))


_REFUSED_OR_DOWN = tuple(cause.value for cause in (PostCause.REFUSED_DESTINATION, PostCause.NOT_SENT, PostCause.CANNOT_ASK))


def reopen(connection: Connection, destination: str, now: datetime) -> None:
    """Make due what waits because the destination refused or did not answer, its edits too. What the platform asked for lasts."""
    due = {"not_before": now, "changed_at": now}
    connection.execute(delete(holds).where(holds.c.destination == destination, holds.c.cause.in_(_REFUSED_OR_DOWN)))
    waits = and_(posts.c.state.in_((PostState.PENDING, PostState.UNKNOWN)), posts.c.cause.in_(_REFUSED_OR_DOWN))
    connection.execute(update(posts).where(posts.c.destination == destination, waits, posts.c.not_before > now).values(due))
    theirs = edits.c.post_id.in_(select(posts.c.id).where(posts.c.destination == destination))
    connection.execute(update(edits).where(theirs, edits.c.cause.in_(_REFUSED_OR_DOWN), edits.c.not_before > now).values(due))


def held_until(connection: Connection, destination: str, now: datetime) -> datetime | None:
    """When the destination may be used again; None when it may be now."""
    query = select(holds.c.until).where(holds.c.destination == destination, lasts(now))
    return connection.execute(query).scalar_one_or_none()


def idle_since(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Since when something has been due at each destination while nothing was tried there, by its name.

    What stands behind a message in doubt is due once that was looked for. Neither a rest nor a slow pace is idleness: the last rest and the
    last message sent count.
    """
    doubtful = posts.alias()
    ahead = posts.c.destination.not_in(select(doubtful.c.destination).where(is_in_doubt(doubtful)))
    waits = or_(is_in_doubt(posts), and_(posts.c.state == PostState.PENDING, ahead))
    since = case((posts.c.not_before <= now, posts.c.not_before), (posts.c.changed_at <= now, posts.c.changed_at), else_=posts.c.created_at)
    due = select(posts.c.destination, func.min(since, type_=Instant()).label("due")).where(waits, is_due(now))
    oldest = due.group_by(posts.c.destination)
    rests = {row.destination: row.until for row in connection.execute(select(holds.c.destination, holds.c.until))}
    found = {}
    for destination, first in connection.execute(oldest).all():
        mine = and_(posts.c.destination == destination, posts.c.state == PostState.SENT)
        sent = connection.execute(select(func.max(posts.c.closed_at, type_=Instant())).where(mine)).scalar_one()
        found[destination] = max(at for at in (first, sent, rests.get(destination)) if at is not None)
    return found


def next_due(connection: Connection, now: datetime, destinations: Collection[str] | None) -> datetime | None:
    """When there will next be something to do for these destinations (None: for all), never before `now`; None when nothing waits.

    To be asked between two passes: a message that is still SENDING then was left so, and there is something to do at once.
    """
    doubtful = posts.alias()
    # Asked once, and not of every post that waits.
    ahead = posts.c.destination.not_in(select(doubtful.c.destination).where(is_in_doubt(doubtful)))
    waits = and_(posts.c.state.in_((*_LOOKED_FOR, PostState.PENDING)), or_(posts.c.state.in_(_LOOKED_FOR), ahead))
    waiting = select(posts.c.destination, func.min(due_at(now)).label("due")).where(waits)
    if destinations is not None:
        waiting = waiting.where(posts.c.destination.in_(sorted(destinations)))
    resting = select(holds.c.destination, holds.c.until).where(lasts(now))
    rests = {row.destination: row.until for row in connection.execute(resting)}
    times = [max(row.due, rests.get(row.destination, now), now) for row in connection.execute(waiting.group_by(posts.c.destination))]
    return min(times, default=None)
