"""Gathers what came to too many for a day into digests, before anything of it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bot.delivery.channel import Channel, DeliveryError, NotSent
from bot.delivery.digests import DAY, needs_digest, split
from bot.delivery.records import Outbox, OutboxWriter
from bot.delivery.transitions import unexpected
from bot.domain import Post
from bot.storage.threads import run_to_completion

log = structlog.get_logger()


class DigestBuilder:
    """A failure of the store is the caller's."""

    def __init__(
        self, outbox: Outbox, records: OutboxWriter, clock: Callable[[], datetime], most_per_day: Mapping[str, int], *, settle: timedelta
    ) -> None:
        """`most_per_day`: messages above which a destination gets digests, by its name. `settle`: how long it rests at least where it
        cannot be asked how much one holds.
        """
        self._outbox = outbox
        self._records = records
        self._clock = clock
        self._most_per_day = most_per_day
        self._settle = settle

    async def serve(self, channel: Channel) -> bool:
        """Record which posts become digests; false when that cannot be known now, and the destination must rest.

        Where a fault of ours keeps it from being known each goes out on its own: one that has no words is refused then, and told.
        """
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
                await self._records.rest(channel.name, max(wait, self._settle), None)
                return False
            except Exception as error:  # of one decree perhaps: in a digest it would keep all of them, for ever
                unexpected(channel.name, error)
                return True
            chosen, left = split(left, room)
            digests.append([post.id for post in chosen])
        log.info("many decrees wait: told in digests", destination=channel.name, decrees=sum(map(len, digests)), messages=len(digests))
        await run_to_completion(self._outbox.gather, channel.name, digests, now)
        return True
