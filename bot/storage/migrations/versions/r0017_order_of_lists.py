"""The day by which lists are ordered, which an index can follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import Id, Instant

revision = "0017"
down_revision = "0016"

_BATCH = 500
_decrees = sa.table(
    "decrees",
    *(sa.column(name, kind) for name, kind in (("id", Id), ("published", sa.Date()), ("signed_on", sa.Date()), ("found_at", Instant()))),
    sa.column("listed_on", sa.Date()),
)


def upgrade() -> None:
    """Add a column, which lists of before are ordered by as well, and two indexes of the decrees that stand."""
    op.add_column("decrees", sa.Column("listed_on", sa.Date()))
    _fill_listed_on(op.get_bind())
    order = ["listed_on", "found_at", "id"]
    stands = sa.text("withdrawn_at IS NULL")
    for name, columns in (
        ("ix_decrees_listed_on_found_at_id", order),
        ("ix_decrees_authority_listed_on_found_at_id", ["authority", *order]),
    ):
        op.create_index(name, "decrees", columns, sqlite_where=stands, postgresql_where=stands)


def _fill_listed_on(connection: sa.Connection) -> None:
    """Set the day of publication, else of signature, else when it was found, by UTC; none after the day on which it was found."""
    last, change = 0, sa.update(_decrees).where(_decrees.c.id == sa.bindparam("decree")).values(listed_on=sa.bindparam("day"))
    some = sa.select(_decrees).order_by(_decrees.c.id).limit(_BATCH)
    while batch := connection.execute(some.where(_decrees.c.id > last)).all():
        days = [(row.id, row.published or row.signed_on, row.found_at.date()) for row in batch]
        connection.execute(change, [{"decree": decree, "day": min(day or found, found)} for decree, day, found in days])
        last = batch[-1].id
