"""How fast and how often: messages to a destination, questions of a person, tries after failures.

Nothing here waits itself, and memory is bounded.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from types import MappingProxyType

from bot.domain.posts import Destination, followed_chat

# Messages to destinations.


class Limiter:
    """Records what was sent, and says when the next message may go. One destination delays no other.

    `monotonic` gives seconds of a clock that is never set. Use it in one event loop only: nothing in it waits, so nothing gets between a
    question and its answer. Without destinations it lets everything pass.
    """

    def __init__(
        self,
        destinations: Iterable[Destination] = (),
        *,
        spacing: float = 0.0,
        most_per_day: Mapping[str, int] = MappingProxyType({}),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`spacing` is in seconds. `most_per_day`: messages above which a destination gets digests, by its name."""
        self.most_per_day = most_per_day
        self._monotonic = monotonic
        self._budgets: dict[str, tuple[Budget, ...]] = {}
        self._spacing: dict[str, float] = {}
        for destination in destinations:
            self._budgets[destination.name] = budgets_of(destination)
            self._spacing[destination.name] = spacing if is_read_by_people(destination) else 0.0
        self._sent: defaultdict[str, list[float]] = defaultdict(list)

    def memory(self, destination: str) -> float:
        """Return the seconds for which sends to a destination matter: earlier ones need not be recalled."""
        return longest_memory(self._budgets_of(destination), self._spacing.get(destination, 0.0))

    def recall(self, destination: str, ages: Sequence[float]) -> None:
        """Take in messages sent before this program started, or by another one: how many seconds ago each was."""
        now = self._monotonic()
        for age in ages:
            self._note(destination, now - max(age, 0.0))

    def wait(self, destination: str, waiting: int) -> float:
        """Return the seconds until one of the `waiting` messages of a destination may go."""
        now = self._monotonic()
        budgets = self._budgets_of(destination)
        waits = [wait_for(budget, self._sent[budget.name], now) for budget in budgets]
        return max([wait_between(self._spacing.get(destination, 0.0), waiting, self._sent[_own(destination)], now), *waits])

    def note(self, destination: str) -> None:
        """Take in that a message leaves now."""
        self._note(destination, self._monotonic())

    def _note(self, destination: str, at: float) -> None:
        budgets = self._budgets_of(destination)
        memory: Mapping[str, float] = {
            _own(destination): self.memory(destination),
            **{budget.name: budget.seconds for budget in budgets},
        }
        for name, seconds in memory.items():
            kept = [moment for moment in self._sent[name] if moment > self._monotonic() - seconds]
            self._sent[name] = sorted([*kept, at])

    def _budgets_of(self, destination: str) -> tuple[Budget, ...]:
        chat = followed_chat(destination)
        if destination in self._budgets or chat is None:
            return self._budgets.get(destination, ())
        return (FOLLOWERS, *budgets_of(Destination(destination, "telegram", chat=chat)))


def _own(destination: str) -> str:
    return f"destination {destination}"


# How fast messages may follow each other. Pure: instants are seconds of a clock that is never set (`time.monotonic`).
#
# Telegram (Bot FAQ, "My bot is hitting limits", https://core.telegram.org/bots/faq): about one message a second in one chat, 20 a minute in
# one group, 30 a second over all chats of one bot; channels are counted as groups here. The rates stay below what is refused, so that a
# refusal, which may request minutes, is rare. Mastodon gives its own in the headers of every answer: see `bot/delivery/mastodon/client.py`.
#
# And readers are people: where many posts wait for one destination they come one by one, `spacing` seconds apart.

MANY = 5
"""Posts that may arrive together without being a flood."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Allows at most `most` messages in any `seconds`, over everything that shares the `name`."""

    name: str
    most: int
    seconds: float


FOLLOWERS = Budget("followers", 20, 1.0)
"""Of the messages of one bot, those to chats that follow something: what is left is for the channels, which come first."""


def wait_for(budget: Budget, recent: Sequence[float], now: float) -> float:
    """Return the seconds until one more message keeps within the budget, after those at `recent` (in order)."""
    within = [at for at in recent if now - budget.seconds < at <= now]
    return 0.0 if len(within) < budget.most else max(within[-budget.most] + budget.seconds - now, 0.0)


