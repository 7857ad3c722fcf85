"""What goes wrong before anything was sent leaves nothing in doubt."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TextIO

import httpx
import pytest
from structlog.testing import capture_logs
from telegram.request import HTTPXRequest

from bot.delivery.channel import Channel, DeliveryUnknown, NotSent
from bot.delivery.console import ConsoleChannel
from bot.delivery.deliverer import Deliverer
from bot.delivery.mastodon.client import MOST_BYTES, classify_failure, request
from bot.domain.posts import PostCause, PostState
from bot.messages.lines import hashtags
from tests.bot.delivery.memory import (
    Clock,
    MemoryMoves,
    MemoryOutbox,
    composer,
    mastodon_channel,
    operators_chat,
    post,
    telegram_channel,
)
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer


def channels(api: FakeBotApi, mastodon: MastodonServer, clock: Clock) -> list[Channel]:
    api.add_channel(-1001, username="vigie")
    return [
        ConsoleChannel("console", io.StringIO(), composer(clock)),
        telegram_channel(api, name="telegram", clock=clock),
        mastodon_channel(mastodon, name="mastodon", clock=clock),
    ]


async def test_a_decree_without_words_is_refused_and_keeps_no_other_waiting(
    api: FakeBotApi, mastodon: MastodonServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*said: object) -> tuple[str, ...]:
        if not broken_once:
            broken_once.append(True)
            raise KeyError("a fault of ours")
        return hashtags(*said)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr("bot.messages.announcement.hashtags", broken)
    for channel in channels(api, mastodon, clock):
        broken_once: list[bool] = []
        outbox = MemoryOutbox(post(1, channel.name), post(2, channel.name))
        with capture_logs() as logs:
            done = await Deliverer(outbox, [channel], clock).deliver_due()
        assert [(one.state, one.alert) for one in done] == [(PostState.REFUSED, True), (PostState.SENT, False)]
        assert outbox.causes == [PostCause.REFUSED_CONTENT]
        assert [line["event"] for line in logs] == ["channel.crashed"]
        await channel.close()


class Unreadable(MemoryMoves):
    """The store of moves, while its database is locked."""

    def now_at(self, chat: int | str) -> int | str:
        raise OSError("locked")

    def moved_at(self, chat: int | str) -> datetime | None:
        raise OSError("locked")

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        raise OSError("locked")


class Unwritable(Unreadable):
    """The same, where it can be read and not written."""

    def now_at(self, chat: int | str) -> int | str:
        return chat


async def test_a_chat_of_which_nobody_knows_where_it_is_leaves_no_post_in_doubt(api: FakeBotApi, clock: Clock) -> None:
    channel = telegram_channel(api, name="t", clock=clock, moves=Unreadable())
    with pytest.raises(NotSent, match="what is known of the chat"):
        await channel.send(post(1))
    assert api.messages == []
    await channel.close()


async def test_a_move_that_cannot_be_noted_leaves_no_post_in_doubt(api: FakeBotApi, clock: Clock) -> None:
    api.add_group(-5, supergroup=False)
    api.migrate(-5, -1005)
    channel = telegram_channel(api, name="t", chat=-5, clock=clock, moves=Unwritable())
    for _ in range(2):
        with pytest.raises(NotSent, match="what is known of the chat"):
            await channel.send(post(1))
    assert api.messages == []
    await channel.close()


def channel(stream: TextIO, clock: Clock) -> ConsoleChannel:
    return ConsoleChannel("console", stream, composer(clock))


async def test_the_post_is_written_whole_and_at_once(clock: Clock) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    await channel(stream, clock).send(post())
    assert "Autorisation de vidéosurveillance algorithmique" in raw.getvalue().decode()
    assert raw.getvalue().endswith(b"#page=1\n\n")


async def test_a_terminal_without_accents_does_not_stop_the_bot(clock: Clock) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    await channel(stream, clock).send(post())
    assert b"Autorisation de vid?osurveillance" in raw.getvalue()


class _Broken(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def write(self, text: str) -> int:
        raise self._error


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device"), ValueError("I/O operation on closed file")]
)
async def test_what_could_not_be_written_is_not_sent(clock: Clock, error: Exception) -> None:
    with pytest.raises(NotSent, match=r"Broken pipe|No space|closed file"):
        await channel(_Broken(error), clock).send(post())


# Servers that never end their answer, and answers without end.


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
