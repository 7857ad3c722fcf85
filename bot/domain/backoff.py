"""How long to wait after failures in a row. Pure."""

from __future__ import annotations

from datetime import timedelta

_DOUBLINGS = 16


def backoff(attempt: int, *, first: timedelta, cap: timedelta, jitter: float = 0.0) -> timedelta:
    """Return the wait after the `attempt`-th failure in a row (from 1): `first`, doubled each time, at most `cap`, and lengthened by a part
    `jitter` of itself, so that programs that failed together do not come back together.
    """
    return min(first * (1 << min(max(attempt - 1, 0), _DOUBLINGS)), cap) * (1 + jitter)
