"""Listen for visitors: a socket of our own, and uvicorn in a thread and a loop of its own, beside the program that it is part of."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from bot.web.api import problem
from bot.web.server import FULL, HEADERS

MOST_AT_ONCE = 100
"""Connections at once; one more is answered with 503."""
SLOWEST = 10.0
"""Seconds for the head of a request, and for the client to take what is sent to it before more of it is."""
_LINGERING = 1
"""Seconds that answers under way have when it stops."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that cuts a client off that does not finish its request, or does not take its answer: uvicorn waits for both for ever.
    It refuses in the form in which the application does."""

    _asking: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request. That of the next one must be whole soon, too."""
        self.app_state = {FULL: len(self.connections) > MOST_AT_ONCE}
        super().data_received(data)
        # None before the first request, whatever its type says.
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()
        elif self._asking is None:
            self._await_request()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request as the API refuses: for which address it was meant is not known."""
        error = sys.exception()
        status = HTTPStatus(error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else HTTPStatus.BAD_REQUEST)
        refusal = problem(status, "This is no request of HTTP/1.1 that can be read, or its head is too large.")
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            length = {"Content-Length": str(len(refusal.body)), "Content-Type": refusal.media_type, "Connection": "close"}
            head = h11.Response(status_code=status, headers=[*({**HEADERS, **refusal.headers, **length}).items()], reason=status.phrase)
            for event in (head, h11.Data(data=refusal.body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def on_response_complete(self) -> None:
        """Rest until the next request: uvicorn closes the connection if none begins."""
        self._stop_waiting()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take what was sent."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(SLOWEST, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it has taken it."""
        super().resume_writing()
        self._stop_taking()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)
        self._stop_taking()

    def _await_request(self) -> None:
        self._asking = self.loop.call_later(SLOWEST, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None


class _Server(uvicorn.Server):
    """Leaves the signals to the program that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


_FAULTS = {
    errno.EADDRINUSE: "another program listens at this port",
    errno.EACCES: "this user may not listen at this port",
    errno.EADDRNOTAVAIL: "this machine does not have this address",
}


def bound(listen: str) -> socket.socket:
    """Return a socket that listens at `host:port`, `[::1]:port` for IPv6. Raises OSError where that cannot be."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        return socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128)
    except OSError as error:
        # Python's own words hold the number of the error, and the address twice.
        raise OSError(_FAULTS.get(error.errno or 0) or error.strerror or str(error)) from None


def address_of_socket(listening: socket.socket) -> str:
    """Return where people on this machine reach it, `http://127.0.0.1:8080/`."""
    name: Any = listening.getsockname()
    return f"http://[{name[0]}]:{name[1]}/" if listening.family is socket.AF_INET6 else f"http://{name[0]}:{name[1]}/"


async def serve(application: ASGIApp, listening: socket.socket) -> None:
    """Serve on a socket that is bound already, until this is cancelled. The socket is closed at the end, some two seconds later at most.

    In a loop of its own: a poll takes dozens of turns of its loop, and would wait in each for all visitors who have one too.
    """
    config = uvicorn.Config(
        application,
        lifespan="off",
        ws="none",
        http=PatientProtocol,
        access_log=False,
        # Its own lines say nothing but that somebody sent nonsense.
        log_config=None,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_LINGERING,
        h11_max_incomplete_event_size=16_384,
    )
    server = _Server(config)
    thread = ThreadPoolExecutor(1, thread_name_prefix="web-server")
    serving = asyncio.get_running_loop().run_in_executor(thread, lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.shutdown(wait=False)  # once it has served
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
