"""What people decided of acts, under every key that the acts are known by, and the withdrawal of a decree that a person judged to be none:
it stays stored, is shown by its number only, and no reading brings it back. Within the transaction of the connection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, and_, delete, exists, insert, select, update

from bot.domain.acts import Kind, Outcome
from bot.domain.folding import clean
from bot.domain.identity import ActIdentity, act_keys
from bot.domain.posts import Post, PostCause, PostState
from bot.domain.records import Decision, Withdrawal
from bot.storage.database import batches, lock_recueil
from bot.storage.edits import changed_by, want_edits
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.posts import load_rows
from bot.storage.schema import act_terms, acts, decisions, decrees, posts, recueils, reviews, sightings
from bot.storage.search import index_acts, index_again


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


def claim_review(connection: Connection, review: int, token: str | None, *, decree: bool) -> tuple[Row[Any], Row[Any]]:
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


# Withdraw a decree, and reinstate it.

WHY = "withdrawn: a person judged that this act does not concern VSA"
"""Why a post was not sent, where that is the reason."""


def withdraw(connection: Connection, decree_id: int, decision: Decision) -> Withdrawal:
    """Withdraw a decree, with what was decided kept under every key of its acts. Raises NoSuchRow, and AlreadyDecided.

    Posts that wait are refused. One that is out, or may be, stays: only a person can correct what others have read.
    """
    row = connection.execute(select(decrees.c.withdrawn_at).where(decrees.c.id == decree_id)).one_or_none()
    if row is None:
        raise NoSuchRow(f"no decree is recorded under the number {decree_id}")
    if row.withdrawn_at is not None:
        known = decisions_under(connection, [key_of_decree(decree_id)]).get(key_of_decree(decree_id))
        known = known or Decision(Outcome.NOT_CONCERNED, None, row.withdrawn_at, "")
        raise AlreadyDecided(f"the decree {decree_id} was already withdrawn, by {known.by}", known)
    changed = changed_by(connection, [decree_id])
    keys = {key_of_decree(decree_id)}
    theirs = connection.execute(select(acts).where(acts.c.decree_id == decree_id)).all()
    for act in theirs:
        keys |= _release(connection, act, decree_id)
    connection.execute(delete(act_terms).where(act_terms.c.act_id.in_([act.id for act in theirs])))
    for recueil in {act.recueil_id for act in theirs}:
        index_acts(connection, recueil)
    connection.execute(update(decrees).where(decrees.c.id == decree_id).values(withdrawn_at=decision.at))
    write_decision(connection, keys, decision)
    refuse_withdrawn(connection, decision.at, decree_id)
    # What it was said to do to others is no longer so.
    want_edits(connection, changed)
    open_or_out = (posts.c.decree_id == decree_id) & (posts.c.state != PostState.REFUSED)
    out = connection.execute(select(posts.c.destination).where(open_or_out).order_by(posts.c.id)).scalars()
    return Withdrawal(decree_id, tuple(out))


def withdraw_act(connection: Connection, act: Row[Any], decision: Decision) -> Withdrawal | None:
    """Withdraw every decree that an act is stored as, of which the last is told; None where it is none."""
    if act.decree_id is None:
        return None
    out: list[str] = []
    for one in (*_others_in(connection, act, act.decree_id), act.decree_id):
        if not withdrawn_among(connection, [one]):
            out += withdraw(connection, one, decision).out
    return Withdrawal(act.decree_id, tuple(dict.fromkeys(out)))


def reinstate(connection: Connection, decree_id: int, decision: Decision | None = None) -> tuple[Post, ...]:
    """Take the withdrawal of a decree back, if there was one, and give the posts that wait again for that.

    With a `decision`, its acts are its own again, and this is decided of them from now on.
    """
    gone = update(decrees).where(decrees.c.id == decree_id, decrees.c.withdrawn_at.is_not(None)).values(withdrawn_at=None)
    if not connection.execute(gone).rowcount:
        return ()
    keys = {key_of_decree(decree_id)}
    connection.execute(delete(decisions).where(decisions.c.key.in_(keys)))
    if decision is not None:
        for act in _acts_where_seen(connection, decree_id):
            recueil = connection.execute(select(recueils).where(recueils.c.id == act.recueil_id)).one()
            own = {"outcome": Outcome.DECREE, "kind": decision.kind, "decree_id": decree_id}
            connection.execute(update(acts).where(acts.c.id == act.id).values(own))
            write_decision(connection, keys_of_act(connection, recueil, act), decision)
    index_again(connection, [decree_id])
    want_edits(connection, [decree_id])
    mine = and_(posts.c.decree_id == decree_id, posts.c.state == PostState.REFUSED, posts.c.error == WHY)
    ids = connection.execute(select(posts.c.id).where(mine)).scalars().all()
    values = {"state": PostState.PENDING, "cause": PostCause.BY_PERSON, "error": None, "closed_at": None}
    connection.execute(update(posts).where(posts.c.id.in_(ids)).values(values))
    return tuple(load_rows(connection, posts.c.id.in_(ids)))


def _acts_where_seen(connection: Connection, decree_id: int) -> list[Row[Any]]:
    """For each place where the decree was seen, the act there: of several on one page, the one that begins on it."""
    found: dict[int, Row[Any]] = {}
    for seen in connection.execute(select(sightings).where(sightings.c.decree_id == decree_id)).all():
        there = and_(acts.c.recueil_id == seen.recueil_id, acts.c.first_page <= seen.page, acts.c.last_page >= seen.page)
        free = select(acts).where(there, acts.c.decree_id.is_(None), acts.c.outcome == Outcome.NOT_CONCERNED)
        act = connection.execute(free.order_by(acts.c.first_page.desc(), acts.c.position).limit(1)).one_or_none()
        if act is not None:
            found[act.id] = act
    return list(found.values())


def refuse_withdrawn(connection: Connection, now: datetime, decree_id: int | None = None) -> None:
    """Let no post of a withdrawn decree (None: of any of them) wait to be sent."""
    which = exists().where(decrees.c.id == posts.c.decree_id, decrees.c.withdrawn_at.is_not(None))
    waits = [posts.c.state == PostState.PENDING, which if decree_id is None else posts.c.decree_id == decree_id]
    # It leaves its digest, if it is in one: the others of it are sent without it.
    values = {"state": PostState.REFUSED, "cause": PostCause.BY_PERSON, "error": WHY, "not_before": None, "closed_at": now, "digest": None}
    connection.execute(update(posts).where(*waits).values(values))


def withdrawn_among(connection: Connection, ids: Collection[int | None]) -> frozenset[int]:
    """Those of these decrees that a person withdrew."""
    wanted = {one for one in ids if one is not None}
    query = select(decrees.c.id).where(decrees.c.id.in_(wanted), decrees.c.withdrawn_at.is_not(None))
    return frozenset(connection.execute(query).scalars()) if wanted else frozenset()


def _release(connection: Connection, act: Row[Any], decree_id: int) -> set[str]:
    """Let an act be none of this decree's, and give the keys under which that is decided."""
    others = _others_in(connection, act, decree_id)
    if others:  # an act that holds several decrees goes on holding the others
        connection.execute(update(acts).where(acts.c.id == act.id).values(decree_id=max(others)))
        return set()
    recueil = connection.execute(select(recueils).where(recueils.c.id == act.recueil_id)).one()
    keys = {*keys_of_act(connection, recueil, act)}
    values = {"outcome": Outcome.NOT_CONCERNED, "kind": None, "decree_id": None}
    connection.execute(update(acts).where(acts.c.id == act.id).values(values))
    if connection.execute(delete(reviews).where(reviews.c.act_id == act.id)).rowcount:
        keys.add(key_of_review(act.id))
    return keys


def _others_in(connection: Connection, act: Row[Any], decree_id: int) -> list[int]:
    """The other decrees on the pages of an act that no act of that recueil is known to be."""
    elsewhere = exists().where(acts.c.recueil_id == act.recueil_id, acts.c.decree_id == sightings.c.decree_id)
    query = select(sightings.c.decree_id).where(
        sightings.c.recueil_id == act.recueil_id,
        sightings.c.page.between(act.first_page, act.last_page),
        sightings.c.decree_id != decree_id,
        ~elsewhere,
    )
    found = list(connection.execute(query).scalars())
    return sorted(set(found) - withdrawn_among(connection, found))
