"""One site in the browser: its cookies, its door, and its tabs, of which there is one at a time (the queue of its address sees to that)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

from playwright.async_api import BrowserContext, Error, Page, Route

from sources.http.address import Target
from sources.http.browser import policy
from sources.http.browser.door import Locate, SocksProxy
from sources.http.browser.policy import AllowedHost, NoConnection, of_driver
from sources.http.browser.process import Chromium
from sources.http.browser.tab import Tab, TabLimits
from sources.http.browser.watch import LedAway, TabEvents
from sources.http.failures import BrowserFailure, in_plain_words
from sources.model import Unusable

Cookies = list[Any]
"""As Playwright has them, which types those it takes otherwise than those it gives."""

_CLOSE_SECONDS = 1.5


class Site:
    """A context of the browser for one host."""

    def __init__(self, chromium: Chromium, context: BrowserContext, door: SocksProxy) -> None:
        self._chromium = chromium
        self._context = context
        self._door = door

    @classmethod
    async def open(cls, chromium: Chromium, cookies: Cookies, seconds: float) -> Self:
        """A new one with these cookies. `seconds` bounds each connection's making. Raises BrowserFailure."""
        door = SocksProxy(seconds)
        try:
            context = await chromium.new_context(await door.open())
            await context.add_cookies(cookies)
        except BaseException as error:
            door.close()
            if isinstance(error, Error):
                raise of_driver(error) from error
            raise
        return cls(chromium, context, door)

    def close(self) -> None:
        """No more connections. Its part of the browser ends with the browser."""
        self._door.close()

    async def cookies(self) -> Cookies:
        """What the site left, to be given to a later one. Empty where the browser does not say."""
        with contextlib.suppress(Error):
            return await self._context.cookies()
        return []

    @contextlib.asynccontextmanager
    async def tab(
        self, target: Target, script_hosts: tuple[str, ...], places: Mapping[AllowedHost, Locate], limits: TabLimits
    ) -> AsyncIterator[Tab]:
        """A tab for one request, closed in the end with all that it still does. Errors of Playwright become BrowserFailure."""
        async with self._door.passage(places) as passage:
            try:
                async with self._open_tab(target, script_hosts, limits) as tab:
                    yield tab
            except Error as error:
                raise of_driver(error) from error
            except NoConnection:
                if passage.failure is None:
                    raise
                raise BrowserFailure(in_plain_words(passage.failure)) from passage.failure

    @contextlib.asynccontextmanager
    async def _open_tab(self, target: Target, script_hosts: tuple[str, ...], limits: TabLimits) -> AsyncIterator[Tab]:
        page = await self._context.new_page()
        watch = TabEvents(page, await self._context.new_cdp_session(page))
        requests = itertools.count(1)

        async def guard(route: Route) -> None:
            number = next(requests)
            if number > policy.MOST_ATTEMPTS:
                watch.fail(Unusable(f"the page wants to make more than {policy.MOST_ATTEMPTS} requests"))
            with contextlib.suppress(Error):  # the tab is gone
                if number > policy.MOST_REQUESTS:
                    await route.abort()
                else:
                    await _guard(route, page, watch, target, script_hosts)

        with self._chromium.told_of_its_end(lambda: watch.fail(BrowserFailure("the browser ended unexpectedly"))):
            try:
                await self._context.route("**/*", guard)
                await watch.start()
                yield Tab(page, watch, target, limits)
            finally:
                watch.end()
                await self._close_tabs()

    async def _close_tabs(self) -> None:
        """Close whatever is open. A site that sets cookies without end loses them all, or its server would refuse us for ever.

        A browser that does not listen any more is ended: the next request starts another one.
        """
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                for page in self._context.pages:
                    await page.close()
                await self._context.unroute_all()
                if policy.are_too_many(await self._context.cookies()):
                    await self._context.clear_cookies()
        except (Error, TimeoutError):
            await self._chromium.kill()


async def _guard(route: Route, page: Page, watch: TabEvents, target: Target, script_hosts: tuple[str, ...]) -> None:
    """Let the requests of the tab through that it may make; a window that it opens may make none."""
    request = route.request
    url = request.url
    if request.frame.page != page:
        return await route.abort()
    if request.is_navigation_request() and request.frame == page.main_frame:
        if policy.may_go(request.method, url, target):
            return await route.continue_()
        watch.fail(LedAway(url))
        return await route.abort()
    if policy.may_load(request.resource_type, url, target, script_hosts):
        return await route.continue_()
    return await route.abort()
