"""What decrees do to each other, and what people decided of acts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)
# As in the schema of the program: SQLite numbers and refers to rows by this type only.
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add two tables and a column; nothing stored is changed."""
    op.create_table(
        "decisions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("decided_at", _INSTANT, nullable=False),
        sa.Column("decided_by", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_decisions"),
    )
    op.create_table(
        "links",
        sa.Column("decree_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.String(16), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("signed", sa.Date()),
        sa.Column("prefix", sa.Text()),
        sa.Column("authority", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("decree_id", "position", name="pk_links"),
        sa.ForeignKeyConstraint(["decree_id"], ["decrees.id"], name="fk_links_decree_id", ondelete="CASCADE"),
    )
    op.create_index("ix_links_prefix", "links", ["prefix"])
    op.add_column("reviews", sa.Column("told_at", _INSTANT))
