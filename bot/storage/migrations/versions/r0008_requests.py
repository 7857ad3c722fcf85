"""Locks that live as long as a process take the place of leases; commands hand their work to the process that holds one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drop a table and three columns, add a table. What was being sent stays so, and is in doubt for the next process that delivers."""
    op.drop_table("leases")
    op.drop_index("ix_posts_state_claimed_at", table_name="posts")
    for column in ("holder", "place", "claimed_at"):
        op.drop_column("posts", column)
    op.create_index("ix_posts_state", "posts", ["state"])
    op.create_table(
        "requests",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON()),
        sa.Column("result", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
