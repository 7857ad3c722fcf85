"""A real server on loopback: what it does to slow, many and vanished clients, and how it stops."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.server import ConnectionLimits, PatientProtocol, address_of_socket, bound, networks, serve
from tests.bot.queries.conftest import MemoryDecrees
from tests.bot.web.conftest import Visitors

_TOO_LONG = 60.0
"""Seconds after which a test has gone wrong."""
_USUAL = ConnectionLimits()


@asynccontextmanager
async def served(application: ASGIApp, limits: ConnectionLimits = _USUAL) -> AsyncIterator[str]:
    """The application at an address of loopback, stopped at the end."""
    with bound("127.0.0.1:0") as socket:
        address = address_of_socket(socket)
        serving = asyncio.create_task(serve(application, socket, limits))
        try:
            yield address
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def connect(address: str, *, sent_from: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = httpx.URL(address)
    return await asyncio.open_connection(url.host, url.port, local_addr=(sent_from, 0))


async def test_a_page_over_the_wire(visitors: Visitors) -> None:
    async with served(visitors.application) as address, httpx.AsyncClient(timeout=_TOO_LONG) as client:
        page = await client.get(address)
        assert (page.status_code, page.headers["content-encoding"]) == (200, "gzip")
        assert "<h1>" in page.text
        assert (await client.post(address, content=b"x" * 100_000)).status_code == 405
        assert (await client.head(address)).headers["etag"] == page.headers["etag"]
        assert "server" not in page.headers


async def test_a_client_that_never_finishes_its_request_is_cut_off(visitors: Visitors) -> None:
    async with served(visitors.application, ConnectionLimits(slowest=0.05)) as address:
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: vigie\r\n", b"GET / HTTP/1.1\r\nHost: vigie\r\n\r\nGET"):
            reader, writer = await connect(address)
            writer.write(begun)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1_000_000)
            writer.close()
        async with httpx.AsyncClient(timeout=_TOO_LONG) as client:
            assert (await client.get(address)).status_code == 200


async def test_a_client_that_does_not_take_its_answer_is_cut_off(executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, forget = threading.Event(), PatientProtocol.connection_lost

    def connection_lost(protocol: PatientProtocol, exc: Exception | None) -> None:
        forget(protocol, exc)
        lost.set()

    monkeypatch.setattr(PatientProtocol, "connection_lost", connection_lost)
    large = Route("/", lambda _, __: Document(bytes(20_000_000), "image/png"))
    async with served(Visitors(MemoryDecrees(), executor, [large]).application, ConnectionLimits(slowest=0.05)) as address:
        _, writer = await connect(address)
        writer.write(b"GET / HTTP/1.1\r\nHost: vigie\r\n\r\n")
        await asyncio.to_thread(lost.wait)
        writer.close()


async def test_one_too_many_is_refused(visitors: Visitors) -> None:
    async with served(visitors.application, ConnectionLimits(at_once=3)) as address:
        idle = [await connect(address) for _ in range(3)]
        async with httpx.AsyncClient(timeout=_TOO_LONG) as client:
            refused, problem = await client.get(address), await client.get(f"{address}api/v1/decrees")
            assert (refused.status_code, problem.status_code) == (503, 503)
            assert "Le site ne peut pas répondre en ce moment" in refused.text
            assert (problem.headers["content-type"], problem.json()["status"]) == ("application/problem+json", 503)
            assert refused.headers["retry-after"] == problem.headers["retry-after"] == "60"
            assert refused.headers["connection"] == "close"
            for _, writer in idle:
                writer.close()
                await writer.wait_closed()
            # The server sees a little later that they are gone.
            while (answer := await client.get(address)).status_code == 503:
                pass
            assert answer.status_code == 200


@pytest.mark.parametrize(("proxies", "is_limited"), [([], True), (["127.0.0.3"], True), (["127.0.0.2"], False)])
async def test_slow_connections_of_one_address_leave_the_others_their_place(
    visitors: Visitors, proxies: list[str], is_limited: bool
) -> None:
    limits = ConnectionLimits(at_once=4, of_one=2, slowest=_TOO_LONG, proxies=networks(proxies))
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.3")
    async with served(visitors.application, limits) as address, httpx.AsyncClient(transport=transport, timeout=_TOO_LONG) as other:
        slow = [await connect(address, sent_from="127.0.0.2") for _ in range(8)]
        refused = [await reader.read() for reader, _ in slow[2:]] if is_limited else []
        assert {(answer[:12], b"application/problem+json" in answer) for answer in refused} <= {(b"HTTP/1.1 429", True)}
        assert (await other.get(address)).status_code == (200 if is_limited else 503)
        slow[0][1].write(b"GET / HTTP/1.1\r\nHost: vigie\r\nConnection: close\r\n\r\n")
        assert (await slow[0][0].read())[:12] == (b"HTTP/1.1 200" if is_limited else b"HTTP/1.1 503"), "those within the limit are answered"
        for _, writer in slow:
            writer.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: vigie\r\nHost: other\r\n\r\n", 400),
        (b"GET /api/v1/decrees HTTP/1.1\r\nHost: vigie\r\nX-Long: " + b"x" * 20_000, 431),
        (b"POST / HTTP/1.1\r\nHost: vigie\r\nTransfer-Encoding: unknown\r\n\r\n", 501),
    ],
)
async def test_what_is_no_request_is_refused_as_the_api_refuses(visitors: Visitors, sent: bytes, status: int) -> None:
    async with served(visitors.application) as address:
        reader, writer = await connect(address)
        writer.write(sent)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-type: application/problem+json" in head.lower()
    assert b"x-content-type-options: nosniff" in head.lower()
    assert json.loads(body)["status"] == status
    assert b"nonsense" not in body


class Late:
    """A page that is being made, once `begun`, until it may `go_on`."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, _site: SiteContext, _request: PageRequest) -> Document:
        self.begun.set()
        self.go_on.wait()
        return Document(b"late")


