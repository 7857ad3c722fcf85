"""The acts of a recueil, and the reviews that they open: what a reading changes of them. Within the transaction of the connection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from bot.domain.acts import Evidence, Judged, Outcome
from bot.domain.folding import clean, clean_or_none
from bot.domain.identity import ActIdentity, act_keys
from bot.domain.records import REREAD
from bot.storage.decisions import decisions_under
from bot.storage.schema import act_numbers, acts, reviews
from bot.storage.search import index_acts

Keys = tuple[str, ...]
Before = Row[Any]
"""An act as it was stored, with `review`, `created_at` and `told_at` of its review: null where it did not wait for a person."""


@dataclass(frozen=True, slots=True)
class ReadActs:
    """The acts of a reading, by position: with the decree that each is stored as, and the keys of those that are in question.

    `found` are the decrees of this reading, `unread` the pages that it could not read. `partial`: only acts of its decrees are given, and
    nothing follows from what is not among them.
    """

    judged: Sequence[Judged]
    decree_of_act: Mapping[int, int]
    found: Collection[int]
    unread: Collection[int]
    partial: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the acts of a recueil.

    `delete` are those whose numbers are taken over, `insert` the values of the new ones, each with those of its review, if it has one;
    `update` are those that stay and wait for a person from now on, with why. `lost` are the decrees of which a person is asked from now on
    because they are none now.
    """

    delete: frozenset[int]
    insert: Sequence[tuple[dict[str, Any], dict[str, Any] | None]]
    update: Sequence[tuple[int, tuple[Evidence, ...]]]
    lost: tuple[int, ...]


def replace_acts(connection: Connection, recueil: Row[Any], read: ReadActs, now: datetime) -> tuple[int, ...]:
    """Put these acts in the place of those of an earlier reading, but for an act whose decree this reading did not find again.

    An act that waits for a person as it did before keeps its number, and what is known of who was asked; one of which a person decided
    meanwhile does not wait again. One that is stored as a decree and is none now, or in doubt, or not there at all though its pages were
    read, waits with that decree, and goes on waiting even where a later reading has no doubt: only a person takes a decree back. Gives the
    decrees of which a person is asked from now on because they are none now.
    """
    again = sorted({*read.decree_of_act.values()})
    standing = _standing(connection, recueil)
    kept = {row.id: row.decree_id for row, _ in standing if row.decree_id is not None and row.decree_id not in again}
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
        act_id = connection.execute(insert(acts).returning(acts.c.id), row).scalar_one()
        if review is not None:
            connection.execute(insert(reviews), {"act_id": act_id, **review})
    for act_id, evidence in plan.update:
        values = {"outcome": Outcome.UNCERTAIN, "kind": None, "evidence": evidence}
        connection.execute(update(acts).where(acts.c.id == act_id).values(values))
        connection.execute(insert(reviews), {"act_id": act_id, "created_at": now})
    index_acts(connection, recueil.id)
    return plan.lost


def plan_acts(
    read: ReadActs,
    keys: Sequence[Keys],
    standing: Sequence[tuple[Before, Keys]],
    kept: Mapping[int, int],
    decided: Set[str],
    now: datetime,
) -> Plan:
    """Decide what becomes of the acts. `kept` are those standing whose decree was not found again; of what has a key in `decided` a person
    has decided. Pure.
    """
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
        review = {"created_at": now} if before is None or before.review is None else _waiting_since(before)
        new.append((values, review if waits else None))
    taken = frozenset(before.id for before in known.values())
    gone = [] if read.partial else list(_not_found(read, standing, kept.keys() - taken, decided))
    return Plan(taken, new, [(row.id, _why(row, (), passed_over=True)) for row in gone], (*lost, *(row.decree_id for row in gone)))


def _waiting_since(before: Before) -> dict[str, Any]:
    return {"created_at": before.created_at, "told_at": before.told_at}


def _not_found(read: ReadActs, standing: Sequence[tuple[Before, Keys]], left: Set[int], decided: Set[str]) -> Iterator[Before]:
    """Those stored as a decree that this reading has in no act at all, and of which nobody was asked or has decided."""
    for row, its in standing:
        # Of a page that could not be read nobody knows that the decree is not on it.
        unread = any(row.first_page <= page <= row.last_page for page in read.unread)
        if row.id in left and decided.isdisjoint(its) and not unread and row.review is None and row.decree_id not in read.found:
            yield row


