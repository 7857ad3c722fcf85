"""One life of the program in accelerated weeks of a simulated France: the real poller, storage, deliverer and notifier, until it is killed.

Sites and clock are simulated (`benchmarks/soak/sites.py`); Telegram is a server of the process that watches. The time that passed is kept
in a file: the next life goes on where this one was killed. What goes wrong with the machine is done here: a clock that is set, a full disk.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import structlog

from benchmarks.day.clock import AtOnce
from benchmarks.soak.sites import Month
from benchmarks.soak.troubles import ANNOUNCED, LEAST_SOURCES, START, Plan, draw
from bot.app.config.model import Settings
from bot.app.service import ALERTS, CHECKS, DAILY, JUMP
from bot.app.wiring import Parts, assemble
from bot.delivery.channel import Limiter
from bot.delivery.deliverer import Deliverer
from bot.ingest.archive import RecueilFiles
from bot.ingest.health import PublicationHistory
from bot.ingest.ingestor import BackgroundTasks, Ingestor
from bot.ingest.poller import Poller, PollSchedule, SourceReport
from bot.ingest.reading_job import LocalReading, ReadingJob, WorkerSlots
from bot.storage.errors import StorageError
from bot.storage.politeness import open_politeness
from sources.catalogue.authority import Catalogue, Source
from sources.crawl.crawler import Crawler
from sources.http.client import Client
from sources.http.connection import ClientOptions
from sources.http.politeness import Clocks
from tests.france.serving import Shortcut
from tests.france.sweep import AGENT, Clock

log = structlog.get_logger()

EVERY, SLOWEST = timedelta(minutes=15), timedelta(minutes=90)
"""The defaults of `watch.every_minutes` and of `watch.slowest_minutes`."""
INTERVAL = 3.0
"""Seconds between two requests to one address, by default."""
MOST_OF_A_FILE = 16 * 1024**2
"""Bytes after which a file is too large here: what is written until then goes to memory."""
LOOK = timedelta(minutes=5)
USE = timedelta(hours=1)
"""How often it is noted what the program takes."""
_SMALL = 4096
"""Bytes that a file may have while the disk is full: neither a page of the database nor a recueil, but the time that passed."""
_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some time in which something is wrong, in seconds since the beginning."""

    begin: float
    end: float

    def holds(self, seconds: float) -> bool:
        """Whether it is wrong now."""
        return self.begin <= seconds < self.end


class WeeksClock(Clock):
    """Simulated time that outlives the process, and what the machine says of it: wrong while somebody has set its clock."""

    def __init__(self, file: Path, month: Month, wrong: Mapping[Stretch, float]) -> None:
        """`wrong`: by how many seconds the machine's clock is ahead then (below 0: behind)."""
        super().__init__(START, month)
        self._file = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        self._wrong = wrong
        self.advance(timedelta(seconds=elapsed(file)))

    def advance(self, time: timedelta) -> None:
        """Let it pass, for every later life too."""
        super().advance(time)
        os.pwrite(self._file, f"{self.monotonic():<{_WIDTH}.3f}".encode(), 0)

    def told(self) -> datetime:
        """What the clock of the machine says."""
        ahead = sum(seconds for stretch, seconds in self._wrong.items() if stretch.holds(self.monotonic()))
        return self.now() + timedelta(seconds=ahead)


def elapsed(file: Path) -> float:
    """Seconds of simulated time that have passed."""
    text = file.read_text(encoding="ascii").strip() if file.exists() else ""
    return float(text or 0)


_LEAST_DAYS = 4
"""In fewer there is no room for all that goes wrong."""


@lru_cache(maxsize=1)
def plan_of(seed: int, sources: int, days: float) -> Plan:
    """The same for all lives, and for who watches them. Of few sources and days: a part of what would be."""
    whole = draw(seed, max(sources, LEAST_SOURCES), max(days, _LEAST_DAYS))
    end = START + timedelta(days=days)
    struck = [code for trouble in whole.troubles if trouble.begin < end for code in trouble.authorities]
    kept = list(dict.fromkeys([*struck, *whole.authorities]))[:sources]
    troubles = tuple(trouble for trouble in whole.troubles if trouble.begin < end and set(trouble.authorities) <= set(kept))
    return replace(whole, authorities={code: whole.authorities[code] for code in kept}, end=end, troubles=troubles)


