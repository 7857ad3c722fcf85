"""Stores new verdicts on stored acts, by people and by redetection: one act, one transaction."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, select, update

from bot.domain.acts import Decree, Evidence, FactValue, Kind, Outcome, Verdict
from bot.domain.identity import SAME_NUMBER, EarlierFinding
from bot.domain.records import Decision, RedetectionResult, Settled, Waiting
from bot.domain.text import clean
from bot.domain.topics import WatchedTopics
from bot.storage.acts import (
    decisions_under,
    key_of_facts,
    key_of_review,
    keys_of_act,
    new_numbers,
    reinstate,
    withdraw,
    withdraw_act,
    withdrawn_among,
    write_decision,
)
from bot.storage.columns import value_of
from bot.storage.database import among, lock_recueil, one_of, written
from bot.storage.decrees import StoredAct, load_in_order
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.naming import CommuneNamer, NamingRepository
from bot.storage.posts import note_changed, want_edits, with_changed
from bot.storage.recording import (
    FoundDecree,
    MergedDecrees,
    Route,
    asks_which,
    claim_keys,
    complete,
    load_routed,
    match,
    merge,
    queue,
    queue_newly_wanted,
    see,
)
from bot.storage.schema import acts, decrees, recueils, reviews, sightings
from bot.storage.search import index_again


class Reviews(NamingRepository):
    """A review is known by the id of its act."""

    def waiting(self, limit: int) -> list[Waiting]:
        """The acts that wait for a person, the oldest first."""
        return self._load_waiting(_waiting_acts().limit(limit))

    def not_notified(self, limit: int, since: datetime | None = None) -> list[Waiting]:
        """Return the acts that no operator was asked about, oldest first; with `since`, those waiting since then, without history."""
        query = _waiting_acts().where(reviews.c.notified_at.is_(None))
        if since is not None:
            query = query.where(reviews.c.created_at >= since, recueils.c.silent.is_(False))
        return self._load_waiting(query.limit(limit))

    def get(self, review: int) -> Waiting | None:
        """One of them; None when no act waits under this id."""
        return next(iter(self._load_waiting(_waiting_acts().where(reviews.c.act_id == review))), None)

    def notified(self, ids: Collection[int], now: datetime) -> None:
        """Record that operators were asked about these acts; those that no longer wait are left out."""
        self._database.write(update(reviews).where(reviews.c.act_id.in_(ids)).values(notified_at=now))

    def decision(self, review: int) -> Decision | None:
        """Return the decision on the act that waited under this id; None where it waits or is unknown."""
        with self._database.reading() as connection:
            waits = connection.execute(select(reviews.c.act_id).where(reviews.c.act_id == review)).first() is not None
            return None if waits else decided(connection, review)

    def accept(self, review: int, found: Decree, destinations_for: Route, now: datetime, by: str, token: str | None = None) -> Settled:
        """Record, all or nothing, that an act is this decree, and queue posts of a new one (not if silent) to the destinations of
        `destinations_for`, which may only depend on the decree: conflicts repeat the transaction. `token`: that of the act asked about
        (`Waiting.token`). Raises NoSuchRow, also for another token, and AlreadyDecided.
        """

        def accepted(connection: Connection) -> Settled:
            recueil, act = claim_review(connection, review, token)
            merged = merge(connection, recueil, [_match_in(connection, act, found)], now, self._namer, within=act)
            [decree] = merged.ids
            values = {"outcome": Outcome.DECREE, "kind": found.kind, "decree_id": decree}
            done = settle(connection, recueil, act, decision(Outcome.DECREE, found.kind, now, by), values)
            index_again(connection, [decree])
            again = reinstate(connection, decree, now)
            _, posts = queue(connection, merged, None if recueil.silent else destinations_for, now)
            return Settled(done, decree, (*posts, *again))

        return written(self._database, accepted)

    def reject(self, review: int, now: datetime, by: str, token: str | None = None) -> Settled:
        """Record that the act is no decree, and `withdraw` that it was. `token` as in `accept`. Raises NoSuchRow, AlreadyDecided."""

        def rejected(connection: Connection) -> Settled:
            recueil, act = claim_review(connection, review, token)
            rejection = decision(Outcome.NOT_CONCERNED, None, now, by)
            withdrawn = withdraw_act(connection, act, rejection)
            values = {"outcome": Outcome.NOT_CONCERNED, "kind": None, "decree_id": None}
            return Settled(settle(connection, recueil, act, rejection, values), withdrawn=withdrawn)

        return written(self._database, rejected)

    def withdraw(self, decree: int, now: datetime, by: str) -> Settled:
        """Withdraw a stored decree: only `Decrees.get` returns it, its waiting posts are refused, and the decision under all keys of its
        acts stops later readings from restoring it. Raises NoSuchRow, AlreadyDecided.
        """

        def withdrawn(connection: Connection) -> Settled:
            where = connection.execute(select(decrees.c.recueil_id).where(decrees.c.id == decree)).scalar_one_or_none()
            if where is not None:
                lock_recueil(connection, where, decrees=True)
            rejection = decision(Outcome.NOT_CONCERNED, None, now, by)
            return Settled(rejection, withdrawn=withdraw(connection, decree, rejection))

        return written(self._database, withdrawn)

    def reinstate(self, decree: int, now: datetime, by: str) -> Settled:
        """Undo the withdrawal of a decree; posts that it stopped wait again. Raises NoSuchRow."""

        def reinstated(connection: Connection) -> Settled:
            row = connection.execute(select(decrees).where(decrees.c.id == decree, decrees.c.withdrawn_at.is_not(None))).one_or_none()
            if row is None:
                raise NoSuchRow(f"no withdrawn decree has the number {decree}")
            lock_recueil(connection, row.recueil_id, decrees=True)
            approval = decision(Outcome.DECREE, row.kind, now, by)
            return Settled(approval, decree, reinstate(connection, decree, now, approval))

        return written(self._database, reinstated)

    # Single facts of a decree.

    def unasked(self, since: datetime) -> list[Decree]:
        """Return decrees found since then, without history, none of whose facts was asked about, oldest first."""
        # What is announced of the past, or found in it by new rules, is history too.
        fresh = (decrees.c.found_at >= since, decrees.c.listed_on >= since.date(), recueils.c.silent.is_(False))
        unasked = (decrees.c.withdrawn_at.is_(None), decrees.c.notified_at.is_(None))
        query = select(decrees.c.id).join(recueils, recueils.c.id == decrees.c.recueil_id).where(*fresh, *unasked)
        with self._database.reading() as connection:
            return [*load_in_order(connection, connection.execute(query.order_by(decrees.c.found_at, decrees.c.id)).scalars().all())]

    def asked(self, decree: int, now: datetime) -> None:
        """Note that operators were asked about a fact of this decree."""
        self._database.write(update(decrees).where(decrees.c.id == decree).values(notified_at=now))

    def act_of(self, decree: int) -> StoredAct:
        """Return the act by which a decree is shown. Raises NoSuchRow where there is none."""
        with self._database.reading() as connection:
            found = _acts_of(connection, decree)
            act = next((act for act in found if act.recueil_id == act.shown_in and act.first_page <= act.shown_on <= act.last_page), None)
            if act is None:
                raise NoSuchRow(f"no decree {decree} is recorded with an act of its own")
            return value_of(StoredAct, act)

    def settle_fact(
        self, decree: int, name: str, value: FactValue, destinations_for: Route, now: datetime, by: str, *, first: bool = False
    ) -> bool:
        """Record the value of a fact as a person settled it (empty: not in the decree), for all later readings; queue edits, and posts
        where it concerns others now. `first`: only if unsettled, else return false. `destinations_for` as in `accept`. Raises NoSuchRow.
        """

        def settled(connection: Connection) -> bool:
            mine = select(decrees).where(decrees.c.id == decree, decrees.c.withdrawn_at.is_(None))
            row = connection.execute(mine).one_or_none()
            if row is not None:
                lock_recueil(connection, row.recueil_id, decrees=True)
                row = connection.execute(mine).one_or_none()  # as the one before has left it
            if row is None:
                raise NoSuchRow(f"no decree is recorded under the number {decree}")
            before = load_routed(connection, [decree])
            if first and name in row.facts.settled:
                return False
            answer = Decision(Outcome.DECREE, None, now, clean(by)[:_LONGEST_BY], {name: value})
            keys = {key_of_facts(decree)}
            for act in _acts_of(connection, decree):
                recueil = connection.execute(select(recueils).where(recueils.c.id == act.recueil_id)).one()
                keys |= {*keys_of_act(connection, recueil, act)}
            write_decision(connection, keys, answer)
            for seen in connection.execute(select(sightings).where(sightings.c.decree_id == decree)).all():
                facts = None if seen.facts is None else seen.facts.settle(answer.facts)
                connection.execute(update(sightings).where(sightings.c.id == seen.id).values(facts=facts))
            evidence = row.evidence if getattr(row.facts, name) == value else tuple(quote for quote in row.evidence if quote.about != name)
            own = {"facts": row.facts.settle(answer.facts), "evidence": evidence}
            connection.execute(update(decrees).where(decrees.c.id == decree).values(own))
            complete(connection, decree, self._namer)
            index_again(connection, [decree])
            touched = with_changed(connection, [decree])
            want_edits(connection, touched)
            note_changed(connection, touched, now)
            queue_newly_wanted(connection, before, destinations_for, now)
            return True

        return written(self._database, settled)

    def _load_waiting(self, query: Select[Any]) -> list[Waiting]:
        return [
            value_of(Waiting, row, page=row.first_page, decree=row.decree_id, token=token_of(row.id, row.recueil_id, row.created_at))
            for row in self._database.rows(query)
        ]


def _acts_of(connection: Connection, decree: int) -> Sequence[Row[Any]]:
    """The acts that are stored as a decree, and where that is shown."""
    shown = (decrees.c.recueil_id.label("shown_in"), decrees.c.page.label("shown_on"))
    query = select(acts, *shown).join(decrees, decrees.c.id == acts.c.decree_id).where(decrees.c.id == decree)
    return connection.execute(query.order_by(acts.c.id)).all()


def _waiting_acts() -> Select[Any]:
    shown = ("id", "recueil_id", "topic", "first_page", "act_id", "title", "evidence", "decree_id")
    return (
        select(*(acts.c[name] for name in shown), recueils.c.authority, recueils.c.url, reviews.c.created_at, reviews.c.notified_at)
        .join(reviews, reviews.c.act_id == acts.c.id)
        .join(recueils, recueils.c.id == acts.c.recueil_id)
        .order_by(reviews.c.created_at, acts.c.id)
    )


class Rejudging(NamingRepository):
    """Stored acts, judged again."""

    def recueils(self, since: date | None, authorities: Collection[str] | None = None) -> list[int]:
        """Return the ids of recueils with acts published (else found) since this day, oldest first."""
        have_acts = and_(recueils.c.id.in_(select(acts.c.recueil_id)), among(recueils.c.authority, authorities))
        query = select(recueils.c.id).where(have_acts).order_by(recueils.c.id)
        if since is not None:
            query = query.where(func.coalesce(recueils.c.published, func.date(recueils.c.found_at)) >= since)
        return [row.id for row in self._database.rows(query)]

    def apply(
        self, act: StoredAct, verdict: Verdict, found: Decree | None, destinations_for: Route, now: datetime
    ) -> RedetectionResult | None:
        """Replace verdict and decree of a stored act, and queue new posts to `destinations_for`, which may not use the store. None
        where a person decided otherwise.

        An act no longer judged a decree, or with a withdrawn one, waits for a person; one of a further topic is stored. Raises
        NoSuchRow when it was read anew meanwhile.
        """
        with self._database.writing() as connection:
            stored, recueil = _claim_act(connection, act, decrees=found is not None)
            stored = _for_topic(connection, stored, verdict.topic)
            decided = decisions_under(connection, keys_of_act(connection, recueil, stored)).values()
            if any(decision.outcome is not verdict.outcome for decision in decided):
                return None
            merged, asks = _merge(connection, recueil, stored, found, now, self._namer)
            decree = next(iter(merged.ids), None)
            values: dict[str, Any] = {"outcome": verdict.outcome, "kind": verdict.kind}
            # Of an act without a sign that is in doubt all the same, only what was found before says why.
            values["evidence"] = (*asks, *(verdict.evidence or stored.evidence))
            if decree is not None:
                values["decree_id"] = decree
            if asks or (decree is None and (found is not None or stored.decree_id is not None)):
                values |= {"outcome": Outcome.UNCERTAIN, "kind": None}
            connection.execute(update(acts).where(acts.c.id == stored.id).values(values))
            _review(connection, stored.id, waits=values["outcome"] is Outcome.UNCERTAIN, now=now)
            index_again(connection, merged.ids)
            _, posts = queue(connection, merged, destinations_for, now)
            return RedetectionResult(decree, bool(merged.new), posts)

    def judged(self, ids: Collection[int], names: Collection[str], before: datetime) -> None:
        """Note that recueils, as they were read `before` then, were judged for these topics too: a decree found in them later is news."""
        mine = and_(one_of(recueils.c.id, ids), recueils.c.tried_at < before, recueils.c.topics.is_not(None))
        read_for = defaultdict[tuple[str, ...], list[int]](list)
        with self._database.writing() as connection:
            for row in connection.execute(select(recueils.c.id, recueils.c.topics).where(mine)):
                read_for[tuple(dict.fromkeys((*row.topics, *names)))].append(row.id)
            for every, its in read_for.items():
                connection.execute(update(recueils).where(one_of(recueils.c.id, its)).values(topics=list(every)))


def _claim_act(connection: Connection, act: StoredAct, *, decrees: bool) -> tuple[Row[Any], Row[Any]]:
    mine = select(acts).where(acts.c.id == act.id)
    stored = connection.execute(mine).one_or_none()
    if stored is None:
        raise NoSuchRow(f"no act has the id {act.id}")
    recueil = lock_recueil(connection, stored.recueil_id, decrees=decrees)
    stored = connection.execute(mine).one_or_none()  # as the one before has left it
    if stored is None or _read_content(stored) != _read_content(act):
        raise NoSuchRow(f"the act {act.id} was replaced meanwhile by a new reading")
    return stored, recueil


def _for_topic(connection: Connection, stored: Row[Any], topic: str) -> Row[Any]:
    """Return the row of an act for a topic that it was not judged for: its own where it concerns no other, else a new one."""
    if stored.topic == topic:
        return stored
    if stored.outcome is Outcome.NOT_CONCERNED:
        statement: Any = update(acts).where(acts.c.id == stored.id).values(topic=topic)
    else:
        left = {name: value for name, value in stored._mapping.items() if name not in {"id", "kind", "decree_id"}}
        [number] = new_numbers(connection, 1)
        statement = insert(acts).values({**left, **number, "topic": topic, "outcome": Outcome.NOT_CONCERNED, "evidence": ()})
    return connection.execute(statement.returning(acts)).one()


def _read_content(act: StoredAct | Row[Any]) -> tuple[Any, ...]:
    """All that a verdict rests on, and a recueil's reading changes."""
    return act.recueil_id, act.act_id, act.title, act.first_page, act.last_page, act.text


