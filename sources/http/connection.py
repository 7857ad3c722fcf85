"""The one connection to an address, and the bodies that come over it: bounded, unpacked, turned into text.

The connection is kept alive for the site that uses it, and closed when another site's turn comes. It goes to the very
IP address that was checked, while TLS still verifies the certificate for the site's own name. It is never shared by two names: the second
one's certificate would not be verified.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import re
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, cast

import httpx

from sources.http.address import Address, Target
from sources.model import Unreachable, Unusable

_IDLE_SECONDS = 30.0


class Connection:
    """Sends GET requests to one address, one at a time (the caller's queue sees to that). No proxy, no cookie, no redirect.

    `transport` replaces the network altogether and is then the caller's to close. No setting of the environment is honoured.
    """

    def __init__(self, address: Address, tls: ssl.SSLContext, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._address = address
        self._tls = tls
        self._given = transport
        self._transport: httpx.AsyncBaseTransport | None = transport
        self._site: tuple[str, str, int] | None = None

    @contextlib.asynccontextmanager
    async def get(self, target: Target, headers: Mapping[str, str], seconds: float) -> AsyncIterator[httpx.Response]:
        """Yield the answer, its body still to be read with `aiter_raw()`. `seconds` bounds the wait for its head, and each wait for more.

        Requests once more, at once, when a kept-alive connection turns out to have died while idle. Raises `httpx.TransportError`.
        """
        transport = await self._for_site(target)
        watch = _Watch()
        request = self._request(target, headers, seconds, watch)
        try:
            async with asyncio.timeout(seconds):  # a head that comes byte by byte ends no wait for the network
                try:
                    response = await transport.handle_async_request(request)
                except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                    if watch.connected or transport is self._given:
                        raise
                    await self.close()
                    transport = await self._for_site(target)
                    response = await transport.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer began in time", request=request) from error
        response.request = request
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the connection, if any. It is opened again when it is needed."""
        transport, self._transport = self._transport, self._given
        if transport is not None and transport is not self._given:
            await transport.aclose()

    async def _for_site(self, target: Target) -> httpx.AsyncBaseTransport:
        site = (target.scheme, target.host, target.port)
        if site != self._site:
            await self.close()
            self._site = site
        if self._transport is None:
            limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE_SECONDS)
            self._transport = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, http2=False, limits=limits)
        return self._transport

    def _request(self, target: Target, headers: Mapping[str, str], seconds: float, watch: _Watch) -> httpx.Request:
        host = f"[{self._address}]" if self._address.version == 6 else str(self._address)
        return httpx.Request(
            "GET",
            f"{target.scheme}://{host}:{target.port}{target.path}",
            headers={"Host": target.authority, **headers},
            extensions={
                "sni_hostname": target.host,
                "timeout": {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds},
                "trace": watch,
            },
        )


class _Watch:
    """Notes whether a request opened a connection of its own, or reused one."""

    def __init__(self) -> None:
        self.connected = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.connected = True


# Cookies kept per site and never shared: one of the sites serves its list only to whoever shows the cookie of its first page.
#
# Connections go to bare IP addresses that dozens of sites share, so the HTTP library's own jar would mix them up.

_MOST_PER_SITE = 30


class SiteCookies:
    """Keeps one jar per canonical host, filled and read under the canonical URL, by the rules of the standard library's jar."""

    def __init__(self) -> None:
        self._jars: dict[str, httpx.Cookies] = {}

    def header(self, url: str) -> dict[str, str]:
        """Return the `Cookie` header for a request to `url`, nothing where there is none."""
        request = httpx.Request("GET", url)
        jar = self._jars.get(request.url.host)
        if jar is not None:
            jar.set_cookie_header(request)
        return {"Cookie": request.headers["cookie"]} if "cookie" in request.headers else {}

    def keep(self, url: str, headers: httpx.Headers) -> None:
        """Remember what the answer to `url` set, where a header can carry it back. A site that sets cookies without end loses them all."""
        usable = [("Set-Cookie", value) for value in headers.get_list("set-cookie") if value.isascii() and value.isprintable()]
        if not usable:
            return
        request = httpx.Request("GET", url)
        jar = self._jars.setdefault(request.url.host, httpx.Cookies())
        jar.extract_cookies(httpx.Response(200, headers=usable, request=request))
        if len(jar.jar) > _MOST_PER_SITE:
            jar.clear()


# Answer bodies: bounded while they stream (a small answer may unpack to gigabytes), then turned into text.

_STEP = 64 * 1024
_LOOK_SECONDS = 10.0

# The encodings a French site may use, under the names Python gives them. Browsers read ISO 8859-1 and ASCII as Windows-1252
# (WHATWG Encoding, section 4.2), and so do we. Anything else a header may name (utf-7, punycode…) is not worth its dangers.
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
    "iso8859-15": "iso8859-15",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(r"charset\s*+=\s*+[\"']?\s*+([\w.:-]+)", re.IGNORECASE)
_META_WITHIN = 4096


