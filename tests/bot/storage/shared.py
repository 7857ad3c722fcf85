"""A PostgreSQL database with the tables of the program, which one test after another has for itself."""

from __future__ import annotations

import psycopg
from psycopg import sql

from bot.storage.schema import metadata
from bot.storage.store import open_store

_TEMPLATE = "vigie_template"

_TABLES = """SELECT c.relname, a.attname, a.atttypid::regtype::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 ORDER BY 1, 2"""
_RULES = "SELECT version_num, version FROM vigie_schema, search_rules"
_KEPT = ("vigie_schema", "search_rules", "decree_revision")
# Rather than TRUNCATE, which makes a hundred files anew.
_EMPTY = sql.SQL("; ").join(
    [
        *(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in metadata.tables if name not in _KEPT),
        sql.SQL("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"),
    ]
)


class SharedDatabase:
    """A PostgreSQL database with the tables of the program, lent to one test after another and emptied between: one takes long to make."""

    def __init__(self, server: str, name: str) -> None:
        self.url = server.format(database=name)
        self._server = server
        self._name = name
        self._made: object = None
        self._connection: psycopg.Connection | None = None

    def ready(self) -> str:
        """Its address; no row is in it but those of a new database."""
        if self._made is None:
            with psycopg.connect(self._server.format(database="postgres"), autocommit=True) as connection:
                # One at a time: a template may be in use by nobody else. The lock ends with the connection.
                connection.execute("SELECT pg_advisory_lock(1)")
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone() is None:
                    _make_template(connection, self._server)
                command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                connection.execute(command.format(sql.Identifier(self._name), sql.Identifier(_TEMPLATE)))
            # One for all tests: another would have to look up every table anew.
            self._connection = psycopg.connect(self.url, autocommit=True, prepare_threshold=None)
            self._connection.execute("SET session_replication_role = replica")  # the order of foreign keys does not matter
            self._made = _state(self._connection)
        return self.url

    def empty(self) -> None:
        """Take out all that a test put in, whoever still holds it. One whose very tables were changed is made anew for the next test."""
        assert self._connection is not None
        self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [self._name]
        )
        try:
            same = _state(self._connection) == self._made
        except psycopg.Error:
            same = False
        if same:
            self._connection.execute(_EMPTY)
        else:
            self.close()
            drop(self._server, self._name)

    def drop_queue(self) -> None:
        """Take out the tables of the queue for workers, which are in a schema of their own."""
        if self._connection is not None:
            self._connection.execute("DROP SCHEMA IF EXISTS public_queue CASCADE")

    def close(self) -> None:
        """Hold it no longer."""
        if self._connection is not None:
            self._connection.close()
        self._made = self._connection = None


def _state(connection: psycopg.Connection) -> object:
    """Its tables and indexes, and the rows that are there from the beginning."""
    return connection.execute(_TABLES).fetchall(), connection.execute(_RULES).fetchall()


def _make_template(connection: psycopg.Connection, server: str) -> None:
    """Make the database with tables of which others are copies; it has its name when it is complete."""
    connection.execute("CREATE DATABASE vigie_making")
    open_store(server.format(database="vigie_making")).close()
    connection.execute(sql.SQL("ALTER DATABASE vigie_making RENAME TO {}").format(sql.Identifier(_TEMPLATE)))


def drop(server: str, name: str) -> None:
    """Remove a database, whoever uses it."""
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
