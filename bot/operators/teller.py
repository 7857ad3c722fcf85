"""Tells the operators: looks at the health of the sources, remembers what is new in it, and sends what is ripe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.delivery import DeliveryError, NotSent
from bot.delivery.transitions import backoff
from bot.domain.crowd import GroupedLog
from bot.domain.records import Alert, NewAlert
from bot.ingest.health import Overview
from bot.messages import Language
from bot.operators.decisions import SETTLE, Changes, Message, changes, to_tell
from bot.operators.text import Names, alert_text
from bot.storage.threads import run_to_completion

log = structlog.get_logger()


class AlertStore(Protocol):
    """The stored alerts. Synchronous: every method is called in a thread."""

    def unfinished(self) -> list[Alert]:
        """Those that go on, and those whose end is still to be told."""
        ...

    def change(
        self,
        now: datetime,
        /,
        *,
        opened: Sequence[NewAlert],
        closed: Collection[int],
        dropped: Collection[int],
        reopened: Collection[int],
    ) -> None:
        """What begins, what is over, what is over in silence, and what goes on after all."""
        ...

    def told(self, begun: Collection[int], ended: Collection[int], now: datetime, /) -> None:
        """A message has gone out."""
        ...


class OperatorsChat(Protocol):
    """Where the operators read."""

    async def tell(self, text: str, /) -> None:
        """Send a text as it is. Raises DeliveryError."""
        ...


class AlertTeller:
    """Each trouble is told once, and so is its end: in the log at once, and in the operators' chat where there is one.

    What could not be sent is tried again at later looks. Where it is not known whether a message arrived it is sent again: twice is better
    than never. Without a chat the log is all there is; where one is given later, it is told what goes on then.
    """

    def __init__(
        self,
        *,
        survey: Callable[[], Overview],
        alerts: AlertStore,
        chat: OperatorsChat | None,
        names: Names,
        clock: Callable[[], datetime],
        language: Language = "fr",
        crowds: GroupedLog | None = None,
    ) -> None:
        """`survey` reads how everything is now; it is called in a thread. `names` gives what people call a source."""
        self._survey = survey
        self._crowds = crowds or GroupedLog(log)
        self._alerts = alerts
        self._chat = chat
        self._names = names
        self._clock = clock
        self._language = language
        self._patience = NotifyRetries(clock)
        self._down: str | None = None

    async def look(self, *, settle: timedelta = SETTLE) -> None:
        """One look. What has just begun waits `settle` for what may begin with it. Raises StorageError."""
        await self._note(*await self._changes())
        message = await self._ripe(settle)
        if message is not None and await self._sent(message):
            begun, ended = [alert.id for alert in message.begun], [alert.id for alert in message.ended]
            # A stop must not come between the message and its record: it would be told twice.
            await run_to_completion(self._alerts.told, begun, ended, self._clock())

    async def _ripe(self, settle: timedelta) -> Message | None:
        """What may be sent now."""
        if self._chat is None or self._patience.rests():
            return None
        message = to_tell(await asyncio.to_thread(self._alerts.unfinished), self._clock(), settle=settle)
        return message if message.begun or message.ended else None

    async def _changes(self) -> tuple[Changes, datetime]:
        """What is new in how everything is, and when that was looked at."""
        overview = await asyncio.to_thread(self._survey)
        return changes(overview.sources, await asyncio.to_thread(self._alerts.unfinished), overview.at), overview.at

    async def _note(self, change: Changes, at: datetime) -> None:
        if not change:
            return
        await asyncio.to_thread(
            self._alerts.change,
            at,
            opened=change.opened,
            closed=[alert.id for alert in change.closed],
            dropped=[alert.id for alert in change.dropped],
            reopened=[alert.id for alert in change.reopened],
        )
        for new in change.opened:
            self._crowds.warning("source needs a look", source=new.subject, cause=new.cause, detail=new.detail)
        for alert in change.closed:
            self._crowds.info("source needs no look any more", source=alert.subject, cause=alert.cause)
        for alert in change.reopened:
            self._crowds.warning("source needs a look again", source=alert.subject, cause=alert.cause)

    async def _sent(self, message: Message) -> bool:
        if self._chat is None:
            return False
        try:
            await self._chat.tell(alert_text(message, self._names, self._language))
        except DeliveryError as error:
            self._patience.failed(error)
            if str(error) != self._down:
                self._down = str(error)
                log.error("operators not told yet, they will be", error=self._down)
            return False
        if self._down is not None:
            log.info("operators are told again")
        self._patience.taken()
        self._down = None
        return True


# How long a chat that took no message is left alone: longer with every failure in a row.


class NotifyRetries:
    """Of one teller with its chat. `clock` gives the current instant (aware, UTC); `failures` counts those in a row."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._not_before: datetime | None = None
        self.failures = 0

    def rests(self) -> bool:
        """Whether it is too early to try again."""
        return self._not_before is not None and self._clock() < self._not_before

    def failed(self, error: DeliveryError) -> None:
        """A message was not taken; what the platform asks for is waited for at least."""
        self.failures += 1
        self._not_before = self._clock() + backoff(self.failures, error.retry_after if isinstance(error, NotSent) else None)

    def taken(self) -> None:
        """A message was taken: nothing is held against the chat any more."""
        self.failures, self._not_before = 0, None
