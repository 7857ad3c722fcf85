"""Serves liveness and metrics at a local address."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

import structlog

from bot.app.inventory import cannot_record, report_destinations, report_sources
from bot.app.wiring import Parts
from bot.domain.health import Overview
from bot.domain.tasks import once_opened
from bot.ingest.health import PublicationHistory, not_alive
from bot.storage.errors import StorageError

_METRICS_MISSING = None
try:
    from bot.app.metrics import MEDIA_TYPE, Collected
except ModuleNotFoundError as missing:  # an extra
    _METRICS_MISSING = missing.name

log = structlog.get_logger()

Part = Callable[[], Coroutine[Any, Any, None]]
_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """Holds what answers a request."""

    status: int
    body: bytes
    media_type: str = _PLAIN


class Observation:
    """Judges liveness by the store, like `vigie status --alive`. Safe to use from several threads, one at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        settings, store, clock = parts.settings, parts.store, parts.clock
        self._sources = partial(report_sources, settings, parts.authorities, store, PublicationHistory(store), clock=clock)
        self._destinations = partial(report_destinations, settings, store, clock=clock)
        self._turn = Lock()
        self._collected = None if _METRICS_MISSING else Collected()
        self._answers: Mapping[str, Callable[[], Answer]] = {"/healthz": self.health, "/metrics": self.metrics}

    def overview(self) -> Overview:
        """Return the state of sources and destinations. Raises StorageError."""
        return replace(self._sources(), destinations=self._destinations())

    def not_alive(self) -> str | None:
        """Return why the bot neither polls nor delivers as it should, None where it does."""
        try:
            with self._turn:
                overview = self.overview()
        except StorageError as error:
            return str(error)
        return self._stopped(overview)

    def _stopped(self, overview: Overview) -> str | None:
        return cannot_record(self._parts.settings) or not_alive(overview, running=True, now=overview.at)

    def health(self) -> Answer:
        """Answer `/healthz`."""
        reason = self.not_alive()
        return Answer(200, b"alive\n") if reason is None else Answer(503, f"not alive: {reason}\n".encode())

    def metrics(self) -> Answer:
        """Answer `/metrics`."""
        if self._collected is None:
            return Answer(501, f"/metrics needs {_METRICS_MISSING}: pip install 'vigie-vsa[metrics]'\n".encode())
        try:
            with self._turn:
                measured, overview = self._parts.store.measures.all(), self.overview()
        except StorageError as error:
            return Answer(503, f"{error}\n".encode())
        alive = self._stopped(overview) is None
        return Answer(200, self._collected.text(overview, measured, self._parts.reading.read_so_far, alive=alive), MEDIA_TYPE)

    def answer(self, path: str) -> Answer:
        """Answer a request for a path."""
        found = self._answers.get(path.partition("?")[0])
        return Answer(404, b"/healthz, /metrics\n") if found is None else found()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listen: str, observation: Observation) -> None:
        host, _, port = listen.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.observation = observation
        super().__init__((host, int(port)), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        log.exception("observe.failed")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        answer = self.server.observation.answer(self.path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(answer.body)

    do_HEAD = do_GET  # noqa: N815 - its name in the base class

    def version_string(self) -> str:
        return "vigie"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Log nothing: monitors come every few seconds."""


async def keep_observed(listen: str, observation: Observation) -> None:
    """Answer at this address until cancelled, in threads, even if the loop is blocked. A failure to listen is logged once, retried."""

    def failed(reason: str) -> None:
        log.error("observe.cannot_listen", listen=listen, error=reason)

    server = await once_opened(partial(_Server, listen, observation), failed)
    log.info("observe.serving", listen=listen, port=server.server_port)
    thread = ThreadPoolExecutor(1, thread_name_prefix="observe")
    serving = asyncio.get_running_loop().run_in_executor(thread, server.serve_forever, 0.2)
    thread.shutdown(wait=False)
    try:
        await asyncio.shield(serving)
    finally:
        server.shutdown()
        await serving
        server.server_close()


def observers(parts: Parts) -> dict[str, Part]:
    """Return what is to go on beside the bot so that it is observed as it is configured, by its name in the log."""
    listen = parts.settings.observe.listen
    return {"monitors": partial(keep_observed, listen, Observation(parts))} if listen else {}