def live(order: Mapping[str, Any]) -> None:
    """Until the end of the weeks, or of the process."""
    asyncio.run(_live(order))


async def _live(order: Mapping[str, Any]) -> None:
    asyncio.get_running_loop().set_default_executor(AtOnce())
    folder, plan = Path(order["folder"]), plan_of(order["seed"], order["sources"], order["days"])
    month = Month(plan, START)
    wrong = {Stretch(*each[:2]): each[2] for each in order["clock"]}
    clock = WeeksClock(folder / "elapsed", month, wrong)
    month.wait = clock.sleep
    _log_as_lines(clock)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    tempfile.tempdir = str(folder / "tmp")
    settings = Settings.model_validate(order["document"])
    door = Shortcut(month, clock.monotonic, month.interfere)
    options = ClientOptions(frozenset(month.hosts), AGENT, origins=door.origins, interval_seconds=INTERVAL, max_file_bytes=MOST_OF_A_FILE)
    clocks = Clocks(clock.monotonic, clock.told, clock.sleep)
    # Else posts that wait for their turn would do so for minutes of real time, which are hours here.
    Limiter.__init__.__kwdefaults__["monotonic"] = clock.monotonic  # type: ignore[index]
    Deliverer.__init__.__kwdefaults__["sleep"] = clock.sleep  # type: ignore[index]
    async with assemble(settings, plan.authorities, watched=plan.authorities, console=sys.stdout, clock=clock.told) as parts:
        with open_politeness(settings.database.url) as politeness:
            async with Client(options, politeness=politeness, clocks=clocks, transport=door) as client:
                poller = _poller(plan, parts, client, month, clock)
                log.info("life.begun", sources=len(plan.sources))
                full = [Stretch(*each) for each in order["full"]]
                await _Life(plan, parts, poller, clock, stop, full, folder).run()
                await poller.stop()
    log.info("life.ended")


class NotedPoller(Poller):
    """Writes of each list a line before it is polled, and one before anything of it is read: a life may be killed at both."""

    async def _poll_listing(self, source: Source) -> SourceReport:
        log.info("life.polls", source=source.key)
        report = await super()._poll_listing(source)
        log.info("life.polled", source=source.key)
        return report


def _poller(plan: Plan, parts: Parts, client: Client, month: Month, clock: WeeksClock) -> Poller:
    """As `assemble` makes it, over the simulated sites."""
    catalogue, crawler, store = Catalogue(plan.authorities), Crawler(client), parts.store
    job = ReadingJob(LocalReading(month.read, store, clock.told), store)
    ingestor = Ingestor(catalogue, crawler, RecueilFiles(client, store, None, clock.told), job, parts.recorder, store, clock.told)
    background = BackgroundTasks(ingestor, WorkerSlots(quick=2, slow=1), clock.told)
    schedule = PollSchedule(every=EVERY, slowest=SLOWEST, announce_since=ANNOUNCED)
    return NotedPoller(catalogue, crawler, background, store, PublicationHistory(store), schedule, clock.told)


