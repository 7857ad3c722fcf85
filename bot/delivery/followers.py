"""Delivers to all followers by one pool, through `Deliverer.deliver_once`.

Channels have their own loops and a reserved rate (`limits.FOLLOWERS`). Chats are served in turns of one message. A failure that concerns
all (network, token, rate limit) stops the round; one of a single chat, while the platform answers otherwise, makes that chat rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from bot.delivery.channel import MANY, DeliveryError, DestinationRefused, Limiter, NotSent
from bot.delivery.deliverer import Deliverer
from bot.delivery.telegram.follower import FollowerChannel
from bot.delivery.transitions import retry_wait
from bot.domain.acts import Place
from bot.domain.health import Overview, Status, unread_since
from bot.domain.posts import FRANCE, Follower, Post, WaitingPosts, departments_of, next_chats
from bot.domain.tasks import run_to_completion
from bot.messages.following import read_again_text, unread_text, withdrawn_text
from bot.messages.words import Language
from bot.storage.alerts import FollowerNotice, Notices
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
    """Result of a round: messages handled (sent or not), and whether a general failure stopped it."""

    messages: int = 0
    stopped: bool = False


@dataclass(slots=True, eq=False, repr=False)
class FollowerPool:
    """Serves followers. `clock`: aware, UTC; `edited`: the deliverer edits messages."""

    follows: Follows
    deliverer: Deliverer
    open_channel: OpenChannel
    clock: Callable[[], datetime]
    _: KW_ONLY
    edited: bool
    _rounds: int = field(default=0, init=False)
    _served: dict[int, int] = field(default_factory=dict, init=False)
    _failures: int = field(default=0, init=False)
    _rests_until: datetime | None = field(default=None, init=False)

    async def deliver_round(self) -> FollowerRound:
        """Serve the chats in turn. Raises StorageError, or a crash at one chat, once messages being sent are done."""
        now = self.clock()
        if self._rests_until is not None and self._rests_until > now:
            return FollowerRound()
        due = await asyncio.to_thread(partial(self.follows.chats_due, now, edited=self.edited))
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
        """Return when work is next due, at least `now`; None without any. Raises StorageError."""
        due = await asyncio.to_thread(partial(self.follows.next_due, now, edited=self.edited))
        rest = self._rests_until
        return due if due is None or rest is None or rest <= due else rest

    async def _serve(self, chat: int, waiting: WaitingPosts, stop: asyncio.Event) -> int:
        follower = await asyncio.to_thread(self.follows.get, chat)
        if follower is None:  # forgotten in this moment
            return 0
        self._served[chat] = self._rounds
        channel = self.open_channel(follower)
        try:
            if waiting.messages > 1:
                await self.deliverer.gather(channel, for_digest)
            done = await self.deliverer.deliver_one(channel)
        except NoSuchRow:
            log.debug("follower.forgotten")
            return 0
        except StorageError:
            stop.set()
            raise
        if channel.is_closed:
            await run_to_completion(self.follows.block, chat, self.clock())
        elif channel.trouble is not None and await channel.is_everyones():
            self._rest(getattr(channel.trouble, "retry_after", None), stop, str(channel.trouble))
        return done

    def _rest(self, retry_after: float | None, stop: asyncio.Event, error: str) -> None:
        """Serve nobody for a while: longer each time in a row."""
        if not stop.is_set():
            self._failures += 1
            self._rests_until = self.clock() + retry_wait(self._failures, retry_after)
            seconds = round((self._rests_until - self.clock()) / timedelta(seconds=1))
            log.log(logging.WARNING if self._failures == 1 else logging.DEBUG, "followers.delayed", error=error, seconds=seconds)
        stop.set()


def for_digest(waiting: list[Post]) -> list[Post]:
    """Return which waiting posts of a chat form a digest: several held for a time (daily, or a pause), or too many to send singly. Pure."""
    if len(waiting) > MANY:
        return waiting
    timed = [post for post in waiting if post.not_before is not None and post.attempts == 0]
    return timed if len(timed) > 1 else []


# Notifies followers of a department, commune or region once when its recueils cannot be read for days, and once when they can; and those
# of a decree once when a person withdraws it.

UNREAD_AFTER = timedelta(days=3)
"""Gives how long the recueils of an authority must have been unreadable before its followers are notified."""

_READABLE = frozenset({Status.OK, Status.LATE, Status.PARTLY})
"""States of a readable authority; one unwatched, or failing otherwise since yesterday, has none."""

_AT_ONCE = 500
"""Notices sent in one look: posts go on meanwhile, and the rest waits for the next look."""


@dataclass(frozen=True, slots=True)
class Geography:
    """Gives the place of each authority, and the region of a department (or None)."""

    places: Mapping[str, Place]
    region_of: Callable[[str], str | None]

    def departments(self, authority: str) -> frozenset[str]:
        """Return the codes of the departments in which it decides."""
        return departments_of(authority, self.places)

    def regions(self, departments: Iterable[str]) -> dict[str, str]:
        """Return the regions of these departments, by their codes."""
        return {code: region for code in departments if (region := self.region_of(code)) is not None}


@dataclass(frozen=True, slots=True)
class FollowerNotices:
    """Queues and sends notices to followers. `overview`: health of the sources."""

    notices: Notices
    follows: Follows
    open_channel: OpenChannel
    limiter: Limiter
    overview: Callable[[], Overview]
    geography: Geography
    clock: Callable[[], datetime]
    _unrecorded: list[tuple[FollowerNotice, bool]] = field(default_factory=list, init=False)
    """Keeps what became of notices, sent or surely not, until the store can record it."""

    async def notify(self) -> None:
        """Look at the sources once, and send what is due. Raises StorageError."""
        await self._record_rest()
        overview = await asyncio.to_thread(self.overview)
        unread = unread_since(overview, UNREAD_AFTER)
        if unread is None:
            return
        decides = {code: self.geography.departments(code) for code in unread}
        regions = await asyncio.to_thread(self.geography.regions, frozenset().union(*decides.values()))
        readable = {one.code for one in overview.authorities if one.status in _READABLE}
        await run_to_completion(self.notices.update, decides, readable, self.clock(), regions)
        for notice in await asyncio.to_thread(self.notices.due, _AT_ONCE):
            since = unread.get(notice.subject)
            if (notice.is_end or since is not None or notice.decree is not None) and not await self._send(notice, since):
                return

    async def _send(self, notice: FollowerNotice, since: datetime | None) -> bool:
        """Send one notice; false if the failure is general, so that all wait."""
        follower = await asyncio.to_thread(self.follows.get, notice.chat)
        if follower is None:
            return True
        text = self._text(notice, since, "en" if follower.language == "en" else "fr")
        channel = self.open_channel(follower)
        if not await self._claim(notice):
            return True
        while wait := self.limiter.wait(channel.name, 1):  # noqa: ASYNC110 - what is left may be taken by others meanwhile
            await asyncio.sleep(wait)
        self.limiter.note(channel.name)
        try:
            await channel.say(text)
        except DeliveryError as error:
            log.debug("follower.notice_failed", error=type(error).__name__)
            surely_not = isinstance(error, (NotSent, DestinationRefused)) and not channel.is_closed
            # A group that moved has taken its notices with it.
            there = notice if channel.moved_to is None else replace(notice, chat=channel.moved_to)
            await self._record(there, is_sent=not surely_not)
            if channel.is_closed:
                await run_to_completion(self.follows.block, notice.chat, self.clock())
            return not await channel.is_everyones()
        except Exception:  # a fault of ours, perhaps after it was sent
            await self._record(notice, is_sent=True)
            raise
        await self._record(notice, is_sent=True)
        return True

    async def _claim(self, notice: FollowerNotice) -> bool:
        try:
            return await run_to_completion(self.notices.claim, notice, self.clock())
        except StorageError:  # perhaps it is recorded all the same
            self._unrecorded.append((notice, False))
            raise

    async def _record(self, notice: FollowerNotice, *, is_sent: bool) -> None:
        self._unrecorded.append((notice, is_sent))
        await self._record_rest()

    async def _record_rest(self) -> None:
        """Record the outcome of each notice, also those that failed to be recorded, which would stay SENDING."""
        while self._unrecorded:
            notice, is_sent = self._unrecorded[-1]
            await run_to_completion(self.notices.sent if is_sent else self.notices.put_back, notice, self.clock())
            self._unrecorded.pop()

    def _text(self, notice: FollowerNotice, since: datetime | None, language: Language) -> str:
        code = notice.subject if notice.decree is None else notice.decree.authority
        place = self.geography.places.get(code)
        where = code if place is None else place.name if place.territory else f"{place.department} ({place.code})"
        if notice.decree is not None:
            return withdrawn_text(where, notice.decree, language, is_end=notice.is_end)
        if since is None:
            return read_again_text(where, language)
        day: date = since.astimezone(FRANCE).date()
        return unread_text(where, day, language)
