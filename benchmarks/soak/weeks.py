"""Lives of the program in accelerated weeks of a simulated France: what `vigie run` wires and drives, until it is killed.

Sites, clock and reading processes are simulated (`benchmarks/soak/sites.py`, `benchmarks/day`); Telegram is a server of the process that
watches. The time that passed is kept in a file: the next life goes on where this one was killed. What goes wrong with the machine is done
here: a clock that is set, a full disk.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apscheduler.schedulers.base
import structlog

import bot.app.service
import bot.app.wiring
from benchmarks.day.clock import LoopClock, Processors, SimulatedLoop, Stretch
from benchmarks.day.reading import COSTS, SimulatedReader
from benchmarks.day.run import PROCESSORS, simulated
from benchmarks.soak.sites import Month
from benchmarks.soak.troubles import LEAST_SOURCES, START, Plan, draw
from bot.app.config.model import Settings
from bot.app.service import ALERTS, CHECKS, ROUND_UP, TICK, DatabaseLog, Service
from bot.app.wiring import assemble
from bot.ingest.poller import Poller, SourceReport
from sources.catalogue.authority import Source
from tests.france.country import Answer
from tests.france.serving import Shortcut

log = structlog.get_logger()

SLOWEST = timedelta(minutes=90)
"""The default of `watch.slowest_minutes`."""
USE = timedelta(hours=1)
"""How often it is noted what the program takes."""
_SELDOM: Mapping[str, Any] = {"TICK": 6 * TICK, "ALERTS": 5 * ALERTS, "CHECKS": 6 * CHECKS, "ROUND_UP": 10 * ROUND_UP}
"""What is looked at more seldom than `vigie run` does: it would take half of the time."""
_SMALL = 4096
"""Bytes that a file may have while the disk is full: neither a page of the database nor a recueil, but the time that passed."""
_WIDTH = 24


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
    file = Path(order["folder"]) / "elapsed"
    kept = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)

    def passed(seconds: float) -> None:
        os.pwrite(kept, f"{seconds:<{_WIDTH}.3f}".encode(), 0)

    with asyncio.Runner(loop_factory=partial(SimulatedLoop, elapsed(file), passed)) as runner:
        runner.run(_lived(order))


async def _lived(order: Mapping[str, Any]) -> None:
    loop, folder, plan = asyncio.get_running_loop(), Path(order["folder"]), plan_of(order["seed"], order["sources"], order["days"])
    clock = LoopClock(START, loop, {Stretch(*each[:2]): each[2] for each in order["clock"]})
    month, stop, settings = Month(plan, clock.now()), asyncio.Event(), Settings.model_validate(order["document"])
    _log_as_lines(clock)
    loop.add_signal_handler(signal.SIGTERM, stop.set)

    def interfere(host: str, target: str) -> Answer | None:
        month.at(clock.now())
        return month.interfere(host, target)

    class MachineClock(datetime):
        """For the scheduler of jobs, which asks the machine itself."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.told().astimezone(tz)

    door = Shortcut(month, clock.monotonic, interfere)
    reader = partial(SimulatedReader.start, month.named, COSTS, Processors(PROCESSORS))
    with (
        simulated(door, clock, folder / "tmp", reader, plan.seed),
        patch.object(apscheduler.schedulers.base, "datetime", MachineClock),
        patch.multiple(bot.app.service, datetime=MachineClock, DatabaseLog=partial(DatabaseLog, clock.monotonic), **_SELDOM),
        patch.object(bot.app.wiring, "Poller", NotedPoller),
    ):
        async with assemble(settings, plan.authorities, watched=plan.authorities, console=sys.stdout, clock=clock.told) as parts:
            log.info("life.begun", sources=len(plan.sources))
            also = {
                "disk": partial(_fill, [Stretch(*each) for each in order["full"]], clock),
                "use": partial(_note_use, folder),
                "end": partial(_stop_at, (plan.end - START).total_seconds(), clock, stop),
            }
            await Service(parts, also=also).run(stop)
    log.info("life.ended")


class NotedPoller(Poller):
    """Writes of each list a line before it is polled, and one before anything of it is read: a life may be killed at both."""

    async def _poll_listing(self, source: Source) -> SourceReport:
        log.info("life.polls", source=source.key)
        report = await super()._poll_listing(source)
        log.info("life.polled", source=source.key)
        return report


async def _fill(full: Sequence[Stretch], clock: LoopClock) -> None:
    """Let nothing large be written while the disk is full."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    for stretch in full:
        if clock.monotonic() < stretch.end:
            await clock.sleep(stretch.begin - clock.monotonic())
            resource.setrlimit(resource.RLIMIT_FSIZE, (_SMALL, hard))
            await clock.sleep(stretch.end - clock.monotonic())
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


async def _note_use(folder: Path) -> None:
    while True:
        log.info("life.use", **used(folder))
        await asyncio.sleep(USE.total_seconds())


async def _stop_at(seconds: float, clock: LoopClock, stop: asyncio.Event) -> None:
    await clock.sleep(seconds - clock.monotonic())
    stop.set()


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


def _log_as_lines(clock: LoopClock) -> None:
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


_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["benchmarks.soak.weeks"])
_LONGEST = 7200
"""Seconds after which a life ends by itself, should whoever watches it be gone."""
_TOO_LONG = 300.0


class Life:
    """One process, which takes its order as `live` does, and writes its log to `log` in the folder."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._process = _FORKS.Process(target=_begun, args=(order,), daemon=True)
        self._process.start()

    def has_ended(self, within: float = 0.0) -> bool:
        """Whether it ends within so many seconds."""
        self._process.join(within)
        return self._process.exitcode is not None

    def kill(self) -> bool:
        """Whether it was alive until now. It is gone afterwards."""
        self._process.kill()
        return self.end() == -signal.SIGKILL

    def terminate(self) -> int:
        """Its exit code, once it was asked to end."""
        self._process.terminate()
        return self.end()

    def end(self) -> int:
        """Its exit code, once it has ended by itself. Killed when that takes too long."""
        if not self.has_ended(_TOO_LONG):
            self._process.kill()
            self._process.join()
        return self._process.exitcode or 0


def _begun(order: Mapping[str, Any]) -> None:
    signal.alarm(_LONGEST)
    log = os.open(f"{order['folder']}/log", os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    live(order)
