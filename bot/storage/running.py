"""Which decrees may count on a day: one indexed query, so that nobody has to read every decree there is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Select, and_, or_, select, union

from bot.domain import Kind
from bot.storage.decree_rows import newest_first
from bot.storage.schema import decrees, identities, links

GRANTS = (Kind.AUTHORISATION, Kind.RENEWAL)
"""Kinds under which somebody is watched."""

UNKNOWN_END = timedelta(days=62)
"""How long a decree without a known end may still count: twice the month that article 10, VII, of loi n° 2023-380 allows at once."""


def running(on: date, authorities: Collection[str] | None) -> Select[int]:
    """The ids of the decrees that may count on this day, in the order of `newest_first`."""
    # Each part has its own index; as alternatives of one condition they would be looked for in every decree.
    parts = (select(decrees.c.id).where(decrees.c.ends_on >= on), _open_end(on), *_lengthened(on))
    query = select(decrees.c.id).where(decrees.c.id.in_(union(*parts)), decrees.c.kind.in_(GRANTS), decrees.c.withdrawn_at.is_(None))
    if authorities is not None:
        query = query.where(decrees.c.authority.in_(sorted(authorities)))
    return query.order_by(*newest_first())


def _open_end(on: date) -> Select[int]:
    earliest = on - UNKNOWN_END
    recent = decrees.c.found_at >= datetime.combine(earliest, time(), UTC)
    # A backfill finds today what was published years ago.
    published = or_(decrees.c.published.is_(None), decrees.c.published >= earliest)
    return select(decrees.c.id).where(decrees.c.ends_on.is_(None), recent, published)


def _lengthened(on: date) -> tuple[Select[int], Select[int]]:
    """Decrees that a later one may change whose own period is not over: which it means is settled when they are loaded."""
    later = select(decrees.c.id).where(decrees.c.ends_on >= on)
    changing = and_(links.c.change == Kind.MODIFICATION, links.c.decree_id.in_(later))
    by_number = select(identities.c.decree_id).where(identities.c.prefix.in_(select(links.c.prefix).where(changing)))
    by_day = select(decrees.c.id).where(decrees.c.signed_on.in_(select(links.c.signed).where(changing, links.c.number.is_(None))))
    return by_number, by_day
