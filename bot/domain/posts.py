"""Decides to whom a decree goes, and when: to destinations by their filters, to chats by what they follow. Holds what becomes of it there.

A post is one message to one destination: it has states, and says something of its decree. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.domain.acts import ALLOWING, CHANGING, Change, Decree, Filter, Kind, Moment, Place, department_of
from bot.domain.text import clean_or_none, fold_words

Platform = Literal["console", "telegram", "mastodon", "apprise"]
Visibility = Literal["public", "unlisted", "private", "direct"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Says where posts go, and which decrees are wanted there. `chat` is a Telegram chat id or `@channel`."""

    name: str
    platform: Platform
    filter: Filter = field(default_factory=Filter)
    chat: int | str | None = None


def destinations_for(destinations: Iterable[Destination], decree: Decree) -> tuple[str, ...]:
    """Return the names of the destinations that want a decree, in the order given."""
    return tuple(destination.name for destination in destinations if wants(destination.filter, decree))


def route_to(wired: Sequence[Destination], topics: Callable[[Decree], Topics] | None, decree: Decree) -> Sequence[str | Topics]:
    """Return the destinations that want a decree, and what it is about, where chats can follow that."""
    return (*destinations_for(wired, decree), *(() if topics is None else (topics(decree),)))


def wants(wish: Filter, decree: Decree) -> bool:
    """Whether a filter lets a decree through; every non-empty set must agree.

    A department is met by the decrees of its authority, and by what that authority publishes in a recueil of its own number: a decree of
    several prefects bears the number of one of them. A decree whose operators could not be read, or are to be verified, passes a filter
    on operators: one post too many is better than one that is missing.
    """
    if wish.kinds and decree.kind not in wish.kinds:
        return False
    if wish.departments and wish.departments.isdisjoint(decree.authorities):
        return False
    operators = decree.facts.sure.operators
    return not wish.operators or not operators or _met_operators(wish.operators, operators)


def _met_operators(wanted: frozenset[str], operators: tuple[str, ...]) -> bool:
    names = [_folded(operator) for operator in operators]
    return any(_folded(wish) in name for wish in wanted for name in names)


def _folded(text: str) -> str:
    """Return a text without case, accents or uneven spaces."""
    return " ".join(fold_words(text).split())


# What a chat follows.

MOST_FOLLOWS = 30
"""What one chat may follow at most."""

KEPT_WHILE_PAUSED = 20
"""Decrees that wait at most for a chat that is paused: the newest."""

BLOCKED_FOR = timedelta(days=30)
"""How long a chat that takes no messages is kept before it is deleted."""

SOON = timedelta(hours=48)
"""A decree that begins within this time goes at once also to who reads once a day: whoever wants to contest it has hours."""

DIGEST_AT = time(18)
"""When the daily digest goes out, in the local time of `FRANCE`."""

FRANCE = ZoneInfo("Europe/Paris")

OPERATORS = "telegram.operators_chat"
"""What the chat of operators is called among the destinations."""

CHATS = "chat:"
"""What the names of such chats begin with, as destinations of the outbox."""

SHARED = "shared"
"""The name under which the newest message id of the row is kept that private chats and basic groups share."""

_OWN_IDS = -1_000_000_000_000
_WHOLE_CITIES = {"751": "75056", "6938": "69123", "132": "13055"}
"""Paris, Lyon and Marseille, by what the INSEE codes of their arrondissements begin with."""


class FollowKind(StrEnum):
    """What can be followed. Stored: a word is never renamed."""

    COMMUNE = "commune"
    DEPARTMENT = "department"
    REGION = "region"
    OPERATOR = "operator"
    DECREE_KIND = "decree_kind"


class FollowMode(StrEnum):
    """When a chat gets its messages. Stored: a word is never renamed."""

    AT_ONCE = "at_once"
    DAILY = "daily"


class NoticeState(StrEnum):
    """How far a chat was notified that recueils of an authority cannot be read, and that they can again. Stored."""

    UNREAD_DUE = "unread_due"
    UNREAD_SENDING = "unread_sending"
    UNREAD_SENT = "unread_sent"
    READ_DUE = "read_due"
    READ_SENDING = "read_sending"


