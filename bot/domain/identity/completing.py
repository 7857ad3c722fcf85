"""What is known of a decree that appears in several places: the facts of its first sighting, completed by the others, and when it was
published. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

from bot.domain import Facts

# What it says of others stays that of one text, with its links; so does whose decree it is.
_KEPT = frozenset({"references", "authority"})
_PERIOD = frozenset({"starts", "ends"})
COMPLETED = tuple(entry.name for entry in fields(Facts) if entry.name not in _KEPT | _PERIOD)
"""The facts that another sighting tells where the first does not, whatever the others say."""


def completed(own: Facts, others: Sequence[Facts]) -> Facts:
    """The facts of the first sighting, with those that only a later one tells, in the order of the sightings.

    A draft without signature is followed by the signed text, a scan by a text that can be read. Nothing is ever overwritten: which of two
    texts is right, no program can tell. A period is completed only by one that agrees with the half that is known.
    """
    facts = own
    for other in others:
        missing: dict[str, Any] = {name: value for name in COMPLETED if not getattr(facts, name) and (value := getattr(other, name))}
        facts = replace(facts, **missing, **_period(facts, other))
    return facts


def earliest(days: Iterable[date | None], signed: date | None) -> date | None:
    """The first of the days on which a decree was published, as far as they are known; None where none is.

    Third parties have two months from the publication (article R. 421-1 of the code de justice administrative): of several, only the first
    gives a last day that is safe. Nothing is published before it is signed: such a day was misread, and counts only where no other is
    known.
    """
    known = [day for day in days if day is not None]
    possible = [day for day in known if signed is None or day >= signed]
    return min(possible or known, default=None)


def _period(facts: Facts, other: Facts) -> dict[str, Any]:
    if facts.starts is None and facts.ends is None:
        return {"starts": other.starts, "ends": other.ends}
    if facts.ends is None and other.starts == facts.starts:
        return {"ends": other.ends}
    if facts.starts is None and other.ends == facts.ends:
        return {"starts": other.starts}
    return {}
