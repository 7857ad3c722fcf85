"""What people decided of acts, under every key that the acts are known by."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from bot.domain import Kind, Outcome
from bot.domain.identity.act_keys import ActText, act_keys
from bot.domain.records import Decision
from bot.storage.schema import acts, decisions

_AT_ONCE = 500


def decisions_under(connection: Connection, keys: Collection[str]) -> dict[str, Decision]:
    """What was decided of the act that each of these keys is of; a key of which nothing was decided is left out."""
    wanted = sorted(set(keys))
    found: dict[str, Decision] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        mine = decisions.c.key.in_(wanted[first : first + _AT_ONCE])
        for row in connection.execute(select(decisions).where(mine)):
            found[row.key] = Decision(Outcome(row.outcome), Kind(row.kind) if row.kind else None, row.decided_at, row.decided_by)
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
    texts = [ActText(row.act_id, row.title, row.first_page, act.text if row.id == act.id else "") for row in rows]
    return next(keys for row, keys in zip(rows, act_keys(recueil.url, texts), strict=True) if row.id == act.id)


def key_of_decree(decree: int) -> str:
    """The key by which the withdrawal of a decree is found again."""
    return f"decree:{decree}"


def key_of_review(review: int) -> str:
    """The key by which the answer to a review that is closed is found again."""
    return f"review:{review}"
