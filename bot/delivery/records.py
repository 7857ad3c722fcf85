"""Records in the outbox what became of messages, as `transitions` decides it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog

from bot.delivery.channel import Channel, Sent
from bot.delivery.transitions import Counts, Event, Step, transition
from bot.domain import Post, PostCause, PostState
from bot.storage.threads import run_to_completion

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one message in one pass. `alert` is true when an operator must look, and was not told yet."""

    post: Post
    state: PostState
    error: str | None = None
    alert: bool = False


class OutboxWriter:
    """Nothing that is written here is cut short: a stop waits for it."""

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime], *, settle: timedelta, chance: Callable[[], float]) -> None:
        """`settle`: how long a platform is given before it is asked whether it has a message. `chance` (0 to 1) spreads the waits."""
        self._outbox = outbox
        self._clock = clock
        self._settle = settle
        self._chance = chance

    async def sent(self, post: Post, sent: Sent, cause: PostCause | None = None) -> Delivered:
        """The platform has it; what it asks for besides is obeyed."""
        await run_to_completion(self._outbox.sent, post.id, sent.reference, self._clock(), cause)
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
        await run_to_completion(
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
        await run_to_completion(self._outbox.hold, destination, now + wait, now, cause)


def is_unclear(post: Post) -> bool:
    """Whether nobody could tell, and operators know."""
    return post.cause is PostCause.RECONCILE_UNCLEAR


# What delivery asks of the store.


class Load(Protocol):
    """How much there is for a destination."""

    @property
    def waiting(self) -> int:
        """Messages that are due."""
        ...

    @property
    def single(self) -> int:
        """Posts among them that are in no digest."""
        ...

    @property
    def sent(self) -> int:
        """Messages sent lately."""
        ...


class Edit(Protocol):
    """A post to edit."""

    @property
    def post(self) -> Post:
        """With its decree as it is known now."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried, this time included."""
        ...

    @property
    def since(self) -> datetime:
        """When it was tried first."""
        ...


E = TypeVar("E", bound=Edit)


class Edits(Protocol[E]):
    """The store's edits. Synchronous; every method is called in a thread."""

    def next(self, destination: str, now: datetime, /) -> E | None:
        """The oldest one that is due there, with one more attempt; None when there is none."""
        ...

    def done(self, edit: E, now: datetime, /) -> None:
        """The platform has it."""
        ...

    def give_up(self, edit: E, now: datetime, cause: PostCause, error: str, /) -> None:
        """It is not tried again."""
        ...

    def put_off(self, edit: E, now: datetime, not_before: datetime, cause: PostCause | None = None, error: str | None = None, /) -> None:
        """It is tried again then. Without a cause it was not tried."""
        ...

    def rest(self, destination: str, now: datetime, until: datetime, /) -> None:
        """No edit is made there before then."""
        ...

    def next_due(self, now: datetime, destinations: Collection[str], /) -> datetime | None:
        """When one of these destinations has an edit to make, None when nothing waits."""
        ...


class Outbox(Protocol):
    """The store's posts. Synchronous; every method is called in a thread."""

    def claim(self, destination: str, now: datetime, /) -> Post | None:
        """The oldest due PENDING message of a destination, now SENDING with one more attempt; None when there is none."""
        ...

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None, /) -> None:
        """The platform has it."""
        ...

    def move(
        self,
        post: Post,
        state: PostState,
        now: datetime,
        /,
        *,
        cause: PostCause | None,
        error: str | None,
        not_before: datetime | None,
        looks: int,
    ) -> bool:
        """Another state for a message that is still in the state that `post` tells, at the same attempt; false when it is not."""
        ...

    def is_ours(self, post: Post, /) -> bool:
        """Whether a message that was claimed is still ours to send; false when another process or a person has taken over."""
        ...

    def in_doubt(self, destination: str, /) -> bool:
        """Whether a message there may be on its way, or may be there and is yet to be looked for."""
        ...

    def unknown_due(self, destination: str, now: datetime, /) -> list[Post]:
        """The UNKNOWN messages of a destination whose time has come. What was left SENDING there is UNKNOWN from here on."""
        ...

    def hold(self, destination: str, until: datetime, now: datetime, cause: PostCause | None = None, /) -> None:
        """Nothing goes to that destination before then."""
        ...

    def held_until(self, destination: str, now: datetime, /) -> datetime | None:
        """The end of the hold that lasts now, None when there is none."""
        ...

    def next_due(self, now: datetime, destinations: Collection[str], /) -> datetime | None:
        """When anything of these destinations becomes due, None when nothing waits."""
        ...

    def load(self, destination: str, now: datetime, since: datetime, /) -> Load:
        """How much waits for a destination, and how many messages it got since then."""
        ...

    def sent_since(self, destination: str, since: datetime, /) -> list[datetime]:
        """When each message that it got since then was sent."""
        ...

    def single(self, destination: str, now: datetime, /) -> list[Post]:
        """The due PENDING posts that are in no digest."""
        ...

    def gather(self, destination: str, digests: Sequence[Sequence[int]], now: datetime, /) -> None:
        """Each of these lists of posts is one message from now on."""
        ...
