"""A new store without waiting for the migrations: they make the same tables each time, and hundreds of tests want them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.storage.store import Store, open_store

NAME = "vigie.db"


def ready_store(folder: Path) -> Store:
    """The store of an empty database in `folder`, in the file `vigie.db`, which must not be there yet."""
    path = folder / NAME
    with path.open("xb") as file:
        file.write(_migrated())
    return open_store(f"sqlite:///{path}")


@cache
def _migrated() -> bytes:
    """An empty database as the migrations leave it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        open_store(f"sqlite:///{path}").close()
        assert [file.name for file in path.parent.iterdir()] == [NAME], "all of it is in the one file"
        return path.read_bytes()
