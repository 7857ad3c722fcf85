"""Chats that follow something, what they follow, and what they were notified of sources that cannot be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add three tables. Nobody follows anything yet."""
    op.create_table(
        "followers",
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True)),
        sa.Column("blocked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("chat", name="pk_followers"),
    )
    op.create_table(
        "follows",
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["followers.chat"], name="fk_follows_chat", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat", "kind", "value", name="pk_follows"),
    )
    op.create_index("ix_follows_kind_value", "follows", ["kind", "value"])
    op.create_table(
        "notices",
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("authority", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["followers.chat"], name="fk_notices_chat", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat", "authority", name="pk_notices"),
    )
