"""Makes one request in a browser tab of its own, and returns what is shown in the end as an answer. A page is a navigation: its scripts run
until it shows what its source waits for. A file is a streamed `fetch()` from an empty document of the site. Redirects are not followed: the
client checks and requests them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
from playwright.async_api import BrowserContext, Error, JSHandle, Page, Route

from sources.http.answers import LOOK_WITHIN, REDIRECTS, beginning_of, decode, looks_blocked
from sources.http.browser import policy
from sources.http.browser.events import HeldAnswer, LeftSite, LoginWanted, TabEvents
from sources.http.browser.policy import of_driver
from sources.http.browser.process import Chromium
from sources.http.connection import BrowserFailure, ClientOptions, Target
from sources.model import Unusable

Result = TypeVar("Result")

_LAST_LOOK_SECONDS = 5.0
_CLOSE_SECONDS = 1.5
_LOADED = 4
"""Limits what loads with a page and all its scripts: so many times the bytes of a page."""
_HTML = "text/html; charset=utf-8"

# Run in a world of its own, where no script of the page has changed what the words mean.
_SHOWN = """((most) => {{
  const html = document.documentElement?.outerHTML ?? "";
  return {{url: location.href, html: html.length > most ? null : html}};
}})({most})"""


@dataclass(frozen=True, slots=True)
class TabContent:
    """Holds the content of the tab."""

    url: str
    html: str


Cookies = list[Any]
"""Cookies in Playwright's form, whose types differ between input and output."""


@contextlib.asynccontextmanager
async def open_tab(
    chromium: Chromium, cookies: Cookies, target: Target, script_hosts: tuple[str, ...], options: ClientOptions
) -> AsyncIterator[Tab]:
    """Yield a tab for one request, in a context of its own that is closed at the end with all its work. `cookies` are those of the site,
    and are replaced by those that it left. Errors of Playwright become BrowserFailure."""
    try:
        context = await chromium.new_context(policy.places(target, script_hosts))
        try:
            await context.add_cookies(cookies)
            async with _tab_in(context, chromium, target, script_hosts, options) as tab:
                yield tab
        finally:
            await _close(context, chromium, cookies)
    except Error as error:
        raise of_driver(error) from error


@contextlib.asynccontextmanager
async def _tab_in(
    context: BrowserContext, chromium: Chromium, target: Target, script_hosts: tuple[str, ...], options: ClientOptions
) -> AsyncIterator[Tab]:
    page = await context.new_page()
    events = TabEvents(page, await context.new_cdp_session(page))
    requests = itertools.count(1)

    async def guard(route: Route) -> None:
        number = next(requests)
        if number > policy.MOST_ATTEMPTS:
            events.fail(Unusable(f"the page wants to make more than {policy.MOST_ATTEMPTS} requests"))
        with contextlib.suppress(Error):  # the tab is gone
            if number > policy.MOST_REQUESTS:
                await route.abort()
            else:
                await _guard(route, page, events, target, script_hosts)

    with chromium.on_end(lambda: events.fail(BrowserFailure("the browser ended unexpectedly"))):
        try:
            await context.route("**/*", guard)
            await events.start()
            yield Tab(page, events, target, options)
        finally:
            events.end()


async def _guard(route: Route, page: Page, events: TabEvents, target: Target, script_hosts: tuple[str, ...]) -> None:
    """Allow the permitted requests of the tab; a window that it opens may make none."""
    request = route.request
    url = request.url
    if request.frame.page != page:
        return await route.abort()
    if request.is_navigation_request() and request.frame == page.main_frame:
        if policy.may_go(request.method, url, target):
            return await route.continue_()
        events.fail(LeftSite(url))
        return await route.abort()
    if policy.may_load(request.resource_type, url, target, script_hosts):
        return await route.continue_()
    return await route.abort()


