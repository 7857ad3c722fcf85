"""What is striking in the dates of a decree. Pure: nothing here says that a decree is unlawful, only what a reader should check."""

from __future__ import annotations

from datetime import date

from bot.domain import Decree, Facts, Flag, Kind
from bot.domain.law.deadlines import months_later
from bot.domain.law.windows import longest, outside

_GRANTS = frozenset({Kind.AUTHORISATION, Kind.RENEWAL})
"""Kinds whose period is their own; that of the others is mostly the one of the decree they change, end or refuse."""


def flags(decree: Decree, published: date | None) -> tuple[Flag, ...]:
    """The flags of a decree published on this day (that of its recueil; None: not known), in the order of the list."""
    facts = decree.facts
    granted = decree.kind in _GRANTS
    raised = {
        Flag.OUTSIDE_WINDOW: bool(outside(facts)) or any(quote.about == Flag.OUTSIDE_WINDOW for quote in decree.evidence),
        Flag.LONGER_THAN_ALLOWED: granted and _too_long(facts),
        # On the day of its start a recueil may have appeared before the hour.
        Flag.PUBLISHED_AFTER_START: granted and facts.starts is not None and published is not None and published > facts.starts.day,
    }
    return tuple(flag for flag in Flag if raised[flag])


def _too_long(facts: Facts) -> bool:
    """From the 1st to the 1st of the next month is a month: hours are not counted."""
    if facts.starts is None or facts.ends is None:
        return False
    months = longest(facts.starts.day)
    return months is not None and facts.ends.day > months_later(facts.starts.day, months)
