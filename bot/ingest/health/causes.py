"""What is wrong with a source. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from sources.errors import Emptied, LayoutChanged
from sources.http import Disallowed
from sources.model import Blocked, FetchError, Gone, MovedAway, NeedsBrowser, Paused, Refused, UnderMaintenance, Unreachable, Unusable


class Cause(StrEnum):
    """What is wrong with a source. `RELOCATED` and `MISFILED` are no failures: it still works, and somebody should look: at the address in
    the catalogue, or at whose recueils it shows."""

    UNREACHABLE = "unreachable"  # no answer
    BLOCKED = "blocked"  # an answer that refuses: 401, 403, 429, 5xx
    CHALLENGE = "challenge"  # a block or challenge page in the place of the real one
    MAINTENANCE = "maintenance"  # the site says that it is under maintenance
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
    MISFILED = "misfiled"  # it works, and shows acts of another authority


_BY_ERROR: tuple[tuple[type[FetchError], Cause], ...] = (
    # The more precise ones first.
    (Emptied, Cause.EMPTIED),
    (LayoutChanged, Cause.STRUCTURE),
    (MovedAway, Cause.MOVED),
    (Gone, Cause.MOVED),
    (Unusable, Cause.UNUSABLE),
    (Blocked, Cause.CHALLENGE),
    (UnderMaintenance, Cause.MAINTENANCE),
    (Refused, Cause.BLOCKED),
    (Paused, Cause.RESTING),
    (Unreachable, Cause.UNREACHABLE),
    (NeedsBrowser, Cause.NEEDS_BROWSER),
    (Disallowed, Cause.ROBOTS),
)


def cause_of(error: FetchError) -> Cause:
    """What a failed poll means, by the type of its error."""
    return next((cause for kind, cause in _BY_ERROR if isinstance(error, kind)), Cause.UNEXPECTED)


def remembered(cause: str | None) -> Cause:
    """A word of the database; another version of the program may have written one that this one does not know."""
    try:
        return Cause(cause or "")
    except ValueError:
        return Cause.UNEXPECTED


def nobody_answers(causes: Collection[str | None]) -> bool:
    """Whether no site at all answers, so that it is this machine, rather than so many sites, that has no network.

    `causes` are those of all watched sources, None for one that does not fail. Of a single source nobody can tell.
    """
    silent = [cause for cause in causes if cause != Cause.NEEDS_BROWSER]  # not asked, whatever the network
    return len(silent) > 1 and Cause.UNREACHABLE in silent and all(cause in {Cause.UNREACHABLE, Cause.RESTING} for cause in silent)
