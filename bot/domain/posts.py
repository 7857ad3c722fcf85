"""Decides to whom a decree goes, and when (destinations by filters, followers by follows), and defines the states of posts. A post is one
message to one destination. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.domain.acts import ALLOWING, CHANGING, Change, Decree, Filter, Kind, Moment, Place, department_of, named_in
from bot.domain.facts import posted_facts
from bot.domain.text import clean_or_none, fold_words

Platform = Literal["console", "telegram", "mastodon", "apprise"]
Visibility = Literal["public", "unlisted", "private", "direct"]


@dataclass(frozen=True, slots=True)
class Destination:
    """Defines a destination and its filter. `chat` is a Telegram chat id or `@channel`."""

    name: str
    platform: Platform
    filter: Filter = field(default_factory=Filter)
    chat: int | str | None = None


def route_to(
    wired: Sequence[Destination], targets: Callable[[Decree], FollowTargets] | None, decree: Decree
) -> Sequence[str | FollowTargets]:
    """Return the names of the destinations that want a decree, in the order given, and its targets where followers exist."""
    named = (destination.name for destination in wired if wants(destination.filter, decree))
    return (*named, *(() if targets is None else (targets(decree),)))


def wants(wish: Filter, decree: Decree) -> bool:
    """Return whether a filter passes a decree; every non-empty set must match. Departments match its authority's and those that published
    it in a recueil of their own number (decrees of several prefects bear one's number). Operators unread or to verify pass: rather one post
    too many.
    """
    if (wish.topics and decree.topic not in wish.topics) or (wish.kinds and decree.kind not in wish.kinds):
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
    """Lists what can be followed, the narrowest first. Stored: a word is never renamed."""

    DECREE = "decree"
    COMMUNE = "commune"
    WORDS = "words"
    OPERATOR = "operator"
    DEPARTMENT = "department"
    REGION = "region"
    DECREE_KIND = "decree_kind"


class FollowMode(StrEnum):
    """When a chat gets its messages. Stored: a word is never renamed."""

    AT_ONCE = "at_once"
    DAILY = "daily"


class NoticeState(StrEnum):
    """Progress of a notice to a follower that an authority is unreadable or a decree withdrawn, and of that of its end. Stored."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    END_DUE = "end_due"
    END_SENDING = "end_sending"


@dataclass(frozen=True, slots=True, order=True)
class Follow:
    """Something followed. `value`: INSEE code of a commune, department or region, an `operator_key`, a word of `Kind`, the id of a decree,
    or words that a decree must hold, all of them, by the rules of the search. `topics`: of the decrees that are wanted; none: of all."""

    kind: FollowKind
    value: str
    topics: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Follower:
    """All data of a Telegram follower. `since`: first follow; `language`: `fr` or `en`; `paused_at`; `blocked_at`: Telegram refuses."""

    chat: int
    language: str
    mode: FollowMode
    since: date
    follows: tuple[Follow, ...] = ()
    paused_at: datetime | None = None
    blocked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowTargets:
    """What can be followed of a decree: `departments` of its authorities, their `regions`, `communes` named (an arrondissement and its city
    count as each other), keys of `operators`, the decrees that it `changes`. `words`: those that are followed and it holds; the store adds
    them. `topic`: what it is about.
    """

    kind: Kind
    departments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    communes: frozenset[str] = frozenset()
    operators: tuple[str, ...] = ()
    changes: frozenset[int] = frozenset()
    words: frozenset[str] = frozenset()
    topic: str = ""

    @property
    def values(self) -> Mapping[FollowKind, frozenset[str]]:
        """Return the values of the follows that it meets, of each kind that is met by one of some values."""
        return {
            FollowKind.DECREE: frozenset(map(str, self.changes)),
            FollowKind.WORDS: self.words,
            FollowKind.DEPARTMENT: self.departments,
            FollowKind.REGION: self.regions,
            FollowKind.DECREE_KIND: frozenset({self.kind.value}),
        }


class Relevance(StrEnum):
    """How a decree matches a follow: it is about it, or names no commune and may concern the one followed."""

    IS_ABOUT = "is_about"
    MAY_CONCERN = "may_concern"


def targets_of(decree: Decree, places: Mapping[str, Place], regions: Mapping[str, str], communes: Iterable[str]) -> FollowTargets:
    """Return a decree's targets, in all departments of its `authorities`. `regions`: region by department; `communes`: codes named."""
    departments = decided_in(decree, places)
    return FollowTargets(
        kind=decree.kind,
        departments=departments,
        regions=frozenset(regions[code] for code in departments if code in regions),
        communes=frozenset(communes),
        operators=tuple(dict.fromkeys(operator_key(name) for name in decree.facts.operators)),
        changes=frozenset(named_in(decree.changes)),
        topic=decree.topic,
    )


def decided_in(decree: Decree, places: Mapping[str, Place]) -> frozenset[str]:
    """Return the departments of all authorities of a decree."""
    return frozenset(code for authority in decree.authorities for code in departments_of(authority, places))


def departments_of(authority: str, places: Mapping[str, Place]) -> frozenset[str]:
    """Return the codes of the departments in which an authority decides."""
    place = places.get(authority)
    return place.territory if place is not None and place.territory else frozenset({authority})


def match(follow: Follow, targets: FollowTargets) -> Relevance | None:
    """Return how a decree matches a follow, or None. Unread operators match no follow of an operator."""
    if follow.topics and targets.topic not in follow.topics:
        return None
    if follow.kind is FollowKind.COMMUNE:
        return _match_commune(follow.value, targets)
    if follow.kind is FollowKind.OPERATOR:
        found = any(f" {follow.value} " in f" {name} " for name in targets.operators)
    else:
        found = follow.value in targets.values[follow.kind]
    return Relevance.IS_ABOUT if found else None


def _match_commune(code: str, targets: FollowTargets) -> Relevance | None:
    if targets.communes:
        if code in targets.communes or whole_city(code) in targets.communes:
            return Relevance.IS_ABOUT
        return Relevance.IS_ABOUT if code in {whole_city(named) for named in targets.communes} else None
    return Relevance.MAY_CONCERN if department_of(code) in targets.departments else None


def reasons(follows: Iterable[Follow], targets: FollowTargets) -> tuple[tuple[Follow, Relevance], ...]:
    """Return the follows that a decree matches, first those that it is about, narrowest first."""
    order = list(FollowKind)
    found = [(follow, how) for follow in follows if (how := match(follow, targets)) is not None]
    return tuple(sorted(found, key=lambda one: (one[1] is Relevance.MAY_CONCERN, order.index(one[0].kind), one[0].value)))


def whole_city(commune: str) -> str | None:
    """Return the city of an arrondissement (`75115` -> `75056`), None for other communes."""
    city = next((city for start, city in _WHOLE_CITIES.items() if commune.startswith(start)), None)
    return None if city == commune else city


def operator_key(name: str) -> str:
    """Return the name of an operator without case, accents and signs: `Préfecture de police` -> `prefecture de police`."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in fold_words(name)).split())


LONGEST_SLUG = 100
"""Characters of the name of an operator in an address."""


def operator_slug(name: str) -> str:
    """Return an operator's name for addresses: `Préfecture de police` -> `prefecture-de-police`; empty without letters and digits."""
    return operator_key(name).replace(" ", "-")[:LONGEST_SLUG].strip("-")


# When.


def not_before(decree: Decree, mode: FollowMode, now: datetime) -> datetime | None:
    """Return when a message about a decree found now may go to a chat of this mode; None: at once."""
    return None if mode is FollowMode.AT_ONCE or is_urgent(decree, now) else next_digest(now)


def is_urgent(decree: Decree, now: datetime) -> bool:
    """Return whether a decree, not over, has begun or begins within `SOON`, or grants something without naming a day."""
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
    """Return whether a chat shares message ids with all private chats and basic groups, unlike supergroups and channels."""
    chat = followed_chat(destination)
    return chat is not None and chat > _OWN_IDS


@dataclass(frozen=True, slots=True, order=True)
class WaitingPosts:
    """Posts waiting for a chat: whether only edits, the oldest post, and how many."""

    is_edit: bool
    oldest: int
    messages: int = 1


def next_chats(due: Mapping[int, WaitingPosts], served: Mapping[int, int], most: int) -> list[int]:
    """Return at most `most` chats to serve next: posts before edits, then longest unserved (round in `served`), then oldest post."""
    return sorted(due, key=lambda chat: (due[chat].is_edit, served.get(chat, 0), due[chat].oldest))[:most]


# One message to one destination, its states, and what it says of its decree.


class PostState(StrEnum):
    """States of a post. `UNKNOWN`: answer lost, search before any retry. `HELD`: a person must look. `REFUSED`: given up."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    HELD = "held"


class PostCause(StrEnum):
    """Causes of a post's state: the last event besides a send. Closed list."""

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
    """Result of the last check of a destination: `trouble` (None: nothing), since when, and in words."""

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
    """Message ids of a Telegram chat for searching one post. `before`: the greatest known before the send, or None; never newer, as the
    search starts after it. `known`: all recorded posts, skipped. `newest`: the greatest known now. `searched_to`: searched in vain so far.
    `is_begun`: a send may have begun.
    """

    before: int | None = None
    known: frozenset[int] = frozenset()
    newest: int | None = None
    searched_to: int | None = None
    is_begun: bool = True


@dataclass(frozen=True, slots=True)
class Post:
    """Holds one message: a decree, or a digest of several.

    `key`: idempotency key; `digest`: id of a digest's first post; `also`: its other decrees; `reference`: platform's id;
    `not_before`: next try; `reconcile_attempts`: unclear searches in a row; `closed_at`: sent or given up; `reply_to`: changed decree's
    message; `sought_since`: perhaps sent since; `below`: later changes there; `words`: see `FollowTargets`.
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
    words: frozenset[str] = frozenset()

    @property
    def decrees(self) -> tuple[Decree, ...]:
        """Return every decree that the message is about."""
        return (self.decree, *self.also)


# What a post says decides whether it is edited. Effects of later decrees and the day of publication (it sets the limit to contest) are
# kept current. A fact read differently is not: no program knows which reading is right. Pure.

COMPLETED_FOR = timedelta(days=7)
"""How long a sent post is edited for more facts, so that new rules do not edit posts of years. Later decrees are shown at any age."""

CONTESTED_FOR = timedelta(days=62)
"""How long it is edited for its publication day: the two months to contest (article R. 421-1 of the code de justice administrative)."""


@dataclass(frozen=True, slots=True)
class PostContent:
    """What a post says, for edits. `facts`: names of facts given and settled (`places.settled:6f1d…`); without, all and the day.
    `published`: day. `changes`: later decrees as chains of ids, with their ends (`suspension:15:16`); without, unknown.
    """

    facts: frozenset[str] | None = None
    published: date | None = None
    changes: frozenset[str] | None = None


UNRECORDED = PostContent(changes=frozenset())
"""Of a post whose content is not recorded, as that of a restored database may be: every fact, and nothing of later decrees."""


def content_of(decree: Decree) -> PostContent:
    """Return what a post sent now says of the decree."""
    values = {fact.name: getattr(decree.facts, fact.name) for fact in posted_facts()}
    facts = {name for name, value in values.items() if value not in (None, ())}
    facts |= {f"{name}.hour" for name, value in values.items() if isinstance(value, Moment) and value.time is not None}
    facts |= {f"{name}{_SETTLED}{_digest(values[name])}" for name in decree.facts.settled if name in values}
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
    """Return the content of an edited post: facts once given stay given; superseded answers of a person do not."""
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


# A lost message is searched by link (page of a file) and number, both of which later readings may change. So every try of a post shows,
# and is searched by, those of the first; edits show what became known since.


def recognised_by(decree: Decree) -> dict[str, Any]:
    """Return what a message about this decree is recognised by: a JSON object."""
    return {"url": decree.url, "page": decree.page, "number": clean_or_none(decree.facts.number)}


def as_first_sent(decree: Decree, recognised: Mapping[str, Any] | None) -> Decree:
    """Return the decree with link and number as in its message, if recorded."""
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
    """Return whether a decree read now may have been posted before a restore: recueil known, or published by then, found since."""
    if found_at < restored_at:
        return True
    if published is None:
        return found_at < restored_at + UNDATED_IN_DOUBT
    return published <= (restored_at + _DAY_BEGINS[authority.startswith(_OVERSEAS)]).date()
