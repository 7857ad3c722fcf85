"""The operators that each decree names, by which decrees are found; and when what is shown of a decree last changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.domain.posts import operator_slug
from bot.storage.columns import Id, Instant

revision = "0019"
down_revision = "0018"

_BATCH = 500
_decrees = sa.table("decrees", sa.column("id", Id), sa.column("facts", sa.JSON()))


def upgrade() -> None:
    """Add a table, filled from the facts that are stored, and two columns. Nobody can say when decrees of before last changed: null."""
    operators = op.create_table(
        "decree_operators",
        sa.Column("decree_id", Id, nullable=False),
        sa.Column("operator", sa.String(100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decree_id", "operator", name="pk_decree_operators"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_decree_operators_decree_id", ondelete="CASCADE"),
    )
    op.create_index("ix_decree_operators_operator", "decree_operators", ["operator"])
    op.add_column("decrees", sa.Column("changed_at", Instant()))
    op.add_column("decrees", sa.Column("shown", sa.String(32)))
    op.create_index("ix_decrees_changed_at", "decrees", ["changed_at"])
    _fill_operators(op.get_bind(), operators)


def _fill_operators(connection: sa.Connection, operators: sa.Table) -> None:
    last, some = 0, sa.select(_decrees).order_by(_decrees.c.id).limit(_BATCH)
    while batch := connection.execute(some.where(_decrees.c.id > last)).all():
        rows: dict[tuple[int, str], dict[str, object]] = {}
        for row in batch:
            for name in row.facts.get("operators", ()):
                if slug := operator_slug(name):
                    rows.setdefault((row.id, slug), {"decree_id": row.id, "operator": slug, "name": name})
        if rows:
            connection.execute(operators.insert(), list(rows.values()))
        last = batch[-1].id
