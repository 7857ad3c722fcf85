"""What delivery asks of the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain import Post, PostCause, PostState


class Load(Protocol):
    """How much there is for a destination."""

    @property
    def waiting(self) -> int:
        """Messages that are due."""
        ...

    @property
    def single(self) -> int:
        """Posts among them that are in no digest."""
        ...

    @property
    def sent(self) -> int:
        """Messages sent lately."""
        ...


class Edit(Protocol):
    """A post to edit."""

    @property
    def post(self) -> Post:
        """With its decree as it is known now."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried, this time included."""
        ...

    @property
    def since(self) -> datetime:
        """When it was tried first."""
        ...


E = TypeVar("E", bound=Edit)


class Edits(Protocol[E]):
    """The store's edits. Synchronous; every method is called in a thread."""

    def next(self, destination: str, now: datetime, /) -> E | None:
        """The oldest one that is due there, with one more attempt; None when there is none."""
        ...

    def done(self, edit: E, now: datetime, /) -> None:
        """The platform has it."""
        ...

    def give_up(self, edit: E, now: datetime, cause: PostCause, error: str, /) -> None:
        """It is not tried again."""
        ...

    def put_off(self, edit: E, now: datetime, not_before: datetime, cause: PostCause | None = None, error: str | None = None, /) -> None:
        """It is tried again then. Without a cause it was not tried."""
        ...

    def rest(self, destination: str, now: datetime, until: datetime, /) -> None:
        """No edit is made there before then."""
        ...

    def next_due(self, now: datetime, destinations: Collection[str], /) -> datetime | None:
        """When one of these destinations has an edit to make, None when nothing waits."""
        ...


class Outbox(Protocol):
    """The store's posts. Synchronous; every method is called in a thread."""

    def claim(self, destination: str, now: datetime, /) -> Post | None:
        """The oldest due PENDING message of a destination, now SENDING with one more attempt; None when there is none."""
        ...

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None, /) -> None:
        """The platform has it."""
        ...

    def move(
        self,
        post: Post,
        state: PostState,
        now: datetime,
        /,
        *,
        cause: PostCause | None,
        error: str | None,
        not_before: datetime | None,
        looks: int,
    ) -> bool:
        """Another state for a message that is still in the state that `post` tells, at the same attempt; false when it is not."""
        ...

    def is_ours(self, post: Post, /) -> bool:
        """Whether a message that was claimed is still ours to send; false when another process or a person has taken over."""
        ...

    def in_doubt(self, destination: str, /) -> bool:
        """Whether a message there may be on its way, or may be there and is yet to be looked for."""
        ...

    def unknown_due(self, destination: str, now: datetime, /) -> list[Post]:
        """The UNKNOWN messages of a destination whose time has come. What was left SENDING there is UNKNOWN from here on."""
        ...

    def hold(self, destination: str, until: datetime, now: datetime, cause: PostCause | None = None, /) -> None:
        """Nothing goes to that destination before then."""
        ...

    def held_until(self, destination: str, now: datetime, /) -> datetime | None:
        """The end of the hold that lasts now, None when there is none."""
        ...

    def next_due(self, now: datetime, destinations: Collection[str], /) -> datetime | None:
        """When anything of these destinations becomes due, None when nothing waits."""
        ...

    def load(self, destination: str, now: datetime, since: datetime, /) -> Load:
        """How much waits for a destination, and how many messages it got since then."""
        ...

    def sent_since(self, destination: str, since: datetime, /) -> list[datetime]:
        """When each message that it got since then was sent."""
        ...

    def single(self, destination: str, now: datetime, /) -> list[Post]:
        """The due PENDING posts that are in no digest."""
        ...

    def gather(self, destination: str, digests: Sequence[Sequence[int]], now: datetime, /) -> None:
        """Each of these lists of posts is one message from now on."""
        ...
