"""Answers that crawl: 94 sites share one address, and a server that sends a byte now and then would hold it up for a quarter of an hour."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import cast

import httpx

from sources.http.download.resuming import length_of
from sources.model import Unreachable


@dataclass(frozen=True, slots=True)
class LeastSpeed:
    """What an answer has to bring: so many bytes a second on average, in each span of so many seconds. 0 bytes: anything goes."""

    bytes_per_second: float
    span: float


class WatchedStream(httpx.AsyncByteStream):
    """Measures the body of the answer from `url` from its first byte on. `monotonic` gives seconds, `on_piece` is called at each piece.

    Iterating raises Unreachable when less came in a span than is wanted, but not where the body is whole by its announced length. Where
    no byte comes at all, the time of a wait for the network ends it.
    """

    def __init__(
        self, url: str, response: httpx.Response, least: LeastSpeed, monotonic: Callable[[], float], on_piece: Callable[[], None]
    ) -> None:
        self._url = url
        self._stream = cast(httpx.AsyncByteStream, response.stream)
        self._length = length_of(response.headers)
        self._least = least
        self._monotonic = monotonic
        self._on_piece = on_piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        least, since, came, total = self._least, self._monotonic(), 0, 0
        async for piece in self._stream:
            now = self._monotonic()
            came, total = came + len(piece), total + len(piece)
            too_slow = now - since >= least.span and came < least.bytes_per_second * (now - since)
            if now - since >= least.span:
                since, came = now, 0
            self._on_piece()
            yield piece
            if too_slow and total != self._length:
                raise Unreachable(f"{self._url}: too slow (less than {least.bytes_per_second / 1000:g} kB/s for {least.span:g} s)")

    async def aclose(self) -> None:
        """Close the stream that is measured."""
        await self._stream.aclose()
