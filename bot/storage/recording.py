"""Record one recueil that was read and judged: acts, decrees, sightings, reviews and posts, in one transaction.

When is a recueil the same as another? When the same authority already has one read whole with the same digest (the hash of the normalised
text), and this reading brings no decree that is not known. The number on the cover does not decide: a prefecture that replaces a faulty PDF
keeps its number, and the corrected one may hold a decree the first had not. Reading it costs a little; identities keep what was already
announced from being announced again. A reading that is incomplete is never a duplicate: its digest is that of the readable pages only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, exists, func, insert, or_, select, text, update

from bot.model import Act, Decree, Judged, Outcome, Post, PostState, Reading
from bot.storage.codec import clean, clean_or_none, evidence_to_json, facts_to_json
from bot.storage.decree_rows import load_decrees
from bot.storage.errors import NoSuchRow
from bot.storage.identity import Earlier, Found, keys_of, post_key, recognise
from bot.storage.rows import ReadResult, Recorded, RecueilState
from bot.storage.schema import acts, decrees, identities, posts, recueils, reviews, sightings
from bot.storage.search import index_acts
from bot.storage.upsert import insert_or_ignore

Route = Callable[[Decree], Sequence[str]]

# PostgreSQL advisory locks, as two numbers: what is locked, and which of them.
_DECREES, _AUTHORITY = 0x76696701, 0x76696702

_DONE = (RecueilState.READ, RecueilState.DUPLICATE)


def record(connection: Connection, result: ReadResult, destinations_for: Route, now: datetime) -> Recorded:
    """Record the reading within the transaction of the connection. See `Decrees.record`."""
    recueil = _lock(connection, result.recueil.id, decrees=bool(result.decrees))
    found = [_found(decree, result.judged[position].act) for position, decree in result.decrees]
    matches = recognise(found, _known(connection, found), _earlier(connection, recueil.id))
    duplicate = result.reading.complete and None not in matches and _read_already(connection, recueil, result.digest)

    judged_decrees = [decree for _, decree in result.decrees]
    ids, new = _store_decrees(connection, recueil.id, list(zip(judged_decrees, found, matches, strict=True)), now)
    decree_of_act = {position: decree_id for (position, _), decree_id in zip(result.decrees, ids, strict=True)}
    # Two programs read it, and the other had more luck: of what is read whole, nothing is taken back.
    outdone = recueil.state in _DONE and not result.early and not result.reading.complete
    if not outdone:
        _replace_acts(connection, recueil.id, () if duplicate else result.judged, decree_of_act, now, keep_others=result.early)
    _see(connection, recueil, list(zip(ids, judged_decrees, strict=True)), now)
    if result.early:
        _leave_open(connection, recueil.id, result, now)
    elif not outdone:
        _close(connection, recueil.id, result, duplicate=duplicate, now=now)

    stored = load_decrees(connection, new)
    announced = tuple(stored[decree_id] for decree_id in new)
    wanted = () if recueil.silent else announced
    queued = [post for decree in wanted for post in _queue(connection, decree, destinations_for(decree), now)]
    return Recorded(announced, tuple(queued), duplicate)


def _lock(connection: Connection, recueil: int, *, decrees: bool) -> Row[Any]:
    """The row, once no other program records the same.

    Recordings of one authority wait for each other, so that the second sees that it is a duplicate. Those that hold decrees, which
    are rare, wait for each other wherever they come from: else the keys of the decrees would make most of them fail and begin again.
    In SQLite the transaction is exclusive already.
    """
    mine = select(recueils).where(recueils.c.id == recueil)
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise NoSuchRow(f"no recueil has the id {recueil}")
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:what, hashtext(:which))")
        if decrees:
            connection.execute(lock, {"what": _DECREES, "which": ""})
        connection.execute(lock, {"what": _AUTHORITY, "which": row.authority})
        # As the one before has left it.
        row = connection.execute(mine).one()
    return row


def _found(decree: Decree, act: Act) -> Found:
    return Found(keys_of(decree), act.first_page, act.last_page)


def _known(connection: Connection, found: Sequence[Found]) -> dict[str, int]:
    keys = sorted({key for item in found for key in item.keys})
    rows = connection.execute(select(identities).where(identities.c.key.in_(keys)))
    return {row.key: row.decree_id for row in rows}


def _earlier(connection: Connection, recueil: int) -> list[Earlier]:
    query = select(acts.c.decree_id, acts.c.first_page, acts.c.last_page).where(acts.c.recueil_id == recueil, acts.c.decree_id.is_not(None))
    return [Earlier(row.decree_id, row.first_page, row.last_page) for row in connection.execute(query.order_by(acts.c.id))]


def _read_already(connection: Connection, recueil: Row[Any], digest: str) -> bool:
    same = and_(
        recueils.c.authority == recueil.authority,
        recueils.c.digest == digest,
        recueils.c.state == RecueilState.READ,
        recueils.c.id != recueil.id,
    )
    return bool(connection.execute(select(exists().where(same))).scalar_one())


def _store_decrees(
    connection: Connection,
    recueil: int,
    entries: Sequence[tuple[Decree, Found, int | None]],
    now: datetime,
) -> tuple[list[int], list[int]]:
    """The stored id of each entry, and those among them that are new."""
    ids: list[int] = []
    new: list[int] = []
    owners: dict[str, int] = {}  # a decree printed twice in one recueil is one decree
    for decree, item, match in entries:
        known = match if match is not None else next((owners[key] for key in item.keys if key in owners), None)
        values = _decree_values(decree)
        if known is None:
            row = {**values, "recueil_id": recueil, "url": clean(decree.url), "authority": decree.authority}
            row["found_at"] = decree.found_at or now
            decree_id = int(connection.execute(insert(decrees).returning(decrees.c.id), row).scalar_one())
            new.append(decree_id)
            # Strictly: a key that another process has taken meanwhile stops this transaction, which is then begun again.
            claim: Any = insert(identities)
        else:
            decree_id = known
            if known not in ids:
                # A second reading of the same pages knows more than the first; a republication, here or elsewhere, does not.
                connection.execute(update(decrees).where(decrees.c.id == known, decrees.c.recueil_id == recueil).values(values))
            claim = insert_or_ignore(connection, identities)
        connection.execute(claim, [{"key": key, "decree_id": decree_id} for key in sorted(item.keys)])
        owners.update(dict.fromkeys(item.keys, decree_id))
        ids.append(decree_id)
    return ids, new


def _decree_values(decree: Decree) -> dict[str, Any]:
    return {
        "kind": decree.kind,
        "title": clean(decree.title),
        "facts": facts_to_json(decree.facts),
        "evidence": evidence_to_json(decree.evidence),
        "page": decree.page,
        "published": decree.published,
        "act_id": clean_or_none(decree.act_id),
    }


def _replace_acts(
    connection: Connection, recueil: int, judged: Sequence[Judged], decree_of_act: dict[int, int], now: datetime, *, keep_others: bool
) -> None:
    """Put these acts in the place of those of an earlier reading, but for an act whose decree this reading did not find again.

    `keep_others`: only the acts of these decrees are replaced.
    """
    again = sorted(set(decree_of_act.values()))
    mine = acts.c.decree_id.in_(again)
    replaced = mine if keep_others else or_(acts.c.decree_id.is_(None), mine)
    connection.execute(delete(acts).where(acts.c.recueil_id == recueil, replaced))
    for position, item in enumerate(judged):
        row = _act_values(item) | {"recueil_id": recueil, "position": position, "decree_id": decree_of_act.get(position)}
        act_id = connection.execute(insert(acts).returning(acts.c.id), row).scalar_one()
        if item.verdict.outcome is Outcome.UNCERTAIN:
            connection.execute(insert(reviews), {"act_id": act_id, "created_at": now})
    index_acts(connection, recueil)


def _act_values(item: Judged) -> dict[str, Any]:
    act, verdict = item.act, item.verdict
    return {
        "act_id": clean_or_none(act.id),
        "title": clean(act.title),
        "service": clean_or_none(act.service),
        "first_page": act.first_page,
        "last_page": act.last_page,
        "outcome": verdict.outcome,
        "kind": verdict.kind,
        "evidence": evidence_to_json(verdict.evidence),
        "text": clean("\n".join(page.text for page in act.pages)),
    }


def _see(connection: Connection, recueil: Row[Any], seen: Sequence[tuple[int, Decree]], now: datetime) -> None:
    """Where the decrees appear. A page that an earlier reading of this recueil got wrong is corrected."""
    for decree_id in {decree_id for decree_id, _ in seen}:
        pages = [decree.page for other, decree in seen if other == decree_id]
        moved = and_(sightings.c.recueil_id == recueil.id, sightings.c.decree_id == decree_id, sightings.c.page.not_in(pages))
        connection.execute(delete(sightings).where(moved))
    for decree_id, decree in seen:
        row = {"decree_id": decree_id, "recueil_id": recueil.id, "authority": recueil.authority, "url": clean(decree.url)}
        connection.execute(insert_or_ignore(connection, sightings), {**row, "page": decree.page, "seen_at": now})


def _close(connection: Connection, recueil: int, result: ReadResult, *, duplicate: bool, now: datetime) -> None:
    reading = result.reading
    state = RecueilState.DUPLICATE if duplicate else RecueilState.READ if reading.complete else RecueilState.INCOMPLETE
    values = {
        "state": state,
        # Of a recueil read in part, the readings are counted: what it took to fetch it is not.
        "attempts": case((recueils.c.state == RecueilState.INCOMPLETE, recueils.c.attempts + 1), else_=1),
        "next_try_at": result.next_try_at if state is RecueilState.INCOMPLETE else None,
        "error": None if reading.complete else _unread(reading),
        "number": clean_or_none(reading.cover.number),
        "digest": result.digest,
        "published": func.coalesce(recueils.c.published, reading.cover.published),
        "tried_at": now,
        "page_count": reading.page_count,
        "ocr_pages": list(reading.ocr_pages),
        "unreadable_pages": list(reading.unreadable_pages),
    }
    connection.execute(update(recueils).where(recueils.c.id == recueil).values(values))


def _leave_open(connection: Connection, recueil: int, result: ReadResult, now: datetime) -> None:
    """Read in part so far. Were this program killed, another would read it again; one that another has read meanwhile stays read."""
    reading = result.reading
    values = {
        "state": RecueilState.INCOMPLETE,
        "attempts": case((recueils.c.state == RecueilState.INCOMPLETE, recueils.c.attempts), else_=0),
        "next_try_at": result.next_try_at,
        "error": f"being read: {len(reading.pending_pages)} of {reading.page_count} pages were still to be recognised",
        "number": clean_or_none(reading.cover.number),
        "published": func.coalesce(recueils.c.published, reading.cover.published),
        "tried_at": now,
        "page_count": reading.page_count,
    }
    connection.execute(update(recueils).where(recueils.c.id == recueil, recueils.c.state.not_in(_DONE)).values(values))


def _unread(reading: Reading) -> str:
    pages = reading.unreadable_pages
    shown = ", ".join(str(page) for page in pages[:10]) + (", …" if len(pages) > 10 else "")
    return f"{len(pages)} of {reading.page_count} pages could not be read: {shown}"


def _queue(connection: Connection, decree: Decree, destinations: Sequence[str], now: datetime) -> list[Post]:
    queued = []
    for destination in dict.fromkeys(destinations):
        key = post_key(destination, decree.identities)
        row = {"key": key, "destination": destination, "decree_id": decree.id, "state": PostState.QUEUED, "attempts": 0, "created_at": now}
        post = connection.execute(insert(posts).returning(posts.c.id), row).scalar_one()
        queued.append(Post(int(post), key, destination, decree, PostState.QUEUED))
    return queued
