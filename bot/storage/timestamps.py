"""Stores what is to be stamped by a time stamping authority, and its answers: files of recueils with decrees, and logs of looks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select, update

from bot.storage.columns import value_of
from bot.storage.database import Repository, insert_or_ignore
from bot.storage.schema import recueils, sightings, timestamps


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Holds what is stamped: the SHA-256 of a file, or of the log of looks of a `day`, which is `text`. `token`: the answer of the
    authority (RFC 3161), None until it came."""

    sha256: str
    day: date | None
    text: str | None
    token: bytes | None


class Timestamps(Repository):
    """One row for each content that is stamped."""

    def add_recueils(self) -> None:
        """Add the files in which decrees were read and that are not here."""
        known, read = select(timestamps.c.sha256), select(sightings.c.recueil_id)
        missing = (recueils.c.sha256.is_not(None), recueils.c.id.in_(read), recueils.c.sha256.not_in(known))
        with self._database.writing() as connection:
            for row in connection.execute(select(recueils.c.sha256).where(*missing).distinct()).all():
                connection.execute(insert_or_ignore(connection, timestamps), {"sha256": row.sha256})

    def add_day(self, day: date, text: str) -> None:
        """Add the log of looks of a day; one that is here stays as it is."""
        values = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "day": day, "text": text}
        with self._database.writing() as connection:
            connection.execute(insert_or_ignore(connection, timestamps), values)

    def last_day(self) -> Timestamp | None:
        """Return the newest log of looks, None before the first."""
        row = self._database.first(select(timestamps).where(timestamps.c.day.is_not(None)).order_by(timestamps.c.day.desc()).limit(1))
        return None if row is None else value_of(Timestamp, row)

    def waiting(self, limit: int) -> list[str]:
        """Return the SHA-256 of what is not stamped yet, logs first."""
        order = (timestamps.c.day.is_(None), timestamps.c.day, timestamps.c.sha256)
        query = select(timestamps.c.sha256).where(timestamps.c.token.is_(None)).order_by(*order).limit(limit)
        return [row.sha256 for row in self._database.rows(query)]

    def keep(self, sha256: str, token: bytes, at: datetime) -> None:
        """Store the answer of the authority."""
        with self._database.writing() as connection:
            connection.execute(update(timestamps).where(timestamps.c.sha256 == sha256).values(token=token, stamped_at=at))

    def of(self, sha256: str | None, days: frozenset[date]) -> list[Timestamp]:
        """Return what is known of a file and of these days, the file first."""
        which: ColumnElement[bool] = timestamps.c.day.in_(days) | (timestamps.c.sha256 == sha256)
        query = select(timestamps).where(which).order_by(timestamps.c.day.is_not(None), timestamps.c.day)
        return [value_of(Timestamp, row) for row in self._database.rows(query)]
