"""Bring a database up to the schema of this program.

Migrations are Alembic scripts in `migrations/versions`, run from here: no command, no configuration file. Several processes may start at
once: each waits for the first to finish (a SQLite write lock, a PostgreSQL advisory lock), then finds nothing left to do.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Column, Connection, Engine, MetaData, String, Table, delete, false, insert, inspect, select, text

from bot.storage.backup import copy_before_upgrade
from bot.storage.database import begin_to_write, in_memory, masked
from bot.storage.errors import OlderSchema, WrongSchema
from bot.storage.schema import metadata, search_rules

log = structlog.get_logger()

VERSION_TABLE = "vigie_schema"
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))
_ADVISORY_LOCK = 0x7669676965  # "vigie"

# Alembic's `op` is a global of the library: only one migration at a time within a process.
_one_at_a_time = threading.Lock()


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables, in one transaction. Raises WrongSchema when the database is of a newer program, or not ours.

    A SQLite file of an earlier schema is copied first, and left as it is where the disk has no room for that (DiskFull).
    """
    with _one_at_a_time, begin_to_write(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        current, name = revision(connection), masked(engine.url)
        if current is None:
            refuse_foreign(connection, name)
        if _is_older(name, current):
            if current is not None:
                _copy_before(engine.url, current)
            upgrade_to(connection, "head")
        # SQLite begins a transaction on a file that it may only read without a word: find out now, not at the first decree.
        connection.execute(delete(search_rules).where(false()))


def _copy_before(url: URL, schema: str) -> None:
    """Nothing changes meanwhile: the caller holds the lock of whoever writes."""
    if url.get_backend_name() != "sqlite":
        log.warning("database.upgraded_uncopied", schema=schema, before_next_upgrade="vigie backup DIR")
    elif not in_memory(url):
        log.info("database.upgraded", schema=schema, copy=str(copy_before_upgrade(Path(url.database or ""), schema, datetime.now(UTC))))


def revision(connection: Connection) -> str | None:
    """The version of the schema in the database, None where there is no schema yet."""
    return connection.scalar(select(_version)) if connection.dialect.has_table(connection, VERSION_TABLE) else None


def lay_out(connection: Connection) -> None:
    """Create the tables of this program where there are none."""
    with _one_at_a_time:
        upgrade_to(connection, "head")


def hide_version(connection: Connection) -> None:
    """Let no program open these tables: what is in them is not whole yet."""
    connection.execute(delete(_version))


def show_version(connection: Connection, schema: str | None) -> None:
    """Let programs open these tables."""
    connection.execute(insert(_version), {"version_num": schema})


def adopt(connection: Connection, schema: str | None, name: str) -> None:
    """Upgrade the tables that a backup of this name brought. Raises WrongSchema.

    `schema` is their version where it is not stored yet, so that no program could open them.
    """
    with _one_at_a_time:
        if schema is not None:
            show_version(connection, schema)
        current = revision(connection)
        if current is None:
            raise WrongSchema(f"{name} is not a backup of Vigie")
        if _is_older(name, current):
            upgrade_to(connection, "head")


def require_current(connection: Connection, name: str) -> None:
    """Raises WrongSchema unless the schema is exactly this program's: for a reader, which may not upgrade it. `name` is for the error."""
    if _is_older(name, revision(connection)):
        raise OlderSchema(f"the database {name} is of an older Vigie; `vigie run` or `vigie poll` upgrades it")


def upgrade_to(connection: Connection, target: str) -> None:
    """Run the scripts up to a revision (`head`: the last) within the transaction of the connection."""
    script = _scripts()

    def steps(current: Any, _context: MigrationContext) -> Any:
        return script._upgrade_revs(target, current)

    with EnvironmentContext(Config(), script, fn=steps) as context:
        context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, transactional_ddl=True)
        context.run_migrations()


@cache
def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


@cache
def _schemas() -> list[str]:
    """Every schema there was, the newest first."""
    return [script.revision for script in _scripts().walk_revisions()]


def _is_older(name: str, current: str | None) -> bool:
    """Whether there are scripts to run. Raises WrongSchema where they are not known here."""
    if current is not None and current not in _schemas():
        raise WrongSchema(f"the database {name} is of a newer Vigie (schema {current}): upgrade the program, or restore a backup")
    return current != _schemas()[0]


def refuse_foreign(connection: Connection, name: str) -> None:
    """Raises WrongSchema for a database without a version that is not empty: another program's, or one that is not whole yet."""
    present = set(inspect(connection).get_table_names())
    ours = present & set(metadata.tables)
    if ours or (present and connection.dialect.name == "sqlite"):
        whose = "another program, or of a restore that is not over" if ours else "another program"
        raise WrongSchema(f"the database {name} holds tables of {whose} ({', '.join(sorted(ours or present)[:5])})")
