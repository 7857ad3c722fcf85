"""What a person said of single facts of a decree, and when operators were asked about one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import Instant

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add a column to what was decided, and one to the decrees."""
    op.add_column("decisions", sa.Column("facts", sa.JSON(), nullable=True))
    op.add_column("decrees", sa.Column("notified_at", Instant(), nullable=True))