async def _close(context: BrowserContext, chromium: Chromium, cookies: Cookies) -> None:
    """Close whatever is open. All cookies of a site that sets too many are dropped, or its server would refuse us for ever. A browser that
    no longer answers is ended: the next request starts another one."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            left = await context.cookies()
            cookies[:] = [] if policy.are_too_many(left) else left
            await context.close()
    except (Error, TimeoutError):
        await chromium.kill()


class Tab:
    """Makes one request for `target`. Its methods raise FetchError without an address, `httpx.TransportError`, or Playwright's Error."""

    def __init__(self, page: Page, events: TabEvents, target: Target, options: ClientOptions) -> None:
        self._page = page
        self._events = events
        self._target = target
        self._options = options
        self._url = f"{target.scheme}://{target.authority}{target.path}"
        self._last: HeldAnswer | None = None

    async def answer(self, *, page_with: str | None, accept: str) -> httpx.Response:
        """Return the page with what the selector `page_with` finds, else a file of the type `accept`. One elsewhere is a redirect."""
        try:
            return await (self.file(accept) if page_with is None else self.page(page_with))
        except LeftSite as away:
            return _elsewhere(away.url)
        except LoginWanted:
            return httpx.Response(401, stream=httpx.ByteStream(b""))

    async def page(self, wait_for: str) -> httpx.Response:
        """Return the page, once it shows what the CSS selector finds."""
        held, shown = await self._visit(wait_for)
        if shown is None and held.status in REDIRECTS:
            return self._redirect(held)
        if shown is None:
            if held.status == 200 and policy.is_to_be_saved(held.headers):
                raise Unusable("came as a file to be saved, not as a page")
            return _answer(held, httpx.ByteStream(b""))
        if held.status < 400 and policy.has_moved(shown.url, self._target):
            return _elsewhere(shown.url)
        return _rendered(held, shown.html)

    async def file(self, accept: str) -> httpx.Response:
        """Return the file, its body to be read, or the page that came in its place after a try to pass it. A passed challenge is returned
        as a redirect to the same address: the client requests it again, in its turn, with the new cookies."""
        held, reader = await self._fetch(accept)
        if reader is None:
            return self._redirect(held)
        pieces = self._pieces(reader)
        if not policy.is_rendered(held.status, held.headers):
            return _answer(held, Body(pieces))
        beginning = await beginning_of(pieces, LOOK_WITHIN)
        if policy.asks_to_wait(held.status, held.headers) or not _is_wall(held, decode(beginning, held.headers.get("content-type", ""))):
            return _answer(held, Body(pieces, beginning))
        held, shown = await self._visit(None)
        if shown is not None:
            return _rendered(held, shown.html)
        return self._redirect(held) if held.status in REDIRECTS else _elsewhere(self._url)

    async def _fetch(self, accept: str) -> tuple[HeldAnswer, JSHandle | None]:
        """Return the head of the answer, and the reader of its body unless it is a redirect."""
        root = f"{self._target.scheme}://{self._target.authority}/"
        await self._page.route(lambda url: url == root, lambda route: route.fulfill(content_type="text/html", body=""), times=1)
        await self._events.unless_it_fails(self._page.goto(root))
        await self._events.hold_back("Fetch")
        fetching = asyncio.ensure_future(self._page.evaluate_handle(FETCH, [self._url, accept]))
        try:
            held = await self._soon(self._events.next())
            if held.status in REDIRECTS:
                await self._events.drop(held)
                return held, None
            await self._events.let_through(held)
            return held, await self._events.unless_it_fails(fetching)
        finally:
            if not fetching.done():
                fetching.cancel()
            elif not fetching.cancelled():
                fetching.exception()

    async def _pieces(self, reader: JSHandle) -> AsyncGenerator[bytes]:
        """Read a body from the browser. Raises `httpx.TransportError`."""
        while True:
            try:
                async with asyncio.timeout(self._options.timeout_seconds):
                    piece: str | None = await self._events.unless_it_fails(reader.evaluate(READ))
            except TimeoutError as error:
                raise httpx.ReadTimeout("no more of the body came") from error
            except Error as error:
                if "TypeError" in error.message:  # of the page's own: there is no more to read, and that was not the end
                    raise BrowserFailure("answer cut short") from error
                raise of_driver(error) from error
            if piece is None:
                return
            yield base64.b64decode(piece)

    async def _visit(self, wait_for: str | None) -> tuple[HeldAnswer, TabContent | None]:
        """Go to the address; return the last answer and what is shown then, None if a browser shows nothing. Without a selector to wait
        for, any page that is no block or challenge page will do."""
        await self._events.hold_back("Document", _LOADED * self._options.max_page_bytes)
        self._events.in_background(self._events.send("Page.navigate", {"url": self._url}))
        last = self._last = await self._soon(self._events.next())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._options.browser_seconds):
                if settled := await self._settled(last, wait_for):
                    return settled
                if not self._events.is_whole(self._last):
                    raise Unusable(f"the page only leads on to another one ({policy.MOST_DOCUMENTS} times)")
        return await self._not_settled(self._last, wait_for)

    async def _settled(self, held: HeldAnswer, wait_for: str | None) -> tuple[HeldAnswer, TabContent | None] | None:
        """Run the documents one after the other until one is the requested page; None after too many."""
        for _ in range(policy.MOST_DOCUMENTS):
            self._last = held
            if not policy.is_rendered(held.status, held.headers) or policy.asks_to_wait(held.status, held.headers):
                await self._events.drop(held)
                return held, None
            await self._events.let_through(held)
            following = asyncio.ensure_future(self._events.next())
            running = asyncio.ensure_future(self._final(held, wait_for))
            try:
                await asyncio.wait({following, running}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    return held, running.result()
                held = following.result()
            finally:
                for task in (following, running):
                    task.cancel()
                await asyncio.gather(following, running, return_exceptions=True)
        await self._events.drop(held)
        return None

    async def _final(self, held: HeldAnswer, wait_for: str | None) -> TabContent:
        """Return what this document shows in the end; never returns if it only leads to another one."""
        await self._events.whole(held)
        if self._events.is_without_body(held):
            return TabContent(held.url, "")
        if wait_for is not None and held.status < 400:
            await self._events.unless_it_fails(self._page.wait_for_selector(f"css={wait_for}", state="attached", timeout=0))
            return await self._shown()
        shown = await self._shown()
        if _is_wall(held, shown.html):
            await asyncio.Event().wait()
        return shown

    async def _not_settled(self, held: HeldAnswer, wait_for: str | None) -> tuple[HeldAnswer, TabContent]:
        """Return what is shown at the timeout. Raises Unusable if that is neither the wanted page nor a known block page."""
        if not self._events.is_whole(held):
            raise httpx.ReadTimeout("the page did not come to its end")
        shown = await self._soon(self._shown(), min(_LAST_LOOK_SECONDS, self._options.browser_seconds))
        if wait_for is not None and held.status < 400 and not _is_wall(held, shown.html):
            raise Unusable(
                f"the page never showed what it should ({wait_for}; waited {self._options.browser_seconds:g} s at most): a challenge was"
                " not passed, or the layout has changed"
            )
        return held, shown

    async def _shown(self) -> TabContent:
        world = (await self._events.send("Page.createIsolatedWorld", {"frameId": self._events.frame}))["executionContextId"]
        evaluation = {"expression": _SHOWN.format(most=self._options.max_page_bytes), "contextId": world, "returnByValue": True}
        value = (await self._events.send("Runtime.evaluate", evaluation))["result"]["value"]
        if value["html"] is None:
            raise Unusable(f"larger than {self._options.max_page_bytes / 1_000_000:.4g} MB")
        return TabContent(value["url"], f"<!DOCTYPE html>{value['html']}")

    async def _soon(self, wanted: Awaitable[Result], seconds: float | None = None) -> Result:
        try:
            async with asyncio.timeout(seconds or self._options.timeout_seconds):
                return await wanted
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer came") from error

    def _redirect(self, held: HeldAnswer) -> httpx.Response:
        location = held.headers.get("location", "")
        if location and _without_fragment(held.url) != self._url:  # relative to another address than the requested one
            location = urljoin(held.url, location)
        return httpx.Response(held.status, headers={"location": location} if location else {}, stream=httpx.ByteStream(b""))


def _is_wall(held: HeldAnswer, html: str) -> bool:
    return looks_blocked(held.status, held.headers, html) is not None


def _answer(held: HeldAnswer, body: httpx.AsyncByteStream) -> httpx.Response:
    return httpx.Response(held.status, headers=policy.unpacked(held.headers), stream=body)


def _rendered(held: HeldAnswer, html: str) -> httpx.Response:
    headers = policy.unpacked(held.headers) | {"content-type": _HTML}
    headers.pop("content-length", None)
    return httpx.Response(held.status, headers=headers, stream=httpx.ByteStream(html.encode("utf-8", "replace")))


def _elsewhere(url: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": _without_fragment(url)}, stream=httpx.ByteStream(b""))


def _without_fragment(url: str) -> str:
    return urlsplit(url)._replace(fragment="").geturl()


# Bodies that come by way of the browser, as streams of the HTTP library.

# Read where the page is, so that a body that ends early is an error there and not a short file here. One piece at a time and only when
# requested: the network waits for the disk. A piece crosses to us as base64, as JSON carries no bytes.
READ = """async (reader) => {
  const {done, value} = await reader.read();
  if (done) return null;
  if (value.toBase64) return value.toBase64();  // since Chromium 140
  let text = "";
  for (let at = 0; at < value.length; at += 32768) text += String.fromCharCode.apply(null, value.subarray(at, at + 32768));
  return btoa(text);
}"""

FETCH = """async ([url, accept]) => {
  const answer = await fetch(url, {headers: {Accept: accept}, credentials: "include", redirect: "manual", cache: "no-store"});
  return (answer.body ?? new Blob([]).stream()).getReader();
}"""


class Body(httpx.AsyncByteStream):
    """Streams a body from the browser; its `first` pieces have come."""

    def __init__(self, pieces: AsyncGenerator[bytes], first: bytes = b"") -> None:
        self._pieces = pieces
        self._first = first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        async for piece in self._pieces:
            yield piece

    async def aclose(self) -> None:
        """Stop reading the body."""
        await self._pieces.aclose()
