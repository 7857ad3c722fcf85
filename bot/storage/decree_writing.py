"""Write decrees: their rows, keys, links and sightings. Within the transaction of the connection, whatever it is part of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, select, update

from bot.domain import Decree, Facts
from bot.domain.folding import clean, clean_or_none
from bot.domain.identity.completing import completed, earliest
from bot.domain.identity.identity import HeldDecree, keys_of
from bot.domain.identity.linking import prefix_of
from bot.storage.codec import evidence_to_json, facts_from_json, facts_to_json
from bot.storage.database import insert_or_ignore
from bot.storage.errors import NoSuchRow
from bot.storage.links import write_links
from bot.storage.schema import decrees, identities, sightings
from bot.storage.search import index_again


def store_decrees(
    connection: Connection,
    recueil: int,
    entries: Sequence[tuple[Decree, HeldDecree, int | None]],
    now: datetime,
) -> tuple[list[int], list[int]]:
    """The stored id of each entry, and those among them that are new. An entry holds the id of the stored decree that it is, if any."""
    ids: list[int] = []
    new: list[int] = []
    owners: dict[str, int] = {}  # a decree printed twice in one recueil is one decree
    for decree, item, match in entries:
        known = match if match is not None else next((owners[key] for key in item.keys if key in owners), None)
        if known is None:
            row = {**_values(decree), "recueil_id": recueil, "url": clean(decree.url), "authority": decree.authority}
            row |= {"published": decree.published, "found_at": decree.found_at or now}
            decree_id = int(connection.execute(insert(decrees).returning(decrees.c.id), row).scalar_one())
            new.append(decree_id)
            write_links(connection, decree_id, decree)
        else:
            decree_id = known
            # A second reading of the same pages knows more than the first; a republication, here or elsewhere, does not.
            if known not in ids and _rewrite(connection, decree, decrees.c.id == known, decrees.c.recueil_id == recueil):
                write_links(connection, decree_id, decree)
        # Strictly: a key that another process has taken meanwhile stops this transaction, which is then begun again.
        claim(connection, decree_id, item.keys, strictly=known is None)
        owners.update(dict.fromkeys(item.keys, decree_id))
        ids.append(decree_id)
    return ids, new


def claim(connection: Connection, decree_id: int, keys: Collection[str], *, strictly: bool) -> None:
    """Let the decree be known by these keys; unless `strictly`, one that is another's stays so."""
    claim: Any = insert(identities) if strictly else insert_or_ignore(connection, identities)
    connection.execute(claim, [{"key": key, "decree_id": decree_id, "prefix": prefix_of(key)} for key in sorted(keys)])


def see(
    connection: Connection, recueil: Row[Any], seen: Sequence[tuple[int, Decree]], now: datetime, *, within: Row[Any] | None = None
) -> None:
    """Where the decrees appear, and what was read there. A page that an earlier reading of this recueil got wrong is corrected.

    `within` is the act that was looked at, where that was not the whole recueil: elsewhere in it nothing is corrected.

    The facts of each decree are completed by what its sightings tell, and it was published when the first of them was: see
    `bot.domain.identity.completing`.
    """
    days = {decree_id: _day_there(connection, decree_id, recueil.id, decree.published) for decree_id, decree in seen}
    for decree_id in {decree_id for decree_id, _ in seen}:
        pages = [decree.page for other, decree in seen if other == decree_id]
        moved = and_(sightings.c.recueil_id == recueil.id, sightings.c.decree_id == decree_id, sightings.c.page.not_in(pages))
        here = () if within is None else (sightings.c.page.between(within.first_page, within.last_page),)
        connection.execute(delete(sightings).where(moved, *here))
    kinds = {row.id: row.kind for row in connection.execute(select(decrees).where(decrees.c.id.in_({decree_id for decree_id, _ in seen})))}
    places = {(decree_id, decree.page): decree for decree_id, decree in reversed(seen)}
    for (decree_id, page), decree in reversed(places.items()):
        place = {"decree_id": decree_id, "recueil_id": recueil.id, "page": page}
        more = {"authority": recueil.authority, "url": clean(decree.url), "seen_at": now}
        connection.execute(insert_or_ignore(connection, sightings), {**place, **more})
        # What is taken for another kind of decree is taken to say other things.
        facts = facts_to_json(decree.facts) if decree.kind == kinds.get(decree_id) else None
        told = {"facts": facts, "published": days[decree_id]}
        connection.execute(update(sightings).where(*(sightings.c[name] == value for name, value in place.items())).values(told))
    for decree_id in kinds:
        complete(connection, decree_id)


