"""Implements `sources.model.Fetcher`, the only way to the web: by httpx or a browser. One request at a time per hosting address, spaced,
with rests on failure or demand; only the catalogue's hosts, https, public addresses. Keeps no block page and no partial file. Retries only
a dead kept-alive connection and the rest of a file. Ignores the environment (proxy, certificate)."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import httpx
import structlog

from sources.catalogue.authority import Browser
from sources.http.answers import NO_VALIDATORS, PageReceiver, Redirect, WatchedStream, receive_robots, refresh_of
from sources.http.browser.fetcher import BrowserFetcher
from sources.http.connection import (
    Address,
    ClientOptions,
    Connection,
    Origins,
    Resolver,
    SiteCookies,
    SystemResolver,
    Target,
    address_of,
    in_plain_words,
    is_of_this_machine,
)
from sources.http.files import CSV, JSON, PDF, FileKind, FileReceiver, PartialFile, ReplacementReceiver, RequestAgain, unless_modified
from sources.http.politeness import (
    SYSTEM_CLOCKS,
    AddressQueue,
    Clocks,
    MemoryPoliteness,
    PolitenessStore,
    RateLimit,
    RobotsGate,
    date_of,
    product_token,
    seconds_to_wait,
)
from sources.model import AnswerHead, Blocked, Download, FetchError, Page, Unreachable, Unusable, Validators
from sources.text import canonical, same_site

Answer = TypeVar("Answer")

_PAGE_HEADERS = {"Accept": "text/html, application/xhtml+xml", "Accept-Language": "fr", "Accept-Encoding": "gzip"}
_ROBOTS_HEADERS = {"Accept": "text/plain", "Accept-Encoding": "gzip"}

_MOST_REDIRECTS = 5

_TURN_SECONDS = 120.0
"""Seconds after which a file that can be resumed gives way to other requests that wait for its address."""

_MOST_OF_ITS_TIME = 0.9
"""Fraction of a request's time after which a file that can be resumed gives way: at its end the part would be lost."""


