"""The few decrees that were withdrawn, by an index of their own: a count of all others leaves them out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add an index of the decrees that were withdrawn."""
    gone = sa.text("withdrawn_at IS NOT NULL")
    op.create_index("ix_decrees_withdrawn_at", "decrees", ["withdrawn_at"], sqlite_where=gone, postgresql_where=gone)
