"""One month: the real watcher, reader's queue and storage over the simulated sites, on a clock that only waiting moves."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

import structlog

import sources.crawl.lists
from benchmarks.month.papers import Paper
from benchmarks.month.plan import ANNOUNCED, START, Plan, Trouble
from benchmarks.month.sites import Month
from bot.domain.posts import Post, PostState
from bot.ingest.archive import RecueilFiles
from bot.ingest.decisions import interval
from bot.ingest.health import PublicationHistory
from bot.ingest.ingestor import BackgroundTasks, Ingestor, Recorder
from bot.ingest.poller import Poller, PollSchedule
from bot.ingest.reading_job import LocalReading, ReadingJob, WorkerSlots
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Catalogue, Source
from sources.crawl.crawler import Crawler
from sources.crawl.trail import Trail, requests_each_time
from tests.france import memory
from tests.france.serving import Asked, Shortcut
from tests.france.sweep import Clock, client

P = ParamSpec("P")
T = TypeVar("T")

EVERY, SLOWEST = timedelta(minutes=15), timedelta(minutes=90)
"""The defaults of `watch.every_minutes` and of `watch.slowest_minutes`."""

LOOK = timedelta(minutes=5)
"""How long the simulated bot waits at the most before it looks again what is due."""

TICK = timedelta(seconds=5)
"""How often the bot looks at the clock (`bot.app.service`)."""

INTERVAL = 3.0
"""Seconds between two requests to one address, by default."""


MOST_OF_A_FILE = 16 * 1024**2
"""Bytes after which a file is too large here: what is written until then goes to memory."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - only to make a folder of our own in


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll as it ended. `cause` is what the store remembers of the source then, None where it is fine; `error` what was reported."""

    source: Source
    began: datetime
    ended: datetime
    cause: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """The end of a trouble of the shared address, and how long each source would wait for its next poll if nothing had been wrong."""

    trouble: Trouble
    usual: dict[str, timedelta]


@dataclass(slots=True)
class Record:
    """All that was seen of a month. `papers` are those that were published in it or may be taken for new, with a decree in them."""

    plan: Plan
    every: timedelta
    polls: list[Poll] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    papers: dict[str, Paper] = field(default_factory=dict)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for a month: in memory where there is such a file system, since the database is written to a hundred thousand times."""
    return tempfile.TemporaryDirectory(prefix="vigie-month-", dir=_MEMORY if _MEMORY.is_dir() else None)


async def simulate(plan: Plan, folder: Path, *, every: timedelta = EVERY, on_day: Callable[[datetime], None] = lambda now: None) -> Record:
    """Let the month of a plan pass, with the database and temporary files in `folder`. `on_day` is called as each simulated day begins."""
    asyncio.get_running_loop().set_default_executor(AtOnce())
    month = Month(plan, START)
    clock = Clock(START, month)
    month.wait = clock.sleep
    door = Shortcut(month, clock.monotonic, month.interfere)
    record = Record(plan, every, asked=door.asked)
    store = open_store(f"sqlite:///{folder / 'vigie.db'}")
    try:
        with silence(), patch.object(sources.crawl.lists, "READERS", memory.READERS), patch.object(tempfile, "tempdir", str(folder)):
            async with client(month, door, clock, plan.seed, interval_seconds=INTERVAL, max_file_bytes=MOST_OF_A_FILE) as polite:
                catalogue, crawler = Catalogue(plan.authorities), Crawler(polite)
                files, job = RecueilFiles(polite, store, None, clock.now), ReadingJob(LocalReading(month.read, store, clock.now), store)
                recorder = Recorder(catalogue, store, lambda decree: ("channel",), clock.now)
                ingestor = Ingestor(catalogue, crawler, files, job, recorder, store, clock.now)
                background = BackgroundTasks(ingestor, WorkerSlots(quick=2, slow=1), clock.now)
                schedule = PollSchedule(every=every, slowest=max(every, SLOWEST), announce_since=ANNOUNCED)
                history = PublicationHistory(store)
                watcher = Poller(catalogue, crawler, background, store, history, schedule, clock.now)
                await _Driver(record, watcher, store, history, clock, month, on_day).run()
                await watcher.stop()
        record.posts = store.posts.listed(states=list(PostState))
    finally:
        store.close()
    record.papers = {
        paper.decree: paper
        for code in plan.authorities
        for paper in month.papers(code, START - timedelta(days=400), plan.end)
        if paper.decree is not None
    }
    return record


@dataclass(slots=True)
class _Driver:
    """Does as `bot.app.service` does: polls each source once it is due, whatever the others do, and lets time pass when nothing is due."""

    record: Record
    watcher: Poller
    store: Store
    history: PublicationHistory
    clock: Clock
    month: Month
    on_day: Callable[[datetime], None]
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        ends = sorted((trouble for trouble in self.record.plan.troubles if trouble.kind.is_shared), key=lambda trouble: trouble.end)
        day = START.date()
        while (now := self.clock.now()) < self.record.plan.end:
            if now.date() > day:
                day = now.date()
                self.on_day(now)
            while ends and ends[0].end <= now:
                self.record.recoveries.append(Recovery(trouble := ends.pop(0), self._usual(trouble.end)))
            for source in await self.watcher.due():
                if source.key not in self.running:
                    self.running[source.key] = asyncio.create_task(self._poll(source))
            if self.running:
                await asyncio.wait(self.running.values(), return_when=asyncio.FIRST_COMPLETED)
                for key in [key for key, task in self.running.items() if task.done()]:
                    self.running.pop(key).result()
            else:
                self.clock.advance(self._until_next(now))
        await asyncio.gather(*self.running.values())

    async def _poll(self, source: Source) -> None:
        began = self.clock.now()
        report, _ = await self.watcher.poll(source)
        state = self.store.sources.get(source.key)
        cause = (state.cause or "unknown") if state.failures else None
        self.record.polls.append(Poll(source, began, self.clock.now(), cause, report.error))

    def _until_next(self, now: datetime) -> timedelta:
        ahead = (state.next_check_at - now for state in self.store.sources.all() if state.next_check_at is not None)
        wait = min((left for left in ahead if left > timedelta(0)), default=LOOK)
        ticks = -((START - now - min(wait, LOOK)) // TICK)  # the first tick then or after
        return START + ticks * TICK - now

    def _usual(self, now: datetime) -> dict[str, timedelta]:
        usual = {}
        for source in self.month.sources:
            state, zone = self.store.sources.get(source.key), self.month.zones[source.key]
            trail = Trail.from_json(state.trail)
            requests = requests_each_time(trail, now.astimezone(zone).date()) if trail is not None else 1
            habits = self.history.of(state, zone, now)
            usual[source.key] = interval(habits, now, every=self.record.every, slowest=SLOWEST, requests=requests)
        return usual


class AtOnce(ThreadPoolExecutor):
    """Runs what is meant for a thread at once: the order of things is then the same in each run, and no thread is waited for."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run it."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


@contextmanager
def silence() -> Iterator[None]:
    """Let no log be written: a month has a hundred thousand lines."""

    def drop(logger: object, method: str, event: Any) -> Any:
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[drop])
    try:
        yield
    finally:
        structlog.configure(processors=before)