class Client(AbstractAsyncContextManager["Client"]):
    """Fetches pages and files of the catalogue's hosts; an async context manager that closes its connections. All but `options` defaults to
    the real world. `tls` verifies certificates (default: httpx's bundle); `transport` replaces the network and is closed by the caller;
    `politeness` keeps pace, rest and robots.txt (default: in memory). Raises ValueError on an unusable entry of `options.origins`."""

    def __init__(
        self,
        options: ClientOptions,
        *,
        politeness: PolitenessStore | None = None,
        clocks: Clocks = SYSTEM_CLOCKS,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        log: Any = None,
    ) -> None:
        self._options = options
        self._monotonic = clocks.monotonic
        self._origins = Origins(options.origins)
        self._names = SystemResolver()
        politeness = politeness or MemoryPoliteness()
        environment = Environment(clocks, politeness, resolver or self._names, tls or httpx.create_ssl_context(trust_env=False), transport)
        self._session = HttpSession(options, environment, self._origins, log or structlog.get_logger())
        self._robots = RobotsGate(self._robots_text, product_token(options.user_agent), politeness, clocks.now)
        self._requests = 0

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        self._names.close()
        await self._session.close()

    @property
    def requests(self) -> int:
        """Return the number of requests made for pages and files so far, each step of a redirect included, robots.txt not."""
        return self._requests

    def may_fetch(self, url: str) -> bool:
        """Return whether a canonical address is on one of the catalogue's hosts."""
        return urlsplit(url).netloc in self._options.hosts

    async def page(self, url: str, validators: Validators = NO_VALIDATORS) -> Page:
        """Fetch an HTML page, conditionally when validators are given. Raises any FetchError."""
        headers = {**_PAGE_HEADERS, **_conditions(validators)}
        receiver = PageReceiver(self._options.max_page_bytes, validators)
        seconds = self._options.page_seconds
        is_sent_on = False

        async def request(here: str) -> Page | Redirect:
            nonlocal is_sent_on
            answer = await self._session.get(here, headers, receiver, seconds=seconds, on_start=self._count)
            there = self._refreshed(here, answer.html) if isinstance(answer, Page) else None
            is_sent_on = is_sent_on or there is not None
            return answer if there is None else Redirect(there)

        page = await self._follow(url, request)
        # The page that sends on is older than the other: by the date of that one, it would never have changed.
        return replace(page, validators=NO_VALIDATORS) if is_sent_on else page

    def _refreshed(self, here: str, html: str) -> str | None:
        """Return the page of the same site that this one redirects to, if any."""
        location = refresh_of(html)
        there = self._origins.follow(here, location) if location is not None else None
        return there if there is not None and there != here and same_site(there, here) else None

    async def download(self, url: str, target: Path) -> Download:
        """Fetch a PDF, or a zip, to `target`, written only when whole. An answer cut after a MiB is resumed, in its turn, if the server
        identifies that version of the file. A killed program leaves `.<name>.<random>.part` beside `target`. Raises any FetchError,
        NotSaved and StorageFull among them."""
        return await self._file(url, target, PDF, self._options.max_file_bytes)

    async def is_replaced(self, url: str, since: datetime, size: int) -> bool:
        """Return whether the PDF at an address differs from that of `size` bytes fetched at `since`: by its date, else by its length.
        Requests one KiB. Raises any FetchError."""
        headers = unless_modified(PDF, since)
        receiver, seconds = ReplacementReceiver(PDF, since, size), self._options.page_seconds
        return await self._follow(url, lambda here: self._session.get(here, headers, receiver, seconds=seconds, on_start=self._count))

    async def json(self, url: str, target: Path) -> Download:
        """Fetch a JSON document to `target`, written only when whole. Raises as `download` does."""
        return await self._file(url, target, JSON, self._options.max_data_bytes)

    async def csv(self, url: str, target: Path) -> Download:
        """Fetch a table of comma-separated values to `target`, written only when whole. Raises as `download` does."""
        return await self._file(url, target, CSV, self._options.max_data_bytes)

    async def _file(self, url: str, target: Path, kind: FileKind, at_most: int) -> Download:
        options = self._options
        started = math.inf

        def start() -> None:
            nonlocal started
            self._count()
            started = self._monotonic()

        def gives_way(here: str) -> bool:
            held = self._monotonic() - started
            return held >= _MOST_OF_ITS_TIME * options.file_seconds or (held >= _TURN_SECONDS and self._session.is_awaited(here))

        with PartialFile(target, url) as part:
            receiver = FileReceiver(part, kind, at_most, gives_way)
            return await self._follow(
                url, lambda here: self._session.get(here, receiver.headers(here), receiver, seconds=options.file_seconds, on_start=start)
            )

    async def reach(self, host: str) -> datetime | None:
        """Request only the robots.txt of a host; return the server's date, None without one. Raises any FetchError."""
        server_time: datetime | None = None

        async def receive(here: str, response: httpx.Response) -> str | Redirect:
            nonlocal server_time
            server_time = date_of(response.headers.get("date", ""))
            return await receive_robots(here, response)

        await self._robots_text(f"https://{host}/robots.txt", receive)
        return server_time

    async def _robots_text(self, url: str, receive: Callable[[str, httpx.Response], Awaitable[str | Redirect]] = receive_robots) -> str:
        seconds = self._options.page_seconds
        return await self._follow(url, lambda here: self._session.get(here, _ROBOTS_HEADERS, receive, seconds=seconds), for_robots=True)

    async def _follow(
        self, url: str, request: Callable[[str], Awaitable[Answer | Redirect | RequestAgain]], *, for_robots: bool = False
    ) -> Answer:
        """Return the answer at the end of the redirects, each of them checked as the first address was."""
        here = self._ours(url)
        left = _MOST_REDIRECTS
        while True:
            self._session.require_browser(here)
            if self._options.respect_robots and not for_robots:
                await self._robots.require_allowed(here)
            answer = await request(here)
            if isinstance(answer, Redirect):
                here = self._redirected_to(here, answer.location)
                left -= 1
                if left < 0:
                    raise Unusable(f"{url}: redirected more than {_MOST_REDIRECTS} times, last to {here}")
            elif not isinstance(answer, RequestAgain):
                return answer

    def _ours(self, url: str) -> str:
        """Return the canonical form of an address that may be requested. Raises Unusable."""
        address = canonical(url, url) if url.lower().startswith("https://") else None
        if address is None:
            raise Unusable(f"{url[:200]!r} is not an https address")
        return self._in_catalogue(address, address)

    def _redirected_to(self, here: str, location: str) -> str:
        there = self._origins.follow(here, location)
        if there is None:
            raise Unusable(f"{here}: redirected to something that is not a web address ({location[:200]!r})")
        return self._in_catalogue(there, f"{here}: redirected to {there}")

    def _in_catalogue(self, address: str, what: str) -> str:
        if not self.may_fetch(address):
            raise Unusable(f"{what}: {urlsplit(address).netloc} is not a site of the catalogue")
        return address

    def _count(self) -> None:
        self._requests += 1


