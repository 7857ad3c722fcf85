"""Starts the browser when a request needs it, ends it when none does, and never delays other sites."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from sources.catalogue.authority import Browser
from sources.http.browser.installed import HAS_PLAYWRIGHT, find_chromium, what_is_missing
from sources.http.browser.policy import AllowedHost, places
from sources.http.connection import Address, BrowserFailure, ClientOptions, Target
from sources.model import FetchError, NeedsBrowser, Unusable

if TYPE_CHECKING or HAS_PLAYWRIGHT:
    # Without the extra neither is used: `require` raises before.
    from sources.http.browser.process import Chromium
    from sources.http.browser.tab import Cookies, open_tab


class BrowserFetcher:
    """Sends GET requests through a real browser, one at a time for each host (the caller's queue sees to that). `look_up` returns the
    checked address of a script host, or raises FetchError. After `browser_idle_seconds` without a request the browser ends; its cookies are
    kept in memory. `log` gets one warning if the browser has no sandbox."""

    def __init__(self, options: ClientOptions, look_up: Callable[[str], Awaitable[Address]], log: Any) -> None:
        self._options = options
        self._look_up = look_up
        self._log = log
        self._warned = False
        self._lock = asyncio.Lock()
        self._chromium: Chromium | None = None
        self._pins: dict[AllowedHost, Address] = {}
        self._cookies: defaultdict[str, Cookies] = defaultdict(list)
        self._users = 0
        self._unused = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._retiring: asyncio.Future[None] | None = None

    def require(self, url: str) -> None:
        """Raise NeedsBrowser, naming `url`, where there is no browser to drive."""
        if missing := what_is_missing(self._options.browser_path):
            raise NeedsBrowser(f"{url}: not asked, this site serves only real browsers. To install: {missing}")

    @contextlib.asynccontextmanager
    async def get(
        self, url: str, needs: Browser, target: Target, address: Address, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        """Yield the answer, its body to be read with `aiter_raw()`. Of `headers` only `Accept` counts: whether a page is wanted. Raises
        `httpx.TransportError`, Unusable if a page never shows what it must, NeedsBrowser if the browser does not start."""
        cookies = self._cookies[urlsplit(url).netloc]
        accept = headers.get("Accept", "*/*")
        async with (
            self._running(url, needs, target, address) as chromium,
            open_tab(chromium, cookies, target, needs.script_hosts, self._options) as tab,
        ):
            try:
                response = await tab.answer(page_with=needs.wait_for if "text/html" in accept else None, accept=accept)
            except Unusable as error:
                raise Unusable(f"{url}: {error}") from error
            yield response

    async def close(self) -> None:
        """End the browser, if it runs."""
        if self._timer is not None:
            self._timer.cancel()
        if self._retiring is not None:
            self._retiring.cancel()
            await asyncio.gather(self._retiring, return_exceptions=True)
        async with self._lock:
            await self._end()

    @contextlib.asynccontextmanager
    async def _running(self, url: str, needs: Browser, target: Target, address: Address) -> AsyncIterator[Chromium]:
        """Yield the browser, running and able to reach the site at this address and its script hosts at theirs."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            async with self._lock:
                await self._pin(needs, target, address)
                chromium = await self._with_pins(url)
                self._users += 1
                self._unused.clear()
            try:
                yield chromium
            finally:
                self._users -= 1
        finally:
            if not self._users:
                self._unused.set()
                self._timer = asyncio.get_running_loop().call_later(self._options.browser_idle_seconds, self._retire)

    async def _pin(self, needs: Browser, target: Target, address: Address) -> None:
        """Record the address of the site now, and those of its script hosts at their first use since the browser started. A script host
        without a public address is not reached."""
        own = AllowedHost(target.host, target.port)
        known = self._chromium.pins if self._chromium is not None and self._chromium.is_alive else {}
        for place in places(target, needs.script_hosts) - {own, *known}:
            self._pins.pop(place, None)
            with contextlib.suppress(FetchError):
                self._pins[place] = await self._look_up(place.host)
        self._pins[own] = address

    async def _with_pins(self, url: str) -> Chromium:
        chromium = self._chromium
        if chromium is not None and chromium.is_alive and chromium.pins != self._pins and self._users:
            await self._unused.wait()  # the request of another site is not cut
        if chromium is None or not chromium.is_alive or chromium.pins != self._pins:
            await self._end()
            chromium = self._chromium = await self._start(url)
        return chromium

    async def _start(self, url: str) -> Chromium:
        self.require(url)
        executable = find_chromium(self._options.browser_path) or ""
        try:
            chromium = await Chromium(executable, self._options.user_agent, dict(self._pins)).start()
        except BrowserFailure as error:
            raise NeedsBrowser(f"{url}: not asked, {executable} does not start: {error}") from error
        if not chromium.has_sandbox and not self._warned:
            self._warned = True
            self._log.warning("browser.no_sandbox", reason="none exists for root: run Vigie as a user of its own")
        return chromium

    async def _end(self) -> None:
        chromium, self._chromium = self._chromium, None
        if chromium is not None:
            await chromium.close()

    def _retire(self) -> None:
        self._retiring = asyncio.ensure_future(self._end_unless_used())

    async def _end_unless_used(self) -> None:
        async with self._lock:
            if not self._users:
                await self._end()
