"""Answers that crawl on an address that many sites share: none of them stops the others for long, and the log names it."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from sources.http.client import Client
from sources.model import Download, Unreachable
from tests.sources.http.conftest import OTHER, SITE, Clock, MakeClient
from tests.sources.http.ranges import ETAG, Body, Network
from tests.sources.http.server import Answer, Asked, Server, reply

PDF = b"%PDF-1.7\n" + random.Random(7).randbytes(400_000) + b"\n%%EOF\n"
URL = f"{SITE}/a.pdf"
OF_A_PAGE = {"Content-Type": "text/html"}
OF_A_FILE = {"Content-Type": "application/pdf", "ETag": ETAG}


class SlowFile(Network):
    """A network of one address: one file that comes in such pieces, each after so many seconds, and pages that come at once."""

    def __init__(self, clock: Clock, piece: int, seconds: float, *, ranges: bool = True) -> None:
        super().__init__(self._answered)
        self.asked: list[tuple[str, str | None, float]] = []
        self.begun = asyncio.Event()
        self._clock, self._piece, self._seconds, self._ranges = clock, piece, seconds, ranges

    def _answered(self, request: httpx.Request) -> httpx.Response:
        path, wanted = request.url.path, request.headers.get("range")
        self.asked.append((path, wanted, self._clock.time))
        if not path.endswith(".pdf"):
            return httpx.Response(200, headers=OF_A_PAGE, stream=Body(self._pieces(b"<p>", 3, 0)))
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self._ranges else 0
        headers = {**OF_A_FILE, "Content-Length": str(len(PDF) - first)}
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(PDF) - 1}/{len(PDF)}"
        return httpx.Response(206 if first else 200, headers=headers, stream=Body(self._pieces(PDF[first:], self._piece, self._seconds)))

    async def _pieces(self, body: bytes, piece: int, seconds: float) -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            self._clock.time += seconds
            self.begun.set()
            await asyncio.sleep(0)
            yield body[start : start + piece]

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]


async def both(client: Client, network: SlowFile, target: Path) -> tuple[object, object]:
    """Ask for the file, and while it comes for a page of another site of its address."""

    async def page() -> object:
        await network.begun.wait()
        return (await client.page(OTHER)).html

    file, html = await asyncio.gather(client.download(URL, target), page(), return_exceptions=True)
    return file, html


async def test_a_file_that_crawls_from_its_first_byte_on_leaves_the_address_to_others(
    server: Server, make_client: MakeClient, target: Path, clock: Clock
) -> None:
    network = SlowFile(clock, 1, 1.0)
    with capture_logs() as logs:
        file, html = await both(make_client(server, outside={"transport": network}), network, target)
    assert isinstance(file, Unreachable)
    assert "a.pdf: too slow (less than 2 kB/s for 60 s)" in str(file)
    assert html == "<p>"
    assert network.asked[1][2] - network.asked[0][2] <= 61
    held = [line for line in logs if line["event"] == "http.slow_answer"]
    assert [(line["log_level"], line["url"], line["address"], line["seconds"], line["waiting"]) for line in held] == [
        ("warning", URL, "127.0.0.1", 30, 1),
        ("warning", URL, "127.0.0.1", 60, 1),
    ]


async def test_a_slow_file_gives_its_turn_back_and_is_resumed(server: Server, make_client: MakeClient, target: Path, clock: Clock) -> None:
    network = SlowFile(clock, 8_000, 3.0)
    file, html = await both(make_client(server, outside={"transport": network}), network, target)
    assert html == "<p>"
    assert file == Download(URL, target, len(PDF), hashlib.sha256(PDF).hexdigest())
    assert network.paths == ["/var/a.pdf", "/drome/", "/var/a.pdf"]
    assert network.asked[1][2] - network.asked[0][2] <= 123
    assert network.asked[2][1] is not None, "only the rest is asked for"


async def test_a_slow_file_that_nobody_waits_for_keeps_its_turn(
    server: Server, make_client: MakeClient, target: Path, clock: Clock
) -> None:
    network = SlowFile(clock, 8_000, 3.0)
    with capture_logs() as logs:
        assert (await make_client(server, outside={"transport": network}).download(URL, target)).size == len(PDF)
    assert network.paths == ["/var/a.pdf"]
    assert [line for line in logs if line["log_level"] == "warning"] == []


async def test_a_server_that_cannot_send_the_rest_is_not_asked_for_it_at_each_turn(
    server: Server, make_client: MakeClient, target: Path, clock: Clock
) -> None:
    network = SlowFile(clock, 8_000, 3.0, ranges=False)
    client = make_client(server, outside={"transport": network})
    done = asyncio.Event()

    async def pages() -> None:
        await network.begun.wait()
        while not done.is_set():
            await client.page(OTHER)

    others = [asyncio.create_task(pages()) for _ in range(2)]
    try:
        assert (await client.download(URL, target)).size == len(PDF)
    finally:
        done.set()
        await asyncio.gather(*others)
    assert network.paths.count("/var/a.pdf") == 2


def dripping(beginning: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Sends a beginning, then a byte now and then without end."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning.encode())
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    return answer


@pytest.mark.parametrize("beginning", ["HTTP/1.1 200 OK\r\nX-Slow: ", "H"], ids=["in the headers", "in the status line"])
async def test_the_head_of_an_answer_has_to_come_in_time(server: Server, make_client: MakeClient, target: Path, beginning: str) -> None:
    server.routes |= {"/var/a.pdf": dripping(beginning), "/drome/": reply("<p>")}
    client = make_client(server, timeout_seconds=0.5, interval_seconds=0)
    with pytest.raises(Unreachable, match="timed out waiting for the answer"):
        await client.download(URL, target)
    assert (await client.page(OTHER)).html == "<p>"


async def test_a_page_that_drips_is_given_up_too(server: Server, make_client: MakeClient, clock: Clock) -> None:
    async def ticking() -> AsyncIterator[bytes]:
        while True:
            clock.time += 1
            await asyncio.sleep(0)
            yield b"x"

    network = Network(lambda _request: httpx.Response(200, headers=OF_A_PAGE, stream=Body(ticking())))
    with pytest.raises(Unreachable, match=r"too slow \(less than 2 kB/s for 60 s\)"):
        await make_client(server, outside={"transport": network}).page(SITE)
