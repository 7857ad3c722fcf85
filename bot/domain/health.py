"""How sources, authorities and the whole are, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.posts import DestinationTrouble

STALLED_AFTER = timedelta(hours=1)
"""How long most sources' polls must be overdue before the bot counts as stopped; a first round over France takes tens of minutes."""


class Status(StrEnum):
    """Status of a source or an authority, best first; the values appear in JSON."""

    OK = "fine"
    LATE = "late"
    PARTLY = "partly"  # of an authority only: one of its routes works, and another does not
    FAILING = "failing"
    UNPOLLED = "never_polled"
    NOT_COVERED = "not_covered"
    UNWATCHED = "not_watched"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """Health of a source. `cause`, `since`: set when it fails (since the first failed poll in a row or first unread recueil) or is late
    (since its last recueil). `detail`: last error. `unread`: recueils not read since the last that was. `last_published`: day of the newest
    recueil.
    """

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
    """Health of an authority: that of its best route, but PARTLY where another verified route fails. A route never verified counts neither
    way. `not_covered`: why there is no route.
    """

    code: str
    status: Status
    routes: tuple[SourceHealth, ...] = ()
    not_covered: str | None = None

    @property
    def main(self) -> SourceHealth | None:
        """Return the route that determines the status; of a PARTLY one, the first that fails."""
        wanted = Status.FAILING if self.status is Status.PARTLY else self.status
        return next((route for route in self.routes if route.status is wanted), None)

    @property
    def last_published(self) -> date | None:
        """The day of the newest recueil known, over all routes."""
        return max((route.last_published for route in self.routes if route.last_published), default=None)


@dataclass(frozen=True, slots=True)
class DestinationHealth:
    """Health of a destination. `trouble`: the worst, with `detail` and `since` where known. `waiting`: posts that go by themselves, the
    oldest from `oldest`; `in_doubt`: those that need a person.
    """

    name: str
    trouble: DestinationTrouble | None = None
    since: datetime | None = None
    detail: str | None = None
    waiting: int = 0
    oldest: datetime | None = None
    in_doubt: int = 0
    checked_at: datetime | None = None
    idle_since: datetime | None = None
    """Since when something is due there and nothing was tried; None where nothing is due."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Health of all authorities and destinations at one instant; destinations may be left out. `half_due`: when half of the sources were or
    are due, None before any poll. `polled_in_future`: the last good poll where it lies ahead: the clock was set back, so nothing is known.
    """

    at: datetime
    authorities: tuple[AuthorityHealth, ...]
    half_due: datetime | None = None
    destinations: tuple[DestinationHealth, ...] = ()
    polled_in_future: datetime | None = None

    @property
    def stalled_since(self) -> datetime | None:
        """When polls became due that nobody makes, None while the bot seems to run."""
        return self.half_due if self.half_due is not None and self.at - self.half_due > STALLED_AFTER else None

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many authorities are how."""
        return Counter(authority.status for authority in self.authorities)

    @property
    def sources(self) -> tuple[SourceHealth, ...]:
        """Every source that is watched."""
        return tuple(route for authority in self.authorities for route in authority.routes)

    @property
    def ok(self) -> bool:
        """Return whether the bot runs and every watched source and every destination works."""
        works = all(route.status is Status.OK for route in self.sources) and all(one.trouble is None for one in self.destinations)
        return self.stalled_since is None and self.polled_in_future is None and works


class Cause(StrEnum):
    """Causes of trouble of a source. `RELOCATED`, `MISFILED`, `HOSTILE`, `UNLINKED` are no failures, but a person should look: at its
    address, whose recueils it shows, a file, or items without links.
    """

    UNREACHABLE = "unreachable"  # no answer
    BLOCKED = "blocked"  # an answer that refuses: 401, 403, 429, 5xx
    CHALLENGE = "challenge"  # a block or challenge page in the place of the real one
    MAINTENANCE = "maintenance"  # the site says that it is under maintenance
    RESTING = "resting"  # not asked: the address that it shares with others asked to be left alone, or gave no answer
    MOVED = "moved"  # 404, 410, or sent to a site that is not in the catalogue
    STRUCTURE = "structure"  # the page came, and no list was found on it
    EMPTIED = "emptied"  # a list that always had recueils has none
    UNUSABLE = "unusable"  # something else than a page came
    ROBOTS = "robots"  # its robots.txt forbids it
    NEEDS_BROWSER = "needs_browser"  # it serves only real browsers, and there is none
    UNEXPECTED = "unexpected"  # a fault of the program, see its log
    FILES = "files"  # its list can be read, and none of its recueils can be fetched or opened
    LATE = "late"  # it answers, and nothing was published for longer than is usual
    RELOCATED = "relocated"
    MISFILED = "misfiled"  # it works, and shows acts of another authority
    UNLINKED = "unlinked"  # it works, and names a recueil that leads to nothing that can be fetched
    HOSTILE = "hostile"  # it works, and one of its files ended the program that read it, again and again, and waits


def remembered(cause: str | None) -> Cause:
    """Return the cause of a stored word, which another version may have written."""
    try:
        return Cause(cause or "")
    except ValueError:
        return Cause.UNEXPECTED


def nobody_answers(causes: Collection[str | None]) -> bool:
    """Return whether no site answers: this machine has no network. `causes`: of all watched sources, more than one; None if working."""
    silent = [cause for cause in causes if cause != Cause.NEEDS_BROWSER]  # not asked, whatever the network
    return len(silent) > 1 and Cause.UNREACHABLE in silent and all(cause in {Cause.UNREACHABLE, Cause.RESTING} for cause in silent)


def unread_since(overview: Overview, after: timedelta = timedelta()) -> dict[str, datetime] | None:
    """Return the authorities without a readable source for so long, and since when; None if unknown: bot stopped, or no network."""
    watched = [route for route in overview.sources if route.status is not Status.UNWATCHED]
    if overview.stalled_since is not None or overview.polled_in_future is not None or nobody_answers([route.cause for route in watched]):
        return None
    failing = [one for one in overview.authorities if one.status is Status.FAILING and one.main is not None]
    since = {one.code: one.main.since for one in failing if one.main is not None and one.main.since is not None}
    return {code: at for code, at in since.items() if overview.at - at >= after}
