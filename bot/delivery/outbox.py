"""From the outbox to the destinations, each post once.

A post is a row before it is a message. One pass (`Deliverer.deliver_due`) serves every destination at the same time, so that
a slow or full platform never delays the others; within one destination posts go one after the other. What a failure means is
decided by the channel (not sent, refused, unknown), what follows from it by `transitions`; here it is applied:

- what may have been sent is looked for before anything else goes to its destination, and nothing follows it until then;
- what came to too many for a day is gathered into digests, which are recorded before they are sent;
- the rest goes out as fast as the platform and its readers can take it (`limiter`).

Every rest is stored, none longer than a second is slept: the caller comes back at `next_due`. What was recorded stays recorded when
the pass is cancelled.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog

from bot.delivery.backoff import SETTLE
from bot.delivery.channel import Channel, DeliveryError, NotSent, Sent
from bot.delivery.digests import DAY, needs_digest, split
from bot.delivery.editing import Editor
from bot.delivery.errors import StoppedBefore
from bot.delivery.events import event_of, looked_for, unexpected
from bot.delivery.holding import BEAT, held, made_ready
from bot.delivery.limiter import Limiter
from bot.delivery.store import Outbox
from bot.delivery.transitions import Counts, Event, Step, transition
from bot.model import Post, PostCause, PostState
from bot.uninterrupted import uninterrupted

log = structlog.get_logger()

LONGEST_SLEEP = 1.0
"""Seconds that a pass may wait for a destination's turn."""

