"""Stops a server of the soak in the middle of a request, says so, and lets it go on when told to."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.servers.loopback import cut_line
from tests.servers.mastodon import whole_body

_LONGEST_HOLD = 60.0


class Step(StrEnum):
    """How far the request got at which the program is killed."""

    RECEIVED_LOST = "request received, never carried out"
    RECEIVED_LATE = "request received, carried out after the kill"
    STORED = "message stored, no answer begun"
    HALF = "answer half sent"
    ANSWERED = "answer sent, a moment ago"


class Traps:
    """Holds at most one trap, which springs at the `nth` request (from 0) whose method and path match a pattern. `reached` tells of it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._freed = threading.Event()
        self._waiting: tuple[str, Step, int] | None = None
        self._busy = 0
        self._quiet = threading.Condition()

    def put(self, pattern: str, step: Step, nth: int = 0) -> None:
        """Set it."""
        self.reached.clear()
        self._freed.clear()
        self._waiting = (pattern, step, nth)

    def clear(self) -> None:
        """Remove it, free what is held, and wait until every request was carried out: what is late is late, not lost."""
        self._waiting = None
        self._freed.set()
        with self._quiet:
            if not self._quiet.wait_for(lambda: self._busy == 0, 30.0):
                raise TimeoutError("a request to a server of the soak does not end")

    def around(self, inner: ASGIApp) -> ASGIApp:
        """Return the application with the trap before it."""

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
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

    def _sprung(self, scope: Scope) -> Step | None:
        if self._waiting is None or re.fullmatch(self._waiting[0], f"{scope['method']} {scope['path']}") is None:
            return None
        pattern, step, nth = self._waiting
        self._waiting = (pattern, step, nth - 1) if nth else None
        return None if nth else step

    async def _hold(self) -> None:
        self.reached.set()
        await asyncio.to_thread(self._freed.wait, _LONGEST_HOLD)

    async def _serve(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        step = self._sprung(scope)
        if step is None:
            await inner(scope, receive, send)
            return
        body = await whole_body(receive)
        if step in {Step.RECEIVED_LOST, Step.RECEIVED_LATE}:
            await self._hold()
        answer = [] if step is Step.RECEIVED_LOST else await _answer(inner, scope, body)
        if step is Step.ANSWERED:
            for message in answer:
                await send(message)
            self.reached.set()
            return
        if step is Step.HALF:
            await send(answer[0])
            content = b"".join(message.get("body", b"") for message in answer[1:])
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
        if step in {Step.STORED, Step.HALF}:
            await self._hold()
        await cut_line(scope)


async def _answer(inner: ASGIApp, scope: Scope, body: bytes) -> list[MutableMapping[str, Any]]:
    kept: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def keep(message: Message) -> None:
        kept.append(message)

    await inner(scope, receive, keep)
    return kept
