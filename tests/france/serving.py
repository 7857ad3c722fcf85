"""The two doors of France: real sockets on loopback, and a transport without any for what a socket adds nothing to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx

from tests.france.country import Answer, France

ADDRESS = "127.0.0.1"
"""The one address of all sites."""

PORTS = 4
"""The sites are spread over some ports: to a client they are different servers on one machine, as the real ones are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in, at a moment of the simulated clock (seconds). `status` is 0 where no answer was given."""

    at: float
    host: str
    target: str
    user_agent: str
    status: int
    size: int

    @property
    def is_for_robots(self) -> bool:
        """Whether it is for a robots.txt, which is read once a day."""
        return self.target == "/robots.txt"


Interference = Callable[[str, str], Answer | None]
"""`(host, target)` -> an answer that takes the place of the site's own, None to let it through. Behind a Shortcut it may raise what the
network does (`httpx.TransportError`)."""


def no_interference(host: str, target: str) -> Answer | None:
    """Every site answers for itself."""
    return None


@dataclass(slots=True)
class Sockets:
    """France on 127.0.0.1. An async context manager.

    `monotonic` is the simulated clock. While `is_down`, connections are closed as soon as they are made (`refused` has the moments).
    """

    france: France
    monotonic: Callable[[], float]
    interference: Interference = no_interference
    asked: list[Asked] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    most_connections: int = 0
    most_requests: int = 0
    _is_down: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _requests: int = 0
    _servers: list[asyncio.Server] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        for _ in range(PORTS):
            self._servers.append(await asyncio.start_server(self._accept, ADDRESS, 0))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def origins(self) -> dict[str, str]:
        """For `ClientOptions.origins`."""
        ports = [server.sockets[0].getsockname()[1] for server in self._servers]
        return {f"https://{host}": f"http://{ADDRESS}:{ports[rank % PORTS]}/{host}" for rank, host in enumerate(self.france.hosts)}

    @property
    def is_down(self) -> bool:
        """Whether nobody is answered."""
        return self._is_down

    @is_down.setter
    def is_down(self, value: bool) -> None:
        self._is_down = value
        if value:
            for writer in self._open:
                writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        self.most_connections = max(self.most_connections, len(self._open))
        try:
            if self._is_down:
                self.refused.append(self.monotonic())
                return
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not writer.is_closing():
                    await self._serve(reader, writer)
        finally:
            self._open.discard(writer)
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        self._requests += 1
        self.most_requests = max(self.most_requests, self._requests)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        host, _, target = head[0].split(" ")[1].removeprefix("/").partition("/")
        answer = _answered(self, host, f"/{target}", headers)
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", f"Content-Length: {len(answer.body)}"]
        if answer.status != HTTPStatus.NOT_MODIFIED:
            lines.append(f"Content-Type: {answer.content_type}")
        lines += [f"{name}: {value}" for name, value in answer.headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body)
        await writer.drain()
        self._requests -= 1


@dataclass(slots=True)
class Shortcut(httpx.AsyncBaseTransport):
    """France as a transport of httpx: the same requests and answers without sockets, for many sweeps."""

    france: France
    monotonic: Callable[[], float]
    interference: Interference = no_interference
    asked: list[Asked] = field(default_factory=list)

    @property
    def origins(self) -> dict[str, str]:
        """For `ClientOptions.origins`."""
        return {f"https://{host}": f"http://{ADDRESS}/{host}" for host in self.france.hosts}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, _, target = request.url.raw_path.decode("ascii").removeprefix("/").partition("/")
        answer = _answered(self, host, f"/{target}", {name.lower(): value for name, value in request.headers.items()})
        length = [("Content-Length", str(len(answer.body)))] if answer.pieces is None else []
        headers = [*length, *answer.headers]
        if answer.status != HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Type", answer.content_type))
        return httpx.Response(answer.status, headers=headers, stream=_Body(answer))


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._answer.pieces is None:
            yield self._answer.body
            return
        async for piece in self._answer.pieces():
            yield piece


def _answered(door: Sockets | Shortcut, host: str, target: str, headers: Mapping[str, str]) -> Answer:
    try:
        answer = door.interference(host, target) or door.france.answer(host, target, headers)
    except httpx.TransportError:
        door.asked.append(Asked(door.monotonic(), host, target, headers.get("user-agent", ""), 0, 0))
        raise
    door.asked.append(Asked(door.monotonic(), host, target, headers.get("user-agent", ""), answer.status, len(answer.body)))
    return answer