@dataclass(frozen=True, slots=True, order=True)
class Follow:
    """One thing that is followed. `value` is the INSEE code of a commune, department or region, the folded name of an operator
    (`operator_key`), or a word of `Kind`."""

    kind: FollowKind
    value: str


@dataclass(frozen=True, slots=True)
class Follower:
    """A Telegram chat that follows something: all that is stored of it. `since` is the day of its first follow; `language` is `fr` or `en`.

    `paused_at` is set while it wants no messages, `blocked_at` since Telegram says that it takes none.
    """

    chat: int
    language: str
    mode: FollowMode
    since: date
    follows: tuple[Follow, ...] = ()
    paused_at: datetime | None = None
    blocked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Topics:
    """What a decree is about, as far as somebody can follow it.

    `departments` are those in which its authority decides, `regions` those that these lie in, `communes` the ones that it names (an
    arrondissement and its city count as each other), `operators` the keys of those that it names.
    """

    kind: Kind
    departments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    communes: frozenset[str] = frozenset()
    operators: tuple[str, ...] = ()


class Relevance(StrEnum):
    """How a decree meets a follow: it is about it, or it names no commune and may concern the one that is followed."""

    IS_ABOUT = "is_about"
    MAY_CONCERN = "may_concern"


def topics_of(decree: Decree, places: Mapping[str, Place], regions: Mapping[str, str], communes: Iterable[str]) -> Topics:
    """Return what a decree is about. `regions` gives the code of the region of a department, `communes` are the codes that it names.

    A decree counts in every department in which its authority decides: see also `Decree.authorities`.
    """
    departments = decided_in(decree, places)
    return Topics(
        kind=decree.kind,
        departments=departments,
        regions=frozenset(regions[code] for code in departments if code in regions),
        communes=frozenset(communes),
        operators=tuple(dict.fromkeys(operator_key(name) for name in decree.facts.operators)),
    )


def decided_in(decree: Decree, places: Mapping[str, Place]) -> frozenset[str]:
    """Return the codes of the departments in which the authorities decide among whose decrees this one counts."""
    return frozenset(code for authority in decree.authorities for code in departments_of(authority, places))


def departments_of(authority: str, places: Mapping[str, Place]) -> frozenset[str]:
    """Return the codes of the departments in which an authority decides."""
    place = places.get(authority)
    return place.territory if place is not None and place.territory else frozenset({authority})


def match(follow: Follow, topics: Topics) -> Relevance | None:
    """Return how a decree meets a follow, None where it does not. A decree whose operators were not read meets no follow of an operator."""
    if follow.kind is FollowKind.COMMUNE:
        return _match_commune(follow.value, topics)
    if follow.kind is FollowKind.OPERATOR:
        found = any(f" {follow.value} " in f" {name} " for name in topics.operators)
    else:
        met = {FollowKind.DEPARTMENT: topics.departments, FollowKind.REGION: topics.regions, FollowKind.DECREE_KIND: {topics.kind.value}}
        found = follow.value in met[follow.kind]
    return Relevance.IS_ABOUT if found else None


def _match_commune(code: str, topics: Topics) -> Relevance | None:
    if topics.communes:
        if code in topics.communes or whole_city(code) in topics.communes:
            return Relevance.IS_ABOUT
        return Relevance.IS_ABOUT if code in {whole_city(named) for named in topics.communes} else None
    return Relevance.MAY_CONCERN if department_of(code) in topics.departments else None


def reasons(follows: Iterable[Follow], topics: Topics) -> tuple[tuple[Follow, Relevance], ...]:
    """Return the follows that a decree meets, those that it is about first, and the narrowest first among them."""
    order = [FollowKind.COMMUNE, FollowKind.OPERATOR, FollowKind.DEPARTMENT, FollowKind.REGION, FollowKind.DECREE_KIND]
    found = [(follow, how) for follow in follows if (how := match(follow, topics)) is not None]
    return tuple(sorted(found, key=lambda one: (one[1] is Relevance.MAY_CONCERN, order.index(one[0].kind), one[0].value)))


