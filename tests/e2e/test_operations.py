"""The bot as its operator meets it: a real process that is stopped, killed, and started while others are down."""

from __future__ import annotations

import asyncio
import itertools
import os
import platform
import select
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pytest
import structlog
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from structlog.typing import EventDict

from bot.app import service
from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import CannedAnswer, Replay
from bot.app.demo.scenario import DROME, DemoLink, demo_text, downloads
from bot.app.service import Service
from bot.app.wiring import assemble
from bot.reading.sandbox import probe
from bot.storage.store import open_store
from sources.catalogue.authority import load_authorities
from tests import clock
from tests.e2e.world import CHANNEL, World, keep_running, posts_in
from tests.processes import Running, Started, Zygote, clean_environ
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.loopback import Gate, LoopbackServer
from tests.servers.mastodon import MastodonServer
from tests.small_france import published

T = TypeVar("T")

NOT_YET = "post.delayed"

_NAPS = {"35", "230"} if platform.machine() == "x86_64" else {"101", "115"}
"""Numbers of the system calls nanosleep and clock_nanosleep (x86-64; else those of arm64)."""

SOON = 60.0
"""Seconds within which the bot ends on the busiest machine. What it waits for comes later, or never."""

_LOOK = 0.02
"""Seconds between two looks at another process, so that looking does not take its processor."""


@dataclass
class Held:
    """An address that is answered only in part until its gate is opened."""

    url: str
    gate: Gate


class Sites(LoopbackServer):
    """The Drôme's site as of today. What is `held` waits: a page before its first byte, a PDF in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.today = clock.today()
        self.resources = {url: resource for url, resource in published(self.today).items() if url.startswith(DROME)}
        self.held: Held | None = None
        self._stopped = threading.Event()

    @property
    def decree_pdf(self) -> str:
        return next(url for url in self.resources if url.endswith("302.pdf"))

    @property
    def listing(self) -> str:
        return next(url for url, resource in self.resources.items() if b"302.pdf" in resource.body)

    def act(self, number: int, *pages: str, title: str = "Arrêté", scanned: bool = False) -> ActSpec:
        return ActSpec("Préfecture de la Drôme / Cabinet", f"26-{self.today}-{number:05}", title, pages, scanned=scanned)

    def recueil(self, number: int, *acts: ActSpec) -> CannedAnswer:
        whole = build_recueil(RecueilSpec("DRÔME", f"26-{self.today.year}-{number}", self.today, acts))
        return CannedAnswer(whole, "application/pdf")

    def hold(self, url: str) -> Gate:
        self.held = Held(url, Gate())
        return self.held.gate

    def app(self) -> ASGIApp:
        return Starlette(routes=[Route("/{address:path}", self._answer)])

    def stopping(self) -> None:
        if self.held is not None:
            self.held.gate.open()

    async def _answer(self, request: Request) -> Response:
        url = "https://" + request.path_params["address"]
        resource = self.resources.get(url)
        if resource is None:
            return Response("<h1>Page introuvable</h1>", status_code=404, media_type="text/html")
        if self.held is None or self.held.url != url:
            return Response(resource.body, media_type=resource.content_type)
        if not url.endswith(".pdf"):
            await self.held.gate.wait()
            return Response(resource.body, media_type=resource.content_type)
        return StreamingResponse(_in_two(resource.body, self.held.gate), media_type=resource.content_type)


async def _in_two(body: bytes, gate: Gate) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
    await gate.wait()
    yield body[len(body) // 2 :]


class Bot:
    """One process of the real program."""

    def __init__(self, process: Running) -> None:
        self.process = process

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; the exit code. Fails when the process is not gone soon."""
        self.process.send(number)
        return self.process.wait(SOON)

    def children(self) -> list[int]:
        """The processes it has started to read and that still exist: a module that it imports asks another command what machine this is."""
        found = [task.read_text().split() for task in Path(f"/proc/{self.process.pid}/task").glob("*/children")]
        return [int(child) for some in found for child in some if _reads(child)]

    def waits_for_a_lock(self) -> bool:
        """True while one of its threads naps: nothing else in the program does than SQLite between two looks at a lock."""
        calls = [task.read_text().split()[0] for task in Path(f"/proc/{self.process.pid}/task").glob("*/syscall")]
        return not _NAPS.isdisjoint(calls)

    def until(self, condition: Callable[[], T]) -> T:
        """Look until something is true of the process: nothing tells of what another program does with its children and files."""
        patience = time.monotonic() + SOON
        while not (found := condition()):
            assert self.process.is_running(), "it ended too early"
            assert time.monotonic() < patience, "it never happened"
            select.select([], [], [], _LOOK)
        return found


