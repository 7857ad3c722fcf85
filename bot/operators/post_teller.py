"""Tells the operators of the delivery: posts that need a person, destinations that take nothing, and the end of either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.delivery import DeliveryError
from bot.domain import DestinationCheck
from bot.messages import Language
from bot.operators.post_decisions import SETTLE, PostChanges, PostMessage, PostTrouble, post_changes, posts_to_tell
from bot.operators.teller import NotifyRetries, OperatorsChat
from bot.operators.text import post_text
from bot.storage.alerts import NewPostAlert, PostAlert
from bot.storage.edits import EditTold
from bot.storage.posts import OpenPost
from bot.storage.threads import run_to_completion

log = structlog.get_logger()


class UnsentPosts(Protocol):
    """The store's posts. Synchronous: called in a thread."""

    def unsent(self, destinations: Collection[str], /) -> list[OpenPost]:
        """What was not sent to these destinations, without what a person gave up."""
        ...


class GivenUpEdits(Protocol):
    """The store's edits as people see them. Synchronous: called in a thread."""

    def given_up(self, destinations: Collection[str], /) -> list[EditTold]:
        """Those of posts of these destinations that are not made any more, without what a person gave up."""
        ...


class LastChecks(Protocol):
    """The store's checks of destinations. Synchronous: called in a thread."""

    def all(self) -> dict[str, DestinationCheck]:
        """The last one of each, by name."""
        ...


class PostAlertStore(Protocol):
    """The stored alerts. Synchronous: every method is called in a thread."""

    def unfinished(self) -> list[PostAlert]:
        """Those that go on, and those whose end is still to be told."""
        ...

    def change(self, now: datetime, /, *, opened: Sequence[NewPostAlert], closed: Collection[int]) -> None:
        """What begins, and what is over."""
        ...

    def told(self, begun: Collection[int], ended: Collection[int], now: datetime, /) -> None:
        """A message has gone out."""
        ...


class PostTeller:
    """Each trouble is told once, and so is its end, also across restarts. What could not be sent is tried again at later looks; where it
    is not known whether a message arrived it is sent again. Without a chat the log is all there is: it tells of posts that wait for long
    and of every end, and delivery itself of the rest.
    """

    def __init__(
        self,
        *,
        posts: UnsentPosts,
        edits: GivenUpEdits,
        checks: LastChecks,
        alerts: PostAlertStore,
        destinations: Collection[str],
        late_after: timedelta,
        chat: OperatorsChat | None,
        clock: Callable[[], datetime],
        language: Language = "fr",
    ) -> None:
        """`destinations` are the configured ones: what waits for another is nobody's trouble."""
        self._posts = posts
        self._edits = edits
        self._checks = checks
        self._alerts = alerts
        self._destinations = tuple(destinations)
        self._late_after = late_after
        self._chat = chat
        self._clock = clock
        self._language = language
        self._patience = NotifyRetries(clock)

    async def look(self, *, settle: timedelta = SETTLE) -> None:
        """One look. What has just begun waits `settle` for what may begin with it. Raises StorageError."""
        await self._note(await self._changes())
        message = await self._ripe(settle)
        if message and await self._sent(message):
            begun, ended = [alert.id for alert in message.begun], [alert.id for alert in message.ended]
            # A stop must not come between the message and its record: it would be told twice.
            await run_to_completion(self._alerts.told, begun, ended, self._clock())

    async def _ripe(self, settle: timedelta) -> PostMessage:
        """What may be sent now."""
        if self._chat is None or self._patience.rests():
            return PostMessage()
        return posts_to_tell(await asyncio.to_thread(self._alerts.unfinished), self._clock(), settle=settle)

    async def _changes(self) -> PostChanges:
        unsent = await asyncio.to_thread(self._posts.unsent, self._destinations)
        not_edited = await asyncio.to_thread(self._edits.given_up, self._destinations)
        checks = await asyncio.to_thread(self._checks.all)
        ours = {name: checks[name] for name in self._destinations if name in checks}
        unfinished = await asyncio.to_thread(self._alerts.unfinished)
        return post_changes(unsent, not_edited, unfinished, self._clock(), self._late_after, ours)

    async def _note(self, change: PostChanges) -> None:
        if not change:
            return
        closed = [alert.id for alert in change.closed]
        await asyncio.to_thread(self._alerts.change, self._clock(), opened=change.opened, closed=closed)
        for new in change.opened:
            if new.trouble == PostTrouble.LATE:
                log.warning("posts have waited for long", destination=new.destination, error=new.detail)
        for alert in change.closed:
            log.info("delivery needs no look any more", about=alert.subject, destination=alert.destination, trouble=alert.trouble)

    async def _sent(self, message: PostMessage) -> bool:
        if self._chat is None:
            return False
        try:
            await self._chat.tell(post_text(message, self._language))
        except DeliveryError as error:
            self._patience.failed(error)
            if self._patience.failures == 1:
                log.error("operators not told yet, they will be", error=str(error))
            return False
        self._patience.taken()
        return True
