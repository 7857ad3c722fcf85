"""Sweeps of France: every source polled once, with a clock that only waiting moves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sources.catalogue.authority import Source
from sources.crawl.crawler import Crawl, Crawler
from sources.crawl.trail import Trail
from sources.http.client import Client
from sources.http.connection import ClientOptions, user_agent
from sources.http.politeness import Clocks
from sources.model import CrawlFailed
from tests.france.country import France
from tests.france.serving import Asked, Shortcut

AGENT = user_agent("1.0", "https://vigie.example.org/bot")
"""Who the client of these sweeps says it is."""


class Clock:
    """Time that passes only when someone sleeps. `monotonic` counts seconds from 0, at `start`; France follows it."""

    def __init__(self, start: datetime, france: France) -> None:
        self._start = start
        self._france = france
        self._seconds = 0.0

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    async def sleep(self, seconds: float) -> None:
        # Less than a microsecond is no time in a timedelta: what waits for the rest of a pause would wait for ever.
        self.advance(timedelta(seconds=seconds) or timedelta.resolution * (seconds > 0))
        await asyncio.sleep(0)

    def advance(self, time: timedelta) -> None:
        """Let time pass without anyone waiting for it."""
        self._seconds += time.total_seconds()
        self._france.at(self.now())


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep cost and found. `failed` by source key; `asked` are the requests that reached the sites, those for robots.txt too."""

    crawls: dict[str, Crawl]
    failed: dict[str, CrawlFailed]
    asked: tuple[Asked, ...]

    @property
    def pages(self) -> int:
        """Requests for pages, each step of a redirect included."""
        return sum(not asked.is_for_robots for asked in self.asked)

    @property
    def seconds(self) -> float:
        """From the first request to the last."""
        return self.asked[-1].at - self.asked[0].at if self.asked else 0.0

    @property
    def bytes(self) -> int:
        """The size of all answers without their headers, not compressed."""
        return sum(asked.size for asked in self.asked)

    def gaps(self) -> list[float]:
        """Seconds from each request to the next."""
        return [after.at - before.at for before, after in pairwise(self.asked)]


@dataclass(slots=True)
class Sweeper:
    """Polls every source of France through one client, as the bot does: all that is due at once, each with its own trail."""

    france: France
    door: Shortcut
    clock: Clock
    client: Client
    trails: dict[str, str] = field(default_factory=dict)

    async def __call__(self, sources: Sequence[Source] | None = None) -> Sweep:
        before = len(self.door.asked)
        crawls: dict[str, Crawl] = {}
        failed: dict[str, CrawlFailed] = {}

        async def poll(source: Source) -> None:
            try:
                crawls[source.key] = await self.poll(source)
            except CrawlFailed as failure:
                failed[source.key] = failure

        await asyncio.gather(*(poll(source) for source in sources or self.france.sources))
        return Sweep(crawls, failed, tuple(self.door.asked[before:]))

    async def poll(self, source: Source) -> Crawl:
        """One source, wholly. Raises CrawlFailed."""
        trail = Trail.from_json(self.trails.get(source.key))
        crawl = await Crawler(self.client).poll(source, trail, today=self.france.today(source), now=self.clock.now())
        self.trails[source.key] = crawl.trail.to_json()
        crawl.require_whole()
        return crawl


def client(france: France, door: Shortcut, clock: Clock, seed: int = 0, **options: Any) -> Client:
    """A client of France with the default options, but for `options`."""
    settings = ClientOptions(frozenset(france.hosts), AGENT, origins=door.origins, **options)
    chance: Callable[[], float] = random.Random(seed).random
    return Client(settings, clocks=Clocks(clock.monotonic, clock.now, clock.sleep, chance), transport=door, log=_Silence())


class _Silence:
    """What is told of each request is counted here, not logged."""

    def debug(self, event: str, **told: object) -> None: ...
