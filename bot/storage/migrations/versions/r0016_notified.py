"""When operators were notified of an alert, of its end, and asked about an act: by the names that the program uses."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Rename five columns. What was notified stays so: nothing is sent again."""
    for table in ("alerts", "post_alerts", "reviews"):
        op.alter_column(table, "told_at", new_column_name="notified_at")
    for table in ("alerts", "post_alerts"):
        op.alter_column(table, "end_told_at", new_column_name="end_notified_at")
