"""A new store without waiting for its tables, which are the same each time, nor for statements that were compiled before:
hundreds of tests want one."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.util import LRUCache

from bot.storage import store
from bot.storage.baseline import lay_out
from bot.storage.database import in_memory
from bot.storage.store import Store, open_store

NAME = "vigie.db"
_require_folder = store._require_folder


def ready_store(folder: Path) -> Store:
    """The store of an empty database in `folder`, in the file `vigie.db`, which must not be there yet."""
    path = folder / NAME
    with path.open("xb") as file:
        file.write(laid_out())
    return open_store(f"sqlite:///{path}")


def copy_when_new(patch: pytest.MonkeyPatch) -> None:
    """Let each new SQLite database of this process begin as a copy of one with tables. Then it is opened as any other."""
    template = laid_out()

    def put_file(url: URL) -> None:
        _require_folder(url)
        path = Path(url.database or "")
        # Where nothing can be written the program is to find out itself, and where another is faster its file stays.
        with suppress(OSError):
            if not path.exists():
                with TemporaryDirectory(dir=path.parent) as folder:
                    whole = Path(folder) / NAME
                    whole.write_bytes(template)
                    path.hardlink_to(whole)

    def put_in_memory(engine: Engine) -> None:
        if in_memory(engine.url):
            with closing(engine.raw_connection()) as raw:
                assert isinstance(raw.driver_connection, sqlite3.Connection)
                _in_memory().backup(raw.driver_connection)
        lay_out(engine)

    patch.setattr(store, "_require_folder", put_file)
    patch.setattr(store, "lay_out", put_in_memory)


def lay_out_when_new(patch: pytest.MonkeyPatch) -> None:
    """Let their tables be made as the program does."""
    patch.setattr(store, "_require_folder", _require_folder)
    patch.setattr(store, "lay_out", lay_out)


class SharedStatements(LRUCache[Any, Any]):
    """Statements as SQL, by what they say and the kind of database."""

    def __init__(self) -> None:
        super().__init__(2000)

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


def share_statements(patch: pytest.MonkeyPatch) -> None:
    """Compile each statement once in this process. An engine keeps what it compiled for itself, and every test has an engine of its own."""
    kept = SharedStatements()

    def create_sharing(*args: Any, **kwargs: Any) -> Engine:
        engine = create_engine(*args, **kwargs)
        engine.update_execution_options(compiled_cache=kept)
        return engine

    patch.setattr("bot.storage.database.create_engine", create_sharing)


@cache
def laid_out() -> bytes:
    """An empty database with its tables."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        open_store(f"sqlite:///{path}").close()
        assert [file.name for file in path.parent.iterdir()] == [NAME], "all of it is in the one file"
        return path.read_bytes()


@cache
def _in_memory() -> sqlite3.Connection:
    """The same, in memory, to the end of the process."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(laid_out())
        with closing(sqlite3.connect(path)) as file:
            file.backup(kept)
    return kept
