"""How far a reading is, and how long the rest of it should take."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain import PageText
from bot.reading.follow import PageProgress
from bot.reading.ledger import PageBuffer


class PageRate:
    """Tells the progress of one reading. The time left is that of the recognised pages so far: surveying takes next to nothing."""

    def __init__(self, ledger: PageBuffer, told: Callable[[PageProgress], None], now: Callable[[], float]) -> None:
        """`now` is a clock that only goes forward, in seconds."""
        self._ledger, self._told, self._now = ledger, told, now
        self._began: float | None = None

    def begin(self) -> None:
        """Pages are recognised from now on."""
        self._began = self._now()

    def tell(self, page: PageText) -> None:
        """`page` was just done."""
        ledger = self._ledger
        recognised = ledger.to_recognise - ledger.pending
        left = None
        if self._began is not None and recognised:
            left = (self._now() - self._began) / recognised * ledger.pending
        self._told(PageProgress(ledger.count or 0, len(ledger.pages) - ledger.pending, ledger.to_recognise, recognised, page, left))