_ABSENT = "not found at the destination: to be sent again"
_TAKEN_OVER = "not sent: another program or a person has taken it over"
_STOPPED_BEFORE, _STOPPED_WHILE = "stopped before it was sent", "stopped while it was being sent"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one message in one pass. `alert` is true when an operator must look, and was not told yet."""

    post: Post
    state: PostState
    error: str | None = None
    alert: bool = False


class Deliverer:
    """Moves due posts to their destinations. `clock` gives the current instant (aware, UTC)."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Sequence[Channel],
        clock: Callable[[], datetime],
        *,
        settle: timedelta = SETTLE,
        limiter: Limiter | None = None,
        most_per_day: Mapping[str, int] = MappingProxyType({}),
        editor: Editor[Any] | None = None,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        beat: float = BEAT,
    ) -> None:
        """`editor` edits posts after the others were sent; without it none is.

        `most_per_day`: messages above which a destination gets digests, by its name. `chance` (0 to 1) spreads the waits.
        `beat`: seconds between two signs of life while a message is being sent.
        """
        self._outbox = outbox
        self._channels = tuple(channels)
        self._clock = clock
        self._settle = settle
        self._limiter = limiter or Limiter()
        self._most_per_day = most_per_day
        self._editor = editor
        self._chance = chance
        self._sleep = sleep
        self._beat = beat
        self._one_pass = asyncio.Lock()
        self._recalled: set[str] = set()

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next pass has something to do (not before `now`); None when nothing waits."""
        due = [await asyncio.to_thread(self._outbox.next_due, now, [channel.name for channel in self._channels])]
        if self._editor is not None:
            due.append(await self._editor.next_due(now, self._channels))
        return min((at for at in due if at is not None), default=None)

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
            if await asyncio.to_thread(self._outbox.held_until, channel.name, self._clock()) is not None:
                return
            if not await self._reconcile(channel, done):
                return
            # What a killed program may have sent is not yet to be looked for: nothing overtakes it meanwhile.
            if await asyncio.to_thread(self._outbox.in_doubt, channel.name):
                return
            if await self._gather(channel):
                await self._send_all(channel, done)
                await self._edit(channel)
        except Exception:
            log.exception("outbox not read or written", destination=channel.name)

    async def _edit(self, channel: Channel) -> None:
        """Edits come last: none while the destination rests, which it does whenever a post waits for its turn there."""
        if self._editor is None or await asyncio.to_thread(self._outbox.held_until, channel.name, self._clock()) is not None:
            return
        alone_until = await self._editor.serve(channel)
        if alone_until is not None:
            await uninterrupted(self._outbox.hold, channel.name, alone_until, self._clock(), PostCause.RATE_LIMITED)

    # --- what is in doubt ---

    async def _reconcile(self, channel: Channel, done: list[Delivered]) -> bool:
        """Look for the posts in doubt; false when the destination must rest."""
        posts = await asyncio.to_thread(self._outbox.unknown_due, channel.name, self._clock())
        for position, post in enumerate(posts):
            try:
                found = await channel.find(post)
            except NotSent as error:
                # All of them are looked for again as soon as the destination has rested.
                await self._cannot_ask(channel, posts[position:], error)
                return False
            except Exception as error:  # nobody can tell, or a fault of one channel, which must not stop the others
                reason = str(error) if isinstance(error, DeliveryError) else unexpected(channel.name, error)
                done.append(await self._settled(channel, post, looked_for(error), reason))
            else:
                done.append(await self._resolved(channel, post, found))
        return True

    async def _resolved(self, channel: Channel, post: Post, found: Sent | None) -> Delivered:
        if found is None:
            return await self._settled(channel, post, Event.ABSENT, _ABSENT)
        await uninterrupted(self._outbox.sent, post.id, found.reference, self._clock(), PostCause.RECONCILE_FOUND)
        return Delivered(post, PostState.SENT)

    async def _cannot_ask(self, channel: Channel, posts: Sequence[Post], error: NotSent) -> None:
        counts = replace(self._counts(posts[0], error.retry_after), looks=max(post.looks for post in posts))
        for post in posts:
            await self._step(channel, post, Event.CANNOT_ASK, str(error), replace(counts, unclear=_is_unclear(post)))

    # --- what is too much for a day ---

    async def _gather(self, channel: Channel) -> bool:
        """Record which posts become digests; false when that cannot be known now, and the destination must rest."""
        most = self._most_per_day.get(channel.name)
        if most is None:
            return True
        now = self._clock()
        load = await asyncio.to_thread(self._outbox.load, channel.name, now, now - DAY)
        if not needs_digest(load.sent, load.single, most):
            return True
        left: tuple[Post, ...] = tuple(await asyncio.to_thread(self._outbox.single, channel.name, now))
        digests: list[list[int]] = []
        while left:
            try:
                room = await channel.room([post.decree for post in left])
            except DeliveryError as error:
                log.warning("digest put off", destination=channel.name, error=str(error))
                wait = timedelta(seconds=error.retry_after or 0) if isinstance(error, NotSent) else timedelta()
                await self._rest(channel, max(wait, self._settle), None)
                return False
            chosen, left = split(left, room)
            digests.append([post.id for post in chosen])
        log.info("many decrees wait: told in digests", destination=channel.name, decrees=sum(map(len, digests)), messages=len(digests))
        await uninterrupted(self._outbox.gather, channel.name, digests, now)
        return True

    # --- what is to be sent ---

    async def _send_all(self, channel: Channel, done: list[Delivered]) -> None:
        while await self._has_turn(channel) and (post := await self._claim(channel)) is not None:
            delivered, go_on = await self._attempt(channel, post)
            done.append(delivered)
            if not go_on:
                return

    async def _has_turn(self, channel: Channel) -> bool:
        """Whether one more message may go there now; else it rests until it may."""
        await self._recall(channel.name)
        now = self._clock()
        load = await asyncio.to_thread(self._outbox.load, channel.name, now, now)
        if load.waiting == 0:
            return False
        while wait := self._limiter.wait(channel.name, load.waiting):
            if wait > LONGEST_SLEEP:
                await self._rest(channel, timedelta(seconds=wait), None)
                return False
            await self._sleep(wait)
        # Nothing may come between the question and this: another destination may share what is left.
        self._limiter.note(channel.name)
        return True

    async def _recall(self, destination: str) -> None:
        """Once: what was sent there before this program began."""
        if destination not in self._recalled:
            now = self._clock()
            since = now - timedelta(seconds=self._limiter.memory(destination))
            sent = await asyncio.to_thread(self._outbox.sent_since, destination, since)
            self._limiter.recall(destination, [(now - at).total_seconds() for at in sent])
            self._recalled.add(destination)

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
                await self._step(channel, post, Event.STOPPED_BEFORE, _STOPPED_BEFORE, self._counts(post))
            raise

    async def _attempt(self, channel: Channel, post: Post) -> tuple[Delivered, bool]:
        """Send one message and record what became of it; also whether the destination may have the next one now."""
        try:
            with held(self._outbox, post, self._clock, beat=self._beat):
                if not await made_ready(self._outbox, channel, post, self._clock):
                    log.warning("not sent: somebody else has taken it over", destination=channel.name, decree=post.decree.id)
                    return Delivered(post, post.state, _TAKEN_OVER), False
                sent = await channel.send(post)
        except StoppedBefore:
            await self._step(channel, post, Event.STOPPED_BEFORE, _STOPPED_BEFORE, self._counts(post))
            raise
        except asyncio.CancelledError:
            await self._step(channel, post, Event.STOPPED_WHILE, _STOPPED_WHILE, self._counts(post))
            raise
        except Exception as error:  # a DeliveryError, or a fault of one channel, which must not stop the others
            reason = str(error) if isinstance(error, DeliveryError) else unexpected(channel.name, error)
            event = event_of(error)
            delivered = await self._settled(channel, post, event, reason, getattr(error, "retry_after", None))
            return delivered, event in {Event.REFUSED_CONTENT, Event.MIGRATED}
        await uninterrupted(self._outbox.sent, post.id, sent.reference, self._clock())
        if sent.rest is not None:
            await self._rest(channel, timedelta(seconds=sent.rest), PostCause.RATE_LIMITED)
        return Delivered(post, PostState.SENT), sent.rest is None

    # --- applying what was decided ---

    async def _settled(self, channel: Channel, post: Post, event: Event, error: str, retry_after: float | None = None) -> Delivered:
        step = await self._step(channel, post, event, error, self._counts(post, retry_after))
        return Delivered(post, post.state, error) if step is None else Delivered(post, step.state, error, alert=step.tell)

    async def _step(self, channel: Channel, post: Post, event: Event, error: str, counts: Counts) -> Step | None:
        now = self._clock()
        step = transition(post.state, event, counts, now)
        if step is None:
            return None
        if event is Event.RESEND:
            log.warning("sent again without looking whether it is there, as configured", destination=channel.name, decree=post.decree.id)
        await uninterrupted(
            self._outbox.move, post, step.state, now, cause=step.cause, error=error, not_before=step.not_before, looks=step.looks
        )
        if step.rest is not None:
            await self._rest(channel, step.rest, step.cause)
        return step

    def _counts(self, post: Post, retry_after: float | None = None) -> Counts:
        return Counts(post.attempts, post.looks, _is_unclear(post), retry_after, self._settle, self._chance())

    async def _rest(self, channel: Channel, wait: timedelta, cause: PostCause | None) -> None:
        now = self._clock()
        await uninterrupted(self._outbox.hold, channel.name, now + wait, now, cause)


def _is_unclear(post: Post) -> bool:
    return post.cause is PostCause.RECONCILE_UNCLEAR
