"""What people decided of acts, under every key that the acts are known by."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, delete, insert, select, update

from bot.domain import Kind, Outcome
from bot.domain.folding import clean
from bot.domain.identity.identity import ActIdentity, act_keys
from bot.domain.records import Decision
from bot.storage.database import batches, lock_recueil
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.schema import acts, decisions, reviews


def decisions_under(connection: Connection, keys: Collection[str]) -> dict[str, Decision]:
    """What was decided of the act that each of these keys is of; a key of which nothing was decided is left out."""
    found: dict[str, Decision] = {}
    for wanted in batches(keys):
        for row in connection.execute(select(decisions).where(decisions.c.key.in_(wanted))):
            found[row.key] = Decision(row.outcome, row.kind, row.decided_at, row.decided_by)
    return found


def write_decision(connection: Connection, keys: Collection[str], decision: Decision) -> None:
    """Keep it under each of these keys, in the place of what was decided before."""
    connection.execute(delete(decisions).where(decisions.c.key.in_(set(keys))))
    values = {"outcome": decision.outcome, "kind": decision.kind, "decided_at": decision.at, "decided_by": decision.by}
    connection.execute(insert(decisions), [{"key": key, **values} for key in sorted(set(keys))])


def keys_of_act(connection: Connection, recueil: Row[Any], act: Row[Any]) -> tuple[str, ...]:
    """The keys that a stored act of this recueil is known by."""
    beside = select(acts.c.id, acts.c.act_id, acts.c.title, acts.c.first_page).where(acts.c.recueil_id == recueil.id).order_by(acts.c.id)
    rows = connection.execute(beside).all()
    texts = [ActIdentity(row.act_id, row.title, row.first_page, act.text if row.id == act.id else "") for row in rows]
    return next(keys for row, keys in zip(rows, act_keys(recueil.url, texts), strict=True) if row.id == act.id)


def key_of_decree(decree: int) -> str:
    """The key by which the withdrawal of a decree is found again."""
    return f"decree:{decree}"


def key_of_review(review: int) -> str:
    """The key by which the answer to a review that is closed is found again."""
    return f"review:{review}"


# Settle a review: find the act that waits, and keep what is decided of it. Within the transaction of the connection.

_LONGEST_BY = 32


def token_of(review: int, recueil: int, since: datetime) -> str:
    """Eight hexadecimal digits that tell an act that waits from any other, also from one of the same number in a database that was put back
    to an earlier day: it waits in this recueil since this instant, which a later reading of the same act leaves as it is.

    Of what the act says nothing is taken: a page that is read later must not make an answer void that nobody is asked for again.
    """
    which = f"{review}:{recueil}:{since.astimezone(UTC).isoformat(timespec='microseconds')}"
    return hashlib.sha256(which.encode()).hexdigest()[:8]


def claim(connection: Connection, review: int, token: str | None, *, decree: bool) -> tuple[Row[Any], Row[Any]]:
    """The recueil and the act, once no other program settles the same. `decree`: decrees are going to be written.

    `token` is that of the act which was asked about, where it is known. Raises NoSuchRow, also where it is another's, and AlreadyDecided.
    """
    since = reviews.c.created_at.label("since")
    waiting = select(acts, since).join(reviews, reviews.c.act_id == acts.c.id).where(acts.c.id == review)
    act = connection.execute(waiting).one_or_none()
    if act is None:
        _refuse(connection, review)
    recueil = lock_recueil(connection, act.recueil_id, decrees=decree)
    # As the one before has left it.
    act = connection.execute(waiting).one_or_none()
    if act is None or (token is not None and token != token_of(act.id, act.recueil_id, act.since)):
        _refuse(connection, review)
    return recueil, act


def decided(connection: Connection, review: int) -> Decision | None:
    """What was decided of the act that waited under this number; None where nothing is known of it."""
    key = key_of_review(review)
    return decisions_under(connection, [key]).get(key)


def decision(outcome: Outcome, kind: Kind | None, now: datetime, by: str) -> Decision:
    """As it can be stored."""
    return Decision(outcome, kind, now, clean(by)[:_LONGEST_BY])


def settle(connection: Connection, recueil: Row[Any], act: Row[Any], decision: Decision, values: dict[str, Any]) -> Decision:
    """Let the act be that, wait no more, and be known as decided."""
    connection.execute(update(acts).where(acts.c.id == act.id).values(values))
    connection.execute(delete(reviews).where(reviews.c.act_id == act.id))
    write_decision(connection, {*keys_of_act(connection, recueil, act), key_of_review(act.id)}, decision)
    return decision


def _refuse(connection: Connection, review: int) -> NoReturn:
    known = decided(connection, review)
    if known is None:
        raise NoSuchRow(f"no act waits under the number {review}")
    said = f"a decree ({known.kind})" if known.outcome is Outcome.DECREE else "not concerned"
    raise AlreadyDecided(f"the act that waited under the number {review} was already decided, as {said}, by {known.by}", known)
