"""One request and its answer: the right machine, its turn in the queue, its time, and what the outcome means for the next request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from sources.catalogue.authority import Browser
from sources.http.address import Address, Origins, Resolver, Target, address_of
from sources.http.body import WatchedStream
from sources.http.browser.fetcher import BrowserFetcher
from sources.http.connection import Connection, SiteCookies
from sources.http.failures import in_plain_words, is_of_this_machine
from sources.http.options import ClientOptions
from sources.http.politeness import AddressQueue, Clocks, PolitenessStore, seconds_to_wait
from sources.model import Blocked, FetchError, Unreachable

Answer = TypeVar("Answer")

TOO_MANY_SECONDS = 60.0
"""How long an address is left alone after a 429 that does not say: the platform counts requests by the minute."""

HELD_LONG = 30.0
"""Seconds after which the log names who holds an address that others wait for; then again each time that it has doubled."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Bundles what is outside: clocks, what all processes remember of addresses, names, certificates, network.

    `transport`, where given, stands for the whole network (its answers must be streams), and stays the caller's to close.
    """

    clocks: Clocks
    politeness: PolitenessStore
    resolver: Resolver
    tls: ssl.SSLContext
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, slots=True)
class _HostSlot:
    """Holds where requests to one address are made."""

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
        """GET one canonical URL and return what `receive` makes of the answer. `on_start` is called when the request is really made.

        `seconds` bounds the request once its turn has come. Raises any FetchError; Paused, without a request, while the address rests.
        """
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
        started = monotonic()
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
            await slot.queue.answered()
            return received
        finally:
            warn_of_holder()
            self._log.debug("request", **fields, ms=round((monotonic() - started) * 1000))

    def _holder_warning(self, slot: _HostSlot, url: str, started: float) -> Callable[[], None]:
        """Return a function that logs who holds an address, when that is for long and others wait."""
        due = HELD_LONG

        def warn_of_holder() -> None:
            nonlocal due
            held = self._environment.clocks.monotonic() - started
            if held >= due and slot.queue.waiting:
                due = 2 * held
                self._log.warning(
                    "a slow answer holds an address that others wait for",
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
        """Return the seconds the server asked to wait, as far as they are obeyed; the whole address rests that long."""
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
            environment = self._environment
            queue = AddressQueue(str(address), self._options.rate_limit, environment.politeness, environment.clocks)
            slot = self._slots[address] = _HostSlot(address, queue, Connection(address, environment.tls, environment.transport))
        return slot
