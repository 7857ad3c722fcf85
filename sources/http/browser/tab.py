"""One request by way of the browser, in a tab of its own: what the site shows in the end, as an HTTP answer.

A page is a navigation: its scripts run until it shows what its source waits for. A file is a `fetch()` from an empty document of the
site: same cookies, same connection, and its body streams. Redirects are never followed here: the client checks them, and their turn comes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
from playwright.async_api import Error, JSHandle, Page

from sources.http.address import Target
from sources.http.block_pages import looks_blocked
from sources.http.body import decode
from sources.http.browser import policy
from sources.http.browser.policy import of_driver
from sources.http.browser.watch import Held, LedAway, LoginWanted, TabEvents
from sources.http.failures import BrowserFailure
from sources.model import Unusable

Result = TypeVar("Result")

_LOOK_WITHIN = 128 * 1024
_LAST_LOOK_SECONDS = 5.0
_HTML = "text/html; charset=utf-8"

# Run in a world of its own, where no script of the page has changed what the words mean.
_SHOWN = """((most) => {{
  const html = document.documentElement?.outerHTML ?? "";
  return {{url: location.href, html: html.length > most ? null : html}};
}})({most})"""


@dataclass(frozen=True, slots=True)
class TabContent:
    """What stands in the tab."""

    url: str
    html: str


@dataclass(frozen=True, slots=True)
class TabLimits:
    """Times in seconds, sizes in bytes. `wait` bounds each wait for the network, `settle` how long a page has to show what it must.

    `page` bounds what a page shows, `loaded` all that it loads to get there.
    """

    wait: float
    settle: float
    page: int
    loaded: int


class Tab:
    """One request for `target`. Its methods raise FetchError without an address, `httpx.TransportError`, or Playwright's Error."""

    def __init__(self, page: Page, watch: TabEvents, target: Target, limits: TabLimits) -> None:
        self._page = page
        self._watch = watch
        self._target = target
        self._limits = limits
        self._url = f"{target.scheme}://{target.authority}{target.path}"
        self._last: Held | None = None

    async def answer(self, *, page_with: str | None, accept: str) -> httpx.Response:
        """The page with what the selector `page_with` finds, else a file of the type `accept`. An address elsewhere is a redirect."""
        try:
            return await (self.file(accept) if page_with is None else self.page(page_with))
        except LedAway as away:
            return _elsewhere(away.url)
        except LoginWanted:
            return httpx.Response(401, stream=Whole(b""))

    async def page(self, wait_for: str) -> httpx.Response:
        """The page, once it shows what the CSS selector finds."""
        held, shown = await self._visit(wait_for)
        if shown is None and policy.is_redirect(held.status):
            return self._redirect(held)
        if shown is None:
            if held.status == 200 and policy.is_to_be_saved(held.headers):
                raise Unusable("came as a file to be saved, not as a page")
            return _answer(held, Whole(b""))
        if held.status < 400 and policy.has_moved(shown.url, self._target):
            return _elsewhere(shown.url)
        return _rendered(held, shown.html)

    async def file(self, accept: str) -> httpx.Response:
        """The file, its body still to be read; or the page that came in its place, after a try to get past it.

        A challenge that was passed is told as a redirect to the same address: the client asks again, in its turn, with what the browser
        has now got.
        """
        held, reader = await self._fetch(accept)
        if reader is None:
            return self._redirect(held)
        pieces = Pieces(lambda: self._read(reader), self._limits.wait)
        if not policy.is_rendered(held.status, held.headers):
            return _answer(held, pieces)
        beginning = await _beginning(pieces)
        if policy.asks_to_wait(held.status, held.headers) or not _is_wall(held, decode(beginning, held.headers.get("content-type", ""))):
            return _answer(held, Pieces(lambda: self._read(reader), self._limits.wait, beginning))
        held, shown = await self._visit(None)
        if shown is not None:
            return _rendered(held, shown.html)
        return self._redirect(held) if policy.is_redirect(held.status) else _elsewhere(self._url)

    async def _fetch(self, accept: str) -> tuple[Held, JSHandle | None]:
        """The head of the answer, and the reader of its body unless it is a redirect."""
        root = f"{self._target.scheme}://{self._target.authority}/"
        await self._page.route(lambda url: url == root, lambda route: route.fulfill(content_type="text/html", body=""), times=1)
        await self._watch.unless_it_fails(self._page.goto(root))
        await self._watch.hold_back("Fetch")
        fetching = asyncio.ensure_future(self._page.evaluate_handle(FETCH, [self._url, accept]))
        try:
            held = await self._soon(self._watch.next())
            if policy.is_redirect(held.status):
                await self._watch.drop(held)
                return held, None
            await self._watch.let_through(held)
            return held, await self._watch.unless_it_fails(fetching)
        finally:
            if not fetching.done():
                fetching.cancel()
            elif not fetching.cancelled():
                fetching.exception()

    async def _read(self, reader: JSHandle) -> str | None:
        try:
            piece: str | None = await self._watch.unless_it_fails(reader.evaluate(READ))
        except Error as error:
            if "TypeError" in error.message:  # of the page's own: there is no more to read, and that was not the end
                raise BrowserFailure("answer cut short") from error
            raise of_driver(error) from error
        return piece

    async def _visit(self, wait_for: str | None) -> tuple[Held, TabContent | None]:
        """Go to the address: the last answer, and what is shown then; None where there is nothing that a browser shows.

        Without a selector to wait for, any page will do that is not a block or challenge page.
        """
        await self._watch.hold_back("Document", self._limits.loaded)
        self._watch.in_background(self._watch.send("Page.navigate", {"url": self._url}))
        last = self._last = await self._soon(self._watch.next())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.settle):
                if settled := await self._settled(last, wait_for):
                    return settled
                if not self._watch.is_whole(self._last):
                    raise Unusable(f"the page only leads on to another one ({policy.MOST_DOCUMENTS} times)")
        return await self._not_settled(self._last, wait_for)

    async def _settled(self, held: Held, wait_for: str | None) -> tuple[Held, TabContent | None] | None:
        """Let each document run until one is what was asked for, or the next one comes. None where there are too many."""
        for _ in range(policy.MOST_DOCUMENTS):
            self._last = held
            if not policy.is_rendered(held.status, held.headers) or policy.asks_to_wait(held.status, held.headers):
                await self._watch.drop(held)
                return held, None
            await self._watch.let_through(held)
            following = asyncio.ensure_future(self._watch.next())
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
        await self._watch.drop(held)
        return None

    async def _final(self, held: Held, wait_for: str | None) -> TabContent:
        """What is shown in the end of this document; never returns where the document only leads to another one."""
        await self._watch.whole(held)
        if self._watch.is_without_body(held):
            return TabContent(held.url, "")
        if wait_for is not None and held.status < 400:
            await self._watch.unless_it_fails(self._page.wait_for_selector(f"css={wait_for}", state="attached", timeout=0))
            return await self._shown()
        shown = await self._shown()
        if _is_wall(held, shown.html):
            await asyncio.Event().wait()
        return shown

    async def _not_settled(self, held: Held, wait_for: str | None) -> tuple[Held, TabContent]:
        """What there is to show when the time is over. Raises Unusable where that is neither what was wanted nor a known wall."""
        if not self._watch.is_whole(held):
            raise httpx.ReadTimeout("the page did not come to its end")
        shown = await self._soon(self._shown(), min(_LAST_LOOK_SECONDS, self._limits.settle))
        if wait_for is not None and held.status < 400 and not _is_wall(held, shown.html):
            raise Unusable(
                f"the page never showed what it should ({wait_for}; waited {self._limits.settle:g} s at most): a challenge was not passed,"
                " or the layout has changed"
            )
        return held, shown

    async def _shown(self) -> TabContent:
        world = (await self._watch.send("Page.createIsolatedWorld", {"frameId": self._watch.frame}))["executionContextId"]
        question = {"expression": _SHOWN.format(most=self._limits.page), "contextId": world, "returnByValue": True}
        value = (await self._watch.send("Runtime.evaluate", question))["result"]["value"]
        if value["html"] is None:
            raise Unusable(f"larger than {self._limits.page / 1_000_000:.4g} MB")
        return TabContent(value["url"], f"<!DOCTYPE html>{value['html']}")

    async def _soon(self, wanted: Awaitable[Result], seconds: float | None = None) -> Result:
        try:
            async with asyncio.timeout(seconds or self._limits.wait):
                return await wanted
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer came") from error

    def _redirect(self, held: Held) -> httpx.Response:
        location = held.headers.get("location", "")
        if location and _without_fragment(held.url) != self._url:  # relative to another address than the one asked for
            location = urljoin(held.url, location)
        return httpx.Response(held.status, headers={"location": location} if location else {}, stream=Whole(b""))


