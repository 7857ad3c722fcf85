"""mastodon-mock on loopback, with what it lacks: links counted at 23 characters, and answers lost after the status was stored.

async with MastodonServer() as server:
    ... mastodon_channel(instance=server.url, token=server.token) ...
    assert server.statuses()[0]["content"] ...
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
import threading
import warnings
import weakref
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests import clock
from tests.servers.loopback import Gate, LoopbackServer, cut_line

_ROOM_IN_THE_MOCK = 1_000_000
_LIMIT = 500
_PER_URL = 23
_PAGE = 40
_URL = re.compile(r"https?://\S+")


@dataclass
class _Fault:
    method: str
    path: str
    stored: bool = False
    drop: bool = False
    status: int | None = None
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    gate: Gate | None = None
    count: int = 1


@dataclass(frozen=True)
class Seen:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class MastodonServer(LoopbackServer):
    """One instance with two accounts. Everything public may be used from any thread."""

    token = "vigie-mock-token"
    other_token = "autre-mock-token"

    def __init__(self, *, ignores_idempotency: bool = False, counts_links_in_full: bool = False, edits_make_public: bool = False) -> None:
        """`ignores_idempotency`: as Takahe, GoToSocial and snac do. `counts_links_in_full`, though it says 23: as Takahe does.
        `edits_make_public`: whatever a status was, as Takahe does.
        """
        super().__init__()
        self.requests: list[Seen] = []
        self._ignores_idempotency = ignores_idempotency
        self._counts_links_in_full = counts_links_in_full
        self._edits_make_public = edits_make_public
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()
        self._mock: _Mock | None = None
        self._unanswered = 0

    def app(self) -> ASGIApp:
        self._mock = mock = _idle.pop() if _idle else _Mock()
        mock.begin()
        self._unanswered = 0
        inner: ASGIApp = mock.app
        self._engine = mock.engine

        async def outer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            self._unanswered += 1
            body = await whole_body(receive)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            self.requests.append(Seen(scope["method"], scope["path"], headers, body.decode("utf-8", "replace")))
            if self._ignores_idempotency:
                scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"idempotency-key"]}
            await self._serve(inner, scope, body, send)
            self._unanswered -= 1

        return outer

    def stop(self) -> None:
        super().stop()
        # A request that was broken off may still write.
        if self._mock is not None and not self._unanswered:
            _idle.append(self._mock)
        self._mock = None

    async def _serve(self, inner: ASGIApp, scope: Scope, body: bytes, send: Send) -> None:
        fault = self._next_fault(scope["method"], scope["path"])
        if fault is not None and not fault.stored and await _suffer(fault, scope, send):
            return
        too_long = _refusal(scope, body, self._counts_links_in_full)
        if too_long is not None:
            await _answer(send, 422, too_long)
            return
        answer: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: Message) -> None:
            answer.append(message)

        if self._edits_make_public and scope["method"] == "PUT" and (edited := re.fullmatch(r"/api/v1/statuses/(\d+)", scope["path"])):
            with self._engine.begin() as connection:
                connection.execute(text("UPDATE statuses SET visibility = 'public' WHERE id = :id"), {"id": int(edited[1])})
        await inner(scope, receive, keep)
        if fault is not None and fault.stored and await _suffer(fault, scope, send):
            return
        for message in answer:
            await send(message)

    def _next_fault(self, method: str, path: str) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.method == method and re.fullmatch(fault.path, path):
                    fault.count -= 1
                    if fault.count <= 0:
                        self._faults.remove(fault)
                    return fault
        return None

    # --- faults; `path` is a regular expression for the whole path ---

    def fail(
        self,
        status: int,
        body: object = None,
        headers: dict[str, str] | None = None,
        *,
        method: str = "POST",
        path: str = "/api/v1/statuses",
        stored: bool = False,
        count: int = 1,
    ) -> None:
        """The next `count` matching requests get this answer; with `stored`, after having been carried out."""
        raw = body if isinstance(body, bytes) else json.dumps({"error": f"fault {status}"} if body is None else body).encode()
        pairs = tuple((name.lower().encode(), value.encode()) for name, value in (headers or {}).items())
        self._faults.append(_Fault(method, path, stored, status=status, body=raw, headers=pairs, count=count))

    def drop(self, *, stored: bool, method: str = "POST", path: str = "/api/v1/statuses", count: int = 1) -> None:
        """The next `count` matching requests get no answer: the line is cut, before or after they were carried out."""
        self._faults.append(_Fault(method, path, stored, drop=True, count=count))

    def hold(self, *, stored: bool, method: str = "POST", path: str = "/api/v1/statuses") -> Gate:
        """The next matching request waits at the gate, before or after it is carried out."""
        gate = Gate()
        self._faults.append(_Fault(method, path, stored, gate=gate))
        return gate

    # --- what tests see ---

    def statuses(self, token: str | None = None) -> list[dict[str, Any]]:
        """The statuses of an account (the bot's by default), newest first."""
        with httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token or self.token}"}, trust_env=False, timeout=60
        ) as client:
            account = client.get("/api/v1/accounts/verify_credentials").raise_for_status().json()["id"]
            found: list[dict[str, Any]] = []
            params = {"limit": f"{_PAGE}"}
            while page := client.get(f"/api/v1/accounts/{account}/statuses", params=params).raise_for_status().json():
                found += page
                if len(page) < _PAGE:
                    break
                params["max_id"] = page[-1]["id"]
            return found

    def post(self, text: str, token: str | None = None, **form: str) -> str:
        """Somebody posts; `form` has what else the request says, such as `visibility`. Returns the status id."""
        return str(self.act("POST", "/api/v1/statuses", token, status=text, **form)["id"])

    def act(self, method: str, path: str, token: str | None = None, **form: str) -> Any:
        """Somebody sends a request (the bot by default); returns the document of the answer."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        answer = httpx.request(method, self.url + path, data=form or None, headers=headers, trust_env=False, timeout=60)
        return answer.raise_for_status().json()


def load_mock() -> None:
    """Import mastodon-mock, which takes ten times as long as to make one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_module("mastodon_mock.app")


