"""The fake Bot API answers as the real one does, to the library and to bare requests."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from telegram import Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler

from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.telegram_html import CannotParse, parse
from tests.skipping import HANGS


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        server.add_channel(-1001, username="vigie")
        yield server


@pytest.fixture
async def client(api: FakeBotApi) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{api.url}/bot{api.token}", trust_env=False, timeout=60) as one:
        yield one


async def ask(client: httpx.AsyncClient, method: str, **params: Any) -> dict[str, Any]:
    answer = await client.post(f"/{method}", json=params)
    body: dict[str, Any] = answer.json()
    assert answer.status_code == (200 if body["ok"] else body["error_code"])
    return body


@pytest.mark.parametrize(
    "body",
    [
        {
            "data": {
                "chat_id": "-1001",
                "text": "bonjour",
                "reply_markup": '{"inline_keyboard": [[{"text": "x", "url": "https://a.example"}]]}',
            }
        },
        {
            "json": {
                "chat_id": "@vigie",
                "text": "bonjour",
                "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "https://a.example"}]]},
            }
        },
        {"data": {"chat_id": -1001, "text": "bonjour"}, "files": {"unused": ("a.txt", b"a")}},
        {"params": {"chat_id": -1001, "text": "bonjour"}},
    ],
)
async def test_four_ways_to_ask(api: FakeBotApi, client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    result = (await client.post("/sendMessage", **body)).json()["result"]
    assert (result["text"], result["chat"]["id"]) == ("bonjour", -1001)
    assert api.messages[0].text == "bonjour"


@pytest.mark.parametrize(
    ("method", "params", "code", "description"),
    [
        ("sendMessage", {"chat_id": -1, "text": "x"}, 400, "Bad Request: chat not found"),
        ("sendMessage", {"chat_id": -1001, "text": " "}, 400, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": -1001, "text": "😀" * 2049}, 400, "Bad Request: message is too long"),
        (
            "sendMessage",
            {"chat_id": -1001, "text": "é<x>", "parse_mode": "HTML"},
            400,
            'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 2',
        ),
        ("editMessageText", {"chat_id": -1001, "message_id": 9, "text": "x"}, 400, "Bad Request: message to edit not found"),
        ("editMessageReplyMarkup", {"chat_id": -1001, "message_id": 1}, 400, "Bad Request: message can't be edited"),
        ("deleteMessage", {"chat_id": -1001, "message_id": 9}, 400, "Bad Request: message to delete not found"),
        ("noSuchMethod", {}, 404, "Not Found"),
    ],
)
async def test_refusals(client: httpx.AsyncClient, method: str, params: dict[str, Any], code: int, description: str) -> None:
    body = await ask(client, method, **params)
    assert (body["error_code"], body["description"]) == (code, description)


async def test_4096_units_after_parsing_are_taken(client: httpx.AsyncClient) -> None:
    assert (await ask(client, "sendMessage", chat_id=-1001, text="<b>" + "a" * 4096 + "</b>", parse_mode="HTML"))["ok"]


@pytest.mark.parametrize(("token", "code"), [("1:autre", 401), ("sans-deux-points", 404)])
async def test_wrong_tokens(api: FakeBotApi, token: str, code: int) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as other:
        assert (await other.get(f"{api.url}/bot{token}/getMe")).status_code == code


async def test_a_chat_takes_so_many_messages_a_minute() -> None:
    async with (
        FakeBotApi(per_chat_per_minute=2) as api,
        httpx.AsyncClient(base_url=f"{api.url}/bot{api.token}", trust_env=False, timeout=60) as client,
    ):
        api.add_channel(-1001)
        api.add_private(5)
        answers = [await ask(client, "sendMessage", chat_id=-1001, text="x") for _ in range(3)]
        assert [answer["ok"] for answer in answers] == [True, True, False]
        assert 1 <= answers[2]["parameters"]["retry_after"] <= 61
        assert (await ask(client, "sendMessage", chat_id=5, text="x"))["ok"]


async def test_files_come_with_a_short_caption(api: FakeBotApi, client: httpx.AsyncClient) -> None:
    for caption, ok in (("a" * 1024, True), ("a" * 1025, False)):
        answer = await client.post("/sendPhoto", data={"chat_id": -1001, "caption": caption}, files={"photo": ("a.png", b"PNG")})
        assert answer.json()["ok"] is ok
    assert [message.file for message in api.messages] == [b"PNG"]


async def test_updates_wait_for_somebody_and_are_given_once(api: FakeBotApi, client: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(ask(client, "getUpdates", timeout=20))
    await asyncio.to_thread(api.say, 5, 5, "/start")
    (update,) = (await waiting)["result"]
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert (await ask(client, "getUpdates", offset=update["update_id"]))["result"] == [update]
    assert (await ask(client, "getUpdates", offset=update["update_id"] + 1))["result"] == []


async def test_a_second_poller_ends_the_first(api: FakeBotApi, client: httpx.AsyncClient) -> None:
    first = asyncio.create_task(ask(client, "getUpdates", timeout=20))
    await api.until(lambda: api.calls_of("getUpdates"))
    await ask(client, "getUpdates", timeout=0)
    assert (await first)["error_code"] == 409


async def test_the_library_talks_to_it(api: FakeBotApi) -> None:
    """A command is answered and a button works, through python-telegram-bot's own polling."""
    pressed = asyncio.Event()

    async def start(update: Update, _: Any) -> None:
        assert update.effective_message is not None
        await update.effective_message.reply_text("bienvenue")

    async def press(update: Update, _: Any) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("ok")
        await update.callback_query.edit_message_text(f"appuyé {update.callback_query.data}")
        pressed.set()

    builder = Application.builder().token(api.token).base_url(f"{api.url}/bot").job_queue(None)
    application = builder.build()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CallbackQueryHandler(press))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling()
        api.say(5, 5, "/start")
        await api.until(lambda: api.messages)
        api.press(api.messages[0], "page:2")
        await asyncio.wait_for(pressed.wait(), 60)
        await application.updater.stop()
        await application.stop()
    assert [message.text for message in api.messages] == ["appuyé page:2"]
    assert [answer["text"] for answer in api.callback_answers] == ["ok"]


