"""What files hold, by their SHA-256, and texts stored compressed."""

from __future__ import annotations

import zlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)
_BATCH = 200


def upgrade() -> None:
    """Add the table and its columns; the text of each act, the most of a database, takes a third of the room from here on."""
    op.create_table(
        "contents",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("page_count", sa.Integer()),
        sa.Column("pages", sa.LargeBinary(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("read_at", _INSTANT),
        sa.Column("rules", sa.String(32), nullable=False),
        sa.Column("unfinished", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
    )
    op.add_column("recueils", sa.Column("sha256", sa.String(64)))
    op.add_column("recueils", sa.Column("fetched_at", _INSTANT))
    op.create_index("ix_recueils_sha256", "recueils", ["sha256"])
    # Column by column, not table by table: making `acts` anew would take what hangs on its rows with the old one.
    op.add_column("acts", sa.Column("packed", sa.LargeBinary()))
    _pack(op.get_bind())
    op.drop_column("acts", "text")
    op.alter_column("acts", "packed", new_column_name="text")


def _pack(connection: sa.Connection) -> None:
    acts = sa.table("acts", sa.column("id"), sa.column("text", sa.Text()), sa.column("packed", sa.LargeBinary()))
    change = sa.update(acts).where(acts.c.id == sa.bindparam("act")).values(packed=sa.bindparam("bytes"))
    last = 0
    while rows := connection.execute(sa.select(acts.c.id, acts.c.text).where(acts.c.id > last).order_by(acts.c.id).limit(_BATCH)).all():
        connection.execute(change, [{"act": row.id, "bytes": zlib.compress(row.text.encode())} for row in rows])
        last = rows[-1].id
