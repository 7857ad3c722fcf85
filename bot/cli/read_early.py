"""Decrees found in a document while other pages of it are still to be read. Pure."""

from __future__ import annotations

from bot.cli.read_output import early_line
from bot.domain import Outcome, Reading, TextOrigin
from bot.ingest.judging import concerned, judge_reading

__all__ = ["concerned", "early_lines"]


def early_lines(reading: Reading) -> tuple[str, ...]:
    """A line for each decree among the acts of which no page is still to be read."""
    whole = [group for group in judge_reading(reading) if all(page.origin is not TextOrigin.PENDING for page in group[0].act.pages)]
    return tuple(early_line(item) for group in whole for item in group if item.verdict.outcome is Outcome.DECREE)
