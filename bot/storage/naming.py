"""Writes what decrees name, as found in their facts, with each decree: operators, and communes, which are found again when its facts or the
gazetteer change.

A decree that names no commune, as most do that modify or end another, has those of the decrees that it changes, as far as these are stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from bot.domain.acts import Decree, Facts, NamedCommune, Naming
from bot.domain.routing import operator_slug
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, one_of, written
from bot.storage.decrees import links_from, links_to, load_communes, load_known, load_links
from bot.storage.schema import decree_communes, decree_operators, decrees, identities

SLICE = 100
"""Decrees whose communes are found in one transaction: some 0.1 s of processor time, for which other writers wait."""


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
        _note(connection, [stored], None)
    else:
        _write(connection, [stored], namer)


_DEEPEST = 20
"""Changes of changes that are followed: decrees that were misread may name each other in circles."""


def _write(connection: Connection, rows: Sequence[Row[Any]], namer: CommuneNamer) -> None:
    """The same of many, in a few statements for all of them."""
    for _ in range(_DEEPEST):
        found = {row.id: namer.communes_of(value_of(Decree, row)) for row in rows}
        found |= _of_changed(connection, [decree for decree, named in found.items() if not named])
        before = load_communes(connection, found)
        now = {decree: _in_order(named) for decree, named in found.items()}
        others = {decree for decree, named in now.items() if named != before.get(decree, ())}
        if others:
            connection.execute(delete(decree_communes).where(one_of(decree_communes.c.decree_id, others)))
        written = [
            {"decree_id": decree, "commune": each.code, "how": each.how, "evidence": each.evidence}
            for decree in sorted(others)
            for each in now[decree]
        ]
        if written:
            connection.execute(insert(decree_communes), written)
        _note(connection, rows, namer.version)
        rows = _changing(connection, [row for row in rows if row.id in others])
        if not rows:
            return


def _in_order(named: Sequence[NamedCommune]) -> tuple[NamedCommune, ...]:
    """Return each commune once, by its code."""
    by_code = {commune.code: commune for commune in named}
    return tuple(by_code[code] for code in sorted(by_code))


def _of_changed(connection: Connection, ids: Collection[int]) -> dict[int, list[NamedCommune]]:
    """Return the communes of the decrees that each of these changes, by its id."""
    named = load_links(connection, links_from(ids)) if ids else []
    if not named:
        return {}
    known = load_known(connection, named)
    changed = [(link.decree, meant) for link in named if (meant := known.meant(link)) is not None and meant != link.decree]
    theirs = load_communes(connection, {meant for _, meant in changed})
    found: dict[int, list[NamedCommune]] = defaultdict(list)
    for decree, meant in changed:
        found[decree] += (replace(commune, how=Naming.CHANGED) for commune in theirs.get(meant, ()))
    return found


def _changing(connection: Connection, changed: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Return the rows of the decrees that change one of these."""
    ids = {row.id for row in changed}
    if not ids:
        return ()
    prefixes = select(identities.c.prefix).where(one_of(identities.c.decree_id, ids), identities.c.prefix.is_not(None))
    days = {row.signed_on for row in changed}
    named = load_links(connection, links_to(connection.execute(prefixes).scalars().all(), days))
    if not named:
        return ()
    known = load_known(connection, named)
    changing = {link.decree for link in named if (meant := known.meant(link)) in ids and meant != link.decree}
    return connection.execute(select(decrees).where(one_of(decrees.c.id, changing)).order_by(decrees.c.id)).all()


def renew_some_communes(database: Database, namer: CommuneNamer, most: int = SLICE) -> int:
    """Find the communes of so many decrees anew that were found with another version, or not at all, in one transaction. Return of how
    many: 0 where all are up to date."""

    def renewed(connection: Connection) -> int:
        rows = connection.execute(select(decrees).where(_stale(namer.version)).limit(most)).all()
        _write(connection, rows, namer)
        return len(rows)

    # Looked at first by who only reads: nobody is kept from writing to find out that there is nothing to do.
    with database.reading() as connection:
        if connection.execute(select(decrees.c.id).where(_stale(namer.version)).limit(1)).first() is None:
            return 0
    return written(database, renewed)


def _stale(version: str) -> ColumnElement[bool]:
    # Not "!=": these three use the index.
    return or_(decrees.c.gazetteer.is_(None), decrees.c.gazetteer < version, decrees.c.gazetteer > version)


def _note(connection: Connection, rows: Sequence[Row[Any]], version: str | None) -> None:
    outdated = [row.id for row in rows if row.gazetteer != version]
    if outdated:
        connection.execute(update(decrees).where(one_of(decrees.c.id, outdated)).values(gazetteer=version))


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
