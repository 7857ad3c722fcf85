"""The bot as `vigie run` wires and drives it, on a day of all of France; only sites, platform, reading processes and time are simulated."""

from __future__ import annotations

import asyncio
import io
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import process_time
from unittest.mock import patch

from structlog.testing import capture_logs

import bot.app.service
import bot.app.wiring
import sources.crawl.lists
from benchmarks.day.brackets import Bracket, brackets_of, is_new, outages, stored_bytes, wrong_clock
from benchmarks.day.clock import AtOnce, LoopClock, Processors, SimulatedLoop, drop
from benchmarks.day.papers import Paper
from benchmarks.day.reading import Costs, SimulatedReader
from benchmarks.day.sites import ELSEWHERE, KNOWN, Day, Door, Plan, Seen
from bot.app.config.model import DestinationSettings, Settings
from bot.app.service import Service
from bot.app.wiring import Parts, assemble
from bot.delivery.channel import Limiter, Sent
from bot.domain.acts import Decree
from bot.domain.posts import Post
from bot.domain.records import RecueilState, SourceState
from bot.ingest.ingestor import new_recueil
from bot.reading.sandbox.worker import Worker
from bot.storage.politeness import open_politeness
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority
from sources.http.client import Client
from sources.http.connection import ClientOptions
from sources.http.politeness import Clocks
from sources.model import ListingEntry
from tests.france import memory
from tests.france.serving import Asked, Shortcut
from tests.france.sweep import AGENT

SETTLING = timedelta(hours=2)
"""Before what is measured begins: the trails are found, and polls spread."""

PROCESSORS = 2

SEND = 1.0
"""Seconds that the platform takes to answer a post."""


@dataclass(slots=True)
class Record:
    """All that was seen. `posted` and `recorded` are by the number of a decree, `processor` seconds by who took them."""

    plan: Plan
    papers: Sequence[Paper] = ()
    seen: Mapping[str, Seen] = field(default_factory=dict)
    recorded: dict[str, datetime] = field(default_factory=dict)
    posted: dict[str, list[datetime]] = field(default_factory=dict)
    asked: Sequence[Asked] = ()
    began: float = 0.0
    """The second of the simulated clock at which what is measured began."""
    sites: Mapping[str, int] = field(default_factory=dict)
    """How many sources look at a host."""
    shared: frozenset[str] = frozenset()
    """The hosts at one address."""
    processor: Mapping[str, float] = field(default_factory=dict)
    states: Sequence[SourceState] = ()
    brackets: Sequence[Bracket] = ()
    stored: Mapping[str, float] = field(default_factory=dict)
    """Bytes by what they are for."""


