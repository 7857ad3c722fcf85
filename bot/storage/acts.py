"""Stores the acts of a recueil, the decisions of people on them, and withdrawals of decrees, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, exists, func, insert, or_, select, update

from bot.domain.acts import Evidence, FactValue, Judged, Outcome
from bot.domain.identity import ActIdentity, act_keys
from bot.domain.posts import Post, PostCause, PostState
from bot.domain.records import REREAD, Decision, Withdrawal
from bot.domain.text import clean, clean_or_none
from bot.domain.topics import WatchedTopics
from bot.storage.columns import to_json
from bot.storage.database import one_of
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.posts import changed_by, load_rows, lock_chats, note_changed, want_edits, with_changed
from bot.storage.schema import act_numbers, act_terms, acts, decisions, decrees, posts, recueils, reviews, sightings
from bot.storage.search import index_acts, index_again

Keys = tuple[str, ...]
Before = Row[Any]
"""An act as it was stored, with `review`, `created_at` and `notified_at` of its review: null where it did not wait for a person."""


@dataclass(frozen=True, slots=True)
class ReadActs:
    """Holds the acts of a reading by position: the stored decree of each, and the keys of those in question. `found`: its decrees.
    `unread`: pages that it could not read. `partial`: only the acts of its decrees are given. What is stored for other topics than those
    `watched` stays.
    """

    judged: Sequence[Judged]
    decree_of_act: Mapping[int, int]
    found: Collection[int]
    unread: Collection[int]
    partial: bool
    watched: WatchedTopics


@dataclass(frozen=True, slots=True)
class Plan:
    """Lists the changes to the acts of a recueil: numbers to `delete`, values to `insert` (each with those of its review, if any), acts to
    `update` that stay and now wait for a person, with the reason, and decrees `lost`: no longer recognised, so a person is asked.
    """

    delete: frozenset[int]
    insert: Sequence[tuple[dict[str, Any], dict[str, Any] | None]]
    update: Sequence[tuple[int, tuple[Evidence, ...]]]
    lost: tuple[int, ...]


_INSERTED = insert(acts).returning(acts.c.id)


def replace_acts(connection: Connection, recueil: Row[Any], read: ReadActs, now: datetime) -> tuple[int, ...]:
    """Replace the acts of an earlier reading, except those whose decree was not found again; return the decrees newly lost. A review that
    goes on keeps its number and notifications; a decided one does not reopen. A stored decree now doubtful, judged none, or missing from
    pages that were read waits for a person; no later reading ends that.
    """
    again = sorted({*read.decree_of_act.values()})
    standing = _standing(connection, recueil)
    named = [row for row, _ in standing if row.decree_id is not None and row.topic in read.watched.names]
    kept = {row.id: row.decree_id for row in named if row.decree_id not in again}
    keys = _keys(recueil.url, read.judged, all_of_them=bool(kept))
    theirs = {key for row, its in standing if row.id in kept for key in its}
    asked = {key for position in _in_question(read.judged, kept) for key in keys[position]}
    plan = plan_acts(read, keys, standing, kept, decisions_under(connection, theirs | asked).keys(), now)

    numbers = iter(new_numbers(connection, sum("id" not in values for values, _ in plan.insert)))
    mine = acts.c.decree_id.in_(again)
    # Those that are known again as well, whatever they were stored as: their numbers are taken over.
    replaced = or_(mine if read.partial else or_(acts.c.decree_id.is_(None), mine), acts.c.id.in_(plan.delete))
    connection.execute(delete(acts).where(acts.c.recueil_id == recueil.id, replaced))
    for values, review in plan.insert:
        row = values | {"recueil_id": recueil.id} | ({} if "id" in values else next(numbers))
        act_id = connection.execute(_INSERTED, row).scalar_one()
        if review is not None:
            connection.execute(insert(reviews), {"act_id": act_id, **review})
    for act_id, evidence in plan.update:
        values = {"outcome": Outcome.UNCERTAIN, "kind": None, "evidence": evidence}
        connection.execute(update(acts).where(acts.c.id == act_id).values(values))
        connection.execute(insert(reviews), {"act_id": act_id, "created_at": now})
    index_acts(connection, recueil.id)
    return plan.lost


def plan_acts(
    read: ReadActs, keys: Sequence[Keys], standing: Sequence[tuple[Before, Keys]], kept: Mapping[int, int], decided: Set[str], now: datetime
) -> Plan:
    """Decide the changes to the acts. `kept`: acts whose decree was not found again; `decided`: keys that a person decided. Pure."""
    known = _known(read.judged, keys, {key: row for row, its in standing for key in its}, kept, decided)
    new: list[tuple[dict[str, Any], dict[str, Any] | None]] = []
    lost: list[int] = []
    for position, item in enumerate(read.judged):
        before, outcome = known.get(position), item.verdict.outcome
        values = _values(item) | {"position": position, "decree_id": read.decree_of_act.get(position)}
        waits = outcome is Outcome.UNCERTAIN and decided.isdisjoint(keys[position])
        if before is not None:
            values["id"] = before.id
            if before.id in kept:
                waits = True
                evidence = _why(before, item.verdict.evidence, passed_over=outcome is Outcome.NOT_CONCERNED)
                values |= {"decree_id": kept[before.id], "outcome": Outcome.UNCERTAIN, "kind": None, "evidence": evidence}
            if outcome is Outcome.NOT_CONCERNED and before.review is None:
                lost.append(before.decree_id)
        review = {"created_at": now}
        if before is not None and before.review is not None:
            review = {"created_at": before.created_at, "notified_at": before.notified_at}
        new.append((values, review if waits else None))
    taken = frozenset(before.id for before in known.values())
    gone = [] if read.partial else list(_not_found(read, standing, kept.keys() - taken, decided))
    return Plan(taken, new, [(row.id, _why(row, (), passed_over=True)) for row in gone], (*lost, *(row.decree_id for row in gone)))


def _not_found(read: ReadActs, standing: Sequence[tuple[Before, Keys]], left: Set[int], decided: Set[str]) -> Iterator[Before]:
    """Return the stored decrees that match no act of this reading, and that no person was asked about or decided."""
    for row, its in standing:
        # Of a page that could not be read nobody knows that the decree is not on it.
        unread = any(row.first_page <= page <= row.last_page for page in read.unread)
        if row.id in left and decided.isdisjoint(its) and not unread and row.review is None and row.decree_id not in read.found:
            yield row


def _why(before: Before, now: tuple[Evidence, ...], *, passed_over: bool) -> tuple[Evidence, ...]:
    """Return why a stored decree waits: the evidence of this reading (`now`), after the earlier one where that alone says why."""
    known: tuple[Evidence, ...] = before.evidence
    if not passed_over:
        return now or known
    if before.review is not None:  # it waits already, for a reason that operators have read
        return known if any(quote.cue == REREAD for quote in known) else now or known
    first = known[0] if known else Evidence("verdict", before.first_page, "")
    return (replace(first, about="doubt", cue=REREAD), *(now or known))


_WITH_REVIEWS = (
    select(acts, reviews.c.act_id.label("review"), reviews.c.created_at, reviews.c.notified_at)
    .outerjoin(reviews, reviews.c.act_id == acts.c.id)
    .where(acts.c.recueil_id == bindparam("recueil"))
    .order_by(acts.c.id)
)
_STANDS = _WITH_REVIEWS.with_only_columns(acts.c.id).where(or_(reviews.c.act_id.is_not(None), acts.c.decree_id.is_not(None))).limit(1)


def _standing(connection: Connection, recueil: Row[Any]) -> list[tuple[Before, Keys]]:
    """Return the acts that wait for a person or are stored as a decree, each with its keys."""
    if connection.execute(_STANDS, {"recueil": recueil.id}).first() is None:
        return []
    rows = connection.execute(_WITH_REVIEWS, {"recueil": recueil.id}).all()
    keys = act_keys(recueil.url, [ActIdentity(row.act_id, row.title, row.first_page, row.text, topic=row.topic) for row in rows])
    return [(row, its) for row, its in zip(rows, keys, strict=True) if row.review is not None or row.decree_id is not None]


def _in_question(judged: Sequence[Judged], kept: Collection[int]) -> list[int]:
    """Return the positions of acts to review: first the doubtful, then, where decrees were not found again, those judged not concerned."""
    outcomes = (Outcome.UNCERTAIN, Outcome.NOT_CONCERNED) if kept else (Outcome.UNCERTAIN,)
    return [position for outcome in outcomes for position, item in enumerate(judged) if item.verdict.outcome is outcome]


def _keys(url: str, judged: Sequence[Judged], *, all_of_them: bool) -> Sequence[Keys]:
    """Return the keys of each act; unless `all_of_them`, only where an act is in doubt."""
    if not all_of_them and not _in_question(judged, ()):
        return [()] * len(judged)
    acts_in = ((item.act, item.verdict.topic) for item in judged)
    return act_keys(url, [ActIdentity(act.id, act.title, act.first_page, act.text, topic=topic) for act, topic in acts_in])


def _known(
    judged: Sequence[Judged], keys: Sequence[Keys], standing: Mapping[str, Before], kept: Collection[int], decided: Set[str]
) -> dict[int, Before]:
    """Return, by position of an act to review, the standing act that it continues, each used once. `kept` acts (decree not found again)
    wait unless a person decided; so do those that already waited.
    """
    left = dict(standing)
    known: dict[int, Before] = {}
    for position in _in_question(judged, kept):
        found = next((left[key] for key in keys[position] if key in left), None)
        if found is None:
            continue
        waited, lost = found.review is not None, found.id in kept
        if (waited and (lost or judged[position].verdict.outcome is Outcome.UNCERTAIN)) or (lost and decided.isdisjoint(keys[position])):
            known[position] = found
            left = {key: row for key, row in left.items() if row.id != found.id}
    return known


def _values(item: Judged) -> dict[str, Any]:
    act, verdict = item.act, item.verdict
    return {
        "topic": verdict.topic,
        "act_id": clean_or_none(act.id),
        "title": clean(act.title),
        "service": clean_or_none(act.service),
        "first_page": act.first_page,
        "last_page": act.last_page,
        "outcome": verdict.outcome,
        "kind": verdict.kind,
        "evidence": verdict.evidence,
        "text": clean(item.act.text),
    }


# The numbers of acts, which are those of reviews too: none is given twice, so that what a person answers never falls on another act.


_NUMBERS = select(select(act_numbers.c.last).scalar_subquery(), select(func.max(acts.c.id)).scalar_subquery())


def new_numbers(connection: Connection, count: int) -> list[dict[str, int]]:
    """Return `count` new values of `acts.id` to add to rows; call it before acts are deleted, even where none are added.

    Nothing for PostgreSQL, whose sequence never goes back. SQLite reuses the highest id once it is deleted
    (https://www.sqlite.org/autoinc.html), so the highest ever given is stored.
    """
    if connection.dialect.name != "sqlite":
        return [{} for _ in range(count)]
    kept, highest = connection.execute(_NUMBERS).one()
    given = max(kept or 0, highest or 0)
    if given + count != kept:
        connection.execute(delete(act_numbers))
        connection.execute(insert(act_numbers), {"last": given + count})
    return [{"id": given + number} for number in range(1, count + 1)]


# What people decided of acts, under every key that the acts are recognised by.


_UNDER = select(decisions).where(one_of(decisions.c.key, given="keys"))


def decisions_under(connection: Connection, keys: Collection[str]) -> dict[str, Decision]:
    """Return the decision under each of these keys; undecided keys are left out."""
    found: dict[str, Decision] = {}
    for row in connection.execute(_UNDER, {"keys": keys}) if keys else ():
        facts = {name: tuple(value) if isinstance(value, list) else value for name, value in (row.facts or {}).items()}
        found[row.key] = Decision(row.outcome, row.kind, row.decided_at, row.decided_by, facts)
    return found


def write_decision(connection: Connection, keys: Collection[str], decision: Decision) -> None:
    """Store a decision under each of these keys. It replaces the former one, except facts, and the kind where it gives none."""
    before = decisions_under(connection, keys).values()
    facts = {name: value for known in before for name, value in known.facts.items()} | {**decision.facts}
    earlier = (known.kind for known in before if decision.outcome is Outcome.DECREE and known.kind is not None)
    kind = decision.kind or next(earlier, None)
    connection.execute(delete(decisions).where(decisions.c.key.in_(set(keys))))
    values: dict[str, Any] = {"outcome": decision.outcome, "kind": kind, "decided_at": decision.at, "decided_by": decision.by}
    values["facts"] = {name: to_json(value) for name, value in facts.items()} or None
    connection.execute(insert(decisions), [{"key": key, **values} for key in sorted(set(keys))])


def keys_of_act(connection: Connection, recueil: Row[Any], act: Row[Any]) -> tuple[str, ...]:
    """Return the keys under which a person decides of a stored act of this recueil, for the topic that it was judged for."""
    columns = (acts.c.id, acts.c.act_id, acts.c.title, acts.c.first_page, acts.c.topic)
    beside = select(*columns).where(acts.c.recueil_id == recueil.id).order_by(acts.c.id)
    rows = connection.execute(beside).all()
    texts = [ActIdentity(row.act_id, row.title, row.first_page, act.text if row.id == act.id else "", topic=row.topic) for row in rows]
    return next(keys for row, keys in zip(rows, act_keys(recueil.url, texts), strict=True) if row.id == act.id)


FACTS_OF = "facts:"


def key_of_decree(decree: int) -> str:
    """The key by which the withdrawal of a decree is found again."""
    return f"decree:{decree}"


def key_of_facts(decree: int) -> str:
    """Return the key under which the facts that a person settled of a decree are stored."""
    return f"{FACTS_OF}{decree}"


def settled_by_people(connection: Connection, decree: int) -> Mapping[str, FactValue]:
    """What people said of the facts of this decree."""
    key = key_of_facts(decree)
    decision = decisions_under(connection, [key]).get(key)
    return {} if decision is None else decision.facts


def key_of_review(review: int) -> str:
    """Return the key under which the answer to a closed review is stored."""
    return f"review:{review}"


# The withdrawal of a decree that a person judged to be none: it stays stored, is shown by its number only, and no reading brings it back.

WHY = "withdrawn: a person judged that this act is no such decree"
"""Why a post was not sent, where that is the reason."""


def withdraw(connection: Connection, decree_id: int, decision: Decision) -> Withdrawal:
    """Withdraw a decree, decide the keys of its acts, refuse its waiting posts (not those sent). Raises NoSuchRow, AlreadyDecided."""
    row = connection.execute(select(decrees.c.withdrawn_at).where(decrees.c.id == decree_id)).one_or_none()
    if row is None:
        raise NoSuchRow(f"no decree is recorded under the number {decree_id}")
    if row.withdrawn_at is not None:
        known = decisions_under(connection, [key_of_decree(decree_id)]).get(key_of_decree(decree_id))
        known = known or Decision(Outcome.NOT_CONCERNED, None, row.withdrawn_at, "")
        raise AlreadyDecided(f"the decree {decree_id} was already withdrawn, by {known.by}", known)
    touched = _lock_readers(connection, [decree_id])
    keys = {key_of_decree(decree_id)}
    theirs = connection.execute(select(acts).where(acts.c.decree_id == decree_id)).all()
    for act in theirs:
        keys |= _release(connection, act)
    connection.execute(delete(act_terms).where(act_terms.c.act_id.in_([act.id for act in theirs])))
    for recueil in {act.recueil_id for act in theirs}:
        index_acts(connection, recueil)
    connection.execute(update(decrees).where(decrees.c.id == decree_id).values(withdrawn_at=decision.at))
    write_decision(connection, keys, decision)
    refuse_withdrawn(connection, posts.c.decree_id == decree_id, decision.at)
    # What it was said to do to others is no longer so.
    want_edits(connection, touched)
    note_changed(connection, {decree_id, *touched}, decision.at)
    open_or_out = (posts.c.decree_id == decree_id) & (posts.c.state != PostState.REFUSED)
    out = connection.execute(select(posts.c.destination).where(open_or_out).order_by(posts.c.id)).scalars()
    return Withdrawal(decree_id, tuple(out))


def withdraw_act(connection: Connection, act: Row[Any], decision: Decision) -> Withdrawal | None:
    """Withdraw the decree stored for an act; None where there is none."""
    if act.decree_id is None:
        return None
    if withdrawn_among(connection, [act.decree_id]):
        return Withdrawal(act.decree_id)
    return withdraw(connection, act.decree_id, decision)


def _lock_readers(connection: Connection, ids: Collection[int]) -> frozenset[int]:
    """Lock the chats that were sent these decrees or those that they change (see `bot.storage.chats.Follows`); return the latter."""
    touched = with_changed(connection, changed_by(connection, ids))
    lock_chats(connection, posts.c.decree_id.in_(sorted({*ids, *touched})))
    return touched


def reinstate(connection: Connection, decree_id: int, now: datetime, decision: Decision | None = None) -> tuple[Post, ...]:
    """Undo the withdrawal of a decree, and return the posts that wait again. A `decision` restores its acts and is stored for them."""
    gone = update(decrees).where(decrees.c.id == decree_id, decrees.c.withdrawn_at.is_not(None)).values(withdrawn_at=None)
    if not connection.execute(gone).rowcount:
        return ()
    keys = {key_of_decree(decree_id)}
    connection.execute(delete(decisions).where(decisions.c.key.in_(keys)))
    if decision is not None:
        topic = connection.execute(select(decrees.c.topic).where(decrees.c.id == decree_id)).scalar_one()
        for act in _acts_where_seen(connection, decree_id, topic):
            recueil = connection.execute(select(recueils).where(recueils.c.id == act.recueil_id)).one()
            own = {"outcome": Outcome.DECREE, "kind": decision.kind, "decree_id": decree_id, "topic": topic}
            connection.execute(update(acts).where(acts.c.id == act.id).values(own))
            write_decision(connection, keys_of_act(connection, recueil, act), decision)
    index_again(connection, [decree_id])
    touched = with_changed(connection, [decree_id])
    want_edits(connection, touched)
    note_changed(connection, touched, now)
    mine = and_(posts.c.decree_id == decree_id, posts.c.state == PostState.REFUSED, posts.c.error == WHY)
    values = {"state": PostState.PENDING, "cause": PostCause.BY_PERSON, "error": None, "closed_at": None}
    ids = connection.execute(update(posts).where(mine).values(values).returning(posts.c.id)).scalars().all()
    return tuple(load_rows(connection, posts.c.id.in_(ids)))


def _acts_where_seen(connection: Connection, decree_id: int, topic: str) -> list[Row[Any]]:
    """Return, for each place of the decree, the act there, as judged for its topic: of several on one page, the one that begins on it."""
    found: dict[int, Row[Any]] = {}
    for seen in connection.execute(select(sightings).where(sightings.c.decree_id == decree_id)).all():
        there = and_(acts.c.recueil_id == seen.recueil_id, acts.c.first_page <= seen.page, acts.c.last_page >= seen.page)
        free = select(acts).where(there, acts.c.decree_id.is_(None), acts.c.outcome == Outcome.NOT_CONCERNED)
        act = connection.execute(free.order_by(acts.c.first_page.desc(), acts.c.topic != topic, acts.c.position).limit(1)).one_or_none()
        if act is not None:
            found[act.id] = act
    return list(found.values())


_WAITS_WITHDRAWN = and_(
    posts.c.state == PostState.PENDING, exists().where(decrees.c.id == posts.c.decree_id, decrees.c.withdrawn_at.is_not(None))
)


def refuse_withdrawn(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """Let none of these posts wait to be sent whose decree is withdrawn."""
    # It leaves its digest, if it is in one: the others of it are sent without it.
    values = {"state": PostState.REFUSED, "cause": PostCause.BY_PERSON, "error": WHY, "not_before": None, "closed_at": now, "digest": None}
    connection.execute(update(posts).where(which, _WAITS_WITHDRAWN).values(values))


_WITHDRAWN = select(decrees.c.id).where(one_of(decrees.c.id, given="ids"), decrees.c.withdrawn_at.is_not(None))


def withdrawn_among(connection: Connection, ids: Collection[int | None]) -> frozenset[int]:
    """Those of these decrees that a person withdrew."""
    wanted = {one for one in ids if one is not None}
    return frozenset(connection.execute(_WITHDRAWN, {"ids": wanted}).scalars()) if wanted else frozenset()


def _release(connection: Connection, act: Row[Any]) -> set[str]:
    """Detach an act from its decree, and return the keys under which that is decided."""
    recueil = connection.execute(select(recueils).where(recueils.c.id == act.recueil_id)).one()
    keys = {*keys_of_act(connection, recueil, act)}
    values = {"outcome": Outcome.NOT_CONCERNED, "kind": None, "decree_id": None}
    connection.execute(update(acts).where(acts.c.id == act.id).values(values))
    if connection.execute(delete(reviews).where(reviews.c.act_id == act.id)).rowcount:
        keys.add(key_of_review(act.id))
    return keys
