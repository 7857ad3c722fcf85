"""How far the mentions of each Mastodon account are answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add a table. A destination without a row has never answered: it begins with the newest notification."""
    op.create_table(
        "mentions",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("newest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("destination", name="pk_mentions"),
    )
