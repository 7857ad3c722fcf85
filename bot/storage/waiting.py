"""When destinations and their posts have waited long enough. Within the transaction of the connection."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, update

from bot.model import PostCause, PostState
from bot.storage.outbox_rows import SKEW, due_at, is_in_doubt, lasts
from bot.storage.schema import holds, posts
from bot.storage.upsert import insert_or_ignore

_LOOKED_FOR = (PostState.UNKNOWN, PostState.SENDING)


def hold(connection: Connection, destination: str, until: datetime, now: datetime, cause: PostCause | None) -> None:
    """Give nothing to this destination before then. A later time already set stays, unless the clock was set back since."""
    values = {"until": until, "set_at": now, "cause": None if cause is None else cause.value}
    connection.execute(insert_or_ignore(connection, holds), {"destination": destination, **values})
    earlier = or_(holds.c.until < until, holds.c.set_at > now + SKEW)
    connection.execute(update(holds).where(holds.c.destination == destination, earlier).values(values))


def held_until(connection: Connection, destination: str, now: datetime) -> datetime | None:
    """When the destination may be used again; None when it may be now."""
    query = select(holds.c.until).where(holds.c.destination == destination, lasts(now))
    return connection.execute(query).scalar_one_or_none()


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
