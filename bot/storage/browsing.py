"""Reads decrees in pages, by place, by operator and whole, for lists and open data."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from bot.domain.acts import Decree, Kind
from bot.storage.database import Database, Repository, among
from bot.storage.decrees import load_in_order, may_concern, newest_first
from bot.storage.schema import decree_communes, decree_operators, decrees

_STANDS = decrees.c.withdrawn_at.is_(None)


@dataclass(frozen=True, slots=True)
class DecreeFilter:
    """Selects decrees that meet all conditions; None means any. Without conditions, all decrees that stand.

    `authorities`, `departments`: as in `Decrees.recent`. `communes`: INSEE codes, one of which is named. `operator`: its slug. `since`,
    `until`: listing days, inclusive. `changed_since`: an instant.
    """

    authorities: frozenset[str] | None = None
    departments: frozenset[str] | None = None
    communes: frozenset[str] | None = None
    operator: str | None = None
    kinds: frozenset[Kind] | None = None
    since: date | None = None
    until: date | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class ListPosition:
    """Gives the position of a decree in lists; the next page starts after it, whatever was added."""

    listed_on: date
    found_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class DecreeBatch:
    """Holds one page of decrees, newest first, and where the next begins; None on the last."""

    decrees: tuple[Decree, ...]
    after: ListPosition | None


@dataclass(frozen=True, slots=True)
class OperatorCount:
    """Counts the decrees that stand of an operator, with its slug and its name as printed."""

    slug: str
    name: str
    decrees: int


class Browsing(Repository):
    """The decrees that stand, in parts."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._stands: ColumnElement[bool] = _STANDS

    def of(self, topic: str) -> Browsing:
        """Return those of one topic alone."""
        narrowed = copy(self)
        narrowed._stands = and_(_STANDS, decrees.c.topic == topic)
        return narrowed

    def batch(self, wanted: DecreeFilter, limit: int, after: ListPosition | None = None) -> DecreeBatch:
        """Read at most `limit` decrees, the newest first, that come after a position."""
        query = select(decrees.c.listed_on, decrees.c.found_at, decrees.c.id).where(self._stands, *_conditions(wanted))
        if after is not None:
            query = query.where(_comes_after(after))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(*newest_first()).limit(limit + 1)).all()
            found = load_in_order(connection, [row.id for row in rows[:limit]])
        return DecreeBatch(found, ListPosition(*rows[limit - 1]) if len(rows) > limit else None)

    def slices(self, size: int) -> Iterator[tuple[Decree, ...]]:
        """Yield all decrees that stand, by id, in slices of `size`; one withdrawn between slices may be in an earlier one."""
        last = 0
        while True:
            query = select(decrees.c.id).where(_STANDS, decrees.c.id > last).order_by(decrees.c.id).limit(size)
            with self._database.reading() as connection:
                ids = connection.execute(query).scalars().all()
                found = load_in_order(connection, ids)
            if not ids:
                return
            yield tuple(decree for decree in found if decree.withdrawn_at is None)
            last = ids[-1]

    def removed_since(self, instant: datetime) -> tuple[int, ...]:
        """Return the ids of decrees withdrawn since then."""
        query = select(decrees.c.id).where(decrees.c.withdrawn_at >= instant).order_by(decrees.c.id)
        return tuple(row.id for row in self._database.rows(query))

    def ids(self, limit: int, offset: int, wanted: DecreeFilter | None = None) -> list[int]:
        """Return ids of decrees that stand, newest first, after the first `offset`."""
        query = (
            select(decrees.c.id)
            .where(self._stands, *_conditions(wanted or DecreeFilter()))
            .order_by(*newest_first())
            .limit(limit)
            .offset(offset)
        )
        return [int(row.id) for row in self._database.rows(query)]

    def count(self, wanted: DecreeFilter) -> int:
        """Count the decrees that stand and meet these conditions."""
        return int(self._database.value(select(func.count()).select_from(decrees).where(self._stands, *_conditions(wanted))))

    def operators(self) -> tuple[OperatorCount, ...]:
        """Return the operators that decrees name, those of most decrees first."""
        number = func.count()
        query = select(decree_operators.c.operator, func.min(decree_operators.c.name).label("name"), number.label("decrees"))
        query = query.join(decrees, decrees.c.id == decree_operators.c.decree_id).where(self._stands)
        query = query.group_by(decree_operators.c.operator).order_by(number.desc(), decree_operators.c.operator)
        return tuple(OperatorCount(row.operator, row.name, row.decrees) for row in self._database.rows(query))

    def operator(self, slug: str) -> OperatorCount | None:
        """Return one operator, None where no decree that stands names it."""
        query = select(func.min(decree_operators.c.name).label("name"), func.count().label("decrees"))
        # Those that stand are too many to be looked up each.
        gone = select(decrees.c.id).where(not_(self._stands))
        row = self._database.first(query.where(decree_operators.c.operator == slug, decree_operators.c.decree_id.not_in(gone)))
        return None if row is None or not row.decrees else OperatorCount(slug, row.name, row.decrees)


def _conditions(wanted: DecreeFilter) -> Iterator[ColumnElement[bool]]:
    yield among(decrees.c.authority, wanted.authorities)
    if wanted.departments is not None:
        yield may_concern(wanted.departments)
    if wanted.communes is not None:
        yield decrees.c.id.in_(select(decree_communes.c.decree_id).where(among(decree_communes.c.commune, wanted.communes)))
    if wanted.operator is not None:
        yield decrees.c.id.in_(select(decree_operators.c.decree_id).where(decree_operators.c.operator == wanted.operator))
    yield among(decrees.c.kind, wanted.kinds)
    if wanted.since is not None:
        yield decrees.c.listed_on >= wanted.since
    if wanted.until is not None:
        yield decrees.c.listed_on <= wanted.until
    if wanted.changed_since is not None:
        yield func.coalesce(decrees.c.changed_at, decrees.c.found_at) >= wanted.changed_since


def _comes_after(position: ListPosition) -> ColumnElement[bool]:
    """Match rows after this position in the order of `newest_first`. The first condition is redundant, but lets an index be used."""
    day, found, decree = decrees.c.listed_on, decrees.c.found_at, decrees.c.id
    same_day = and_(day == position.listed_on, or_(found < position.found_at, and_(found == position.found_at, decree < position.id)))
    return and_(day <= position.listed_on, or_(day < position.listed_on, same_day))
