"""Remembers what was sent, and says when the next message may go. It never waits itself, and one destination delays no other."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.delivery.pacing import Budget, budgets_of, is_read_by_people, longest_memory, wait_between, wait_for
from bot.delivery.routing import Destination


class Limiter:
    """`monotonic` gives seconds of a clock that is never set. Use it in one event loop only: nothing in it waits, so nothing gets between
    a question and its answer. Without destinations it lets everything pass.
    """

    def __init__(
        self, destinations: Iterable[Destination] = (), *, spacing: float = 0.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`spacing` is in seconds."""
        self._monotonic = monotonic
        self._budgets: dict[str, tuple[Budget, ...]] = {}
        self._spacing: dict[str, float] = {}
        for destination in destinations:
            self._budgets[destination.name] = budgets_of(destination)
            self._spacing[destination.name] = spacing if is_read_by_people(destination) else 0.0
        self._sent: defaultdict[str, list[float]] = defaultdict(list)

    def memory(self, destination: str) -> float:
        """Seconds for which sends to a destination matter: earlier ones need not be recalled."""
        return longest_memory(self._budgets.get(destination, ()), self._spacing.get(destination, 0.0))

    def recall(self, destination: str, ages: Sequence[float]) -> None:
        """Messages sent before this program started, or by another one: how many seconds ago each was."""
        now = self._monotonic()
        for age in ages:
            self._note(destination, now - max(age, 0.0))

    def wait(self, destination: str, waiting: int) -> float:
        """Seconds until one of the `waiting` messages of a destination may go."""
        now = self._monotonic()
        budgets = self._budgets.get(destination, ())
        waits = [wait_for(budget, self._sent[budget.name], now) for budget in budgets]
        return max([wait_between(self._spacing.get(destination, 0.0), waiting, self._sent[_own(destination)], now), *waits])

    def note(self, destination: str) -> None:
        """A message leaves now."""
        self._note(destination, self._monotonic())

    def _note(self, destination: str, at: float) -> None:
        budgets = self._budgets.get(destination, ())
        memory: Mapping[str, float] = {
            _own(destination): self.memory(destination),
            **{budget.name: budget.seconds for budget in budgets},
        }
        for name, seconds in memory.items():
            kept = [moment for moment in self._sent[name] if moment > self._monotonic() - seconds]
            self._sent[name] = sorted([*kept, at])


def _own(destination: str) -> str:
    return f"destination {destination}"