def _conditions(validators: Validators) -> dict[str, str]:
    """Return the conditional headers, without values that a header cannot carry: the page is then fetched anew."""
    pairs = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in pairs.items() if value and value.isascii() and value.isprintable()}


_HEADER_CHARACTERS = 200
"""Characters kept of a header."""


def _head_of(url: str, response: httpx.Response, asked_at: datetime, answered_at: datetime) -> AnswerHead:
    date, *others = (response.headers.get(name, "")[:_HEADER_CHARACTERS] or None for name in ("date", "last-modified", "etag"))
    return AnswerHead(url, asked_at, answered_at, response.status_code, date_of(date or ""), *others)


# One request and its answer: the right machine, its turn in the queue, its time, and what the outcome means for the next request.

TOO_MANY_SECONDS = 60.0
"""Rest of an address after a 429 without a delay: the platform counts requests by the minute."""

HELD_LONG = 30.0
"""Seconds after which the log names who holds an address that others wait for; then again at each doubling."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Bundles what is outside: clocks, the shared state of addresses, names, certificates, network. `transport`, if given, replaces the
    whole network (its answers must be streams) and is closed by the caller."""

    clocks: Clocks
    politeness: PolitenessStore
    resolver: Resolver
    tls: ssl.SSLContext
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, slots=True)
class _HostSlot:
    """Holds the queue and the connection of one address."""

    address: Address
    queue: AddressQueue
    connection: Connection


