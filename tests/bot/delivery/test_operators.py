from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from bot.delivery.channel import DeliveryUnknown, DestinationRefused, NotSent
from bot.delivery.telegram.operators_chat import TelegramOperators
from tests.bot.delivery.memory import operators_chat
from tests.servers.fake_bot_api import FakeBotApi

CHANNEL, OPERATORS = -1001111, -1002222


@pytest.fixture
def api() -> Iterator[FakeBotApi]:
    with FakeBotApi() as server:
        server.add_channel(CHANNEL, "vsa")
        server.add_group(OPERATORS)
        yield server


@asynccontextmanager
async def operators(
    api: FakeBotApi, chat: int | str = OPERATORS, public: tuple[int | str, ...] = ("@VSA",)
) -> AsyncIterator[TelegramOperators]:
    told = operators_chat(chat, api.token, public, api.url)
    try:
        yield told
    finally:
        await told.close()


async def test_a_text_arrives_as_it_is(api: FakeBotApi) -> None:
    async with operators(api) as chat:
        await chat.send("1 < 2 & <b>\n\n→ look")
        await chat.send("again")
    assert [message.text for message in api.messages_in(OPERATORS)] == ["1 < 2 & <b>\n\n→ look", "again"]
    assert len(api.calls_of("getChat")) == 1
    assert all("parse_mode" not in call for call in api.calls_of("sendMessage"))


@pytest.mark.parametrize(
    ("chat", "public"), [(CHANNEL, ("@vsa",)), ("@vsa", (CHANNEL,)), (CHANNEL, ("@other", CHANNEL)), ("@VSA", ("@vsa",))]
)
async def test_nothing_internal_reaches_a_public_channel_whatever_it_is_called(
    api: FakeBotApi, chat: int | str, public: tuple[int | str, ...]
) -> None:
    async with operators(api, chat, public) as told:
        for _ in range(2):
            with pytest.raises(DestinationRefused, match="public destination"):
                await told.send("internal")
    assert api.calls_of("sendMessage") == []


async def test_a_chat_that_cannot_be_looked_up_is_not_written_to(api: FakeBotApi) -> None:
    async with operators(api) as chat:
        api.drop("getChat", stored=False)
        with pytest.raises(NotSent):
            await chat.send("internal")
        assert api.calls_of("sendMessage") == []
        await chat.send("later")
    assert [message.text for message in api.messages_in(OPERATORS)] == ["later"]


async def test_an_answer_that_is_lost_is_told_without_the_token(api: FakeBotApi) -> None:
    async with operators(api) as chat:
        api.drop("sendMessage", stored=True)
        with pytest.raises(DeliveryUnknown) as caught:
            await chat.send("internal")
    assert api.token not in str(caught.value)


async def test_a_group_that_became_a_supergroup_is_followed(api: FakeBotApi) -> None:
    api.add_group(-5, supergroup=False)
    async with operators(api, -5) as chat:
        await chat.send("before")
        api.migrate(-5, -1005)
        await chat.send("after")
    assert [message.text for message in api.messages_in(-1005)][-1] == "after"


async def test_a_chat_that_is_unknown_is_refused(api: FakeBotApi) -> None:
    async with operators(api, -42) as chat:
        with pytest.raises(DestinationRefused, match="Chat not found"):
            await chat.send("internal")


async def test_nothing_that_stands_in_a_pdf_or_on_a_page_acts(api: FakeBotApi) -> None:
    async with operators(api) as chat:
        await chat.send("Arrêté de t.me/canal, www.mechant.fr /start\nhttps://a.example/r.pdf#page=3")
    (message,) = api.messages_in(OPERATORS)
    assert message.acted_on == []
    assert "\nhttps://a.example/r.pdf#page=3" in message.text
