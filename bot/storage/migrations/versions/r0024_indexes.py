"""Recueils by their addresses; in PostgreSQL the acts of decrees, from which searches count decrees, without those of all other acts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add the one index, and make the other anew."""
    op.create_index("ix_recueils_url", "recueils", ["url"])
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_acts_decree_id", "acts")
        theirs = sa.text("decree_id IS NOT NULL")
        op.create_index("ix_acts_decree_id", "acts", ["decree_id"], postgresql_include=["id"], postgresql_where=theirs)
