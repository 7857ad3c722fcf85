"""Judges from stored states whether each source and destination works, and if not, why. A source that yields nothing is failing, not quiet;
one that was never polled, or cannot be, is not fine either."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from statistics import median_low
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.health import STALLED_AFTER, AuthorityHealth, Cause, DestinationHealth, Overview, SourceHealth, Status, remembered
from bot.domain.posts import DestinationCheck, DestinationTrouble, PostCause, PostState
from bot.domain.records import FailureStreak, SourceState
from bot.ingest.decisions import MEMORY, PublicationStats, is_late, learn, set_back_by
from bot.storage.outbox import OpenPost
from sources.catalogue.authority import Authority, Source

if TYPE_CHECKING:
    from bot.storage.store import Store

UNATTENDED_AFTER = timedelta(minutes=30)
"""The same where no `vigie run` works on the database: nobody has a queue then."""

IDLE_AFTER = timedelta(minutes=30)
"""How long a post must have been due, and nothing been tried at its destination, before delivery is taken for stopped."""

STUCK_AT_ONCE, STUCK_SOON = 2, timedelta(hours=1)
"""Number and age of unreadable recueils that put the fault on the site: an overloaded server recovers sooner."""

STUCK_ALONE = timedelta(days=1)
"""How long a single one, where nothing else was read since, may be taken for a bad file: it has then been tried eight times."""

DOWN_AFTER = timedelta(minutes=15)
"""How long a post must have waited for an answer of its destination before that is said not to answer."""

_NO_ANSWER = frozenset({PostCause.NOT_SENT, PostCause.LOST_ANSWER, PostCause.CANNOT_ASK})
_WORKING = frozenset({Status.OK, Status.LATE})
_WORSE = {status: position for position, status in enumerate(Status)}


# What is remembered and the time in, a judgement out: pure.


def judge_source(
    source: Source, state: SourceState, habits: PublicationStats, now: datetime, stuck: FailureStreak | None = None
) -> SourceHealth:
    """Judge a source by its stored state: failing after a failed poll or with `stuck` recueils, else possibly late."""
    status, cause, since = _judged(state, habits, stuck, now)
    latest = [day for day in (habits.latest, state.last_new_at and state.last_new_at.astimezone(habits.zone).date()) if day]
    return SourceHealth(
        key=source.key,
        status=status,
        cause=cause,
        since=since,
        detail=state.error or (stuck.error if stuck is not None else None),
        failures=state.failures,
        unread=0 if stuck is None else stuck.number,
        last_ok_at=state.last_ok_at,
        last_new_at=state.last_new_at,
        last_published=max(latest, default=None),
        usual_gap=habits.usual_gap,
        late_after=habits.late_after,
        moved_to=state.moved_to,
    )


def judge_authority(authority: Authority, routes: Sequence[SourceHealth], *, watched: bool) -> AuthorityHealth:
    """Judge an authority by its routes. One that nobody can watch is never taken for one with nothing to report."""
    if not watched:
        return AuthorityHealth(authority.code, Status.UNWATCHED, not_covered=authority.not_covered)
    if authority.not_covered is not None or not authority.sources:
        return AuthorityHealth(authority.code, Status.NOT_COVERED, not_covered=authority.not_covered)
    best = min((route.status for route in routes), key=_WORSE.__getitem__, default=Status.UNPOLLED)
    unverified = {source.key for source in authority.sources if source.unverified}
    broken = any(route.status is Status.FAILING and route.key not in unverified for route in routes)
    return AuthorityHealth(authority.code, Status.PARTLY if broken and best in _WORKING else best, tuple(routes))


def judge_destination(
    name: str,
    check: DestinationCheck | None,
    unsent: Iterable[OpenPost],
    now: datetime,
    late_after: timedelta,
    idle_since: datetime | None = None,
) -> DestinationHealth:
    """Judge a destination by its last check and its posts that were not sent."""
    posts = [post for post in unsent if post.destination == name]
    waiting = [post for post in posts if not needs_person(post)]
    oldest = min((post.created_at for post in waiting), default=None)
    trouble, since, detail = _worst_trouble(check, waiting, oldest, now, late_after)
    if trouble is None and len(posts) > len(waiting):
        first = next(post for post in posts if needs_person(post))
        trouble, since, detail = DestinationTrouble.NEEDS_PERSON, first.created_at, first.error
    return DestinationHealth(
        name=name,
        trouble=trouble,
        since=since,
        detail=detail,
        waiting=len(waiting),
        oldest=oldest,
        in_doubt=len(posts) - len(waiting),
        checked_at=None if check is None else check.checked_at,
        idle_since=idle_since,
    )


def needs_person(post: OpenPost) -> bool:
    """Return whether a post does not go out, nor is found, before a person decides about it."""
    if post.state is PostState.UNKNOWN:
        return post.cause is PostCause.RECONCILE_UNCLEAR
    return post.state in {PostState.REFUSED, PostState.HELD}


Wrong = tuple[DestinationTrouble | None, datetime | None, str | None]


def _worst_trouble(
    check: DestinationCheck | None, waiting: Sequence[OpenPost], oldest: datetime | None, now: datetime, late_after: timedelta
) -> Wrong:
    """Return the worst of the check's result and of the state of the waiting posts."""
    found: dict[DestinationTrouble, Wrong] = {}
    if check is not None and check.trouble is not None:
        found[check.trouble] = (check.trouble, check.since, check.detail)
    for post in waiting:
        wrong = _trouble_of(post, now)
        if wrong is not None:
            found.setdefault(wrong, (wrong, post.created_at, post.error))
    if oldest is not None and now - oldest >= late_after:
        found.setdefault(DestinationTrouble.LATE, (DestinationTrouble.LATE, oldest, waiting[0].error))
    return next((found[one] for one in DestinationTrouble if one in found), (None, None, None))


