"""An engine with the house's settings: foreign keys, WAL, patience, and transactions that begin the way they will be used.

SQLite allows one writer. A transaction that reads first and writes later can fail at once, whatever the busy timeout, when another wrote
in between: so every writing transaction begins with BEGIN IMMEDIATE (https://www.sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from bot.storage.errors import Unavailable
from bot.storage.url import in_memory, masked

BUSY_TIMEOUT = 30.0
"""Seconds to wait for a lock held by another process."""

_BUSY_PAUSE = 0.02

WRITING = {"vigie_begin": "IMMEDIATE"}
"""Execution options of a connection that is going to write."""


def make_engine(url: URL, *, read_only: bool, busy_timeout: float = BUSY_TIMEOUT) -> Engine:
    """An engine for an address that `parse_url` gave. `busy_timeout` is in seconds. Raises Unavailable without the PostgreSQL driver."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, read_only=read_only, busy_timeout=busy_timeout)
    options = f"-c lock_timeout={int(busy_timeout * 1000)}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    given = url.query.get("options")
    if given:
        options = f"{given if isinstance(given, str) else ' '.join(given)} {options}"
    arguments: dict[str, Any] = {"options": options, "connect_timeout": 10, "application_name": "vigie"}
    try:
        return create_engine(url.difference_update_query(["options"]), connect_args=arguments, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise Unavailable(f"{masked(url)} needs the PostgreSQL driver: pip install 'vigie-vsa[postgres]'") from error


def _sqlite(url: URL, *, read_only: bool, busy_timeout: float) -> Engine:
    arguments: dict[str, Any] = {"check_same_thread": False, "timeout": busy_timeout}
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_timeout": busy_timeout}
    if in_memory(url):
        # A database in memory is its connection: one, shared, and never given up.
        pool |= {"pool_size": 1, "max_overflow": 0}
    elif read_only:
        address = Path(url.database or "").absolute().as_uri()
        url = url.set(database=address).update_query_dict({"mode": "ro", "uri": "true"})
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, **pool)

    @event.listens_for(engine, "connect")
    def _settings(connection: sqlite3.Connection, _record: object) -> None:
        # None stops the driver from beginning transactions of its own; `_begin` does.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only and not in_memory(url):
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('vigie_begin', 'DEFERRED')}")

    return engine


def use_wal(engine: Engine, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Let readers and one writer work at once. The setting stays in the file. Does nothing for PostgreSQL or in memory.

    SQLite does not wait by itself here: changing the mode while another connection is open to the file may answer "busy" at once,
    whatever the busy timeout. Raises sqlite3.OperationalError when it is still so after `busy_timeout` seconds.
    """
    if engine.dialect.name != "sqlite" or in_memory(engine.url):
        return
    raw = engine.raw_connection()
    deadline = time.monotonic() + busy_timeout
    try:
        while True:
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
                time.sleep(_BUSY_PAUSE)
            else:
                return
    finally:
        raw.close()
