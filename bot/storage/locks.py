"""Who writes after whom."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, text

from bot.storage.errors import NoSuchRow
from bot.storage.schema import recueils

# PostgreSQL advisory locks, as two numbers: what is locked, and which of them.
_DECREES, _AUTHORITY, _ALERTS = 0x76696701, 0x76696702, 0x76696703


def lock_recueil(connection: Connection, recueil: int, *, decrees: bool) -> Row[Any]:
    """The row, once no other program records the same. Raises NoSuchRow.

    Recordings of one authority wait for each other, so that the second sees that it is a duplicate. Those that hold decrees, which
    are rare, wait for each other wherever they come from: else the keys of the decrees would make most of them fail and begin again.
    In SQLite the transaction is exclusive already.
    """
    mine = select(recueils).where(recueils.c.id == recueil)
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise NoSuchRow(f"no recueil has the id {recueil}")
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:what, hashtext(:which))")
        if decrees:
            connection.execute(lock, {"what": _DECREES, "which": ""})
        connection.execute(lock, {"what": _AUTHORITY, "which": row.authority})
        # As the one before has left it.
        row = connection.execute(mine).one()
    return row


def lock_alerts(connection: Connection) -> None:
    """Wait until no other program notes what troubles begin: each of two would not see what the other one is about to write, and both would
    note the same. In SQLite the transaction is exclusive already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:what, 0)"), {"what": _ALERTS})
