"""A Bot API on loopback, for tests: what python-telegram-bot and Vigie use of it, its limits, its errors, and faults on demand.

    async with FakeBotApi() as api:      # or `with`, from any thread
        api.add_channel(-1001, username="vigie")  # or let unknown chats be an error, as Telegram does
        ... telegram_channel(api_url=api.url, token=api.token, chat=-1001) ...
        assert api.messages[0].text.startswith(...)

`say` and `press` play a reader; `fail`, `drop` and `hold` play a bad day.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests import clock
from tests.servers.fake_bot_chats import BOT_ID, BOT_NAME, ApiError, BotMessage, Chat, Chats, bot_user, detected
from tests.servers.fake_bot_methods import Methods
from tests.servers.loopback import Gate, LoopbackServer, cut_line
from tests.skipping import HANGS

__all__ = ["BOT_NAME", "BotMessage", "Chat", "FakeBotApi", "Gate"]

_JSON_FIELDS = frozenset({"reply_markup", "entities", "allowed_updates", "commands", "scope", "link_preview_options", "reply_parameters"})
_CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(frozen=True)
class Call:
    """One request as understood."""

    method: str
    params: dict[str, Any]


@dataclass
class _Fault:
    """What happens to the next request of a method: before it is carried out, or after (`stored`)."""

    method: str
    stored: bool = False
    drop: bool = False
    error: ApiError | None = None
    body: bytes | None = None
    cut: bytes | None = None
    gate: Gate | None = None
    count: int = 1


class FakeBotApi(LoopbackServer):
    """One bot. Everything public may be used from any thread."""

    def __init__(self, token: str = f"{BOT_ID}:AAtest-token_of-no-account", *, per_chat_per_minute: int | None = None) -> None:
        super().__init__()
        self.token = token
        self.calls: list[Call] = []
        self._chats = Chats()
        self._methods = Methods(self._chats, per_chat_per_minute)
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._faults: list[_Fault] = []
        self._updates: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._poll = 0
        self._wake = asyncio.Event()

    # --- what tests see and do ---

    @property
    def messages(self) -> list[BotMessage]:
        """The bot's messages that still exist, oldest first."""
        with self._lock:
            return [message for message in self._chats.sent if message.message_id in self._chats.by_id[message.chat_id].messages]

    def messages_in(self, chat_id: int) -> list[BotMessage]:
        """Everything in a chat, whoever wrote it, by message id."""
        with self._lock:
            return [message for _, message in sorted(self._chats.by_id[chat_id].messages.items())]

    @property
    def callback_answers(self) -> list[dict[str, Any]]:
        """Parameters of every `answerCallbackQuery`."""
        return self._methods.callback_answers

    def calls_of(self, method: str) -> list[dict[str, Any]]:
        """Parameters of the requests of one method, in order."""
        return [call.params for call in list(self.calls) if call.method == method]

    async def until(self, condition: Callable[[], object], timeout: float = HANGS) -> None:  # noqa: ASYNC109 - a bound for a test gone wrong
        """Wait until something is true of this server; looked at after every request."""

        def wait() -> bool:
            with self._changed:
                return bool(self._changed.wait_for(condition, timeout))

        assert await asyncio.to_thread(wait), "it never happened"

    def add_channel(self, chat_id: int, username: str | None = None, *, can_edit: bool = False) -> Chat:
        """A channel in which the bot may post. As in Telegram, its first message (id 1) tells of its creation."""
        chat = self._add(Chat(chat_id, "channel", username, can_edit))
        with self._lock:  # the bot is no member yet
            self._chats.put(chat, BotMessage(chat_id, 0, "Channel created", from_bot=False, sender=7))
        return chat

    def add_group(self, chat_id: int, *, supergroup: bool = True) -> Chat:
        """A group with the bot in it."""
        return self._add(Chat(chat_id, "supergroup" if supergroup else "group"))

    def add_private(self, user_id: int) -> Chat:
        """A person who has started the bot."""
        return self._add(Chat(user_id, "private"))

    def _add(self, chat: Chat) -> Chat:
        with self._lock:
            return self._chats.add(chat)

    def kick(self, chat_id: int, description: str = "Forbidden: bot was kicked from the channel chat") -> None:
        """From now on the chat answers 403 (for a private chat: `Forbidden: bot was blocked by the user`)."""
        with self._lock:
            self._chats.by_id[chat_id].gone = description

    def migrate(self, chat_id: int, new_id: int) -> None:
        """The group becomes a supergroup."""
        with self._lock:
            self._chats.by_id[chat_id].moved_to = new_id
            self._chats.add(Chat(new_id, "supergroup"))

    def person_posts(self, chat_id: int, text: str) -> BotMessage:
        """Somebody else writes in a channel. A bot that asks for `channel_post` is told, also of what came while it did not listen."""
        with self._lock:
            message = self._chats.put(self._chats.by_id[chat_id], BotMessage(chat_id, 0, text, from_bot=False, sender=7))
            if self._chats.by_id[chat_id].type == "channel":
                self._push({"channel_post": self._chats.as_json(message)})
            return message

    def remove(self, message: BotMessage) -> None:
        """A message is deleted, by whoever."""
        with self._lock:
            self._chats.by_id[message.chat_id].messages.pop(message.message_id, None)

    def say(self, chat_id: int, user_id: int, text: str) -> BotMessage:
        """A person writes to the bot. An unknown chat is made: private when its id is the person's, else a supergroup."""
        with self._lock:
            if chat_id not in self._chats.by_id:
                self._chats.add(Chat(chat_id, "private" if chat_id == user_id else "supergroup"))
            message = BotMessage(chat_id, 0, text, entities=detected(text), from_bot=False, sender=user_id)
            self._chats.put(self._chats.by_id[chat_id], message)
            self._push({"message": self._chats.as_json(message)})
            return message

    def membership(self, user_id: int, status: str) -> None:
        """A person blocks the bot (`kicked`) or takes it back (`member`)."""
        with self._lock:
            person = {"id": user_id, "is_bot": False, "first_name": "Lectrice", "language_code": "fr"}
            until = {"until_date": 0} if status == "kicked" else {}
            new = {"status": status, "user": bot_user(), **until}
            about = {"chat": self._chats.by_id[user_id].as_json(), "from": person, "date": int(clock.now().timestamp())}
            self._push({"my_chat_member": {**about, "old_chat_member": {"status": "member", "user": bot_user()}, "new_chat_member": new}})

    def bot_says(self, chat_id: int, text: str) -> BotMessage:
        """A message that the bot sent before the test began."""
        with self._lock:
            return self._chats.put(self._chats.by_id[chat_id], BotMessage(chat_id, 0, text))

    def press(self, message: BotMessage, data: str, user_id: int | None = None) -> str:
        """A person presses an inline button; returns the query's id, to be found in `callback_answers`."""
        with self._lock:
            query = str(next(self._numbers))
            self._methods.open_queries.add(query)
            person = {"id": user_id or abs(message.chat_id), "is_bot": False, "first_name": "Lectrice", "language_code": "fr"}
            about = {"id": query, "from": person, "message": self._chats.as_json(message), "chat_instance": "1", "data": data}
            self._push({"callback_query": about})
            return query

    def fail(
        self, method: str, code: int, description: str, parameters: dict[str, Any] | None = None, *, stored: bool = False, count: int = 1
    ) -> None:
        """The next `count` requests of a method get this error; with `stored`, after having been carried out."""
        self._faults.append(_Fault(method, stored, error=ApiError(code, description, parameters), count=count))

    def garble(self, method: str, body: bytes, *, stored: bool = True) -> None:
        """The next request of a method is answered 200 with this body."""
        self._faults.append(_Fault(method, stored, body=body))

    def cut(self, method: str, *, after: bytes) -> None:
        """The next answer of a method that holds these bytes ends behind them, as behind a proxy whose own line was cut."""
        self._faults.append(_Fault(method, cut=after))

    def drop(self, method: str, *, stored: bool, count: int = 1) -> None:
        """The next `count` requests of a method get no answer: the line is cut, before or after they were carried out."""
        self._faults.append(_Fault(method, stored, drop=True, count=count))

    def hold(self, method: str, *, stored: bool) -> Gate:
        """The next request of a method waits at the gate, before or after it is carried out."""
        gate = Gate()
        self._faults.append(_Fault(method, stored, gate=gate))
        return gate

    # --- HTTP ---

    def app(self) -> ASGIApp:
        return Starlette(routes=[Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"])])

    def stopping(self) -> None:
        self._poll += 1
        self._wake.set()

    async def _answer(self, request: Request) -> Response:
        token, method = request.path_params["token"], request.path_params["method"]
        try:
            if token != self.token:
                raise ApiError(401, "Unauthorized") if ":" in token else ApiError(404, "Not Found")
            params = await _params(request)
            with self._changed:
                self.calls.append(Call(method, params))
                self._changed.notify_all()
            fault = self._next_fault(method)
            if fault is not None and not fault.stored and (answer := await _suffer(fault, request)) is not None:
                return answer
            result = await self._get_updates(params) if method == "getUpdates" else self._carry_out(method, params)
            if fault is not None and fault.stored and (answer := await _suffer(fault, request)) is not None:
                return answer
            return self._whole_or_cut(JSONResponse({"ok": True, "result": result}), fault)
        except ApiError as error:
            return _error(error)

    def _whole_or_cut(self, answer: Response, fault: _Fault | None) -> Response:
        if fault is None or fault.cut is None:
            return answer
        before, found, _ = bytes(answer.body).partition(fault.cut)
        if not found:
            self._faults.append(fault)
        return Response(before + found, media_type=answer.media_type) if found else answer

    def _next_fault(self, method: str) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.method == method:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._faults.remove(fault)
                    return fault
        return None

    def _carry_out(self, method: str, params: dict[str, Any]) -> Any:
        with self._changed:
            self._changed.notify_all()
            return self._methods.carry_out(method, params)

    # --- updates ---

    def _push(self, update: dict[str, Any]) -> None:
        self._updates.append({"update_id": 1000 + next(self._numbers), **update})
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        self._poll += 1
        mine = self._poll
        self._wake.set()  # ends the poll before this one
        offset, end = int(params.get("offset") or 0), time.monotonic() + float(params.get("timeout") or 0)
        while True:
            with self._lock:
                self._updates = [update for update in self._updates if update["update_id"] >= offset and _is_wanted(update, params)]
                due = self._updates[: int(params.get("limit") or 100)]
                self._wake.clear()
            if due:
                return due
            if (left := end - time.monotonic()) <= 0:
                return []
            try:
                await asyncio.wait_for(self._wake.wait(), left)
            except TimeoutError:
                return []
            if mine != self._poll:
                raise ApiError(409, _CONFLICT)


def _is_wanted(update: dict[str, Any], params: dict[str, Any]) -> bool:
    return not params.get("allowed_updates") or not update.keys().isdisjoint(params["allowed_updates"])


async def _params(request: Request) -> dict[str, Any]:
    """Parameters of a request, whichever of the four ways of the Bot API they came in."""
    params: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        params |= json.loads(await request.body() or b"{}")
    elif kind:
        async with request.form() as form:
            for name, value in form.items():
                params[name] = await value.read() if isinstance(value, UploadFile) else value
    for name in _JSON_FIELDS & params.keys():
        if isinstance(params[name], str):
            params[name] = json.loads(params[name])
    return params


async def _suffer(fault: _Fault, request: Request) -> Response | None:
    if fault.gate is not None:
        await fault.gate.wait()
    if fault.drop:
        await cut_line(request.scope)
        return Response()
    if fault.error is not None:
        return _error(fault.error)
    return None if fault.body is None else Response(fault.body, media_type="application/json")


def _error(error: ApiError) -> JSONResponse:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    return JSONResponse(body | ({"parameters": error.parameters} if error.parameters else {}), status_code=error.code)
