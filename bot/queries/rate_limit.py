"""How many questions one person may ask: a token bucket per person. The clock is an argument; memory is bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum


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
