"""Stores what decrees name: other decrees, operators and communes, found again when facts or the gazetteer change. A decree that names no
commune has those of the stored decrees that it changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, delete, exists, insert, or_, select, update

from bot.domain.acts import CHANGING, Change, Decree, Facts, Kind, NamedCommune, Naming, Reference
from bot.domain.identity import LONGEST_KEY, Candidate, Party, ReferenceLink, change, in_order, linked, of_topic
from bot.domain.posts import operator_slug
from bot.domain.text import clean, clean_or_none
from bot.storage.columns import value_of
from bot.storage.database import Database, Repository, one_of, written
from bot.storage.schema import decree_communes, decree_operators, decrees, identities, links

SLICE = 100
"""Decrees whose communes are found in one transaction: some 0.1 s of processor time, for which other writers wait."""


@dataclass(frozen=True, slots=True)
class CommuneNamer:
    """Finds the communes of a decree; the result depends on the decree and on `version` (at most 32 characters) only."""

    version: str
    communes_of: Callable[[Decree], Sequence[NamedCommune]]


class NamingRepository(Repository):
    """Base of the repositories that write decrees; the finder of communes is None where a program has none."""

    def __init__(self, database: Database, namer: CommuneNamer | None = None) -> None:
        super().__init__(database)
        self._namer = namer


_COMMUNES = (
    select(decree_communes.c.decree_id, decree_communes.c.commune, decree_communes.c.how, decree_communes.c.evidence)
    .where(one_of(decree_communes.c.decree_id, given="ids"))
    .order_by(decree_communes.c.commune)
)


def load_communes(connection: Connection, ids: Collection[int]) -> dict[int, tuple[NamedCommune, ...]]:
    """The communes that each of these decrees names, by their codes."""
    found: dict[int, list[NamedCommune]] = defaultdict(list)
    for decree, *commune in connection.execute(_COMMUNES, {"ids": ids}).all():
        found[decree].append(NamedCommune(*commune))
    return {decree: tuple(communes) for decree, communes in found.items()}


def write_communes(connection: Connection, stored: Row[Any], namer: CommuneNamer | None) -> None:
    """Update the communes of a stored decree and, if they changed, of those that change it. Without a `namer`, mark them as due."""
    if namer is None:
        _note(connection, [stored], None)
    else:
        _write(connection, [stored], namer)


_MOST_STEPS = 20
"""Changes of changes that are followed: decrees that were misread may name each other in circles."""


def _write(connection: Connection, rows: Sequence[Row[Any]], namer: CommuneNamer) -> None:
    """The same of many, in a few statements for all of them."""
    for _ in range(_MOST_STEPS):
        found = {row.id: namer.communes_of(value_of(Decree, row)) for row in rows}
        found |= _of_changed(connection, [decree for decree, named in found.items() if not named])
        before = load_communes(connection, found)
        # Each commune once, by its code.
        once = {decree: {commune.code: commune for commune in named} for decree, named in found.items()}
        now = {decree: tuple(communes[code] for code in sorted(communes)) for decree, communes in once.items()}
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


def _of_changed(connection: Connection, ids: Collection[int]) -> dict[int, list[NamedCommune]]:
    """Return the communes of the decrees that each of these changes, by its id."""
    named = _links(connection, _FROM, ids=ids) if ids else []
    if not named:
        return {}
    known = load_known(connection, named)
    changed = [(link.decree, target) for link in named if (target := known.decree_of(link)) is not None and target != link.decree]
    theirs = load_communes(connection, {target for _, target in changed})
    found: dict[int, list[NamedCommune]] = defaultdict(list)
    for decree, target in changed:
        found[decree] += (replace(commune, how=Naming.CHANGED) for commune in theirs.get(target, ()))
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
    changing = {link.decree for link in named if (target := known.decree_of(link)) in ids and target != link.decree}
    return connection.execute(select(decrees).where(one_of(decrees.c.id, changing)).order_by(decrees.c.id)).all()


def renew_some_communes(database: Database, namer: CommuneNamer, most: int = SLICE) -> int:
    """Update the communes of at most `most` decrees found by another version; return how many, 0 when all are current. One transaction."""

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


_OPERATORS = select(decree_operators).where(decree_operators.c.decree_id == bindparam("decree"))


def write_operators(connection: Connection, decree_id: int, facts: Facts) -> None:
    """Replace the stored operators of a decree by those of these facts."""
    named = {operator_slug(name): name for name in reversed(facts.operators)}
    named.pop("", None)
    known = {row.operator: row.name for row in connection.execute(_OPERATORS, {"decree": decree_id})}
    if named == known:
        return
    connection.execute(delete(decree_operators).where(decree_operators.c.decree_id == decree_id))
    if named:
        rows = [{"decree_id": decree_id, "operator": slug, "name": name} for slug, name in named.items()]
        connection.execute(insert(decree_operators), rows)


# How decrees change each other.

Changes = Mapping[int, tuple[Change, ...]]


def write_links(connection: Connection, decree_id: int, decree: Decree) -> None:
    """Replace the stored references of a decree by those of its facts."""
    connection.execute(delete(links).where(links.c.decree_id == decree_id))
    rows = [_link_row(decree_id, decree, position) for position in range(len(decree.facts.references))]
    if rows:
        connection.execute(insert(links), rows)


def load_changes(connection: Connection, stored: Collection[Row[Any]], prefixes: Mapping[int, Collection[str]]) -> tuple[Changes, Changes]:
    """Return, by id, what these rows of `decrees` change, and what changes them; `prefixes` are those of their keys. Takes one query
    without references, four with, more where a change was ended itself.
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
        target = known.decree_of(link)
        changing, changed = known.parties[link.decree], known.parties[target] if target is not None else None
        revoked_by = ended_by(revocations, link.decree, frozenset({link.decree, target}))
        if link.decree in ids:
            does[link.decree].append(replace(change(link, changing, changed, shown=changed), revoked_by=revoked_by))
        if target is not None and target in ids:
            suffers[target].append(replace(change(link, changing, changed, shown=changing), revoked_by=revoked_by))
    return {key: in_order(each) for key, each in does.items()}, {key: in_order(each) for key, each in suffers.items()}


