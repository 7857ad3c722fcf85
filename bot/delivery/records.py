"""Records in the outbox what became of messages, as `transitions` decides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.delivery.channel import Channel, Sent
from bot.delivery.store import Outbox
from bot.delivery.transitions import Counts, Event, Step, transition
from bot.domain import Post, PostCause, PostState
from bot.storage.threads import uninterrupted

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one message in one pass. `alert` is true when an operator must look, and was not told yet."""

    post: Post
    state: PostState
    error: str | None = None
    alert: bool = False


class Records:
    """Nothing that is written here is cut short: a stop waits for it."""

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime], *, settle: timedelta, chance: Callable[[], float]) -> None:
        """`settle`: how long a platform is given before it is asked whether it has a message. `chance` (0 to 1) spreads the waits."""
        self._outbox = outbox
        self._clock = clock
        self._settle = settle
        self._chance = chance

    async def sent(self, post: Post, sent: Sent, cause: PostCause | None = None) -> Delivered:
        """The platform has it; what it asks for besides is obeyed."""
        await uninterrupted(self._outbox.sent, post.id, sent.reference, self._clock(), cause)
        if sent.rest is not None:
            await self.rest(post.destination, timedelta(seconds=sent.rest), PostCause.RATE_LIMITED)
        return Delivered(post, PostState.SENT)

    async def settled(self, channel: Channel, post: Post, event: Event, error: str, retry_after: float | None = None) -> Delivered:
        """It is not known to be there."""
        step = await self.step(channel, post, event, error, self.counts(post, retry_after))
        return Delivered(post, post.state, error) if step is None else Delivered(post, step.state, error, alert=step.tell)

    async def step(self, channel: Channel, post: Post, event: Event, error: str, counts: Counts) -> Step | None:
        """The step that an event makes; None where it came too late, and changes nothing."""
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
            await self.rest(channel.name, step.rest, step.cause)
        return step

    def counts(self, post: Post, retry_after: float | None = None) -> Counts:
        """What the waits of a message depend on."""
        return Counts(post.attempts, post.looks, is_unclear(post), retry_after, self._settle, self._chance())

    async def rest(self, destination: str, wait: timedelta, cause: PostCause | None) -> None:
        """Nothing goes there for so long."""
        now = self._clock()
        await uninterrupted(self._outbox.hold, destination, now + wait, now, cause)


def is_unclear(post: Post) -> bool:
    """Whether nobody could tell, and operators know."""
    return post.cause is PostCause.RECONCILE_UNCLEAR
