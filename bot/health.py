"""Is each source alive, and if not, why? Pure: what is remembered of a source, its habits and the time in, a judgement out.

A source that yields nothing is failing, not quiet; one that was never asked, or that nobody can ask, is not fine either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from statistics import median_low

from bot.rhythm import Habits, is_late
from bot.storage.rows import SourceState, Stuck
from sources import (
    Authority,
    Blocked,
    Emptied,
    FetchError,
    Gone,
    LayoutChanged,
    MovedAway,
    NeedsBrowser,
    Paused,
    Refused,
    Source,
    Unreachable,
    Unusable,
)
from sources.client import Disallowed

ASLEEP_AFTER = timedelta(hours=1)
"""How long the polls of most sources must be overdue before the bot is taken for stopped. A first round over all of France, with
everything to download, keeps sources waiting for some tens of minutes."""


STUCK_AT_ONCE, STUCK_SOON = 2, timedelta(hours=1)
"""Recueils that cannot be read, so many and for so long, that the trouble is the site's: a server at its limits recovers sooner."""

STUCK_ALONE = timedelta(days=1)
"""How long a single one, where nothing else was read since, may be taken for a bad file: it has then been tried eight times."""


class Cause(StrEnum):
    """What is wrong with a source. `RELOCATED` is no failure: it still works, and the catalogue should be brought up to date."""

    UNREACHABLE = "unreachable"  # no answer
    BLOCKED = "blocked"  # an answer that refuses: 401, 403, 429, 5xx
    CHALLENGE = "challenge"  # a block or challenge page in the place of the real one
    RESTING = "resting"  # not asked: the address that it shares with others asked to be left alone, or gave no answer
    MOVED = "moved"  # 404, 410, or sent to a site that is not in the catalogue
    STRUCTURE = "structure"  # the page came, and no list was found on it
    EMPTIED = "emptied"  # a list that always had recueils has none
    UNUSABLE = "unusable"  # something else than a page came
    ROBOTS = "robots"  # its robots.txt asks us not to
    NEEDS_BROWSER = "needs_browser"  # it serves only real browsers, and there is none
    UNEXPECTED = "unexpected"  # a fault of the program, see its log
    FILES = "files"  # its list can be read, and none of its recueils can be fetched or opened
    LATE = "late"  # it answers, and nothing was published for longer than is usual
    RELOCATED = "relocated"


_BY_ERROR: tuple[tuple[type[FetchError], Cause], ...] = (
    # The more precise ones first.
    (Emptied, Cause.EMPTIED),
    (LayoutChanged, Cause.STRUCTURE),
    (MovedAway, Cause.MOVED),
    (Gone, Cause.MOVED),
    (Unusable, Cause.UNUSABLE),
    (Blocked, Cause.CHALLENGE),
    (Refused, Cause.BLOCKED),
    (Paused, Cause.RESTING),
    (Unreachable, Cause.UNREACHABLE),
    (NeedsBrowser, Cause.NEEDS_BROWSER),
    (Disallowed, Cause.ROBOTS),
)


def cause_of(error: FetchError) -> Cause:
    """What a failed poll means, by the type of its error."""
    return next((cause for kind, cause in _BY_ERROR if isinstance(error, kind)), Cause.UNEXPECTED)


class Status(StrEnum):
    """How a source or an authority is, the best first."""

    FINE = "fine"
    LATE = "late"
    PARTLY = "partly"  # of an authority only: one of its routes works, and another does not
    FAILING = "failing"
    UNPOLLED = "never_polled"
    NOT_COVERED = "not_covered"
    UNWATCHED = "not_watched"


