"""What is remembered: sources, recueils, acts, decrees and the outbox, in SQLite or PostgreSQL."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.storage.errors import StorageError
    from bot.storage.rehearsal import rehearsal_store
    from bot.storage.store import Store, open_store

__all__ = ["StorageError", "Store", "open_store", "rehearsal_store"]

_HOMES = {"StorageError": "errors", "Store": "store", "open_store": "store", "rehearsal_store": "rehearsal"}

if not TYPE_CHECKING:  # a type checker knows what there is, and what there is not

    def __getattr__(name: str) -> Any:
        """A name of the face, imported when it is asked for: what opens no database does not wait for SQLAlchemy and Alembic."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"bot.storage.{_HOMES[name]}"), name)