def load_changed(connection: Connection, ids: Collection[int]) -> set[tuple[Kind, int]]:
    """Return the stored decrees that these change, with the kind of change, in at most three queries."""
    found = _links(connection, _FROM, ids=ids)
    if not found:
        return set()
    known = load_known(connection, found)
    return {(link.reference.change, target) for link in found if (target := known.decree_of(link)) is not None}


def _link_row(decree_id: int, decree: Decree, position: int) -> dict[str, Any]:
    reference = decree.facts.references[position]
    prefix = decree.reference_prefixes[position] if position < len(decree.reference_prefixes) else None
    if prefix is not None and len(prefix := clean(of_topic(prefix, decree.topic))) > LONGEST_KEY:
        prefix = None
    return {
        "decree_id": decree_id,
        "position": position,
        "change": reference.change,
        "number": clean_or_none(reference.number),
        "signed": reference.signed,
        "prefix": prefix,
        "authority": prefix.split(":")[1].rpartition("/")[2] if prefix is not None else decree.facts.authority or decree.authority,
    }


# What ends the decrees that change others: the suspension that a decree ordered ends with that decree.

_DEEPEST = 3
"""Ends of ends that are followed: real ones go no deeper, and decrees that were misread may name each other in circles."""


Ends = Mapping[int, Collection[tuple[ReferenceLink, Party, Party]]]
"""By the id of a decree, the links that end it, each with the two that take part."""


def ended_by(ends: Ends, decree: int, passed: frozenset[int | None]) -> tuple[Change, ...]:
    """Return what ends this decree, with what ends that in turn, skipping the decrees `passed` on the way."""
    if len(passed) > _DEEPEST + 1:
        return ()
    theirs = [entry for entry in ends.get(decree, ()) if entry[0].decree not in passed]
    return in_order(
        [
            replace(change(link, ending, ended, shown=ending), revoked_by=ended_by(ends, link.decree, passed | {link.decree}))
            for link, ending, ended in theirs
        ]
    )


