"""How fast messages may follow each other. Pure: instants are seconds of a clock that is never set (`time.monotonic`).

Telegram (Bot FAQ, "My bot is hitting limits", https://core.telegram.org/bots/faq): about one message a second in one chat, 20 a minute in
one group, 30 a second over all chats of one bot; channels are counted as groups here. The rates stay below what is refused, so that a
refusal, which may ask for minutes, is rare. Mastodon tells its own in the headers of every answer: see `mastodon_answers`.

And readers are people: where many posts wait for one destination they come one by one, `spacing` seconds apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.delivery.routing import Destination

MANY = 5
"""Posts that may arrive together without being a flood."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `most` messages in any `seconds`, over everything that shares the `name`."""

    name: str
    most: int
    seconds: float


def wait_for(budget: Budget, recent: Sequence[float], now: float) -> float:
    """Seconds until one more message keeps within the budget, after those at `recent` (in order)."""
    within = [at for at in recent if now - budget.seconds < at <= now]
    return 0.0 if len(within) < budget.most else max(within[-budget.most] + budget.seconds - now, 0.0)


def wait_between(spacing: float, waiting: int, recent: Sequence[float], now: float) -> float:
    """Seconds until the next post of a destination for which `waiting` wait, after those at `recent` (in order): none where they are few.

    Those sent a moment ago count too, so that the last of many do not arrive in a heap.
    """
    before = [at for at in recent if now - MANY * spacing < at <= now]
    if not before or len(before) + waiting <= MANY:
        return 0.0
    return max(before[-1] + spacing - now, 0.0)


def budgets_of(destination: Destination) -> tuple[Budget, ...]:
    """What the platform of a destination allows. Destinations with one bot or one chat share its budget."""
    if destination.platform != "telegram":
        return ()
    chat = str(destination.chat).lower()
    in_chat: tuple[Budget, ...] = (Budget(f"chat {chat}", 1, 1.0),)
    if chat.startswith(("-", "@")):
        in_chat = (*in_chat, Budget(f"minute {chat}", 20, 60.0))
    # One bot has one token in the configuration: the name need not tell which.
    return (Budget("telegram", 30, 1.0), *in_chat)


def is_read_by_people(destination: Destination) -> bool:
    """False for the console: what reads a pipe is not disturbed by many lines."""
    return destination.platform != "console"


def most_per_day(destinations: Iterable[Destination], most: int) -> dict[str, int]:
    """The messages in a day above which digests are made, for each destination that people read."""
    return {destination.name: most for destination in destinations if is_read_by_people(destination)}


def longest_memory(budgets: Iterable[Budget], spacing: float) -> float:
    """Seconds for which sends must be remembered."""
    return max([MANY * spacing, *(budget.seconds for budget in budgets)], default=0.0)
