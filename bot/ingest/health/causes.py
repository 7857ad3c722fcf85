"""What is wrong with a source. Pure."""

from __future__ import annotations

from bot.domain.health import Cause
from sources.http import Disallowed
from sources.model import (
    Blocked,
    Emptied,
    FetchError,
    FetchRefused,
    Gone,
    LayoutChanged,
    MovedAway,
    NeedsBrowser,
    Paused,
    UnderMaintenance,
    Unreachable,
    Unusable,
)

_BY_ERROR: tuple[tuple[type[FetchError], Cause], ...] = (
    # The more precise ones first.
    (Emptied, Cause.EMPTIED),
    (LayoutChanged, Cause.STRUCTURE),
    (MovedAway, Cause.MOVED),
    (Gone, Cause.MOVED),
    (Unusable, Cause.UNUSABLE),
    (Blocked, Cause.CHALLENGE),
    (UnderMaintenance, Cause.MAINTENANCE),
    (FetchRefused, Cause.BLOCKED),
    (Paused, Cause.RESTING),
    (Unreachable, Cause.UNREACHABLE),
    (NeedsBrowser, Cause.NEEDS_BROWSER),
    (Disallowed, Cause.ROBOTS),
)


def cause_of(error: FetchError) -> Cause:
    """What a failed poll means, by the type of its error."""
    return next((cause for kind, cause in _BY_ERROR if isinstance(error, kind)), Cause.UNEXPECTED)
