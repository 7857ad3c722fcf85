"""Delivers from the outbox to the destinations, each post once.

A pass (`Deliverer.deliver_once`) serves one destination, in order; passes run concurrently. Channels classify failures (not sent, refused,
unknown), `transitions` decides. Waits are stored, at most a second is slept: the caller returns at `next_due`. Records survive a cancelled
pass.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.delivery.channel import (
    Channel,
    DeliveryError,
    EditExposed,
    EditingChannel,
    Limiter,
    NotSent,
    PreparingChannel,
    Sent,
    StoppedBefore,
    before_sending,
    unexpected,
)
from bot.delivery.transitions import REFUSED_REST, Event, Transition, WaitFactors, event_of, looked_for, retry_wait, transition
from bot.domain.posts import Post, PostCause, PostState
from bot.domain.tasks import run_to_completion
from bot.storage.outbox import SETTLE, Outbox
from bot.storage.posts import Edit, Edits

log = structlog.get_logger()

LONGEST_SLEEP = 1.0
"""Seconds that a pass may wait for a destination's turn."""

DAY = timedelta(hours=24)
"""Over which messages are counted, up to now."""

_GO_ON = frozenset({Event.REFUSED_CONTENT, Event.MIGRATED})
"""Failures after which the destination may have the next message at once."""

_TAKEN_OVER = "not sent: another process or a person has taken it over"
_STOPPED_BEFORE, _STOPPED_WHILE = "stopped before it was sent", "stopped while it was being sent"
_ABSENT = "not found at the destination: to be sent again"


