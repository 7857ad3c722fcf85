"""The edge to a platform: a destination that takes posts. One contract suite runs over every implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.model import Post


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has the message; `reference` is its id there."""

    reference: str


class DeliveryError(Exception):
    """A send that did not end well. The message never holds a token."""


class NotSent(DeliveryError):
    """Certainly not delivered (no connection, 429, 5xx before processing): try again, not before `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(DeliveryError):
    """Certainly not delivered, and trying the same again is useless: an operator must look."""


class Unknown(DeliveryError):
    """It may have been delivered: the answer was lost. Reconcile before any retry."""


class Channel(Protocol):
    """One destination. `name` is the one of the configuration."""

    @property
    def name(self) -> str:
        """The destination's name in the configuration and in the outbox."""
        ...

    async def send(self, post: Post) -> Sent:
        """Deliver one post. Raises NotSent, Refused or Unknown."""
        ...

    async def find(self, post: Post) -> Sent | None:
        """After an unknown outcome: the message if the platform has it, None if it certainly has not.

        Raises Unknown when the platform cannot tell, NotSent when it cannot be asked now.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
