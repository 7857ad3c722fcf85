"""Decrees: recorded once, asked for in many ways."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, Select, and_, func, or_, select, union

from bot.domain.acts import GRANTS, Decree, Evidence, Kind, Outcome
from bot.domain.identity import comparable
from bot.domain.records import PageOfDecrees, ReadResult, RecordingResult
from bot.storage.columns import value_of
from bot.storage.database import Repository, among, written
from bot.storage.decree_rows import load_decrees, newest_first
from bot.storage.recording import Route, record, renew
from bot.storage.schema import act_terms, acts, decrees, identities, links
from bot.storage.search import matching, query_terms, relevance

_MOST_OF_ONE_NUMBER = 200


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


class Decrees(Repository):
    """Every decree that was found, in the orders that answers need."""

    def record(self, result: ReadResult, destinations_for: Route, now: datetime) -> RecordingResult:
        """Record a recueil that was read: all of it, or nothing when this raises. Recording it again changes nothing that was posted.

        Acts replace those of an earlier reading; decrees never seen before are stored with one post per destination that
        `destinations_for` names; a decree already known, here or elsewhere, is one more sighting. `destinations_for` must depend on the
        decree only, and not use the store: it is called inside the transaction, again when another process got in between. Raises
        NoSuchRow, and Conflict after several such tries.
        """
        return written(self._database, lambda connection: record(connection, result, destinations_for, now))

    def recent(self, limit: int, offset: int = 0, authorities: Collection[str] | None = None) -> PageOfDecrees:
        """Those of these authorities (None: of all), in the order of `newest_first`."""
        query = select(decrees.c.id).where(decrees.c.withdrawn_at.is_(None), among(decrees.c.authority, authorities))
        with self._database.reading() as connection:
            return _page(connection, query, query.order_by(*newest_first()), limit, offset)

    def search(self, words: str, limit: int, offset: int = 0, authorities: Collection[str] | None = None) -> PageOfDecrees:
        """Decrees that hold all the words, whatever their accents, case or endings: those with all in title or facts first, then newest.

        Looks in the title, the facts, the text of the act, and the authority as `26` or `dept26`. No sign is an operator. A question
        without any word to look for has an empty answer.
        """
        wanted = query_terms(words)
        if not wanted:
            return PageOfDecrees((), 0)
        with self._database.reading() as connection:
            hits = (
                select(decrees.c.id)
                .join(acts, acts.c.decree_id == decrees.c.id)
                .join(act_terms, act_terms.c.act_id == acts.c.id)
                .where(matching(connection, wanted, authorities), decrees.c.withdrawn_at.is_(None))
                .group_by(decrees.c.id)
            )
            best = func.min(relevance(connection, wanted))
            return _page(connection, hits, hits.order_by(best, *newest_first()), limit, offset)

    def current(self, on: date, authorities: Collection[str] | None = None) -> tuple[Decree, ...]:
        """Authorisations and renewals that may count on this day, of these authorities (None: of all), in the order of `newest_first`.

        May: all whose end is not past, as they say it or as a later decree lengthens it, and those without a known end that were found and
        published within 62 days before. Whether they are in force `bot.domain.law.standing` tells.
        """
        with self._database.reading() as connection:
            ids = connection.execute(running(on, authorities)).scalars().all()
            found = load_decrees(connection, ids)
        return tuple(found[decree] for decree in ids)

    def renew(self, decree_id: int, decree: Decree) -> None:
        """Put what is now read of a decree where it was first seen in the place of what was read then, its links and keys included.

        Posts stay queued or sent; those that have not told what is known now are to be edited. A key that is another decree's stays so.
        Raises NoSuchRow.
        """
        with self._database.writing() as connection:
            renew(connection, decree_id, decree)

    def get(self, decree: int) -> Decree | None:
        """One by its id."""
        with self._database.reading() as connection:
            return load_decrees(connection, [decree]).get(decree)

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

    def acts_of(self, recueil: int) -> list[StoredAct]:
        """The acts of one recueil, in the order of its pages."""
        query = select(acts).where(acts.c.recueil_id == recueil).order_by(acts.c.first_page, acts.c.position, acts.c.id)
        return [value_of(StoredAct, row) for row in self._database.rows(query)]


def _page(connection: Connection, counted: Select[int], ordered: Select[int], limit: int, offset: int) -> PageOfDecrees:
    total = connection.execute(select(func.count()).select_from(counted.subquery())).scalar_one()
    ids = connection.execute(ordered.limit(limit).offset(offset)).scalars().all()
    found = load_decrees(connection, ids)
    return PageOfDecrees(tuple(found[decree] for decree in ids), total)


# Which decrees may count on a day: one indexed query, so that nobody has to read every decree there is.

UNKNOWN_END = timedelta(days=62)
"""How long a decree without a known end may still count: twice the month that article 10, VII, of loi n° 2023-380 allows at once."""


def running(on: date, authorities: Collection[str] | None) -> Select[int]:
    """The ids of the decrees that may count on this day, in the order of `newest_first`."""
    # Each part has its own index; as alternatives of one condition they would be looked for in every decree.
    parts = (select(decrees.c.id).where(decrees.c.ends_on >= on), _open_end(on), *_lengthened(on))
    stands = and_(decrees.c.kind.in_(GRANTS), decrees.c.withdrawn_at.is_(None), among(decrees.c.authority, authorities))
    return select(decrees.c.id).where(decrees.c.id.in_(union(*parts)), stands).order_by(*newest_first())


def _open_end(on: date) -> Select[int]:
    earliest = on - UNKNOWN_END
    recent = decrees.c.found_at >= datetime.combine(earliest, time(), UTC)
    # A backfill finds today what was published years ago.
    published = or_(decrees.c.published.is_(None), decrees.c.published >= earliest)
    return select(decrees.c.id).where(decrees.c.ends_on.is_(None), recent, published)


def _lengthened(on: date) -> tuple[Select[int], Select[int]]:
    """Decrees that a later one may change whose own period is not over: which it means is settled when they are loaded."""
    later = select(decrees.c.id).where(decrees.c.ends_on >= on)
    changing = and_(links.c.change == Kind.MODIFICATION, links.c.decree_id.in_(later))
    by_number = select(identities.c.decree_id).where(identities.c.prefix.in_(select(links.c.prefix).where(changing)))
    by_day = select(decrees.c.id).where(decrees.c.signed_on.in_(select(links.c.signed).where(changing, links.c.number.is_(None))))
    return by_number, by_day
