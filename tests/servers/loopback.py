"""An ASGI application served on 127.0.0.1 from a thread of its own, so that sync tests, async tests and child processes can use it."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol


class _Protocol(H11Protocol):
    """Hands its transport to the application (`scope["state"]["transport"]`), which may cut the line."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # always a socket here
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """Says when it accepts requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Without the tick of a tenth of a second: many tests start and stop a server."""
        await self.stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Without a pause of a tenth of a second where no request is under way."""
        for server in self.servers:
            for listener in server.sockets:
                asyncio.get_running_loop().remove_reader(listener)
        # What was accepted with our end can be a connection only while its server is open: closed before, asyncio forgets the socket.
        for _ in range(2):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(3):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            await server.wait_closed()
        await self.lifespan.shutdown()

    def stop(self) -> None:
        """Called in the server's loop."""
        self.should_exit = True
        self.stopped.set()


async def cut_line(scope: Any) -> None:
    """Close the connection of a request without an answer, as a network would."""
    cast(asyncio.Transport, scope["state"]["transport"]).abort()
    await asyncio.sleep(0)  # let the protocol see it before the application returns
    await asyncio.sleep(0)


class Gate:
    """A point that the server reaches and waits at until it is opened; both sides may live in different threads."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    async def reached(self, timeout: float = 60.0) -> None:  # noqa: ASYNC109 - a bound for a test gone wrong
        assert await asyncio.to_thread(self._reached.wait, timeout), "the server never got there"

    async def wait(self) -> None:
        """Called by the server."""
        self._reached.set()
        await asyncio.to_thread(self._open.wait, 240.0)


class LoopbackServer:
    """Base of the servers of the tests. `async with` or `with`; `start` and `stop` may be called from any thread or loop."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._port = 0

    def app(self) -> ASGIApp:
        raise NotImplementedError

    def stopping(self) -> None:
        """Called in the server's loop before it stops: end what waits."""

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a trailing slash."""
        assert self._port, "the server is not started"
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Start, on the same port as before if it was stopped in between. Returns once requests are accepted."""
        assert self._thread is None, "already started"
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self.app(), http=_Protocol, log_config=None, log_level="critical", lifespan="on", ws="none", timeout_graceful_shutdown=1
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, args=(self._server, listener), daemon=True, name=type(self).__name__)
        self._thread.start()
        assert self._server.ready.wait(60.0), "the server did not start"
        return self

    def _run(self, server: _Server, listener: socket.socket) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server._serve([listener])  # without its signal handlers: signals belong to the tests
            # A connection whose request still waits at a gate is left open by the server: end it within its loop.
            for connection in list(server.server_state.connections):
                connection.transport.abort()
            for _ in range(3):
                await asyncio.sleep(0)

        asyncio.run(serve())
        listener.close()

    def stop(self) -> None:
        """Stop; new connections are then refused. May be called twice."""
        thread, server, loop = self._thread, self._server, self._loop
        if thread is None or server is None or loop is None:
            return
        loop.call_soon_threadsafe(self.stopping)
        loop.call_soon_threadsafe(server.stop)
        thread.join(20.0)
        assert not thread.is_alive(), "the server did not stop"
        self._thread = self._server = self._loop = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)
