"""What health needs to know of a source, alerts sent once, and what a backfill reads in silence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and tables; nothing that is there changes."""
    op.add_column("sources", sa.Column("cause", sa.String(32)))
    op.add_column("sources", sa.Column("failing_since", _INSTANT))
    op.add_column("sources", sa.Column("last_new_at", _INSTANT))
    op.add_column("sources", sa.Column("moved_to", sa.Text()))
    op.add_column("recueils", sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_recueils_source_id", "recueils", ["source", "id"])
    op.create_table(
        "alerts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("told_at", _INSTANT),
        sa.Column("closed_at", _INSTANT),
        sa.Column("end_told_at", _INSTANT),
    )
    op.create_index("ix_alerts_subject_closed_at", "alerts", ["subject", "closed_at"])
    op.create_table(
        "backfills",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("since", sa.Date(), primary_key=True),
        sa.Column("listed_at", _INSTANT, nullable=False),
    )
