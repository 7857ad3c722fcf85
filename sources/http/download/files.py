"""A file as it comes: checked, written as it streams, gone on with where it was cut, and named only when whole."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx

from sources.http.answers import LOOK_WITHIN, Redirect, beginning_of, not_of_kind, redirect_or_refusal
from sources.http.body import chunks
from sources.http.download import resuming
from sources.http.download.kinds import PDF, FileKind
from sources.http.download.part import NotSaved, PartialFile
from sources.http.download.resuming import length_of
from sources.model import Download, Gone, Unreachable, Unusable

_JUDGED = 1024
"""Bytes of a file that its kind is judged by, from either end."""


@dataclass(frozen=True, slots=True)
class Again:
    """Ask again: for the rest where the file `gave_way` to other requests, else for all, as what was kept is of no use and was removed."""

    gave_way: bool


@dataclass(frozen=True, slots=True)
class FileReceiver:
    """Takes an answer as a file of one kind, to be saved at `target`. `part` is where it is written until then.

    `gives_way` says whether the address is needed for other requests: a file that can be resumed is then cut. `max_bytes` is its limit.
    """

    part: PartialFile
    target: Path
    max_bytes: int
    gives_way: Callable[[], bool]
    kind: FileKind = PDF

    async def __call__(self, url: str, response: httpx.Response) -> Download | Redirect | Again:
        """The saved file. Raises FetchError, or `httpx.TransportError` when the network fails during the body.

        What came of a body that is cut, for whatever reason on the way, stays in the part; nothing of one that is no good does.
        """
        if self.part.kept is not None and response.status_code in {206, 416}:
            return await self._rest(url, response, self.part.kept)
        try:
            if redirect := await redirect_or_refusal(url, response):
                return redirect
        except Gone:
            self.part.discard()
            raise
        return await self._whole(url, response)

    async def _whole(self, url: str, response: httpx.Response) -> Download | Again:
        # A server that sends all again in place of the rest would do so at each turn, and the file would never be whole.
        sends_all_again = self.part.kept is not None
        async with contextlib.aclosing(chunks(response, url=url, at_most=self.max_bytes)) as pieces:
            beginning = await beginning_of(pieces, _JUDGED)
            if not self.kind.fits(response.headers.get("content-type", ""), beginning):
                beginning += await beginning_of(pieces, LOOK_WITHIN)
                raise not_of_kind(self.kind, url, response, beginning)
            self.part.begin(resuming.version_of(url, response.headers))
            total = resuming.length_of(response.headers)
            return await self._saved(url, response, beginning, pieces, total=total, may_give_way=not sends_all_again)

    async def _rest(self, url: str, response: httpx.Response, kept: resuming.Note) -> Download | Again:
        total = resuming.total_with(kept, response.headers) if response.status_code == 206 else None
        if total is None:
            self.part.discard()
            return Again(gave_way=False)
        at_most = self.max_bytes - resuming.start_of(kept)
        async with contextlib.aclosing(chunks(response, url=url, at_most=at_most)) as pieces:
            beginning = await beginning_of(pieces, resuming.OVERLAP)
            if not beginning.startswith(self.part.overlap):
                self.part.discard()
                return Again(gave_way=False)
            self.part.go_on()
            return await self._saved(url, response, beginning, pieces, total=total, may_give_way=True)

    async def _saved(
        self, url: str, response: httpx.Response, beginning: bytes, pieces: AsyncIterator[bytes], *, total: int | None, may_give_way: bool
    ) -> Download | Again:
        try:
            self.part.write(beginning)
            async for piece in pieces:
                self.part.write(piece)
                if total is not None and self.part.size > total:
                    break
                if self.part.is_to_be_vouched_for:
                    await asyncio.to_thread(self.part.vouch)
                if may_give_way and self.part.can_be_resumed and self.part.size != total and self.gives_way():
                    return Again(gave_way=True)
            self._require_whole(url, response, total)
        except (Unusable, NotSaved):
            self.part.discard()
            raise
        await asyncio.to_thread(self.part.commit)
        return Download(url, self.target, self.part.size, self.part.sha256)

    def _require_whole(self, url: str, response: httpx.Response, total: int | None) -> None:
        size = self.part.size
        if total is not None and size > total:
            raise Unusable(f"{url}: longer than announced ({total} bytes)")
        if total is not None and size < total:
            raise Unreachable(f"{url}: answer cut short ({size} of {total} bytes)")
        # A damaged file is the readers' to repair. But where nothing else tells the end of a body from a cut connection, the file must.
        if total is None and _ends_with_the_connection(response) and not self.kind.ends(self.part.last(_JUDGED)):
            raise Unreachable(f"{url}: answer cut short (no length was announced, and {self.kind.name} does not end like this)")


def _ends_with_the_connection(response: httpx.Response) -> bool:
    """Whether the end of the connection is that of the body (RFC 9112, section 6.3). The browser, and HTTP/2, have marks of their own."""
    is_http_1 = response.extensions.get("http_version") in {b"HTTP/1.0", b"HTTP/1.1"}
    headers = response.headers
    return is_http_1 and not resuming.is_packed(headers) and "content-length" not in headers and "transfer-encoding" not in headers


# Answers that crawl: 94 sites share one address, and a server that sends a byte now and then would hold it up for a quarter of an hour.


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
