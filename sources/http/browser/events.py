"""Follows the events of one tab: its answers, held back until they are checked, and its loading. Uses Chromium's own protocol, as
Playwright's routing reports no redirect and gives no head of an answer before its page runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from playwright.async_api import CDPSession, Page

from sources.http.browser.policy import of_network
from sources.http.connection import BrowserFailure
from sources.model import Unusable

Result = TypeVar("Result")


class LeftSite(Exception):
    """Raised when a script of the page left it for an address that is not the site's."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class LoginWanted(Exception):
    """Raised when the site answered 401: a browser then requires a name and a password, and there is none."""


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """Holds the head of an answer that is held back. `load` names its loading in later events; names of `headers` are in lower case."""

    hold: str
    load: str
    url: str
    status: int
    headers: Mapping[str, str]


class TabEvents:
    """Receives the events of one tab (Chrome DevTools Protocol, domains Fetch, Network and Page), from `start` to `end`. Its waits raise
    the tab's failure if that comes first (BrowserFailure, LedAway, LoginWanted, Unusable), and Playwright's Error."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self._page = page
        self._session = session
        self._kind = ""
        self._at_most: int | None = None
        self._loaded = 0
        self._held: asyncio.Queue[HeldAnswer] = asyncio.Queue()
        self._own: set[str] = set()
        self._finished: set[str] = set()
        self._parsed: set[str] = set()
        self._without_body: set[str] = set()
        self._progress = asyncio.Event()
        self._sending: set[asyncio.Future[Any]] = set()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.frame = ""

    async def start(self) -> None:
        """Begin to receive."""
        self._page.on("crash", lambda _: self.fail(BrowserFailure("the page made the browser crash")))
        self._session.on("Network.requestWillBeSent", self._on_request)
        self._session.on("Network.dataReceived", self._on_data)
        self._session.on("Network.loadingFinished", lambda event: self._note(self._finished, event["requestId"]))
        self._session.on("Network.loadingFailed", self._on_failure)
        self._session.on("Page.lifecycleEvent", self._on_lifecycle)
        self._session.on("Fetch.requestPaused", self._on_paused)
        self.frame = (await self.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        for command, arguments in (("Network.enable", {}), ("Page.enable", {}), ("Page.setLifecycleEventsEnabled", {"enabled": True})):
            await self.send(command, arguments)

    async def hold_back(self, kind: Literal["Document", "Fetch"], at_most: int | None = None) -> None:
        """Hold back answers of this kind from now on: to navigations, or to `fetch()`. `at_most` limits, in unpacked bytes, everything
        loaded then and not streamed: a small answer may unpack to gigabytes."""
        self._kind = kind
        self._at_most = at_most
        self._loaded = 0
        await self.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "resourceType": kind, "requestStage": "Response"}]})

    def end(self) -> None:
        """End all waits and all unfinished sends."""
        for sending in self._sending:
            sending.cancel()
        if not self._failure.done():
            self._failure.cancel()
        elif not self._failure.cancelled():
            self._failure.exception()  # reported or not

    def fail(self, error: Exception) -> None:
        """End all waits with this error; the first error counts."""
        if not self._failure.done():
            self._failure.set_exception(error)

    async def unless_it_fails(self, wanted: Awaitable[Result]) -> Result:
        """Return the result of a wait, or raise the tab's failure if that comes first."""
        task = asyncio.ensure_future(wanted)
        either: set[asyncio.Future[Any]] = {task, self._failure}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
        if self._failure.done():
            if task.done() and not task.cancelled():
                task.exception()
            await self._failure
        return await task

    async def send(self, command: str, arguments: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Send a command and wait for its outcome."""
        return await self.unless_it_fails(self._session.send(command, dict(arguments or {})))

    async def next(self) -> HeldAnswer:
        """Return the next answer that was held back."""
        return await self.unless_it_fails(self._held.get())

    async def let_through(self, held: HeldAnswer) -> None:
        """Release the answer to the page."""
        await self.send("Fetch.continueResponse", {"requestId": held.hold})

    async def drop(self, held: HeldAnswer) -> None:
        """Refuse the answer to the page."""
        self._own.discard(held.load)
        await self.send("Fetch.failRequest", {"requestId": held.hold, "errorReason": "Aborted"})

    def is_without_body(self, held: HeldAnswer) -> bool:
        """Return whether a refusal has no body: the browser then shows a page of its own."""
        return held.load in self._without_body

    def is_whole(self, held: HeldAnswer) -> bool:
        """Return whether a document was received and read to its end."""
        return self.is_without_body(held) or (held.load in self._finished and held.load in self._parsed)

    async def whole(self, held: HeldAnswer) -> None:
        """Wait until `is_whole`."""
        while not self.is_whole(held):
            self._progress.clear()
            await self.unless_it_fails(self._progress.wait())

    def in_background(self, sending: Awaitable[object]) -> None:
        """Send a command without waiting for its outcome."""
        task = asyncio.ensure_future(sending)
        self._sending.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Future[Any]) -> None:
        self._sending.discard(task)
        if not task.cancelled():
            task.exception()  # the tab went on or away meanwhile; other events say what that means

    def _on_request(self, event: dict[str, Any]) -> None:
        if event.get("frameId") == self.frame and event.get("type") == self._kind:
            self._own.add(event["requestId"])

    def _on_data(self, event: dict[str, Any]) -> None:
        self._loaded += event["dataLength"]
        if self._at_most is not None and self._loaded > self._at_most:
            self.fail(Unusable(f"larger than {self._at_most / 1_000_000:.4g} MB with all that it loads"))

    def _on_failure(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._own or event.get("canceled"):
            return
        if event["errorText"] == "net::ERR_HTTP_RESPONSE_CODE_FAILURE":
            self._note(self._without_body, event["requestId"])
        elif event["errorText"] == "net::ERR_INVALID_AUTH_CREDENTIALS":
            self.fail(LoginWanted())
        else:
            self.fail(of_network(event["errorText"]))

    def _on_lifecycle(self, event: dict[str, Any]) -> None:
        if event["name"] == "DOMContentLoaded":
            self._note(self._parsed, event["loaderId"])

    def _note(self, what: set[str], load: str) -> None:
        if load in self._own:
            what.add(load)
            self._progress.set()

    def _on_paused(self, event: dict[str, Any]) -> None:
        status = event.get("responseStatusCode")
        if event["frameId"] != self.frame or status is None:  # a frame of the page, or no answer: the page may have it
            self.in_background(self._session.send("Fetch.continueRequest", {"requestId": event["requestId"]}))
            return
        headers = {header["name"].lower(): header["value"] for header in event.get("responseHeaders", ())}
        load = event.get("networkId", "")
        self._own.add(load)
        self._held.put_nowait(HeldAnswer(event["requestId"], load, event["request"]["url"], status, headers))
