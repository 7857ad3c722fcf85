"""Finds where a canonical URL is fetched, checks that machine's address, and connects to it. Failures are in plain words. An operator may
replace a site (mirror, rehearsal on loopback), but every URL that leaves the client is canonical. A private address of a catalogue host may
be DNS rebinding: connections use the checked address, not a second look-up."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import ssl
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from sources.catalogue.authority import Browser
from sources.model import Unreachable, Unusable
from sources.text import canonical

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""`(host, port)` -> IP addresses as text. Raises OSError (`socket.gaierror`) when there is none."""

_DEFAULT_PORT = {"https": 443, "http": 80}

_NAMES_AT_ONCE = 4

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052 well-known prefix: the last 32 bits are the IPv4 address really reached."""

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""The public IPv6 Internet (RFC 4291, section 2.4). Other addresses that Python calls global are old wrappings of IPv4."""


@dataclass(frozen=True, slots=True)
class Target:
    """Says where one canonical URL is requested. `path` starts with `/` and holds the query; `chosen` means an operator's replacement."""

    scheme: str
    host: str
    port: int
    path: str
    chosen: bool

    @property
    def authority(self) -> str:
        """Return the value of the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Base:
    scheme: str
    host: str
    port: int
    prefix: str

    def path_of(self, parts: SplitResult) -> str | None:
        """Return the part of an absolute URL that is below this base, None where it is not."""
        if (parts.scheme, parts.hostname, parts.port or _DEFAULT_PORT.get(parts.scheme)) != (self.scheme, self.host, self.port):
            return None
        return _below(self.prefix, parts)


class Origins:
    """Maps canonical URLs to the replacements in force. Raises ValueError, naming the entry, when one is not usable."""

    def __init__(self, replacements: Mapping[str, str] = MappingProxyType({})) -> None:
        self._bases = {_origin_key(origin): _base(origin, base) for origin, base in replacements.items()}

    def target(self, url: str) -> Target:
        """Return where to request a canonical URL."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        base = self._bases.get(f"https://{parts.netloc}")
        if base is None:
            return Target("https", parts.hostname or "", parts.port or 443, path, chosen=False)
        return Target(base.scheme, base.host, base.port, base.prefix + path, chosen=True)

    def follow(self, url: str, location: str) -> str | None:
        """Return the canonical URL of a `Location` header of the answer to `url`, None if it is not a web address. The server behind a
        replacement may use its own addresses (absolute, or root-relative with its path prefix) or canonical ones."""
        location = location.strip()
        own = self._bases.get("https://" + urlsplit(url).netloc)
        try:
            absolute = urljoin(f"{own.scheme}:" if own else "https:", location) if location.startswith("//") else location
            parts = urlsplit(absolute)
            if parts.netloc:
                return canonical(url, self._unmapped(parts, own) or absolute, is_redirect=True)
            if own is not None and location.startswith("/") and (below := _below(own.prefix, parts)) is not None:
                return canonical(url, below, is_redirect=True)
        except ValueError:
            return None
        return canonical(url, location, is_redirect=True)

    def _unmapped(self, parts: SplitResult, own: _Base | None) -> str | None:
        """Return the canonical form of an absolute URL below one of the bases: the requested site's own first, then the longest."""
        if parts.username is not None or parts.password is not None:
            return None
        ordered = sorted(self._bases.items(), key=lambda item: (item[1] is not own, -len(item[1].prefix)))
        for origin, base in ordered:
            if (below := base.path_of(parts)) is not None:
                return origin + below
        return None


def _below(prefix: str, parts: SplitResult) -> str | None:
    if parts.path != prefix and not parts.path.startswith(prefix + "/"):
        return None
    return (parts.path[len(prefix) :] or "/") + (f"?{parts.query}" if parts.query else "")


def _origin_key(origin: str) -> str:
    parts = urlsplit(origin)
    plain = canonical("", origin)
    if parts.scheme != "https" or plain is None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"origins: {origin!r} must be the https address of a site, without a path (https://www.example.gouv.fr)")
    return plain.removesuffix("/")


def _base(origin: str, base: str) -> _Base:
    where = f"origins: the replacement of {origin!r}"
    try:
        parts = urlsplit(base)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{where} is not a valid address") from error
    if parts.scheme not in _DEFAULT_PORT or not host:
        raise ValueError(f"{where} must be an https address, or an http one of this machine")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{where} must not hold a name or a password")
    if parts.query or parts.fragment:
        raise ValueError(f"{where} must not have a query or a fragment")
    if parts.scheme == "http" and not _names_this_machine(host):
        raise ValueError(f"{where} is plain http to {host!r}: that is allowed to this machine only (127.0.0.1, ::1, localhost)")
    return _Base(parts.scheme, host, port or _DEFAULT_PORT[parts.scheme], parts.path.rstrip("/"))


