"""Serve a replay of prefecture sites on loopback: for the demo and for tests through real sockets."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    """Holds what one address answers."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"

    @property
    def etag(self) -> str:
        """Return a validator that changes with the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass(slots=True)
class Replay:
    """Serves `resources` by canonical https URL, read anew at each request; `origins` maps sites to it; `requests` logs URLs."""

    resources: Mapping[str, CannedAnswer]
    requests: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer = field(init=False)

    @property
    def origins(self) -> dict[str, str]:
        """Return the `http.origins` setting: canonical origin to loopback base."""
        port = self._server.server_address[1]
        hosts = sorted({urlsplit(url).netloc for url in self.resources})
        return {f"https://{host}": f"http://127.0.0.1:{port}/{host}" for host in hosts}

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="replay", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()  # and wait until it has stopped
        self._server.server_close()


def _handler(replay: Replay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in one packet: two small ones would wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = "https://" + self.path.removeprefix("/")
            replay.requests.append(url)
            resource = replay.resources.get(url)
            if resource is None:
                self._answer(HTTPStatus.NOT_FOUND, CannedAnswer(b"<h1>Page introuvable</h1>"))
            elif self.headers.get("If-None-Match") == resource.etag:
                self._answer(HTTPStatus.NOT_MODIFIED, CannedAnswer(b"", resource.content_type), resource.etag)
            else:
                self._answer(HTTPStatus.OK, resource, resource.etag)

        def _answer(self, status: HTTPStatus, resource: CannedAnswer, etag: str | None = None) -> None:
            self.send_response(status)
            if etag is not None:
                self.send_header("ETag", etag)
            if status is not HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Type", resource.content_type)
            self.send_header("Content-Length", str(len(resource.body)))
            self.end_headers()
            self.wfile.write(resource.body)
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of http.server
            """Log nothing: the demo shows what the bot says."""

    return Handler
