"""The polite client: the only way to the web. It implements `sources.model.Fetcher` over httpx, HTTP/1.1, and over a real browser for
the sites that serve nothing else.

One request at a time per hosting address, spaced; it rests when an address fails or asks to wait; it fetches only the catalogue's hosts,
over https, at public addresses; it takes no block page for a real one and keeps no half file. It never retries by itself (but for a
kept-alive connection that died while idle, and for the rest of a file): the caller knows better when to come back. No proxy, certificate
or other setting of the environment is honoured.
"""

from __future__ import annotations

import math
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import structlog

from sources.http.address import Origins, Resolver, SystemResolver
from sources.http.answers import NO_VALIDATORS, PageReceiver, Redirect, receive_robots, refresh_of
from sources.http.files import CSV, JSON, PDF, Again, FileKind, FileReceiver, PartialFile
from sources.http.options import ClientOptions
from sources.http.politeness import SYSTEM_CLOCKS, Clocks, MemoryPoliteness, PolitenessStore
from sources.http.robots import RobotsGate, product_token
from sources.http.session import Environment, HttpSession
from sources.model import Download, Page, Unusable, Validators
from sources.text.urls import canonical, same_site

Answer = TypeVar("Answer")

_PAGE_HEADERS = {"Accept": "text/html, application/xhtml+xml", "Accept-Language": "fr", "Accept-Encoding": "gzip"}
_ROBOTS_HEADERS = {"Accept": "text/plain", "Accept-Encoding": "gzip"}

_MOST_REDIRECTS = 5

_TURN_SECONDS = 120.0
"""After so long a file that can be resumed gives way to other requests that wait for its address."""

_MOST_OF_ITS_TIME = 0.9
"""Of the time of a request, after which a file that can be resumed is: what came would be lost at its end."""


class Client:
    """Fetches pages and files of the catalogue's hosts. An async context manager: leaving it closes the connections.

    Everything but `options` has the real world for default; tests give their own. `tls` is the context that verifies certificates (by
    default the bundle that comes with httpx), `transport` replaces the network and stays the caller's to close. `politeness` is where pace,
    rest and robots.txt are kept, by default in memory. Raises ValueError when `options.origins` holds an entry that cannot be used.
    """

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

    async def __aenter__(self) -> Self:
        return self

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
        """Return the page of the same site that this one sends its readers on to, if any."""
        location = refresh_of(html)
        there = self._origins.follow(here, location) if location is not None else None
        return there if there is not None and there != here and same_site(there, here) else None

    async def download(self, url: str, target: Path) -> Download:
        """Fetch a PDF to `target`, written only when whole. Raises any FetchError, NotSaved and StorageFull among them.

        An answer that is cut after a MiB is gone on with, in its turn, where the server gave something to know that version of the file by.
        A killed program leaves a part beside `target` (`.<name>.<random>.part`).
        """
        return await self._file(url, target, PDF, self._options.max_file_bytes)

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
                url,
                lambda here: self._session.get(here, receiver.headers(here), receiver, seconds=options.file_seconds, on_start=start),
            )

    async def _robots_text(self, url: str) -> str:
        seconds = self._options.page_seconds
        return await self._follow(
            url,
            lambda here: self._session.get(here, _ROBOTS_HEADERS, receive_robots, seconds=seconds),
            for_robots=True,
        )

    async def _follow(
        self, url: str, request: Callable[[str], Awaitable[Answer | Redirect | Again]], *, for_robots: bool = False
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
                here = self._next(here, answer.location)
                left -= 1
                if left < 0:
                    raise Unusable(f"{url}: redirected more than {_MOST_REDIRECTS} times, last to {here}")
            elif not isinstance(answer, Again):
                return answer

    def _ours(self, url: str) -> str:
        """Return the canonical form of an address that may be requested. Raises Unusable."""
        address = canonical(url, url) if url.lower().startswith("https://") else None
        if address is None:
            raise Unusable(f"{url[:200]!r} is not an https address")
        return self._in_catalogue(address, address)

    def _next(self, here: str, location: str) -> str:
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
    """Return the conditional headers. A value a header cannot carry is left out: the page then simply comes again."""
    pairs = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in pairs.items() if value and value.isascii() and value.isprintable()}
