"""Judge stored acts again by today's rules: first what would change, then, when told to, the change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.domain import Decree
from bot.ingest.decided import as_decided, keys_of
from bot.ingest.judging import NO_CATALOGUE, attributed, decrees_in, judge_acts
from bot.ingest.redetection import Difference, difference
from bot.ingest.stored_acts import acts_again
from bot.storage.errors import NoSuchRow
from sources.catalogue.issuers import Issuers

if TYPE_CHECKING:
    from bot.storage.store import Store


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one difference. `decrees` are new ones; `kept`: a person had decided, or a new reading replaced the act meanwhile."""

    difference: Difference
    decrees: tuple[int, ...] = ()
    posts: int = 0
    kept: bool = False


class Redetection:
    """Works on one store. Every method raises StorageError."""

    def __init__(self, *, store: Store, clock: Callable[[], datetime], issuers: Issuers = NO_CATALOGUE) -> None:
        self._store = store
        self._issuers = issuers
        self._clock = clock

    def recueils(self, since: date | None, authorities: Collection[str] | None = None) -> list[int]:
        """The ids of the recueils to judge again, oldest first."""
        return self._store.rejudging.recueils(since, authorities)

    def differences(self, recueil_id: int) -> list[Difference]:
        """What would change in one recueil. Nothing is written."""
        recueil = self._store.recueils.get(recueil_id)
        content = self._store.contents.get(recueil.sha256) if recueil.sha256 is not None else None
        pairs = list(acts_again(self._store.decrees.acts_of(recueil_id), content))
        keys = keys_of(recueil.url, [act for _, act in pairs])
        decided = self._store.reviews.decided({key for its in keys for key in its})
        alone = len(pairs) == 1 and pairs[0][1].id is None
        found: list[Difference] = []
        groups = judge_acts([act for _, act in pairs], stand_alone=alone)
        for (stored, act), judged, its in zip(pairs, groups, keys, strict=True):
            group = as_decided(attributed(recueil, judged, self._issuers), its, decided)
            known = self._store.decrees.get(stored.decree_id) if stored.decree_id is not None else None
            there = decrees_in(recueil, group, self._issuers)
            unknown = self._store.rejudging.known(there).count(False) if len(there) > 1 else 0
            one = difference(recueil, stored, act, there, group, known, unknown)
            if one is not None:
                found.append(one)
        return found

    def apply(self, one: Difference, route: Callable[[Decree], Sequence[str]]) -> Applied:
        """Make one change. `route` names the destinations of a decree never seen before: where it names none, nothing is posted."""
        found = decrees_in(one.recueil, one.group, self._issuers)
        try:
            done = self._store.rejudging.apply(one.stored, one.group[0].verdict, found, route, self._clock())
        except NoSuchRow:  # read again meanwhile, by the same rules
            done = None
        return Applied(one, kept=True) if done is None else Applied(one, done.new, len(done.posts))
