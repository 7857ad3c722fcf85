"""Pace and rest of each address and the robots.txt of each host, for every process on the database.

And how many failures of a source may be its own fault.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add a column and two tables. What failed before is counted anew."""
    op.add_column("sources", sa.Column("site_failures", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "addresses",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("updated_at", _INSTANT),
        sa.Column("next_start", _INSTANT),
        sa.Column("asked_until", _INSTANT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_host", sa.Text(), nullable=False),
        sa.Column("retry_at", _INSTANT),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_addresses"),
    )
    op.create_table(
        "robots",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("read_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_robots"),
    )
