"""The edge to a platform: a destination that takes posts. One contract suite runs over every implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from bot.domain import Decree, Post


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has the message; `reference` is its id there. `rest`: seconds that it wants to be left alone from now on, if any."""

    reference: str
    rest: float | None = field(default=None, compare=False)


class DeliveryError(Exception):
    """A send that did not end well. The message never holds a token."""


class NotSent(DeliveryError):
    """Certainly not delivered: try again, not before `retry_after` seconds. `limited`: the platform asks for patience (429)."""

    def __init__(self, message: str, retry_after: float | None = None, *, limited: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limited = limited or retry_after is not None


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

        Raises Unknown when the platform cannot tell (HoldForPerson, SendAgain where that is what the configuration wants), NotSent when
        it cannot be asked now.
        """
        ...

    async def room(self, decrees: Sequence[Decree]) -> int:
        """How many of these decrees, from the first on, one digest holds: at least one. Raises NotSent when that cannot be known now."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class PreparingChannel(Channel, Protocol):
    """A destination whose posts take a while to make ready."""

    async def prepare(self, post: Post) -> None:
        """Make ready what goes with the post, which `send` then does not wait for. Sends nothing, and never fails: what cannot be had
        is done without.
        """
        ...


@runtime_checkable
class EditingChannel(Channel, Protocol):
    """A destination whose messages can be edited."""

    async def edit(self, post: Post) -> Sent:
        """Let the message of a sent post (`reference`) tell of its decree as it is known now. Doing it again changes nothing.

        Raises Refused where that message can never be edited (gone, no longer ours), DestinationRefused and NotSent where it cannot be
        now, Unknown where the answer was lost: it is then done again.
        """
        ...
