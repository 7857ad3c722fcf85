"""Settles by a person's decision an act in doubt, a doubtful fact, or a decree that is none."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.detection.judging import TwiceRead, read_twice
from bot.detection.text.phrases import ELLIPSIS, without_names
from bot.domain.acts import Act, Decree, FactValue, Kind, Outcome, Verdict
from bot.domain.facts import SETTLED_BY_PERSONS
from bot.domain.records import Content, Settled, Waiting
from bot.domain.text import PageText, clean
from bot.ingest.judging import BY_DEFAULT, accepted_decree
from bot.reading.acts.cutting import assemble
from bot.storage.decrees import StoredAct
from bot.storage.errors import AlreadyDecided, NoSuchRow
from bot.storage.recording import Route
from sources.catalogue.authority import Issuers

if TYPE_CHECKING:
    from bot.storage.store import Store

_DATA = re.compile(
    r"review:(?P<number>[0-9]{1,18}):(?P<token>[0-9a-f]{8}):(?:(?P<answer>yes|no)|(?P<fact>[a-z]{1,12}):(?P<choice>[0-9]))", re.ASCII
)


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """Holds what an operator answered about a review by a button. `token` is that of the act in question: see `Waiting.token`."""

    review: int
    token: str
    is_decree: bool


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """Holds which of the readings of a fact a person says is right, from 1; 0: none of them. `token` is that of the question."""

    decree: int
    token: str
    fact: str
    choice: int


def answer_data(answer: ReviewAnswer | FactAnswer) -> str:
    """Return the data of a button, at most 64 bytes."""
    if isinstance(answer, FactAnswer):
        return f"review:{answer.decree}:{answer.token}:{answer.fact}:{answer.choice}"
    return f"review:{answer.review}:{answer.token}:{'yes' if answer.is_decree else 'no'}"


def answer_from(data: str) -> ReviewAnswer | FactAnswer | None:
    """Return the inverse of `answer_data`; None for anything else."""
    match = _DATA.fullmatch(data)
    if match is None:
        return None
    number, token = int(match["number"]), match["token"]
    return (
        FactAnswer(number, token, match["fact"], int(match["choice"]))
        if match["fact"]
        else ReviewAnswer(number, token, match["answer"] == "yes")
    )


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """Holds a fact of a stored decree that is to be verified, and what the readers make of it: of both the same once."""

    decree: Decree
    fact: str
    readings: tuple[FactValue, ...]

    @property
    def token(self) -> str:
        """Return eight hexadecimal digits of this question, so that an answer is never taken for one to another."""
        asked = (self.decree.id, self.decree.url, self.decree.page, self.fact, self.readings)
        return hashlib.sha256(repr(asked).encode("utf-8", "replace")).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class SettledFact:
    """Holds the value of a fact that a person settled. `already`: it was settled before, and this answer changed nothing."""

    decree: int
    fact: str
    value: FactValue
    already: bool = False


class UnusableFact(Exception):
    """Raised when a person gives a fact an impossible value."""


class Reviewer:
    """Settles reviews over one store. `route` names the destinations of a decree. Every method raises StorageError."""

    def __init__(self, *, store: Store, route: Route, clock: Callable[[], datetime], issuers: Issuers = BY_DEFAULT.issuers) -> None:
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
        return waiting, self._act_again(review, waiting.recueil_id)

    def _act_again(self, act_id: int, recueil_id: int) -> Act:
        recueil = self._store.recueils.get(recueil_id)
        content = self._store.contents.get(recueil.sha256) if recueil.sha256 is not None else None
        for stored, act in acts_again(self._store.decrees.acts_of(recueil_id), content):
            if stored.id == act_id:
                return act
        raise NoSuchRow(f"no act waits under the number {act_id}")  # settled by somebody else meanwhile

    def found(self, waiting: Waiting, act: Act, kind: Kind | None = None) -> Decree:
        """Return the decree that acceptance of the act would record, of this kind or the likeliest."""
        return accepted_decree(self._store.recueils.get(waiting.recueil_id), act, waiting.topic, kind, self._issuers)

    def accept(self, review: int, *, kind: Kind | None, by: str, token: str | None = None) -> Settled:
        """Record the act as a decree of this kind, or of the likeliest without one, and queue its posts. A known decree is not
        posted again. `by` names the channel of the answer, never a person; `token` is the act's, for later answers. Raises NoSuchRow, also
        for another act's token."""

        def accepted() -> Settled:
            found = self.found(*self.act(review), kind)
            return self._store.reviews.accept(review, found, self._route, self._clock(), by, token)

        return _settled_once(accepted)

    def reject(self, review: int, *, by: str, token: str | None = None) -> Settled:
        """Record that the act is no decree, and withdraw the decree that it was stored as. `token` as in `accept`. Raises NoSuchRow."""
        return _settled_once(partial(self._store.reviews.reject, review, self._clock(), by, token))

    def withdraw(self, decree: int, *, by: str) -> Settled:
        """Withdraw a stored decree of which nobody doubted: no later reading brings it back. Raises NoSuchRow."""
        return _settled_once(partial(self._store.reviews.withdraw, decree, self._clock(), by))

    def reinstate(self, decree: int, *, by: str) -> Settled:
        """Take a withdrawal back: posts that it kept from being sent wait again. Raises NoSuchRow."""
        return self._store.reviews.reinstate(decree, self._clock(), by)

    # Single facts of a stored decree.

    def read_twice(self, decree: Decree) -> tuple[TwiceRead, ...]:
        """Return what both readers have of each fact that is read twice. Raises NoSuchRow where its act is stored no more."""
        return read_twice(self.act_of(decree), Verdict(Outcome.DECREE, decree.kind, decree.facts, decree.evidence, decree.topic))

    def facts_of(self, decree: int) -> tuple[TwiceRead, ...]:
        """Return the same of the decree of this number. Raises NoSuchRow."""
        return self.read_twice(self._decree(decree))

    def act_of(self, decree: Decree) -> Act:
        """Return the act that a stored decree is shown by. Raises NoSuchRow where it is stored no more."""
        stored = self._store.reviews.act_of(decree.id or 0)
        return self._act_again(stored.id, stored.recueil_id)

    def question(self, decree: Decree, fact: str | None = None) -> FactQuestion | None:
        """Return the question to a person about a decree: on this fact, else on the most useful of those to be verified; None if a message
        can show none whole. Raises NoSuchRow as `act_of`."""
        doubtful = (name for name in SETTLED_BY_PERSONS if name in decree.facts.doubtful and fact in {None, name})
        unsure = [name for name in doubtful if _is_shown(getattr(decree.facts, name))]
        if not unsure:  # to read an act again takes long, and this is asked at every look
            return None
        twice = {one.name: _readings(one) for one in self.read_twice(decree)}
        name = next((name for name in unsure if all(map(_is_shown, twice.get(name, (None,))))), None)
        return None if name is None else FactQuestion(decree, name, twice[name])

    def answer_fact(self, answer: FactAnswer, *, by: str) -> SettledFact:
        """Take an answer to a question. Raises NoSuchRow where the fact waits for none, or another question would be asked by now."""
        decree = self._decree(answer.decree)
        if answer.fact in decree.facts.settled:
            return SettledFact(answer.decree, answer.fact, getattr(decree.facts, answer.fact), already=True)
        asked = self.question(decree, answer.fact)
        if asked is None or asked.token != answer.token or answer.choice > len(asked.readings):
            raise NoSuchRow(f"nobody is asked about {answer.fact} of the decree {answer.decree} any more")
        nothing = () if isinstance(asked.readings[0], tuple) else None
        return self._settle_fact(answer.decree, asked.fact, (nothing, *asked.readings)[answer.choice], by, first=True)

    def settle_fact(self, decree: int, fact: str, values: Sequence[str], *, by: str) -> SettledFact:
        """Store a person's value of a fact, whatever was read; no values: the decree does not state it. Raises NoSuchRow, also if its act
        is stored no more, and UnusableFact."""
        if fact not in SETTLED_BY_PERSONS:
            raise UnusableFact(f"{fact} is none of the facts that a person can settle: {', '.join(SETTLED_BY_PERSONS)}")
        known = self._decree(decree)
        self.act_of(known)
        cleaned = tuple(dict.fromkeys(" ".join(value.split()) for value in values))
        several = isinstance(getattr(known.facts, fact), tuple)
        if len(cleaned) > 1 and not several:
            raise UnusableFact(f"a decree has one {fact}: {len(cleaned)} were given")
        if any(not value or len(value) > _LONGEST_FACT or without_names(value) != value for value in cleaned):
            raise UnusableFact(f"{fact}: a value is empty, has more than {_LONGEST_FACT} characters, or names a person")
        return self._settle_fact(decree, fact, cleaned if several else next(iter(cleaned), None), by)

    def _decree(self, decree: int) -> Decree:
        known = self._store.decrees.get(decree)
        if known is None or known.withdrawn_at is not None:
            raise NoSuchRow(f"no decree is recorded under the number {decree}")
        return known

    def _settle_fact(self, decree: int, fact: str, value: FactValue, by: str, *, first: bool = False) -> SettledFact:
        if self._store.reviews.settle_fact(decree, fact, value, self._route, self._clock(), by, first=first):
            return SettledFact(decree, fact, value)
        return SettledFact(decree, fact, getattr(self._decree(decree).facts, fact), already=True)


