"""What can go wrong with a database, in words for an operator. No message ever holds a password or the text of an act."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import exc

    from bot.domain.records import Decision


class StorageError(Exception):
    """The database could not do what was asked. The message names the database and what to do about it."""

    is_lasting = False
    """Trying again is useless: the configuration, the file or its permissions must be mended first."""

    is_outage = False
    """The database as a whole cannot be used: whatever else is tried fails in the same way."""


class HandedOverFailed(Exception):
    """The process that carried out a request met with an error, which the message tells."""


class BadUrl(StorageError):
    """`database.url` is not an address that can be used."""

    is_lasting = True


class Unavailable(StorageError):
    """The database cannot be opened or reached: missing folder, no permission, no server, wrong password."""

    is_outage = True


class Locked(StorageError):
    """Another process kept the database locked for too long. Nothing was written; trying again later is safe."""

    is_outage = True


class Full(StorageError):
    """The disk is full or the file system failed. Nothing was written."""

    is_outage = True


class NotWritable(StorageError):
    """The database was opened read-only, or its file or folder does not allow writing."""

    is_outage = True


class Corrupt(StorageError):
    """The file is damaged, or is not a database."""

    is_outage = True


class WrongSchema(StorageError):
    """The database belongs to another version of Vigie, or to another program."""


class Conflict(StorageError):
    """Two processes wrote the same thing at once, again and again. Nothing was written; trying again later is safe."""


class NoSuchRow(StorageError):
    """The id given is of nothing stored."""


class AlreadyDecided(NoSuchRow):
    """No act waits under the id given any more: a person has decided of it."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


# https://www.sqlite.org/rescode.html (primary codes); the driver names the extended code, which starts with the primary one.
_SQLITE: tuple[tuple[str, type[StorageError], str], ...] = (
    ("SQLITE_BUSY", Locked, "is locked by another process; try again later"),
    ("SQLITE_LOCKED", Locked, "is locked by another process; try again later"),
    ("SQLITE_FULL", Full, "cannot grow: the disk is full"),
    ("SQLITE_IOERR", Full, "cannot be read or written: the file system failed"),
    ("SQLITE_READONLY", NotWritable, "cannot be written: check the permissions of the file and of its folder"),
    ("SQLITE_CANTOPEN", Unavailable, "cannot be opened: check that its folder exists and can be read and written"),
    ("SQLITE_PERM", Unavailable, "cannot be opened: permission denied"),
    ("SQLITE_CORRUPT", Corrupt, "is damaged; restore a backup"),
    ("SQLITE_NOTADB", Corrupt, "is not a Vigie database: the file holds something else"),
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html, by prefix.
_POSTGRES: tuple[tuple[str, type[StorageError], str], ...] = (
    ("23", Conflict, "was written by another process at the same time"),
    ("40", Conflict, "was written by another process at the same time"),
    ("55P03", Locked, "is locked by another process; try again later"),
    ("25006", NotWritable, "was opened read-only"),
    ("42501", NotWritable, "refuses: the user lacks the right"),
    ("53100", Full, "cannot grow: the disk is full"),
    ("XX001", Corrupt, "is damaged; restore a backup"),
    ("XX002", Corrupt, "is damaged; restore a backup"),
)


def translate(error: exc.SQLAlchemyError | sqlite3.Error, database: str) -> StorageError:
    """The error of the library or of its SQLite driver as one of ours. `database` is the address with its password already masked."""
    # Imported here: every command names these errors, not every command opens a database.
    from sqlalchemy import exc  # noqa: PLC0415 - see above

    cause = error.orig if isinstance(error, exc.StatementError) else error if isinstance(error, sqlite3.Error) else None
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, database)
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        for prefix, kind, words in _POSTGRES:
            if state.startswith(prefix):
                return kind(f"the database {database} {words}")
    if isinstance(error, exc.TimeoutError):
        return Locked(f"the database {database} is busy: no connection became free in time")
    first_line = next(iter(str(cause or type(error).__name__).splitlines()), "")
    if isinstance(error, exc.OperationalError | exc.InterfaceError):
        return Unavailable(f"the database {database} cannot be used: {first_line}")
    return StorageError(f"the database {database} refused: {first_line}")


def _of_sqlite(cause: sqlite3.Error, database: str) -> StorageError:
    code = getattr(cause, "sqlite_errorname", None) or ""
    if isinstance(cause, sqlite3.IntegrityError):
        return Conflict(f"the database {database} refused a value: {cause}")
    for prefix, kind, words in _SQLITE:
        if code.startswith(prefix):
            return kind(f"the database {database} {words}")
    return StorageError(f"the database {database} refused: {cause}")
