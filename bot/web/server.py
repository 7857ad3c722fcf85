"""Serves the site over HTTP beside the program: an ASGI application that caches documents as sent and limits each visitor's requests, and
its server. It writes nothing, and logs nothing of a request."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gzip
import secrets
import socket
import sys
import traceback
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

import h11
import structlog
import uvicorn
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from bot.queries.questions import RateDecision, RateLimiter
from bot.storage.errors import StorageError
from bot.web.api import problem
from bot.web.documents import Document, SiteContext
from bot.web.site import LONGEST_PATH, LONGEST_QUERY, Address, Addresses, fault, respond

log = structlog.get_logger()

_T = TypeVar("_T")


# Documents as they are sent: compressed once, until the store or the hour makes them out of date. Memory is bounded.

LONGEST_KEPT = timedelta(minutes=5)
"""How long a document is kept at most: what it says of the sources is not older."""
_SMALLEST = 500
"""Bytes of a body that compression makes smaller."""
_TEXTS = (
    "text/",
    "application/json",
    "application/atom+xml",
    "application/xml",
    "application/feed+json",
    "application/problem",
    "image/svg",
)
_OVERHEAD = 1_000
"""Bytes that an entry takes besides its body."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Holds a document as it is sent: `document.body` is compressed if `gzipped`. `tag` is its weak ETag, which identifies the content in
    any encoding."""

    document: Document
    tag: str
    gzipped: bool

    def body(self, *, accepts_gzip: bool) -> bytes:
        """Return the bytes to send to a client that takes gzip, or does not."""
        return gzip.decompress(self.document.body) if self.gzipped and not accepts_gzip else self.document.body

    def is_known_to(self, tags: str) -> bool:
        """Return whether a client has this content already, by its `If-None-Match`."""
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return self.tag.removeprefix("W/") in known or "*" in known


def pack(document: Document) -> Packed:
    """Return a document as it is sent."""
    tag = f'W/"{blake2b(document.body, digest_size=12).hexdigest()}"'
    if len(document.body) < _SMALLEST or not document.media_type.startswith(_TEXTS):
        return Packed(document, tag, gzipped=False)
    # Without the time: the same content has the same bytes.
    return Packed(replace(document, body=gzip.compress(document.body, 6, mtime=0)), tag, gzipped=True)


@dataclass(frozen=True, slots=True)
class _Entry:
    packed: Packed
    revision: int
    made_at: datetime
    until: datetime

    def holds(self, revision: int, at: datetime) -> bool:
        # A clock that is set back makes it young again: it is not believed.
        return self.revision == revision and self.made_at <= at < self.until

    @property
    def size(self) -> int:
        return len(self.packed.document.body) + _OVERHEAD


class Cache:
    """Documents by what was asked. What was used longest ago goes first where there are too many bytes."""

    def __init__(self, most_bytes: int = 6_000_000) -> None:
        self._most = most_bytes
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Return how many bytes are kept."""
        return self._bytes

    def get(self, key: Hashable, revision: int, at: datetime) -> Packed | None:
        """Return what is kept under this key and still true, for a store of this revision, at this time (aware)."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if not entry.holds(revision, at):
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.packed

    def put(self, key: Hashable, packed: Packed, revision: int, at: datetime) -> None:
        """Cache a document made at this time from a store that had this revision before. Files, temporary faults and large documents are
        not cached."""
        document = packed.document
        until = min(at + LONGEST_KEPT, document.changes_at or at + LONGEST_KEPT)
        entry = _Entry(packed, revision, at, until)
        if document.status >= 500 or document.file is not None or until <= at or entry.size > self._most // 4:
            return
        if key in self._entries:
            self._drop(key)
        self._entries[key] = entry
        self._bytes += entry.size
        while self._bytes > self._most:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        self._bytes -= self._entries.pop(key).size


def accepts_gzip(header: str) -> bool:
    """Return whether a client takes gzip, by its `Accept-Encoding`."""
    for part in header.lower().split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


# How much one visitor may ask, without keeping who that is.

_Address = IPv4Address | IPv6Address
_HOUSEHOLD = 64
"""Bits of an IPv6 address that identify one line: the others are its own to choose."""


def networks(texts: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return addresses and networks (`127.0.0.1`, `10.0.0.0/8`) as networks. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def visitor_of(peer: str, forwarded: Sequence[str], proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return the address of the visitor: the connection's, or what our own proxy reports. `forwarded` are the values of `X-Forwarded-For`,
    which anybody can send: only what our proxy added at its right end counts. Of an IPv6 address only the network of one household is
    returned."""
    seen = _address(peer)
    if seen is None:
        return peer
    for text in reversed([part for value in forwarded for part in value.split(",")]):
        before = _address(text.strip())
        if before is None or not _is_in(seen, proxies):
            break
        seen = before
    if isinstance(seen, IPv6Address):
        return str(IPv6Network((seen, _HOUSEHOLD), strict=False))
    return str(seen)


def _address(text: str) -> _Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _is_in(address: _Address, listed: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in listed)


