"""Define the edge to a platform: a destination that takes posts, and how fast. One contract suite runs over every implementation."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import httpx
import structlog

from bot.delivery.picture.wire import Picture
from bot.domain.acts import Decree, Place
from bot.domain.law import legal_advice
from bot.domain.posts import FRANCE, Destination, Post, followed_chat
from bot.messages.announcement import TooSmall, publisher_of
from bot.messages.lines import MessageContext, MessageInput, place_for, timing
from bot.messages.words import Language

READS = 6
"""Longest request, in read time-outs: three minutes by default, for a picture of 10 MB on a slow line."""

# A new connection per post: a kept one closed by the server would lose requests as if their answer were lost.
ONE_REQUEST_PER_CONNECTION = httpx.Limits(max_connections=8, max_keepalive_connections=0)

BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Raised before the first byte of a request leaves: no connection, or none free."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has the message, under `reference`; `rest`: seconds without requests that it wants."""

    reference: str
    rest: float | None = field(default=None, compare=False)


class DeliveryError(Exception):
    """Says that a send did not succeed. The message never holds a token."""


class NotSent(DeliveryError):
    """Raised when certainly not delivered; retry after `retry_after` seconds. `limited`: rate limit (429)."""

    def __init__(self, message: str, retry_after: float | None = None, *, limited: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limited = limited or retry_after is not None


class Refused(DeliveryError):
    """Raised when certainly not delivered and a retry is useless: an operator must look."""


class DeliveryUnknown(DeliveryError):
    """Says: it may have been delivered, the answer was lost. Reconcile before any retry."""


class Channel(Protocol):
    """Describes one destination. `name` is the one of the configuration."""

    @property
    def name(self) -> str:
        """Return the destination's name in the configuration and in the outbox."""
        ...

    async def send(self, post: Post) -> Sent:
        """Deliver one post. Raises NotSent, Refused or Unknown."""
        ...

    async def find(self, post: Post) -> Sent | None:
        """Return the message after an unknown outcome, None if it is certainly absent. Raises Unknown if it cannot be found out
        (HoldForPerson, SendAgain by configuration), NotSent if unreachable now.
        """
        ...

    async def room(self, decrees: Sequence[Decree]) -> int:
        """Return how many first decrees fit in one digest, at least one. Raises NotSent if unknown now."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class PreparingChannel(Channel, Protocol):
    """Describes a destination whose posts take a while to make ready."""

    async def prepare(self, post: Post) -> None:
        """Prepare what `send` would wait for. Sends nothing and never raises; what fails is left out."""
        ...


@runtime_checkable
class EditingChannel(Channel, Protocol):
    """Describes a destination whose messages can be edited."""

    async def edit(self, post: Post) -> Sent:
        """Update the message of a sent post (`reference`) to its decree; idempotent. Raises Refused if never editable, DestinationRefused
        and NotSent if not now, Unknown if the answer was lost (repeat it).
        """
        ...


# Outcomes that say more than those of the channel: what they concern, and what is wanted then.


class DestinationRefused(Refused):
    """Raised when the destination accepts no post (token invalid, bot removed, chat gone)."""


class ChatClosed(DestinationRefused):
    """Raised when this chat accepts no post (bot blocked or removed, chat gone); others of the bot may."""


class Missing(DestinationRefused):
    """Raised for 404 and 410: the named message is missing, else the account or server."""


class EditExposed(Refused):
    """Raised when the server shows edited posts to more people: edits stop there."""


class Migrated(NotSent):
    """Raised when the chat has a new id, already recorded: send there at once."""


class StoppedBefore(asyncio.CancelledError):
    """Raised when cancelled before anything was sent, so that the post is not in doubt."""


class HoldForPerson(DeliveryUnknown):
    """Raised when perhaps delivered, and configured to be checked by a person."""


class SendAgain(DeliveryUnknown):
    """Raised when perhaps delivered, and configured to be sent again without search."""


# The picture of a post, which must never cost the post: without one, the text goes out alone.

log = structlog.get_logger()

Pictures = Callable[[Post], Awaitable[Picture | None]]
"""The picture of a post, None where there is none."""


@contextmanager
def before_sending() -> Iterator[None]:
    """Turn a cancellation within into StoppedBefore: nothing was sent."""
    try:
        yield
    except asyncio.CancelledError as stopped:
        raise StoppedBefore(*stopped.args) from stopped


class PreparedPictures:
    """Makes the pictures of one destination, keeping the last until it is taken. A digest has none."""

    def __init__(self, pictures: Pictures | None) -> None:
        self._pictures = pictures
        self._ready: tuple[str, Picture | None] | None = None

    async def prepare(self, post: Post) -> None:
        """Make the picture ready. Raises StoppedBefore when cancelled."""
        self._ready = post.key, await self._made(post)

    async def take(self, post: Post) -> Picture | None:
        """Return the picture, made now where it is not ready. Raises StoppedBefore when cancelled."""
        ready, self._ready = self._ready, None
        return ready[1] if ready is not None and ready[0] == post.key else await self._made(post)

    async def _made(self, post: Post) -> Picture | None:
        """Make the picture; None if there is none or making it crashes."""
        if post.digest is not None or self._pictures is None:
            return None
        try:
            with before_sending():
                return await self._pictures(post)
        except Exception as fault:
            log.exception("picture.crashed", post=post.id, fault=type(fault).__name__)
            return None


def unexpected(destination: str, error: Exception) -> str:
    """Log a fault and return its type and place only, as its message may hold a token."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
    reason = f"unexpected {type(error).__name__}{where}"
    log.error("channel.crashed", destination=destination, error=reason)
    return reason


# What the messages of a channel are made from.


@dataclass(frozen=True, slots=True)
class MessageComposer:
    """Composes the messages of one destination. `clock`: aware, UTC; `public_url`: see `MessageContext`."""

    places: Mapping[str, Place]
    clock: Callable[[], datetime]
    language: Language
    public_url: str | None = None

    def input_of(self, post: Post) -> MessageInput:
        """Return the decree of a post as known now, with later changes."""
        decree, now, place = post.decree, self.clock(), self.place(post.decree)
        announced = None if post.reference is None else post.closed_at
        beside = MessageContext(self.public_url, post.below, publisher_of(decree, self.places), announced)
        return MessageInput(decree, place, now, self.language, legal_advice(decree, place, now), beside)

    def place(self, decree: Decree) -> Place:
        """Return where the authority is that published it."""
        return place_for(self.places, decree.authority)

    def is_silent(self, decrees: Iterable[Decree]) -> bool:
        """Return whether a message about these decrees, or about none, makes no sound now."""
        return is_silent([(decree, self.place(decree).time_zone) for decree in decrees], self.clock())


QUIET_FROM, QUIET_UNTIL = 22, 7
"""Hours in France between which a message makes no sound."""

LOUD_BEFORE = timedelta(hours=12)
"""Time before the beginning of a decree in which its message makes a sound at any hour."""


def is_silent(decrees: Iterable[tuple[Decree, str]], now: datetime) -> bool:
    """Return whether a message about these decrees (with their time zones) makes no sound at `now` (aware): at night, unless one is about
    to begin. Pure.
    """
    is_night = not QUIET_UNTIL <= now.astimezone(FRANCE).hour < QUIET_FROM
    delays = (timing(decree.facts, time_zone, now).delay for decree, time_zone in decrees)
    return is_night and not any(delay is not None and delay <= LOUD_BEFORE for delay in delays)


@contextmanager
def composing(platform: str) -> Iterator[None]:
    """Raise Refused where composing crashes: nothing was sent, a person is notified, later posts go on."""
    try:
        yield
    except DeliveryError:
        raise
    except TooSmall as error:
        raise Refused(f"{platform}: {error}") from None
    except Exception as error:
        raise Refused(f"{platform}: no words for this decree: {unexpected(platform, error)}") from error


# How fast messages may go to it. Nothing here waits itself, and memory is bounded.


class Limiter:
    """Records sends and returns when the next may go, per destination. `monotonic`: seconds of a monotonic clock. For one event loop;
    nothing in it awaits. Without destinations there is no limit.
    """

    def __init__(
        self,
        destinations: Iterable[Destination] = (),
        *,
        spacing: float = 0.0,
        most_per_day: Mapping[str, int] = MappingProxyType({}),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Initialise; `spacing` in seconds, `most_per_day`: messages above which a destination gets digests."""
        self.most_per_day = most_per_day
        self._monotonic = monotonic
        self._budgets: dict[str, tuple[Budget, ...]] = {}
        self._spacing: dict[str, float] = {}
        for destination in destinations:
            self._budgets[destination.name] = budgets_of(destination)
            self._spacing[destination.name] = spacing if is_read_by_people(destination) else 0.0
        self._sent: defaultdict[str, list[float]] = defaultdict(list)

    def memory(self, destination: str) -> float:
        """Return for how many seconds earlier sends to a destination count."""
        spacing = MANY * self._spacing.get(destination, 0.0)
        return max([spacing, *(budget.seconds for budget in self._budgets_of(destination))])

    def recall(self, destination: str, ages: Sequence[float]) -> None:
        """Add sends of other programs or before this start: their ages in seconds."""
        now = self._monotonic()
        memory: Mapping[str, float] = {
            _own(destination): self.memory(destination),
            **{budget.name: budget.seconds for budget in self._budgets_of(destination)},
        }
        for name, seconds in memory.items():
            sent = [*self._sent[name], *(now - max(age, 0.0) for age in ages)]
            self._sent[name] = sorted(at for at in sent if at > now - seconds)

    def wait(self, destination: str, waiting: int) -> float:
        """Return the seconds until one of the `waiting` messages of a destination may go."""
        now = self._monotonic()
        budgets = self._budgets_of(destination)
        waits = [wait_for(budget, self._sent[budget.name], now) for budget in budgets]
        return max([wait_between(self._spacing.get(destination, 0.0), waiting, self._sent[_own(destination)], now), *waits])

    def note(self, destination: str) -> None:
        """Take in that a message leaves now."""
        self.recall(destination, [0.0])

    def _budgets_of(self, destination: str) -> tuple[Budget, ...]:
        chat = followed_chat(destination)
        if destination in self._budgets or chat is None:
            return self._budgets.get(destination, ())
        return (FOLLOWERS, *budgets_of(Destination(destination, "telegram", chat=chat)))


def _own(destination: str) -> str:
    return f"destination {destination}"


# Rates. Pure; in monotonic seconds. Telegram (https://core.telegram.org/bots/faq): one message a second per chat, 20 a minute per group (or
# channel, here), 30 a second per bot; used less. Mastodon: its headers. For people, posts of one destination also come `spacing` seconds
# apart.

MANY = 5
"""Posts that may arrive together without being a flood."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Allows at most `most` messages in any `seconds`, over everything that shares the `name`."""

    name: str
    most: int
    seconds: float


FOLLOWERS = Budget("followers", 20, 1.0)
"""Limits the messages of one bot to chats that follow something: what is left of its rate is for the channels, which come first."""


def wait_for(budget: Budget, recent: Sequence[float], now: float) -> float:
    """Return the seconds until one more message is within the budget, given those at `recent` (in order)."""
    within = [at for at in recent if now - budget.seconds < at <= now]
    return 0.0 if len(within) < budget.most else max(within[-budget.most] + budget.seconds - now, 0.0)


def wait_between(spacing: float, waiting: int, recent: Sequence[float], now: float) -> float:
    """Return the seconds until the next post of a destination with `waiting` posts, given those at `recent` (in order, so that the last of
    many do not bunch); 0 for few.
    """
    before = [at for at in recent if now - MANY * spacing < at <= now]
    if not before or len(before) + waiting <= MANY:
        return 0.0
    return max(before[-1] + spacing - now, 0.0)


def budgets_of(destination: Destination) -> tuple[Budget, ...]:
    """Return the rate limits of a destination; those of one bot or chat are shared."""
    if destination.platform != "telegram":
        return ()
    chat = str(destination.chat).lower()
    in_chat: tuple[Budget, ...] = (Budget(f"chat {chat}", 1, 1.0),)
    if chat.startswith(("-", "@")):
        in_chat = (*in_chat, Budget(f"minute {chat}", 20, 60.0))
    # One bot has one token in the configuration: the name need not say which.
    return (Budget("telegram", 25, 1.0), *in_chat)


def is_read_by_people(destination: Destination) -> bool:
    """Return false for the console, read by programs."""
    return destination.platform != "console"


def most_per_day(destinations: Iterable[Destination], most: int) -> dict[str, int]:
    """Return the daily messages above which a destination of people gets digests."""
    return {destination.name: most for destination in destinations if is_read_by_people(destination)}
