"""What is remembered: sources, recueils, acts, decrees and the outbox, in SQLite or PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.lazily import face

if TYPE_CHECKING:
    from bot.storage.errors import StorageError
    from bot.storage.rehearsal import rehearsal_store
    from bot.storage.store import Store, open_store

__all__ = ["StorageError", "Store", "open_store", "rehearsal_store"]

if not TYPE_CHECKING:  # a type checker knows what there is, and what there is not
    # What opens no database does not wait for SQLAlchemy and Alembic.
    __getattr__ = face(__name__, {"StorageError": "errors", "Store": "store", "open_store": "store", "rehearsal_store": "rehearsal"})
