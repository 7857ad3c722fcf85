"""What a person decides of an act that detection could not settle, or of a decree that is none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.domain.acts import Act, Decree, Kind
from bot.domain.pages import PageText
from bot.domain.records import Content, Decision, Rejected, Waiting, Withdrawal
from bot.ingest.judging import NO_CATALOGUE, accepted_decrees
from bot.reading.acts.cutting import assemble
from bot.storage.decrees import StoredAct
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.recording import Route
from sources.catalogue.authority import Issuers

if TYPE_CHECKING:
    from bot.storage.store import Store

_DATA = re.compile(r"review:(?P<number>[0-9]{1,18}):(?P<token>[0-9a-f]{8}):(?P<answer>yes|no)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """Holds what an operator answered about a review by a button. `token` is that of the act in question: see `Waiting.token`."""

    review: int
    token: str
    is_decree: bool


def answer_data(answer: ReviewAnswer) -> str:
    """Return the data of a button, at most 64 bytes."""
    return f"review:{answer.review}:{answer.token}:{'yes' if answer.is_decree else 'no'}"


def answer_from(data: str) -> ReviewAnswer | None:
    """Return the inverse of `answer_data`; None for anything else."""
    match = _DATA.fullmatch(data)
    return None if match is None else ReviewAnswer(int(match["number"]), match["token"], match["answer"] == "yes")


@dataclass(frozen=True, slots=True)
class Settled:
    """Holds what became of a review. `decrees` are the stored decrees of an accepted act, `posts` how many posts were queued for them.

    `withdrawn` is the decree that a rejected act was stored as. `already`: it had been decided before, and this answer changed nothing.
    """

    decision: Decision
    decrees: tuple[int, ...] = ()
    posts: int = 0
    already: bool = False
    withdrawn: Withdrawal | None = None


class SeveralDecrees(Exception):
    """Raised when a kind was given for an act that holds several decrees: it would be that of each."""


class Reviewer:
    """Settles reviews over one store. `route` names the destinations of a decree. Every method raises StorageError."""

    def __init__(
        self,
        *,
        store: Store,
        route: Route,
        clock: Callable[[], datetime],
        issuers: Issuers = NO_CATALOGUE,
    ) -> None:
        self._store = store
        self._issuers = issuers
        self._route = route
        self._clock = clock

    def waiting(self, limit: int) -> list[Waiting]:
        """Return the acts that wait for a person, the oldest first."""
        return self._store.reviews.waiting(limit)

    def act(self, review: int) -> tuple[Waiting, Act]:
        """Return one of them, with what it holds. Raises NoSuchRow when no act waits under this number, AlreadyDecided when one did."""
        waiting = self._store.reviews.get(review)
        if waiting is None:
            decision = self._store.reviews.decision(review)
            if decision is not None:
                raise AlreadyDecided(f"the act {review} waits no more: it was decided by {decision.by}", decision)
            raise NoSuchRow(f"no act waits under the number {review}")
        recueil = self._store.recueils.get(waiting.recueil_id)
        content = self._store.contents.get(recueil.sha256) if recueil.sha256 is not None else None
        for stored, act in acts_again(self._store.decrees.acts_of(recueil.id), content):
            if stored.id == review:
                return waiting, act
        raise NoSuchRow(f"no act waits under the number {review}")  # settled by somebody else meanwhile

    def found(self, waiting: Waiting, act: Act | None = None) -> tuple[Decree, ...]:
        """Return the decrees that would be recorded if the act is accepted: several, where it holds several that nobody could cut apart.

        Without the act it is looked up. Raises what `act` raises.
        """
        return self._accepted(waiting, act or self.act(waiting.id)[1])

    def _accepted(self, waiting: Waiting, act: Act, kind: Kind | None = None) -> tuple[Decree, ...]:
        return accepted_decrees(self._store.recueils.get(waiting.recueil_id), act, kind, self._issuers)

    def accept(self, review: int, *, kind: Kind | None, by: str, token: str | None = None) -> Settled:
        """It is a decree, of this kind, or of the likeliest where none is given: it is recorded and its posts are queued. Of an act that
        holds several, each is.

        A decree that is known already is not posted again. `by` names the way the answer came by, never who gave it. `token` is that of the
        act in question, where the answer comes later than the question. Raises NoSuchRow, also where it is another act's,
        and SeveralDecrees.
        """
        try:
            waiting, act = self.act(review)
            found = self.found(waiting, act)
            if len(found) > 1 and kind is not None:
                raise SeveralDecrees(f"the act {review} holds {len(found)} decrees, each of its own kind: accept it without --kind")
            if kind is not None:
                found = self._accepted(waiting, act, kind)
            accepted = self._store.reviews.accept(review, found, self._route, self._clock(), by, token)
        except AlreadyDecided as known:
            return Settled(known.decision, already=True)
        return Settled(accepted.decision, accepted.decrees, len(accepted.posts))

    def reject(self, review: int, *, by: str, token: str | None = None) -> Settled:
        """It is none: it is kept as an act like any other, and the decree that it was stored as is withdrawn. `token` as in `accept`.

        Raises NoSuchRow.
        """
        return self._rejected(partial(self._store.reviews.reject, review, self._clock(), by, token))

    def withdraw(self, decree: int, *, by: str) -> Settled:
        """Withdraw a stored decree of which nobody doubted: no later reading brings it back. Raises NoSuchRow."""
        return self._rejected(partial(self._store.reviews.withdraw, decree, self._clock(), by))

    def reinstate(self, decree: int, *, by: str) -> Settled:
        """Take a withdrawal back: posts that it kept from being sent wait again. Raises NoSuchRow."""
        done = self._store.reviews.reinstate(decree, self._clock(), by)
        return Settled(done.decision, done.decrees, len(done.posts))

    @staticmethod
    def _rejected(reject: Callable[[], Rejected]) -> Settled:
        try:
            rejected = reject()
        except AlreadyDecided as known:
            return Settled(known.decision, already=True)
        return Settled(rejected.decision, withdrawn=rejected.withdrawn)


# The acts of a stored recueil as detection wants them: with their pages, where these are still known. Pure.

Place = tuple[str | None, int, int]


def acts_again(stored: Sequence[StoredAct], content: Content | None) -> Iterator[tuple[StoredAct, Act]]:
    """Yield each stored act with what it holds.

    `content` is the file it was read from: where all its pages are known and are cut into the same acts as then, the act has them as they
    were read. Where not, it has its whole text on its first page: what is found in it is then said to stand there.
    """
    known = _by_place(content)
    for one in stored:
        waiting = known[_place(one)]
        yield one, waiting.pop(0) if waiting else _from_text(one)


def _by_place(content: Content | None) -> defaultdict[Place, list[Act]]:
    places: defaultdict[Place, list[Act]] = defaultdict(list)
    if content is not None and content.complete:
        for act in assemble(content.pages).acts:
            places[_place(act)].append(act)
    return places


def _place(act: StoredAct | Act) -> Place:
    return act.act_id if isinstance(act, StoredAct) else act.id, act.first_page, act.last_page


def _from_text(one: StoredAct) -> Act:
    return Act(
        id=one.act_id,
        title=one.title,
        service=one.service,
        first_page=one.first_page,
        last_page=one.last_page,
        pages=(PageText(one.first_page, one.text),),
    )
