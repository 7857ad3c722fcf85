"""Posts that are edited, because more became known of their decree since, or a later one changed it.

Edits come after posts: none is made while a post waits for the same destination, or while that rests. An edit may be made twice without
harm, so that a lost answer only means to make it again; one that cannot be made for two days is given up, and the log says why.

What keeps one edit from being made keeps the others of its destination, which wait with it: an outage costs one request, not one for each.
Posts wait for edits only where the platform itself requests patience.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.delivery.channel import Channel, DeliveryError, EditExposed, EditingChannel, unexpected
from bot.delivery.limiter import Limiter
from bot.delivery.transitions import REFUSED_REST, Event, event_of, retry_wait
from bot.domain.posts import PostCause
from bot.domain.tasks import run_to_completion
from bot.storage.edits import Edit, Edits

log = structlog.get_logger()

GIVEN_UP_AFTER = timedelta(hours=48)
"""From the first try: the readers of a post that is so old have moved on."""

MOST_AT_ONCE = 20
"""Edits of one destination in one pass: what is posted meanwhile must not wait for longer."""

_CAUSES = {
    Event.NOT_SENT: PostCause.NOT_SENT,
    Event.MIGRATED: PostCause.MIGRATED,
    Event.RATE_LIMITED: PostCause.RATE_LIMITED,
    Event.REFUSED_CONTENT: PostCause.REFUSED_CONTENT,
    Event.REFUSED_DESTINATION: PostCause.REFUSED_DESTINATION,
    Event.LOST_ANSWER: PostCause.LOST_ANSWER,
    Event.FAULT: PostCause.FAULT,
}


_ITS_OWN = frozenset({Event.FAULT, Event.MIGRATED})
"""What says nothing of the other edits: a fault that one decree meets, and a chat that has moved, to which they can go at once."""


@dataclass(frozen=True, slots=True)
class EditRetry:
    """Says what follows from an edit that failed: it is tried again at `not_before`, or given up (None). `rests`: so are all of its
    destination; `requested`: the platform wants that, and gets no posts either.
    """

    not_before: datetime | None
    cause: PostCause
    rests: bool = False
    requested: bool = False


def after_failure(event: Event, attempts: int, since: datetime, now: datetime, retry_after: float | None, chance: float) -> EditRetry:
    """Return what follows from a failure. Pure. `since` is when the edit was first tried, `retry_after` what the platform requests, in
    seconds."""
    cause = _CAUSES[event]
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
        """Return when there will next be something to do (not before `now`); None when nothing waits."""
        names = [channel.name for channel in channels if isinstance(channel, EditingChannel)]
        return await asyncio.to_thread(self._edits.next_due, now, names)

    async def serve(self, channel: Channel) -> datetime | None:
        """Make the edits of one destination, until one of them has to wait; return until when the platform wants to be left alone, posts
        included. A failure of the store is the caller's.
        """
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
        """Make one edit and record what became of it; return whether the destination may have the next one now, and what the platform
        requests."""
        try:
            edited = await channel.edit(edit.post)
        except Exception as error:  # a DeliveryError, or a fault of one channel, which must not stop the others
            reason = str(error) if isinstance(error, DeliveryError) else unexpected(channel.name, error)
            exposed = isinstance(error, EditExposed)
            return await self._failed(channel, edit, event_of(error), reason, getattr(error, "retry_after", None), exposed=exposed)
        now = self._clock()
        await run_to_completion(self._edits.done, edit, now)
        log.info("post.edited", destination=channel.name, decree=edit.post.decree.id)
        return True, None if edited.rest is None else now + timedelta(seconds=edited.rest)

    async def _failed(
        self, channel: Channel, edit: Edit, event: Event, reason: str, retry_after: float | None, *, exposed: bool
    ) -> tuple[bool, datetime | None]:
        now = self._clock()
        after = after_failure(event, edit.attempts, edit.since, now, retry_after, self._chance())
        if exposed:
            after = EditRetry(None, PostCause.EDIT_EXPOSED)
        if after.not_before is None:
            log.warning("post.edit_abandoned", destination=channel.name, decree=edit.post.decree.id, error=reason)
            await run_to_completion(self._edits.give_up, edit, now, after.cause, reason)
            return True, None
        await run_to_completion(self._edits.put_off, edit, now, after.not_before, after.cause, reason)
        if after.rests:
            await run_to_completion(self._edits.rest, channel.name, now, after.not_before)
        return False, after.not_before if after.requested else None
