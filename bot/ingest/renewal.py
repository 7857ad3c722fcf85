"""Applies today's rules to stored acts: judges them again, first to show what would change; after an upgrade it renews what is derived from
decrees, beside all other work."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from bot.detection.text.phrases import without_names
from bot.domain.acts import Act, Decree, Facts, Judged, Outcome, Verdict, is_decided
from bot.domain.identity import COMPLETED, of_topic
from bot.domain.records import Recueil, RedetectionResult
from bot.domain.tasks import run_to_completion
from bot.domain.topics import WatchedTopics
from bot.ingest.judging import BY_DEFAULT, JudgedBy, as_decided, decree_in, judge_acts, keys_of
from bot.ingest.review import acts_again
from bot.storage.database import Database
from bot.storage.decrees import StoredAct
from bot.storage.errors import NoSuchRow, StorageError
from bot.storage.naming import SLICE as DECREES
from bot.storage.naming import CommuneNamer, renew_some_communes
from bot.storage.recording import Route
from bot.storage.search import SLICE as ACTS
from bot.storage.search import renew_some_terms

if TYPE_CHECKING:
    from bot.storage.store import Store

log = structlog.get_logger()

PAUSE = 0.3
"""Seconds between two slices, about what one takes: others write in between, and half of a processor stays free."""

EVERY = timedelta(minutes=10)
"""Between two checks: other programs may write decrees without the places of France."""


class Renewal:
    """Renews the search terms and communes of decrees, one slice per transaction. Until its turn a decree is found by its former terms;
    after a stop the renewal continues at the next start."""

    def __init__(self, database: Database, namer: CommuneNamer, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """`sleep` is in seconds."""
        self._database = database
        self._namer = namer
        self._sleep = sleep

    async def run(self) -> None:
        """Renew what is due, and look again later, until cancelled."""
        while True:
            try:
                await self.renew()
            except StorageError as error:
                # An outage is logged once, by who logs all of the database.
                log.log(logging.DEBUG if error.is_outage else logging.ERROR, "records.not_renewed", error=str(error))
            await self._sleep(EVERY.total_seconds())

    async def renew(self) -> int:
        """Renew what is due now, and return in how many slices. Raises StorageError."""
        slices = 0
        # The slice under way ends before the database is closed.
        while await run_to_completion(self._renew_some):
            slices += 1
            if slices == 1:
                log.info("records.renewing")
            await self._sleep(PAUSE)
        if slices:
            log.info("records.renewed", slices=slices)
        return slices

    def _renew_some(self) -> bool:
        if renew_some_terms(self._database, ACTS):
            return True
        return renew_some_communes(self._database, self._namer, DECREES) > 0


# Acts judged again: first what would change, then, with `--apply`, the change.


def nowhere(_: Decree) -> Sequence[str]:
    """Route a decree to no destination: it is recorded and not posted."""
    return ()


class Redetection:
    """Works on one store. Every method raises StorageError."""

    def __init__(self, *, store: Store, clock: Callable[[], datetime], by: JudgedBy = BY_DEFAULT) -> None:
        self._store = store
        self._by = by
        self._clock = clock

    def recueils(self, since: date | None, authorities: Collection[str] | None = None) -> list[int]:
        """Return the ids of the recueils to judge again, oldest first."""
        return self._store.rejudging.recueils(since, authorities)

    def differences(self, recueil_id: int) -> list[Difference]:
        """Return what would change in one recueil, for the topics that are watched. Nothing is written."""
        recueil = self._store.recueils.get(recueil_id)
        content = self._store.contents.get(recueil.sha256) if recueil.sha256 is not None else None
        rows = defaultdict[Act, list[StoredAct]](list)
        for stored, act in acts_again(self._store.decrees.acts_of(recueil_id), content):
            rows[act].append(stored)
        watched, keys = self._by.watched, keys_of(recueil.url, [*rows])
        decided = self._store.recordings.decided({of_topic(key, topic) for its in keys for key in its for topic in watched.names})
        judged = judge_acts([*rows], watched, stand_alone=len(rows) == 1 and next(iter(rows)).id is None)
        found: list[Difference | None] = []
        for its_rows, items, its in zip(rows.values(), judged, keys, strict=True):
            pairs = in_topics(its_rows, as_decided(recueil, items, its, decided, self._by), watched)
            found += [self._difference(recueil, stored, item) for stored, item in pairs]
        return [one for one in found if one is not None]

    def _difference(self, recueil: Recueil, stored: StoredAct, item: Judged) -> Difference | None:
        known = self._store.decrees.get(stored.decree_id) if stored.decree_id is not None else None
        return difference(recueil, stored, item, decree_in(recueil, item, self._by.issuers), known)

    def apply(self, one: Difference, route: Route) -> RedetectionResult | None:
        """Make one change; None where a person had decided, or a new reading replaced the act meanwhile. `route` names the destinations of
        a decree never seen before: where it names none, nothing is posted. Nothing is posted of a topic that is reviewed."""
        found = decree_in(one.recueil, one.judged, self._by.issuers)
        if one.topic in self._by.watched.reviewed:
            route = nowhere
        try:
            return self._store.rejudging.apply(one.stored, one.judged.verdict, found, route, self._clock())
        except NoSuchRow:  # read again meanwhile, by the same rules
            return None

    def finish(self, recueils: Collection[int], began: datetime) -> None:
        """Note that these were judged for all topics that are watched, unless they were read again since it `began`."""
        self._store.rejudging.judged(recueils, self._by.watched.names, began)


# What today's rules say of acts that were judged by those of another day. Pure: nothing is changed here.

FACTS = tuple(entry.name for entry in fields(Facts) if entry.name != "settled")


class Effect(StrEnum):
    """Classifies a difference by its effect on known decrees. `FOUND`: an act is, or holds, an unknown decree. `CHANGED`: a decree has
    another kind or other facts, or no longer needs a person. `LOST`: a decree would no longer be one. `DOUBTFUL`: a settled act needs a
    person. `SETTLED`: a waiting act is no decree."""

    FOUND = "found"
    CHANGED = "changed"
    LOST = "lost"
    DOUBTFUL = "doubtful"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Difference:
    """Describes one act whose judgement changed. `decree` is the id of its known decree; `facts` names those that differ."""

    recueil: Recueil
    stored: StoredAct
    judged: Judged
    effect: Effect
    facts: tuple[str, ...] = ()

    @property
    def topic(self) -> str:
        """Return the topic that it is judged for."""
        return self.judged.verdict.topic

    @property
    def title(self) -> str:
        """Return the title, without names of persons."""
        return without_names(self.judged.act.title)


def in_topics(stored: Sequence[StoredAct], judged: Sequence[Judged], watched: WatchedTopics) -> Iterator[tuple[StoredAct, Judged]]:
    """Yield what an act is stored as for each watched topic, and how it is `judged` for it now. For a topic that it is not stored for, it
    counts as stored as not concerned. Left out is what waits because its topic is reviewed."""
    items = {item.verdict.topic: item for item in judged}
    for one in stored:
        item = items.get(one.topic) or Judged(judged[0].act, Verdict(Outcome.NOT_CONCERNED, topic=one.topic))
        waits = one.decree_id is None and one.outcome is Outcome.UNCERTAIN and one.topic in watched.reviewed
        if one.topic in watched.names and not (waits and item.verdict.outcome is Outcome.DECREE and not is_decided(item.verdict.evidence)):
            yield one, item
    spare = min(stored, key=lambda one: one.outcome is not Outcome.NOT_CONCERNED)
    for item in judged:
        if all(one.topic != item.verdict.topic for one in stored):
            yield replace(spare, topic=item.verdict.topic, outcome=Outcome.NOT_CONCERNED, kind=None, decree_id=None), item


def difference(recueil: Recueil, stored: StoredAct, judged: Judged, found: Decree | None, known: Decree | None) -> Difference | None:
    """Return how the judgement of an act changed, None if it did not. `found`: the decree that it is by today's rules; `known`: the stored
    one."""
    changed = () if known is None or found is None else _facts(recueil, stored, known, found)
    other_kind = known is not None and found is not None and _shown(recueil, stored, known) and found.kind is not known.kind
    effect = _effect(stored.outcome, judged.verdict.outcome, known, changed=bool(changed) or other_kind)
    return None if effect is None else Difference(recueil, stored, judged, effect, changed)


def _facts(recueil: Recueil, stored: StoredAct, known: Decree, found: Decree) -> tuple[str, ...]:
    """Return the facts that a change would change. An act that is not the one shown for its decree only completes facts (see
    `bot.domain.identity`), and a fact not found in it any more may come from another sighting."""
    # What a person said stands, whatever is found here.
    asked = (name for name in FACTS if name not in known.facts.settled)
    named = [(name, getattr(known.facts, name), getattr(found.facts, name)) for name in asked]
    if _shown(recueil, stored, known):
        everywhere = len(known.sightings) < 2
        return tuple(name for name, old, new in named if new != old and (new or everywhere))
    return tuple(name for name, old, new in named if new and not old and name in COMPLETED and found.kind is known.kind)


def _shown(recueil: Recueil, stored: StoredAct, known: Decree) -> bool:
    """Return whether it is this act that the decree is shown by: the place where it was seen first."""
    return known.url == recueil.url and stored.first_page <= known.page <= stored.last_page


def _effect(before: Outcome, after: Outcome, known: Decree | None, *, changed: bool) -> Effect | None:
    if after is Outcome.DECREE:
        if known is None:
            return Effect.FOUND
        return Effect.CHANGED if changed or before is not Outcome.DECREE else None
    if known is not None and before is Outcome.UNCERTAIN:
        return None  # it waits for a person already, who alone can take a decree back
    if before is Outcome.DECREE:
        return Effect.LOST
    if before is after:
        return None
    return Effect.DOUBTFUL if after is Outcome.UNCERTAIN else Effect.SETTLED
