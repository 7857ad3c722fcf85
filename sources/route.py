"""Which links to follow today: pure decisions on periods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sources.pages import Way

GRACE = timedelta(days=7)
"""How long a month or year is still watched after its end: bulletins of the last days are put online late."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The ways of one page sorted for a given day; what lies in the future is left out.

    `current` covers the day (or is always followed), `recent` ended within the grace time, `earlier` is older, newest first. `is_awaited`:
    the page sorts by period but has no way that covers the day, which may still appear.
    """

    current: tuple[Way, ...] = ()
    recent: tuple[Way, ...] = ()
    earlier: tuple[Way, ...] = ()
    is_awaited: bool = False


def choose(ways: Sequence[Way], today: date, *, year: int | None, always: Sequence[str] = ()) -> Choice:
    """Sort `ways`. `year` is that of the page, for labels without one; `always` are patterns of ways without a period to follow any day."""
    followed = tuple(way for way in ways if way.period is None and matches(always, way.url, way.text))
    dated = [(way, bounds) for way in ways if way.period and (bounds := way.period.bounds(year))]
    if not dated and year is None:
        # Months alone, no year anywhere: they can only be this year's.
        dated = [(way, bounds) for way in ways if way.period and (bounds := way.period.bounds(today.year))]
    begun = sorted(((way, bounds) for way, bounds in dated if bounds[0] <= today), key=lambda item: (item[1][1], item[1][0]), reverse=True)
    current = tuple(way for way, bounds in begun if bounds[1] >= today)
    return Choice(
        current=followed + current,
        recent=tuple(way for way, bounds in begun if today - GRACE <= bounds[1] < today),
        earlier=tuple(way for way, bounds in begun if bounds[1] < today - GRACE),
        is_awaited=bool(dated) and not current,
    )


def matches(patterns: Iterable[str], *texts: str) -> bool:
    """Whether one of the catalogue's patterns is found in one of the texts, in any case."""
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts)
