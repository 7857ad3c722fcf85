"""The browser as the client sees it: started when it is needed, ended when it is not, and never in the way of the other sites."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from sources.catalogue.authority import Browser
from sources.http.address import Address, Target
from sources.http.browser import policy
from sources.http.failures import BrowserFailure
from sources.http.options import ClientOptions
from sources.model import NeedsBrowser, Unusable

if TYPE_CHECKING:
    from sources.http.browser.process import Chromium
    from sources.http.browser.site import Cookies, Site
    from sources.http.browser.tab import TabLimits


class BrowserFetcher:
    """Sends GET requests by way of a real browser, one at a time for each host (the caller's queue sees to that).

    `look_up` gives the checked address of a host that scripts come from, or raises FetchError. After `browser_idle_seconds` without a
    request the browser is ended; its cookies are kept in memory for the next one. `log` gets a warning, once, where it has no sandbox.
    """

    def __init__(self, options: ClientOptions, look_up: Callable[[str], Awaitable[Address]], log: Any) -> None:
        self._options = options
        self._look_up = look_up
        self._log = log
        self._warned = False
        self._lock = asyncio.Lock()
        self._chromium: Chromium | None = None
        self._sites: dict[str, Site] = {}
        self._cookies: dict[str, Cookies] = {}
        self._users = 0
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
        """The answer, its body still to be read with `aiter_raw()`. Of `headers` only `Accept` counts: whether a page is wanted.

        Raises `httpx.TransportError`, Unusable where a page never shows what it must, NeedsBrowser where the browser does not start.
        """
        wants_page = "text/html" in headers.get("Accept", "")
        with self._in_use():
            site, limits = await self._site(url)
            async with site.tab(target, needs.script_hosts, self._places(needs, target, address), limits) as tab:
                try:
                    response = await tab.answer(page_with=needs.wait_for if wants_page else None, accept=headers.get("Accept", "*/*"))
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

    def _places(self, needs: Browser, target: Target, address: Address) -> dict[policy.AllowedHost, Callable[[], Awaitable[Address]]]:
        async def known() -> Address:
            return address

        own = policy.AllowedHost(target.host, target.port)
        return {place: known if place == own else partial(self._look_up, place.host) for place in policy.places(target, needs.script_hosts)}

    async def _site(self, url: str) -> tuple[Site, TabLimits]:
        host = urlsplit(url).netloc
        async with self._lock:
            from sources.http.browser.site import Site  # noqa: PLC0415 - an optional extra
            from sources.http.browser.tab import TabLimits  # noqa: PLC0415 - as above

            options = self._options
            if self._chromium is None or not self._chromium.is_alive:
                await self._end()
                self._chromium = await self._start(url)
            site = self._sites.get(host)
            if site is None:
                site = await Site.open(self._chromium, self._cookies.get(host, []), options.timeout_seconds)
                self._sites[host] = site
            limits = TabLimits(
                wait=options.timeout_seconds,
                settle=options.browser_seconds,
                page=options.max_page_bytes,
                loaded=4 * options.max_page_bytes,
            )
            return site, limits

    async def _start(self, url: str) -> Chromium:
        from sources.http.browser.process import Chromium  # noqa: PLC0415 - an optional extra

        self.require(url)
        executable = find_chromium(self._options.browser_path) or ""
        try:
            chromium = await Chromium(executable, self._options.user_agent).start()
        except BrowserFailure as error:
            raise NeedsBrowser(f"{url}: not asked, {executable} does not start: {error}") from error
        if not chromium.has_sandbox and not self._warned:
            self._warned = True
            self._log.warning("the browser has no sandbox", reason="none exists for root: run Vigie as a user of its own")
        return chromium

    async def _end(self) -> None:
        sites, self._sites = self._sites, {}
        chromium, self._chromium = self._chromium, None
        for site in sites.values():
            site.close()
        if chromium is not None:
            await chromium.close()

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        if self._timer is not None:
            self._timer.cancel()
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                self._timer = asyncio.get_running_loop().call_later(self._options.browser_idle_seconds, self._retire)

    def _retire(self) -> None:
        self._retiring = asyncio.ensure_future(self._end_unless_used())

    async def _end_unless_used(self) -> None:
        async with self._lock:
            if not self._users:
                self._cookies.update({host: await site.cookies() for host, site in self._sites.items()})
                await self._end()


# Is there a browser to drive, and what to install where there is none.

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


def find_chromium(named: str | None) -> str | None:
    """The path of the program the operator named (a path, or a name to look up), else of the first Chromium found; None without one."""
    candidates = (named,) if named else _NAMES
    return next((path for name in candidates if (path := shutil.which(name)) is not None), None)


def what_is_missing(named: str | None) -> str | None:
    """What to install, in words that end a sentence, or None when a browser can be driven. Asked anew each time: it may come meanwhile."""
    missing = []
    if importlib.util.find_spec("playwright") is None:
        missing.append("pip install 'vigie-vsa[browser]'")
    if find_chromium(named) is None:
        if named:
            missing.append(f"a Chromium where the configuration says ({named}: no such program)")
        else:
            missing.append("Chromium (Debian: apt-get install chromium)")
    return " and ".join(missing) or None