def _trouble_of(post: OpenPost, now: datetime) -> DestinationTrouble | None:
    if post.cause is PostCause.REFUSED_DESTINATION:
        return DestinationTrouble.REFUSED
    is_down = post.cause in _NO_ANSWER and now - post.created_at >= DOWN_AFTER
    return DestinationTrouble.UNREACHABLE if is_down else None


def half_due(due: Iterable[datetime | None]) -> datetime | None:
    """Return the instant at which half of the watched sources are due, by their next polls (None for one never polled); None if none was
    polled. Half, because some rest for hours at a server's request and others wait in a queue."""
    known = [instant for instant in due if instant is not None]
    return median_low(known) if known else None


def not_alive(overview: Overview, *, running: bool, now: datetime) -> str | None:
    """Return why the bot does not poll or deliver as it should, None if it does; answers of sites and platforms do not matter. `running`: a
    `vigie run` works on the database; without one, `vigie poll` from cron keeps the bot alive."""
    alone = "" if running else "; no vigie run works on this database"
    if overview.half_due is None and not running:
        return f"nothing was ever polled{alone}"
    if overview.half_due is not None and now - overview.half_due > (STALLED_AFTER if running else UNATTENDED_AFTER):
        return f"no polls are made: most sources have been due since {overview.half_due:%Y-%m-%d %H:%M} UTC{alone}"
    for destination in overview.destinations:
        if destination.idle_since is not None and now - destination.idle_since > IDLE_AFTER:
            return f"no posts are sent to {destination.name}: they have been due since {destination.idle_since:%Y-%m-%d %H:%M} UTC{alone}"
    return None


def _judged(
    state: SourceState, habits: PublicationStats, stuck: FailureStreak | None, now: datetime
) -> tuple[Status, Cause | None, datetime | None]:
    if state.failures:
        return Status.FAILING, remembered(state.cause), state.failing_since or state.last_ok_at
    if state.last_ok_at is None:
        return Status.UNPOLLED, None, None
    if stuck is not None and now - stuck.since >= (STUCK_SOON if stuck.number >= STUCK_AT_ONCE else STUCK_ALONE):
        return Status.FAILING, Cause.FILES, stuck.since
    if is_late(habits, state.last_new_at, now):
        return Status.LATE, Cause.LATE, state.last_new_at or _beginning(habits)
    return Status.OK, None, None


def _beginning(habits: PublicationStats) -> datetime | None:
    """Return the first instant of the last day on which anything was published."""
    return None if habits.latest is None else datetime.combine(habits.latest, time(), habits.zone)


# From what is stored.


class PublicationHistory:
    """When sources publish: hundreds of days of each, so they are read once, and again when a source was polled. May be used by threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stats: dict[str, tuple[datetime | None, PublicationStats]] = {}

    def read(self, state: SourceState, zone: ZoneInfo, now: datetime) -> PublicationStats:
        """Read when a source publishes, in its authority's time zone. Raises StorageError."""
        # What was found before the first poll ended says nothing of when it came online.
        since, found_after = (now - MEMORY).date(), state.baseline_at or now
        published = self._store.recueils.publications(state.key, since=since, found_after=found_after)
        stats = learn(published, zone, now, [known for _, known in self._stats.copy().values()])
        self._stats[state.key] = state.last_ok_at, stats
        return stats

    def of(self, state: SourceState, zone: ZoneInfo, now: datetime) -> PublicationStats:
        """Return what was read last; read it where that was never, or before another process polled the source. Raises StorageError."""
        polled, stats = self._stats.get(state.key, (None, None))
        return stats if stats is not None and polled == state.last_ok_at else self.read(state, zone, now)


def health_report(
    store: Store, authorities: Mapping[str, Authority], watched: Collection[str], now: datetime, history: PublicationHistory | None = None
) -> Overview:
    """Judge every authority of the catalogue. `watched` are the codes that the configuration watches. Raises StorageError."""
    history = history or PublicationHistory(store)
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
                habits = history.of(state, ZoneInfo(authority.time_zone), now)
                routes.append(judge_source(source, state, habits, now, stuck.get(source.key)))
        found.append(judge_authority(authority, routes, watched=authority.code in watched))
    behind = set_back_by((route.last_ok_at for authority in found for route in authority.routes), now)
    return Overview(now, tuple(found), half_due(due), polled_in_future=now + behind if behind else None)


def destinations_report(store: Store, names: Sequence[str], now: datetime, late_after: timedelta) -> tuple[DestinationHealth, ...]:
    """Judge every one of these destinations; `late_after` is how long a post may wait. Raises StorageError."""
    checks, unsent, idle = store.destination_checks.all(), store.posts.unsent(names), store.outbox.idle_since(now)
    return tuple(judge_destination(name, checks.get(name), unsent, now, late_after, idle.get(name)) for name in names)


def watching_since(store: Store, authorities: Collection[str] | None) -> datetime | None:
    """Return when the first of these authorities (None: of all) was polled first; None where none was. Raises StorageError."""
    watched = (state for state in store.sources.all() if authorities is None or state.key.split(":", 1)[0] in authorities)
    return min((state.baseline_at for state in watched if state.baseline_at is not None), default=None)
