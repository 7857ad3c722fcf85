"""Loads stored decrees in the orders that answers need, each with where it was seen and how others change it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    true,
    union,
)

from bot.domain.acts import CHANGING, GRANTS, Change, Decree, Evidence, Facts, Kind, NamedCommune, Outcome, Reference, Sighting
from bot.domain.folding import clean, clean_or_none
from bot.domain.identity import LONGEST_KEY, Candidate, Party, ReferenceLink, change, comparable, in_order, linked
from bot.domain.records import CommuneCount, PageOfDecrees, PageOfIds, PublishedCounts
from bot.storage.columns import value_of
from bot.storage.database import Repository, among, batches, one_of
from bot.storage.schema import acts, decree_communes, decree_operators, decree_revision, decrees, identities, links, recueils, sightings
from bot.storage.search import MANY, Matches, finds_any, is_renewing, matching, query_terms

_MOST_OF_ONE_NUMBER = 200
_READ_FOR_WORDS = 2000
_REVISION = str(select(decree_revision.c.number))
_STANDS = decrees.c.withdrawn_at.is_(None)
_WORD = re.compile(r"[^\W\d_]{4,40}")


@dataclass(frozen=True, slots=True)
class StoredAct:
    """One act as stored. `text` is that of its pages, joined by line breaks; `decree_id` is set when the act is a decree."""

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

    def recent(
        self,
        limit: int,
        offset: int = 0,
        authorities: Collection[str] | None = None,
        departments: Collection[str] | None = None,
        without: Collection[int] = (),
    ) -> PageOfDecrees:
        """Those of these authorities (None: of all), but for these ids, in the order of `newest_first`.

        Where `departments` are given, without those whose facts name communes of other departments only.
        """
        wanted = and_(among(decrees.c.authority, authorities), ~one_of(decrees.c.id, without))
        if departments is not None:
            named = exists().where(decree_communes.c.decree_id == decrees.c.id)
            there = or_(*(decree_communes.c.commune.startswith(code, autoescape=True) for code in sorted(departments)))
            wanted = and_(wanted, or_(~named, named.where(there)))
        if authorities is None:
            return self._listed(wanted, limit, offset)
        page = self._ids(_page_of(wanted), limit, offset)
        found = self.load(page.ids)
        return PageOfDecrees(tuple(found[decree] for decree in page.ids if decree in found), page.total)

    def search(self, words: str, limit: int, offset: int = 0, authorities: Collection[str] | None = None) -> PageOfDecrees:
        """Decrees that hold all the words, whatever their accents, case or endings: those with all in title or facts first, then newest.

        Looks in the title, the facts, the text of the act, and the authority as `26` or `dept26`. No sign is an operator. A question
        without any word to look for has an empty answer.
        """
        wanted = query_terms(words)
        if not wanted:
            return PageOfDecrees((), 0)
        with self._database.reading() as connection:
            found, headed = matching(connection, wanted, authorities)
            among_found = _among(connection, found)
            total = _total(connection, found, among_found)
            # To count those in the head costs as much as all else: who asks for one of the first pages does not wait for it.
            is_late = 2 * offset > total
            if not headed.acts or ((is_late or headed.acts < MANY) and headed.count(connection) == found.count(connection)):
                return _page(connection, _ids(connection, among_found, limit, offset, total), total)
            in_head = _among(connection, headed)
            first = _total(connection, headed, in_head) if is_late else None
            ids = _ids(connection, in_head, limit, offset, first)
            if len(ids) < limit:
                if first is None:
                    first = offset + len(ids) if ids else _total(connection, headed, in_head)
                others = and_(among_found, ~in_head)
                ids += _ids(connection, others, min(limit - len(ids), total - first), max(offset - first, 0), total - first)
            return _page(connection, ids, total)

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
            return _count(connection, true())

    def naming(self, communes: Collection[str], limit: int, offset: int = 0, without: Collection[int] = ()) -> PageOfIds:
        """Those whose facts name one of these communes (INSEE codes), but for these ids, in the order of `newest_first`."""
        return self._ids(_NAMING, limit, offset, communes=communes, without=without)

    def naming_none(self, authorities: Collection[str], limit: int, offset: int = 0) -> PageOfIds:
        """Those of these authorities whose facts name no commune, in the order of `newest_first`: each may concern any of theirs."""
        return self._ids(_NAMING_NONE, limit, offset, authorities=authorities)

    def current(
        self, on: date, authorities: Collection[str] | None = None, communes: Collection[str] | None = None
    ) -> tuple[StoredPeriod, ...]:
        """Authorisations and renewals that may count on this day, of these authorities and naming one of these communes (None: whatever
        they name), in the order of `newest_first`.

        May: all whose end is not past, as they say it or as a later decree lengthens it, and those without a known end that were found and
        published within 62 days before. Whether they are in force `bot.domain.law.advice` decides.
        """
        with self._database.reading() as connection:
            return _load_periods(connection, on, authorities, communes)

    def published(self, since: date, several: Collection[str]) -> PublishedCounts:
        """How many stand that lists have on this day or a later one. `several` are the authorities of more than one department."""
        communes: dict[tuple[int, str], set[str]] = defaultdict(set)
        with self._database.reading() as connection:
            months = connection.execute(_PER_MONTH, {"since": since}).all()
            for row in connection.execute(_NAMED_SINCE, {"since": since, "several": several}):
                communes[row.id, row.authority].add(row.commune)
        naming = ((authority, frozenset(codes)) for (_, authority), codes in communes.items())
        counts = ((authority, date.fromisoformat(f"{month}-01"), count) for authority, month, count in months)
        return PublishedCounts(tuple(counts), tuple(naming))

    def get(self, decree: int) -> Decree | None:
        """One by its id."""
        with self._database.reading() as connection:
            return load_decrees(connection, [decree]).get(decree)

    def load(self, ids: Collection[int]) -> dict[int, Decree]:
        """Those of these ids that are stored."""
        with self._database.reading() as connection:
            return load_decrees(connection, ids)

    def numbered(self, number: str, authorities: Collection[str]) -> tuple[Decree, ...]:
        """Those of this identifier of an act, or of this number of one of these authorities, in the order of `newest_first`.

        However it is printed: blanks, zeros in front and the series word do not matter. At most 200: numbers without a year recur.
        """
        key, bare = f"act:{number.strip().lower()}", comparable(number)
        prefixes = [f"number:{authority}:{bare}:" for authority in sorted(authorities)]
        named = select(identities.c.decree_id).where(or_(identities.c.key == key, identities.c.prefix.in_(prefixes)))
        query = select(decrees.c.id).where(decrees.c.id.in_(named), decrees.c.withdrawn_at.is_(None)).order_by(*newest_first())
        with self._database.reading() as connection:
            ids = connection.execute(query.limit(_MOST_OF_ONE_NUMBER)).scalars().all()
            found = load_decrees(connection, ids)
        return tuple(found[decree] for decree in ids)

    def is_renewing(self) -> bool:
        """Whether the communes of some decrees, or the terms of some acts, were not looked for yet, as after an upgrade."""
        with self._database.reading() as connection:
            return connection.execute(_UNNAMED).first() is not None or is_renewing(connection)

    def words(self) -> frozenset[str]:
        """The words of titles, events, operators and places of the 2,000 newest decrees, as they stand there."""
        query = select(decrees.c.title, decrees.c.facts).where(decrees.c.withdrawn_at.is_(None)).order_by(decrees.c.found_at.desc())
        found: set[str] = set()
        for row in self._database.rows(query.limit(_READ_FOR_WORDS)):
            for text in (row.title, row.facts.event or "", *row.facts.operators, *row.facts.places):
                found.update(_WORD.findall(text))
        return frozenset(found)

    def of_operator(self, slug: str, limit: int, offset: int, total: int) -> tuple[Decree, ...]:
        """Those that name this operator (`bot.domain.routing.operator_slug`), in the order of `newest_first`.

        `total` is how many there are by `Browsing.operator`: to count them again would take longer than the rest.
        """
        mine = decree_operators.c.operator == slug
        named: ColumnElement[bool]
        if total < MANY:
            named = decrees.c.id.in_(select(decree_operators.c.decree_id).where(mine))
        else:  # The list of all is walked, and of each it is looked up whether it names it: no further than to the page.
            named = exists().where(decree_operators.c.decree_id == decrees.c.id, mine)
        with self._database.reading() as connection:
            ids = _ids(connection, named, limit, offset, total)
            found = load_decrees(connection, ids)
        return tuple(found[decree] for decree in ids)

    def communes_named(self, departments: Collection[str]) -> tuple[CommuneCount, ...]:
        """The communes of these departments that decrees name, by their codes."""
        code = decree_communes.c.commune
        there = or_(false(), *(code.startswith(department, autoescape=True) for department in sorted(departments)))
        counted = (
            select(code, func.count().label("decrees"), func.max(decrees.c.published).label("last"))
            .join_from(decree_communes, decrees, decrees.c.id == decree_communes.c.decree_id)
            .where(there, decrees.c.withdrawn_at.is_(None))
            .group_by(code)
            .order_by(code)
        )
        return tuple(CommuneCount(row.commune, row.decrees, row.last) for row in self._database.rows(counted))

    def texts(self, ids: Collection[int], /) -> dict[int, str]:
        """The text of the act of each of these decrees, by its id: of the first act where it was published several times."""
        found: dict[int, str] = {}
        for some in batches(sorted(ids)):
            query = select(acts.c.decree_id, acts.c.text).where(acts.c.decree_id.in_(some)).order_by(acts.c.id)
            for row in self._database.rows(query):
                found.setdefault(row.decree_id, row.text)
        return found

    def copy_of(self, decree: Decree, /) -> tuple[str, datetime | None] | None:
        """The SHA-256 of the file that a decree was read in, and when it was fetched; None where it was not."""
        file = select(recueils.c.sha256, recueils.c.fetched_at).where(recueils.c.url == decree.url, recueils.c.sha256.is_not(None))
        row = self._database.first(file.order_by(recueils.c.authority != decree.publisher, recueils.c.id))
        return None if row is None else (row.sha256, row.fetched_at)

    def revision(self) -> int:
        """A number that differs once anything that is shown of decrees was changed, by any program: one row is read."""
        return int(self._database.plain_value(_REVISION))

    def acts_of(self, recueil: int) -> list[StoredAct]:
        """The acts of one recueil, in the order of its pages."""
        query = select(acts).where(acts.c.recueil_id == recueil).order_by(acts.c.first_page, acts.c.position, acts.c.id)
        return [value_of(StoredAct, row) for row in self._database.rows(query)]

    def _ids(self, wanted: Select[Any], limit: int, offset: int, **given: Collection[Any]) -> PageOfIds:
        """A page of what `_page_of` finds."""
        with self._database.reading() as connection:
            rows = connection.execute(wanted, {**given, "most": max(limit, 1), "before": offset}).all()
            if not rows and offset:  # beyond the end
                limit, rows = 0, connection.execute(wanted, {**given, "most": 1, "before": 0}).all()
        return PageOfIds(tuple(row.id for row in rows[: max(limit, 0)]), rows[0].total if rows else 0)

    def _listed(self, which: ColumnElement[bool], limit: int, offset: int) -> PageOfDecrees:
        with self._database.reading() as connection:
            total = _count(connection, which)
            return _page(connection, _ids(connection, which, limit, offset, total), total)


def _among(connection: Connection, found: Matches) -> ColumnElement[bool]:
    """Whether a decree is one that a search finds."""
    if found.acts >= MANY:
        return found.holds()
    return decrees.c.id.in_(sorted(set(connection.execute(found.few()).scalars())))


def _total(connection: Connection, found: Matches, among_found: ColumnElement[bool]) -> int:
    if found.acts >= MANY:
        return found.total(connection)
    return _count(connection, among_found)


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    # In order, so that SQLite takes the index of the order here too, which is a tenth of the table.
    listed = select(decrees.c.id).where(_STANDS, which).order_by(*newest_first())
    return int(connection.execute(select(func.count()).select_from(listed.subquery())).scalar_one())


def _ids(connection: Connection, which: ColumnElement[bool], limit: int, offset: int, total: int | None = None) -> list[int]:
    """Those of one page of a list, read from its nearer end where it is known how many it has."""
    if limit <= 0:  # less where one was recorded between what was counted (PostgreSQL)
        return []
    listed = select(decrees.c.id).where(_STANDS, which)
    if total is None or (after := max(total - offset - limit, 0)) >= offset:
        return list(connection.execute(listed.order_by(*newest_first()).limit(limit).offset(offset)).scalars())
    last = connection.execute(listed.order_by(*oldest_first()).limit(max(total - offset - after, 0)).offset(after)).scalars()
    return [*last][::-1]


def _page(connection: Connection, ids: Sequence[int], total: int) -> PageOfDecrees:
    found = load_decrees(connection, ids)
    return PageOfDecrees(tuple(found[decree] for decree in ids), total)


# Which decrees name one of some communes, or none at all, or are of some authorities: few, which are counted and sorted in one look.

_NAMED = select(decree_communes.c.decree_id).where(one_of(decree_communes.c.commune, given="communes"))


def _page_of(*conditions: ColumnElement[bool]) -> Select[Any]:
    """The ids of a page of those that stand, each with how many there are."""
    page = select(decrees.c.id, func.count().over().label("total")).where(_STANDS, *conditions).order_by(*newest_first())
    return page.limit(bindparam("most", type_=Integer())).offset(bindparam("before", type_=Integer()))


# Which decrees may count on a day: one indexed query, so that nobody has to read every decree there is.

UNKNOWN_END = timedelta(days=62)
"""How long a decree without a known end may still count: twice the month that article 10, VII, of loi n° 2023-380 allows at once."""


@cache
def _running(*, of_some: bool, naming: bool) -> Select[Any]:
    """The decrees that may count on a day, in the order of `newest_first`; of some authorities, and naming some communes, where these are
    given."""
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


# Stored decrees as values, for every repository that shows them. The decrees that each names are stored as it names them, and searched for
# whenever decrees are shown.


def newest_first() -> tuple[ColumnElement[object], ...]:
    """The order of every list: by the day of publication, then by when a decree was found, so that history found today is history."""
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
    select(sightings.c.decree_id, sightings.c.authority, sightings.c.url, sightings.c.page, sightings.c.seen_at, recueils.c.number)
    .join(recueils, recueils.c.id == sightings.c.recueil_id)
    .where(one_of(sightings.c.decree_id, given="ids"))
    .order_by(sightings.c.seen_at, sightings.c.id)
)
_COMMUNES = (
    select(decree_communes.c.decree_id, decree_communes.c.commune, decree_communes.c.how, decree_communes.c.evidence)
    .where(one_of(decree_communes.c.decree_id, given="ids"))
    .order_by(decree_communes.c.commune)
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
    """The decrees of these ids, with where they were seen and how they change each other; an id of nothing stored is left out.

    Eight queries at most for every 500 decrees, three more for each step where what changes others is ended itself.
    """
    found: dict[int, Decree] = {}
    for wanted in batches(ids):
        found |= _load(connection, wanted)
    return found


def load_sightings(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Sighting, ...]]:
    """Everywhere each of these decrees appears, the first sighting first."""
    seen: dict[int, list[Sighting]] = defaultdict(list)
    for decree, *sighting in connection.execute(_SIGHTINGS, {"ids": ids}).all():
        seen[decree].append(Sighting(*sighting))
    return {decree: tuple(places) for decree, places in seen.items()}


def load_communes(connection: Connection, ids: Collection[int]) -> dict[int, tuple[NamedCommune, ...]]:
    """The communes that each of these decrees names, by their codes."""
    found: dict[int, list[NamedCommune]] = defaultdict(list)
    for decree, *commune in connection.execute(_COMMUNES, {"ids": ids}).all():
        found[decree].append(NamedCommune(*commune))
    return {decree: tuple(communes) for decree, communes in found.items()}


def _load_periods(
    connection: Connection, on: date, authorities: Collection[str] | None, communes: Collection[str] | None
) -> tuple[StoredPeriod, ...]:
    earliest = on - UNKNOWN_END
    query = _running(of_some=authorities is not None, naming=communes is not None)
    given = {"on": on, "earliest": earliest, "found_after": datetime.combine(earliest, time(), UTC)}
    rows = connection.execute(query, given | {"authorities": authorities or (), "communes": communes or ()}).all()
    ids = [row.id for row in rows]
    _, prefixes = _load_keys(connection, ids)
    named, (_, changed_by) = load_communes(connection, ids), load_changes(connection, rows, prefixes)
    return tuple(value_of(StoredPeriod, row, changed_by=changed_by.get(row.id, ()), communes=named.get(row.id, ())) for row in rows)


def _load_keys(connection: Connection, ids: Collection[int]) -> tuple[dict[int, list[str]], dict[int, set[str]]]:
    """The keys of each of these decrees, and what those of a number begin with."""
    keys: dict[int, list[str]] = defaultdict(list)
    prefixes: dict[int, set[str]] = defaultdict(set)
    for decree, key, prefix in connection.execute(_KEYS, {"ids": ids}).all():
        keys[decree].append(key)
        if prefix is not None:
            prefixes[decree].add(prefix)
    return keys, prefixes


def _load(connection: Connection, wanted: Sequence[int]) -> dict[int, Decree]:
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


# How decrees change each other.

Changes = Mapping[int, tuple[Change, ...]]


def write_links(connection: Connection, decree_id: int, decree: Decree) -> None:
    """Put what the decree says of others in the place of what was stored of it."""
    connection.execute(delete(links).where(links.c.decree_id == decree_id))
    rows = [_row(decree_id, decree, position) for position in range(len(decree.facts.references))]
    if rows:
        connection.execute(insert(links), rows)


def load_changes(connection: Connection, stored: Collection[Row[Any]], prefixes: Mapping[int, Collection[str]]) -> tuple[Changes, Changes]:
    """What each of these rows of `decrees` does to others, and what others do to it, by its id. `prefixes` are those of its keys.

    One query where no decree names another, four where some do; more only where what changes others is ended itself.
    """
    ids = {row.id for row in stored}
    named = {prefix for known in prefixes.values() for prefix in known}
    found = _links(connection, _AROUND, ids=ids, prefixes=named, days={row.signed_on for row in stored} - {None})
    if not found:
        return {}, {}
    known = load_known(connection, found)
    revocations = load_revocations(connection, found, known)
    does: dict[int, list[Change]] = defaultdict(list)
    suffers: dict[int, list[Change]] = defaultdict(list)
    for link in found:
        meant = known.meant(link)
        changing, changed = known.parties[link.decree], known.parties[meant] if meant is not None else None
        revoked_by = revocations.of(link.decree, meant)
        if link.decree in ids:
            does[link.decree].append(replace(change(link, changing, changed, shown=changed), revoked_by=revoked_by))
        if meant is not None and meant in ids:
            suffers[meant].append(replace(change(link, changing, changed, shown=changing), revoked_by=revoked_by))
    return {key: in_order(each) for key, each in does.items()}, {key: in_order(each) for key, each in suffers.items()}


def load_changed(connection: Connection, ids: Collection[int]) -> set[tuple[Kind, int]]:
    """How these decrees change others that are stored, each with its id: three queries at most, where `load_decrees` takes a dozen."""
    found = load_links(connection, links_from(ids))
    if not found:
        return set()
    known = load_known(connection, found)
    return {(link.reference.change, meant) for link in found if (meant := known.meant(link)) is not None}


def _row(decree_id: int, decree: Decree, position: int) -> dict[str, Any]:
    reference = decree.facts.references[position]
    prefix = decree.reference_prefixes[position] if position < len(decree.reference_prefixes) else None
    if prefix is not None and len(prefix := clean(prefix)) > LONGEST_KEY:
        prefix = None
    return {
        "decree_id": decree_id,
        "position": position,
        "change": reference.change,
        "number": clean_or_none(reference.number),
        "signed": reference.signed,
        "prefix": prefix,
        "authority": prefix.split(":")[1] if prefix is not None else decree.facts.authority or decree.authority,
    }


# What ends the decrees that change others: the suspension that a decree ordered ends with that decree.

_DEEPEST = 3
"""Ends of ends that are followed: real ones go no deeper, and decrees that were misread may name each other in circles."""


@dataclass(frozen=True, slots=True)
class RevocationChain:
    """By the id of a decree, the links that end it, each with the two that take part."""

    ends: Mapping[int, Collection[tuple[ReferenceLink, Party, Party]]]

    def of(self, decree: int, changed: int | None) -> tuple[Change, ...]:
        """What ends this decree, each with what ends it in turn. What it changes itself (`changed`) does not end it."""
        return self._of(decree, frozenset({decree, changed}))

    def _of(self, decree: int, passed: frozenset[int | None]) -> tuple[Change, ...]:
        if len(passed) > _DEEPEST + 1:
            return ()
        theirs = [entry for entry in self.ends.get(decree, ()) if entry[0].decree not in passed]
        return in_order(
            [
                replace(change(link, ending, ended, shown=ending), revoked_by=self._of(link.decree, passed | {link.decree}))
                for link, ending, ended in theirs
            ]
        )


def load_revocations(connection: Connection, found: Collection[ReferenceLink], known: ReferenceCandidates) -> RevocationChain:
    """What ends the decrees whose links were found, and what ends that. One query where nothing does, three more for each step."""
    ends: dict[int, list[tuple[ReferenceLink, Party, Party]]] = defaultdict(list)
    step = {link.decree for link in found if link.reference.change in CHANGING}
    seen: set[int] = set()
    for _ in range(_DEEPEST):
        if not step:
            break
        seen |= step
        prefixes = {prefix for decree in step for prefix in known.prefixes[decree]}
        days = {known.parties[decree].facts.signed for decree in step}
        ending = load_links(connection, and_(links.c.change == Kind.ABROGATION, links_to(prefixes, days)))
        if not ending:
            break
        known = load_known(connection, ending)
        for link in ending:
            meant = known.meant(link)
            if meant in step:
                ends[meant].append((link, known.parties[link.decree], known.parties[meant]))
        step = {link.decree for its in ends.values() for link, _, _ in its} - seen
    return RevocationChain(ends)


# The stored links that may concern some decrees, and the decrees that these may mean.


@dataclass(frozen=True, slots=True)
class ReferenceCandidates:
    """The decrees that take part in some links, and those that may be named, by what their keys begin with and by the day of their
    signature.
    """

    parties: dict[int, Party] = field(default_factory=dict)
    prefixes: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    numbered: defaultdict[str | None, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    dated: defaultdict[date | None, list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def meant(self, link: ReferenceLink) -> int | None:
        """The id of the decree that a link means, None where it was never seen or cannot be determined."""
        return linked(link, self.numbered[link.prefix] if link.reference.number is not None else self.dated[link.reference.signed])


def links_from(ids: Collection[int]) -> ColumnElement[bool]:
    """The links of these decrees."""
    return one_of(links.c.decree_id, ids)


def links_to(prefixes: Collection[str], days: Collection[date | None]) -> ColumnElement[bool]:
    """The links that may mean decrees whose keys begin so, or that were signed on these days."""
    named_by_day = links.c.number.is_(None) & one_of(links.c.signed, [day for day in days if day is not None])
    return or_(one_of(links.c.prefix, prefixes), named_by_day)


def _standing(which: ColumnElement[bool]) -> Select[Any]:
    """These links, but for those of withdrawn decrees: what was judged to be no decree changes none."""
    stands = exists().where(decrees.c.id == links.c.decree_id, decrees.c.withdrawn_at.is_(None))
    return select(links).where(which, stands).order_by(links.c.decree_id, links.c.position)


_AROUND = _standing(
    or_(
        one_of(links.c.decree_id, given="ids"),
        one_of(links.c.prefix, given="prefixes"),
        links.c.number.is_(None) & one_of(links.c.signed, given="days"),
    )
)


def load_links(connection: Connection, which: ColumnElement[bool]) -> list[ReferenceLink]:
    """These links, but for those of withdrawn decrees."""
    return _links(connection, _standing(which))


def _links(connection: Connection, query: Select[Any], **given: Collection[Any]) -> list[ReferenceLink]:
    rows = connection.execute(query, given)
    return [ReferenceLink(row.decree_id, Reference(row.change, row.number, row.signed), row.prefix, row.authority) for row in rows]


def load_known(connection: Connection, found: Collection[ReferenceLink]) -> ReferenceCandidates:
    """The decrees that these links may mean, and every decree that takes part, in two queries."""
    keys: dict[int, list[str]] = defaultdict(list)
    known = ReferenceCandidates()
    changing = {link.decree for link in found}
    named = {link.prefix for link in found if link.prefix is not None}
    theirs = and_(one_of(identities.c.decree_id, changing), identities.c.prefix.is_not(None))
    for row in connection.execute(select(identities).where(or_(one_of(identities.c.prefix, named), theirs))):
        keys[row.decree_id].append(row.key)
        known.prefixes[row.decree_id].add(row.prefix)
    days = {link.reference.signed for link in found if link.reference.number is None and link.reference.signed is not None}
    columns = (decrees.c.id, decrees.c.authority, decrees.c.facts, decrees.c.published, decrees.c.withdrawn_at)
    taking_part = or_(one_of(decrees.c.id, {*keys, *changing}), one_of(decrees.c.signed_on, days))
    for row in connection.execute(select(*columns).where(taking_part)):
        facts = row.facts
        known.parties[row.id] = Party(row.id, facts, row.published)
        if row.withdrawn_at is not None:
            continue
        candidate = Candidate(row.id, tuple(keys[row.id]), facts.authority or row.authority, facts.signed)
        for prefix in known.prefixes[row.id]:
            known.numbered[prefix].append(candidate)
        known.dated[facts.signed].append(candidate)
    return known
