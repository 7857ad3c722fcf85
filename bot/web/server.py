"""Answer requests over HTTP: an ASGI application over the site. Nothing of it writes, and nothing of a request is logged."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import structlog
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from bot.storage.errors import StorageError
from bot.web.cache import Cache, Packed, accepts_gzip, pack
from bot.web.documents import SiteContext
from bot.web.site import LONGEST_PATH, LONGEST_QUERY, Address, Addresses, fault, respond
from bot.web.visitors import VisitorLimits

log = structlog.get_logger()

_T = TypeVar("_T")
_NONE: Mapping[str, str] = MappingProxyType({})

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=()",
    # Whoever keeps a page must ask each time whether it still stands: a withdrawn decree is gone at once.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
"""What every answer says, unless its document says otherwise."""

_RETRY_AFTER = {429: "60", 503: "60"}
FULL = "full"
"""Name of what the server says in the `state` of a request: whether there are more connections than it takes."""


class Application:
    """Answers requests. Pages are made in the threads of `executor`, so that the loop never waits for the store."""

    def __init__(
        self,
        site: SiteContext,
        addresses: Addresses,
        clock: Callable[[], datetime],
        limits: VisitorLimits,
        executor: Executor,
        cache: Cache,
    ) -> None:
        self._site = site
        self._addresses = addresses
        self._clock = clock
        self._limits = limits
        self._executor = executor
        self._cache = cache
        self._making: dict[object, asyncio.Task[Packed]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        address = self._addresses.find(path[:LONGEST_PATH], query[:LONGEST_QUERY])
        client = scope.get("client")
        peer = "" if client is None else str(client[0])
        if scope.get("state", {}).get(FULL):
            packed = self._fault(address, 503, {"Connection": "close"})
        elif not self._limits.allows(peer, headers.getlist("x-forwarded-for"), self._clock()):
            packed = self._fault(address, 429)
        elif scope["method"] not in {"GET", "HEAD"}:
            packed = self._fault(address, 405)
        elif len(path) > LONGEST_PATH or len(query) > LONGEST_QUERY:
            packed = self._fault(address, 414)
        else:
            packed = await self._packed(address)
        response = _response(packed, headers)
        if scope["method"] == "HEAD":
            # As to GET, but for the body.
            response.body = b""
        await response(scope, receive, send)

    async def _packed(self, address: Address) -> Packed:
        """Return what is kept under this address, else make it: once, however many ask for it at the same time."""
        try:
            revision = await self._in_thread(self._site.revision)
        except StorageError as error:
            return self._no_data(address, error)
        kept = self._cache.get(address.key, revision, self._clock())
        if kept is not None:
            return kept
        making = self._making.get((address.key, revision))
        if making is None:
            making = asyncio.create_task(self._make(address, revision))
            self._making[address.key, revision] = making
            making.add_done_callback(lambda _: self._making.pop((address.key, revision), None))
        # Whoever asked first may leave: the others still wait for it.
        return await asyncio.shield(making)

    async def _make(self, address: Address, revision: int) -> Packed:
        at = self._clock()
        try:
            packed = await self._in_thread(lambda: pack(respond(self._site, address, at)))
            if packed.document.later is not None:
                packed = pack(await packed.document.later())
        except StorageError as error:
            packed = self._no_data(address, error)
        except Exception as error:
            # What was asked is nobody's business, and may be in the message or in a variable: the pattern is logged, and where it failed.
            at_line = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)][-3:]
            pattern = None if address.route is None else address.route.pattern
            log.error("web.page_failed", page=pattern, fault=type(error).__name__, at=at_line)
            packed = self._fault(address, 500)
        self._cache.put(address.key, packed, revision, at)
        return packed

    def _no_data(self, address: Address, error: StorageError) -> Packed:
        # An outage is logged once, by whoever watches the database.
        if not error.is_outage:
            log.error("web.no_data", error=str(error))
        return self._fault(address, 503)

    def _fault(self, address: Address, status: int, more: Mapping[str, str] = _NONE) -> Packed:
        headers = {"Retry-After": _RETRY_AFTER[status]} if status in _RETRY_AFTER else {}
        headers |= {"Allow": "GET, HEAD"} if status == 405 else {}
        document = fault(self._site, address, status, self._clock())
        return pack(replace(document, headers={**document.headers, **headers, **more}))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _response(packed: Packed, asked: Headers) -> Response:
    document, known = packed.document, asked.get("if-none-match")
    headers = {**HEADERS, **document.headers}
    if document.file is not None:
        file = FileResponse(document.file, document.status, headers, document.media_type, stat_result=document.file.stat())
        if known is None or file.headers["etag"] not in known:
            return file
        return Response(None, 304, {**headers, "ETag": file.headers["etag"]})
    if document.status == 200:
        headers["ETag"] = packed.tag
        if known is not None and packed.is_known_to(known):
            return Response(None, 304, headers)
    gzipped = packed.gzipped and accepts_gzip(asked.get("accept-encoding", ""))
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(packed.body(accepts_gzip=gzipped), document.status, headers, document.media_type)
