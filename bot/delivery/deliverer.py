"""From the outbox to the destinations, each post once.

A post is a row before it is a message. A pass (`Deliverer.deliver_due`) serves one destination, or all of them side by side, so that a slow
or full platform never delays the others; within one destination posts go one after the other. What a failure means is
decided by the channel (not sent, refused, unknown), what follows from it by `transitions`, and recorded by `records`:

- what may have been sent is looked for before anything else goes to its destination, and nothing follows it until then (`reconciling`);
- what came to too many for a day is gathered into digests, which are recorded before they are sent (`gathering`);
- the rest goes out as fast as the platform and its readers can take it (`limiter`).

Every rest is stored, none longer than a second is slept: the caller comes back at `next_due`. What was recorded stays recorded when
the pass is cancelled.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog

from bot.delivery.channel import Channel, DeliveryError, NotSent, PreparingChannel, Sent, StoppedBefore, before_sending
from bot.delivery.editing import Editor
from bot.delivery.gathering import DigestBuilder
from bot.delivery.limiter import Limiter
from bot.delivery.records import Delivered, Outbox, OutboxWriter, is_unclear
from bot.delivery.transitions import SETTLE, Event, backoff, event_of, looked_for, unexpected
from bot.domain import Post, PostCause
from bot.storage.threads import run_to_completion

log = structlog.get_logger()

LONGEST_SLEEP = 1.0
"""Seconds that a pass may wait for a destination's turn."""