_WORKING = frozenset({Status.FINE, Status.LATE})
_WORSE = {status: position for position, status in enumerate(Status)}


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source. `cause` and `since` are set when it is failing (since the first failed poll in a row, or the first recueil that could not
    be read) or late (since the last recueil); `detail` is the last error, for operators. `unread` counts the recueils that could not be
    read since the last that could. `last_published` is the day of the newest recueil known."""

    key: str
    status: Status
    cause: Cause | None = None
    since: datetime | None = None
    detail: str | None = None
    failures: int = 0
    unread: int = 0
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    last_published: date | None = None
    usual_gap: timedelta | None = None
    late_after: timedelta | None = None
    moved_to: str | None = None

    @property
    def authority(self) -> str:
        """The code of who publishes there."""
        return self.key.split(":", 1)[0]


@dataclass(frozen=True, slots=True)
class AuthorityHealth:
    """One authority: as well as the best of its routes, but PARTLY where another of them is broken.

    Routes are seldom equal: what the préfecture de police publishes on its own site comes late, or never, to its neighbours' recueils. One
    that was never verified promises nothing, and its failure takes nothing away. `not_covered` tells why there is no route.
    """

    code: str
    status: Status
    routes: tuple[SourceHealth, ...] = ()
    not_covered: str | None = None

    @property
    def main(self) -> SourceHealth | None:
        """The route that gives the authority its status: of one that is read in part, the first that is not."""
        wanted = Status.FAILING if self.status is Status.PARTLY else self.status
        return next((route for route in self.routes if route.status is wanted), None)

    @property
    def broken(self) -> tuple[SourceHealth, ...]:
        """The routes that do not work, also where another does."""
        return tuple(route for route in self.routes if route.status is Status.FAILING)

    @property
    def last_published(self) -> date | None:
        """The day of the newest recueil known, over all routes."""
        return max((route.last_published for route in self.routes if route.last_published), default=None)


@dataclass(frozen=True, slots=True)
class Overview:
    """Every authority at one instant. `asleep_since`: when polls became due that nobody makes, None while the bot seems to run."""

    at: datetime
    authorities: tuple[AuthorityHealth, ...]
    asleep_since: datetime | None = None

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many authorities are how."""
        return Counter(authority.status for authority in self.authorities)

    @property
    def sources(self) -> tuple[SourceHealth, ...]:
        """Every source that is watched."""
        return tuple(route for authority in self.authorities for route in authority.routes)

    @property
    def fine(self) -> bool:
        """Whether the bot runs and every source that is watched works, also those beside another that does."""
        return self.asleep_since is None and all(route.status is Status.FINE for route in self.sources)


def judge_source(source: Source, state: SourceState, habits: Habits, now: datetime, stuck: Stuck | None = None) -> SourceHealth:
    """How a source is, from what is remembered of it. One whose last poll failed is failing, and so is one whose recueils are `stuck`; one
    that works may be late."""
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
    """How an authority is, from its routes. One that nobody can watch is never taken for one with nothing to report."""
    if not watched:
        return AuthorityHealth(authority.code, Status.UNWATCHED, not_covered=authority.not_covered)
    if authority.not_covered is not None or not authority.sources:
        return AuthorityHealth(authority.code, Status.NOT_COVERED, not_covered=authority.not_covered)
    best = min((route.status for route in routes), key=_WORSE.__getitem__, default=Status.UNPOLLED)
    unverified = {source.key for source in authority.sources if source.unverified}
    broken = any(route.status is Status.FAILING and route.key not in unverified for route in routes)
    return AuthorityHealth(authority.code, Status.PARTLY if broken and best in _WORKING else best, tuple(routes))


def asleep_since(due: Iterable[datetime | None], now: datetime) -> datetime | None:
    """Since when nobody polls: the instant at which half of the sources were due, when that is longer ago than can be; else None.

    `due` are the next polls of all watched sources, None for one never polled. Half of them, because some rest for hours at a server's
    request, and others wait in a long queue.
    """
    known = [instant for instant in due if instant is not None]
    middle = median_low(known) if known else None
    return middle if middle is not None and now - middle > ASLEEP_AFTER else None


def nobody_answers(causes: Collection[str | None]) -> bool:
    """Whether no site at all answers, so that it is this machine, rather than so many sites, that has no network.

    `causes` are those of all watched sources, None for one that does not fail. Of a single source nobody can tell.
    """
    silent = [cause for cause in causes if cause != Cause.NEEDS_BROWSER]  # not asked, whatever the network
    return len(silent) > 1 and Cause.UNREACHABLE in silent and all(cause in {Cause.UNREACHABLE, Cause.RESTING} for cause in silent)


def _judged(state: SourceState, habits: Habits, stuck: Stuck | None, now: datetime) -> tuple[Status, Cause | None, datetime | None]:
    if state.failures:
        return Status.FAILING, _remembered(state.cause), state.failing_since or state.last_ok_at
    if state.last_ok_at is None:
        return Status.UNPOLLED, None, None
    if stuck is not None and now - stuck.since >= (STUCK_SOON if stuck.number >= STUCK_AT_ONCE else STUCK_ALONE):
        return Status.FAILING, Cause.FILES, stuck.since
    if is_late(habits, state.last_new_at, now):
        return Status.LATE, Cause.LATE, state.last_new_at or _beginning(habits)
    return Status.FINE, None, None


def _beginning(habits: Habits) -> datetime | None:
    """The first instant of the last day on which anything was published."""
    return None if habits.latest is None else datetime.combine(habits.latest, time(), habits.zone)


def _remembered(cause: str | None) -> Cause:
    """A word of the database; another version of the program may have written one that this one does not know."""
    try:
        return Cause(cause or "")
    except ValueError:
        return Cause.UNEXPECTED
