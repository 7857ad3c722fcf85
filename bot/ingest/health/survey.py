"""From what is stored to the health of every authority: the reading around `bot.ingest.health`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.records import SourceState
from bot.ingest.decisions import set_back_by
from bot.ingest.habits import MEMORY, PublicationStats, learn
from bot.ingest.health import DestinationHealth, Overview, SourceHealth, half_due, judge_authority, judge_destination, judge_source
from sources.catalogue.authority import Authority

if TYPE_CHECKING:
    from bot.storage.store import Store


def health_report(store: Store, authorities: Mapping[str, Authority], watched: Collection[str], now: datetime) -> Overview:
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
    return Overview(now, tuple(found), half_due(due), polled_in_future=now + behind if behind else None)


def survey_destinations(store: Store, names: Sequence[str], now: datetime, late_after: timedelta) -> tuple[DestinationHealth, ...]:
    """How every one of these destinations is; `late_after` is how long a post may wait. Raises StorageError."""
    checks, unsent, idle = store.destination_checks.all(), store.posts.unsent(names), store.outbox.idle_since(now)
    return tuple(judge_destination(name, checks.get(name), unsent, now, late_after, idle.get(name)) for name in names)


def habits_of(store: Store, state: SourceState, zone: ZoneInfo, now: datetime) -> PublicationStats:
    """When a source publishes, in its authority's time zone. Raises StorageError."""
    # What was found before the first poll ended says nothing of when it came online.
    publications = store.recueils.publications(state.key, since=(now - MEMORY).date(), found_after=state.baseline_at or now)
    return learn(publications, zone, now)
