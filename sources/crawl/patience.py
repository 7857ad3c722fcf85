"""A fetcher that waits while an address rests, for work that nobody waits for in minutes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sources.model import Download, Fetcher, Page, Paused, Validators

LONGEST = timedelta(minutes=40)
"""How long to wait in all, with no answer from anywhere in between. Pauses of the client are of 5 minutes."""

Answer = TypeVar("Answer")


class PatientFetcher:
    """Asks again once a pause is over, where a poll would rather come back later. `sleep` takes seconds."""

    def __init__(self, fetcher: Fetcher, *, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[object]]) -> None:
        self._fetcher = fetcher
        self._now = now
        self._sleep = sleep
        self._waiting_since: datetime | None = None

    def may_fetch(self, url: str) -> bool:
        """As the fetcher behind it."""
        return self._fetcher.may_fetch(url)

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        """Fetch an HTML page. Raises `Paused` once patience is at its end, and any other FetchError at once."""
        return await self._ask(lambda: self._fetcher.page(url, validators))

    async def download(self, url: str, target: Path) -> Download:
        """Fetch a PDF to `target`. Raises as `page` does."""
        return await self._ask(lambda: self._fetcher.download(url, target))

    async def _ask(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        while True:
            try:
                answer = await ask()
            except Paused as pause:
                now = self._now()
                self._waiting_since = self._waiting_since or now
                wait = pause.retry_after
                if wait is None or now + timedelta(seconds=wait) - self._waiting_since > LONGEST:
                    raise
                await self._sleep(wait)
            else:
                self._waiting_since = None
                return answer
