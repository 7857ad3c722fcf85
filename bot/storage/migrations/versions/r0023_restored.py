"""When this database was restored from a backup, and since when a post may be there that it does not hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add a table of restores, and a column to the posts."""
    op.create_table(
        "restores",
        sa.Column("restored_at", Instant(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("restored_at", name="pk_restores"),
    )
    op.add_column("posts", sa.Column("sought_since", Instant(), nullable=True))