def _names_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class SystemResolver:
    """Looks names up with the machine's resolver, for its configured address families. Uses threads of its own: without a network each of a
    hundred look-ups is slow, and other work in threads (the database) would wait behind them."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_NAMES_AT_ONCE, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host as text. Raises OSError."""
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        return [str(entry[4][0]) for entry in await asyncio.get_running_loop().run_in_executor(self._threads, look_up)]

    def close(self) -> None:
        """Start no other look-up; a running one ends in its own time."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_public(address: Address) -> bool:
    """Return whether an address is a unicast one of the public Internet, IPv4 addresses wrapped in IPv6 included."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        return address in _UNICAST and address.sixtofour is None and address.is_global
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int, *, url: str, resolver: Resolver, seconds: float) -> tuple[Address, ...]:
    """Return the addresses of a host, each once, IPv4 first, then in numeric order, so that hosts on one machine share the first. `url` is
    named in errors, `seconds` bounds the look-up. An IP literal is its own address. Raises Unreachable when the name is not found."""
    literal = _parsed(host)
    if literal is not None:
        return (literal,)
    try:
        async with asyncio.timeout(seconds):
            texts = await resolver(host, port)
    except TimeoutError as error:
        timed_out = Unreachable(f"{url}: name look-up timed out after {seconds:g} s ({host})")
        timed_out.is_of_site = False
        raise timed_out from error
    except (OSError, UnicodeError) as error:
        failed = Unreachable(f"{url}: {in_plain_words(error)} ({host})")
        failed.is_of_site = not is_of_this_machine(error)
        raise failed from error
    addresses = {address for text in texts if (address := _parsed(text)) is not None}
    if not addresses:
        raise Unreachable(f"{url}: name not found ({host})")
    return tuple(sorted(addresses, key=lambda address: (address.version, int(address))))


async def address_of(target: Target, *, url: str, resolver: Resolver, seconds: float) -> Address:
    """Return the one address for requests to a target: the first, so that hosts on one machine share its queue. Raises Unreachable as
    `resolve` does, and Unusable when any address is private, loopback, link-local, multicast or reserved. A replacement may be at any
    address, but plain http is for loopback only."""
    addresses = await resolve(target.host, target.port, url=url, resolver=resolver, seconds=seconds)
    for address in addresses:
        if not target.chosen and not is_public(address):
            raise Unusable(f"{url}: its name leads to {address}, which is not a public address")
        if target.chosen and target.scheme == "http" and not address.is_loopback:
            raise Unusable(f"{url}: its replacement is plain http, which is for loopback only, and leads to {address}")
    return addresses[0]


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


# What an operator can choose about the requests to sites.

