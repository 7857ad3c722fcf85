"""The only way out of the browser, spoken to by a plain SOCKS 5 client."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import struct
from collections.abc import AsyncIterator

import pytest

from sources.http.address import Address
from sources.http.browser.door import Locate, SocksProxy
from sources.http.browser.policy import MOST_REQUESTS, AllowedHost
from sources.model import Unusable
from tests.sources.http.server import Server, reply, stall

LOOPBACK = ipaddress.ip_address("127.0.0.1")


def at(address: Address) -> Locate:
    async def locate() -> Address:
        return address

    return locate


@pytest.fixture
async def door() -> AsyncIterator[SocksProxy]:
    made = SocksProxy(seconds=5)
    yield made
    made.close()


@contextlib.asynccontextmanager
async def connected(where: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(where.rpartition(":")[2]))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def ask(where: str, host: str, port: int, *, command: int = 1) -> tuple[int, bytes]:
    """The outcome of a SOCKS request, and what `GET /` then gives until the connection ends."""
    async with connected(where) as (reader, writer):
        name = host.encode()
        writer.write(b"\x05\x01\x00" + bytes([5, command, 0, 3, len(name)]) + name + struct.pack("!H", port))
        assert await reader.readexactly(2) == b"\x05\x00"
        outcome = (await reader.readexactly(10))[1]
        writer.write(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        return outcome, await reader.read(100) if outcome == 0 else b""


async def test_only_the_places_of_the_turn_are_reached_by_the_address_that_was_checked(server: Server, door: SocksProxy) -> None:
    server.routes["/"] = reply("<p>")
    where = await door.open()
    place = AllowedHost("www.var.gouv.fr", server.port)
    async with door.passage({place: at(LOOPBACK)}):
        outcome, answer = await ask(where, "WWW.var.gouv.fr", server.port)
        assert outcome == 0
        assert answer.startswith(b"HTTP/1.1 200")
        for host, port in (("www.var.gouv.fr", server.port + 1), ("127.0.0.1", server.port), ("localhost", server.port)):
            assert (await ask(where, host, port))[0] == 2
        assert (await ask(where, "www.var.gouv.fr", server.port, command=2))[0] == 7
    assert server.connections == 1


async def test_a_turn_has_only_so_many_connections(server: Server, door: SocksProxy) -> None:
    server.routes["/"] = reply("<p>")
    where = await door.open()
    for _ in range(2):
        async with door.passage({AllowedHost("site", server.port): at(LOOPBACK)}) as passage:
            assert passage.left == MOST_REQUESTS
            passage.left = 2
            assert [(await ask(where, "site", server.port))[0] for _ in range(3)] == [0, 0, 2]
    assert server.connections == 4


async def test_a_failure_is_remembered_with_its_cause(door: SocksProxy) -> None:
    async def private() -> Address:
        raise Unusable("not a public address")

    async with Server() as gone:
        port = gone.port
    where = await door.open()
    async with door.passage({AllowedHost("closed", port): at(LOOPBACK), AllowedHost("private", 443): private}) as passage:
        assert (await ask(where, "closed", port))[0] == 4
        assert isinstance(passage.failure, ConnectionRefusedError)
        assert (await ask(where, "private", 443))[0] == 4
        assert isinstance(passage.failure, Unusable)


async def test_nothing_passes_between_two_turns(server: Server, door: SocksProxy) -> None:
    server.routes["/"] = stall(b"HTTP/1.1 200 OK\r\n\r\n")
    where = await door.open()
    place = {AllowedHost("site", server.port): at(LOOPBACK)}
    async with contextlib.AsyncExitStack() as stack:
        async with door.passage(place):
            reader, writer = await stack.enter_async_context(connected(where))
            writer.write(b"\x05\x01\x00\x05\x01\x00\x03\x04site" + struct.pack("!H", server.port))
            assert (await reader.readexactly(12))[3] == 0
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await reader.readexactly(17) == b"HTTP/1.1 200 OK\r\n"
        with contextlib.suppress(ConnectionError):
            assert await reader.read() in {b"\r\n", b""}  # cut
    async with connected(where) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    assert server.connections == 1


@pytest.mark.parametrize(
    "words", [b"GET / HTTP/1.1\r\n\r\n", b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b"\x05\x01\x00\x05\x01\x00\x09", b"\x05"]
)
async def test_other_words_lead_nowhere(server: Server, door: SocksProxy, words: bytes) -> None:
    where = await door.open()
    async with door.passage({AllowedHost("127.0.0.1", server.port): at(LOOPBACK)}), connected(where) as (reader, writer):
        writer.write(words)
        writer.write_eof()
        with contextlib.suppress(ConnectionError):
            assert len(await reader.read()) <= 12
    assert server.connections == 0


async def test_numeric_addresses_are_places_like_any_other(server: Server, door: SocksProxy) -> None:
    where = await door.open()
    async with door.passage({AllowedHost("127.0.0.1", server.port): at(LOOPBACK)}), connected(where) as (reader, writer):
        writer.write(b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" + struct.pack("!H", server.port))
        assert (await reader.readexactly(12))[3] == 0
