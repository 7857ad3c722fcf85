"""What a post tells of its decree, as a set of marks: more marks later mean that there is more to tell. Pure.

What later decrees do to it is to be told as it stands: one that a person withdrew ends no other, and one that was ended itself is told with
what ended it. So is the day of its publication, which another sighting may set earlier: the last day to contest follows it. But no fact is
told anew because it reads otherwise: which of two readings is right no program can tell, and a post that changes with every new rule would
only tire its readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.domain import CHANGING, Change, Decree, Moment

COMPLETED_FOR = timedelta(days=7)
"""How long after it was sent a post is edited for more facts. Later nobody reads it for them, and a new rule of detection, which finds
one more fact in every decree of years, would have every post edited. What later decrees do is told however old the post is."""

CONTESTED_FOR = timedelta(days=62)
"""How long it is edited for the day of its publication: two months, the time for contesting a decree, run from that day
(article R. 421-1 of the code de justice administrative)."""

_FACTS = ("number", "signed", "event", "operators", "places", "purposes", "software", "vendor", "cameras", "camera_types")
CHANGED = "changed_by:"
"""What a mark of a later decree begins with."""
_UNDONE = ":undone_by:"
_UNTOLD = f"{CHANGED}untold"
_PUBLISHED = "published:"


def marks(decree: Decree) -> frozenset[str]:
    """The facts that are known of it, the day of its publication, the later decrees that change it, and those that end these."""
    facts = decree.facts
    known = {name for name in _FACTS if getattr(facts, name) not in (None, ())}
    for name, moment in (("starts", facts.starts), ("ends", facts.ends)):
        known |= _moment(name, moment)
    if decree.published is not None:
        known.add(f"{_PUBLISHED}{decree.published.isoformat()}")
    changes = [(f"{CHANGED}{change.kind.value}:{change.decree}", change) for change in decree.changed_by if change.kind in CHANGING]
    known |= {mark for one, change in changes for mark in (one, *_undone(one, change))}
    return frozenset(known)


def news(told: str | None, decree: Decree) -> frozenset[str]:
    """What a post that told this (as `as_text` gives it) has not said, or says of later decrees and is not so any more.

    Where it is not known what it told, it said every fact.
    """
    now, before = marks(decree), frozenset((told or "").split())
    changes = _changes(now) ^ _changes(before)
    return changes if told is None else changes | (now - before)


def is_to_be_told(told: str | None, decree: Decree, sent_at: datetime | None, now: datetime) -> bool:
    """Whether a post that told this, sent then, is to be edited. `sent_at` None: not sent yet."""
    more = news(told, decree)
    age = timedelta() if sent_at is None else now - sent_at
    if age <= COMPLETED_FOR:
        return bool(more)
    return bool(_changes(more) or (age <= CONTESTED_FOR and _days(more)))


def as_text(told: str | None, decree: Decree) -> str:
    """What was told by now, as it is stored."""
    before = frozenset((told or "").split())
    now = marks(decree)
    moved = _days(before) if _days(now) else frozenset[str]()
    return " ".join(sorted(now | (before - _changes(before) - moved)))


def named_by(told: str) -> frozenset[int]:
    """The ids of the decrees that a post tells to have changed its own, or to have ended one that did."""
    return frozenset(int(part) for mark in _changes(frozenset(told.split())) for part in mark.split(":") if part.isdecimal())


def as_untold(told: str | None) -> str:
    """As it is stored of a post of which nobody knows what it says of later decrees: that is then told, however old the post is."""
    return " ".join(sorted({*(told or "").split(), _UNTOLD}))


def _undone(mark: str, change: Change) -> Iterator[str]:
    for ending in change.undone_by:
        own = f"{mark}{_UNDONE}{ending.decree}"
        yield own
        yield from _undone(own, ending)


def _changes(told: frozenset[str]) -> frozenset[str]:
    return frozenset(mark for mark in told if mark.startswith(CHANGED))


def _days(told: frozenset[str]) -> frozenset[str]:
    return frozenset(mark for mark in told if mark.startswith(_PUBLISHED))


def _moment(name: str, moment: Moment | None) -> set[str]:
    if moment is None:
        return set()
    return {name} if moment.time is None else {name, f"{name}.hour"}