@pytest.mark.parametrize("stored", [False, True])
async def test_a_cut_line_before_and_after(api: FakeBotApi, client: httpx.AsyncClient, stored: bool) -> None:
    api.drop("sendMessage", stored=stored)
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(client, "sendMessage", chat_id=-1001, text="x")
    assert len(api.messages) == stored
    assert (await ask(client, "sendMessage", chat_id=-1001, text="y"))["ok"]


async def test_a_gate_holds_an_answer(api: FakeBotApi, client: httpx.AsyncClient) -> None:
    gate = api.hold("sendMessage", stored=True)
    sending = asyncio.create_task(ask(client, "sendMessage", chat_id=-1001, text="x"))
    await gate.reached()
    assert len(api.messages) == 1
    assert not sending.done()
    gate.open()
    assert (await sending)["ok"]


def test_it_may_be_used_without_a_loop_and_started_again_on_its_port() -> None:
    with FakeBotApi() as api:
        url = api.url
        assert httpx.get(f"{url}/bot{api.token}/getMe", trust_env=False, timeout=60).json()["ok"]
        api.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/bot{api.token}/getMe", trust_env=False, timeout=60)
        api.start()
        assert api.url == url
        assert httpx.get(f"{url}/bot{api.token}/getMe", trust_env=False, timeout=60).json()["ok"]


def test_who_connects_as_it_ends_is_not_forgotten() -> None:
    busy, end = threading.Event(), threading.Event()

    def stay() -> None:
        busy.set()
        end.wait(HANGS)

    api = FakeBotApi().start()
    assert api._thread
    assert api._loop
    assert api._server
    api._loop.call_soon_threadsafe(stay)
    assert busy.wait(HANGS)
    with socket.create_connection(("127.0.0.1", api._port), HANGS) as client:
        # Its next turn begins with the end, and goes on with the one who waits.
        api._loop.call_soon_threadsafe(api._server.stop)
        end.set()
        api._thread.join(HANGS)
        # What is collected unclosed is an error.
        gc.collect()
        assert client.recv(1) == b""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a &lt;b&gt; &amp; &quot;&#x27; &eacute;", "a <b> & \"' &eacute;"),
        ("<b>x<i>y</i></b>", "xy"),
        ('<a href="https://a.example/?x=1&amp;y=2">z</a>', "z"),
    ],
)
def test_html_that_telegram_reads(source: str, text: str) -> None:
    assert parse(source).text == text


@pytest.mark.parametrize("source", ["<", "a < b", "<b>x", "x</b>", "<b><i>x</b></i>", "<script>x</script>", "<a href='x'>y</a>"])
def test_html_that_telegram_refuses(source: str) -> None:
    with pytest.raises(CannotParse):
        parse(source)
