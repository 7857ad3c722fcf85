"""From the outbox to the chats that follow something: one pool for all of them, whatever their number.

Channels come first: they have loops of their own, and a part of what the platform takes in a second is theirs (`limiter.FOLLOWERS`). Chats
are served in turns, one message each, so that one for which much waits delays no other. What a message goes through is what every post goes
through (`Deliverer.deliver_once`).

What one chat meets that is not its own (no network, a token that is refused, patience that the platform requests) stops the round:
thousands would meet it one by one. Where the platform fails for one chat and answers otherwise, that chat alone rests.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.delivery.deliverer import Deliverer
from bot.delivery.telegram.follower import FollowerChannel
from bot.delivery.transitions import retry_wait
from bot.domain.limits import MANY
from bot.domain.posts import Post
from bot.domain.routing import Follower, WaitingPosts, next_chats
from bot.domain.tasks import run_to_completion
from bot.storage.chats import Follows
from bot.storage.errors import NoSuchRow, StorageError

log = structlog.get_logger()

ROUND = 50
"""Chats served in one round."""

TOGETHER = 4
"""Chats served at the same time."""

OpenChannel = Callable[[Follower], FollowerChannel]


@dataclass(frozen=True, slots=True)
class FollowerRound:
    """What a round did: messages that went through it (sent or not), and whether it was stopped by what every chat would meet."""

    messages: int = 0
    stopped: bool = False


class FollowerPool:
    """Serves the chats that follow something. `clock` gives the current instant (aware, UTC)."""

    def __init__(
        self,
        follows: Follows,
        deliverer: Deliverer,
        open_channel: OpenChannel,
        clock: Callable[[], datetime],
        *,
        edited: bool,
    ) -> None:
        """`edited`: messages are edited, by the deliverer."""
        self._follows = follows
        self._deliverer = deliverer
        self._open = open_channel
        self._clock = clock
        self._edited = edited
        self._rounds = 0
        self._served: dict[int, int] = {}
        self._failures = 0
        self._rests_until: datetime | None = None

    async def deliver_round(self) -> FollowerRound:
        """Serve the chats whose turn it is. Raises StorageError, or what a fault of ours at one chat raised, once the messages on their way
        are there: none is cut short for what another chat met."""
        now = self._clock()
        if self._rests_until is not None and self._rests_until > now:
            return FollowerRound()
        due = await asyncio.to_thread(partial(self._follows.chats_due, now, edited=self._edited))
        self._rounds += 1
        self._served = {chat: self._served[chat] for chat in due if chat in self._served}
        turns, stop, messages = asyncio.Semaphore(TOGETHER), asyncio.Event(), 0
        faults: list[Exception] = []

        async def serve(chat: int) -> None:
            nonlocal messages
            async with turns:
                if not stop.is_set():
                    try:
                        messages += await self._serve(chat, due[chat], stop)
                    except Exception as error:
                        faults.append(error)

        async with asyncio.TaskGroup() as group:
            for chat in next_chats(due, self._served, ROUND):
                group.create_task(serve(chat))
        if faults:
            raise faults[0]
        if not stop.is_set():
            self._failures, self._rests_until = 0, None
        return FollowerRound(messages, stop.is_set())

    async def next_due(self, now: datetime) -> datetime | None:
        """Return when there will next be something to do, never before `now`; None when nothing waits. Raises StorageError."""
        due = await asyncio.to_thread(partial(self._follows.next_due, now, edited=self._edited))
        rest = self._rests_until
        return due if due is None or rest is None or rest <= due else rest

    async def _serve(self, chat: int, waiting: WaitingPosts, stop: asyncio.Event) -> int:
        follower = await asyncio.to_thread(self._follows.get, chat)
        if follower is None:  # forgotten in this moment
            return 0
        self._served[chat] = self._rounds
        channel = self._open(follower)
        try:
            if waiting.messages > 1:
                await self._deliverer.gather(channel, for_digest)
            done = await self._deliverer.deliver_one(channel)
        except NoSuchRow:
            log.debug("follower.forgotten")
            return 0
        except StorageError:
            stop.set()
            raise
        if channel.is_closed:
            await run_to_completion(self._follows.block, chat, self._clock())
        elif channel.trouble is not None and await channel.is_everyones():
            self._rest(getattr(channel.trouble, "retry_after", None), stop, str(channel.trouble))
        return done

    def _rest(self, retry_after: float | None, stop: asyncio.Event, error: str) -> None:
        """Serve nobody for a while: longer each time in a row."""
        if not stop.is_set():
            self._failures += 1
            self._rests_until = self._clock() + retry_wait(self._failures, retry_after)
            seconds = round((self._rests_until - self._clock()) / timedelta(seconds=1))
            log.log(logging.WARNING if self._failures == 1 else logging.DEBUG, "followers.delayed", error=error, seconds=seconds)
        stop.set()


def for_digest(waiting: list[Post]) -> list[Post]:
    """Return which of the posts that wait for one chat go out together. Pure.

    Those that waited for their hour (that of the daily digest, or the end of a pause), where they are more than one; and all, where more
    wait than a person wants to be sent one by one.
    """
    if len(waiting) > MANY:
        return waiting
    timed = [post for post in waiting if post.not_before is not None and post.attempts == 0]
    return timed if len(timed) > 1 else []
