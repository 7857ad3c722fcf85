"""The communes that decrees name, as found in their facts: written with each decree, found again when its facts or the gazetteer change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from bot.domain.acts import Decree, NamedCommune
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, written
from bot.storage.schema import decree_communes, decrees

_SLICE = 100
"""Decrees whose communes are found in one transaction: some 0.2 s of processor time, for which other writers wait."""


@dataclass(frozen=True, slots=True)
class CommuneNamer:
    """What finds the communes of a decree. It depends on the decree only, and on what `version` (at most 32 characters) names."""

    version: str
    communes_of: Callable[[Decree], Sequence[NamedCommune]]


class NamingRepository(Repository):
    """A part of the store that writes decrees, with what finds their communes; None in a program that does not know it."""

    def __init__(self, database: Database, namer: CommuneNamer | None = None) -> None:
        super().__init__(database)
        self._namer = namer


def write_communes(connection: Connection, stored: Row[Any], namer: CommuneNamer | None) -> None:
    """Find the communes of a decree from its row as it is stored now. Without a `namer`, note that they are to be found again."""
    if namer is None:
        _note(connection, stored, None)
        return
    found = {commune.code: commune for commune in namer.communes_of(value_of(Decree, stored))}
    mine = decree_communes.c.decree_id == stored.id
    if tuple(found[code] for code in sorted(found)) != load_communes(connection, [stored.id]).get(stored.id, ()):
        connection.execute(delete(decree_communes).where(mine))
        if found:
            rows = [{"decree_id": stored.id, "commune": each.code, "how": each.how, "evidence": each.evidence} for each in found.values()]
            connection.execute(insert(decree_communes), rows)
    _note(connection, stored, namer.version)


def renew_communes(database: Database, namer: CommuneNamer) -> None:
    """Find the communes of every decree anew that were found with another version, or not at all: some decrees a transaction."""
    while written(database, lambda connection: _renew_slice(connection, namer)):
        pass


def load_communes(connection: Connection, ids: Collection[int]) -> dict[int, tuple[NamedCommune, ...]]:
    """Return the communes that each of these decrees names, by their codes."""
    found: dict[int, list[NamedCommune]] = defaultdict(list)
    query = select(decree_communes).where(decree_communes.c.decree_id.in_(ids)).order_by(decree_communes.c.commune)
    for row in connection.execute(query):
        found[row.decree_id].append(NamedCommune(row.commune, row.how, row.evidence))
    return {decree: tuple(communes) for decree, communes in found.items()}


def _renew_slice(connection: Connection, namer: CommuneNamer) -> int:
    rows = connection.execute(select(decrees).where(_stale(namer.version)).limit(_SLICE)).all()
    for row in rows:
        write_communes(connection, row, namer)
    return len(rows)


def _stale(version: str) -> ColumnElement[bool]:
    # Not "!=": these three use the index.
    return or_(decrees.c.gazetteer.is_(None), decrees.c.gazetteer < version, decrees.c.gazetteer > version)


def _note(connection: Connection, stored: Row[Any], version: str | None) -> None:
    if stored.gazetteer != version:
        connection.execute(update(decrees).where(decrees.c.id == stored.id).values(gazetteer=version))
