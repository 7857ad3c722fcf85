"""The clock of the real program, which everything else takes as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The clock of the real program."""
    return datetime.now(UTC)