def whole_city(commune: str) -> str | None:
    """Return the code of the city of an arrondissement (`75115` -> `75056`), None for any other commune."""
    city = next((city for start, city in _WHOLE_CITIES.items() if commune.startswith(start)), None)
    return None if city == commune else city


def operator_key(name: str) -> str:
    """Return the name of an operator without case, accents and signs: `Préfecture de police` -> `prefecture de police`."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in fold_words(name)).split())


LONGEST_SLUG = 100
"""Characters of the name of an operator in an address."""


def operator_slug(name: str) -> str:
    """Return the name of an operator as it stands in an address: `Préfecture de police` -> `prefecture-de-police`; empty for one without
    letters and digits."""
    return operator_key(name).replace(" ", "-")[:LONGEST_SLUG].strip("-")


# When.


def not_before(decree: Decree, mode: FollowMode, now: datetime) -> datetime | None:
    """Return when a message about a decree found now may go to a chat of this mode; None for at once."""
    return None if mode is FollowMode.AT_ONCE or is_urgent(decree, now) else next_digest(now)


def is_urgent(decree: Decree, now: datetime) -> bool:
    """Return whether a decree that is not over has begun, begins within `SOON`, or may: one that grants something and names no day."""
    starts, ends = decree.facts.sure.starts, decree.facts.sure.ends
    today = now.astimezone(FRANCE).date()
    if ends is not None and ends.day < today:
        return False
    return decree.kind in ALLOWING if starts is None else starts.day <= today + SOON


def next_digest(now: datetime) -> datetime:
    """Return the next `DIGEST_AT` in France, as an instant."""
    local = now.astimezone(FRANCE)
    day = local.date() if local.time() < DIGEST_AT else local.date() + timedelta(days=1)
    return datetime.combine(day, DIGEST_AT, FRANCE)


# Chats as destinations of the outbox.


def chat_destination(chat: int) -> str:
    """Return the name under which posts go to a chat that follows something."""
    return f"{CHATS}{chat}"


def followed_chat(destination: str) -> int | None:
    """Return the chat of such a name, None for a destination of the configuration."""
    number = destination.removeprefix(CHATS)
    return int(number) if destination.startswith(CHATS) and number.lstrip("-").isdigit() else None


def is_shared(destination: str) -> bool:
    """Return whether the messages of such a chat have ids of the row that all private chats and basic groups of a bot share: supergroups
    and channels, which have rows of their own, have numbers below a limit."""
    chat = followed_chat(destination)
    return chat is not None and chat > _OWN_IDS


@dataclass(frozen=True, slots=True, order=True)
class WaitingPosts:
    """What waits for a chat: messages to send or to look for, or only such as are to be edited; the oldest of these posts, and how many."""

    is_edit: bool
    oldest: int
    messages: int = 1


def next_chats(due: Mapping[int, WaitingPosts], served: Mapping[int, int], most: int) -> list[int]:
    """Return the chats to serve next, at most so many: those that wait for messages before those that wait for edits, and among them the
    one served longest ago, then the one whose oldest post was queued first. `served` has the round in which each was last served.
    """
    return sorted(due, key=lambda chat: (due[chat].is_edit, served.get(chat, 0), due[chat].oldest))[:most]


# One message to one destination, its states, and what it says of its decree.


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
    RATE_LIMITED = "rate_limited"  # the platform refuses for a while
    REFUSED_CONTENT = "refused_content"  # the platform does not take this message
    REFUSED_DESTINATION = "refused_destination"  # it takes nothing from us there: token, rights, chat
    MIGRATED = "migrated"  # the chat has another id now
    LOST_ANSWER = "lost_answer"  # perhaps sent
    FAULT = "fault"  # perhaps sent: a fault of the program itself
    KILLED = "killed"  # perhaps sent: the program ended without a word
    STOPPED = "stopped"  # the program was stopped: in the middle of it (perhaps sent), or before it began
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
    `sought_since` is set where another program may have sent it whose posts this database does not hold: since when.
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
"""Of a post whose content is not recorded, as that of a restored database may be: every fact, and nothing of later decrees."""


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


# After a restore: what the program posted and the backup does not hold. A decree that is found again may be there already.

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