def wait_between(spacing: float, waiting: int, recent: Sequence[float], now: float) -> float:
    """Return the seconds until the next post of a destination for which `waiting` wait, after those at `recent` (in order): none where
    they are few.

    Those sent a moment ago count too, so that the last of many do not arrive in a heap.
    """
    before = [at for at in recent if now - MANY * spacing < at <= now]
    if not before or len(before) + waiting <= MANY:
        return 0.0
    return max(before[-1] + spacing - now, 0.0)


def budgets_of(destination: Destination) -> tuple[Budget, ...]:
    """Return what the platform of a destination allows. Destinations with one bot or one chat share its budget."""
    if destination.platform != "telegram":
        return ()
    chat = str(destination.chat).lower()
    in_chat: tuple[Budget, ...] = (Budget(f"chat {chat}", 1, 1.0),)
    if chat.startswith(("-", "@")):
        in_chat = (*in_chat, Budget(f"minute {chat}", 20, 60.0))
    # One bot has one token in the configuration: the name need not say which.
    return (Budget("telegram", 25, 1.0), *in_chat)


def is_read_by_people(destination: Destination) -> bool:
    """Return false for the console: what reads a pipe is not disturbed by many lines."""
    return destination.platform != "console"


def most_per_day(destinations: Iterable[Destination], most: int) -> dict[str, int]:
    """Return the messages in a day above which digests are made, for each destination that people read."""
    return {destination.name: most for destination in destinations if is_read_by_people(destination)}


def longest_memory(budgets: Iterable[Budget], spacing: float) -> float:
    """Return the seconds for which sends must be remembered."""
    return max([MANY * spacing, *(budget.seconds for budget in budgets)], default=0.0)


# Questions: a token bucket per person.


class RateDecision(Enum):
    """Whether a question is answered. Only the first refusal in a row is said: more would be a flood of its own."""

    ALLOWED = "allowed"
    REFUSED_FIRST = "refused_first"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens left at an instant (seconds of a monotonic clock), and whether the person was notified of a refusal since the last grant."""

    tokens: float
    at: float
    notified: bool = False


def take(bucket: Bucket, now: float, most: int, seconds: float = 60.0) -> tuple[Bucket, RateDecision]:
    """Take one token. A bucket holds at most `most` tokens, and an empty one is full again after so many seconds."""
    tokens = min(most, bucket.tokens + max(0.0, now - bucket.at) * most / seconds)
    if tokens >= 1:
        return Bucket(tokens - 1, now), RateDecision.ALLOWED
    return Bucket(tokens, now, notified=True), RateDecision.REFUSED if bucket.notified else RateDecision.REFUSED_FIRST


_CHAT_SHARE = 3
"""A group may ask as much as so many people."""


class RateLimiter:
    """One bucket per person and one per group, for at most `people` of them: the one silent for longest is forgotten first."""

    def __init__(self, most: int, monotonic: Callable[[], float], people: int = 10_000, *, seconds: float = 60.0) -> None:
        """One person may ask `most` questions at once, and as many again after so many seconds: by default a minute."""
        self._most = most
        self._seconds = seconds
        self._monotonic = monotonic
        self._people = people
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def ask(self, person: Hashable, chat: Hashable = None) -> RateDecision:
        """Return whether this person (an account, a Telegram user or chat id) may be answered now, in this chat where it is another one."""
        decision = self._take(person, self._most)
        if decision is not RateDecision.ALLOWED or chat is None or chat == person:
            return decision
        return self._take(chat, _CHAT_SHARE * self._most)

    def _take(self, who: Hashable, most: int) -> RateDecision:
        now = self._monotonic()
        bucket, decision = take(self._buckets.get(who, Bucket(most, now)), now, most, self._seconds)
        self._buckets[who] = bucket
        self._buckets.move_to_end(who)
        if len(self._buckets) > self._people:
            self._buckets.popitem(last=False)
        return decision


# Tries.

_DOUBLINGS = 16


def backoff(attempt: int, *, first: timedelta, cap: timedelta, jitter: float = 0.0) -> timedelta:
    """Return the wait after the `attempt`-th failure in a row (from 1): `first`, doubled each time, at most `cap`, and lengthened by a part
    `jitter` of itself, so that programs that failed together do not come back together.
    """
    return min(first * (1 << min(max(attempt - 1, 0), _DOUBLINGS)), cap) * (1 + jitter)
