"""Is each source alive, and if not, why? Pure: what is remembered of a source, its habits and the time in, a judgement out.

A source that yields nothing is failing, not quiet; one that was never asked, or that nobody can ask, is not fine either.
"""

from bot.domain.health import ASLEEP_AFTER, AuthorityHealth, Cause, DestinationHealth, Overview, SourceHealth, Status, nobody_answers
from bot.ingest.health.causes import cause_of
from bot.ingest.health.judging import (
    STUCK_ALONE,
    STUCK_AT_ONCE,
    STUCK_SOON,
    half_due,
    judge_authority,
    judge_destination,
    judge_source,
    needs_person,
    not_alive,
)

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
    "cause_of",
    "half_due",
    "judge_authority",
    "judge_destination",
    "judge_source",
    "needs_person",
    "nobody_answers",
    "not_alive",
]