def _match_in(connection: Connection, act: Row[Any], found: Decree) -> FoundDecree:
    # What it was stored as, even where every key that depends on its facts has changed.
    earlier = [] if act.decree_id is None else [EarlierFinding(act.decree_id, act.first_page, act.last_page, act.topic)]
    asked = any(quote.cue == SAME_NUMBER for quote in act.evidence)
    return match(connection, [found], [(act.first_page, act.last_page)], earlier, asked=asked)[0]


def _merge(
    connection: Connection, recueil: Row[Any], stored: Row[Any], found: Decree | None, now: datetime, namer: CommuneNamer | None
) -> tuple[MergedDecrees, tuple[Evidence, ...]]:
    """Merge a decree that is clear and stands; of an unclear one return what a person is asked."""
    matched = None if found is None else _match_in(connection, stored, found)
    known = None if matched is None else matched.known
    if matched is None or matched.which.is_unclear or withdrawn_among(connection, [known]):
        return MergedDecrees([], [], {}, frozenset()), asks_which(matched, WatchedTopics())
    if known is not None and _shown_elsewhere(connection, known, recueil, stored):
        # Printed twice in one recueil: it is shown by the other place, as after a reading of the whole.
        before = load_routed(connection, [known])
        claim_keys(connection, known, matched.which.keys, strictly=False)
        see(connection, recueil, [(known, matched.decree)], now, namer, within=stored)
        return MergedDecrees([known], [], before, frozenset()), ()
    return merge(connection, recueil, [matched], now, namer, within=stored), ()


