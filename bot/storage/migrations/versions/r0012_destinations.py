"""What the last check of each destination found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add a table. A destination without a row was never checked."""
    op.create_table(
        "destination_checks",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("trouble", sa.String(16)),
        sa.Column("detail", sa.Text()),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("destination", name="pk_destination_checks"),
    )
