"""How often in a row a post was looked for: by the name that JSON has."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Rename a column."""
    op.alter_column("posts", "looks", new_column_name="reconcile_attempts")
