"""The only way out of the browser: a SOCKS 5 proxy on loopback that knows where each request may go.

Chromium leaves names to the proxy, so a host is looked up here alone: the address that was checked to be public is the one that is
connected to, while the browser still verifies the certificate for the name. Whatever the page does, nothing else is reached (a frame,
a worker, a WebSocket, the browser's own services), and nothing at all between two turns of the queue: leaving one cuts its connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sources.http.address import Address
from sources.http.browser.policy import MOST_REQUESTS, AllowedHost
from sources.model import FetchError

Locate = Callable[[], Awaitable[Address]]
"""The address of one place, checked. Raises FetchError."""

_STEP = 64 * 1024
_SUCCEEDED, _NOT_ALLOWED, _UNREACHABLE, _NOT_SUPPORTED = 0, 2, 4, 7


@dataclass(slots=True)
class ProxySession:
    """One turn: the places it may reach, how many more connections it may take, and why the last one could not be made, if so."""

    places: Mapping[AllowedHost, Locate]
    left: int = MOST_REQUESTS
    failure: Exception | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class SocksProxy:
    """The proxy of one site. `seconds` bounds the making of a connection."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._passage: ProxySession | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        """Begin to listen; where, as in `socks5://127.0.0.1:49152`."""
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", 0, limit=_STEP)
        return f"socks5://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Stop listening. No passage is open any more."""
        if self._server is not None:
            self._server.close()

    @contextlib.asynccontextmanager
    async def passage(self, places: Mapping[AllowedHost, Locate]) -> AsyncIterator[ProxySession]:
        """Let connections through to these places until left. One at a time."""
        passage = self._passage = ProxySession(places)
        try:
            yield passage
        finally:
            self._passage = None
            for task in passage.tasks:
                task.cancel()
            await asyncio.gather(*passage.tasks, return_exceptions=True)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        passage = self._passage
        try:
            if passage is not None and task is not None:
                passage.tasks.add(task)
                task.add_done_callback(passage.tasks.discard)
                with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                    await self._serve(passage, reader, writer)
        finally:
            writer.transport.abort()

    async def _serve(self, passage: ProxySession, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = await _asked_for(reader, writer)
        locate = passage.places.get(place) if place is not None else None
        if place is None or locate is None or not passage.left:
            _answer(writer, _NOT_SUPPORTED if place is None else _NOT_ALLOWED)
            return await writer.drain()
        passage.left -= 1
        try:
            async with asyncio.timeout(self._seconds):
                far_reader, far_writer = await asyncio.open_connection(str(await locate()), place.port, limit=_STEP)
        except (OSError, TimeoutError, FetchError) as error:
            passage.failure = error
            _answer(writer, _UNREACHABLE)
            return await writer.drain()
        try:
            _answer(writer, _SUCCEEDED)
            await _relay((reader, far_writer), (far_reader, writer))
        finally:
            far_writer.transport.abort()


async def _asked_for(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AllowedHost | None:
    """The place a client wants to connect to (RFC 1928, sections 3 and 4), None for what is not a plain connection by SOCKS 5."""
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    if version != 5:
        return None
    writer.write(b"\x05\x00")
    version, command, _, kind = await reader.readexactly(4)
    if (version, command) != (5, 1):
        return None
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii", "replace").lower()
    elif kind in {1, 4}:
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
    else:
        return None
    return AllowedHost(host, struct.unpack("!H", await reader.readexactly(2))[0])


def _answer(writer: asyncio.StreamWriter, outcome: int) -> None:
    writer.write(bytes([5, outcome, 0, 1, 0, 0, 0, 0, 0, 0]))


async def _relay(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Carry bytes both ways until either side ends; nobody is read faster than the other side takes it."""
    pumps = [asyncio.ensure_future(_pump(*way)) for way in ways]
    try:
        await asyncio.gather(*pumps)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_STEP):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
