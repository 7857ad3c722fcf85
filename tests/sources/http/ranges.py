"""A file behind a server that knows byte ranges and `If-Range`, and cuts answers short on demand."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import httpx

from tests.sources.http.server import Asked

LONG_AGO = "Fri, 14 Aug 2026 09:00:00 GMT"
SERVED = "Fri, 14 Aug 2026 12:00:00 GMT"
ETAG = '"6a7f-1"'


@dataclass
class Served:
    """`content` with its `validators` (headers). Each answer takes the next of `cuts`: how many bytes of its body are sent, None for all.

    `instead` are headers that a 206 has in place of the true ones (None: left out), `shift` moves its bytes but not what it says of them.
    """

    content: bytes
    validators: Mapping[str, str] = field(default_factory=lambda: {"ETag": ETAG})
    cuts: list[int | None] = field(default_factory=list)
    instead: Mapping[str, str | None] = field(default_factory=dict)
    shift: int = 0
    honours_if_range: bool = True

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        fresh = asked.headers.get("if-range") in self.validators.values() or not self.honours_if_range
        first = int(wanted[1]) if wanted and fresh else 0
        body = self.content[first:]
        if first:
            body = body[self.shift :] + body[: self.shift]
        headers: dict[str, str | None] = {
            "Content-Type": "application/pdf",
            "Date": SERVED,
            "Content-Length": str(len(body)),
            **self.validators,
        }
        if first:
            total = len(self.content)
            headers |= {"Content-Range": f"bytes {first}-{total - 1}/{total}", **self.instead}
        cut = self.cuts.pop(0) if self.cuts else None
        lines = [f"HTTP/1.1 {206 if first else 200} Whatever"] + [
            f"{name}: {value}" for name, value in headers.items() if value is not None
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body[:cut])
        await writer.drain()
        if cut is not None:
            writer.close()


class Body(httpx.AsyncByteStream):
    """A body in pieces that come when they come."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


class Network(httpx.AsyncBaseTransport):
    """The whole network, without one: each request gets what `answer` makes of it."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request)
