"""Servers that never end their answer, and answers without end."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from telegram.request import HTTPXRequest

from bot.delivery.channel import DeliveryUnknown
from bot.delivery.mastodon.client import MOST_BYTES, classify_failure, request
from tests.bot.delivery.memory import operators_chat


class Dripping(httpx.AsyncByteStream):
    """A byte at a time, for ever: no single read ever takes too long."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b" "


class Endless(httpx.AsyncByteStream):
    """More than anybody can keep."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1024 * 1024


def server(answer: Callable[[], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda asked: answer()), base_url="https://m.example")


@pytest.mark.parametrize(
    ("body", "longest", "expected"), [(Dripping, 0.02, httpx.ReadTimeout), (Endless, 60.0, httpx.ReadError)]
)  # fmt: skip
async def test_a_request_ends_and_leaves_open_what_became_of_it(
    body: type[httpx.AsyncByteStream], longest: float, expected: type[httpx.HTTPError]
) -> None:
    async with server(lambda: httpx.Response(200, stream=body())) as client:
        with pytest.raises(expected) as raised:
            await request(client, "POST", "/api/v1/statuses", longest=longest)
    assert type(classify_failure(raised.value)) is DeliveryUnknown


async def test_an_answer_is_whole_with_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    packed = gzip.compress(b'{"id": "17"}')
    headers = {"Content-Encoding": "gzip", "X-RateLimit-Remaining": "3"}
    async with server(lambda: httpx.Response(429, headers=headers, content=packed)) as client:
        answer = await request(client, "GET", "/", longest=5.0)
    assert (answer.status_code, answer.json(), answer.headers["x-ratelimit-remaining"]) == (429, {"id": "17"}, "3")
    assert len(answer.content) < MOST_BYTES


async def test_telegram_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_args: object, **_options: object) -> tuple[int, bytes]:
        await asyncio.Event().wait()
        raise AssertionError("it never ends")

    monkeypatch.setattr(HTTPXRequest, "do_request", hangs)
    monkeypatch.setattr("bot.delivery.telegram.client.READS", 0.001)
    chat = operators_chat(-1, "1:x", [])
    try:
        with pytest.raises(DeliveryUnknown, match="in time"):
            await chat.send("bonjour")
    finally:
        await chat.close()