Begin = Callable[[Sequence[str], Path, Mapping[str, str]], Running]
"""A way to have a process of the program: `Started`, or `begin` of a zygote."""


def _reads(process: str) -> bool:
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:  # it has ended this very moment
        return False
    # One tries at the start whether scans can be read here.
    return b"bot.reading.sandbox.child" in command and probe.SCAN.name.encode() not in command


@contextmanager
def bot(begin: Begin, folder: Path, *arguments: str) -> Iterator[Bot]:
    """A running bot, which does not outlive the test."""
    environ = clean_environ({"TMPDIR": str(folder / "tmp")})
    running = begin(["--config", str(folder / "config.toml"), *arguments], folder, environ)
    try:
        yield Bot(running)
    finally:
        running.send(signal.SIGKILL)
        running.wait()


async def later(folder: Path, sites: Sites, telegram: FakeBotApi) -> None:
    """Two more starts of the bot on the same database, some time after: all that is still to be done is done, and nothing twice."""
    with Replay(sites.resources) as replay:
        for wait in (timedelta(hours=1), timedelta(hours=2)):
            world = World(replay, folder / "vigie.db", telegram, now=clock.now() + wait)
            await world.round(("26",))
    assert len(posts_in(telegram, CHANNEL)) == 1


# Every two of these together, in half of the eight ways.
@pytest.mark.parametrize(
    ("name", "code", "what", "number"),
    [
        ("run", 0, "listing", signal.SIGTERM),
        ("run", 0, "decree_pdf", signal.SIGINT),
        ("poll", 130, "listing", signal.SIGINT),
        ("poll", 130, "decree_pdf", signal.SIGTERM),
    ],
)
async def test_it_ends_soon_while_a_site_is_slow(
    zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path, name: str, code: int, what: str, number: signal.Signals
) -> None:
    gate = sites.hold(getattr(sites, what))
    with bot(zygote.begin, folder, name) as running:
        await gate.reached()
        assert running.end(number) == code
    assert list((folder / "tmp").iterdir()) == []
    await later(folder, sites, telegram)


async def test_it_serves_its_pages_while_a_site_is_slow_and_ends_soon_though_somebody_reads_them(
    zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'[web]\nlisten = "127.0.0.1:{port}"\n')
    gate = sites.hold(sites.listing)
    with bot(zygote.begin, folder, "run") as running:
        await gate.reached()
        [reader] = await asyncio.to_thread(running.until, lambda: _connected(port))
        with reader:
            reader.sendall(b"GET / HTTP/1.1\r\nHost: vigie\r\n\r\n")
            assert reader.recv(15) == b"HTTP/1.1 200 OK"
            reader.sendall(b"GET / HTTP/1.1\r\n")
            assert running.end() == 0
    await later(folder, sites, telegram)


def _connected(port: int) -> list[socket.socket]:
    try:
        return [socket.create_connection(("127.0.0.1", port))]
    except ConnectionRefusedError:
        return []


@pytest.mark.usefixtures("with_ocr")
async def test_it_ends_soon_while_a_scan_is_read(sites: Sites, telegram: FakeBotApi, folder: Path) -> None:
    """Started by its user: what a forked one reads with is not its own child, and the signal meets a new interpreter."""
    decree = demo_text("authorisation", sites.today, number="2026-1")
    sites.resources[sites.decree_pdf] = sites.recueil(302, sites.act(1, decree, scanned=True))
    del sites.resources[next(url for url in sites.resources if url.endswith("301.pdf"))]
    for name, code in (("run", 0), ("poll", 130)):
        with bot(Started, folder, name) as running:
            [child] = await asyncio.to_thread(running.until, running.children)
            assert running.end() == code
        assert not os.path.exists(f"/proc/{child}")  # noqa: ASYNC240, PTH110 - instantaneous
        assert list((folder / "tmp").iterdir()) == []
    await later(folder, sites, telegram)


