"""The newest message known in each Telegram chat, and how far a post in doubt was looked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# As in the schema of the program: SQLite numbers rows by this type only.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "newest_messages",
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chat", name="pk_newest_messages"),
    )
    op.create_table(
        "searches",
        sa.Column("post_id", _ID, nullable=False),
        sa.Column("after", sa.BigInteger()),
        sa.Column("searched_to", sa.BigInteger()),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_searches_post_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name="pk_searches"),
    )