def _is_wall(held: Held, html: str) -> bool:
    return looks_blocked(held.status, held.headers, html) is not None


def _answer(held: Held, body: httpx.AsyncByteStream) -> httpx.Response:
    return httpx.Response(held.status, headers=policy.unpacked(held.headers), stream=body)


def _rendered(held: Held, html: str) -> httpx.Response:
    headers = policy.unpacked(held.headers) | {"content-type": _HTML}
    headers.pop("content-length", None)
    return httpx.Response(held.status, headers=headers, stream=Whole(html.encode("utf-8", "replace")))


def _elsewhere(url: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": _without_fragment(url)}, stream=Whole(b""))


def _without_fragment(url: str) -> str:
    return urlsplit(url)._replace(fragment="").geturl()


async def _beginning(pieces: Pieces) -> bytes:
    taken = bytearray()
    while len(taken) < _LOOK_WITHIN and (piece := await pieces.next()) is not None:
        taken += piece
    return bytes(taken)


# Bodies that come by way of the browser, as streams of the HTTP library.

# Read where the page is, so that a body that ends early is an error there and not a short file here. One piece at a time and only when
# asked for: the network waits for the disk. A piece crosses to us as base64, as JSON carries no bytes.
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


class Whole(httpx.AsyncByteStream):
    """A body that is here already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


class Pieces(httpx.AsyncByteStream):
    """A body still in the browser, after its `first` bytes. `read` gives the next one as base64, None at the end; `seconds` bounds each."""

    def __init__(self, read: Callable[[], Awaitable[str | None]], seconds: float, first: bytes = b"") -> None:
        self._read = read
        self._seconds = seconds
        self._first = first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        while (piece := await self.next()) is not None:
            yield piece

    async def next(self) -> bytes | None:
        """The next piece, None at the end. Raises `httpx.TransportError`."""
        try:
            async with asyncio.timeout(self._seconds):
                text = await self._read()
        except TimeoutError as error:
            raise httpx.ReadTimeout("no more of the body came") from error
        return None if text is None else base64.b64decode(text)
