"""From the outbox to the destinations, each post once.

A post is a row before it is a message. One pass (`Deliverer.deliver_due`) serves every destination at the same time, so that
a slow or full platform never delays the others; within one destination posts go one after the other. What a failure means is
decided by the channel (not sent, refused, unknown); what follows from it is decided here:

- sent: recorded, and the recording is not given up when the pass is cancelled;
- not sent: queued again, and the destination rests;
- refused: an operator must look; when the destination itself refuses, it rests, and its other posts stay queued;
- unknown: the destination rests a moment (`settle`) so that nothing follows the post in doubt, then the post is looked for before
  anything else is sent: found, it is sent; certainly absent, it is queued again; and when nobody can tell, it stays unknown,
  an operator is told once, and the others go on.

Every rest is stored, none is slept: the caller comes back at `next_due`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.delivery.backoff import SETTLE, backoff, next_look
from bot.delivery.channel import Channel, DeliveryError, NotSent, Refused, Sent
from bot.delivery.errors import DestinationRefused
from bot.model import Post, PostState
from bot.uninterrupted import uninterrupted

log = structlog.get_logger()

REFUSED_REST = timedelta(minutes=10)
"""How long a destination that takes nothing is left alone."""


class Outbox(Protocol):
    """The store's posts. Synchronous; every method is called in a thread."""

    def claim(self, destination: str, now: datetime) -> Post | None:
        """The oldest due QUEUED post of a destination, now SENDING with one more attempt; None when there is none."""
        ...

    def sent(self, post_id: int, reference: str, now: datetime) -> None:
        """The platform has it."""
        ...

    def requeue(self, post_id: int, error: str, not_before: datetime) -> None:
        """Certainly not sent."""
        ...

    def refused(self, post_id: int, error: str, now: datetime) -> None:
        """Given up until an operator looks."""
        ...

    def unknown(self, post_id: int, error: str, not_before: datetime) -> None:
        """Perhaps sent; to be looked for at `not_before`."""
        ...

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        """The UNKNOWN posts of a destination whose time has come."""
        ...

    def hold(self, destination: str, not_before: datetime) -> None:
        """Nothing goes to that destination before then."""
        ...

    def held_until(self, destination: str) -> datetime | None:
        """The end of the last hold, which may be past."""
        ...

    def next_due(self, now: datetime, destinations: Collection[str]) -> datetime | None:
        """When anything of these destinations becomes due, None when nothing waits."""
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one post in one pass. `alert` is true the first time that an operator must look."""

    post: Post
    state: PostState
    error: str | None = None
    alert: bool = False


class Deliverer:
    """Moves due posts to their destinations. `clock` gives the current instant (aware, UTC)."""

    def __init__(self, outbox: Outbox, channels: Sequence[Channel], clock: Callable[[], datetime], *, settle: timedelta = SETTLE) -> None:
        self._outbox = outbox
        self._channels = tuple(channels)
        self._clock = clock
        self._settle = settle
        self._one_pass = asyncio.Lock()
        self._looks: dict[int, int] = {}
        self._told: set[int] = set()

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next pass has something to do (not before `now`); None when nothing waits."""
        return await asyncio.to_thread(self._outbox.next_due, now, [channel.name for channel in self._channels])

    async def deliver_due(self) -> list[Delivered]:
        """Send everything that is due, and tell what became of it. Never raises for a destination's failure."""
        async with self._one_pass:
            done: list[Delivered] = []
            async with asyncio.TaskGroup() as group:
                for channel in self._channels:
                    group.create_task(self._serve(channel, done))
            return done

    async def close(self) -> None:
        """Release every channel's connections."""
        for channel in self._channels:
            try:
                await channel.close()
            except Exception as error:  # one that does not close must not keep the others open
                log.warning("destination not closed", destination=channel.name, error=type(error).__name__)

    async def _serve(self, channel: Channel, done: list[Delivered]) -> None:
        """One destination. A failure of the store ends its pass only: what could not be recorded stays as it was stored."""
        try:
            held = await asyncio.to_thread(self._outbox.held_until, channel.name)
            if held is not None and held > self._clock():
                return
            if await self._reconcile(channel, done):
                await self._send_all(channel, done)
        except Exception:
            log.exception("outbox not read or written", destination=channel.name)

    async def _reconcile(self, channel: Channel, done: list[Delivered]) -> bool:
        """Look for the posts in doubt; false when the destination must rest."""
        posts = await asyncio.to_thread(self._outbox.unknown_due, channel.name, self._clock())
        for position, post in enumerate(posts):
            try:
                found = await channel.find(post)
            except NotSent as error:
                await self._cannot_ask(channel, posts[position:], error)
                return False
            except DeliveryError as error:
                done.append(await self._cannot_tell(post, str(error)))
            except Exception as error:  # a fault of one channel must not stop the others
                done.append(await self._cannot_tell(post, _unexpected(channel, error)))
            else:
                done.append(await self._resolved(post, found))
        return True

    async def _cannot_ask(self, channel: Channel, posts: list[Post], error: NotSent) -> None:
        """All of them are looked for again as soon as the destination has rested: before anything else is sent there."""
        wait = backoff(self._count(posts[0]), error.retry_after)
        for post in posts:
            await uninterrupted(self._outbox.unknown, post.id, str(error), self._clock() + wait)
        await self._rest(channel, wait)

    async def _resolved(self, post: Post, found: Sent | None) -> Delivered:
        self._looks.pop(post.id, None)
        self._told.discard(post.id)
        if found is not None:
            await uninterrupted(self._outbox.sent, post.id, found.reference, self._clock())
            return Delivered(post, PostState.SENT)
        error = "not found at the destination: to be sent again"
        await uninterrupted(self._outbox.requeue, post.id, error, self._clock())
        return Delivered(post, PostState.QUEUED, error)

    async def _cannot_tell(self, post: Post, error: str) -> Delivered:
        await uninterrupted(self._outbox.unknown, post.id, error, self._clock() + next_look(self._count(post)))
        first = post.id not in self._told
        self._told.add(post.id)
        return Delivered(post, PostState.UNKNOWN, error, alert=first)

    def _count(self, post: Post) -> int:
        """How many times this process has looked for the post."""
        self._looks[post.id] = self._looks.get(post.id, 0) + 1
        return self._looks[post.id]

    async def _send_all(self, channel: Channel, done: list[Delivered]) -> None:
        while (post := await self._claim(channel)) is not None:
            delivered, go_on = await self._attempt(channel, post)
            done.append(delivered)
            if not go_on:
                return

    async def _claim(self, channel: Channel) -> Post | None:
        """A post claimed while the pass is being cancelled goes back to the queue: it was not sent."""
        claimed: list[Post] = []

        def claim() -> Post | None:
            post = self._outbox.claim(channel.name, self._clock())
            claimed.extend(() if post is None else (post,))
            return post

        try:
            return await uninterrupted(claim)
        except asyncio.CancelledError:
            for post in claimed:
                await uninterrupted(self._outbox.requeue, post.id, "stopped before it was sent", self._clock())
            raise

    async def _attempt(self, channel: Channel, post: Post) -> tuple[Delivered, bool]:
        """Send one post and record what became of it; also whether the destination may have the next one now."""
        try:
            sent = await channel.send(post)
        except NotSent as error:
            wait = backoff(post.attempts, error.retry_after)
            await uninterrupted(self._outbox.requeue, post.id, str(error), self._clock() + wait)
            await self._rest(channel, wait)
            return Delivered(post, PostState.QUEUED, str(error)), False
        except DestinationRefused as error:
            # Nothing is wrong with the post: it goes out once an operator has mended the token or the rights.
            await uninterrupted(self._outbox.requeue, post.id, str(error), self._clock() + REFUSED_REST)
            await self._rest(channel, REFUSED_REST)
            return Delivered(post, PostState.QUEUED, str(error), alert=True), False
        except Refused as error:
            await uninterrupted(self._outbox.refused, post.id, str(error), self._clock())
            return Delivered(post, PostState.REFUSED, str(error), alert=True), True
        except asyncio.CancelledError:
            await self._in_doubt(channel, post, "stopped while it was being sent")
            raise
        except Exception as error:  # Unknown, or a fault of one channel, which must not stop the others
            reason = str(error) if isinstance(error, DeliveryError) else _unexpected(channel, error)
            await self._in_doubt(channel, post, reason)
            return Delivered(post, PostState.UNKNOWN, reason), False
        await uninterrupted(self._outbox.sent, post.id, sent.reference, self._clock())
        return Delivered(post, PostState.SENT), True

    async def _in_doubt(self, channel: Channel, post: Post, reason: str) -> None:
        await uninterrupted(self._outbox.unknown, post.id, reason, self._clock() + self._settle)
        await self._rest(channel, self._settle)

    async def _rest(self, channel: Channel, wait: timedelta) -> None:
        await uninterrupted(self._outbox.hold, channel.name, self._clock() + wait)


def _unexpected(channel: Channel, error: Exception) -> str:
    """Named by type and place only: the message of an unforeseen error may hold an address with a token in it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
    reason = f"unexpected {type(error).__name__}{where}"
    log.error("fault of a channel", destination=channel.name, error=reason)
    return reason
