"""One request and its answer: the right machine, its turn in the queue, its time, and what the outcome means for the next request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx

from sources.catalogue.authority import Browser
from sources.http.address import Address, Resolver, require_loopback, require_public, resolve
from sources.http.body import LeastSpeed, WatchedStream
from sources.http.browser.line import BrowserFetcher
from sources.http.connection import Connection, SiteCookies
from sources.http.failures import in_plain_words, is_of_this_machine
from sources.http.options import ClientOptions
from sources.http.origins import Origins, Target
from sources.http.politeness import PolitenessStore, seconds_to_wait
from sources.http.queue import AddressQueue, Clocks
from sources.model import Blocked, FetchError, Unreachable

Answer = TypeVar("Answer")

HELD_LONG = 30.0
"""Seconds after which the log names who holds an address that others wait for; then again each time that it has doubled."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What is outside: clocks, what all processes remember of addresses, names, certificates, network.

    `transport`, where given, stands for the whole network (its answers must be streams), and stays the caller's to close.
    """

    clocks: Clocks
    politeness: PolitenessStore
    resolver: Resolver
    tls: ssl.SSLContext
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, slots=True)
class _HostSlot:
    """Where requests to one address are made."""

    address: Address
    queue: AddressQueue
    line: Connection


@dataclass(frozen=True, slots=True)
class _Request(Generic[Answer]):
    """One request to make."""

    url: str
    target: Target
    headers: Mapping[str, str]
    receive: Callable[[str, httpx.Response], Awaitable[Answer]]
    seconds: float


class HttpSession:
    """Makes requests. `log` gets one debug event for each, with its URL, status, milliseconds and bytes, and warnings."""

    def __init__(self, options: ClientOptions, world: Environment, origins: Origins, log: Any) -> None:
        self._options = options
        self._world = world
        self._origins = origins
        self._log = log
        self._least_speed = LeastSpeed(options.slowest_bytes_per_second, options.slow_seconds)
        self._cookies = SiteCookies()
        self._browser = BrowserFetcher(options, self._script_address, log)
        self._counters: dict[Address, _HostSlot] = {}
        self._last_used: dict[str, _HostSlot] = {}

    async def ask(
        self,
        url: str,
        headers: Mapping[str, str],
        receive: Callable[[str, httpx.Response], Awaitable[Answer]],
        *,
        seconds: float,
        on_start: Callable[[], None] = lambda: None,
    ) -> Answer:
        """GET one canonical URL, and what `receive` makes of the answer. `on_start` is called when it is really asked.

        `seconds` bounds the request once its turn has come. Raises any FetchError; Paused, without asking, while the address rests.
        """
        self.require_browser(url)
        target = self._origins.target(url)
        if (known := self._last_used.get(target.authority)) is not None:
            await known.queue.refuse_while_resting(url)  # before its name is looked up: a resting address costs nothing at all
        counter = self._last_used[target.authority] = self._counter(await self._address(url, target))
        async with counter.queue.turn(url):
            on_start()
            return await self._within_turn(counter, _Request(url, target, self._headers(url, headers), receive, seconds))

    def require_browser(self, url: str) -> None:
        """Raise NeedsBrowser where the URL's site wants a browser and there is none."""
        if self._browser_needs(url) is not None:
            self._browser.require(url)

    def is_awaited(self, url: str) -> bool:
        """Whether other requests wait for the address of this URL."""
        counter = self._last_used.get(self._origins.target(url).authority)
        return counter is not None and counter.queue.waiting > 0

    async def close(self) -> None:
        """Close every connection, and the browser."""
        for counter in self._counters.values():
            await counter.line.close()
        await self._browser.close()

    async def _within_turn(self, counter: _HostSlot, question: _Request[Answer]) -> Answer:
        url, seconds = question.url, question.seconds
        started = self._world.clocks.monotonic()
        told: dict[str, object] = {"url": url}
        wait: float | None = None
        log_holder = self._holder_log(counter, url, started)
        try:
            async with asyncio.timeout(seconds), self._answer(counter, question) as response:
                told["status"] = response.status_code
                self._cookies.keep(url, response.headers)
                wait = await self._rest_if_asked(counter.queue, response)
                response.stream = WatchedStream(url, response, self._least_speed, self._world.clocks.monotonic, log_holder)
                answer = await question.receive(url, response)
                told["bytes"] = response.num_bytes_downloaded
        except (httpx.TransportError, TimeoutError) as error:
            reason = in_plain_words(error) if isinstance(error, httpx.TransportError) else f"took longer than {seconds:g} s"
            told["error"] = reason
            failed = Unreachable(f"{url}: {reason}")
            at_fault = await counter.queue.failed(urlsplit(url).netloc, reason)
            failed.is_of_site = not (at_fault or is_of_this_machine(error))
            raise failed from error
        except FetchError as error:
            told["error"] = str(error)
            status = told.get("status", 0)
            refuses = isinstance(error, Blocked) or (isinstance(status, int) and status >= 500)
            if refuses or isinstance(error, Unreachable):
                reason = str(error).removeprefix(f"{url}: ")
                error.is_of_site = not await counter.queue.failed(urlsplit(url).netloc, reason, answered=refuses)
            else:
                await counter.queue.answered()
            error.retry_after = wait
            raise
        else:
            await counter.queue.answered()
            return answer
        finally:
            log_holder()
            self._log.debug("request", **told, ms=round((self._world.clocks.monotonic() - started) * 1000))

    def _holder_log(self, counter: _HostSlot, url: str, started: float) -> Callable[[], None]:
        """A function that logs who holds an address, when that is for long and others wait."""
        due = HELD_LONG

        def log_holder() -> None:
            nonlocal due
            held = self._world.clocks.monotonic() - started
            if held >= due and counter.queue.waiting:
                due = 2 * held
                self._log.warning(
                    "a slow answer holds an address that others wait for",
                    url=url, address=str(counter.address), seconds=round(held), waiting=counter.queue.waiting,
                )  # fmt: skip

        return log_holder

    def _answer(self, counter: _HostSlot, question: _Request[Answer]) -> AbstractAsyncContextManager[httpx.Response]:
        needs = self._browser_needs(question.url)
        if needs is None:
            return counter.line.get(question.target, question.headers, self._options.timeout_seconds)
        return self._browser.get(question.url, needs, question.target, counter.address, question.headers)

    def _browser_needs(self, url: str) -> Browser | None:
        return self._options.browsers.get(urlsplit(url).netloc)

    def _headers(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        return {"User-Agent": self._options.user_agent, **headers, **self._cookies.header(url)}

    async def _rest_if_asked(self, queue: AddressQueue, response: httpx.Response) -> float | None:
        """Seconds the server asked to wait, as far as they are obeyed; the whole address rests that long."""
        if response.status_code not in {429, 503}:
            return None
        wait = seconds_to_wait(response.headers.get("retry-after"), date=response.headers.get("date"), now=self._world.clocks.now())
        if wait is not None:
            return await queue.asked_to_wait(wait)
        if response.status_code == 429:
            await queue.asked_to_wait(self._options.too_many_seconds)
        return None

    async def _address(self, url: str, target: Target) -> Address:
        """The one address requests for a host go to: the first of all, so that hosts of one machine share its queue."""
        seconds = self._options.timeout_seconds
        addresses = await resolve(target.host, target.port, url=url, resolver=self._world.resolver, seconds=seconds)
        if not target.chosen:
            require_public(addresses, url=url)
        elif target.scheme == "http":
            require_loopback(addresses, url=url)
        return addresses[0]

    async def _script_address(self, host: str) -> Address:
        url = f"https://{host}"
        addresses = await resolve(host, 443, url=url, resolver=self._world.resolver, seconds=self._options.timeout_seconds)
        require_public(addresses, url=url)
        return addresses[0]

    def _counter(self, address: Address) -> _HostSlot:
        counter = self._counters.get(address)
        if counter is None:
            world = self._world
            queue = AddressQueue(str(address), self._options.pace, world.politeness, world.clocks)
            counter = self._counters[address] = _HostSlot(address, queue, Connection(address, world.tls, world.transport))
        return counter
