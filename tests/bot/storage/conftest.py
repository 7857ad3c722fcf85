"""One suite, two databases: every test that asks for `url` or `store` runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.storage.schema import metadata
from bot.storage.store import Store, open_store
from tests.bot.storage.ready import ready_store

_number = itertools.count(1)
_OURS = os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""The server is shared with the other processes of the run, whose databases have other names."""
_TEMPLATE = "vigie_template"

_TABLES = """SELECT c.relname, a.attname, a.atttypid::regtype::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 ORDER BY 1, 2"""
_RULES = "SELECT version_num, version FROM vigie_schema, search_rules"
_KEPT = ("vigie_schema", "search_rules", "decree_revision")


class SharedDatabase:
    """A PostgreSQL database with the tables of the program, lent to one test after another and emptied between: one takes long to make."""

    def __init__(self, server: str, name: str) -> None:
        self.url = server.format(database=name)
        self._server = server
        self._name = name
        self._made: object = None

    def ready(self) -> str:
        """Its address; no row is in it but those that the migrations leave."""
        if self._made is None:
            with psycopg.connect(self._server.format(database="postgres"), autocommit=True) as connection:
                # One at a time: a template may be in use by nobody else. The lock ends with the connection.
                connection.execute("SELECT pg_advisory_lock(1)")
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone() is None:
                    _migrate_template(connection, self._server)
                command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                connection.execute(command.format(sql.Identifier(self._name), sql.Identifier(_TEMPLATE)))
            with psycopg.connect(self.url) as connection:
                self._made = _state(connection)
        return self.url

    def empty(self) -> None:
        """Take out all that a test put in, whoever still holds it. One whose very tables were changed is made anew for the next test."""
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [self._name]
            )
            try:
                same = _state(connection) == self._made
            except psycopg.Error:
                same = False
            if same:
                # Rather than TRUNCATE, which makes a hundred files anew.
                connection.execute("SET session_replication_role = replica")  # the order of foreign keys does not matter
                for name in metadata.tables:
                    if name not in _KEPT:
                        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
                connection.execute("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")
        if not same:
            self._made = None
            _drop(self._server, self._name)


def _state(connection: psycopg.Connection) -> object:
    """Its tables and indexes, and the rows that are there from the beginning."""
    return connection.execute(_TABLES).fetchall(), connection.execute(_RULES).fetchall()


def _migrate_template(connection: psycopg.Connection, server: str) -> None:
    """Make the database with tables of which others are copies; it has its name when it is complete."""
    connection.execute("CREATE DATABASE vigie_migrating")
    open_store(server.format(database="vigie_migrating")).close()
    connection.execute(sql.SQL("ALTER DATABASE vigie_migrating RENAME TO {}").format(sql.Identifier(_TEMPLATE)))


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def _shared(server: str) -> SharedDatabase:
    return SharedDatabase(server, f"vigie_shared_{_OURS}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database; where the test asks for a `store` too, of one with tables."""
    has_tables = "store" in request.fixturenames
    if request.param == "sqlite":
        if has_tables:
            ready_store(tmp_path).close()
        yield f"sqlite:///{tmp_path / 'vigie.db'}"
    elif has_tables:
        database = _shared(request.getfixturevalue("server"))
        yield database.ready()
        database.empty()
    else:
        server: str = request.getfixturevalue("server")
        name = f"vigie_{_OURS}_{next(_number)}"
        with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.format(database=name)
        _drop(server, name)


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


@pytest.fixture(autouse=True)
def _new_databases_are_copies() -> None:
    """Not here: a new database is made by the migrations."""