@pytest.mark.parametrize(("name", "code", "stored"), [("run", 0, True), ("poll", 130, False)])
async def test_it_ends_soon_while_telegram_does_not_answer(
    zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path, name: str, code: int, stored: bool
) -> None:
    gate = telegram.hold("sendPhoto", stored=stored)
    with bot(zygote.begin, folder, name) as running:
        await gate.reached()
        assert running.end() == code
    # The platform sees that nobody waits for its answer any more; whether the message came through is the bot's to find out.
    assert len(posts_in(telegram, CHANNEL)) == stored
    await later(folder, sites, telegram)
    gate.open()


@pytest.mark.parametrize(("name", "code"), [("run", 0), ("poll", 130)])
async def test_it_ends_soon_while_another_program_locks_the_database(
    zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path, name: str, code: int
) -> None:
    gate = sites.hold(sites.decree_pdf)
    with bot(zygote.begin, folder, name) as running, closing(sqlite3.connect(folder / "vigie.db", isolation_level=None)) as other:
        await gate.reached()
        other.execute("BEGIN IMMEDIATE")
        gate.open()
        await asyncio.to_thread(running.until, running.waits_for_a_lock)
        assert running.end() == code
        other.execute("ROLLBACK")
    await later(folder, sites, telegram)


@pytest.mark.parametrize(("name", "code"), [("run", 0), ("poll", 130)])
async def test_it_ends_soon_when_it_cannot_even_open_the_database(
    zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path, name: str, code: int
) -> None:
    with open_store(f"sqlite:///{folder / 'vigie.db'}"):
        pass
    with closing(sqlite3.connect(folder / "vigie.db", isolation_level=None)) as other, bot(zygote.begin, folder, name) as running:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.to_thread(running.until, running.waits_for_a_lock)
        assert running.end() == code
    await later(folder, sites, telegram)


@pytest.mark.parametrize("stored", [False, True])
async def test_killed_between_sent_and_recorded(zygote: Zygote, sites: Sites, telegram: FakeBotApi, folder: Path, stored: bool) -> None:
    gate = telegram.hold("sendPhoto", stored=stored)
    with bot(zygote.begin, folder, "run") as running:
        await gate.reached()
        running.process.send(signal.SIGKILL)
        running.process.wait()
    gate.open()
    await later(folder, sites, telegram)