async def chunks(response: httpx.Response, *, url: str, at_most: int) -> AsyncGenerator[bytes]:
    """Yield the body, unpacked, in pieces of bounded size. Raises Unusable beyond `at_most` bytes, packed or not.

    Only gzip is understood, as only gzip is requested. Raises Unreachable when a packed body ends early, `httpx.TransportError` when the
    network fails.
    """
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and len(declared) < 20 and int(declared) > at_most:
        raise _too_large(url, at_most)
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        pieces = _raw(response)
    elif encoding in {"gzip", "x-gzip"}:
        pieces = _gunzip(response, url)
    else:
        raise Unusable(f"{url}: packed in a way that was not asked for ({encoding[:40]!r})")
    total = 0
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            total += len(piece)
            if total > at_most:
                raise _too_large(url, at_most)
            yield piece


async def head(response: httpx.Response, *, url: str, at_most: int) -> bytes:
    """Return the beginning of the body, to see what an unwelcome answer is. Takes ten seconds at most, and never raises for the body's
    own sake.
    """
    taken = bytearray()
    try:
        async with asyncio.timeout(_LOOK_SECONDS), contextlib.aclosing(chunks(response, url=url, at_most=1 << 60)) as pieces:
            async for piece in pieces:
                taken += piece
                if len(taken) >= at_most:
                    break
    except (Unusable, Unreachable, httpx.TransportError, TimeoutError):
        pass  # what has come is enough to recognise a block page by; the status says the rest
    return bytes(taken[:at_most])


def decode(body: bytes, content_type: str) -> str:
    """Return HTML bytes as text: byte order mark, else the header's charset, else the page's own, else UTF-8. Never fails."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    encoding = _known(_CHARSET.search(content_type)) or _known(_CHARSET.search(body[:_META_WITHIN].decode("latin-1"))) or "utf-8"
    return body.decode(encoding, "replace")


def is_html(content_type: str, body: bytes) -> bool:
    """Return whether an answer is an HTML page, by its header, or by its first character where the header says nothing."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind:
        return body.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")
    return kind in {"text/html", "application/xhtml+xml"}


def length_of(headers: Mapping[str, str]) -> int | None:
    """Return the announced bytes of the body, None where absent, unreadable, or overruled by chunks (RFC 9112, section 6.3)."""
    text = headers.get("content-length", "")
    if "transfer-encoding" in headers or is_packed(headers) or not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return int(text)


def is_packed(headers: Mapping[str, str]) -> bool:
    """Return whether the bytes on the wire are not those of the file."""
    return headers.get("content-encoding", "").strip().lower() not in {"", "identity"}


def _raw(response: httpx.Response) -> AsyncGenerator[bytes]:
    # As it comes: gathered into larger pieces, what came before a cut would be lost, and a slow answer not seen to be one.
    # Declared an iterator, but a generator: closing it in step with ours leaves nothing to the garbage collector.
    return cast(AsyncGenerator[bytes], response.aiter_raw())


async def _gunzip(response: httpx.Response, url: str) -> AsyncGenerator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    begun = False
    async with contextlib.aclosing(_raw(response)) as raw:
        async for packed in raw:
            begun = True
            rest = packed
            while rest:
                if unpacker.eof:  # several gzip members in a row are one body (RFC 1952, section 2.2)
                    unpacker = zlib.decompressobj(wbits=31)
                try:
                    piece = unpacker.decompress(rest, _STEP)
                except zlib.error as error:
                    raise Unusable(f"{url}: not readable as gzip, though announced as such") from error
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                if piece:
                    yield piece
    if begun and not unpacker.eof:
        raise Unreachable(f"{url}: answer cut short")


def _known(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    try:
        return _ENCODINGS.get(codecs.lookup(found[1]).name)
    except LookupError:
        return None


def _too_large(url: str, at_most: int) -> Unusable:
    return Unusable(f"{url}: larger than {at_most / 1_000_000:.4g} MB")


# Answers that crawl: 94 sites share one address, and a server that sends a byte now and then would hold it up for a quarter of an hour.


_SPAN = 60.0
"""Seconds in each of which an answer must be fast enough on average."""


class WatchedStream(httpx.AsyncByteStream):
    """Measures the body of the answer from `url` from its first byte on. `monotonic` gives seconds, `on_piece` is called at each piece.

    Iterating raises Unreachable when less than `slowest` bytes a second came for a minute (0: anything goes), but not where the body is
    whole by its announced length. Where no byte comes at all, the time of a wait for the network ends it.
    """

    def __init__(
        self, url: str, response: httpx.Response, slowest: int, monotonic: Callable[[], float], on_piece: Callable[[], None]
    ) -> None:
        self._url = url
        self._stream = cast(httpx.AsyncByteStream, response.stream)
        self._length = length_of(response.headers)
        self._slowest = slowest
        self._monotonic = monotonic
        self._on_piece = on_piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        since, came, total = self._monotonic(), 0, 0
        async for piece in self._stream:
            now = self._monotonic()
            came, total = came + len(piece), total + len(piece)
            too_slow = now - since >= _SPAN and came < self._slowest * (now - since)
            if now - since >= _SPAN:
                since, came = now, 0
            self._on_piece()
            yield piece
            if too_slow and total != self._length:
                raise Unreachable(f"{self._url}: too slow (less than {self._slowest / 1000:g} kB/s for {_SPAN:g} s)")

    async def aclose(self) -> None:
        """Close the stream that is measured."""
        await self._stream.aclose()
