"""Acts that a person must look at, and what people decide of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from bot.domain import Decree, Outcome
from bot.domain.identity.identity import Earlier
from bot.domain.records import Accepted, Decision, Rejected, Waiting
from bot.storage.columns import value_of
from bot.storage.database import Repository, lock_recueil, written
from bot.storage.decisions import claim, decided, decision, decisions_under, settle, token_of
from bot.storage.errors import NoSuchRow
from bot.storage.recording import Route, match, merge, queue
from bot.storage.schema import acts, decrees, recueils, reviews
from bot.storage.search import index_again
from bot.storage.withdrawing import reinstate, withdraw, withdraw_act


class Reviews(Repository):
    """A review is known by the id of its act."""

    def waiting(self, limit: int) -> list[Waiting]:
        """The acts that wait for a person, the oldest first."""
        return self._read(_waiting().limit(limit))

    def not_notified(self, limit: int, since: datetime | None = None) -> list[Waiting]:
        """Those nobody was asked about yet, the oldest first: with `since`, those that wait since then, but for what is history."""
        query = _waiting().where(reviews.c.told_at.is_(None))
        if since is not None:
            query = query.where(reviews.c.created_at >= since, recueils.c.silent.is_(False))
        return self._read(query.limit(limit))

    def get(self, review: int) -> Waiting | None:
        """One of them; None when no act waits under this id."""
        return next(iter(self._read(_waiting().where(reviews.c.act_id == review))), None)

    def notified(self, ids: Collection[int], now: datetime) -> None:
        """Note that operators were asked about these. One that does not wait any more is left out."""
        self._database.write(update(reviews).where(reviews.c.act_id.in_(ids)).values(told_at=now))

    def decision(self, review: int) -> Decision | None:
        """What was decided of the act that waited under this id; None while it waits, and where nothing is known of it."""
        with self._database.reading() as connection:
            waits = connection.execute(select(reviews.c.act_id).where(reviews.c.act_id == review)).first() is not None
            return None if waits else decided(connection, review)

    def decided(self, keys: Collection[str]) -> Mapping[str, Decision]:
        """What was decided of the act that each of these keys is of (see `bot.domain.identity.identity`); a key of an undecided one is
        left out."""
        with self._database.reading() as connection:
            return decisions_under(connection, keys)

    def accept(
        self, review: int, found: Sequence[Decree], destinations_for: Route, now: datetime, by: str, token: str | None = None
    ) -> Accepted:
        """A person says that the act is this decree, or holds these: all of it is recorded, or nothing when this raises.

        Posts are queued to the destinations that `destinations_for` names, unless its recueil is silent; a decree already known is one
        more sighting, and not posted again. `destinations_for` must depend on the decree only and not use the store: it is called inside
        the transaction, again when another program got in between. `token` is that of the act which the person was asked about (see
        `Waiting.token`). Raises NoSuchRow, also where it is another's, and AlreadyDecided when somebody was faster.
        """

        def accepted(connection: Connection) -> Accepted:
            recueil, act = claim(connection, review, token, decree=True)
            # What it was stored as, even where every key has changed.
            earlier = [] if act.decree_id is None else [Earlier(act.decree_id, act.first_page, act.last_page)]
            pages = [(act.first_page, act.last_page)] * len(found)
            merged = merge(connection, recueil, match(connection, found, pages, earlier), now, within=act)
            ids, kind = merged.ids, found[0].kind
            values = {"outcome": Outcome.DECREE, "kind": kind, "decree_id": ids[-1]}
            done = settle(connection, recueil, act, decision(Outcome.DECREE, kind, now, by), values)
            index_again(connection, ids)
            _, posts = queue(connection, merged, None if recueil.silent else destinations_for, now)
            again = tuple(post for one in dict.fromkeys(ids) for post in reinstate(connection, one))
            return Accepted(done, tuple(dict.fromkeys(ids)), (*posts, *again))

        return written(self._database, accepted)

    def reject(self, review: int, now: datetime, by: str, token: str | None = None) -> Rejected:
        """A person says that the act does not concern VSA. `token` as in `accept`. Raises NoSuchRow, and AlreadyDecided when somebody was
        faster.

        A decree that it is stored as is withdrawn: see `withdraw`.
        """

        def rejected(connection: Connection) -> Rejected:
            recueil, act = claim(connection, review, token, decree=True)
            said = decision(Outcome.NOT_CONCERNED, None, now, by)
            withdrawn = withdraw_act(connection, act, said)
            values = {"outcome": Outcome.NOT_CONCERNED, "kind": None, "decree_id": None}
            return Rejected(settle(connection, recueil, act, said, values), withdrawn)

        return written(self._database, rejected)

    def withdraw(self, decree: int, now: datetime, by: str) -> Rejected:
        """A person says that this stored decree does not concern VSA. Raises NoSuchRow, and AlreadyDecided when somebody was faster.

        It is kept, and `Decrees.get` alone gives it. What was decided is kept under every key of its acts, so that no later reading of them
        brings it back. Its posts that wait are refused.
        """

        def withdrawn(connection: Connection) -> Rejected:
            where = connection.execute(select(decrees.c.recueil_id).where(decrees.c.id == decree)).scalar_one_or_none()
            if where is not None:
                lock_recueil(connection, where, decrees=True)
            said = decision(Outcome.NOT_CONCERNED, None, now, by)
            return Rejected(said, withdraw(connection, decree, said))

        return written(self._database, withdrawn)

    def reinstate(self, decree: int, now: datetime, by: str) -> Accepted:
        """A person takes the withdrawal of a decree back; posts that it kept from being sent wait again. Raises NoSuchRow."""

        def reinstated(connection: Connection) -> Accepted:
            row = connection.execute(select(decrees).where(decrees.c.id == decree, decrees.c.withdrawn_at.is_not(None))).one_or_none()
            if row is None:
                raise NoSuchRow(f"no withdrawn decree has the number {decree}")
            lock_recueil(connection, row.recueil_id, decrees=True)
            said = decision(Outcome.DECREE, row.kind, now, by)
            return Accepted(said, (decree,), reinstate(connection, decree, said))

        return written(self._database, reinstated)

    def _read(self, query: Select[Any]) -> list[Waiting]:
        return [
            value_of(Waiting, row, page=row.first_page, decree=row.decree_id, token=token_of(row.id, row.recueil_id, row.created_at))
            for row in self._database.rows(query)
        ]


def _waiting() -> Select[Any]:
    columns = (acts.c.id, acts.c.recueil_id, acts.c.first_page, acts.c.act_id, acts.c.title, acts.c.evidence, acts.c.decree_id)
    return (
        select(*columns, recueils.c.authority, recueils.c.url, reviews.c.created_at, reviews.c.told_at)
        .join(reviews, reviews.c.act_id == acts.c.id)
        .join(recueils, recueils.c.id == acts.c.recueil_id)
        .order_by(reviews.c.created_at, acts.c.id)
    )