class _Mock:
    """mastodon-mock, whose making takes far longer than most tests that use it. It serves one after another, each from a new database."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a third party's imports
            from mastodon_mock.app import create_app  # noqa: PLC0415 - under the filter above
            from mastodon_mock.config import (  # noqa: PLC0415 - under the filter above
                FaultConfig,
                MastodonMockConfig,
                SeedAccount,
                SeedConfig,
                StreamingConfig,
            )
            from mastodon_mock.routers import statuses  # noqa: PLC0415 - under the filter above

            clock.tell("mastodon_mock.db.models")

            # The mock counts links in full; this server counts as Mastodon does, before it hands on.
            setattr(statuses, "MAX_STATUS_CHARACTERS", _ROOM_IN_THE_MOCK)  # noqa: B010 - the name is not exported
            accounts = [
                SeedAccount(username="vigie", bot=True, access_token=MastodonServer.token),
                SeedAccount(username="autre", access_token=MastodonServer.other_token),
            ]
            # Removed with this object or this process; a folder of the mock's own would stay.
            media = tempfile.mkdtemp(prefix="vigie-mastodon-")
            weakref.finalize(self, shutil.rmtree, media, ignore_errors=True)
            config = MastodonMockConfig(
                seed=SeedConfig(accounts=accounts),
                faults=FaultConfig(enabled=False),
                streaming=StreamingConfig(enabled=False),
                media_storage_path=media,
            )
            self.app: Starlette = create_app(config)
        # What they do for the browsers of other sites is of no use here.
        self.app.user_middleware.clear()
        self.engine: Engine = self.app.state.engine
        _release_what_comes_back_late(self.engine)
        with closing(self.engine.raw_connection()) as raw:
            assert isinstance(raw.driver_connection, sqlite3.Connection)
            self._seeded = raw.driver_connection.serialize()

    def begin(self) -> None:
        """Forget what was served, and take a new database."""
        self.engine.dispose()  # which removes the old one
        Path(self.engine.url.database or "").write_bytes(self._seeded)


_idle: list[_Mock] = []


def _release_what_comes_back_late(engine: Engine) -> None:
    """Close a connection that a request still had when the mock was stopped: nobody empties its pool any more."""

    @event.listens_for(engine, "connect")
    def _note_pool(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["pool"] = engine.pool

    @event.listens_for(engine, "checkin")
    def _release(_connection: object, entry: ConnectionPoolEntry) -> None:
        if entry.info.get("pool") is not engine.pool:
            entry.close()


async def whole_body(receive: Receive) -> bytes:
    """Return the body of a request, however many parts it comes in."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _refusal(scope: Scope, body: bytes, in_full: bool) -> object | None:
    """What Mastodon says of a status that is too long, links counted at 23 or in full."""
    if scope["method"] not in {"POST", "PUT"} or not re.fullmatch(r"/api/v1/statuses(/\d+)?", scope["path"]):
        return None
    fields = httpx.QueryParams(body.decode())
    status = fields.get("status", "")
    if len(status if in_full else _URL.sub("x" * _PER_URL, status)) <= _LIMIT:
        return None
    return {"error": f"Validation failed: Text character limit of {_LIMIT} exceeded"}


async def _suffer(fault: _Fault, scope: Scope, send: Send) -> bool:
    """Whether the request is thereby answered (or never will be)."""
    if fault.gate is not None:
        await fault.gate.wait()
    if fault.drop:
        await cut_line(scope)
        return True
    if fault.status is None:
        return False
    await _answer(send, fault.status, fault.body, fault.headers)
    return True


async def _answer(send: Send, status: int, body: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    start = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": raw})
