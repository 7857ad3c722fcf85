"""From what is stored to the health of every authority: the reading around `bot.health`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.decide import set_back_by
from bot.health import Overview, SourceHealth, asleep_since, judge_authority, judge_source
from bot.rhythm import MEMORY, Habits, learn
from bot.storage.rows import SourceState
from sources import Authority

if TYPE_CHECKING:
    from bot.storage import Store


def survey(store: Store, authorities: Mapping[str, Authority], watched: Collection[str], now: datetime) -> Overview:
    """How every authority of the catalogue is. `watched` are the codes that the configuration watches. Raises StorageError."""
    states = {state.key: state for state in store.sources.all()}
    stuck = store.recueils.stuck()
    found = []
    due: list[datetime | None] = []
    for authority in authorities.values():
        routes: list[SourceHealth] = []
        if authority.code in watched:
            for source in authority.sources:
                state = states.get(source.key, SourceState(source.key))
                due.append(state.next_check_at)
                habits = habits_of(store, state, ZoneInfo(authority.time_zone), now)
                routes.append(judge_source(source, state, habits, now, stuck.get(source.key)))
        found.append(judge_authority(authority, routes, watched=authority.code in watched))
    behind = set_back_by((route.last_ok_at for authority in found for route in authority.routes), now)
    return Overview(now, tuple(found), asleep_since(due, now), polled_in_future=now + behind if behind else None)


def habits_of(store: Store, state: SourceState, zone: ZoneInfo, now: datetime) -> Habits:
    """When a source publishes, in its authority's time zone. Raises StorageError."""
    # What was found before the first poll ended says nothing of when it came online.
    publications = store.recueils.publications(state.key, since=(now - MEMORY).date(), found_after=state.baseline_at or now)
    return learn(publications, zone, now)