class VisitorLimits:
    """One bucket per visitor, under a hash that nobody can reverse once the day is over: its salt is forgotten. All of it is in memory."""

    def __init__(self, most: int, monotonic: Callable[[], float], proxies: Sequence[str] = ()) -> None:
        """`most` requests a minute; `proxies` are the addresses whose `X-Forwarded-For` is believed. Raises ValueError."""
        self._limiter = RateLimiter(most, monotonic)
        self._proxies = networks(proxies)
        self._day: date | None = None
        self._salt = b""

    def allows(self, peer: str, forwarded: Sequence[str], at: datetime) -> bool:
        """Return whether this visitor may have an answer now (aware)."""
        if at.date() != self._day:
            self._day, self._salt = at.date(), secrets.token_bytes(16)
        who = visitor_of(peer, forwarded, self._proxies).encode()
        return self._limiter.ask(blake2b(who, key=self._salt, digest_size=16).digest()) is RateDecision.ALLOWED


# The application.

_NONE: Mapping[str, str] = MappingProxyType({})

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=()",
    # Whoever keeps a page must ask each time whether it still stands: a withdrawn decree is gone at once.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
"""What every answer says, unless its document says otherwise."""

_RETRY_AFTER = {429: "60", 503: "60"}
FULL = "full"
"""Name of what the server says in the `state` of a request: whether there are more connections than it takes."""


@dataclass(slots=True, eq=False)
class Application:
    """Answers requests. Pages are made in the threads of `executor`, so that the loop never waits for the store."""

    site: SiteContext
    addresses: Addresses
    clock: Callable[[], datetime]
    limits: VisitorLimits
    executor: Executor
    cache: Cache
    _making: dict[object, asyncio.Task[Packed]] = field(default_factory=dict, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        address = self.addresses.find(path[:LONGEST_PATH], query[:LONGEST_QUERY])
        client = scope.get("client")
        peer = "" if client is None else str(client[0])
        if scope.get("state", {}).get(FULL):
            packed = self._fault(address, 503, {"Connection": "close"})
        elif not self.limits.allows(peer, headers.getlist("x-forwarded-for"), self.clock()):
            packed = self._fault(address, 429)
        elif scope["method"] not in {"GET", "HEAD"}:
            packed = self._fault(address, 405)
        elif len(path) > LONGEST_PATH or len(query) > LONGEST_QUERY:
            packed = self._fault(address, 414)
        else:
            packed = await self._packed(address)
        response = _response(packed, headers)
        if scope["method"] == "HEAD":
            # As to GET, but for the body.
            response.body = b""
        await response(scope, receive, send)

    async def _packed(self, address: Address) -> Packed:
        """Return what is kept under this address, else make it: once, however many ask for it at the same time."""
        try:
            revision = await self._in_thread(self.site.revision)
        except StorageError as error:
            return self._no_data(address, error)
        kept = self.cache.get(address.key, revision, self.clock())
        if kept is not None:
            return kept
        making = self._making.get((address.key, revision))
        if making is None:
            making = asyncio.create_task(self._make(address, revision))
            self._making[address.key, revision] = making
            making.add_done_callback(lambda _: self._making.pop((address.key, revision), None))
        # Whoever asked first may leave: the others still wait for it.
        return await asyncio.shield(making)

    async def _make(self, address: Address, revision: int) -> Packed:
        at = self.clock()
        try:
            packed = await self._in_thread(lambda: pack(respond(self.site, address, at)))
            if packed.document.later is not None:
                packed = pack(await packed.document.later())
        except StorageError as error:
            packed = self._no_data(address, error)
        except Exception as error:
            # What was asked is nobody's business, and may be in the message or in a variable: the pattern is logged, and where it failed.
            at_line = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)][-3:]
            pattern = None if address.route is None else address.route.pattern
            log.error("web.page_failed", page=pattern, fault=type(error).__name__, at=at_line)
            packed = self._fault(address, 500)
        self.cache.put(address.key, packed, revision, at)
        return packed

    def _no_data(self, address: Address, error: StorageError) -> Packed:
        # An outage is logged once, by whoever watches the database.
        if not error.is_outage:
            log.error("web.no_data", error=str(error))
        return self._fault(address, 503)

    def _fault(self, address: Address, status: int, more: Mapping[str, str] = _NONE) -> Packed:
        headers = {"Retry-After": _RETRY_AFTER[status]} if status in _RETRY_AFTER else {}
        headers |= {"Allow": "GET, HEAD"} if status == 405 else {}
        document = fault(self.site, address, status, self.clock())
        return pack(replace(document, headers={**document.headers, **headers, **more}))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)


def _response(packed: Packed, asked: Headers) -> Response:
    document, known = packed.document, asked.get("if-none-match")
    headers = {**HEADERS, **document.headers}
    if document.file is not None:
        file = FileResponse(document.file, document.status, headers, document.media_type, stat_result=document.file.stat())
        if known is None or file.headers["etag"] not in known:
            return file
        return Response(None, 304, {**headers, "ETag": file.headers["etag"]})
    if document.status == 200:
        headers["ETag"] = packed.tag
        if known is not None and packed.is_known_to(known):
            return Response(None, 304, headers)
    gzipped = packed.gzipped and accepts_gzip(asked.get("accept-encoding", ""))
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(packed.body(accepts_gzip=gzipped), document.status, headers, document.media_type)


