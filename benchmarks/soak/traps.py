"""Points at which a server of the soak stops in the middle of a request, says so, and goes on when told to."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.servers.loopback import cut_line

_LONGEST_HOLD = 60.0


class Point(Enum):
    """How far a request got. `CUT`: carried out, and the line is cut in place of an answer; nothing waits there."""

    RECEIVED = auto()
    STORED = auto()
    HALF = auto()
    ANSWERED = auto()
    CUT = auto()


@dataclass
class Trap:
    """Springs at the `nth` matching request (from 0). `pattern` is for the method and the path. `is_lost`: a request that was held when
    it was received is not carried out afterwards either."""

    pattern: str
    point: Point
    nth: int = 0
    is_lost: bool = False
    is_sprung: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    _freed: threading.Event = field(default_factory=threading.Event)

    def free(self) -> None:
        """Let the server go on."""
        self._freed.set()

    async def hold(self) -> None:
        """Called by the server."""
        self.reached.set()
        await asyncio.to_thread(self._freed.wait, _LONGEST_HOLD)


class Traps:
    """The traps of one server, and the application behind them."""

    def __init__(self) -> None:
        self._set: list[Trap] = []
        self._lock = threading.Lock()
        self._busy = 0
        self._quiet = threading.Condition()

    def put(self, trap: Trap) -> Trap:
        """Set a trap."""
        with self._lock:
            self._set.append(trap)
        return trap

    def clear(self) -> None:
        """Free whatever is held, remove all traps, and wait until every request was carried out: what is late is late, not lost."""
        with self._lock:
            for trap in self._set:
                trap.free()
            self._set.clear()
        with self._quiet:
            if not self._quiet.wait_for(lambda: self._busy == 0, 30.0):
                raise TimeoutError("a request to a server of the soak does not end")

    def _sprung(self, scope: Scope) -> Trap | None:
        with self._lock:
            for trap in self._set:
                if not trap.is_sprung and re.fullmatch(trap.pattern, f"{scope['method']} {scope['path']}"):
                    if trap.nth == 0:
                        trap.is_sprung = True
                        return trap
                    trap.nth -= 1
                    return None
        return None

    def around(self, inner: ASGIApp) -> ASGIApp:
        """The application with the traps before it."""

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            # Whoever asks for updates waits for them until long after its death.
            if scope["type"] != "http" or scope["path"].endswith("/getUpdates"):
                await inner(scope, receive, send)
                return
            with self._quiet:
                self._busy += 1
            try:
                await self._serve(inner, scope, receive, send)
            finally:
                with self._quiet:
                    self._busy -= 1
                    self._quiet.notify_all()

        return outer

    async def _serve(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        trap = self._sprung(scope)
        if trap is None:
            await inner(scope, receive, send)
            return
        body = await _body(receive)
        if trap.point is Point.RECEIVED:
            await trap.hold()
            if trap.is_lost:
                await cut_line(scope)
                return
        answer = await _answer(inner, scope, body)
        match trap.point:
            case Point.STORED:
                await trap.hold()
                await cut_line(scope)
            case Point.CUT:
                trap.reached.set()
                await cut_line(scope)
            case Point.HALF:
                await send(answer[0])
                content = b"".join(message.get("body", b"") for message in answer[1:])
                await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
                await trap.hold()
                await cut_line(scope)
            case _:
                for message in answer:
                    await send(message)
                trap.reached.set()


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _answer(inner: ASGIApp, scope: Scope, body: bytes) -> list[MutableMapping[str, Any]]:
    kept: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def keep(message: Message) -> None:
        kept.append(message)

    await inner(scope, receive, keep)
    return kept
