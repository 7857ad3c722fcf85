"""Write the acts of a recueil, and the reviews that they open. Within the transaction of the connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from bot.domain import Evidence, Judged, Outcome
from bot.domain.folding import clean, clean_or_none
from bot.domain.identity.act_keys import ActText, act_keys
from bot.domain.records import REREAD
from bot.storage.codec import evidence_from_json, evidence_to_json
from bot.storage.decisions import decisions_under
from bot.storage.schema import act_numbers, acts, reviews
from bot.storage.search import index_acts

Keys = tuple[str, ...]
Before = Row[Any]
"""An act as it was stored, with `review`, `created_at` and `told_at` of its review: null where it did not wait for a person."""


def replace_acts(
    connection: Connection,
    recueil: Row[Any],
    judged: Sequence[Judged],
    decree_of_act: Mapping[int, int],
    now: datetime,
    *,
    found: Collection[int],
    unread: Collection[int],
    keep_others: bool,
) -> tuple[int, ...]:
    """Put these acts in the place of those of an earlier reading, but for an act whose decree this reading did not find again.

    `found` are the decrees of this reading, `unread` the pages that it could not read; `keep_others`: only the acts of these decrees are
    replaced. An act that waits for a person as it did
    before keeps its number, and what is known of who was asked; one of which a person decided meanwhile does not wait again. One that is
    stored as a decree and is none now, or in doubt, or not there at all though its pages were read, waits with that decree, and goes on
    waiting even where a later reading has no doubt: only a person takes a decree back. Gives the decrees of which a person is asked from
    now on because they are none now.
    """
    again = frozenset(decree_of_act.values())
    standing = _standing(connection, recueil)
    kept = {row.id: row.decree_id for row, _ in standing if row.decree_id is not None and row.decree_id not in again}
    keys = _keys(recueil.url, judged, all_of_them=bool(kept))
    theirs = {key for row, its in standing if row.id in kept for key in its}
    asked = {key for position in (*_doubtful(judged), *(_passed_over(judged) if kept else ())) for key in keys[position]}
    decided = decisions_under(connection, theirs | asked).keys()
    known = _known(judged, keys, {key: row for row, its in standing for key in its}, kept, decided)
    numbers = iter(new_numbers(connection, len(judged) - len(known)))
    mine = acts.c.decree_id.in_(sorted(again))
    replaced = mine if keep_others else or_(acts.c.decree_id.is_(None), mine)
    # Those that are known again as well, whatever they were stored as: their numbers are taken over.
    replaced = or_(replaced, acts.c.id.in_([before.id for before in known.values()]))
    connection.execute(delete(acts).where(acts.c.recueil_id == recueil.id, replaced))
    for position, item in enumerate(judged):
        row = _values(item) | {"recueil_id": recueil.id, "position": position, "decree_id": decree_of_act.get(position)}
        before = known.get(position)
        decree = None if before is None else kept.get(before.id)
        row |= next(numbers) if before is None else {"id": before.id}
        if before is not None and decree is not None:
            evidence = _why(before, row["evidence"], passed_over=item.verdict.outcome is Outcome.NOT_CONCERNED)
            row |= {"decree_id": decree, "outcome": Outcome.UNCERTAIN, "kind": None, "evidence": evidence}
        act_id = connection.execute(insert(acts).returning(acts.c.id), row).scalar_one()
        undecided = item.verdict.outcome is Outcome.UNCERTAIN and decided.isdisjoint(keys[position])
        if undecided or decree is not None:
            waited = before is not None and before.review is not None
            asked_at = (
                {"created_at": before.created_at, "told_at": before.told_at} if before is not None and waited else {"created_at": now}
            )
            connection.execute(insert(reviews), {"act_id": act_id, **asked_at})
    passed_over = [before for position, before in known.items() if position in _passed_over(judged) and before.review is None]
    lost = [before.decree_id for before in passed_over]
    if not keep_others:
        gone = kept.keys() - {before.id for before in known.values()}
        left = [row for row, its in standing if row.id in gone and decided.isdisjoint(its)]
        # Of a page that could not be read nobody knows that the decree is not on it.
        left = [row for row in left if not any(row.first_page <= page <= row.last_page for page in unread)]
        lost += _ask_of_lost(connection, left, found, now)
    index_acts(connection, recueil.id)
    return tuple(lost)


def _ask_of_lost(connection: Connection, left: Sequence[Before], found: Collection[int], now: datetime) -> list[int]:
    """Let a person look at those stored as a decree that this reading has in no act at all, and give these decrees."""
    lost = [row for row in left if row.review is None and row.decree_id not in found]
    for row in lost:
        values = {"outcome": Outcome.UNCERTAIN, "kind": None, "evidence": _why(row, [], passed_over=True)}
        connection.execute(update(acts).where(acts.c.id == row.id).values(values))
        connection.execute(insert(reviews), {"act_id": row.id, "created_at": now})
    return [row.decree_id for row in lost]


def _why(before: Before, now: list[Any], *, passed_over: bool) -> list[Any]:
    """Why an act waits with the decree that it is stored as. `now` is the evidence of this reading, which may show no sign of anything.

    What made it a decree comes first where nothing else would tell why somebody is asked.
    """
    known = evidence_from_json(before.evidence)
    if not passed_over:
        return now or list(before.evidence)
    if before.review is not None:  # it waits already, for a reason that was told
        return list(before.evidence) if any(quote.cue == REREAD for quote in known) else now or list(before.evidence)
    first = known[0] if known else Evidence("verdict", before.first_page, "")
    return [*evidence_to_json((replace(first, about="doubt", cue=REREAD),)), *(now or before.evidence)]


def _standing(connection: Connection, recueil: Row[Any]) -> list[tuple[Before, Keys]]:
    """The acts that wait for a person so far, or are stored as a decree, each with its keys."""
    both = select(acts, reviews.c.act_id.label("review"), reviews.c.created_at, reviews.c.told_at)
    both = both.outerjoin(reviews, reviews.c.act_id == acts.c.id).where(acts.c.recueil_id == recueil.id)
    stands = or_(reviews.c.act_id.is_not(None), acts.c.decree_id.is_not(None))
    if connection.execute(both.with_only_columns(acts.c.id).where(stands)).first() is None:
        return []
    rows = connection.execute(both.order_by(acts.c.id)).all()
    keys = act_keys(recueil.url, [ActText(row.act_id, row.title, row.first_page, row.text) for row in rows])
    return [(row, its) for row, its in zip(rows, keys, strict=True) if row.review is not None or row.decree_id is not None]


def _doubtful(judged: Sequence[Judged]) -> list[int]:
    """The positions of the acts that a person must look at."""
    return [position for position, item in enumerate(judged) if item.verdict.outcome is Outcome.UNCERTAIN]


def _passed_over(judged: Sequence[Judged]) -> list[int]:
    """The positions of the acts that are said not to be concerned."""
    return [position for position, item in enumerate(judged) if item.verdict.outcome is Outcome.NOT_CONCERNED]


def _keys(url: str, judged: Sequence[Judged], *, all_of_them: bool) -> Sequence[Keys]:
    """The keys of each act, where they are asked for: unless `all_of_them`, only where one of them is in doubt."""
    if not all_of_them and not _doubtful(judged):
        return [()] * len(judged)
    return act_keys(url, [ActText(item.act.id, item.act.title, item.act.first_page, _text(item)) for item in judged])


def _known(
    judged: Sequence[Judged], keys: Sequence[Keys], standing: Mapping[str, Before], kept: Collection[int], decided: Set[str]
) -> dict[int, Before]:
    """For each position of an act that waits now, the act that it was so far, which no other is then taken for.

    `kept` are those whose decree was not found again: in doubt now, or said to be none, they wait, unless a person decided; and those that
    waited go on.
    """
    left = dict(standing)
    doubtful = _doubtful(judged)
    known: dict[int, Before] = {}
    for position in (*doubtful, *(_passed_over(judged) if kept else ())):
        found = next((left[key] for key in keys[position] if key in left), None)
        if found is None:
            continue
        waited, lost = found.review is not None, found.id in kept
        if (waited and (lost or position in doubtful)) or (lost and decided.isdisjoint(keys[position])):
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
        "evidence": evidence_to_json(verdict.evidence),
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
