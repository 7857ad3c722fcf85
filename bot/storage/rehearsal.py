"""A store to rehearse on: what the real one knows, in memory, so that a dry run takes the very same path and writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, true

from bot.storage.schema import acts, decisions, decrees, identities, links, recueils, sightings
from bot.storage.store import Store, open_store

_ROWS_AT_ONCE = 1000


def rehearsal_store(url: str, authorities: Collection[str]) -> Store:
    """An in-memory store that knows the trails, the recueils and the decrees of `authorities` as the database at `url` does.

    Posts are not copied, and acts only where they are decrees: a rehearsal needs to know what was seen, not what was said. Where there
    is no database yet the store is empty, as on a first run. Raises StorageError as `open_store` does.
    """
    with ExitStack() as on_failure:
        stage = on_failure.enter_context(open_store("sqlite://"))
        with open_store(url, read_only=True) as real:
            _copy_trails(real, stage, authorities)
            with real.database.reading() as source, stage.database.writing() as target:
                for table, condition in _known(authorities):
                    _copy(source, target, table, condition)
        on_failure.pop_all()
    return stage


def _copy_trails(real: Store, stage: Store, authorities: Collection[str]) -> None:
    for state in real.sources.all():
        if state.key.split(":", 1)[0] in authorities:
            stage.sources.save(state)


def _known(authorities: Collection[str]) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """What to copy, in an order that foreign keys allow. A known decree must stay known wherever it was first seen: all are copied."""
    watched = recueils.c.authority.in_(sorted(authorities))
    return (
        (recueils, or_(watched, recueils.c.id.in_(select(decrees.c.recueil_id)), recueils.c.id.in_(select(sightings.c.recueil_id)))),
        (decrees, true()),
        (identities, true()),
        (sightings, true()),
        (links, true()),
        (decisions, true()),
        # A second reading of an incomplete recueil recognises its decrees by their place.
        (acts, and_(acts.c.decree_id.is_not(None), acts.c.recueil_id.in_(select(recueils.c.id).where(watched)))),
    )


def _copy(source: Connection, target: Connection, table: Table, condition: ColumnElement[bool]) -> None:
    for batch in source.execute(select(table).where(condition)).mappings().partitions(_ROWS_AT_ONCE):
        target.execute(table.insert(), [dict(row) for row in batch])
