"""Outages lived through by many sources on one address, with the real client: how soon each of them is polled again."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from bot.reading.model import ReadingEvent
from bot.storage.store import Store
from sources.catalogue.authority import Authority, Source
from sources.http.client import Client
from sources.http.connection import ClientOptions
from tests.bot.ingest.wired import make_poller
from tests.examples import by_day
from tests.sources.http.conftest import Clock
from tests.sources.markup import download, page

TICK, QUARTER, OUTAGE = timedelta(seconds=20), timedelta(minutes=15), timedelta(hours=2)
MANY = 8
LIST = page(download(1, "01/06/2026")).encode()
Fault = Callable[[], Exception | int]


@dataclass
class Country(httpx.AsyncBaseTransport):
    """Sites on one address, each with its list; `fault` is what all of them answer or raise, `unknown` what looking up a name raises.
    `asked` are the instants and hosts."""

    clock: Clock
    fault: Fault | None = None
    unknown: Fault | None = None
    asked: list[tuple[datetime, str]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((self.clock.now(), request.headers["host"]))
        fault = self.fault() if self.fault is not None else 200
        if isinstance(fault, Exception):
            raise fault
        body = LIST if fault == 200 else b"<h1>Service indisponible</h1>"
        return httpx.Response(fault, headers={"content-type": "text/html"}, stream=httpx.ByteStream(body))

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        if self.unknown is not None and isinstance(fault := self.unknown(), Exception):
            raise fault
        return ["8.8.8.8"]


class Bot:
    """Polls what is due, as the service does."""

    def __init__(self, store: Store, country: Country, client: Client, hosts: Sequence[str]) -> None:
        sources = [
            Source(f"{number:02}", "site", "national", f"https://{host}/Publications/RAA", "newest-first", "download-list")
            for number, host in enumerate(hosts, 1)
        ]
        self._clock = country.clock
        authorities = {source.authority: Authority(source.authority, "A", "A", "Europe/Paris", (source,)) for source in sources}
        self._watcher = make_poller(authorities, client, _no_reader, store, country.clock.now)

    async def run(self, until: datetime) -> None:
        while self._clock.now() < until:
            due = await self._watcher.due()
            await asyncio.gather(*(self._watcher.poll(source) for source in due))
            self._clock.time += TICK.total_seconds()


def _no_reader(path: Path, **_: object) -> AsyncGenerator[ReadingEvent, None]:
    raise AssertionError("nothing is published")


def refused() -> Exception:
    return httpx.ConnectError("refused")


def no_network() -> Exception:
    error = httpx.ConnectError("no network")
    error.__cause__ = OSError(errno.ENETUNREACH, "Network is unreachable")
    return error


def no_name() -> Exception:
    return socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.parametrize(
    ("fault", "unknown", "most"),
    by_day(
        [
            pytest.param(refused, None, 2 * 12 + 4, id="the address refuses"),
            pytest.param(lambda: 503, None, 2 * 12 + 4, id="whatever is asked there, a proxy answers that it is down"),
            pytest.param(no_network, None, 2 * 12 + 4, id="this machine has no network"),
            pytest.param(None, no_name, 0, id="no name is found"),
        ],
        2,
    ),
)
async def test_after_an_outage_every_source_is_polled_within_its_usual_interval(
    store: Store, fault: Fault | None, unknown: Fault | None, most: int
) -> None:
    hosts = [f"www.departement{number}.gouv.fr" for number in range(MANY)]
    clock = Clock()
    country = Country(clock)
    options = ClientOptions(frozenset(hosts), "Vigie/1.0", respect_robots=False)
    async with Client(options, clocks=clock.all(), resolver=country.resolve, transport=country) as client:
        bot = Bot(store, country, client, hosts)
        await bot.run(clock.now() + 3 * QUARTER)
        begins, before = clock.now(), len(country.asked)
        country.fault, country.unknown = fault, unknown
        await bot.run(begins + OUTAGE)
        ends, during = clock.now(), country.asked[before:]
        assert len(during) <= most, "the address is probed, not asked for every source"
        assert all(later - earlier <= QUARTER for (earlier, _), (later, _) in pairwise(during)), "its pauses do not grow"
        country.fault = country.unknown = None
        await bot.run(ends + 2 * QUARTER)
    after = [(at, host) for at, host in country.asked if at >= ends]
    first = {host: at for at, host in reversed(after)}
    assert set(first) == set(hosts)
    assert max(first.values()) - ends <= QUARTER
    assert min(later - earlier for (earlier, _), (later, _) in pairwise(country.asked)) >= timedelta(seconds=3)
    assert all(state.failures == 0 for state in store.sources.all())
