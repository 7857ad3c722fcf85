"""One message to one destination, and its life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.decrees import Decree


class PostState(StrEnum):
    """Life of one post. `UNKNOWN`: sent, answer lost; it is looked for at the destination before any retry. `HELD`: a person must say
    whether it is there. `REFUSED`: given up until a person looks, or by a person."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    HELD = "held"


class PostCause(StrEnum):
    """The closed list of why a post is in its state: the last thing that happened to it besides being sent."""

    NOT_SENT = "not_sent"  # no connection was made
    RATE_LIMITED = "rate_limited"  # the platform asks for patience
    REFUSED_CONTENT = "refused_content"  # the platform does not take this message
    REFUSED_DESTINATION = "refused_destination"  # it takes nothing from us there: token, rights, chat
    MIGRATED = "migrated"  # the chat has another id now
    LOST_ANSWER = "lost_answer"  # perhaps sent
    FAULT = "fault"  # perhaps sent: a fault of the program itself
    KILLED = "killed"  # perhaps sent: the program ended without a word
    STOPPED = "stopped"  # the program was told to stop: in the middle of it (perhaps sent), or before it began
    RECONCILE_FOUND = "reconcile_found"  # looked for, and there
    RECONCILE_ABSENT = "reconcile_absent"  # looked for, and not there: to be sent again
    RECONCILE_UNCLEAR = "reconcile_unclear"  # looked for, and nobody can tell
    CANNOT_ASK = "cannot_ask"  # the platform could not be asked
    AWAITS_PERSON = "awaits_person"  # not looked for, as configured
    AWAITS_EARLIER = "awaits_earlier"  # a post of a decree that this one changes goes out first
    RESENT = "resent"  # sent again without looking, as configured: it may be there twice
    EDIT_EXPOSED = "edit_exposed"  # of an edit: the server shows what is edited to others than before
    BY_PERSON = "by_person"


class DestinationTrouble(StrEnum):
    """The closed list of what can be wrong with a destination, the worst first."""

    REFUSED = "refused"  # it takes nothing from us: token, rights, chat
    UNREACHABLE = "unreachable"  # it does not answer
    LATE = "late"  # its posts have waited for too long
    RIGHTS = "rights"  # posts go out, but its set-up is not as it must be
    NEEDS_PERSON = "needs_person"  # a person must decide about some of its posts


@dataclass(frozen=True, slots=True)
class DestinationCheck:
    """What the last check of a destination found: nothing wrong (`trouble` None), or what is, since when, and the words for it."""

    destination: str
    trouble: DestinationTrouble | None
    detail: str
    since: datetime
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was sent: the platform's id of it, and when."""

    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChatHistory:
    """What is recorded of a Telegram chat, to look there for one post: message ids.

    `before` is the greatest one known from before that post was sent, None when there is none. It must not be newer: a search starts
    after it, and what it misses is sent again. `known` are the ids of all posts recorded as sent there: a search passes over them.
    `newest` is the greatest one known by now. `searched_to`: an earlier search has found that the post is none of those up to this one.
    """

    before: int | None = None
    known: frozenset[int] = frozenset()
    newest: int | None = None
    searched_to: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One message of a destination, as stored in the outbox: one decree, or where there are too many for a day, a digest of several.

    `key` never changes: it is the idempotency key. A digest has a key of its own, `digest`, the id of the first of its posts, and the
    decrees of the others in `also`. `reference` is the platform's id of the message once sent; `not_before` is when to try
    next; `looks` counts the times in a row that it was looked for and nobody could tell. `closed_at` is when it was sent, or given up.
    `reply_to` is the message of the decree that this one changes, where that was told there too; set for a post that is about to be sent.
    `below` are the ids of later decrees that change this one and were told there after it; set for a post that is about to be edited.
    """

    id: int
    key: str
    destination: str
    decree: Decree
    state: PostState
    attempts: int = 0
    not_before: datetime | None = None
    reference: str | None = None
    error: str | None = None
    cause: PostCause | None = None
    looks: int = 0
    created_at: datetime | None = None
    closed_at: datetime | None = None
    digest: str | None = None
    also: tuple[Decree, ...] = ()
    reply_to: SentMessage | None = None
    below: frozenset[int] = frozenset()

    @property
    def decrees(self) -> tuple[Decree, ...]:
        """Every decree that the message tells of."""
        return (self.decree, *self.also)
