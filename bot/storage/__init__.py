"""What is remembered: sources, recueils, acts, decrees and the outbox, in SQLite or PostgreSQL."""

from bot.storage.errors import StorageError
from bot.storage.rehearsal import rehearsal_store
from bot.storage.store import Store, open_store

__all__ = ["StorageError", "Store", "open_store", "rehearsal_store"]
