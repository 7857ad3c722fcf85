"""The fake Bot API refuses what the real one refuses: what else it does, the tests of what talks to it need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.telegram_html import CannotParse, parse


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


async def test_files_come_with_a_short_caption(api: FakeBotApi, client: httpx.AsyncClient) -> None:
    for caption, ok in (("a" * 1024, True), ("a" * 1025, False)):
        answer = await client.post("/sendPhoto", data={"chat_id": -1001, "caption": caption}, files={"photo": ("a.png", b"PNG")})
        assert answer.json()["ok"] is ok
    assert [message.file for message in api.messages] == [b"PNG"]


@pytest.mark.parametrize("stored", [False, True])
async def test_a_cut_line_before_and_after(api: FakeBotApi, client: httpx.AsyncClient, stored: bool) -> None:
    api.drop("sendMessage", stored=stored)
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(client, "sendMessage", chat_id=-1001, text="x")
    assert len(api.messages) == stored
    assert (await ask(client, "sendMessage", chat_id=-1001, text="y"))["ok"]


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