def renew(connection: Connection, decree_id: int, decree: Decree) -> None:
    """Put what is now read of a decree where it was first seen in the place of what was read before. Raises NoSuchRow."""
    if not _rewrite(connection, decree, decrees.c.id == decree_id):
        raise NoSuchRow(f"no decree has the id {decree_id}")
    write_links(connection, decree_id, decree)
    claim(connection, decree_id, keys_of(decree), strictly=False)
    first = _own(connection, decree_id)
    if first:
        day = _day_there(connection, decree_id, first[0].recueil_id, decree.published)
        told = {"facts": facts_to_json(decree.facts), "published": day}
        connection.execute(update(sightings).where(sightings.c.id == first[0].id).values(told))
    complete(connection, decree_id)
    index_again(connection, [decree_id])


def complete(connection: Connection, decree_id: int) -> None:
    """Make the facts of a decree, and the day of its publication, again from what its sightings tell."""
    row = connection.execute(select(decrees).where(decrees.c.id == decree_id)).one()
    own = _own(connection, decree_id)
    elsewhere = select(sightings).where(sightings.c.decree_id == decree_id, sightings.c.recueil_id != row.recueil_id)
    others = [*own[1:], *connection.execute(elsewhere.order_by(sightings.c.seen_at, sightings.c.id))]
    base = own[0].facts if own and own[0].facts is not None else row.facts
    facts = completed(facts_from_json(base), [facts_from_json(other.facts) for other in others if other.facts is not None])
    published = earliest([seen.published for seen in (*own[:1], *others)], facts.signed)
    values = {**_from_facts(facts), "published": published or row.published}
    if values != {name: getattr(row, name) for name in values}:
        connection.execute(update(decrees).where(decrees.c.id == decree_id).values(values))
        index_again(connection, [decree_id])


def _day_there(connection: Connection, decree_id: int, recueil: int, read: date | None) -> date | None:
    """When the decree was published in this recueil: the earlier of what was known and what is read now.

    Its cover and the listing may tell two days, and not every reading sees the cover.
    """
    here = (sightings.c.decree_id == decree_id, sightings.c.recueil_id == recueil)
    known = connection.execute(select(func.min(sightings.c.published)).where(*here)).scalar_one()
    return min((day for day in (known, read) if day is not None), default=None)


def _own(connection: Connection, decree_id: int) -> list[Row[Any]]:
    """The sightings in the recueil where it was first seen: the one it is shown by, then the others in the order of the pages."""
    query = select(sightings).join(decrees, (decrees.c.id == sightings.c.decree_id) & (decrees.c.recueil_id == sightings.c.recueil_id))
    shown_by = case((sightings.c.page == decrees.c.page, 0), else_=1)
    return list(connection.execute(query.where(decrees.c.id == decree_id).order_by(shown_by, sightings.c.page)))


def _rewrite(connection: Connection, decree: Decree, *which: Any) -> bool:
    return bool(connection.execute(update(decrees).where(*which).values(_values(decree))).rowcount)


def _values(decree: Decree) -> dict[str, Any]:
    return {
        "kind": decree.kind,
        "title": clean(decree.title),
        "evidence": evidence_to_json(decree.evidence),
        "page": decree.page,
        "act_id": clean_or_none(decree.act_id),
        **_from_facts(decree.facts),
    }


def _from_facts(facts: Facts) -> dict[str, Any]:
    return {
        "facts": facts_to_json(facts),
        "starts_on": facts.starts.day if facts.starts is not None else None,
        "ends_on": _last_day(facts),
        "signed_on": facts.signed,
    }


def _last_day(facts: Facts) -> date | None:
    """None as well for an end before the start, which was misread: nothing then tells that the period is over."""
    starts, ends = facts.starts, facts.ends
    if starts is None or ends is None or ends.day > starts.day:
        return ends.day if ends is not None else None
    misread = ends.day < starts.day or (ends.time is not None and starts.time is not None and ends.time <= starts.time)
    return None if misread else ends.day
