"""Polls beside visitors: how late polls are while the whole files are made, and while the same process answers so many requests a second.

`python -m benchmarks.web --polls SECONDS` measures it; run by itself this module is the visitors, a process of its own on loopback.
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app.config.model import WebSettings
from bot.app.demo.replay import Replay
from bot.app.demo.scenario import scenario
from bot.app.inventory import folder_beside, utc_now
from bot.app.website import serve_pages
from bot.app.wiring import assemble
from bot.cli.demo import CODES, demo_settings
from bot.ingest.poller import Poller
from bot.web.server import address_of_socket, bound
from sources.catalogue.authority import load_authorities

RATE = 200
"""Requests a second."""
MOST_LATE = 1000.0
"""Milliseconds after which 95 of 100 polls, one a second, are to be over: in the bot they come every few minutes."""
_KEPT = ("/", "/envigueur", "/departements", "/departements/26", "/flux/arretes.atom", "/sources", "/apropos", "/api/v1/decrees")
_OTHERS = 10
"""One request in so many is for a decree that nobody requested before: its page is made anew."""
_CONNECTIONS = 50
_LOOKED_EVERY = 0.02
"""Seconds between two looks at how late the loop is."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Milliseconds from when polls were due to when they were over, and by which the loop of the process was late."""

    beside: str
    polls: tuple[float, ...]
    loop: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the visitors got: how many answers of each status, and milliseconds from when a request was due to its answer."""

    statuses: dict[str, int]
    p50: float
    p95: float


async def measure_polls(store: Path, seconds: int, rate: int = RATE) -> tuple[list[Lateness], Answered]:
    """Poll each second, over a copy of a store: for so long beside nothing, beside the making of the whole files, beside the visitors."""
    with tempfile.TemporaryDirectory() as folder, Replay(scenario(utc_now().astimezone().date())) as replay:
        database = Path(folder, "copy.db")
        shutil.copy(store, database)
        settings = demo_settings(replay, database).model_copy(update={"web": WebSettings(requests_per_minute=100_000)})
        authorities = load_authorities()
        async with assemble(settings, authorities, watched=CODES, console=io.StringIO()) as parts:
            total = await asyncio.to_thread(parts.store.decrees.total)
            await _polls(parts.poller, 1)
            await parts.poller.finish()
            found = [await _lateness("nothing", parts.poller, asyncio.sleep(seconds))]
            listening = bound("127.0.0.1:0")
            async with _beside(serve_pages(settings, authorities, listening)):
                made = folder_beside(settings.database.url, "open-data") / "manifest.json"
                found.append(await _lateness("the making of the whole files", parts.poller, _until(made.exists)))
                visitors = _visitors(address_of_socket(listening), seconds, rate, total)
                under_way = asyncio.ensure_future(visitors)
                found.append(await _lateness(f"{rate} requests a second", parts.poller, asyncio.shield(under_way)))
                return found, await under_way


def lines(found: Sequence[Lateness], answered: Answered) -> list[str]:
    """Return the table."""
    head = f"{'polls beside':32}{'polls':>6}{'p50':>8}{'p95':>8}{'most':>8}{'loop p95':>10}{'most':>8}  (ms)"
    row = "{:32}{:6}{:8.0f}{:8.0f}{:8.0f}{:10.1f}{:8.1f}"
    rows = [row.format(one.beside, len(one.polls), *_shares(one.polls), *_shares(one.loop)[1:]) for one in found]
    statuses = ", ".join(f"{count} times {status}" for status, count in sorted(answered.statuses.items()))
    return [head, *rows, f"requests: {statuses}; p50 {answered.p50:.0f} ms, p95 {answered.p95:.0f} ms"]


def is_late(found: Sequence[Lateness]) -> bool:
    """Return whether the polls were late beside the visitors."""
    return _shares(found[-1].polls)[1] > MOST_LATE


def _shares(times: Sequence[float]) -> tuple[float, float, float]:
    known = sorted(times)
    return known[len(known) // 2], known[min(int(len(known) * 0.95), len(known) - 1)], known[-1]


# The polls.


async def _lateness(beside: str, poller: Poller, work: Coroutine[Any, Any, object] | asyncio.Future[Any]) -> Lateness:
    polls: list[float] = []
    looks: list[float] = []
    async with _beside(_poll_each_second(poller, polls)), _beside(_look(looks)):
        await work
        # Files of few decrees are made before the first poll is over.
        await _until(lambda: bool(polls))
    return Lateness(beside, tuple(polls), tuple(looks))


async def _poll_each_second(poller: Poller, late: list[float]) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        await _polls(poller, len(late) + 1)
        late.append((loop.time() - due) * 1000)
        due += 1
        await asyncio.sleep(max(due - loop.time(), 0))


async def _polls(poller: Poller, number: int) -> None:
    """Poll one source, another one each time; the first time all of them."""
    chosen = poller.sources if number == 1 else [poller.sources[number % len(poller.sources)]]
    await asyncio.gather(*(poller.poll(source) for source in chosen))


async def _look(late: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LOOKED_EVERY
        await asyncio.sleep(_LOOKED_EVERY)
        late.append((loop.time() - due) * 1000)


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - a file tells it
        await asyncio.sleep(_LOOKED_EVERY)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> Any:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# The visitors.


async def _visitors(address: str, seconds: int, rate: int, decrees: int) -> Answered:
    command = (sys.executable, "-m", "benchmarks.web_load", address, str(seconds), str(rate), str(decrees))
    visitors = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        printed, _ = await visitors.communicate()
    finally:
        if visitors.returncode is None:
            visitors.kill()
    return Answered(**json.loads(printed))


async def visit(host: str, port: int, seconds: int, rate: int, decrees: int) -> Answered:
    """Request so many pages a second, whatever becomes of those before, and return what came."""
    loop = asyncio.get_running_loop()
    idle: asyncio.Queue[_Line] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        idle.put_nowait(_Line(host, port))
    statuses: Counter[str] = Counter()
    waited: list[float] = []

    async def request(path: str, due: float) -> None:
        line = await idle.get()
        try:
            statuses[await line.get(path)] += 1
        finally:
            idle.put_nowait(line)
        waited.append((loop.time() - due) * 1000)

    began, under_way = loop.time(), []
    for number, path in zip(range(seconds * rate), _addresses(decrees), strict=False):
        due = began + number / rate
        await asyncio.sleep(max(due - loop.time(), 0))
        under_way.append(asyncio.create_task(request(path, due)))
    await asyncio.gather(*under_way)
    return Answered(dict(statuses), *_shares(waited)[:2])


def _addresses(decrees: int) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield _KEPT[number % len(_KEPT)] if number % _OTHERS else f"/arretes/{number // _OTHERS % decrees + 1}"


class _Line:
    """One connection, which stays open from request to request."""

    def __init__(self, host: str, port: int) -> None:
        self._at = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> str:
        """Return the status of the answer, `cut` where there is none."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._at)
            reader, writer = self._streams
            writer.write(f"GET {path} HTTP/1.1\r\nHost: vigie.test\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0] or 0))
        except (OSError, asyncio.IncompleteReadError):
            if self._streams is not None:
                self._streams[1].close()
            self._streams = None
            return "cut"
        if "connection: close" in head:
            writer.close()
            self._streams = None
        return head.split()[1]


def main(arguments: Sequence[str]) -> None:
    """Be the visitors: an address, for how many seconds, how many requests a second, how many decrees there are."""
    host, port = arguments[0].removeprefix("http://").rstrip("/").split(":")
    seconds, rate, decrees = map(int, arguments[1:])
    found = asyncio.run(visit(host, int(port), seconds, rate, decrees))
    sys.stdout.write(json.dumps({"statuses": found.statuses, "p50": found.p50, "p95": found.p95}))


if __name__ == "__main__":
    main(sys.argv[1:])