@dataclass(slots=True)
class _Life:
    """Does as `bot.app.service` does, on a clock that passes when nothing is due."""

    plan: Plan
    parts: Parts
    poller: Poller
    clock: WeeksClock
    stop: asyncio.Event
    full: list[Stretch]
    folder: Path
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    deliver_at: datetime | None = None

    async def run(self) -> None:
        self._queued()
        self.parts.recorder.on_queued = self._queued
        jobs: list[tuple[Callable[[], Awaitable[object]], timedelta, datetime]] = [
            (self._notify, 5 * ALERTS, self.clock.told()),
            (self._check, 6 * CHECKS, self.clock.told()),
            (self._note_use, USE, self.clock.told()),
            (self._day, DAILY, self.clock.told()),
        ]
        wall, steady = self.clock.told(), self.clock.monotonic()
        while self.clock.now() < self.plan.end and not self.stop.is_set():
            self._fill()
            jump = self.clock.told() - wall - timedelta(seconds=self.clock.monotonic() - steady)
            wall, steady = self.clock.told(), self.clock.monotonic()
            if jump < -JUMP:
                jobs = [(job, every, at + jump) for job, every, at in jobs]
                self.deliver_at = None if self.deliver_at is None else self.deliver_at + jump
                await self._guarded("clock.set_back", partial(self.poller.clock_set_back, -jump))
            elif jump > JUMP:
                log.warning("clock.advanced", seconds=round(jump.total_seconds()))
            for place, (job, every, at) in enumerate(jobs):
                if at <= wall:
                    jobs[place] = (job, every, wall + every)
                    await self._guarded("job.failed", job)
            await self._guarded("poll.due_unknown", self._begin_due)
            await self._deliver()
            if self.running:
                await asyncio.wait(self.running.values(), return_when=asyncio.FIRST_COMPLETED)
                self.running = {key: task for key, task in self.running.items() if not task.done()}
            else:
                self.clock.advance(self._until_next([at for _, _, at in jobs]))
        await asyncio.gather(*self.running.values())

    def _queued(self) -> None:
        self.deliver_at = self.clock.told()

    def _fill(self) -> None:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        is_full = any(stretch.holds(self.clock.monotonic()) for stretch in self.full)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_SMALL if is_full else hard, hard))

    async def _begin_due(self) -> None:
        for source in await self.poller.due():
            if source.key not in self.running:
                self.running[source.key] = asyncio.create_task(self._poll(source))

    async def _poll(self, source: Source) -> None:
        await self._guarded("poll.not_recorded", partial(self.poller.poll, source), source=source.key)

    async def _deliver(self) -> None:
        if self.deliver_at is None or self.deliver_at > self.clock.told():
            return
        self.deliver_at = self.clock.told() + LOOK
        await self.parts.deliverer.deliver_due()
        with suppress(StorageError):
            due = await self.parts.deliverer.next_due(self.clock.told())
            self.deliver_at = None if due is None else max(due, self.clock.told() + timedelta(seconds=1))

    def _until_next(self, others: list[datetime]) -> timedelta:
        now = self.clock.told()
        with suppress(StorageError):
            others = [*others, *(each.next_check_at for each in self.parts.store.sources.all() if each.next_check_at is not None)]
        ahead = [at - now for at in (*others, self.deliver_at) if at is not None and at > now]
        return max(timedelta(seconds=1), min((*ahead, LOOK)))

    async def _guarded(self, event: str, work: Callable[[], Awaitable[object]], **told: str) -> None:
        try:
            await work()
        except (StorageError, OSError) as error:
            log.error(event, error=str(error), **told)

    async def _notify(self) -> None:
        if self.parts.notifier is not None:
            await self.parts.notifier.notify()

    async def _check(self) -> None:
        await self.parts.checker.check()

    async def _note_use(self) -> None:
        log.info("life.use", **used(self.folder))

    async def _day(self) -> None:
        await asyncio.to_thread(self.parts.retention.apply)


def used(folder: Path) -> dict[str, float]:
    """What this process and its files take: memory (MB), handles, threads, the log of the database (KB), temporary files, tables (MB)."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    wal, database = (folder / "data" / name for name in ("vigie.db-wal", "vigie.db"))
    return {
        "memory": round(int(status["VmRSS"].split()[0]) / 1024, 1),
        "handles": len(list(Path("/proc/self/fd").iterdir())),
        "threads": int(status["Threads"]),
        "wal": round(wal.stat().st_size / 1024) if wal.exists() else 0,
        "temporary": sum(1 for each in (folder / "tmp").rglob("*") if each.is_file()),
        "database": round(database.stat().st_size / 1024**2, 1) if database.exists() else 0,
    }


def _log_as_lines(clock: WeeksClock) -> None:
    def at(_logger: object, _method: str, event: Any) -> Any:
        return {**event, "at": round(clock.monotonic(), 1)}

    structlog.configure(
        processors=[
            at,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