# The server: a socket of our own, and uvicorn in a thread and a loop of its own.

_LINGERING = 1
"""Seconds that answers under way have when it stops."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Says how many connections there may be at once, and how slow each may be."""

    at_once: int = 100
    """In all: one more is answered with 503."""
    of_one: int = 20
    """From one address, or one household of IPv6, that is no proxy of ours: one more is closed at once."""
    slowest: float = 10.0
    """Seconds for the head of a request, and for the client to take what is sent to it before more of it is."""
    proxies: Sequence[IPv4Network | IPv6Network] = ()
    """Proxies, each with many visitors."""

    def counted_for(self, client: tuple[str, int] | None) -> str | None:
        """Return the visitor whose limit a connection counts for; None behind a proxy of ours."""
        seen = None if client is None else _address(client[0])
        return None if client is None or seen is None or _is_in(seen, self.proxies) else visitor_of(client[0], (), ())


class PatientProtocol(H11Protocol):
    """Serves HTTP/1.1 and disconnects a client that does not finish its request, does not take its answer or has too many connections,
    where uvicorn waits for ever. Refuses in the application's format."""

    _asking: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _visitor: str | None = None

    def __init__(self, *given: Any, limits: ConnectionLimits, **named: Any) -> None:
        """Take what uvicorn gives to each protocol, and the limits."""
        super().__init__(*given, **named)
        self._limits = limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request, or refuse the connection: one that is refused takes no place from others."""
        super().connection_made(transport)
        self._visitor = self._limits.counted_for(self.client)
        same = sum(isinstance(other, PatientProtocol) and other._visitor == self._visitor for other in self.connections)
        if self._visitor is not None and same > self._limits.of_one:
            self.connections.discard(self)
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections are open from this address.")
        else:
            self._await_request()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request. That of the next one must be whole soon, too."""
        self.app_state = {FULL: len(self.connections) > self._limits.at_once}
        super().data_received(data)
        # None before the first request, whatever its type says.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()
        elif self._asking is None:
            self._await_request()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request as the API refuses: for which address it was meant is not known."""
        error = sys.exception()
        status = HTTPStatus(error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else HTTPStatus.BAD_REQUEST)
        self._refuse(status, "This is no request of HTTP/1.1 that can be read, or its head is too large.")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        refusal = problem(status, why)
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            length = {"Content-Length": str(len(refusal.body)), "Content-Type": refusal.media_type, "Connection": "close"}
            head = h11.Response(status_code=status, headers=[*({**HEADERS, **refusal.headers, **length}).items()], reason=status.phrase)
            for event in (head, h11.Data(data=refusal.body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request: uvicorn closes the connection if none begins."""
        self._stop_waiting()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take what was sent."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(self._limits.slowest, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it has taken it."""
        super().resume_writing()
        self._stop_taking()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)
        self._stop_taking()

    def _await_request(self) -> None:
        self._asking = self.loop.call_later(self._limits.slowest, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None


class _Server(uvicorn.Server):
    """Leaves the signals to the program that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


_FAULTS = {
    errno.EADDRINUSE: "another program listens at this port",
    errno.EACCES: "this user may not listen at this port",
    errno.EADDRNOTAVAIL: "this machine does not have this address",
}


def bound(listen: str) -> socket.socket:
    """Return a socket that listens at `host:port`, `[::1]:port` for IPv6. Raises OSError where that cannot be."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        return socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128)
    except OSError as error:
        # Python's own words hold the number of the error, and the address twice.
        raise OSError(_FAULTS.get(error.errno or 0) or error.strerror or str(error)) from None


def address_of_socket(listening: socket.socket) -> str:
    """Return where people on this machine reach it, `http://127.0.0.1:8080/`."""
    name: Any = listening.getsockname()
    return f"http://[{name[0]}]:{name[1]}/" if listening.family is socket.AF_INET6 else f"http://{name[0]}:{name[1]}/"


async def serve(application: ASGIApp, listening: socket.socket, limits: ConnectionLimits) -> None:
    """Serve on a bound socket until cancelled; the socket is closed at most some two seconds later. In an event loop of its own: a poll
    takes dozens of turns of its loop, and would wait in each for all visitors."""
    config = uvicorn.Config(
        application,
        lifespan="off",
        ws="none",
        # uvicorn only calls it.
        http=cast("type[asyncio.Protocol]", partial(PatientProtocol, limits=limits)),
        access_log=False,
        # Its own lines say nothing but that somebody sent nonsense.
        log_config=None,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_LINGERING,
        h11_max_incomplete_event_size=16_384,
    )
    server = _Server(config)
    thread = ThreadPoolExecutor(1, thread_name_prefix="web-server")
    serving = asyncio.get_running_loop().run_in_executor(thread, lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.shutdown(wait=False)  # once it has served
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