async def test_nonsense_after_a_request_is_answered_in_its_place(executor: ThreadPoolExecutor) -> None:
    # Its body cannot be read, though its head was: one answer, not two.
    page = Late()
    async with served(Visitors(MemoryDecrees(), executor, [Route("/", page)]).application) as address:
        reader, writer = await connect(address)
        writer.write(b"GET / HTTP/1.1\r\nHost: vigie\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.to_thread(page.begun.wait)
        writer.write(b"no length\r\n")
        page.go_on.set()
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"late" not in answer


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\n"])
async def test_it_stops_though_somebody_is_connected(visitors: Visitors, begun: bytes) -> None:
    async with served(visitors.application) as address:
        reader, writer = await connect(address)
        writer.write(begun)
        await writer.drain()
    with suppress(ConnectionResetError):  # where it stopped before it had seen it
        assert await reader.read() == b""
    writer.close()
    with bound(httpx.URL(address).netloc.decode()):
        pass  # its port is free


def test_why_it_cannot_listen_is_told_in_words() -> None:
    with bound("127.0.0.1:0") as first:
        for listen, why in (
            (f"127.0.0.1:{first.getsockname()[1]}", "another program listens at this port"),
            ("192.0.2.1:8080", "this machine does not have this address"),
        ):
            with pytest.raises(OSError, match=f"^{why}$"):
                bound(listen)


async def test_it_stops_though_a_page_is_being_made(executor: ThreadPoolExecutor) -> None:
    page = Late()
    try:
        async with served(Visitors(MemoryDecrees(), executor, [Route("/", page)]).application) as address:
            _, writer = await connect(address)
            writer.write(b"GET / HTTP/1.1\r\nHost: vigie\r\n\r\n")
            await asyncio.to_thread(page.begun.wait)
        writer.close()
    finally:
        page.go_on.set()


async def test_whatever_visitors_do_the_rest_of_the_program_goes_on() -> None:
    begun, go_on, went_on = threading.Event(), threading.Event(), []

    async def busy(_scope: Scope, _receive: Receive, send: Send) -> None:
        begun.set()
        # All the time of its loop, as many visitors take together.
        went_on.append(go_on.wait(_TOO_LONG))
        await PlainTextResponse("late")(_scope, _receive, send)

    async with served(busy) as address, httpx.AsyncClient(timeout=_TOO_LONG) as client:
        asking = asyncio.create_task(client.get(address))
        await asyncio.to_thread(begun.wait)
        go_on.set()
        assert (await asking).text == "late"
    assert went_on == [True]


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_where_it_listens(listen: str) -> None:
    with bound(listen) as socket:
        assert httpx.URL(address_of_socket(socket)).port
