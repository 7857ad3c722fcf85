"""Decides to whom a decree goes: destinations by their filters, chats by what they follow, and when a message may go there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.acts import ALLOWING, Decree, Filter, Kind, Place, department_of
from bot.domain.text import fold_words

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