def _why(before: Before, now: tuple[Evidence, ...], *, passed_over: bool) -> tuple[Evidence, ...]:
    """Why an act waits with the decree that it is stored as. `now` is the evidence of this reading, which may show no sign of anything.

    What made it a decree comes first where nothing else would tell why somebody is asked.
    """
    known: tuple[Evidence, ...] = before.evidence
    if not passed_over:
        return now or known
    if before.review is not None:  # it waits already, for a reason that was told
        return known if any(quote.cue == REREAD for quote in known) else now or known
    first = known[0] if known else Evidence("verdict", before.first_page, "")
    return (replace(first, about="doubt", cue=REREAD), *(now or known))


def _standing(connection: Connection, recueil: Row[Any]) -> list[tuple[Before, Keys]]:
    """The acts that wait for a person so far, or are stored as a decree, each with its keys."""
    both = select(acts, reviews.c.act_id.label("review"), reviews.c.created_at, reviews.c.told_at)
    both = both.outerjoin(reviews, reviews.c.act_id == acts.c.id).where(acts.c.recueil_id == recueil.id)
    stands = or_(reviews.c.act_id.is_not(None), acts.c.decree_id.is_not(None))
    if connection.execute(both.with_only_columns(acts.c.id).where(stands)).first() is None:
        return []
    rows = connection.execute(both.order_by(acts.c.id)).all()
    keys = act_keys(recueil.url, [ActIdentity(row.act_id, row.title, row.first_page, row.text) for row in rows])
    return [(row, its) for row, its in zip(rows, keys, strict=True) if row.review is not None or row.decree_id is not None]


def _in_question(judged: Sequence[Judged], kept: Collection[int]) -> list[int]:
    """The positions of the acts that a person must look at, then where decrees were not found again of those not concerned."""
    outcomes = (Outcome.UNCERTAIN, Outcome.NOT_CONCERNED) if kept else (Outcome.UNCERTAIN,)
    return [position for outcome in outcomes for position, item in enumerate(judged) if item.verdict.outcome is outcome]


def _keys(url: str, judged: Sequence[Judged], *, all_of_them: bool) -> Sequence[Keys]:
    """The keys of each act, where they are asked for: unless `all_of_them`, only where one of them is in doubt."""
    if not all_of_them and not _in_question(judged, ()):
        return [()] * len(judged)
    return act_keys(url, [ActIdentity(item.act.id, item.act.title, item.act.first_page, _text(item)) for item in judged])


def _known(
    judged: Sequence[Judged], keys: Sequence[Keys], standing: Mapping[str, Before], kept: Collection[int], decided: Set[str]
) -> dict[int, Before]:
    """For each position of an act that waits now, the act that it was so far, which no other is then taken for.

    `kept` are those whose decree was not found again: in doubt now, or said to be none, they wait, unless a person decided; and those that
    waited go on.
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


def _text(item: Judged) -> str:
    return "\n".join(page.text for page in item.act.pages)


def _values(item: Judged) -> dict[str, Any]:
    act, verdict = item.act, item.verdict
    return {
        "act_id": clean_or_none(act.id),
        "title": clean(act.title),
        "service": clean_or_none(act.service),
        "first_page": act.first_page,
        "last_page": act.last_page,
        "outcome": verdict.outcome,
        "kind": verdict.kind,
        "evidence": verdict.evidence,
        "text": clean(_text(item)),
    }


# The numbers of acts, which are those of reviews too: none is given twice, so that what a person answers never falls on another act.


def new_numbers(connection: Connection, count: int) -> list[dict[str, int]]:
    """As many new values of `acts.id`, to add to the rows. To be called before acts are deleted, even where no new one follows.

    PostgreSQL has a sequence, which never goes back: nothing is to be added there. SQLite would give the number of a deleted act again, as
    soon as no higher one is left (https://www.sqlite.org/autoinc.html), so the highest that was ever given is kept.
    """
    if connection.dialect.name != "sqlite":
        return [{} for _ in range(count)]
    given = connection.execute(select(act_numbers.c.last)).scalar() or 0
    given = max(given, connection.execute(select(func.max(acts.c.id))).scalar() or 0)
    connection.execute(delete(act_numbers))
    connection.execute(insert(act_numbers), {"last": given + count})
    return [{"id": given + number} for number in range(1, count + 1)]
