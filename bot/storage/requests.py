"""Work that a command hands to the process which holds the lock `work`, how far it is, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from bot.storage.columns import value_of
from bot.storage.database import Repository
from bot.storage.schema import requests


@dataclass(frozen=True, slots=True)
class WorkRequest:
    """All but the id is JSON. `result` is None until the work is done."""

    id: str
    kind: str
    arguments: Any
    progress: Any = None
    result: Any = None


class Requests(Repository):
    """A row stays as long as whoever made it waits; longer only with a result that was never read."""

    def add(self, kind: str, arguments: Mapping[str, Any]) -> str:
        """Request something; its id, which no other ever had: who works on one that was removed must not take it for another."""
        number = uuid.uuid4().hex
        self._database.write(insert(requests).values(id=number, kind=kind, arguments=dict(arguments)))
        return number

    def get(self, request: str) -> WorkRequest | None:
        """One by its id, None where there is none any more."""
        row = self._database.first(select(requests).where(requests.c.id == request))
        return None if row is None else value_of(WorkRequest, row)

    def unanswered(self) -> list[WorkRequest]:
        """Those without a result."""
        query = select(requests).where(requests.c.result.is_(None))
        return [value_of(WorkRequest, row) for row in self._database.rows(query)]

    def report(self, request: str, progress: Any) -> None:
        """How far it is. Does nothing where nobody waits any more."""
        self._set(request, {"progress": progress})

    def answer(self, request: str, result: Mapping[str, Any]) -> None:
        """What came of it. Does nothing where nobody waits any more."""
        self._set(request, {"result": dict(result)})

    def remove(self, request: str) -> None:
        """Nobody waits for it any more."""
        self._database.write(delete(requests).where(requests.c.id == request))

    def clear(self) -> None:
        """Remove those without a result, those included whose process was killed: whoever still waits makes a new one.

        A result stays: whoever waits for it has not read it yet, and would have the work done again.
        """
        self._database.write(delete(requests).where(requests.c.result.is_(None)))

    def _set(self, request: str, values: Mapping[str, Any]) -> None:
        self._database.write(update(requests).where(requests.c.id == request).values(**values))
