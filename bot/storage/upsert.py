"""INSERT … ON CONFLICT DO NOTHING: the same words in both databases, under two names in SQLAlchemy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: Connection, table: Table) -> Any:
    """An INSERT that leaves a row already there as it is. With `.returning(...)` it returns the inserted rows only."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