def simulate(plan: Plan, folder: Path, costs: Costs) -> Record:
    """Let the time of a plan pass, with the database and all files in `folder`."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(_simulate(plan, folder, costs))


async def _simulate(plan: Plan, folder: Path, costs: Costs) -> Record:
    loop = asyncio.get_running_loop()
    begin = plan.start - SETTLING
    # France serves those that need a browser to any client.
    authorities = {
        code: replace(authority, sources=tuple(replace(source, browser=None) for source in authority.sources))
        for code, authority in plan.authorities.items()
    }
    clock = LoopClock(begin, loop, wrong_clock(plan.days) if plan.troubles else {})
    day = Day(replace(plan, authorities=authorities), begin, clock.now)
    door, processors, record = Door(day, clock.monotonic), Processors(PROCESSORS), Record(plan)
    if plan.troubles:
        door.interference = outages(plan, clock.monotonic)
    wired = Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{folder / 'vigie.db'}"},
            "telegram": {"channel": "@vigie", "token": "1:simulated", "commands": False},
            "storage": {"keep_pdfs": "none"},
        }
    )
    with open_store(wired.database.url) as store:
        _remember(store, day, begin)

    def channel(entry: DestinationSettings, *_: object) -> SimulatedChannel:
        return SimulatedChannel(entry.name, record, clock.now)

    with (
        capture_logs([drop]),
        simulated(door, clock, folder, partial(SimulatedReader.start, day.papers, costs, processors), plan.seed),
        patch.object(sources.crawl.lists, "READERS", memory.READERS),
        patch.object(bot.app.wiring, "channel_of", channel),
    ):
        async with assemble(wired, authorities, watched=authorities, console=io.StringIO(), clock=clock.told) as parts:
            await _run(record, parts, plan, door, processors, loop)
            record.states = parts.store.sources.all()
            record.brackets, record.stored = brackets_of(parts.store, day), stored_bytes(parts.store)
    record.papers = day.published(plan.start, plan.end)
    record.seen, record.asked = day.seen, door.asked
    hosts = [source.root.split("/")[2] for source in day.sources]
    record.sites = {host: hosts.count(host) for host in hosts}
    record.shared = frozenset(origin.removeprefix("https://") for origin, base in door.origins.items() if ELSEWHERE not in base)
    return record


@contextmanager
def simulated(door: Shortcut, clock: LoopClock, folder: Path, reader: Callable[..., object], seed: int) -> Iterator[None]:
    """Let what `assemble` wires and `Service` drives go to these sites, by this clock, and read with what `reader` starts."""

    asyncio.get_running_loop().set_default_executor(AtOnce())
    with (
        patch.object(tempfile, "tempdir", str(folder)),
        patch.object(bot.app.wiring, "open_client", partial(_client, door, clock, seed)),
        patch.object(bot.app.wiring, "Limiter", partial(Limiter, monotonic=clock.monotonic)),
        # Nobody requests anything: what looks for it twice a second would take most of the time of the benchmark.
        patch.object(bot.app.service, "serve", _nothing),
        patch.object(Worker, "start", reader),
    ):
        yield


async def _run(record: Record, parts: Parts, plan: Plan, door: Door, processors: Processors, loop: asyncio.AbstractEventLoop) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Service(parts).run(stop))
    await asyncio.sleep(SETTLING.total_seconds())
    record.began = loop.time()
    before = process_time(), door.seconds, processors.spent
    await asyncio.sleep(plan.days * 86_400)
    after = process_time(), door.seconds, processors.spent
    whole, sites, reading = (now - then for then, now in zip(before, after, strict=True))
    record.processor = {"reading processes": reading, "the bot itself": whole - sites}
    # What came in the last minutes is still to be found.
    await asyncio.sleep(timedelta(hours=1.5).total_seconds())
    stop.set()
    await running


def _remember(store: Store, day: Day, now: datetime) -> None:
    """Let the bot have watched all that is on line, and have found each recueil at the first poll of a quarter of an hour after it came."""
    for source in [source for source in day.sources if not (day.plan.troubles and is_new(source))]:
        day.at(now)
        for recueil in day.online(source):
            entry = ListingEntry(day.address(source, recueil), recueil.title, recueil.day)
            found = recueil.up + timedelta(minutes=15 - recueil.up.minute % 15)
            store.recueils.add([new_recueil(source, entry, RecueilState.KNOWN)], found.astimezone(UTC))
        store.sources.save(SourceState(source.key, baseline_at=now - KNOWN, last_new_at=now - timedelta(days=1)))


class SimulatedChannel:
    """A channel that takes every post, and notes when it showed what."""

    def __init__(self, name: str, record: Record, now: Callable[[], datetime]) -> None:
        self.name = name
        self._record = record
        self._now = now
        self._sent = 0

    async def send(self, post: Post) -> Sent:
        """Take a post."""
        await asyncio.sleep(SEND)
        self._sent += 1
        for decree in (post.decree, *post.also):
            if decree.facts.number is not None and decree.found_at is not None:
                self._record.recorded[decree.facts.number] = decree.found_at
                self._record.posted.setdefault(decree.facts.number, []).append(self._now())
        return Sent(str(self._sent))

    async def find(self, post: Post) -> Sent | None:
        """Raise: every post is answered, so that none is looked for."""
        raise AssertionError(f"post {post.id} was answered")

    async def room(self, decrees: Sequence[Decree]) -> int:
        """A digest holds ten."""
        return min(10, len(decrees))

    async def close(self) -> None:
        """Nothing is open."""


async def _nothing(*_: object) -> None:
    """In the place of `serve`."""
    await asyncio.Event().wait()


@asynccontextmanager
async def _client(
    door: Shortcut, clock: LoopClock, seed: int, settings: Settings, authorities: Mapping[str, Authority]
) -> AsyncIterator[Client]:
    """In the place of `open_client`: the same client, behind a door of the simulated sites."""
    http = settings.http
    options = ClientOptions(
        frozenset(door.france.hosts), AGENT, http.interval_seconds, origins=door.origins, max_file_bytes=http.max_pdf_megabytes * 1_000_000
    )
    clocks = Clocks(clock.monotonic, clock.told, clock.sleep, random.Random(seed).random)
    with open_politeness(settings.database.url) as politeness:
        async with Client(options, politeness=politeness, clocks=clocks, transport=door) as client:
            yield client
