"""An outbox in memory with the contract of the real one, a clock that tests move, and channels that do as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery import Sent
from bot.model import Decree, Facts, Place, Post, PostState
from tests.bot.messages.samples import DROME, decree

START = datetime(2031, 4, 19, 22, 0, tzinfo=UTC)
PLACES: dict[str, Place] = {"26": DROME}


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def numbered(number: int) -> Decree:
    """The n-th of many decrees, each on its own page."""
    return decree(id=number, page=number, facts=Facts(number=f"2031-{number:05}"), act_id=f"26-2031-04-17-{number:05}")


def post(number: int = 1, destination: str = "essai") -> Post:
    return Post(number, f"cle-{destination}-{number}", destination, numbered(number), PostState.QUEUED)


class MemoryOutbox:
    """Thread-safe, as the store is."""

    def __init__(self, *posts: Post) -> None:
        self.posts = {post.id: post for post in posts}
        self.holds: dict[str, datetime] = {}
        self.closed: dict[int, datetime] = {}
        self._lock = threading.RLock()

    def _due(self, destination: str, state: PostState, now: datetime) -> list[Post]:
        if (until := self.holds.get(destination)) is not None and until > now:
            return []
        return [
            post
            for _, post in sorted(self.posts.items())
            if post.destination == destination and post.state is state and (post.not_before is None or post.not_before <= now)
        ]

    def _change(self, post_id: int, **values: object) -> None:
        with self._lock:
            self.posts[post_id] = replace(self.posts[post_id], **values)  # type: ignore[arg-type]  # values come by name

    def claim(self, destination: str, now: datetime) -> Post | None:
        with self._lock:
            for post in self._due(destination, PostState.QUEUED, now):
                self._change(post.id, state=PostState.SENDING, attempts=post.attempts + 1)
                return self.posts[post.id]
            return None

    def sent(self, post_id: int, reference: str, now: datetime) -> None:
        self._change(post_id, state=PostState.SENT, reference=reference, error=None, not_before=None)
        self.closed[post_id] = now

    def requeue(self, post_id: int, error: str, not_before: datetime) -> None:
        self._change(post_id, state=PostState.QUEUED, error=error, not_before=not_before)

    def refused(self, post_id: int, error: str, now: datetime) -> None:
        self._change(post_id, state=PostState.REFUSED, error=error)
        self.closed[post_id] = now

    def unknown(self, post_id: int, error: str, not_before: datetime) -> None:
        self._change(post_id, state=PostState.UNKNOWN, error=error, not_before=not_before)

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        with self._lock:
            return self._due(destination, PostState.UNKNOWN, now)

    def hold(self, destination: str, not_before: datetime) -> None:
        self.holds[destination] = not_before

    def held_until(self, destination: str) -> datetime | None:
        return self.holds.get(destination)

    def next_due(self, now: datetime, destinations: Collection[str]) -> datetime | None:
        waiting = (PostState.QUEUED, PostState.UNKNOWN)
        times = [
            max(post.not_before or now, self.holds.get(post.destination, now), now)
            for post in self.posts.values()
            if post.state in waiting and post.destination in destinations
        ]
        return min(times, default=None)

    @property
    def states(self) -> list[PostState]:
        return [post.state for _, post in sorted(self.posts.items())]


class ScriptedChannel:
    """Keeps what it is sent; `send_errors` and `find_errors` are raised first, in order; `None` in them is a success."""

    def __init__(self, name: str = "essai") -> None:
        self._name = name
        self.received: list[int] = []
        self.looked_for: list[int] = []
        self.send_errors: list[BaseException | None] = []
        self.find_errors: list[BaseException | None] = []
        self.before_answer: Callable[[Post], None] = lambda post: None
        self.closed = False

    @property
    def name(self) -> str:
        return self._name

    async def send(self, post: Post) -> Sent:
        self.before_answer(post)
        if self.send_errors and (error := self.send_errors.pop(0)) is not None:
            raise error
        self.received.append(post.id)
        return Sent(f"m{post.id}")

    async def find(self, post: Post) -> Sent | None:
        self.looked_for.append(post.id)
        if self.find_errors and (error := self.find_errors.pop(0)) is not None:
            raise error
        return Sent(f"m{post.id}") if post.id in self.received else None

    async def close(self) -> None:
        self.closed = True
