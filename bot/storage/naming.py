"""Writes what decrees name, as found in their facts, with each decree: operators, and communes, which are found again when its facts or the
gazetteer change.

A decree that names no commune, as most do that modify or end another, has those of the decrees that it changes, as far as these are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from bot.domain.acts import Decree, Facts, NamedCommune, Naming
from bot.domain.routing import operator_slug
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, written
from bot.storage.decrees import links_from, links_to, load_communes, load_known, load_links
from bot.storage.schema import decree_communes, decree_operators, decrees, identities

SLICE = 100
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
    """Find the communes of a decree from its row as it is stored now; where they are others than before, those of what changes it too.
    Without a `namer`, note that they are to be found again."""
    if namer is None:
        _note(connection, stored, None)
    else:
        _write(connection, stored, namer, frozenset())


def _write(connection: Connection, stored: Row[Any], namer: CommuneNamer, passed: frozenset[int]) -> None:
    found = {commune.code: commune for commune in namer.communes_of(value_of(Decree, stored))} or _of_changed(connection, stored.id)
    mine = decree_communes.c.decree_id == stored.id
    is_other = tuple(found[code] for code in sorted(found)) != load_communes(connection, [stored.id]).get(stored.id, ())
    if is_other:
        connection.execute(delete(decree_communes).where(mine))
        if found:
            rows = [{"decree_id": stored.id, "commune": each.code, "how": each.how, "evidence": each.evidence} for each in found.values()]
            connection.execute(insert(decree_communes), rows)
    _note(connection, stored, namer.version)
    if is_other and stored.id not in passed:  # decrees that were misread may name each other in circles
        for row in _changing(connection, stored):
            _write(connection, row, namer, passed | {stored.id})


def _of_changed(connection: Connection, decree: int) -> dict[str, NamedCommune]:
    """Return the communes of the decrees that this one changes, by their codes."""
    named = load_links(connection, links_from([decree]))
    if not named:
        return {}
    known = load_known(connection, named)
    changed = {meant for link in named if (meant := known.meant(link)) is not None and meant != decree}
    theirs = (commune for communes in load_communes(connection, changed).values() for commune in communes)
    return {commune.code: replace(commune, how=Naming.CHANGED) for commune in theirs}


def _changing(connection: Connection, stored: Row[Any]) -> Sequence[Row[Any]]:
    """Return the rows of the decrees that change this one."""
    prefixes = select(identities.c.prefix).where(identities.c.decree_id == stored.id, identities.c.prefix.is_not(None))
    named = load_links(connection, links_to(connection.execute(prefixes).scalars().all(), [stored.signed_on]))
    if not named:
        return ()
    known = load_known(connection, named)
    changing = {link.decree for link in named if known.meant(link) == stored.id} - {stored.id}
    return connection.execute(select(decrees).where(decrees.c.id.in_(sorted(changing))).order_by(decrees.c.id)).all()


def renew_some_communes(database: Database, namer: CommuneNamer, most: int = SLICE) -> int:
    """Find the communes of so many decrees anew that were found with another version, or not at all, in one transaction. Return of how
    many: 0 where all are up to date."""

    def renewed(connection: Connection) -> int:
        rows = connection.execute(select(decrees).where(_stale(namer.version)).limit(most)).all()
        for row in rows:
            write_communes(connection, row, namer)
        return len(rows)

    # Looked at first by who only reads: nobody is kept from writing to find out that there is nothing to do.
    with database.reading() as connection:
        if connection.execute(select(decrees.c.id).where(_stale(namer.version)).limit(1)).first() is None:
            return 0
    return written(database, renewed)


def _stale(version: str) -> ColumnElement[bool]:
    # Not "!=": these three use the index.
    return or_(decrees.c.gazetteer.is_(None), decrees.c.gazetteer < version, decrees.c.gazetteer > version)


def _note(connection: Connection, stored: Row[Any], version: str | None) -> None:
    if stored.gazetteer != version:
        connection.execute(update(decrees).where(decrees.c.id == stored.id).values(gazetteer=version))


# The operators that a decree names, from its facts: written with them.


def write_operators(connection: Connection, decree_id: int, facts: Facts) -> None:
    """Put the operators that these facts name in the place of those that were stored of this decree."""
    mine = decree_operators.c.decree_id == decree_id
    named = {operator_slug(name): name for name in reversed(facts.operators)}
    named.pop("", None)
    known = {row.operator: row.name for row in connection.execute(select(decree_operators).where(mine))}
    if named == known:
        return
    connection.execute(delete(decree_operators).where(mine))
    if named:
        rows = [{"decree_id": decree_id, "operator": slug, "name": name} for slug, name in named.items()]
        connection.execute(insert(decree_operators), rows)
