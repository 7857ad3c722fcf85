"""Serve the site over HTTP: an ASGI application, and uvicorn embedded in the loop of whoever runs it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from datetime import datetime

import structlog
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.storage.errors import StorageError
from bot.web.documents import HTML, Document, Site
from bot.web.rendering import missing
from bot.web.site import LONGEST_PATH, LONGEST_QUERY, Address, address_of, respond, visit_to

log = structlog.get_logger()

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=()",
}


class Application:
    """Answers requests. Pages are made in the threads of `executor`, so that the loop never waits for the store."""

    def __init__(self, site: Site, clock: Callable[[], datetime], executor: Executor) -> None:
        self._site = site
        self._clock = clock
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"  # noqa: S101 - neither lifespan nor websockets are offered
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        address = address_of(path[:LONGEST_PATH], query[:LONGEST_QUERY])
        if scope["method"] not in {"GET", "HEAD"}:
            document = self._fault(address, 405)
        elif len(path) > LONGEST_PATH or len(query) > LONGEST_QUERY:
            document = self._fault(address, 414)
        else:
            document = await asyncio.get_running_loop().run_in_executor(self._executor, self._made, address)
        headers = {**_HEADERS, **document.headers}
        await Response(document.body, document.status, headers, document.media_type or HTML)(scope, receive, send)

    def _made(self, address: Address) -> Document:
        try:
            return respond(self._site, address, self._clock())
        except StorageError as error:
            log.warning("web.no_data", error=str(error))
            return self._fault(address, 503)
        except Exception:
            # Whose question it was is nobody's business: the pattern is logged, not the address.
            log.exception("web.page_failed", page=None if address.route is None else address.route.pattern)
            return self._fault(address, 500)

    def _fault(self, address: Address, status: int) -> Document:
        return missing(self._site, visit_to(address, self._clock()), status=status)


class _Server(uvicorn.Server):
    """Leaves the signals to the program that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(application: Application, listening: socket.socket, stop: asyncio.Event | None = None) -> None:
    """Serve on a socket that is bound already, until `stop` is set or this is cancelled. The socket is closed at the end."""
    config = uvicorn.Config(
        application,
        lifespan="off",
        ws="none",
        http="h11",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=100,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=16_384,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        if stop is None:
            await asyncio.shield(serving)
        else:
            await stop.wait()
    finally:
        server.should_exit = True
        await serving
