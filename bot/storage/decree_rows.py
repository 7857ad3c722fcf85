"""Stored decrees as values, for every repository that shows them: with where they were seen, and the decrees that each names, which are
stored as it names them and looked up whenever decrees are shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Row, and_, case, delete, exists, func, insert, or_, select

from bot.domain.acts import CHANGING, Change, Decree, Kind, Reference, Sighting
from bot.domain.folding import clean, clean_or_none
from bot.domain.identity import LONGEST_KEY, Candidate, Party, ReferenceLink, change, in_order, linked
from bot.storage.columns import value_of
from bot.storage.database import batches
from bot.storage.schema import decrees, identities, links, recueils, sightings


def newest_first() -> tuple[ColumnElement[object], ...]:
    """The order of every list: by the day of publication, then by when a decree was found, so that history found today is history.

    A decree without that day stands where it was signed, else where it was found; none stands after the day on which it was found.
    """
    found = func.date(decrees.c.found_at, type_=Date)
    day = func.coalesce(decrees.c.published, decrees.c.signed_on, found)
    return case((day > found, found), else_=day).desc(), decrees.c.found_at.desc(), decrees.c.id.desc()


def load_decrees(connection: Connection, ids: Collection[int]) -> dict[int, Decree]:
    """The decrees of these ids, with where they were seen and how they change each other; an id of nothing stored is left out.

    Seven queries at most for every 500 decrees, three more for each step where what changes others is ended itself.
    """
    found: dict[int, Decree] = {}
    for wanted in batches(ids):
        found |= _load(connection, wanted)
    return found


def load_sightings(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Sighting, ...]]:
    """Everywhere each of these decrees appears, the first sighting first."""
    seen: dict[int, list[Sighting]] = defaultdict(list)
    query = select(sightings, recueils.c.number).join(recueils, recueils.c.id == sightings.c.recueil_id)
    query = query.where(sightings.c.decree_id.in_(ids)).order_by(sightings.c.seen_at, sightings.c.id)
    for row in connection.execute(query):
        seen[row.decree_id].append(Sighting(row.authority, row.url, row.page, row.seen_at, row.number))
    return {decree: tuple(places) for decree, places in seen.items()}


def _load(connection: Connection, wanted: Sequence[int]) -> dict[int, Decree]:
    keys: dict[int, list[str]] = defaultdict(list)
    prefixes: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(select(identities).where(identities.c.decree_id.in_(wanted)).order_by(identities.c.key)):
        keys[row.decree_id].append(row.key)
        if row.prefix is not None:
            prefixes[row.decree_id].add(row.prefix)
    rows = connection.execute(select(decrees).where(decrees.c.id.in_(wanted))).all()
    seen = load_sightings(connection, wanted)
    changes, changed_by = load_changes(connection, rows, prefixes)
    return {
        row.id: value_of(
            Decree,
            row,
            identities=tuple(keys[row.id]),
            sightings=seen.get(row.id, ()),
            changes=changes.get(row.id, ()),
            changed_by=changed_by.get(row.id, ()),
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
    named = links_to({prefix for known in prefixes.values() for prefix in known}, {row.signed_on for row in stored})
    found = load_links(connection, or_(links_from(ids), named))
    if not found:
        return {}, {}
    known = load_known(connection, found)
    undoing = load_undoing(connection, found, known)
    does: dict[int, list[Change]] = defaultdict(list)
    suffers: dict[int, list[Change]] = defaultdict(list)
    for link in found:
        meant = known.meant(link)
        changing, changed = known.parties[link.decree], known.parties[meant] if meant is not None else None
        undone_by = undoing.of(link.decree, meant)
        if link.decree in ids:
            does[link.decree].append(replace(change(link, changing, changed, shown=changed), undone_by=undone_by))
        if meant is not None and meant in ids:
            suffers[meant].append(replace(change(link, changing, changed, shown=changing), undone_by=undone_by))
    return {key: in_order(each) for key, each in does.items()}, {key: in_order(each) for key, each in suffers.items()}


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
                replace(change(link, ending, ended, shown=ending), undone_by=self._of(link.decree, passed | {link.decree}))
                for link, ending, ended in theirs
            ]
        )


def load_undoing(connection: Connection, found: Collection[ReferenceLink], known: ReferenceCandidates) -> RevocationChain:
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
        """The id of the decree that a link means, None where it was never seen or cannot be told."""
        return linked(link, self.numbered[link.prefix] if link.reference.number is not None else self.dated[link.reference.signed])


def links_from(ids: Collection[int]) -> ColumnElement[bool]:
    """The links of these decrees."""
    return links.c.decree_id.in_(ids)


def links_to(prefixes: Collection[str], days: Collection[date | None]) -> ColumnElement[bool]:
    """The links that may mean decrees whose keys begin so, or that were signed on these days."""
    named_by_day = links.c.number.is_(None) & links.c.signed.in_([day for day in days if day is not None])
    return or_(links.c.prefix.in_(prefixes), named_by_day)


def load_links(connection: Connection, which: ColumnElement[bool]) -> list[ReferenceLink]:
    """These links, but for those of withdrawn decrees: what was judged to be no decree changes none."""
    stands = exists().where(decrees.c.id == links.c.decree_id, decrees.c.withdrawn_at.is_(None))
    rows = connection.execute(select(links).where(which, stands).order_by(links.c.decree_id, links.c.position))
    return [ReferenceLink(row.decree_id, Reference(row.change, row.number, row.signed), row.prefix, row.authority) for row in rows]


def load_known(connection: Connection, found: Collection[ReferenceLink]) -> ReferenceCandidates:
    """The decrees that these links may mean, and every decree that takes part, in two queries."""
    keys: dict[int, list[str]] = defaultdict(list)
    known = ReferenceCandidates()
    changing = {link.decree for link in found}
    named = {link.prefix for link in found if link.prefix is not None}
    theirs = and_(identities.c.decree_id.in_(changing), identities.c.prefix.is_not(None))
    for row in connection.execute(select(identities).where(or_(identities.c.prefix.in_(named), theirs))):
        keys[row.decree_id].append(row.key)
        known.prefixes[row.decree_id].add(row.prefix)
    days = {link.reference.signed for link in found if link.reference.number is None and link.reference.signed is not None}
    columns = (decrees.c.id, decrees.c.authority, decrees.c.facts, decrees.c.published, decrees.c.withdrawn_at)
    taking_part = or_(decrees.c.id.in_({*keys, *changing}), decrees.c.signed_on.in_(days))
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
