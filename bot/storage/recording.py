"""Record one recueil that was read and judged: acts, decrees, sightings, reviews and posts, in one transaction.

When is a recueil the same as another? When the same authority already has one read whole with the same digest (the hash of the normalised
text), and this reading brings no decree that is not known. The number on the cover does not decide: a prefecture that replaces a faulty PDF
keeps its number, and the corrected one may hold a decree the first had not. Reading it costs a little; identities keep what was already
announced from being announced again. A reading that is incomplete is never a duplicate: its digest is that of the readable pages only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, exists, insert, select, update

from bot.domain import Act, Decree, Post, PostState, Reading
from bot.domain.folding import clean_or_none
from bot.domain.identity.identity import Earlier, HeldDecree, keys_of, post_key, recognise
from bot.domain.records import ReadResult, RecordingResult, RecueilState
from bot.storage.act_writing import replace_acts
from bot.storage.database import lock_recueil
from bot.storage.decree_rows import load_decrees
from bot.storage.decree_writing import see, store_decrees
from bot.storage.edits import want_edits
from bot.storage.schema import acts, identities, posts, recueils
from bot.storage.withdrawing import left_to_people

_DONE = (RecueilState.READ, RecueilState.DUPLICATE)


def record(connection: Connection, result: ReadResult, destinations_for: Route, now: datetime) -> RecordingResult:
    """Record the reading within the transaction of the connection. See `Decrees.record`."""
    recueil = lock_recueil(connection, result.recueil.id, decrees=bool(result.decrees))
    found = [_found(decree, result.judged[position].act) for position, decree in result.decrees]
    earlier = _earlier(connection, recueil.id)
    matched = zip(found, recognise(found, known_keys(connection, found), earlier), strict=True)
    result, kept = left_to_people(connection, result, list(matched))
    matches = [match for _, match in kept]
    # A decree that was found here before, and is not now, is for a person to look at: this recueil is not passed over as a copy.
    copied = None not in matches and {one.decree_id for one in earlier} <= {*matches}
    duplicate = result.reading.complete and copied and _read_already(connection, recueil, result.digest)

    judged_decrees = [decree for _, decree in result.decrees]
    ids, new = store_decrees(connection, recueil.id, [(decree, *one) for decree, one in zip(judged_decrees, kept, strict=True)], now)
    see(connection, recueil, list(zip(ids, judged_decrees, strict=True)), now)
    decree_of_act = {position: decree_id for (position, _), decree_id in zip(result.decrees, ids, strict=True)}
    # Two programs read it, and the other had more luck: of what is read whole, nothing is taken back.
    outdone = recueil.state in _DONE and not result.early and not result.reading.complete
    lost: tuple[int, ...] = ()
    if not outdone:
        judged, unread = () if duplicate else result.judged, (*result.reading.unreadable_pages, *result.reading.pending_pages)
        lost = replace_acts(connection, recueil, judged, decree_of_act, now, found=ids, unread=unread, keep_others=result.early)
    if result.early:
        _leave_open(connection, recueil.id, result, now)
    elif not outdone:
        _close(connection, recueil.id, result, duplicate=duplicate, now=now)
    want_edits(connection, ids, new=new)

    stored = load_decrees(connection, new)
    announced = tuple(stored[decree_id] for decree_id in new)
    wanted = () if recueil.silent else announced
    queued = [post for decree in wanted for post in queue(connection, decree, destinations_for(decree), now)]
    return RecordingResult(announced, tuple(queued), duplicate, lost)


def _found(decree: Decree, act: Act) -> HeldDecree:
    return HeldDecree(keys_of(decree), act.first_page, act.last_page)


def known_keys(connection: Connection, found: Sequence[HeldDecree]) -> dict[str, int]:
    """The stored decree that each of these keys is known to be of."""
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


def _close(connection: Connection, recueil: int, result: ReadResult, *, duplicate: bool, now: datetime) -> None:
    reading = result.reading
    state = RecueilState.DUPLICATE if duplicate else RecueilState.READ if reading.complete else RecueilState.INCOMPLETE
    values = {
        "state": state,
        # Of a recueil read in part, the readings that got no further are counted: what it took to fetch it is not.
        "attempts": case((recueils.c.state == RecueilState.INCOMPLETE, recueils.c.attempts + (0 if result.gained else 1)), else_=1),
        "next_try_at": result.next_try_at if state is RecueilState.INCOMPLETE else None,
        "error": None if reading.complete else _unread(reading),
        "number": clean_or_none(reading.cover.number),
        "digest": result.digest,
        "published": _published(reading, now),
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
        "published": _published(reading, now),
        "tried_at": now,
        "page_count": reading.page_count,
    }
    connection.execute(update(recueils).where(recueils.c.id == recueil, recueils.c.state.not_in(_DONE)).values(values))


def _published(reading: Reading, now: datetime) -> date | ColumnElement[date | None]:
    """The day of the recueil: that of its cover, else what is known of it, which is that of the listing or of a cover read before.

    What is judged again or accepted by a person later is then published on the same day as what was found at once. No recueil is read
    before it is published: a cover dated later (by more than a day, which it may be elsewhere on Earth) was misread.
    """
    day = reading.cover.published
    return recueils.c.published if day is None or day > now.date() + timedelta(days=1) else day


def _unread(reading: Reading) -> str:
    pages = reading.unreadable_pages
    shown = ", ".join(str(page) for page in pages[:10]) + (", …" if len(pages) > 10 else "")
    lost = f"{len(pages)} of {reading.page_count} pages could not be read{' whole' if reading.damaged else ''}: {shown}" if pages else ""
    damage = "the file is cut short, or damaged" if reading.salvaged else "the file is damaged" if reading.damaged else ""
    return "; ".join(filter(None, (damage, lost)))


# Put posts into the outbox.

Route = Callable[[Decree], Sequence[str]]
"""Names the destinations of a decree."""


def queue(connection: Connection, decree: Decree, destinations: Sequence[str], now: datetime) -> list[Post]:
    """One post for each destination of a stored decree."""
    queued = []
    for destination in dict.fromkeys(destinations):
        key = post_key(destination, decree.identities)
        row = {"key": key, "destination": destination, "decree_id": decree.id, "state": PostState.PENDING, "attempts": 0, "created_at": now}
        post = connection.execute(insert(posts).returning(posts.c.id), row).scalar_one()
        queued.append(Post(int(post), key, destination, decree, PostState.PENDING, created_at=now))
    return queued
