"""Creates the tables of this program in a database, or refuses a database with other tables.

Concurrent starts wait for each other (SQLite write lock, PostgreSQL advisory lock). Before 1.0.0 the tables change in place, without
upgrade.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import cache

import structlog
from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, delete, false, insert, inspect, select, text, update

from bot.storage.database import begin_to_write, masked
from bot.storage.errors import WrongSchema
from bot.storage.schema import decree_revision, metadata, restores, search_rules

log = structlog.get_logger()

VERSION_TABLE = "vigie_schema"
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))
MOVED = "moved"
"""Stands for the version where a file was carried over: whoever works on it would post what the other database posts."""
_POSTED_SINCE = timedelta(days=14)
"""For how long before it was lost a database may have posted what is found anew: older recueils are history, and not posted."""
_ADVISORY_LOCK = 0x7669676965  # "vigie"

# FTS5 keeps no text of its own: the triggers keep it in step with `act_terms`. Only "is this term in that column" is ever asked,
# hence detail=column; the terms are ASCII already, and `_` marks the terms that narrow a search.
_FULL_TEXT = (
    """CREATE VIRTUAL TABLE act_search USING fts5(
        head, everything, content='act_terms', content_rowid='act_id', detail=column, tokenize="ascii tokenchars '_'")""",
    """CREATE TRIGGER act_search_insert AFTER INSERT ON act_terms BEGIN
        INSERT INTO act_search(rowid, head, everything) VALUES (new.act_id, new.head, new.everything); END""",
    """CREATE TRIGGER act_search_delete AFTER DELETE ON act_terms BEGIN
        INSERT INTO act_search(act_search, rowid, head, everything) VALUES ('delete', old.act_id, old.head, old.everything); END""",
    """CREATE TRIGGER act_search_update AFTER UPDATE ON act_terms BEGIN
        INSERT INTO act_search(act_search, rowid, head, everything) VALUES ('delete', old.act_id, old.head, old.everything);
        INSERT INTO act_search(rowid, head, everything) VALUES (new.act_id, new.head, new.everything); END""",
)

# `decree_revision` counts every change of what is shown of decrees, whoever makes it: what was made from them is then out of date.
_SHOWN = ("decrees", "decree_communes", "decree_operators", "identities", "sightings", "links")
_EVENTS = ("INSERT", "UPDATE", "DELETE")
_OF_A_DECREE = {
    "INSERT": "NEW.decree_id IS NOT NULL",
    "UPDATE OF decree_id": "OLD.decree_id IS DISTINCT FROM NEW.decree_id",
    "DELETE": "OLD.decree_id IS NOT NULL",
}
_COUNT_IN_SQLITE = "UPDATE decree_revision SET number = number + 1"
# Deferred: the row is locked when all else of the transaction is written, so that two of them cannot wait for each other.
_FUNCTION = """CREATE FUNCTION vigie_decree_revision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE decree_revision SET number = number + 1, made_by = txid_current() WHERE made_by <> txid_current();
    RETURN NULL; END $$"""


def lay_out(engine: Engine, lost_at: datetime | None = None) -> None:
    """Create missing tables in one transaction. Raises WrongSchema for other tables. `lost_at`: a former database was lost; what it posted
    is unknown, as after a restore (table `restores`).
    """
    with begin_to_write(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if not has_tables(connection, masked(engine.url)):
            create_tables(connection)
            if lost_at is not None:
                log.error("database.lost", database=masked(engine.url))
                connection.execute(insert(restores), {"restored_at": lost_at, "made_at": lost_at - _POSTED_SINCE})
            show_version(connection)
        # SQLite begins a transaction on a file that it may only read without a word: find out now, not at the first decree.
        connection.execute(delete(search_rules).where(false()))


def has_tables(connection: Connection, name: str) -> bool:
    """Return whether the tables exist. Raises WrongSchema, with `name`, for other tables and for an unfinished restore."""
    if connection.dialect.has_table(connection, VERSION_TABLE) and (found := connection.scalar(select(_version))) is not None:
        require_same(found, name)
        return True
    present = set(inspect(connection).get_table_names())
    ours = present & set(metadata.tables)
    if ours or (present and connection.dialect.name == "sqlite"):
        whose = "another program, or of a restore that is not over" if ours else "another program"
        raise WrongSchema(f"the database {name} holds tables of {whose} ({', '.join(sorted(ours or present)[:5])})")
    return False


def require_same(found: str, name: str) -> None:
    """Raise WrongSchema unless a version of the schema is that of this program."""
    if found == MOVED:
        raise WrongSchema(f"the database {name} was carried over to PostgreSQL (vigie move): name that one in database.url")
    if found != schema_version():
        raise WrongSchema(
            f"the database {name} is of another version of Vigie (schema {found}, not {schema_version()}), and cannot be upgraded "
            "before 1.0.0: use the version that made it, or put the database aside and begin anew"
        )


@cache
def schema_version() -> str:
    """Return the version of the schema: a digest of its tables and triggers."""
    columns = [f"{column} {column.type!r} {column.nullable} {column.primary_key}" for table in metadata.sorted_tables for column in table.c]
    indexes = sorted(repr(index.name) for table in metadata.sorted_tables for index in table.indexes)
    triggers = [*_triggers("sqlite"), *_triggers("postgresql")]
    return hashlib.sha256("\n".join([*columns, *indexes, *triggers]).encode()).hexdigest()[:12]


def create_tables(connection: Connection) -> None:
    """Create the tables in a database that has none. No program opens the database before `show_version`."""
    metadata.create_all(connection, checkfirst=False)
    _version.create(connection)
    connection.execute(insert(decree_revision), {"id": 1, "number": 0, "made_by": 0})
    for statement in _triggers(connection.dialect.name):
        connection.exec_driver_sql(statement)


def show_version(connection: Connection) -> None:
    """Let programs open these tables: what is in them is whole."""
    connection.execute(insert(_version), {"version_num": schema_version()})


def mark_moved(connection: Connection) -> None:
    """Mark these tables as moved to another database, so that no program opens them."""
    connection.execute(update(_version).values(version_num=MOVED))


def _triggers(dialect: str) -> list[str]:
    changes = [(table, event, "") for table in _SHOWN for event in _EVENTS] + [("acts", *event) for event in _OF_A_DECREE.items()]
    if dialect == "postgresql":
        return [_FUNCTION, *(_trigger_of_postgresql(*change) for change in changes)]
    return [*_FULL_TEXT, *(_trigger_of_sqlite(*change) for change in changes)]


def _trigger_of_postgresql(table: str, event: str, condition: str) -> str:
    name, when = f"{table}_revision_{event.split(maxsplit=1)[0].lower()}", f"WHEN ({condition}) " if condition else ""
    return (
        f"CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW {when}EXECUTE FUNCTION vigie_decree_revision()"
    )


def _trigger_of_sqlite(table: str, event: str, condition: str) -> str:
    name = f"{table}_revision_{event.split(maxsplit=1)[0].lower()}"
    # The standard's words need SQLite 3.39.
    when = f"WHEN {condition.replace('IS DISTINCT FROM', 'IS NOT')} " if condition else ""
    return f"CREATE TRIGGER {name} AFTER {event} ON {table} {when}BEGIN {_COUNT_IN_SQLITE}; END"
