"""Put what today's rules say of an act in the place of what was stored: one act, one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from bot.domain import Decree, Outcome, Verdict
from bot.domain.identity.identity import Earlier, HeldDecree, keys_of
from bot.domain.records import RedetectionResult
from bot.storage.database import Repository, among, lock_recueil
from bot.storage.decisions import decisions_under, keys_of_act
from bot.storage.decrees import StoredAct
from bot.storage.errors import NoSuchRow
from bot.storage.recording import Merged, Route, claim, known_keys, match, merge, queue, see
from bot.storage.schema import acts, decrees, recueils, reviews
from bot.storage.search import index_again
from bot.storage.withdrawing import withdrawn_among


class Rejudging(Repository):
    """Stored acts, judged again."""

    def recueils(self, since: date | None, authorities: Collection[str] | None = None) -> list[int]:
        """The ids of the recueils that have acts, oldest first: published (found, where no day is known) since this day."""
        have_acts = and_(recueils.c.id.in_(select(acts.c.recueil_id)), among(recueils.c.authority, authorities))
        query = select(recueils.c.id).where(have_acts).order_by(recueils.c.id)
        if since is not None:
            query = query.where(func.coalesce(recueils.c.published, func.date(recueils.c.found_at)) >= since)
        return [row.id for row in self._database.rows(query)]

    def known(self, found: Sequence[Decree]) -> list[bool]:
        """Of each of these decrees, whether one of its keys is that of a stored decree."""
        items = [HeldDecree(keys_of(decree), decree.page, decree.page) for decree in found]
        with self._database.reading() as connection:
            known = known_keys(connection, items)
        return [not known.keys().isdisjoint(item.keys) for item in items]

    def apply(
        self, act: StoredAct, verdict: Verdict, found: Sequence[Decree], destinations_for: Route, now: datetime
    ) -> RedetectionResult | None:
        """Put the verdict on a stored act, with the decrees found in it, in the place of what was stored. None where a person decided
        otherwise.

        Posts are queued for decrees never seen before, to the destinations that `destinations_for` names; it must not use the store. An act
        that was a decree and is none any more stays one, and waits for a person: what was announced is not taken back by a program. One
        whose decree a person withdrew waits as well. Raises NoSuchRow when `act` is not stored as it was judged: a new reading replaced it.
        """
        with self._database.writing() as connection:
            stored, recueil = _claim(connection, act, decrees=bool(found))
            decided = decisions_under(connection, keys_of_act(connection, recueil, stored)).values()
            if any(decision.outcome is not verdict.outcome for decision in decided):
                return None
            merged = _merge(connection, recueil, stored, found, now)
            ids = merged.ids
            values: dict[str, Any] = {"outcome": verdict.outcome, "kind": verdict.kind}
            # Of an act without a sign that is in doubt all the same, only what was found before tells why.
            values["evidence"] = verdict.evidence or stored.evidence
            if ids:
                values["decree_id"] = ids[-1]
            elif found or stored.decree_id is not None:
                values |= {"outcome": Outcome.UNCERTAIN, "kind": None}
            connection.execute(update(acts).where(acts.c.id == act.id).values(values))
            _review(connection, act.id, waits=values["outcome"] is Outcome.UNCERTAIN, now=now)
            index_again(connection, ids)
            _, posts = queue(connection, merged, destinations_for, now)
            return RedetectionResult(tuple(ids), tuple(merged.new), posts)


def _claim(connection: Connection, act: StoredAct, *, decrees: bool) -> tuple[Row[Any], Row[Any]]:
    mine = select(acts).where(acts.c.id == act.id)
    stored = connection.execute(mine).one_or_none()
    if stored is None:
        raise NoSuchRow(f"no act has the id {act.id}")
    recueil = lock_recueil(connection, stored.recueil_id, decrees=decrees)
    stored = connection.execute(mine).one_or_none()  # as the one before has left it
    if stored is None or _read(stored) != _read(act):
        raise NoSuchRow(f"the act {act.id} was replaced meanwhile by a new reading")
    return stored, recueil


def _read(act: StoredAct | Row[Any]) -> tuple[Any, ...]:
    """All that a verdict rests on, and a recueil's reading changes."""
    return act.recueil_id, act.act_id, act.title, act.first_page, act.last_page, act.text


def _merge(connection: Connection, recueil: Row[Any], stored: Row[Any], found: Sequence[Decree], now: datetime) -> Merged:
    # What it was stored as, even where every key that depends on its facts has changed.
    earlier = [] if stored.decree_id is None else [Earlier(stored.decree_id, stored.first_page, stored.last_page)]
    matched = match(connection, found, [(stored.first_page, stored.last_page)] * len(found), earlier)
    gone = withdrawn_among(connection, [one.known for one in matched])
    left = [one for one in matched if one.known not in gone]
    known = left[0].known if len(left) == 1 else None
    if known is not None and _shown_elsewhere(connection, known, recueil, stored):
        # Printed twice in one recueil: it is shown by the other place, as after a reading of the whole.
        claim(connection, known, left[0].held.keys, strictly=False)
        see(connection, recueil, [(known, left[0].decree)], now, within=stored)
        return Merged([known], [], frozenset())
    return merge(connection, recueil, left, now, within=stored)


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
