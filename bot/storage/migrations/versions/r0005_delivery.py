"""Why posts are in their state, digests, troubles of the delivery, chats that moved, and who runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INSTANT = sa.DateTime(timezone=True)
# As in the schema of the program: SQLite numbers rows by this type only.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add three tables and columns. What waits to be sent is `pending` from here on; posts given up stay so, of a cause not known."""
    op.add_column("posts", sa.Column("cause", sa.String(32)))
    op.add_column("posts", sa.Column("looks", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("posts", sa.Column("changed_at", _INSTANT))
    op.add_column("posts", sa.Column("digest", sa.String(64)))
    op.create_index("ix_posts_digest", "posts", ["digest"])
    op.create_index("ix_posts_destination_closed_at", "posts", ["destination", "closed_at"])
    op.execute("UPDATE posts SET state = 'pending' WHERE state = 'queued'")
    op.add_column("holds", sa.Column("set_at", _INSTANT))
    op.add_column("holds", sa.Column("cause", sa.String(32)))
    op.create_table(
        "post_alerts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("trouble", sa.String(32), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("told_at", _INSTANT),
        sa.Column("closed_at", _INSTANT),
        sa.Column("end_told_at", _INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_post_alerts"),
    )
    op.create_index("ix_post_alerts_subject_closed_at", "post_alerts", ["subject", "closed_at"])
    op.create_table(
        "moved_chats",
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("moved_to", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("chat", name="pk_moved_chats"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("beat_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
