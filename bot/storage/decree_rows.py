"""Stored decrees as values, for every repository that shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, Date, case, func, select

from bot.domain import Decree, Kind, Sighting
from bot.storage.codec import evidence_from_json, facts_from_json
from bot.storage.links import load_changes
from bot.storage.schema import decrees, identities, recueils, sightings

_AT_ONCE = 500
"""Decrees asked for in one query: their keys and links are several times as many, and databases allow so many parameters."""


def newest_first() -> tuple[ColumnElement[object], ...]:
    """The order of every list: by the day of publication, then by when a decree was found, so that history found today is history.

    A decree without that day stands where it was signed, else where it was found; none stands after the day on which it was found.
    """
    found = func.date(decrees.c.found_at, type_=Date)
    day = func.coalesce(decrees.c.published, decrees.c.signed_on, found)
    return case((day > found, found), else_=day).desc(), decrees.c.found_at.desc(), decrees.c.id.desc()


def load_decrees(connection: Connection, ids: Collection[int]) -> dict[int, Decree]:
    """The decrees of these ids, with where they were seen and how they change each other; an id of nothing stored is left out.

    Seven queries at most for every 500 decrees, three more for each step where what changes others is ended itself.
    """
    wanted = sorted(set(ids))
    found: dict[int, Decree] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        found |= _load(connection, wanted[first : first + _AT_ONCE])
    return found


def load_sightings(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Sighting, ...]]:
    """Everywhere each of these decrees appears, the first sighting first."""
    seen: dict[int, list[Sighting]] = defaultdict(list)
    query = select(sightings, recueils.c.number).join(recueils, recueils.c.id == sightings.c.recueil_id)
    query = query.where(sightings.c.decree_id.in_(ids)).order_by(sightings.c.seen_at, sightings.c.id)
    for row in connection.execute(query):
        seen[row.decree_id].append(Sighting(row.authority, row.url, row.page, row.seen_at, row.number))
    return {decree: tuple(places) for decree, places in seen.items()}


def _load(connection: Connection, wanted: Sequence[int]) -> dict[int, Decree]:
    keys: dict[int, list[str]] = defaultdict(list)
    prefixes: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(select(identities).where(identities.c.decree_id.in_(wanted)).order_by(identities.c.key)):
        keys[row.decree_id].append(row.key)
        if row.prefix is not None:
            prefixes[row.decree_id].add(row.prefix)
    rows = connection.execute(select(decrees).where(decrees.c.id.in_(wanted))).all()
    seen = load_sightings(connection, wanted)
    changes, changed_by = load_changes(connection, rows, prefixes)
    return {
        row.id: Decree(
            authority=row.authority,
            kind=Kind(row.kind),
            title=row.title,
            facts=facts_from_json(row.facts),
            evidence=evidence_from_json(row.evidence),
            url=row.url,
            page=row.page,
            published=row.published,
            act_id=row.act_id,
            id=row.id,
            found_at=row.found_at,
            identities=tuple(keys[row.id]),
            sightings=seen.get(row.id, ()),
            changes=changes.get(row.id, ()),
            changed_by=changed_by.get(row.id, ()),
            withdrawn_at=row.withdrawn_at,
        )
        for row in rows
    }
