from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from sources.catalogue.authority import Browser
from sources.http.client import Client
from sources.http.connection import ClientOptions
from sources.http.politeness import Clocks
from tests.sources.http.server import Server

HOST = "www.var.gouv.fr"
SITE = f"https://{HOST}"
OTHER_HOST = "www.drome.gouv.fr"
OTHER = f"https://{OTHER_HOST}"
SHARED = Path(__file__).resolve().parents[4] / "shared"


class Clock:
    """Time that passes only when someone sleeps."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 8, 14, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    def all(self) -> Clocks:
        return Clocks(self.monotonic, self.now, self.sleep, lambda: 0.5)


def names_in(folder: Path) -> list[str]:
    """The files of a folder."""
    return sorted(path.name for path in folder.iterdir())


def content(path: Path) -> bytes:
    """A file, for tests that run in a loop."""
    return path.read_bytes()


async def no_names(host: str, port: int) -> Sequence[str]:
    """A resolver for tests whose hosts all have a replacement by IP address."""
    raise AssertionError(f"{host} must not be looked up")


class MakeClient(Protocol):
    def __call__(self, server: Server, *, outside: dict[str, Any] | None = None, **options: Any) -> Client: ...


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "a.pdf"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as running:
        yield running


@asynccontextmanager
async def clients(clock: Clock) -> AsyncIterator[MakeClient]:
    """Makes clients of two sites that really live below /var and /drome of a server; `outside` overrides what one gets of the world."""
    async with AsyncExitStack() as stack:

        def make(server: Server, *, outside: dict[str, Any] | None = None, **options: Any) -> Client:
            settings: dict[str, Any] = {
                "hosts": frozenset({HOST, OTHER_HOST}),
                "user_agent": "Vigie/1.0 (+https://example.org)",
                "origins": {SITE: f"{server.base}/var", OTHER: f"{server.base}/drome"},
                "respect_robots": False,
                **options,
            }
            world: dict[str, Any] = {
                "clocks": clock.all(),
                "resolver": no_names,
                **(outside or {}),
            }
            client = Client(ClientOptions(**settings), **world)
            stack.push_async_callback(client.close)
            return client

        yield make


@pytest.fixture
async def make_client(clock: Clock) -> AsyncIterator[MakeClient]:
    async with clients(clock) as make:
        yield make


@pytest.fixture
def client(server: Server, make_client: MakeClient) -> Client:
    return make_client(server)


@pytest.fixture
def browse(server: Server, make_client: MakeClient) -> Callable[..., Client]:
    """A client that asks the first site by way of the browser; the second one as ever."""

    def make(**options: Any) -> Client:
        settings: dict[str, Any] = {"browsers": {HOST: Browser("#list")}, "browser_seconds": 20.0, "interval_seconds": 0.0}
        return make_client(server, **(settings | options))

    return make


@pytest.fixture
def small_files() -> Iterator[None]:
    """The system refuses files of more than 100,000 bytes, as a full quota would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)
