"""Is each source alive, and if not, why? Pure: what is remembered of a source, its habits and the time in, a judgement out.

A source that yields nothing is failing, not quiet; one that was never asked, or that nobody can ask, is not fine either.
"""

from bot.health.causes import Cause, cause_of, nobody_answers
from bot.health.judging import (
    ASLEEP_AFTER,
    STUCK_ALONE,
    STUCK_AT_ONCE,
    STUCK_SOON,
    asleep_since,
    judge_authority,
    judge_destination,
    judge_source,
    needs_person,
)
from bot.health.states import AuthorityHealth, DestinationHealth, Overview, SourceHealth, Status

__all__ = [
    "ASLEEP_AFTER",
    "STUCK_ALONE",
    "STUCK_AT_ONCE",
    "STUCK_SOON",
    "AuthorityHealth",
    "Cause",
    "DestinationHealth",
    "Overview",
    "SourceHealth",
    "Status",
    "asleep_since",
    "cause_of",
    "judge_authority",
    "judge_destination",
    "judge_source",
    "needs_person",
    "nobody_answers",
]
