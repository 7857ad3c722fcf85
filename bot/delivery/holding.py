"""Keeps a message ours while it is being sent, however long that takes.

A program holds a message for a lease only, so that another can take over from one that was killed. One that is at work all the while, on a
picture, an upload or a long thread, says so in time. One that was stopped for longer than its lease, with its machine for instance, learns
before it sends that the message is no longer its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from bot.delivery.channel import Channel, NotSent, PreparingChannel
from bot.delivery.events import unexpected
from bot.delivery.pictured import before_sending
from bot.delivery.store import Outbox
from bot.model import Post

log = structlog.get_logger()

BEAT = 60.0
"""Seconds between two signs of life: several in a lease of five minutes, so that one that cannot be recorded does no harm."""


@contextmanager
def held(outbox: Outbox, post: Post, clock: Callable[[], datetime], *, beat: float = BEAT) -> Iterator[None]:
    """While entered, a message that is being sent stays ours. `beat` is in seconds."""
    beating = asyncio.create_task(_beat(outbox, post, clock, beat))
    try:
        yield
    finally:
        # Its end is not waited for: a sign of life that comes late changes nothing, and what was sent must be recorded at once.
        beating.cancel()


async def made_ready(outbox: Outbox, channel: Channel, post: Post, clock: Callable[[], datetime]) -> bool:
    """Make ready what goes with a message; whether it is still ours then, and may be sent. Raises StoppedBefore and NotSent."""
    if not isinstance(channel, PreparingChannel):
        return True
    try:
        with before_sending():
            await channel.prepare(post)
            return await asyncio.to_thread(outbox.renew, post, clock())
    except Exception as error:
        raise NotSent(f"not made ready: {unexpected(channel.name, error)}") from error


async def _beat(outbox: Outbox, post: Post, clock: Callable[[], datetime], beat: float) -> None:
    while True:
        await asyncio.sleep(beat)
        try:
            is_ours = await asyncio.to_thread(outbox.renew, post, clock())
        except Exception as error:  # the send goes on: whoever cannot write here cannot take over either
            log.warning("no sign of life recorded", destination=post.destination, error=type(error).__name__)
            continue
        if not is_ours:
            return
