"""How long to wait. Pure."""

from __future__ import annotations

import math
from datetime import timedelta

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
"""A decree may start within hours: a destination that is back must get its posts soon."""
LONGEST_ASKED = timedelta(hours=24)
_DOUBLINGS = 16

SETTLE = timedelta(seconds=10)
"""Before a post whose answer was lost is looked for: the platform may still be working on it."""
FIRST_LOOK = timedelta(minutes=1)
LONGEST_LOOK = timedelta(hours=6)


SPREAD = 0.25
"""The part of a wait by which chance lengthens it at most: programs that failed together must not come back together."""


def backoff(attempts: int, retry_after: float | None = None, chance: float = 0.0) -> timedelta:
    """The wait after the `attempts`-th failed send (from 1): doubled each time, capped, and lengthened by `chance` (0 to 1).

    What the platform asks for (`retry_after`, seconds) is never undercut, and not stretched either; nonsense is ignored.
    """
    if retry_after is not None and math.isfinite(retry_after) and retry_after > 0:
        return min(timedelta(seconds=math.ceil(min(retry_after, 1e9))), LONGEST_ASKED)
    return min(_doubled(FIRST_WAIT, attempts - 1), LONGEST_WAIT) * (1 + SPREAD * min(max(chance, 0.0), 1.0))


def next_look(looks: int) -> timedelta:
    """The wait before a post is looked for again, after `looks` (from 1) times that nobody could tell."""
    return min(_doubled(FIRST_LOOK, looks - 1), LONGEST_LOOK)


def _doubled(first: timedelta, times: int) -> timedelta:
    return first * (1 << min(max(times, 0), _DOUBLINGS))
