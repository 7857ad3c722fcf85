"""The stored links that may concern some decrees, and the decrees that these may mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from bot.domain import Kind, Reference
from bot.domain.identity.linking import Candidate, Link, Party, linked
from bot.storage.codec import facts_from_json
from bot.storage.schema import decrees, identities, links


@dataclass(frozen=True, slots=True)
class Known:
    """The decrees that take part in some links, and those that may be named, by what their keys begin with and by the day of their
    signature.
    """

    parties: dict[int, Party] = field(default_factory=dict)
    prefixes: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    numbered: defaultdict[str | None, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    dated: defaultdict[date | None, list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def meant(self, link: Link) -> int | None:
        """The id of the decree that a link means, None where it was never seen or cannot be told."""
        return linked(link, self.numbered[link.prefix] if link.reference.number is not None else self.dated[link.reference.signed])


def links_from(ids: Collection[int]) -> ColumnElement[bool]:
    """The links of these decrees."""
    return links.c.decree_id.in_(ids)


def links_to(prefixes: Collection[str], days: Collection[date | None]) -> ColumnElement[bool]:
    """The links that may mean decrees whose keys begin so, or that were signed on these days."""
    named_by_day = links.c.number.is_(None) & links.c.signed.in_([day for day in days if day is not None])
    return or_(links.c.prefix.in_(prefixes), named_by_day)


def load_links(connection: Connection, which: ColumnElement[bool]) -> list[Link]:
    """These links, but for those of withdrawn decrees: what was judged to be no decree changes none."""
    stands = exists().where(decrees.c.id == links.c.decree_id, decrees.c.withdrawn_at.is_(None))
    rows = connection.execute(select(links).where(which, stands).order_by(links.c.decree_id, links.c.position))
    return [Link(row.decree_id, Reference(Kind(row.change), row.number, row.signed), row.prefix, row.authority) for row in rows]


def load_known(connection: Connection, found: Collection[Link]) -> Known:
    """The decrees that these links may mean, and every decree that takes part, in two queries."""
    keys: dict[int, list[str]] = defaultdict(list)
    known = Known()
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
        facts = facts_from_json(row.facts)
        known.parties[row.id] = Party(row.id, facts, row.published)
        if row.withdrawn_at is not None:
            continue
        candidate = Candidate(row.id, tuple(keys[row.id]), facts.authority or row.authority, facts.signed)
        for prefix in known.prefixes[row.id]:
            known.numbered[prefix].append(candidate)
        known.dated[facts.signed].append(candidate)
    return known
