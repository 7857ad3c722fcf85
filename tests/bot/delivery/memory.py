"""An outbox in memory with the contract of the real one, a clock that tests move, and channels that do as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.delivery.channel import Sent
from bot.delivery.transitions import SETTLE
from bot.domain import ChatHistory, Decree, Facts, Place, Post, PostCause, PostState
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
    return Post(number, f"cle-{destination}-{number}", destination, numbered(number), PostState.PENDING)


@dataclass(frozen=True)
class MemoryLoad:
    waiting: int
    single: int
    sent: int


class MemoryOutbox:
    """Thread-safe, as the store is. Digests are kept as messages of their own, in the place of their posts."""

    def __init__(self, *posts: Post) -> None:
        self.posts = {post.id: post for post in posts}
        self.holds: dict[str, datetime] = {}
        self.closed: dict[int, datetime] = {}
        self.causes: list[PostCause | None] = []
        self._lock = threading.RLock()

    def _due(self, destination: str, state: PostState, now: datetime) -> list[Post]:
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
            if self.held_until(destination, now) is not None:
                return None
            for post in self._due(destination, PostState.PENDING, now):
                self._change(post.id, state=PostState.SENDING, attempts=post.attempts + 1)
                return self.posts[post.id]
            return None

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None) -> None:
        self._change(post_id, state=PostState.SENT, reference=reference, error=None, not_before=None)
        self.closed.setdefault(post_id, now)

    def move(
        self,
        post: Post,
        state: PostState,
        now: datetime,
        *,
        cause: PostCause | None = None,
        error: str | None = None,
        not_before: datetime | None = None,
        looks: int = 0,
    ) -> bool:
        with self._lock:
            if self.posts[post.id].state is not post.state:
                return False
            self.causes.append(cause)
            cause = cause or self.posts[post.id].cause
            self._change(post.id, state=state, cause=cause, error=error, not_before=not_before, looks=looks)
            return True

    def is_ours(self, post: Post) -> bool:
        with self._lock:
            return self.posts[post.id].state is post.state

    def in_doubt(self, destination: str) -> bool:
        with self._lock:
            ours = [post for post in self.posts.values() if post.destination == destination]
            return any(
                post.state is PostState.SENDING or (post.state is PostState.UNKNOWN and post.cause is not PostCause.RECONCILE_UNCLEAR)
                for post in ours
            )

    def unknown_due(self, destination: str, now: datetime) -> list[Post]:
        with self._lock:
            for post in self._due(destination, PostState.SENDING, now):
                self._change(post.id, state=PostState.UNKNOWN, cause=PostCause.KILLED, not_before=now + SETTLE)
            return [] if self.held_until(destination, now) else self._due(destination, PostState.UNKNOWN, now)

    def hold(self, destination: str, until: datetime, now: datetime, cause: PostCause | None = None) -> None:
        self.holds[destination] = max(until, self.holds.get(destination, until))

    def held_until(self, destination: str, now: datetime) -> datetime | None:
        until = self.holds.get(destination)
        return until if until is not None and until > now else None

    def next_due(self, now: datetime, destinations: Collection[str]) -> datetime | None:
        looked_for = (PostState.UNKNOWN, PostState.SENDING)
        times = [
            max(post.not_before or now, self.holds.get(post.destination, now), now)
            for post in self.posts.values()
            if post.state in looked_for or (post.state is PostState.PENDING and not self.in_doubt(post.destination))
            if post.destination in destinations
        ]
        return min(times, default=None)

    def load(self, destination: str, now: datetime, since: datetime) -> MemoryLoad:
        with self._lock:
            due = self._due(destination, PostState.PENDING, now)
            return MemoryLoad(len(due), len([post for post in due if post.digest is None]), len(self.sent_since(destination, since)))

    def sent_since(self, destination: str, since: datetime) -> list[datetime]:
        closed = [(self.posts[post], at) for post, at in self.closed.items()]
        return sorted(at for post, at in closed if post.destination == destination and post.state is PostState.SENT and at > since)

    def single(self, destination: str, now: datetime) -> list[Post]:
        with self._lock:
            return [post for post in self._due(destination, PostState.PENDING, now) if post.digest is None]

    def gather(self, destination: str, digests: Sequence[Sequence[int]], now: datetime) -> None:
        with self._lock:
            for first, *others in digests:
                if others:
                    key = f"digest-{first}"
                    self._change(first, key=key, digest=key, also=tuple(self.posts[one].decree for one in others))
                for one in others:
                    del self.posts[one]

    @property
    def states(self) -> list[PostState]:
        return [post.state for _, post in sorted(self.posts.items())]


class MemoryMessages:
    """What is known of one chat: what an outbox records as sent there, and the `decrees` whose posts may be met."""

    def __init__(self, outbox: MemoryOutbox | None = None, *, decrees: Sequence[Decree] = ()) -> None:
        self.decrees = decrees
        self.outbox = outbox or MemoryOutbox()
        self.newest: int | None = None
        self.known: set[int] = set()
        self.after: dict[int, int | None] = {}
        self.up_to: dict[int, int] = {}

    @property
    def sent(self) -> list[int]:
        return [*self.known, *(int(post.reference) for post in self.outbox.posts.values() if post.reference is not None)]

    def begin(self, post: int, chat: int | str) -> int | None:
        self.after[post] = max([*self.sent, *filter(None, [self.newest])], default=None)
        self.up_to.pop(post, None)
        return self.after[post]

    def note(self, chats: Collection[str], message_id: int, now: datetime) -> None:
        self.newest = max(message_id, self.newest or 0)

    def history(self, post: int, chat: int | str) -> ChatHistory:
        return ChatHistory(self.after.get(post), frozenset(self.sent), self.newest, self.up_to.get(post))

    def searched(self, post: int, to: int) -> None:
        self.up_to[post] = to

    def decrees_at(self, link: str) -> list[Decree]:
        return [decree for decree in self.decrees if link == f"{decree.url}#page={decree.page}"]


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
        self.rest: float | None = None
        self.holds = 100

    @property
    def name(self) -> str:
        return self._name

    async def send(self, post: Post) -> Sent:
        self.before_answer(post)
        if self.send_errors and (error := self.send_errors.pop(0)) is not None:
            raise error
        self.received.append(post.id)
        return Sent(f"m{post.id}", self.rest)

    async def find(self, post: Post) -> Sent | None:
        self.looked_for.append(post.id)
        if self.find_errors and (error := self.find_errors.pop(0)) is not None:
            raise error
        return Sent(f"m{post.id}") if post.id in self.received else None

    async def room(self, decrees: Sequence[Decree]) -> int:
        return max(min(len(decrees), self.holds), 1)

    async def close(self) -> None:
        self.closed = True