class HttpSession:
    """Makes requests. `log` gets one debug event for each, with its URL, status, milliseconds and bytes, and warnings."""

    def __init__(self, options: ClientOptions, environment: Environment, origins: Origins, log: Any) -> None:
        self._options = options
        self._environment = environment
        self._origins = origins
        self._log = log
        self._cookies = SiteCookies()
        self._browser = BrowserFetcher(options, self._script_address, log)
        self._slots: dict[Address, _HostSlot] = {}
        self._last_used: dict[str, _HostSlot] = {}

    async def get(
        self,
        url: str,
        headers: Mapping[str, str],
        receive: Callable[[str, httpx.Response], Awaitable[Answer]],
        *,
        seconds: float,
        on_start: Callable[[], None] = lambda: None,
    ) -> Answer:
        """GET one canonical URL and return the result of `receive`. `on_start` is called when the request is really made; `seconds` bounds
        the request from its turn on. Raises any FetchError; Paused, without a request, while the address rests."""
        self.require_browser(url)
        target = self._origins.target(url)
        if (known := self._last_used.get(target.authority)) is not None:
            await known.queue.refuse_while_resting(url)  # before its name is looked up: a resting address costs nothing at all
        slot = self._last_used[target.authority] = self._slot(await self._address(url, target))
        async with slot.queue.turn(url):
            on_start()
            all_headers = {"User-Agent": self._options.user_agent, **headers, **self._cookies.header(url)}
            return await self._within_turn(url, slot, self._answer(url, target, slot, all_headers), receive, seconds)

    def require_browser(self, url: str) -> None:
        """Raise NeedsBrowser where the URL's site wants a browser and there is none."""
        if self._browser_needs(url) is not None:
            self._browser.require(url)

    def is_awaited(self, url: str) -> bool:
        """Return whether other requests wait for the address of this URL."""
        slot = self._last_used.get(self._origins.target(url).authority)
        return slot is not None and slot.queue.waiting > 0

    async def close(self) -> None:
        """Close every connection, and the browser."""
        for slot in self._slots.values():
            await slot.connection.close()
        await self._browser.close()

    async def _within_turn(
        self,
        url: str,
        slot: _HostSlot,
        answer: AbstractAsyncContextManager[httpx.Response],
        receive: Callable[[str, httpx.Response], Awaitable[Answer]],
        seconds: float,
    ) -> Answer:
        monotonic, slowest = self._environment.clocks.monotonic, self._options.slowest_bytes_per_second
        started, asked_at = monotonic(), self._environment.clocks.now()
        fields: dict[str, object] = {"url": url}
        wait: float | None = None
        warn_of_holder = self._holder_warning(slot, url, started)
        try:
            async with asyncio.timeout(seconds), answer as response:
                fields["status"] = response.status_code
                self._cookies.keep(url, response.headers)
                wait = await self._rest_if_asked(slot.queue, response)
                response.stream = WatchedStream(url, response, slowest, monotonic, warn_of_holder)
                received = await receive(url, response)
                fields["bytes"] = response.num_bytes_downloaded
        except (httpx.TransportError, TimeoutError) as error:
            reason = in_plain_words(error) if isinstance(error, httpx.TransportError) else f"took longer than {seconds:g} s"
            fields["error"] = reason
            failed = Unreachable(f"{url}: {reason}")
            at_fault = await slot.queue.failed(urlsplit(url).netloc, reason)
            failed.is_of_site = not (at_fault or is_of_this_machine(error))
            raise failed from error
        except FetchError as error:
            fields["error"] = str(error)
            status = fields.get("status", 0)
            refuses = isinstance(error, Blocked) or (isinstance(status, int) and status >= 500)
            if refuses or isinstance(error, Unreachable):
                reason = str(error).removeprefix(f"{url}: ")
                error.is_of_site = not await slot.queue.failed(urlsplit(url).netloc, reason, answered=refuses)
            else:
                await slot.queue.answered()
            error.retry_after = wait
            raise
        else:
            head = _head_of(url, response, asked_at, self._environment.clocks.now())
            await slot.queue.answered()
            return cast(Answer, replace(received, head=head)) if isinstance(received, Page | Download) else received
        finally:
            warn_of_holder()
            self._log.debug("http.request", **fields, ms=round((monotonic() - started) * 1000))

    def _holder_warning(self, slot: _HostSlot, url: str, started: float) -> Callable[[], None]:
        """Return a function that logs who holds an address for long while others wait."""
        due = HELD_LONG

        def warn_of_holder() -> None:
            nonlocal due
            held = self._environment.clocks.monotonic() - started
            if held >= due and slot.queue.waiting:
                due = 2 * held
                self._log.warning(
                    "http.slow_answer",
                    url=url, address=str(slot.address), seconds=round(held), waiting=slot.queue.waiting,
                )  # fmt: skip

        return warn_of_holder

    def _answer(self, url: str, target: Target, slot: _HostSlot, headers: Mapping[str, str]) -> AbstractAsyncContextManager[httpx.Response]:
        needs = self._browser_needs(url)
        if needs is None:
            return slot.connection.get(target, headers, self._options.timeout_seconds)
        return self._browser.get(url, needs, target, slot.address, headers)

    def _browser_needs(self, url: str) -> Browser | None:
        return self._options.browsers.get(urlsplit(url).netloc)

    async def _rest_if_asked(self, queue: AddressQueue, response: httpx.Response) -> float | None:
        """Return the seconds for which the server wants us to wait, as far as they are obeyed; the whole address rests that long."""
        if response.status_code not in {429, 503}:
            return None
        wait = seconds_to_wait(response.headers.get("retry-after"), date=response.headers.get("date"), now=self._environment.clocks.now())
        if wait is not None:
            return await queue.asked_to_wait(wait)
        if response.status_code == 429:
            await queue.asked_to_wait(TOO_MANY_SECONDS)
        return None

    async def _address(self, url: str, target: Target) -> Address:
        return await address_of(target, url=url, resolver=self._environment.resolver, seconds=self._options.timeout_seconds)

    async def _script_address(self, host: str) -> Address:
        return await self._address(f"https://{host}", Target("https", host, 443, "/", chosen=False))

    def _slot(self, address: Address) -> _HostSlot:
        slot = self._slots.get(address)
        if slot is None:
            environment, options = self._environment, self._options
            limit = RateLimit(options.interval_seconds, options.jitter, options.pause_after, probe=options.page_seconds)
            # What is configured for a server on this machine must not reach a site beside it.
            limit = limit if address.is_loopback else replace(limit, interval=max(limit.interval, RateLimit().interval))
            queue = AddressQueue(str(address), limit, environment.politeness, environment.clocks)
            slot = self._slots[address] = _HostSlot(address, queue, Connection(address, environment.tls, environment.transport))
        return slot
