"""What a post says of its decree as one document, in place of a list of marks; and what its message is recognised by under that name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_BATCH = 500
_UNTOLD = "changed_by:untold"

_posts = sa.table("posts", sa.column("id"), sa.column("told"), sa.column("content", sa.JSON()))


def upgrade() -> None:
    """Turn the marks into the document that says the same: no post has more to say, or less, than before."""
    op.add_column("posts", sa.Column("content", sa.JSON()))
    op.alter_column("posts", "shown", new_column_name="recognised_by")
    connection, last = op.get_bind(), 0
    noted = sa.select(_posts).where(_posts.c.told.is_not(None)).order_by(_posts.c.id).limit(_BATCH)
    while batch := connection.execute(noted.where(_posts.c.id > last)).all():
        for row in batch:
            connection.execute(sa.update(_posts).where(_posts.c.id == row.id).values(content=_content(row.told.split())))
        last = batch[-1].id
    op.drop_column("posts", "told")


def _content(marks: list[str]) -> dict[str, Any]:
    """Marks are names of facts, `published:<day>`, and `changed_by:<kind>:<id>`, with `:undone_by:<id>` for what ends that in turn.

    Where nobody knows what the post says of later decrees, which a mark of its own tells, no changes are given.
    """
    changes = sorted(mark.removeprefix("changed_by:").replace(":undone_by:", ":") for mark in marks if mark.startswith("changed_by:"))
    days = [mark.removeprefix("published:") for mark in marks if mark.startswith("published:")]
    content: dict[str, Any] = {"facts": sorted(mark for mark in marks if not mark.startswith(("changed_by:", "published:")))}
    content |= {"published": days[-1]} if days else {}
    return content | ({} if _UNTOLD in marks else {"changes": changes})
