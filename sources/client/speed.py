"""Downloads that crawl: 94 sites share one line, and a server that sends a byte now and then would hold it up for a quarter of an hour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeastSpeed:
    """What a download has to bring: so many bytes a second on average, in each span of so many seconds. 0 bytes: anything goes."""

    bytes_per_second: float
    span: float


class Speed:
    """Watches one download. `monotonic` gives seconds."""

    def __init__(self, least: LeastSpeed, monotonic: Callable[[], float]) -> None:
        self._least = least
        self._monotonic = monotonic
        self._since = monotonic()
        self._came = 0

    def is_too_low(self, came: int) -> bool:
        """Whether less than wanted came in the span that these bytes end. Where none come, the time of a wait for the network ends it."""
        now = self._monotonic()
        self._came += came
        if now - self._since < self._least.span:
            return False
        if self._came < self._least.bytes_per_second * (now - self._since):
            return True
        self._since, self._came = now, 0
        return False
