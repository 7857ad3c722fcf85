"""How long a chat that took no message is left alone: longer with every failure in a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.delivery import DeliveryError, NotSent
from bot.delivery.transitions import backoff


class Patience:
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
