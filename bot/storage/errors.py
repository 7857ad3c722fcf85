"""Defines database errors with messages for operators; no message holds a password or the text of an act."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.records import Decision


class StorageError(Exception):
    """Raised when the database failed; the message names the database and what to do."""

    is_lasting = False
    """Trying again is useless: the configuration, the file or its permissions must be mended first."""

    is_outage = False
    """The database as a whole cannot be used: whatever else is tried fails in the same way."""

    remedy = "See the log of the server, or of the system."
    """What an operator can do."""


class HandedOverFailed(Exception):
    """Raised when the process that carried out a request failed; the message names the error."""


class BadUrl(StorageError):
    """`database.url` is not an address that can be used."""

    is_lasting = True
    remedy = "Correct database.url."


class Unavailable(StorageError):
    """Raised when a database cannot be opened or reached: folder, permission, server, password."""

    is_outage = True
    remedy = "Make the folder of the file, or give it to the user that runs the bot (chown)."


class Locked(StorageError):
    """Raised when another process locked the database for too long. Nothing was written; retrying is safe."""

    is_outage = True
    remedy = "End the program that holds it (a backup, an editor of SQLite), or try again later."


class DiskFull(StorageError):
    """The disk is full or the file system failed. Nothing was written."""

    is_outage = True
    remedy = "Free some room on its disk; where there is room, look for faults of the disk (dmesg)."


class NotWritable(StorageError):
    """The database was opened read-only, or its file or folder does not allow writing."""

    is_outage = True
    remedy = "Give the file and its folder to the user that runs the bot (chown), or the user of the server its rights (GRANT)."


class Corrupt(StorageError):
    """The file is damaged, or is not a database."""

    is_outage = True
    remedy = "Restore a backup (vigie restore DIR), or name another file in database.url."


class WrongSchema(StorageError):
    """The database belongs to another version of Vigie, or to another program."""

    remedy = "Use the version of Vigie that made it, or name another database in database.url: this one stays as it is."


class Conflict(StorageError):
    """Raised when processes kept writing the same rows. Nothing was written; retrying is safe."""


class NoSuchRow(StorageError):
    """The id given is of nothing stored."""


class AlreadyDecided(NoSuchRow):
    """Raised when no act waits under this id any more: a person has decided."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision
