"""Loads stored decrees in the orders that answers need, with their sightings and changes by others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    or_,
    select,
    true,
    union,
)

from bot.domain.acts import GRANTS, Change, Decree, DecreePeriod, Evidence, Facts, Kind, NamedCommune, Outcome, Sighting
from bot.domain.identity import comparable, of_topic
from bot.domain.records import CommuneCount, PageOfDecrees, PageOfIds, PublishedCounts, RecueilState
from bot.domain.topics import first_topic, topics
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, among, one_of
from bot.storage.naming import load_changes, load_communes
from bot.storage.schema import acts, decree_communes, decree_operators, decree_revision, decrees, identities, links, recueils, sightings
from bot.storage.search import MANY, ActsOfSeveral, Matches, finds_any, is_renewing, matching, query_terms

_MOST_OF_ONE_NUMBER = 200
_MOST_RECUEILS = 20
_READ_FOR_WORDS = 2000
_REVISION = str(select(decree_revision.c.number))
_STANDS = decrees.c.withdrawn_at.is_(None)
_ANY: ColumnElement[bool] = true()
_WORD = re.compile(r"[^\W\d_]{4,40}")


@dataclass(frozen=True, slots=True)
class StoredAct:
    """Holds an act as judged for a topic. `text` is that of its pages, joined by line breaks; `decree_id` is set when it is a decree."""

    id: int
    recueil_id: int
    act_id: str | None
    title: str
    service: str | None
    first_page: int
    last_page: int
    outcome: Outcome
    kind: Kind | None
    evidence: tuple[Evidence, ...]
    text: str
    decree_id: int | None
    topic: str = field(default_factory=first_topic)


@dataclass(frozen=True, slots=True)
class StoredPeriod:
    """What of a stored decree tells whether, when and where it counts: see `bot.domain.acts.DecreePeriod`."""

    id: int
    authority: str
    kind: Kind
    facts: Facts
    changed_by: tuple[Change, ...]
    communes: tuple[NamedCommune, ...]


class Decrees(Repository):
    """Every decree that was found, in the orders that answers need."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._of_several = ActsOfSeveral()
        self._wanted = _ANY

    def of(self, topic: str) -> Decrees:
        """Return the decrees of one topic alone: of them are all lists, counts and searches."""
        narrowed = copy(self)
        narrowed._wanted = decrees.c.topic == topic
        return narrowed

    def _narrowed(self, query: Select[Any]) -> Select[Any]:
        # A statement that is made once is kept as it is: to make one takes as long as to carry it out.
        return query if self._wanted is _ANY else query.where(self._wanted)

    def recent(
        self,
        limit: int,
        offset: int = 0,
        authorities: Collection[str] | None = None,
        departments: Collection[str] | None = None,
        without: Collection[int] = (),
    ) -> PageOfDecrees:
        """Return decrees of these authorities (None: all) but these ids; with `departments`, none only naming communes elsewhere."""
        wanted = and_(among(decrees.c.authority, authorities), ~one_of(decrees.c.id, without), self._wanted)
        if departments is not None:
            wanted = and_(wanted, may_concern(departments))
        if authorities is None:
            with self._database.reading() as connection:
                total = _count(connection, wanted)
                return _page(connection, _ids(connection, wanted, limit, offset, total), total)
        page = self._ids(_page_of(wanted), limit, offset)
        with self._database.reading() as connection:
            return _page(connection, page.ids, page.total)

    def search(self, words: str, limit: int, offset: int = 0, authorities: Collection[str] | None = None) -> PageOfDecrees:
        """Return decrees that hold all words (not operators), without accents, case or endings: first those with all in title or facts,
        then newest. Searches title, facts, text, authority (`26`, `dept26`). An empty question has an empty answer.
        """
        wanted = query_terms(words)
        if not wanted:
            return PageOfDecrees((), 0)
        with self._database.reading() as connection:
            found, headed = matching(connection, wanted, authorities)
            if not found.acts:
                return PageOfDecrees((), 0)
            among_found = and_(_among(connection, found), self._wanted)
            total = self._total(connection, found, among_found)
            # To count those in the head costs as much as all else: who asks for one of the first pages does not wait for it.
            is_late = 2 * offset > total
            if not headed.acts or ((is_late or headed.acts < MANY) and headed.count(connection) == found.count(connection)):
                return _page(connection, _ids(connection, among_found, limit, offset, total), total)
            in_head = and_(_among(connection, headed), self._wanted)
            first = self._total(connection, headed, in_head) if is_late else None
            ids = _ids(connection, in_head, limit, offset, first)
            if len(ids) < limit:
                if first is None:
                    first = offset + len(ids) if ids else self._total(connection, headed, in_head)
                others = and_(among_found, ~in_head)
                ids += _ids(connection, others, min(limit - len(ids), total - first), max(offset - first, 0), total - first)
            return _page(connection, ids, total)

    def _total(self, connection: Connection, found: Matches, among_found: ColumnElement[bool]) -> int:
        if found.acts >= MANY and self._wanted is _ANY:
            return found.total(connection, self._of_several.read(connection))
        return _count(connection, among_found)

    def has(self, words: str) -> bool:
        """Whether a search for these words finds any."""
        wanted = query_terms(words)
        if not wanted:
            return False
        with self._database.reading() as connection:
            return finds_any(connection, wanted)

    def total(self) -> int:
        """How many there are that stand."""
        with self._database.reading() as connection:
            return _count(connection, self._wanted)

    def naming(self, communes: Collection[str], limit: int, offset: int = 0, without: Collection[int] = ()) -> PageOfIds:
        """Return decrees that name one of these communes (INSEE codes), except these ids, in the order of `newest_first`."""
        return self._ids(_NAMING, limit, offset, communes=communes, without=without)

    def naming_none(self, authorities: Collection[str], limit: int) -> PageOfIds:
        """Return decrees of these authorities that name no commune, in the order of `newest_first`."""
        return self._ids(_NAMING_NONE, limit, 0, authorities=authorities)

    def current(
        self, on: date, authorities: Collection[str] | None = None, communes: Collection[str] | None = None
    ) -> tuple[DecreePeriod, ...]:
        """Return authorisations and renewals that may be in force on this day, of these authorities and communes (None: any), in the order
        of `newest_first`.

        These end on this day or later (own or modified end), or have no known end and were found and published within 62 days before.
        `bot.domain.law` decides.
        """
        with self._database.reading() as connection:
            return _load_periods(connection, on, authorities, communes, self._narrowed)

    def published(self, since: date, several: Collection[str]) -> PublishedCounts:
        """Count decrees that stand, listed on this day or later. `several`: authorities of more than one department."""
        communes: dict[tuple[int, str], set[str]] = defaultdict(set)
        with self._database.reading() as connection:
            months = connection.execute(self._narrowed(_PER_MONTH), {"since": since}).all()
            for row in connection.execute(self._narrowed(_NAMED_SINCE), {"since": since, "several": several}):
                communes[row.id, row.authority].add(row.commune)
        naming = ((authority, frozenset(codes)) for (_, authority), codes in communes.items())
        counts = ((authority, date.fromisoformat(f"{month}-01"), count) for authority, month, count in months)
        return PublishedCounts(tuple(counts), tuple(naming))

    def with_looks(self, since: date) -> tuple[Decree, ...]:
        """Return the authorisations that stand, listed on this day or later, of which looks tell when they went online."""
        seen = select(sightings.c.decree_id).join(recueils, recueils.c.id == sightings.c.recueil_id).where(recueils.c.online.is_not(None))
        wanted = select(decrees.c.id).where(
            _STANDS, decrees.c.listed_on >= since, decrees.c.kind.in_(GRANTS), decrees.c.id.in_(seen), self._wanted
        )
        with self._database.reading() as connection:
            return load_in_order(connection, connection.execute(wanted.order_by(decrees.c.id)).scalars().all())

    def get(self, decree: int) -> Decree | None:
        """One by its id."""
        with self._database.reading() as connection:
            return load_decrees(connection, [decree]).get(decree)

    def load(self, ids: Sequence[int]) -> tuple[Decree, ...]:
        """Those of these ids that are stored, in their order."""
        with self._database.reading() as connection:
            return load_in_order(connection, ids)

    def numbered(self, number: str, authorities: Collection[str]) -> tuple[Decree, ...]:
        """Return at most 200 decrees with this act identifier, or this number of one of these authorities, in the order of `newest_first`;
        blanks, leading zeros and series words are ignored.
        """
        key, bare = f"act:{number.strip().lower()}", comparable(number)
        prefixes = [f"number:{authority}:{bare}:" for authority in sorted(authorities)]
        keys, prefixes = ([of_topic(one, topic) for topic in topics() for one in some] for some in ([key], prefixes))
        return self._identified(or_(identities.c.key.in_(keys), identities.c.prefix.in_(prefixes)))

    def ending_in(self, digits: str) -> tuple[Decree, ...]:
        """Return decrees of any authority whose number ends so after a year: 1104 finds 2026-1104; 2026 does not find 17-2026."""
        return self._identified(identities.c.prefix.like(f"number:%20__-{comparable(digits)}:"))

    def _identified(self, by: ColumnElement[bool]) -> tuple[Decree, ...]:
        named = select(identities.c.decree_id).where(by)
        query = select(decrees.c.id).where(decrees.c.id.in_(named), _STANDS, self._wanted).order_by(*newest_first())
        with self._database.reading() as connection:
            return load_in_order(connection, connection.execute(query.limit(_MOST_OF_ONE_NUMBER)).scalars().all())

    def is_renewing(self) -> bool:
        """Return whether communes or search terms are still being derived, as after an upgrade."""
        with self._database.reading() as connection:
            return connection.execute(_UNNAMED).first() is not None or is_renewing(connection)

    def words(self) -> frozenset[str]:
        """Return the words of titles, events, operators and places of the 2,000 newest decrees, as printed."""
        query = select(decrees.c.title, decrees.c.facts).where(decrees.c.withdrawn_at.is_(None)).order_by(decrees.c.found_at.desc())
        found: set[str] = set()
        for row in self._database.rows(query.limit(_READ_FOR_WORDS)):
            for text in (row.title, row.facts.event or "", *row.facts.operators, *row.facts.places):
                found.update(_WORD.findall(text))
        return frozenset(found)

    def of_operator(self, slug: str, limit: int, offset: int, total: int) -> tuple[Decree, ...]:
        """Return decrees of this operator (slug), in the order of `newest_first`; `total` is their count from `Browsing.operator`."""
        mine = decree_operators.c.operator == slug
        named: ColumnElement[bool]
        if total < MANY:
            named = decrees.c.id.in_(select(decree_operators.c.decree_id).where(mine))
        else:  # The list of all is walked, and of each it is looked up whether it names it: no further than to the page.
            named = exists().where(decree_operators.c.decree_id == decrees.c.id, mine)
        with self._database.reading() as connection:
            return load_in_order(connection, _ids(connection, and_(named, self._wanted), limit, offset, total))

    def communes_named(self, departments: Collection[str]) -> tuple[CommuneCount, ...]:
        """The communes of these departments that decrees name, by their codes."""
        code = decree_communes.c.commune
        counted = (
            select(code, func.count().label("decrees"), func.max(decrees.c.published).label("last"))
            .join_from(decree_communes, decrees, decrees.c.id == decree_communes.c.decree_id)
            .where(_is_in(departments), _STANDS, self._wanted)
            .group_by(code)
            .order_by(code)
        )
        return tuple(CommuneCount(row.commune, row.decrees, row.last) for row in self._database.rows(counted))

    def texts(self, ids: Collection[int], /) -> dict[int, str]:
        """Return the text of each of these decrees by id; of several acts, that of the first."""
        found: dict[int, str] = {}
        query = select(acts.c.decree_id, acts.c.text).where(one_of(acts.c.decree_id, ids)).order_by(acts.c.id)
        for row in self._database.rows(query):
            found.setdefault(row.decree_id, row.text)
        return found

    def in_recueil(self, asked: str, /) -> tuple[bool, tuple[int, ...]] | None:
        """Return whether a recueil was read, and the ids of its decrees, by its address, the name of its file, or its number; None if no
        such recueil is known."""
        address = asked.partition("#")[0]
        if "://" in address:
            named = recueils.c.url == address
        elif address.lower().endswith(".pdf"):
            named = recueils.c.url.endswith(f"/{quote(address)}", autoescape=True)
        else:
            number = re.sub(r"^\D+", "", address)
            named = recueils.c.number.in_((number, f"RAA {number}", f"n° {number}")) | recueils.c.title.contains(number, autoescape=True)
        rows = self._database.rows(select(recueils.c.id, recueils.c.state).where(named).limit(_MOST_RECUEILS))
        of_rows = select(sightings.c.decree_id).where(one_of(sightings.c.recueil_id, [row.id for row in rows]))
        found = self._database.rows(of_rows.distinct().order_by(sightings.c.decree_id))
        is_read = any(row.state in {RecueilState.READ, RecueilState.INCOMPLETE, RecueilState.DUPLICATE} for row in rows)
        return (is_read, tuple(row.decree_id for row in found)) if rows else None

    def copy_of(self, decree: Decree, /) -> tuple[str, datetime | None] | None:
        """Return the SHA-256 of the decree's file and when it was fetched; None where unknown."""
        file = select(recueils.c.sha256, recueils.c.fetched_at).where(recueils.c.url == decree.url, recueils.c.sha256.is_not(None))
        row = self._database.first(file.order_by(recueils.c.authority != decree.publisher, recueils.c.id))
        return None if row is None else (row.sha256, row.fetched_at)

    def own_pages(self, decree: Decree, /) -> tuple[int, int]:
        """Return the first and last page of the decree's act in its file; its first page alone where the act is not stored."""
        own = select(acts.c.first_page, acts.c.last_page).join(recueils, recueils.c.id == acts.c.recueil_id)
        own = own.where(recueils.c.url == decree.url, acts.c.decree_id == decree.id)
        row = self._database.first(own.where(acts.c.first_page <= decree.page, acts.c.last_page >= decree.page).order_by(acts.c.id))
        return (decree.page, decree.page) if row is None else (row.first_page, row.last_page)

    def revision(self) -> int:
        """Return a number that changes with any shown data of decrees, by any program. Reads one row."""
        return int(self._database.plain_value(_REVISION))

    def acts_of(self, recueil: int) -> list[StoredAct]:
        """The acts of one recueil, in the order of its pages."""
        query = select(acts).where(acts.c.recueil_id == recueil).order_by(acts.c.first_page, acts.c.position, acts.c.id)
        return [value_of(StoredAct, row) for row in self._database.rows(query)]

    def _ids(self, wanted: Select[Any], limit: int, offset: int, **given: Collection[Any]) -> PageOfIds:
        """A page of what `_page_of` finds."""
        with self._database.reading() as connection:
            wanted = self._narrowed(wanted)
            rows = connection.execute(wanted, {**given, "most": max(limit, 1), "before": offset}).all()
            if not rows and offset:  # beyond the end
                limit, rows = 0, connection.execute(wanted, {**given, "most": 1, "before": 0}).all()
        return PageOfIds(tuple(row.id for row in rows[: max(limit, 0)]), rows[0].total if rows else 0)


def _among(connection: Connection, found: Matches) -> ColumnElement[bool]:
    """Whether a decree is one that a search finds."""
    if found.acts >= MANY:
        return found.holds()
    return decrees.c.id.in_(sorted(set(connection.execute(found.few()).scalars())))


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    # In order, so that SQLite takes the index of the order here too, which is a tenth of the table.
    listed = select(decrees.c.id).where(_STANDS, which).order_by(*newest_first())
    return int(connection.execute(select(func.count()).select_from(listed.subquery())).scalar_one())


def _ids(connection: Connection, which: ColumnElement[bool], limit: int, offset: int, total: int | None = None) -> list[int]:
    """Return the ids of one page of a list, read from its nearer end where `total` is known."""
    if limit <= 0:  # less where one was recorded between what was counted (PostgreSQL)
        return []
    listed = select(decrees.c.id).where(_STANDS, which)
    if total is None or (after := max(total - offset - limit, 0)) >= offset:
        return list(connection.execute(listed.order_by(*newest_first()).limit(limit).offset(offset)).scalars())
    last = connection.execute(listed.order_by(*oldest_first()).limit(max(total - offset - after, 0)).offset(after)).scalars()
    return [*last][::-1]


def _page(connection: Connection, ids: Sequence[int], total: int) -> PageOfDecrees:
    return PageOfDecrees(load_in_order(connection, ids), total)


def may_concern(departments: Collection[str]) -> ColumnElement[bool]:
    """A decree that names a commune of these departments, or none at all."""
    named = exists().where(decree_communes.c.decree_id == decrees.c.id)
    return or_(~named, named.where(_is_in(departments)))


def _is_in(departments: Collection[str]) -> ColumnElement[bool]:
    return or_(false(), *(decree_communes.c.commune.startswith(code, autoescape=True) for code in sorted(departments)))


# Which decrees name one of some communes, or none at all, or are of some authorities: few, which are counted and sorted in one look.

_NAMED = select(decree_communes.c.decree_id).where(one_of(decree_communes.c.commune, given="communes"))


def _page_of(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the ids of a page of decrees that stand, each with the total."""
    page = select(decrees.c.id, func.count().over().label("total")).where(_STANDS, *conditions).order_by(*newest_first())
    return page.limit(bindparam("most", type_=Integer())).offset(bindparam("before", type_=Integer()))


# Which decrees may count on a day: one indexed query, so that nobody has to read every decree there is.

UNKNOWN_END = timedelta(days=62)
"""How long a decree without a known end may still count: twice the month that article 10, VII, of loi n° 2023-380 allows at once."""


@cache
def _running(*, of_some: bool, naming: bool) -> Select[Any]:
    """Select decrees that may be in force on a day, in the order of `newest_first`, filtered by authorities and communes where asked."""
    # Each part has its own index; as alternatives of one condition they would be looked for in every decree.
    conditions: list[ColumnElement[bool]] = [
        decrees.c.id.in_(union(_LASTING, _OPEN_END, *_LENGTHENED)),
        or_(*(decrees.c.kind == kind for kind in sorted(GRANTS))),
        _STANDS,
    ]
    if of_some:
        conditions.append(one_of(decrees.c.authority, given="authorities"))
    if naming:
        conditions.append(decrees.c.id.in_(_NAMED))
    shown = (decrees.c[name] for name in ("id", "authority", "kind", "facts", "signed_on"))
    return select(*shown).where(*conditions).order_by(*newest_first())


_ON: BindParameter[date] = bindparam("on", type_=Date())
_EARLIEST: BindParameter[date] = bindparam("earliest", type_=Date())
_LASTING = select(decrees.c.id).where(decrees.c.ends_on >= _ON)
_OPEN_END = select(decrees.c.id).where(
    decrees.c.ends_on.is_(None),
    decrees.c.found_at >= bindparam("found_after", type_=decrees.c.found_at.type),
    # A backfill finds today what was published years ago.
    or_(decrees.c.published.is_(None), decrees.c.published >= _EARLIEST),
)
# Decrees that a later one may change whose own period is not over: which it means is settled when they are loaded.
_CHANGING = and_(links.c.change == Kind.MODIFICATION, links.c.decree_id.in_(_LASTING))
_LENGTHENED = (
    select(identities.c.decree_id).where(identities.c.prefix.in_(select(links.c.prefix).where(_CHANGING))),
    select(decrees.c.id).where(decrees.c.signed_on.in_(select(links.c.signed).where(_CHANGING, links.c.number.is_(None)))),
)


# Stored decrees as values. References are stored as printed, and resolved whenever decrees are loaded.


def newest_first() -> tuple[ColumnElement[object], ...]:
    """Return the order of every list: day of publication, then time of discovery."""
    return tuple(column.desc() for column in oldest_first())


def oldest_first() -> tuple[ColumnElement[object], ...]:
    """That order backwards."""
    return decrees.c.listed_on, decrees.c.found_at, decrees.c.id


# Statements that are made once: to make one takes as long as to carry it out.
_SHOWN = (*(decrees.c[field.name] for field in fields(Decree) if field.name in decrees.c), decrees.c.signed_on)
"""The columns of a decree as a value, and that by which its links are found."""
_ROWS = select(*_SHOWN).where(one_of(decrees.c.id, given="ids"))
_KEYS = (
    select(identities.c.decree_id, identities.c.key, identities.c.prefix)
    .where(one_of(identities.c.decree_id, given="ids"))
    .order_by(identities.c.key)
)
_SIGHTINGS = (
    select(
        sightings.c.decree_id,
        sightings.c.authority,
        sightings.c.url,
        sightings.c.page,
        sightings.c.seen_at,
        recueils.c.number,
        recueils.c.online,
    )
    .join(recueils, recueils.c.id == sightings.c.recueil_id)
    .where(one_of(sightings.c.decree_id, given="ids"))
    .order_by(sightings.c.seen_at, sightings.c.id)
)


_UNNAMED = select(decrees.c.id).where(decrees.c.gazetteer.is_(None), _STANDS).limit(1)
_SINCE: ColumnElement[bool] = and_(_STANDS, decrees.c.listed_on >= bindparam("since", type_=Date()))
# Both databases write a day as 2026-09-16.
_MONTH = func.substr(cast(decrees.c.listed_on, Text), 1, 7).label("month")
_PER_MONTH = select(decrees.c.authority, _MONTH, func.count()).where(_SINCE).group_by(decrees.c.authority, _MONTH)
_NAMED_SINCE = (
    select(decrees.c.id, decrees.c.authority, decree_communes.c.commune)
    .join(decree_communes, decree_communes.c.decree_id == decrees.c.id)
    .where(_SINCE, one_of(decrees.c.authority, given="several"))
)
_NAMING = _page_of(decrees.c.id.in_(_NAMED), ~one_of(decrees.c.id, given="without"))
# Of one whose communes were not looked for yet, nothing is known.
_NAMING_NONE = _page_of(
    one_of(decrees.c.authority, given="authorities"),
    decrees.c.gazetteer.is_not(None),
    ~exists().where(decree_communes.c.decree_id == decrees.c.id),
)


def load_decrees(connection: Connection, ids: Collection[int]) -> dict[int, Decree]:
    """Return the known decrees of these ids, with sightings and changes, in eight queries, three more per level of ends."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    keys, prefixes = _load_keys(connection, wanted)
    rows = connection.execute(_ROWS, {"ids": wanted}).all()
    seen, communes = load_sightings(connection, wanted), load_communes(connection, wanted)
    changes, changed_by = load_changes(connection, rows, prefixes)
    return {
        row.id: value_of(
            Decree,
            row,
            identities=tuple(keys[row.id]),
            sightings=seen.get(row.id, ()),
            changes=changes.get(row.id, ()),
            changed_by=changed_by.get(row.id, ()),
            communes=communes.get(row.id, ()),
        )
        for row in rows
    }


def load_in_order(connection: Connection, ids: Sequence[int]) -> tuple[Decree, ...]:
    """Those of `load_decrees`, in the order of their ids."""
    found = load_decrees(connection, ids)
    return tuple(found[decree] for decree in ids if decree in found)


def load_sightings(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Sighting, ...]]:
    """Everywhere each of these decrees appears, the first sighting first."""
    seen: dict[int, list[Sighting]] = defaultdict(list)
    for decree, *sighting in connection.execute(_SIGHTINGS, {"ids": ids}).all():
        seen[decree].append(Sighting(*sighting))
    return {decree: tuple(places) for decree, places in seen.items()}


def _load_periods(
    connection: Connection,
    on: date,
    authorities: Collection[str] | None,
    communes: Collection[str] | None,
    narrowed: Callable[[Select[Any]], Select[Any]],
) -> tuple[StoredPeriod, ...]:
    earliest = on - UNKNOWN_END
    query = narrowed(_running(of_some=authorities is not None, naming=communes is not None))
    given = {"on": on, "earliest": earliest, "found_after": datetime.combine(earliest, time(), UTC)}
    rows = connection.execute(query, given | {"authorities": authorities or (), "communes": communes or ()}).all()
    ids = [row.id for row in rows]
    _, prefixes = _load_keys(connection, ids)
    named, (_, changed_by) = load_communes(connection, ids), load_changes(connection, rows, prefixes)
    return tuple(value_of(StoredPeriod, row, changed_by=changed_by.get(row.id, ()), communes=named.get(row.id, ())) for row in rows)


def _load_keys(connection: Connection, ids: Collection[int]) -> tuple[dict[int, list[str]], dict[int, set[str]]]:
    """Return the keys of these decrees, and the prefixes of their number keys."""
    keys: dict[int, list[str]] = defaultdict(list)
    prefixes: dict[int, set[str]] = defaultdict(set)
    for decree, key, prefix in connection.execute(_KEYS, {"ids": ids}).all():
        keys[decree].append(key)
        if prefix is not None:
            prefixes[decree].add(prefix)
    return keys, prefixes