_MIB = 1024 * 1024
_VISIBLE = frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'*+,;=%")


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Holds the client's options, in seconds and bytes. `hosts`: the only ones requested (exact names,
    https). `origins`: canonical origin to its replacement; plain http only on loopback. `timeout_seconds`: the wait for an answer's head
    and each later wait; `page_seconds`, `file_seconds`: a whole request. `interval_seconds`: 0 allowed, see `RateLimit`. `browsers`: hosts
    that need one."""

    hosts: frozenset[str]
    user_agent: str
    interval_seconds: float = 3.0
    jitter: float = 0.02
    origins: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 30.0
    page_seconds: float = 120.0
    file_seconds: float = 900.0
    slowest_bytes_per_second: int = 2000
    """Bytes a second below which, for a minute, an answer is dropped: dozens of sites share its address. 0: no limit."""
    max_page_bytes: int = 10 * _MIB
    max_file_bytes: int = 300 * _MIB
    max_data_bytes: int = 50 * _MIB
    """For tables and the like: the national index of recueils has some 4 MB."""
    respect_robots: bool = True
    pause_after: int = 3
    browsers: Mapping[str, Browser] = field(default_factory=dict)
    browser_path: str | None = None
    """The Chromium to drive: a path, or a name to look up; None for the first one found."""
    browser_seconds: float = 60.0
    """How long a page has to show what its source waits for: some challenges take that long."""
    browser_idle_seconds: float = 300.0
    """Time without a request after which the browser ends, to free its memory."""


def user_agent(version: str, contact: str | None) -> str:
    """Return the User-Agent: `Vigie/1.2.0 (+https://example.org)`. `contact` is a URL or a mail address. Raises ValueError if the contact
    or the version is not one word of ASCII that a header can carry."""
    for name, value in (("version", version), ("contact", contact or "-")):
        if not value or not _VISIBLE.issuperset(value):
            raise ValueError(f"{name}: {value!r} must be one word of ASCII without spaces or parentheses")
    return f"Vigie/{version} (+{contact})" if contact else f"Vigie/{version} (watches recueils des actes administratifs)"


# The one connection to an address: to the checked IP, while TLS verifies the certificate for the site's name. Kept alive for its site and
# closed at another site's turn: if two names shared it, the second one's certificate would not be verified.

_IDLE_SECONDS = 30.0


class Connection:
    """Sends GET requests to one address, one at a time (the caller's queue sees to that). No proxy, cookie, redirect or setting of the
    environment. `transport` replaces the network and is closed by the caller."""

    def __init__(self, address: Address, tls: ssl.SSLContext, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._address = address
        self._tls = tls
        self._given = transport
        self._transport: httpx.AsyncBaseTransport | None = transport
        self._site: tuple[str, str, int] | None = None

    @contextlib.asynccontextmanager
    async def get(self, target: Target, headers: Mapping[str, str], seconds: float) -> AsyncIterator[httpx.Response]:
        """Yield the answer, its body to be read with `aiter_raw()`. `seconds` bounds the wait for its head and each later wait. Repeats the
        request at once if a kept-alive connection died while idle. Raises `httpx.TransportError`."""
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


# Cookies are kept per site: one site serves its list only with the cookie of its first page. Connections go to bare IP addresses that
# dozens of sites share, so the HTTP library's own jar would mix them up.

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
        """Store the cookies of the answer to `url` that a header can carry. A site that sets too many loses them all."""
        usable = [("Set-Cookie", value) for value in headers.get_list("set-cookie") if value.isascii() and value.isprintable()]
        if not usable:
            return
        request = httpx.Request("GET", url)
        jar = self._jars.setdefault(request.url.host, httpx.Cookies())
        jar.extract_cookies(httpx.Response(200, headers=usable, request=request))
        if len(jar.jar) > _MOST_PER_SITE:
            jar.clear()


# Failures of the network in plain words, for an operator who will never read a stack trace.


class BrowserFailure(httpx.TransportError):
    """Raised when no whole answer came through the browser. The message is already in plain words."""


_BY_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset by the server",
    errno.EPIPE: "connection closed by the server",
    errno.ECONNABORTED: "connection aborted",
    errno.ETIMEDOUT: "connection timed out",
    errno.ENETUNREACH: "network unreachable",
    errno.ENETDOWN: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.EADDRNOTAVAIL: "network unreachable",
    errno.EMFILE: "too many open files on this machine",
    errno.ENFILE: "too many open files on this machine",
}

_NO_NETWORK = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})

_BY_TYPE: tuple[tuple[type[BaseException], str], ...] = (
    (httpx.ConnectTimeout, "connection timed out"),
    (httpx.ReadTimeout, "timed out waiting for the answer"),
    (httpx.WriteTimeout, "timed out sending the request"),
    (httpx.PoolTimeout, "timed out waiting for a connection"),
    (httpx.ConnectError, "connection failed"),
    (httpx.ReadError, "connection closed during the answer"),
    (httpx.WriteError, "connection closed during the request"),
    (httpx.NetworkError, "connection failed"),
    (httpx.ProtocolError, "not a valid HTTP exchange"),
    (TimeoutError, "timed out"),
)


def in_plain_words(error: BaseException) -> str:
    """Return what went wrong, from the most precise exception of the chain: `name not found`, `connection refused`, `TLS failure: …`."""
    chain = list(_chain(error))
    for one in chain:
        if words := _precise(one):
            return words
    for one in chain:
        for kind, words in _BY_TYPE:
            if isinstance(one, kind):
                return words
    return f"{type(error).__name__}"


def is_of_this_machine(error: BaseException) -> bool:
    """Return whether this machine has no network, rather than a site that does not answer."""
    return any(
        one.errno == socket.EAI_AGAIN if isinstance(one, socket.gaierror) else isinstance(one, OSError) and one.errno in _NO_NETWORK
        for one in _chain(error)
    )


def _precise(error: BaseException) -> str | None:
    words: str | None = None
    match error:
        case socket.gaierror(errno=socket.EAI_AGAIN):
            words = "name not found: the look-up failed, is there a network?"
        case socket.gaierror():
            words = "name not found"
        case BrowserFailure():
            words = str(error)
        case UnicodeError():
            words = "name not found: not a valid host name"
        case ssl.SSLError():
            words = f"TLS failure: {_tls(error)}"
        case httpx.RemoteProtocolError():
            words = _protocol(str(error))
        case OSError(errno=int(number)):
            words = _BY_ERRNO.get(number)
    return words


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted ({error.verify_message})"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "connection closed by the server"
    reason = getattr(error, "reason", None)  # absent where the exception was not raised by OpenSSL itself
    return reason.replace("_", " ").lower() if isinstance(reason, str) else "protocol error"


def _protocol(message: str) -> str:
    if "incomplete" in message or "without sending complete" in message:
        return "answer cut short"
    if "disconnected" in message or "closed" in message:
        return "connection closed without an answer"
    return "not a valid HTTP answer"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        waiting.extend(next_one for next_one in (one.__cause__, one.__context__) if next_one is not None)
