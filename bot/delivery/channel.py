"""Define the edge to a platform: a destination that takes posts, and how fast. One contract suite runs over every implementation."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol, runtime_checkable

import httpx
import structlog

from bot.delivery.picture.wire import Picture
from bot.domain.acts import Decree, Place
from bot.domain.law import legal_advice
from bot.domain.posts import Destination, Post, followed_chat
from bot.messages.announcement import TooSmall, publisher_of
from bot.messages.lines import MessageContext, MessageInput, place_for
from bot.messages.words import Language

READS = 6
"""A whole request may take as long as so many reads that each use up their time-out: three minutes, by default. A picture of 10 MB goes up
in that time on a slow line."""

# A kept connection that the other side has closed meanwhile loses a request in a way that looks the same as a lost answer.
# Posts are rare: each gets a connection of its own.
ONE_REQUEST_PER_CONNECTION = httpx.Limits(max_connections=8, max_keepalive_connections=0)

BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Raised before the first byte of a request leaves: no connection, or none free."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Says that the platform has the message; `reference` is its id there. `rest`: seconds that it wants no requests, if any."""

    reference: str
    rest: float | None = field(default=None, compare=False)


class DeliveryError(Exception):
    """Says that a send did not succeed. The message never holds a token."""


class NotSent(DeliveryError):
    """Says: certainly not delivered, try again, not before `retry_after` seconds. `limited`: the platform requests patience (429)."""

    def __init__(self, message: str, retry_after: float | None = None, *, limited: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limited = limited or retry_after is not None


class Refused(DeliveryError):
    """Says: certainly not delivered, and trying the same again is useless: an operator must look."""


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
        """Return, after an unknown outcome, the message if the platform has it, None if it certainly has not.

        Raises Unknown when it does not show it (HoldForPerson, SendAgain where that is what the configuration wants), NotSent when
        it cannot be reached now.
        """
        ...

    async def room(self, decrees: Sequence[Decree]) -> int:
        """Return how many of these decrees, from the first on, one digest holds: at least one. Raises NotSent when that cannot be known
        now."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class PreparingChannel(Channel, Protocol):
    """Describes a destination whose posts take a while to make ready."""

    async def prepare(self, post: Post) -> None:
        """Make ready what goes with the post, which `send` then does not wait for. Sends nothing, and never fails: what cannot be had
        is done without.
        """
        ...


@runtime_checkable
class EditingChannel(Channel, Protocol):
    """Describes a destination whose messages can be edited."""

    async def edit(self, post: Post) -> Sent:
        """Let the message of a sent post (`reference`) show its decree as it is now. Doing it again changes nothing.

        Raises Refused where that message can never be edited (gone, no longer ours), DestinationRefused and NotSent where it cannot be
        now, Unknown where the answer was lost: it is then done again.
        """
        ...


# Outcomes that say more than those of the channel: what they concern, and what is wanted then.


class DestinationRefused(Refused):
    """Says that the destination takes nothing from us now (token invalid, bot removed, chat gone): the next post would fare no better."""


class ChatClosed(DestinationRefused):
    """Says that this chat takes nothing from us: the bot was blocked or removed, or the chat is gone. Other chats of the same bot may."""


class Missing(DestinationRefused):
    """Says that what was requested is not there (404, 410): one message where one was named, the account or server itself otherwise."""


class EditExposed(Refused):
    """Says that the server shows to more people what was edited there: nothing is edited there any more."""


class Migrated(NotSent):
    """Says that the chat has another id, which the channel has noted: the post can go there at once."""


class StoppedBefore(asyncio.CancelledError):
    """Stopped before anything was sent, while what goes with the post was being made ready: it is not in doubt."""


class HoldForPerson(DeliveryUnknown):
    """Says: it may have been delivered, and the configuration leaves it to a person to look."""


class SendAgain(DeliveryUnknown):
    """Says: it may have been delivered, and the configuration wants it sent again without looking."""


# The picture of a post, which must never cost the post: without one, the text goes out alone.

log = structlog.get_logger()

Pictures = Callable[[Post], Awaitable[Picture | None]]
"""The picture of a post, None where there is none."""


@contextmanager
def before_sending() -> Iterator[None]:
    """Whoever is stopped in here has sent nothing: raises StoppedBefore in place of a plain cancellation."""
    try:
        yield
    except asyncio.CancelledError as stopped:
        raise StoppedBefore(*stopped.args) from stopped


class PreparedPictures:
    """Makes the pictures of one destination, which sends one post after the other: the one that is ready is kept until it is taken.

    A digest has none: it is about many decrees.
    """

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
        return None if post.digest is not None else await picture_of(post, self._pictures)


async def picture_of(post: Post, pictures: Pictures | None) -> Picture | None:
    """Return the picture of a post, None also where making it fails by a fault of ours. Nothing was sent then.

    Raises StoppedBefore when cancelled.
    """
    if pictures is None:
        return None
    try:
        with before_sending():
            return await pictures(post)
    except Exception as fault:
        log.exception("picture.crashed", post=post.id, fault=type(fault).__name__)
        return None


def unexpected(destination: str, error: Exception) -> str:
    """Log a fault, and return its type and place only: the message of an unforeseen error may hold an address with a token in it."""
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
    """Makes of the posts of one destination what its messages are made from.

    `clock` gives the current instant (aware, UTC); `public_url` is where decrees have pages of their own: see `MessageContext`.
    """

    places: Mapping[str, Place]
    clock: Callable[[], datetime]
    language: Language
    public_url: str | None = None

    def input_of(self, post: Post) -> MessageInput:
        """Return the decree of a post as it is now, with what later decrees do to it."""
        decree, now, place = post.decree, self.clock(), self.place(post.decree)
        announced = None if post.reference is None else post.closed_at
        beside = MessageContext(self.public_url, post.below, publisher_of(decree, self.places), announced)
        return MessageInput(decree, place, now, self.language, legal_advice(decree, place, now), beside)

    def place(self, decree: Decree) -> Place:
        """Return where the authority is that published it."""
        return place_for(self.places, decree.authority)


@contextmanager
def composing(platform: str) -> Iterator[None]:
    """Refuse what cannot be worded, also by a fault of ours. Nothing was sent, so that nothing is in doubt; a person is notified, and the
    posts behind it go on.
    """
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
    """Records what was sent, and says when the next message may go. One destination delays no other.

    `monotonic` gives seconds of a clock that is never set. Use it in one event loop only: nothing in it waits, so nothing gets between a
    question and its answer. Without destinations it lets everything pass.
    """

    def __init__(
        self,
        destinations: Iterable[Destination] = (),
        *,
        spacing: float = 0.0,
        most_per_day: Mapping[str, int] = MappingProxyType({}),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`spacing` is in seconds. `most_per_day`: messages above which a destination gets digests, by its name."""
        self.most_per_day = most_per_day
        self._monotonic = monotonic
        self._budgets: dict[str, tuple[Budget, ...]] = {}
        self._spacing: dict[str, float] = {}
        for destination in destinations:
            self._budgets[destination.name] = budgets_of(destination)
            self._spacing[destination.name] = spacing if is_read_by_people(destination) else 0.0
        self._sent: defaultdict[str, list[float]] = defaultdict(list)

    def memory(self, destination: str) -> float:
        """Return the seconds for which sends to a destination matter: earlier ones need not be recalled."""
        return longest_memory(self._budgets_of(destination), self._spacing.get(destination, 0.0))

    def recall(self, destination: str, ages: Sequence[float]) -> None:
        """Take in messages sent before this program started, or by another one: how many seconds ago each was."""
        now = self._monotonic()
        for age in ages:
            self._note(destination, now - max(age, 0.0))

    def wait(self, destination: str, waiting: int) -> float:
        """Return the seconds until one of the `waiting` messages of a destination may go."""
        now = self._monotonic()
        budgets = self._budgets_of(destination)
        waits = [wait_for(budget, self._sent[budget.name], now) for budget in budgets]
        return max([wait_between(self._spacing.get(destination, 0.0), waiting, self._sent[_own(destination)], now), *waits])

    def note(self, destination: str) -> None:
        """Take in that a message leaves now."""
        self._note(destination, self._monotonic())

    def _note(self, destination: str, at: float) -> None:
        budgets = self._budgets_of(destination)
        memory: Mapping[str, float] = {
            _own(destination): self.memory(destination),
            **{budget.name: budget.seconds for budget in budgets},
        }
        for name, seconds in memory.items():
            kept = [moment for moment in self._sent[name] if moment > self._monotonic() - seconds]
            self._sent[name] = sorted([*kept, at])

    def _budgets_of(self, destination: str) -> tuple[Budget, ...]:
        chat = followed_chat(destination)
        if destination in self._budgets or chat is None:
            return self._budgets.get(destination, ())
        return (FOLLOWERS, *budgets_of(Destination(destination, "telegram", chat=chat)))


def _own(destination: str) -> str:
    return f"destination {destination}"


# How fast messages may follow each other. Pure: instants are seconds of a clock that is never set (`time.monotonic`).
#
# Telegram (Bot FAQ, "My bot is hitting limits", https://core.telegram.org/bots/faq): about one message a second in one chat, 20 a minute in
# one group, 30 a second over all chats of one bot; channels are counted as groups here. The rates stay below what is refused, so that a
# refusal, which may request minutes, is rare. Mastodon gives its own in the headers of every answer: see `bot/delivery/mastodon/client.py`.
#
# And readers are people: where many posts wait for one destination they come one by one, `spacing` seconds apart.

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
    """Return the seconds until one more message keeps within the budget, after those at `recent` (in order)."""
    within = [at for at in recent if now - budget.seconds < at <= now]
    return 0.0 if len(within) < budget.most else max(within[-budget.most] + budget.seconds - now, 0.0)


def wait_between(spacing: float, waiting: int, recent: Sequence[float], now: float) -> float:
    """Return the seconds until the next post of a destination for which `waiting` wait, after those at `recent` (in order): none where
    they are few.

    Those sent a moment ago count too, so that the last of many do not arrive in a heap.
    """
    before = [at for at in recent if now - MANY * spacing < at <= now]
    if not before or len(before) + waiting <= MANY:
        return 0.0
    return max(before[-1] + spacing - now, 0.0)


def budgets_of(destination: Destination) -> tuple[Budget, ...]:
    """Return what the platform of a destination allows. Destinations with one bot or one chat share its budget."""
    if destination.platform != "telegram":
        return ()
    chat = str(destination.chat).lower()
    in_chat: tuple[Budget, ...] = (Budget(f"chat {chat}", 1, 1.0),)
    if chat.startswith(("-", "@")):
        in_chat = (*in_chat, Budget(f"minute {chat}", 20, 60.0))
    # One bot has one token in the configuration: the name need not say which.
    return (Budget("telegram", 25, 1.0), *in_chat)


def is_read_by_people(destination: Destination) -> bool:
    """Return false for the console: what reads a pipe is not disturbed by many lines."""
    return destination.platform != "console"


def most_per_day(destinations: Iterable[Destination], most: int) -> dict[str, int]:
    """Return the messages in a day above which digests are made, for each destination that people read."""
    return {destination.name: most for destination in destinations if is_read_by_people(destination)}


def longest_memory(budgets: Iterable[Budget], spacing: float) -> float:
    """Return the seconds for which sends must be remembered."""
    return max([MANY * spacing, *(budget.seconds for budget in budgets)], default=0.0)