def _shown_elsewhere(connection: Connection, decree: int, recueil: Row[Any], act: Row[Any]) -> bool:
    here = select(decrees.c.page).where(decrees.c.id == decree, decrees.c.recueil_id == recueil.id)
    shown = connection.execute(here).scalar_one_or_none()
    return shown is not None and not act.first_page <= shown <= act.last_page


def _review(connection: Connection, act: int, *, waits: bool, now: datetime) -> None:
    known = connection.execute(select(reviews.c.act_id).where(reviews.c.act_id == act)).first() is not None
    if waits and not known:
        connection.execute(insert(reviews), {"act_id": act, "created_at": now})
    elif known and not waits:
        connection.execute(delete(reviews).where(reviews.c.act_id == act))


# The settlement of one review: the act that waits is found, and what is decided of it is kept. Within the transaction of the connection.

_LONGEST_BY = 32


def token_of(review: int, recueil: int, since: datetime) -> str:
    """Return eight hexadecimal digits that identify a waiting act by its recueil and when it began to wait: unlike ids, distinct in a
    restored database; unlike its text, unchanged by later readings.
    """
    which = f"{review}:{recueil}:{since.astimezone(UTC).isoformat(timespec='microseconds')}"
    return hashlib.sha256(which.encode()).hexdigest()[:8]


def claim_review(connection: Connection, review: int, token: str | None) -> tuple[Row[Any], Row[Any]]:
    """Lock a waiting act, and return the rows of its recueil and itself. Raises NoSuchRow, also for another `token`, AlreadyDecided."""
    since = reviews.c.created_at.label("since")
    waiting = select(acts, since).join(reviews, reviews.c.act_id == acts.c.id).where(acts.c.id == review)
    act = connection.execute(waiting).one_or_none()
    if act is None:
        _refuse(connection, review)
    recueil = lock_recueil(connection, act.recueil_id, decrees=True)
    # As the one before has left it.
    act = connection.execute(waiting).one_or_none()
    if act is None or (token is not None and token != token_of(act.id, act.recueil_id, act.since)):
        _refuse(connection, review)
    return recueil, act


def decided(connection: Connection, review: int) -> Decision | None:
    """Return the decision on the act that waited under this number; None where unknown."""
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
    outcome_words = f"a decree ({known.kind})" if known.outcome is Outcome.DECREE else "not concerned"
    raise AlreadyDecided(f"the act that waited under the number {review} was already decided, as {outcome_words}, by {known.by}", known)
