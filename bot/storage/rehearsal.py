"""A store to rehearse on: what the real one knows, in memory, so that a dry run takes the very same path and writes nothing."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from bot.storage.schema import decrees, identities, recueils
from bot.storage.store import Store, open_store

_ROWS_AT_ONCE = 1000


def rehearsal_store(url: str, authorities: Collection[str]) -> Store:
    """An in-memory store that knows the trails, the recueils and the decrees of `authorities` as the database at `url` does.

    Neither acts nor posts are copied: a rehearsal needs to know what was seen, not what was said. Where there is no database
    yet the store is empty, as on a first run. Raises StorageError as `open_store` does.
    """
    stage = open_store("sqlite://")
    with open_store(url, read_only=True) as real:
        keys = [source for source in real.sources.all() if source.key.split(":", 1)[0] in authorities]
        for state in keys:
            stage.sources.save(state)
        # A known decree must stay known wherever it was first seen.
        seen_first = select(decrees.c.recueil_id)
        wanted = {
            recueils: or_(recueils.c.authority.in_(sorted(authorities)), recueils.c.id.in_(seen_first)),
            decrees: None,
            identities: None,
        }
        with real.database.reading() as source, stage.database.writing() as target:
            for table, condition in wanted.items():
                _copy(source, target, table, condition)
    return stage


def _copy(source: Connection, target: Connection, table: Table, condition: ColumnElement[bool] | None) -> None:
    query = select(table) if condition is None else select(table).where(condition)
    for rows in source.execute(query).mappings().partitions(_ROWS_AT_ONCE):
        target.execute(table.insert(), [dict(row) for row in rows])
