"""What each post told of its decree, by what its message is recognised, and where it is sent from; the posts that are to be edited
because more is known since.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INSTANT = sa.DateTime(timezone=True)
# As in the schema of the program: SQLite numbers rows by this type only.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add three columns and a table. Of posts sent before, what they told is not known: they are edited for what later decrees do only."""
    op.add_column("posts", sa.Column("told", sa.Text()))
    op.add_column("posts", sa.Column("place", sa.Text()))
    op.add_column("posts", sa.Column("shown", sa.JSON()))
    op.create_table(
        "edits",
        sa.Column("post_id", _ID, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", _INSTANT),
        sa.Column("tried_at", _INSTANT),
        sa.Column("changed_at", _INSTANT),
        sa.Column("cause", sa.String(32)),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_edits_post_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name="pk_edits"),
    )
    op.create_index("ix_edits_state", "edits", ["state"])