_TAKEN_OVER = "not sent: another process or a person has taken it over"
_STOPPED_BEFORE, _STOPPED_WHILE = "stopped before it was sent", "stopped while it was being sent"


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
    ) -> None:
        """`editor` edits posts after the others were sent; without it none is.

        `most_per_day`: messages above which a destination gets digests, by its name. `chance` (0 to 1) spreads the waits."""
        self._outbox = outbox
        self._channels = tuple(channels)
        self._clock = clock
        self._records = OutboxWriter(outbox, clock, settle=settle, chance=chance)
        self._reconciler = Reconciler(outbox, self._records, clock)
        self._gatherer = DigestBuilder(outbox, self._records, clock, most_per_day, settle=settle)
        self._limiter = limiter or Limiter()
        self._editor = editor
        self._sleep = sleep
        self._one_pass = {channel.name: asyncio.Lock() for channel in self._channels}
        self._recalled: set[str] = set()
        self._failures: Counter[str] = Counter()  # passes in a row that the store cut short, by destination

    @property
    def destinations(self) -> tuple[str, ...]:
        """The names of all that are served."""
        return tuple(channel.name for channel in self._channels)

    async def next_due(self, now: datetime, *destinations: str) -> datetime | None:
        """When the next pass over these destinations (all, where none is named) has something to do, not before `now`; None when nothing
        waits. Where the store failed it is left alone for a while: a disk that is full is full for hours.
        """
        channels = self._named(destinations)
        due = [await asyncio.to_thread(self._outbox.next_due, now, [channel.name for channel in channels])]
        if self._editor is not None:
            due.append(await self._editor.next_due(now, channels))
        failures = min((self._failures[channel.name] for channel in channels), default=0)
        soonest = now + backoff(failures) if failures else now
        return min((max(at, soonest) for at in due if at is not None), default=None)

    async def deliver_due(self, *destinations: str) -> list[Delivered]:
        """Send everything that is due to these destinations (all, where none is named), and tell what became of it. Never raises for a
        destination's failure. It lasts as long as the slowest of them.
        """
        done: list[Delivered] = []
        async with asyncio.TaskGroup() as group:
            for channel in self._named(destinations):
                group.create_task(self._one_at_a_time(channel, done))
        return done

    async def close(self) -> None:
        """Release every channel's connections."""
        for channel in self._channels:
            try:
                await channel.close()
            except Exception as error:  # one that does not close must not keep the others open
                log.warning("destination not closed", destination=channel.name, error=type(error).__name__)

    def _named(self, destinations: Collection[str]) -> Sequence[Channel]:
        return [channel for channel in self._channels if channel.name in destinations] if destinations else self._channels

    async def _one_at_a_time(self, channel: Channel, done: list[Delivered]) -> None:
        """A failure of the store ends the pass of this destination only: what could not be recorded stays as it was stored."""
        async with self._one_pass[channel.name]:
            try:
                await self._serve(channel, done)
            except Exception as error:
                self._failures[channel.name] += 1
                # A database that can do nothing at all is told of once, by itself.
                tell = log.debug if getattr(error, "is_outage", False) else log.exception
                tell("outbox not read or written", destination=channel.name)
            else:
                self._failures[channel.name] = 0

    async def _serve(self, channel: Channel, done: list[Delivered]) -> None:
        if await asyncio.to_thread(self._outbox.held_until, channel.name, self._clock()) is not None:
            return
        if not await self._reconciler.serve(channel, done):
            return
        # What a killed program may have sent is not yet to be looked for: nothing overtakes it meanwhile.
        if await asyncio.to_thread(self._outbox.in_doubt, channel.name):
            return
        if await self._gatherer.serve(channel):
            await self._send_all(channel, done)
            await self._edit(channel)

    async def _edit(self, channel: Channel) -> None:
        """Edits come last: none while the destination rests, which it does whenever a post waits for its turn there."""
        if self._editor is None or await asyncio.to_thread(self._outbox.held_until, channel.name, self._clock()) is not None:
            return
        alone_until = await self._editor.serve(channel)
        if alone_until is not None:
            await self._records.rest(channel.name, alone_until - self._clock(), PostCause.RATE_LIMITED)

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
                await self._records.rest(channel.name, timedelta(seconds=wait), None)
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
            return await run_to_completion(claim)
        except asyncio.CancelledError:
            for post in claimed:
                await self._records.step(channel, post, Event.STOPPED_BEFORE, _STOPPED_BEFORE, self._records.counts(post))
            raise

    async def _attempt(self, channel: Channel, post: Post) -> tuple[Delivered, bool]:
        """Send one message and record what became of it; also whether the destination may have the next one now."""
        try:
            if not await self._made_ready(channel, post):
                log.warning("not sent: somebody else has taken it over", destination=channel.name, decree=post.decree.id)
                return Delivered(post, post.state, _TAKEN_OVER), False
            sent = await channel.send(post)
        except StoppedBefore:
            await self._records.step(channel, post, Event.STOPPED_BEFORE, _STOPPED_BEFORE, self._records.counts(post))
            raise
        except asyncio.CancelledError:
            await self._records.step(channel, post, Event.STOPPED_WHILE, _STOPPED_WHILE, self._records.counts(post))
            raise
        except Exception as error:  # a DeliveryError, or a fault of one channel, which must not stop the others
            reason = str(error) if isinstance(error, DeliveryError) else unexpected(channel.name, error)
            event = event_of(error)
            delivered = await self._records.settled(channel, post, event, reason, getattr(error, "retry_after", None))
            return delivered, event in {Event.REFUSED_CONTENT, Event.MIGRATED}
        return await self._records.sent(post, sent), sent.rest is None

    async def _made_ready(self, channel: Channel, post: Post) -> bool:
        """Make ready what goes with a message; whether it is still ours then, and may be sent. Raises StoppedBefore and NotSent."""
        try:
            with before_sending():
                if isinstance(channel, PreparingChannel):
                    await channel.prepare(post)
                return await asyncio.to_thread(self._outbox.is_ours, post)
        except Exception as error:
            raise NotSent(f"not made ready: {unexpected(channel.name, error)}") from error


# Looks for what may have been sent, before anything else goes to its destination.

_ABSENT = "not found at the destination: to be sent again"


class Reconciler:
    """Asks the channels. A failure of the store is the caller's."""

    def __init__(self, outbox: Outbox, records: OutboxWriter, clock: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._records = records
        self._clock = clock

    async def serve(self, channel: Channel, done: list[Delivered]) -> bool:
        """Look for the messages in doubt, and add to `done` what became of each; false when the destination must rest."""
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
                done.append(await self._records.settled(channel, post, looked_for(error), reason))
            else:
                done.append(await self._resolved(channel, post, found))
        return True

    async def _resolved(self, channel: Channel, post: Post, found: Sent | None) -> Delivered:
        if found is None:
            return await self._records.settled(channel, post, Event.ABSENT, _ABSENT)
        return await self._records.sent(post, found, PostCause.RECONCILE_FOUND)

    async def _cannot_ask(self, channel: Channel, posts: Sequence[Post], error: NotSent) -> None:
        counts = replace(self._records.counts(posts[0], error.retry_after), looks=max(post.looks for post in posts))
        for post in posts:
            await self._records.step(channel, post, Event.CANNOT_ASK, str(error), replace(counts, unclear=is_unclear(post)))
