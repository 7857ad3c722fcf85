"""Stored decrees as values, for every repository that shows them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.model import Decree, Kind
from bot.storage.codec import evidence_from_json, facts_from_json
from bot.storage.schema import decrees, identities


def load_decrees(connection: Connection, ids: Collection[int]) -> dict[int, Decree]:
    """The decrees of these ids; an id of nothing stored is left out."""
    wanted = sorted(set(ids))
    keys: dict[int, list[str]] = {}
    for row in connection.execute(select(identities).where(identities.c.decree_id.in_(wanted)).order_by(identities.c.key)):
        keys.setdefault(row.decree_id, []).append(row.key)
    rows = connection.execute(select(decrees).where(decrees.c.id.in_(wanted)))
    return {row.id: _decree(row, tuple(keys.get(row.id, ()))) for row in rows}


def _decree(row: Row[Any], keys: tuple[str, ...]) -> Decree:
    return Decree(
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
        identities=keys,
    )