def load_revocations(connection: Connection, found: Collection[ReferenceLink], known: ReferenceCandidates) -> Ends:
    """Return the chains of what ends the linking decrees: one query where none, three more for each step."""
    ends: dict[int, list[tuple[ReferenceLink, Party, Party]]] = defaultdict(list)
    step = {link.decree for link in found if link.reference.change in CHANGING}
    seen: set[int] = set()
    for _ in range(_DEEPEST):
        if not step:
            break
        seen |= step
        prefixes = {prefix for decree in step for prefix in known.prefixes[decree]}
        days = {known.parties[decree].facts.sure.signed for decree in step}
        ending = load_links(connection, and_(links.c.change == Kind.ABROGATION, links_to(prefixes, days)))
        if not ending:
            break
        known = load_known(connection, ending)
        for link in ending:
            target = known.decree_of(link)
            if target in step:
                ends[target].append((link, known.parties[link.decree], known.parties[target]))
        step = {link.decree for its in ends.values() for link, _, _ in its} - seen
    return ends


# The stored links that may concern some decrees, and the decrees that these may mean.


@dataclass(frozen=True, slots=True)
class ReferenceCandidates:
    """Holds decrees that take part in some links, and candidates for their targets by key prefix, and by topic and day of signature."""

    parties: dict[int, Party] = field(default_factory=dict)
    prefixes: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    numbered: defaultdict[str | None, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    dated: defaultdict[tuple[str, date | None], list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def decree_of(self, link: ReferenceLink) -> int | None:
        """Return the id of the decree that a link names; None where unseen or ambiguous."""
        same_day = self.dated[self.parties[link.decree].topic, link.reference.signed]
        return linked(link, self.numbered[link.prefix] if link.reference.number is not None else same_day)


def links_to(prefixes: Collection[str], days: Collection[date | None]) -> ColumnElement[bool]:
    """Match links to decrees with these key prefixes or days of signature."""
    named_by_day = links.c.number.is_(None) & one_of(links.c.signed, [day for day in days if day is not None])
    return or_(one_of(links.c.prefix, prefixes), named_by_day)


def _standing(which: ColumnElement[bool]) -> Select[Any]:
    """Select these links without those of withdrawn decrees."""
    stands = exists().where(decrees.c.id == links.c.decree_id, decrees.c.withdrawn_at.is_(None))
    return select(links).where(which, stands).order_by(links.c.decree_id, links.c.position)


_AROUND = _standing(
    or_(
        one_of(links.c.decree_id, given="ids"),
        one_of(links.c.prefix, given="prefixes"),
        links.c.number.is_(None) & one_of(links.c.signed, given="days"),
    )
)


_FROM = _standing(one_of(links.c.decree_id, given="ids"))


def load_links(connection: Connection, which: ColumnElement[bool]) -> list[ReferenceLink]:
    """These links, but for those of withdrawn decrees."""
    return _links(connection, _standing(which))


def _links(connection: Connection, query: Select[Any], **given: Collection[Any]) -> list[ReferenceLink]:
    rows = connection.execute(query, given)
    return [ReferenceLink(row.decree_id, Reference(row.change, row.number, row.signed), row.prefix, row.authority) for row in rows]


def load_known(connection: Connection, found: Collection[ReferenceLink]) -> ReferenceCandidates:
    """Load the decrees that these links name or come from, in two queries."""
    keys: dict[int, list[str]] = defaultdict(list)
    known = ReferenceCandidates()
    changing = {link.decree for link in found}
    named = {link.prefix for link in found if link.prefix is not None}
    theirs = and_(one_of(identities.c.decree_id, changing), identities.c.prefix.is_not(None))
    for row in connection.execute(select(identities).where(or_(one_of(identities.c.prefix, named), theirs))):
        keys[row.decree_id].append(row.key)
        known.prefixes[row.decree_id].add(row.prefix)
    days = {link.reference.signed for link in found if link.reference.number is None and link.reference.signed is not None}
    columns = (decrees.c.id, decrees.c.topic, decrees.c.authority, decrees.c.facts, decrees.c.published, decrees.c.withdrawn_at)
    taking_part = or_(one_of(decrees.c.id, {*keys, *changing}), one_of(decrees.c.signed_on, days))
    for row in connection.execute(select(*columns).where(taking_part)):
        facts = row.facts
        known.parties[row.id] = Party(row.id, facts, row.published, row.topic)
        if row.withdrawn_at is not None:
            continue
        signed = facts.sure.signed
        candidate = Candidate(row.id, tuple(keys[row.id]), facts.authority or row.authority, signed)
        for prefix in known.prefixes[row.id]:
            known.numbered[prefix].append(candidate)
        known.dated[row.topic, signed].append(candidate)
    return known
