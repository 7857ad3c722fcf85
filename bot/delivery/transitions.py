"""Decides the next state of a post from its state and an event, purely; the outbox applies it. SENT is final and SENDING follows PENDING
only, so nothing is sent twice unless a person or the configuration says so. PENDING and UNKNOWN go on by themselves, HELD and REFUSED by a
notified person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.delivery.channel import DeliveryUnknown, DestinationRefused, HoldForPerson, Migrated, NotSent, Refused, SendAgain
from bot.domain.posts import PostCause, PostState
from bot.domain.tasks import backoff
from bot.storage.outbox import SETTLE

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
"""A decree may start within hours: a destination that is back must get its posts soon."""
LONGEST_ASKED = timedelta(hours=24)
FIRST_SEARCH_WAIT = timedelta(minutes=1)
LONGEST_SEARCH_WAIT = timedelta(hours=6)

REFUSED_REST = timedelta(minutes=10)
"""How long a destination that takes nothing is left alone."""

SPREAD = 0.25
"""The part of a wait by which chance lengthens it at most."""

_MOVES = 3
"""Sends after which a chat that moved yet again has to wait: it may go in a circle."""


def retry_wait(attempts: int, retry_after: float | None = None, chance: float = 0.0) -> timedelta:
    """Return the wait after failed send `attempts` (from 1), lengthened by `chance` (0 to 1); `retry_after` seconds if given."""
    if retry_after is not None and math.isfinite(retry_after) and retry_after > 0:
        return min(timedelta(seconds=math.ceil(min(retry_after, 1e9))), LONGEST_ASKED)
    return backoff(attempts, first=FIRST_WAIT, cap=LONGEST_WAIT, jitter=SPREAD * min(max(chance, 0.0), 1.0))


class Event(StrEnum):
    """Lists what can happen to a post."""

    CLAIMED = "claimed"
    SENT = "sent"
    NOT_SENT = "not_sent"
    RATE_LIMITED = "rate_limited"
    REFUSED_CONTENT = "refused_content"
    REFUSED_DESTINATION = "refused_destination"
    MIGRATED = "migrated"
    LOST_ANSWER = "lost_answer"
    FAULT = "fault"
    STOPPED_BEFORE = "stopped_before"
    STOPPED_WHILE = "stopped_while"
    KILLED = "killed"
    FOUND = "found"
    ABSENT = "absent"
    UNCLEAR = "unclear"
    CANNOT_ASK = "cannot_ask"
    HOLD = "hold"
    RESEND = "resend"
    PERSON_RETRY = "person_retry"
    PERSON_DROP = "person_drop"
    PERSON_SENT = "person_sent"
    PERSON_NOT_SENT = "person_not_sent"


@dataclass(frozen=True, slots=True)
class WaitFactors:
    """What waits depend on: sends including this, earlier searches without result (`unclear`: one, of which operators were notified),
    seconds that the platform requests, chance (0 to 1).
    """

    attempts: int = 0
    reconcile_attempts: int = 0
    unclear: bool = False
    retry_after: float | None = None
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class Transition:
    """Holds the new state. `cause` None keeps the last. `rest`: pause of its destination; `notify`: operators are notified."""

    state: PostState
    not_before: datetime | None = None
    cause: PostCause | None = None
    rest: timedelta | None = None
    reconcile_attempts: int = 0
    notify: bool = False


_PENDING, _SENDING, _SENT = PostState.PENDING, PostState.SENDING, PostState.SENT
_REFUSED, _UNKNOWN, _HELD = PostState.REFUSED, PostState.UNKNOWN, PostState.HELD

_SENDING_ONLY, _UNKNOWN_ONLY = frozenset({_SENDING}), frozenset({_UNKNOWN})
_QUEUED, _DOUBTFUL = frozenset({_PENDING, _REFUSED}), frozenset({_UNKNOWN, _HELD})

_FIXED: Mapping[Event, tuple[frozenset[PostState], Transition]] = MappingProxyType(
    {
        Event.CLAIMED: (frozenset({_PENDING}), Transition(_SENDING)),
        # An answer that comes late is true all the same.
        Event.SENT: (frozenset(PostState) - {_SENT}, Transition(_SENT)),
        Event.FOUND: (_UNKNOWN_ONLY, Transition(_SENT, cause=PostCause.RECONCILE_FOUND)),
        Event.HOLD: (_UNKNOWN_ONLY, Transition(_HELD, cause=PostCause.AWAITS_PERSON, notify=True)),
        Event.REFUSED_CONTENT: (_SENDING_ONLY, Transition(_REFUSED, cause=PostCause.REFUSED_CONTENT, notify=True)),
        # One in doubt is neither tried again nor dropped, which a retry would take back: a person says first whether it is there.
        Event.PERSON_DROP: (_QUEUED, Transition(_REFUSED, cause=PostCause.BY_PERSON)),
        Event.PERSON_SENT: (_DOUBTFUL, Transition(_SENT, cause=PostCause.BY_PERSON)),
    }
)
"""The states in which an event counts, and its step, which depends on nothing else. In any other state it came too late."""

_AGAIN_AT_ONCE: Mapping[Event, tuple[frozenset[PostState], PostCause]] = MappingProxyType(
    {
        Event.STOPPED_BEFORE: (_SENDING_ONLY, PostCause.STOPPED),
        Event.ABSENT: (_UNKNOWN_ONLY, PostCause.RECONCILE_ABSENT),
        Event.RESEND: (_UNKNOWN_ONLY, PostCause.RESENT),
        Event.PERSON_RETRY: (_QUEUED, PostCause.BY_PERSON),
        Event.PERSON_NOT_SENT: (_DOUBTFUL, PostCause.BY_PERSON),
    }
)

_IN_DOUBT: Mapping[Event, PostCause] = MappingProxyType(
    {
        Event.LOST_ANSWER: PostCause.LOST_ANSWER,
        Event.FAULT: PostCause.FAULT,
        Event.STOPPED_WHILE: PostCause.STOPPED,
        Event.KILLED: PostCause.KILLED,
    }
)
"""Failures while a post is sent, after which it may be there."""

_SEARCHED = frozenset({Event.UNCLEAR, Event.CANNOT_ASK})


def transition(state: PostState, event: Event, counts: WaitFactors, now: datetime) -> Transition | None:
    """Return the step that an event makes, None where it changes nothing in that state."""
    if event in _FIXED:
        states, step = _FIXED[event]
        return step if state in states else None
    if event in _AGAIN_AT_ONCE:
        states, cause = _AGAIN_AT_ONCE[event]
        return Transition(_PENDING, now, cause) if state in states else None
    if event in _SEARCHED:
        return _still_in_doubt(event, counts, now) if state is _UNKNOWN else None
    if state is not _SENDING:
        return None
    if event in _IN_DOUBT:
        # Nothing follows it until it was looked for.
        return Transition(_UNKNOWN, now + SETTLE, _IN_DOUBT[event], rest=SETTLE)
    return _after_a_wait(event, counts, now)


def _after_a_wait(event: Event, counts: WaitFactors, now: datetime) -> Transition:
    """Certainly not there, and not to be sent at once."""
    if event is Event.REFUSED_DESTINATION:
        # Nothing is wrong with the post: it goes out once the token or the rights are mended.
        return Transition(_PENDING, now + REFUSED_REST, PostCause.REFUSED_DESTINATION, rest=REFUSED_REST, notify=True)
    if event is Event.MIGRATED and counts.attempts <= _MOVES:
        return Transition(_PENDING, now, PostCause.MIGRATED)
    wait = retry_wait(counts.attempts, counts.retry_after, counts.chance)
    return Transition(_PENDING, now + wait, PostCause(event.value), rest=wait)


def _still_in_doubt(event: Event, counts: WaitFactors, now: datetime) -> Transition:
    attempts = counts.reconcile_attempts + 1
    if event is Event.UNCLEAR:
        wait = backoff(attempts, first=FIRST_SEARCH_WAIT, cap=LONGEST_SEARCH_WAIT)
        return Transition(_UNKNOWN, now + wait, PostCause.RECONCILE_UNCLEAR, reconcile_attempts=attempts, notify=not counts.unclear)
    # As soon as the destination has rested: before anything else is sent there.
    wait = retry_wait(attempts, counts.retry_after, counts.chance)
    return Transition(_UNKNOWN, now + wait, None if counts.unclear else PostCause.CANNOT_ASK, rest=wait, reconcile_attempts=attempts)


# What an error of a channel means for a post.


def event_of(error: Exception) -> Event:
    """Return what a failed send means. What no channel should raise may have happened after the message left: it is in doubt."""
    match error:
        case Migrated():
            return Event.MIGRATED
        case NotSent():
            return Event.RATE_LIMITED if error.limited else Event.NOT_SENT
        case DestinationRefused():
            return Event.REFUSED_DESTINATION
        case Refused():
            return Event.REFUSED_CONTENT
        case DeliveryUnknown():
            return Event.LOST_ANSWER
        case _:
            return Event.FAULT


def looked_for(error: Exception, *, restored: bool = False) -> Event:
    """Return what a look means that found neither that it is there nor that it is not. `restored`: a program whose database was lost may
    have sent it; so many may be there that nobody wants them sent again unseen."""
    match error:
        case HoldForPerson():
            return Event.HOLD
        case SendAgain():
            return Event.HOLD if restored else Event.RESEND
        case _:
            return Event.UNCLEAR
