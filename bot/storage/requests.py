"""Work that a command hands to the process which holds the lock `work`, how far it is, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from bot.storage.database import Database
from bot.storage.schema import requests


@dataclass(frozen=True, slots=True)
class WorkRequest:
    """All but the id is JSON. `result` is None until the work is done."""

    id: str
    kind: str
    arguments: Any
    progress: Any = None
    result: Any = None


class Requests:
    """A row stays as long as whoever made it waits; longer only with a result that was never read.

    Every method raises StorageError when the database cannot do it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, arguments: Mapping[str, Any]) -> str:
        """Request something; its id, which no other ever had: who works on one that was removed must not take it for another."""
        number = uuid.uuid4().hex
        with self._database.writing() as connection:
            connection.execute(insert(requests).values(id=number, kind=kind, arguments=dict(arguments)))
        return number

    def get(self, request: str) -> WorkRequest | None:
        """One by its id, None where there is none any more."""
        with self._database.reading() as connection:
            row = connection.execute(select(requests).where(requests.c.id == request)).one_or_none()
        return None if row is None else _request(row)

    def unanswered(self) -> list[WorkRequest]:
        """Those without a result."""
        query = select(requests).where(requests.c.result.is_(None))
        with self._database.reading() as connection:
            return [_request(row) for row in connection.execute(query)]

    def report(self, request: str, progress: Any) -> None:
        """How far it is. Does nothing where nobody waits any more."""
        self._set(request, {"progress": progress})

    def answer(self, request: str, result: Mapping[str, Any]) -> None:
        """What came of it. Does nothing where nobody waits any more."""
        self._set(request, {"result": dict(result)})

    def remove(self, request: str) -> None:
        """Nobody waits for it any more."""
        with self._database.writing() as connection:
            connection.execute(delete(requests).where(requests.c.id == request))

    def clear(self) -> None:
        """Remove those without a result, those included whose process was killed: whoever still waits makes a new one.

        A result stays: whoever waits for it has not read it yet, and would have the work done again.
        """
        with self._database.writing() as connection:
            connection.execute(delete(requests).where(requests.c.result.is_(None)))

    def _set(self, request: str, values: Mapping[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(update(requests).where(requests.c.id == request).values(**values))


def _request(row: Row[Any]) -> WorkRequest:
    return WorkRequest(row.id, row.kind, row.arguments, row.progress, row.result)