class Logs:
    """What the bot logs in this process, while entered."""

    def __init__(self) -> None:
        self.entries: list[EventDict] = []
        self._more = asyncio.Event()

    def __enter__(self) -> Self:
        self._before = structlog.get_config()
        structlog.configure(processors=[self._take])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        structlog.configure(**self._before)

    def _take(self, _logger: object, method: str, entry: EventDict) -> EventDict:
        self.entries.append({**entry, "level": method})
        self._more.set()
        raise structlog.DropEvent

    def of(self, event: str) -> list[EventDict]:
        return [entry for entry in self.entries if entry["event"] == event]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is true of the entries."""
        async with asyncio.timeout(SOON):
            while not condition():
                self._more.clear()
                await self._more.wait()


async def test_telegram_and_mastodon_are_down_at_the_start(sites: Sites, telegram: FakeBotApi, tmp_path: Path) -> None:
    """The sites are polled all the same, and what was found is delivered once they are up."""
    mastodon = MastodonServer().start()
    telegram.stop()
    mastodon.stop()
    with Replay(sites.resources) as replay:
        world = World(replay, tmp_path / "vigie.db", telegram, mastodon, now=clock.now())
        async with world.bot(("26",)) as parts:
            with Logs() as logs:
                async with keep_running(Service(parts).run):
                    await logs.until(lambda: len(logs.of(NOT_YET)) == 2)
                    telegram.start()
                    mastodon.start()
                    # Every rest is over by now, and the source is due again; what is newly published wakes the deliveries.
                    publish(sites)
                    world.now += timedelta(minutes=91)
                    await logs.until(lambda: len(logs.of("post.sent")) == 4)
    # Down is told once each, however often it is tried, and so is its end.
    assert sorted(entry["destination"] for entry in logs.of(NOT_YET)) == ["channel", "mastodon"]
    assert sorted(entry["destination"] for entry in logs.of("destination.recovered")) == ["channel", "mastodon"]
    assert len(posts_in(telegram, CHANNEL)) == len(mastodon.statuses()) == 2
    mastodon.stop()


async def test_a_database_that_is_down_is_told_once_and_so_is_its_end(
    sites: Sites, telegram: FakeBotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TICK", "ALERTS", "CHECKS", "ROUND_UP", "GO_ON"):
        monkeypatch.setattr(service, name, timedelta(milliseconds=20))
    down, enough, failed = threading.Event(), threading.Event(), itertools.count(1)
    with Replay(sites.resources) as replay:
        world = World(replay, tmp_path / "vigie.db", telegram, now=clock.now())
        async with world.bot(("26",)) as parts:

            @event.listens_for(parts.store.database.engine, "begin")
            def _begin(_connection: object) -> None:
                if down.is_set():
                    if next(failed) == 50:
                        enough.set()
                    cause = sqlite3.OperationalError("unable to open database file")
                    cause.sqlite_errorname = "SQLITE_CANTOPEN"
                    raise OperationalError("SELECT 1", {}, cause)

            with Logs() as logs:
                async with keep_running(Service(parts).run):
                    await logs.until(lambda: logs.of("post.sent"))
                    down.set()
                    assert await asyncio.to_thread(enough.wait, 60)
                    down.clear()
                    await logs.until(lambda: logs.of("database.recovered"))
    serious = [entry["event"] for entry in logs.entries if entry["level"] in {"error", "warning", "critical"}]
    assert serious == ["database.unavailable"]
    assert len(logs.of("database.recovered")) == 1


class Times:
    """The wall clock of the program, as far off as it was set."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def now(self, zone: tzinfo | None = None) -> datetime:
        return clock.Time.now(zone or UTC) + self.off


async def test_a_clock_set_back_stops_nothing(sites: Sites, telegram: FakeBotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times, back = Times(), timedelta(hours=1)
    for module in ("apscheduler.schedulers.base", "bot.app.service"):
        monkeypatch.setattr(f"{module}.datetime", times)
    monkeypatch.setattr("bot.app.service.TICK", timedelta(milliseconds=50))
    with Replay(sites.resources) as replay:
        world = World(replay, tmp_path / "vigie.db", telegram)
        async with assemble(world.settings(), load_authorities(), watched=("26",), console=world.console, clock=times.now) as parts:
            with Logs() as logs:
                async with keep_running(Service(parts).run):
                    await logs.until(lambda: logs.of("post.sent"))
                    times.off -= back
                    await logs.until(lambda: logs.of("clock.set_back"))
                    publish(sites)
                    times.off += timedelta(minutes=91)  # the longest that a source waits
                    await logs.until(lambda: len(logs.of("post.sent")) == 2)
    assert [line["seconds"] for line in logs.of("clock.set_back")] == [pytest.approx(back.total_seconds(), abs=30)]


def publish(sites: Sites) -> None:
    """One more decree on the Drôme's page."""
    text = demo_text("abrogation", sites.today, number="2026-1200", abrogated="2026-1104")
    address = "/contenu/telechargement/1399/9999/file/recueil.pdf"
    page = sites.resources[sites.listing].body.replace(b"</h1>", b"</h1>" + _link(address), 1)
    sites.resources |= {sites.listing: CannedAnswer(page), DROME + address: sites.recueil(303, sites.act(99, text))}


def _link(address: str) -> bytes:
    return downloads("x", [DemoLink(address, "recueil")]).split("<h1>x</h1>")[1].split("</main>")[0].encode()
