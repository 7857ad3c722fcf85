"""A small HTTP/1.1 server on loopback that misbehaves on demand, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Asked:
    """One request received. Header names are in lower case; `connection` numbers the TCP connections from 1."""

    path: str
    headers: Mapping[str, str]
    connection: int


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


def reply(
    body: bytes | str = b"",
    status: int = 200,
    content_type: str | None = "text/html; charset=utf-8",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A whole answer, with its length."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(raw)}"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)
        await writer.drain()

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    """Elsewhere."""
    return reply(b"", status, headers={"Location": location})


def truncated(body: bytes, declared: int, content_type: str = "text/html") -> Answer:
    """Announces more than it sends, then closes."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {declared}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    return answer


async def drop(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


def raw(data: bytes) -> Answer:
    """Exactly these bytes, then close."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return answer


def stall(beginning: bytes = b"") -> Answer:
    """Begins, then never ends (until the client goes away)."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        await writer.drain()
        await asyncio.Event().wait()

    return answer


def held(release: asyncio.Event, then: Answer, begun: asyncio.Event | None = None) -> Answer:
    """Answers once released."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if begun is not None:
            begun.set()
        await release.wait()
        await then(asked, writer)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """One after the other, the last one for ever."""
    left = list(answers)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(asked, writer)

    return answer


NOT_FOUND = reply("<title>404</title>", 404)


@dataclass
class Server:
    """`routes` maps a path (with its query) to an answer; any other path is 404. Use as an async context manager."""

    routes: dict[str, Answer] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0

    async def __aenter__(self) -> Self:
        self._at_once = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if sys.version_info >= (3, 13):
            # Those that were accepted and have no task yet.
            self._server.abort_clients()

    @property
    def base(self) -> str:
        """`http://127.0.0.1:49152`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"

    @property
    def paths(self) -> list[str]:
        """What was asked, robots.txt aside."""
        return [asked.path for asked in self.asked if not asked.path.endswith("/robots.txt")]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self.connections += 1
        number = self.connections
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not writer.is_closing():
                    await self._serve_one(number, reader, writer)
        finally:
            writer.close()
            try:
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    await writer.wait_closed()
            except asyncio.CancelledError:
                # What it has not sent is not waited for: the loop is about to end.
                writer.transport.abort()

    async def _serve_one(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
        asked = Asked(head[0].split(" ")[1], {name.strip().lower(): value.strip() for name, value in pairs}, number)
        self.asked.append(asked)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        answering = asyncio.ensure_future(self.routes.get(asked.path, NOT_FOUND)(asked, writer))
        gone = asyncio.ensure_future(reader.read(1))  # a well-behaved client sends nothing more: this ends when it leaves
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._at_once -= 1
            gone.cancel()
            if not answering.done():
                answering.cancel()
            outcome = await asyncio.gather(answering, gone, return_exceptions=True)
        if isinstance(outcome[0], BaseException):
            raise ConnectionError from outcome[0]
