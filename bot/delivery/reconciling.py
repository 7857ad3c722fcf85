"""Looks for what may have been sent, before anything else goes to its destination."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.delivery.channel import Channel, DeliveryError, NotSent, Sent
from bot.delivery.events import looked_for, unexpected
from bot.delivery.records import Delivered, Records, is_unclear
from bot.delivery.store import Outbox
from bot.delivery.transitions import Event
from bot.domain import Post, PostCause

_ABSENT = "not found at the destination: to be sent again"


class Reconciler:
    """Asks the channels. A failure of the store is the caller's."""

    def __init__(self, outbox: Outbox, records: Records, clock: Callable[[], datetime]) -> None:
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
