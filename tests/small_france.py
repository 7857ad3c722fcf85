"""What the three prefectures of the demo publish, built once for all tests of a process: their PDFs take long to write."""

from __future__ import annotations

from datetime import date
from functools import cache

from bot.app.demo.replay import CannedAnswer
from bot.app.demo.scenario import scenario


def published(today: date) -> dict[str, CannedAnswer]:
    """Canonical URL to what it answers, as of `today`; the caller's own, to change as it likes."""
    return dict(_published(today))


def watched(today: date) -> int:
    """How many pages of the Drôme a poll requests: in the first week of a month also the one on which that of the former month may stand
    yet, if it is one of the same year.
    """
    return 2 if today.month > 1 and today.day <= 7 else 1


@cache
def _published(today: date) -> dict[str, CannedAnswer]:
    return scenario(today)