def _settled_once(settle: Callable[[], Settled]) -> Settled:
    try:
        return settle()
    except AlreadyDecided as known:
        return Settled(known.decision, already=True)


_LONGEST_FACT = 200
LONGEST_READING = 1000
"""Characters of a reading that a question shows. Nobody is asked whether a longer one is right, of which only a part could be seen."""


def fact_value_text(value: FactValue) -> str:
    """Return a fact in words: several as a list."""
    return "; ".join(value) if isinstance(value, tuple) else value or ""


def _is_shown(reading: FactValue) -> bool:
    return 0 < len(fact_value_text(reading)) <= LONGEST_READING


def _readings(fact: TwiceRead) -> tuple[FactValue, ...]:
    """Return what the rules read, then what the second reader does where that is something else, and names nobody."""
    second = fact.second
    named = (second,) if isinstance(second, str) else second or ()
    usable = bool(second) and not fact.agreed and second != fact.told and not any(ELLIPSIS in one for one in named)
    return (fact.told, second) if usable else (fact.told,)


# The acts of a stored recueil as detection wants them: with their pages, where these are still known. Pure.

Place = tuple[str | None, int, int]


def acts_again(stored: Sequence[StoredAct], content: Content | None) -> Iterator[tuple[StoredAct, Act]]:
    """Yield each stored act, once for each topic that it is stored for, with its content. `content` is the file it was read from: if all
    its pages are known and give the same acts, the act has its pages; else its whole text is on its first page, where evidence is located.
    """
    known, taken = _by_place(content), Counter[tuple[Place, str]]()
    for one in stored:
        place = _place(one)
        there = [act for act in known[place] if len(known[place]) == 1 or clean(act.text) == one.text]
        before = taken[place, one.topic]
        taken[place, one.topic] += 1
        yield one, there[before] if before < len(there) else _from_text(one)


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
