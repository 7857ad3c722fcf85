"""Write the acts of a recueil, and the reviews that they open. Within the transaction of the connection."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select

from bot.model import Judged, Outcome
from bot.storage.act_keys import ActText, act_keys
from bot.storage.act_numbers import new_numbers
from bot.storage.codec import clean, clean_or_none, evidence_to_json
from bot.storage.decisions import decisions_under
from bot.storage.schema import acts, reviews
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
    keep_others: bool,
) -> None:
    """Put these acts in the place of those of an earlier reading, but for an act whose decree this reading did not find again.

    `keep_others`: only the acts of these decrees are replaced. An act that waits for a person as it did before keeps its number, and what
    is known of who was asked; one of which a person decided meanwhile does not wait again. One that is stored as a decree and is in doubt
    now waits with that decree, and goes on waiting even where a later reading has no doubt: only a person takes a decree back.
    """
    again = frozenset(decree_of_act.values())
    standing = _standing(connection, recueil)
    kept = {row.id: row.decree_id for row in standing.values() if row.decree_id is not None and row.decree_id not in again}
    keys = _keys(recueil.url, judged, all_of_them=bool(kept))
    decided = decisions_under(connection, {key for position in _doubtful(judged) for key in keys[position]}).keys()
    known = _known(judged, keys, standing, kept, decided)
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
            # Of an act without a sign that is in doubt all the same, only what was found before tells why.
            doubt = {"outcome": Outcome.UNCERTAIN, "kind": None, "evidence": row["evidence"] or before.evidence}
            row |= {"decree_id": decree, **doubt}
        act_id = connection.execute(insert(acts).returning(acts.c.id), row).scalar_one()
        undecided = item.verdict.outcome is Outcome.UNCERTAIN and decided.isdisjoint(keys[position])
        if undecided or decree is not None:
            waited = before is not None and before.review is not None
            asked = {"created_at": before.created_at, "told_at": before.told_at} if before is not None and waited else {"created_at": now}
            connection.execute(insert(reviews), {"act_id": act_id, **asked})
    index_acts(connection, recueil.id)


def _standing(connection: Connection, recueil: Row[Any]) -> dict[str, Before]:
    """The acts that wait for a person so far, or are stored as a decree, by each of their keys."""
    both = select(acts, reviews.c.act_id.label("review"), reviews.c.created_at, reviews.c.told_at)
    both = both.outerjoin(reviews, reviews.c.act_id == acts.c.id).where(acts.c.recueil_id == recueil.id)
    stands = or_(reviews.c.act_id.is_not(None), acts.c.decree_id.is_not(None))
    if connection.execute(both.with_only_columns(acts.c.id).where(stands)).first() is None:
        return {}
    rows = connection.execute(both.order_by(acts.c.id)).all()
    keys = act_keys(recueil.url, [ActText(row.act_id, row.title, row.first_page, row.text) for row in rows])
    standing = [(row, its) for row, its in zip(rows, keys, strict=True) if row.review is not None or row.decree_id is not None]
    return {key: row for row, its in standing for key in its}


def _doubtful(judged: Sequence[Judged]) -> list[int]:
    """The positions of the acts that a person must look at."""
    return [position for position, item in enumerate(judged) if item.verdict.outcome is Outcome.UNCERTAIN]


def _keys(url: str, judged: Sequence[Judged], *, all_of_them: bool) -> Sequence[Keys]:
    """The keys of each act, where they are asked for: unless `all_of_them`, only where one of them is in doubt."""
    if not all_of_them and not _doubtful(judged):
        return [()] * len(judged)
    return act_keys(url, [ActText(item.act.id, item.act.title, item.act.first_page, _text(item)) for item in judged])


def _known(
    judged: Sequence[Judged], keys: Sequence[Keys], standing: Mapping[str, Before], kept: Collection[int], decided: Set[str]
) -> dict[int, Before]:
    """For each position of an act that waits now, the act that it was so far, which no other is then taken for.

    `kept` are those whose decree was not found again: in doubt now, they wait, unless a person decided; and those that waited go on.
    """
    left = dict(standing)
    doubtful = _doubtful(judged)
    others = [position for position, item in enumerate(judged) if kept and item.verdict.outcome is Outcome.NOT_CONCERNED]
    known: dict[int, Before] = {}
    for position in (*doubtful, *others):
        found = next((left[key] for key in keys[position] if key in left), None)
        if found is None:
            continue
        waited, lost = found.review is not None, found.id in kept
        if (waited or (lost and decided.isdisjoint(keys[position]))) if position in doubtful else (waited and lost):
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
