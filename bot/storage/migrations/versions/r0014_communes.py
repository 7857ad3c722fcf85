"""The communes that each decree names; and how far the terms of the search are made again, which happens in slices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import Id

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add a table and three columns. The communes of decrees that are there are found when the program opens the database."""
    op.create_table(
        "decree_communes",
        sa.Column("decree_id", Id, nullable=False),
        sa.Column("commune", sa.String(5), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decree_id", "commune", name="pk_decree_communes"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_decree_communes_decree_id", ondelete="CASCADE"),
    )
    op.create_index("ix_decree_communes_commune", "decree_communes", ["commune"])
    op.add_column("decrees", sa.Column("gazetteer", sa.String(32)))
    op.create_index("ix_decrees_gazetteer", "decrees", ["gazetteer"])
    op.add_column("search_rules", sa.Column("renewing", sa.Text()))
    op.add_column("search_rules", sa.Column("renewed_to", Id))
