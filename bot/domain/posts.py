"""Holds one message to one destination, its states, and what it says of its decree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.acts import CHANGING, Change, Decree, Moment
from bot.domain.text import clean_or_none


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
    RESTORED = "restored"  # perhaps sent by the program whose database was lost
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
    `is_begun`: a request to send it may have left.
    """

    before: int | None = None
    known: frozenset[int] = frozenset()
    newest: int | None = None
    searched_to: int | None = None
    is_begun: bool = True


@dataclass(frozen=True, slots=True)
class Post:
    """One message of a destination, as stored in the outbox: one decree, or where there are too many for a day, a digest of several.

    `key` never changes: it is the idempotency key. A digest has a key of its own, `digest`, the id of the first of its posts, and the
    decrees of the others in `also`. `reference` is the platform's id of the message once sent; `not_before` is when to try next;
    `reconcile_attempts` counts the times in a row that it was looked for and nobody could tell. `closed_at` is when it was sent, or given
    up.
    `reply_to` is the message of the decree that this one changes, where that was posted there too; set for a post that is about to be sent.
    `sought_since` is set where another program may have sent it of whose posts this database knows nothing: since when.
    `below` are the ids of later decrees that change this one and were posted there after it; set for a post that is about to be edited.
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
    reconcile_attempts: int = 0
    created_at: datetime | None = None
    closed_at: datetime | None = None
    digest: str | None = None
    also: tuple[Decree, ...] = ()
    sought_since: datetime | None = None
    reply_to: SentMessage | None = None
    below: frozenset[int] = frozenset()

    @property
    def decrees(self) -> tuple[Decree, ...]:
        """Return every decree that the message is about."""
        return (self.decree, *self.also)


# What a post says of its decree, which decides whether it is to be edited, and by what its message is recognised. Pure.
#
# What later decrees do to it is to be said as it stands: one that a person withdrew ends no other, and one that was ended itself is said
# with what ended it. So is the day of its publication, which another sighting may set earlier: the last day to contest follows it. But no
# fact is said anew because it reads otherwise: which of two readings is right no program can tell, and a post that changes with every new
# rule, or every new wording, would only tire its readers.

COMPLETED_FOR = timedelta(days=7)
"""How long after it was sent a post is edited for more facts. Later nobody reads it for them, and a new rule of detection, which finds
one more fact in every decree of years, would have every post edited. What later decrees do is said however old the post is."""

CONTESTED_FOR = timedelta(days=62)
"""How long it is edited for the day of its publication: two months, the time for contesting a decree, run from that day
(article R. 421-1 of the code de justice administrative)."""

_FACTS = ("number", "signed", "event", "operators", "places", "purposes", "software", "vendor", "cameras", "camera_types")


@dataclass(frozen=True, slots=True)
class PostContent:
    """What a post says of its decree, as far as an edit may follow from it.

    `facts` are the names of those that it gives, and of those that a person had settled, with what as (`places.settled:6f1d…`), `published`
    is the day of publication, `changes` are the later decrees that change its own, each as a chain of ids (`suspension:15`), with those
    that end these (`suspension:15:16`). Without `facts` it is taken to give all there are, and the day; without `changes` nobody knows what
    it says of later decrees.
    """

    facts: frozenset[str] | None = None
    published: date | None = None
    changes: frozenset[str] | None = None


UNRECORDED = PostContent(changes=frozenset())
"""Of a post that was sent before its content was recorded: every fact, and nothing of later decrees."""


def content_of(decree: Decree) -> PostContent:
    """Return what a post sent now says of the decree."""
    facts = {name for name in _FACTS if getattr(decree.facts, name) not in (None, ())}
    facts |= {*_moment("starts", decree.facts.starts), *_moment("ends", decree.facts.ends)}
    facts |= {f"{name}{_SETTLED}{_digest(getattr(decree.facts, name))}" for name in decree.facts.settled if name in _FACTS}
    changes = (chain for change in decree.changed_by if change.kind in CHANGING for chain in _chains(change.kind.value, (change,)))
    return PostContent(frozenset(facts), decree.published, frozenset(changes))


def is_outdated(said: PostContent, decree: Decree, age: timedelta = timedelta()) -> bool:
    """Return whether a post that said this, so long ago, is to be edited."""
    now = content_of(decree)
    if now.changes != said.changes:
        return True
    if said.facts is None or now.facts is None:
        return False
    moved = now.published is not None and now.published != said.published
    return (moved and age <= CONTESTED_FOR) or (age <= COMPLETED_FOR and not now.facts <= said.facts)


def edited(said: PostContent, decree: Decree) -> PostContent:
    """Return what a post says once it was edited: a fact that it gave once stays given, even where it is not read any more. What a person
    said before saying something else does not."""
    now = content_of(decree)
    given = {name for name in said.facts or () if _SETTLED not in name}
    return replace(now, facts=(now.facts or frozenset()) | given, published=now.published or said.published)


_SETTLED = ".settled:"


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:8]


def _chains(path: str, changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        own = f"{path}:{change.decree}"
        yield own
        yield from _chains(own, change.revoked_by)


def _moment(name: str, moment: Moment | None) -> tuple[str, ...]:
    if moment is None:
        return ()
    return (name,) if moment.time is None else (name, f"{name}.hour")


# A message whose answer was lost is looked for by its link (the page of a file) and its number. Both may be read anew meanwhile: another
# recueil gives the number, a better reading the page. Looked for by what is known now, the message would not be found, and sent twice. So
# every try of a post shows, and is looked for by, what the first one showed; an edit says what became known since.


def recognised_by(decree: Decree) -> dict[str, Any]:
    """Return what a message about this decree is recognised by: a JSON object."""
    return {"url": decree.url, "page": decree.page, "number": clean_or_none(decree.facts.number)}


def as_first_sent(decree: Decree, recognised: Mapping[str, Any] | None) -> Decree:
    """Return the decree with the link and the number that its message shows; as it is where nothing was noted."""
    if recognised is None:
        return decree
    number = recognised["number"]
    return replace(decree, url=recognised["url"], page=recognised["page"], facts=replace(decree.facts, number=number))


# After a restore: what the program posted of which the backup knows nothing. A decree that is found again may be there already.

UNDATED_IN_DOUBT = timedelta(days=2)
"""How long after a restore that is so of recueils without a date: they were there before, or they are new."""

_OVERSEAS = ("97", "98")
_DAY_BEGINS = {False: timedelta(hours=2), True: timedelta(hours=12)}
"""How long before UTC a day begins, in Europe, and overseas at most."""


def may_be_posted(restored_at: datetime, found_at: datetime, published: date | None, authority: str = "") -> bool:
    """Return whether what is read in a recueil now may have been posted before the database was restored: it was known then, or published
    by then and found anew since. The day of publication is one where its authority is."""
    if found_at < restored_at:
        return True
    if published is None:
        return found_at < restored_at + UNDATED_IN_DOUBT
    return published <= (restored_at + _DAY_BEGINS[authority.startswith(_OVERSEAS)]).date()