@dataclass(frozen=True, slots=True)
class Delivered:
    """Outcome of one message in one pass. `alert`: an operator must be notified."""

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
        limiter: Limiter | None = None,
        editor: Editor | None = None,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Without an `editor` no post is edited. `chance` (0 to 1) spreads the waits."""
        self._outbox = outbox
        self._channels = tuple(channels)
        self._clock = clock
        self._limiter = limiter or Limiter()
        self._editor = editor
        self._chance = chance
        self._sleep = sleep
        self._one_pass = {channel.name: asyncio.Lock() for channel in self._channels}
        self._recalled: set[str] = set()
        self._failures: Counter[str] = Counter()  # passes in a row that the store cut short, by destination

    @property
    def destinations(self) -> tuple[str, ...]:
        """Return the names of all that are served."""
        return tuple(channel.name for channel in self._channels)

    async def next_due(self, now: datetime, *destinations: str) -> datetime | None:
        """Return when the next pass over these (None named: all) is due, at least `now`, later after a store failure; None if never."""
        channels = self._named(destinations)
        due = [await asyncio.to_thread(self._outbox.next_due, now, [channel.name for channel in channels])]
        if self._editor is not None:
            due.append(await self._editor.next_due(now, channels))
        failures = min((self._failures[channel.name] for channel in channels), default=0)
        soonest = now + retry_wait(failures) if failures else now
        return min((max(at, soonest) for at in due if at is not None), default=None)

    async def deliver_due(self, *destinations: str) -> list[Delivered]:
        """Send what is due to these destinations (None named: all) until the slowest is done; return outcomes. Failures are not raised."""
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
                log.warning("destination.close_failed", destination=channel.name, error=type(error).__name__)

    def _named(self, destinations: Collection[str]) -> Sequence[Channel]:
        return [channel for channel in self._channels if channel.name in destinations] if destinations else self._channels

    async def _one_at_a_time(self, channel: Channel, done: list[Delivered]) -> None:
        """Make a pass; a failure of the store ends only this one."""
        async with self._one_pass[channel.name]:
            try:
                await self.deliver_once(channel, done)
            except Exception as error:
                self._failures[channel.name] += 1
                # A database that can do nothing at all is logged once, by itself.
                if getattr(error, "is_outage", False):
                    log.debug("outbox.failed", destination=channel.name)
                else:
                    log.exception("outbox.failed", destination=channel.name)
            else:
                self._failures[channel.name] = 0

    async def deliver_one(self, channel: Channel) -> int:
        """Make one pass over another destination, with one message at most; return how many were tried or searched. Raises StorageError."""
        done: list[Delivered] = []
        await self.deliver_once(channel, done, most=1)
        return len(done)

    async def gather(self, channel: Channel, choose: Callable[[list[Post]], Sequence[Post]]) -> None:
        """Make digests of the waiting posts that `choose` takes. Raises StorageError."""
        waiting = await asyncio.to_thread(self._outbox.single, channel.name, self._clock())
        await self._make_digests(channel, choose(waiting))

    async def deliver_once(self, channel: Channel, done: list[Delivered], *, most: int | None = None) -> None:
        """Make one pass over one destination, at most `most` messages (None: all), adding outcomes to `done`. Raises StorageError."""
        if await self._rests(channel):
            return
        # What may have been sent comes first, and nothing overtakes it: neither what was looked for in vain, nor what is yet to be.
        if not await self._reconcile(channel, done) or await asyncio.to_thread(self._outbox.in_doubt, channel.name):
            return
        if not await self._gather(channel):
            return
        while await self._has_turn(channel) and (post := await self._claim(channel)) is not None:
            delivered, go_on = await self._send(channel, post)
            done.append(delivered)
            most = None if most is None else most - 1
            if most == 0:
                return
            if not go_on:
                break
        # Last, and not while the destination rests, which it does whenever a post waits for its turn there.
        if self._editor is not None and not await self._rests(channel):
            alone_until = await self._editor.serve(channel)
            if alone_until is not None:
                await self._rest(channel.name, alone_until - self._clock(), PostCause.RATE_LIMITED)

    async def _rests(self, channel: Channel) -> bool:
        return await asyncio.to_thread(self._outbox.held_until, channel.name, self._clock()) is not None

    # What may have been sent.

    async def _reconcile(self, channel: Channel, done: list[Delivered]) -> bool:
        """Look for the messages in doubt; false when the destination must rest."""
        posts = await asyncio.to_thread(self._outbox.unknown_due, channel.name, self._clock())
        for position, post in enumerate(posts):
            try:
                found = await channel.find(post)
            except NotSent as error:
                # All of them are looked for again as soon as the destination has rested.
                left = posts[position:]
                counts = replace(self._counts(post, error.retry_after), reconcile_attempts=max(one.reconcile_attempts for one in left))
                for one in left:
                    await self._step(one, Event.CANNOT_ASK, str(error), replace(counts, unclear=_is_unclear(one)))
                return False
            except Exception as error:  # it cannot be found out, or a fault of one channel, which must not stop the others
                done.append(await self._failed(post, looked_for(error, restored=post.sought_since is not None), error))
            else:
                if found is None:
                    done.append(await self._became(post, Event.ABSENT, _ABSENT))
                else:
                    done.append(await self._sent(post, found, PostCause.RECONCILE_FOUND))
        return True

    # What came to too many for a day.

    async def _gather(self, channel: Channel) -> bool:
        """Record digests before any is sent; false if unknown now, so that the destination rests. After a crash, posts go singly."""
        most = self._limiter.most_per_day.get(channel.name)
        if most is None:
            return True
        now = self._clock()
        load = await asyncio.to_thread(self._outbox.load, channel.name, now, now - DAY)
        # One decree never waits, as time to contest is short.
        if load.single <= 1 or load.sent + load.single <= most:
            return True
        return await self._make_digests(channel, await asyncio.to_thread(self._outbox.single, channel.name, now))

    async def _make_digests(self, channel: Channel, waiting: Sequence[Post]) -> bool:
        left = tuple(waiting)
        digests: list[list[int]] = []
        while left:
            try:
                room = await channel.room([post.decree for post in left])
            except DeliveryError as error:
                log.warning("digest.delayed", destination=channel.name, error=str(error))
                wait = timedelta(seconds=error.retry_after or 0) if isinstance(error, NotSent) else timedelta()
                await self._rest(channel.name, max(wait, SETTLE), None)
                return False
            except Exception as error:  # of one decree perhaps: in a digest it would keep all of them, for ever
                unexpected(channel.name, error)
                return True
            chosen, left = split(left, room)
            digests.append([post.id for post in chosen])
        if digests:
            log.info("digest.queued", destination=channel.name, decrees=sum(map(len, digests)), messages=len(digests))
            await run_to_completion(self._outbox.gather, channel.name, digests, self._clock())
        return True

    # One message.

    async def _has_turn(self, channel: Channel) -> bool:
        """Whether one more message may go there now; else it rests until it may."""
        await self._recall(channel.name)
        now = self._clock()
        load = await asyncio.to_thread(self._outbox.load, channel.name, now, now)
        if load.waiting == 0:
            return False
        while wait := self._limiter.wait(channel.name, load.waiting):
            if wait > LONGEST_SLEEP:
                await self._rest(channel.name, timedelta(seconds=wait), None)
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
        """Claim a post; if cancelled meanwhile, return it to the queue."""
        claimed: list[Post] = []

        def claim() -> Post | None:
            post = self._outbox.claim(channel.name, self._clock())
            claimed.extend(() if post is None else (post,))
            return post

        try:
            return await run_to_completion(claim)
        except asyncio.CancelledError:
            for post in claimed:
                await self._step(post, Event.STOPPED_BEFORE, _STOPPED_BEFORE, self._counts(post))
            raise

    async def _send(self, channel: Channel, post: Post) -> tuple[Delivered, bool]:
        """Send one message and record the outcome; return also whether the next may follow now."""
        try:
            if not await self._prepare(channel, post):
                log.warning("post.taken_over", destination=channel.name, decree=post.decree.id)
                return Delivered(post, post.state, _TAKEN_OVER), False
            sent = await channel.send(post)
        except StoppedBefore:
            await self._step(post, Event.STOPPED_BEFORE, _STOPPED_BEFORE, self._counts(post))
            raise
        except asyncio.CancelledError:
            await self._step(post, Event.STOPPED_WHILE, _STOPPED_WHILE, self._counts(post))
            raise
        except Exception as error:  # a DeliveryError, or a fault of one channel, which must not stop the others
            event = event_of(error)
            return await self._failed(post, event, error), event in _GO_ON
        return await self._sent(post, sent), sent.rest is None

    async def _prepare(self, channel: Channel, post: Post) -> bool:
        """Prepare a message; return whether it is still ours and may be sent. Raises StoppedBefore, NotSent."""
        try:
            with before_sending():
                if isinstance(channel, PreparingChannel):
                    await channel.prepare(post)
                return await asyncio.to_thread(self._outbox.is_ours, post)
        except Exception as error:
            raise NotSent(f"not made ready: {unexpected(channel.name, error)}") from error

    # What became of it. Nothing that is written here is cut short: a stop waits for it.

    async def _sent(self, post: Post, sent: Sent, cause: PostCause | None = None) -> Delivered:
        """The platform has it; what it requests besides is obeyed."""
        await run_to_completion(self._outbox.sent, post.id, sent.reference, self._clock(), cause)
        if sent.rest is not None:
            await self._rest(post.destination, timedelta(seconds=sent.rest), PostCause.RATE_LIMITED)
        return Delivered(post, PostState.SENT)

    async def _failed(self, post: Post, event: Event, error: Exception) -> Delivered:
        return await self._became(post, event, _reason(post.destination, error), getattr(error, "retry_after", None))

    async def _became(self, post: Post, event: Event, error: str, retry_after: float | None = None) -> Delivered:
        """It is not known to be there."""
        step = await self._step(post, event, error, self._counts(post, retry_after))
        return Delivered(post, post.state, error) if step is None else Delivered(post, step.state, error, alert=step.notify)

    async def _step(self, post: Post, event: Event, error: str, counts: WaitFactors) -> Transition | None:
        """Record the transition of an event; None if it came too late."""
        now = self._clock()
        step = transition(post.state, event, counts, now)
        if step is None:
            return None
        if event is Event.RESEND:
            log.warning("post.resent_unchecked", destination=post.destination, decree=post.decree.id)
        await run_to_completion(
            self._outbox.move,
            post,
            step.state,
            now,
            cause=step.cause,
            error=error,
            not_before=step.not_before,
            reconcile_attempts=step.reconcile_attempts,
        )
        if step.rest is not None:
            await self._rest(post.destination, step.rest, step.cause)
        return step

    def _counts(self, post: Post, retry_after: float | None = None) -> WaitFactors:
        return WaitFactors(post.attempts, post.reconcile_attempts, _is_unclear(post), retry_after, self._chance())

    async def _rest(self, destination: str, wait: timedelta, cause: PostCause | None) -> None:
        """Nothing goes there for so long."""
        now = self._clock()
        await run_to_completion(self._outbox.hold, destination, now + wait, now, cause)


def _reason(destination: str, error: Exception) -> str:
    return str(error) if isinstance(error, DeliveryError) else unexpected(destination, error)


def _is_unclear(post: Post) -> bool:
    """Whether it could not be found out, and operators were notified."""
    return post.cause is PostCause.RECONCILE_UNCLEAR


# When many decrees wait for one destination: which of them become digests. Pure.


def split(waiting: Sequence[Post], room: int) -> tuple[tuple[Post, ...], tuple[Post, ...]]:
    """Return the posts of the next digest and the rest; `room`: how many fit. Avoids a digest of one."""
    room = max(room, 1)
    if len(waiting) - room == 1 and room > 2:
        room -= 1
    return tuple(waiting[:room]), tuple(waiting[room:])


# Edits come after posts: none while a post waits or its destination rests. A lost answer is repeated, harmlessly; an edit failing for two
# days is given up, and logged. A failure makes all edits of the destination wait; posts only if the platform requests.

GIVEN_UP_AFTER = timedelta(hours=48)
"""From the first try: the readers of a post that is so old have moved on."""

MOST_AT_ONCE = 20
"""Edits of one destination in one pass: what is posted meanwhile must not wait for longer."""

_ITS_OWN = frozenset({Event.FAULT, Event.MIGRATED})
"""What says nothing of the other edits: a fault that one decree meets, and a chat that has moved, to which they can go at once."""


@dataclass(frozen=True, slots=True)
class EditRetry:
    """Consequence of a failed edit: next try, or given up (None). `rests`: no edits there; `requested` by the platform: nor posts."""

    not_before: datetime | None
    cause: PostCause
    rests: bool = False
    requested: bool = False


def after_failure(event: Event, attempts: int, since: datetime, now: datetime, retry_after: float | None, chance: float) -> EditRetry:
    """Return the consequence of a failure. Pure. `since`: first try; `retry_after`: seconds that the platform requests."""
    cause = PostCause(event)
    if event is Event.REFUSED_CONTENT or now - since >= GIVEN_UP_AFTER:
        return EditRetry(None, cause)
    wait = REFUSED_REST if event is Event.REFUSED_DESTINATION else retry_wait(attempts, retry_after, chance)
    return EditRetry(now + wait, cause, rests=event not in _ITS_OWN, requested=event is Event.RATE_LIMITED)


class Editor:
    """Makes the edits that are due. `clock` gives the current instant (aware, UTC)."""

    def __init__(
        self, edits: Edits, clock: Callable[[], datetime], limiter: Limiter | None = None, *, chance: Callable[[], float] = random.random
    ) -> None:
        """Give it the limiter of the posts: a platform counts edits among them."""
        self._edits = edits
        self._clock = clock
        self._limiter = limiter or Limiter()
        self._chance = chance

    async def next_due(self, now: datetime, channels: Sequence[Channel]) -> datetime | None:
        """Return when the next edit is due, at least `now`; None without one."""
        names = [channel.name for channel in channels if isinstance(channel, EditingChannel)]
        return await asyncio.to_thread(self._edits.next_due, now, names)

    async def serve(self, channel: Channel) -> datetime | None:
        """Make due edits of one destination; return the end of a rest (posts too) that the platform requests. Raises StorageError."""
        if not isinstance(channel, EditingChannel):
            return None
        for _ in range(MOST_AT_ONCE):
            edit = await asyncio.to_thread(self._edits.next, channel.name, self._clock())
            if edit is None or not await self._has_turn(channel, edit):
                return None
            go_on, alone_until = await self._make(channel, edit)
            if alone_until is not None or not go_on:
                return alone_until
        return None

    async def _has_turn(self, channel: Channel, edit: Edit) -> bool:
        wait = self._limiter.wait(channel.name, 1)
        now = self._clock()
        if wait > 0:
            until = now + timedelta(seconds=wait)
            await run_to_completion(self._edits.put_off, edit, now, until)
            await run_to_completion(self._edits.rest, channel.name, now, until)
            return False
        self._limiter.note(channel.name)
        return True

    async def _make(self, channel: EditingChannel, edit: Edit) -> tuple[bool, datetime | None]:
        """Make one edit and record it; return whether the next may follow, and any rest that the platform requests."""
        try:
            edited = await channel.edit(edit.post)
        except Exception as error:  # a DeliveryError, or a fault of one channel, which must not stop the others
            return await self._failed(channel, edit, error)
        now = self._clock()
        await run_to_completion(self._edits.done, edit, now)
        log.info("post.edited", destination=channel.name, decree=edit.post.decree.id)
        return True, None if edited.rest is None else now + timedelta(seconds=edited.rest)

    async def _failed(self, channel: Channel, edit: Edit, error: Exception) -> tuple[bool, datetime | None]:
        reason = _reason(channel.name, error)
        now = self._clock()
        after = after_failure(event_of(error), edit.attempts, edit.since, now, getattr(error, "retry_after", None), self._chance())
        if isinstance(error, EditExposed):
            after = EditRetry(None, PostCause.EDIT_EXPOSED)
        if after.not_before is None:
            log.warning("post.edit_abandoned", destination=channel.name, decree=edit.post.decree.id, error=reason)
            await run_to_completion(self._edits.give_up, edit, now, after.cause, reason)
            return True, None
        await run_to_completion(self._edits.put_off, edit, now, after.not_before, after.cause, reason)
        if after.rests:
            await run_to_completion(self._edits.rest, channel.name, now, after.not_before)
        return False, after.not_before if after.requested else None
