"""Bodies that come by way of the browser, as streams of the HTTP library."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

# Read where the page is, so that a body that ends early is an error there and not a short file here. One piece at a time and only when
# asked for: the network waits for the disk. A piece crosses to us as base64, as JSON carries no bytes.
READ = """async (reader) => {
  const {done, value} = await reader.read();
  if (done) return null;
  if (value.toBase64) return value.toBase64();  // since Chromium 140
  let text = "";
  for (let at = 0; at < value.length; at += 32768) text += String.fromCharCode.apply(null, value.subarray(at, at + 32768));
  return btoa(text);
}"""

FETCH = """async ([url, accept]) => {
  const answer = await fetch(url, {headers: {Accept: accept}, credentials: "include", redirect: "manual", cache: "no-store"});
  return (answer.body ?? new Blob([]).stream()).getReader();
}"""


class Whole(httpx.AsyncByteStream):
    """A body that is here already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


class Pieces(httpx.AsyncByteStream):
    """A body still in the browser, after its `first` bytes. `read` gives the next one as base64, None at the end; `seconds` bounds each."""

    def __init__(self, read: Callable[[], Awaitable[str | None]], seconds: float, first: bytes = b"") -> None:
        self._read = read
        self._seconds = seconds
        self._first = first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        while (piece := await self.next()) is not None:
            yield piece

    async def next(self) -> bytes | None:
        """The next piece, None at the end. Raises `httpx.TransportError`."""
        try:
            async with asyncio.timeout(self._seconds):
                text = await self._read()
        except TimeoutError as error:
            raise httpx.ReadTimeout("no more of the body came") from error
        return None if text is None else base64.b64decode(text)
