"""How many examples a property-based test takes, and how many cases a long table: enough for each change by day, all at night."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "steady")
_SHARES = {"steady": 0.1, "night": 1.0, "explore": 10.0}
_COMMON = 50
Case = TypeVar("Case")


def examples(at_night: int) -> int:
    """Return how many examples a test takes now that takes so many at night."""
    return round(at_night * _SHARES[PROFILE])


def load_profile() -> None:
    """Let every run say the same, on a busy machine too: the same examples, however long they take. Only `explore` takes others."""
    for name, share in _SHARES.items():
        settings.register_profile(
            name,
            derandomize=name != "explore",
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            max_examples=round(_COMMON * share),
        )
    settings.load_profile(PROFILE)


def by_day(cases: Iterable[Case], most: int) -> list[Case]:
    """Return so many of the cases, spread from first to last; at night all of them."""
    every = list(cases)
    if PROFILE != "steady" or len(every) <= most:
        return every
    return [every[(index + 1) * len(every) // most - 1] for index in range(most)]
