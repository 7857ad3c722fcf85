"""Define the edge to a platform: a destination that takes posts. One contract suite runs over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

import httpx
import structlog

from bot.delivery.picture.wire import Picture
from bot.domain.acts import Decree, Place
from bot.domain.law import legal_advice
from bot.domain.posts import Post
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
