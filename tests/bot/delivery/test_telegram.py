from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest

from bot.delivery.channel import ChatClosed, DeliveryUnknown, DestinationRefused, HoldForPerson, Migrated, NotSent, Refused, SendAgain
from bot.delivery.telegram.channel import TelegramChannel
from bot.delivery.telegram.client import SendingBot
from bot.domain.acts import Facts, Moment
from bot.messages.announcement import TelegramText, telegram_text
from bot.messages.lines import MessageInput
from tests.bot.delivery.memory import MemoryMoves, on_telegram, post
from tests.bot.delivery.test_pictures import shown
from tests.bot.messages.samples import decree
from tests.servers.fake_bot_api import FakeBotApi

CHANNEL = -1001


@pytest.fixture
async def channel(api: FakeBotApi) -> AsyncIterator[TelegramChannel]:
    api.add_channel(CHANNEL, username="vigie")
    async with on_telegram(api) as one:
        yield one


async def test_a_post_is_one_message_with_one_button_and_no_preview(api: FakeBotApi, channel: TelegramChannel) -> None:
    sent = await channel.send(post())
    (message,) = api.messages
    assert sent.reference == str(message.message_id)
    assert message.text.startswith("📢 Autorisation")
    (button,) = message.buttons
    assert button["url"].endswith(".pdf#page=1")
    assert api.calls_of("sendMessage")[0]["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize(
    ("at", "starts", "is_silent"),
    [
        ("21:59", None, False),
        ("22:00", None, True),
        ("06:59", None, True),
        ("07:00", None, False),
        ("23:00", Moment(date(2031, 1, 15), time(11)), False),
        ("23:00", Moment(date(2031, 1, 15), time(11, 1)), True),
        ("23:00", Moment(date(2031, 1, 15)), False),
        ("23:00", Moment(date(2031, 1, 14), time(22)), True),
    ],
)
@pytest.mark.parametrize("pictured", [True, False])
async def test_at_night_a_post_makes_no_sound_unless_its_decree_is_about_to_begin(
    api: FakeBotApi, at: str, starts: Moment | None, is_silent: bool, pictured: bool
) -> None:
    api.add_channel(CHANNEL, username="vigie")
    now = datetime.fromisoformat(f"2031-01-14T{at}:00+01:00")
    one = replace(post(), decree=decree(facts=Facts("2031-1", starts=starts)))
    async with on_telegram(api, clock=lambda: now, picture=shown if pictured else None) as channel:
        await channel.send(one)
        await channel.send(replace(one, key="digest", digest="d", also=(decree(facts=Facts("2031-2")),)))
    calls = [*api.calls_of("sendPhoto"), *api.calls_of("sendMessage")]
    assert [call.get("disable_notification") == "true" for call in calls] == [is_silent] * 2
    assert len(api.calls_of("sendPhoto")) == pictured


async def test_a_channel_may_be_named(api: FakeBotApi) -> None:
    api.add_channel(CHANNEL, username="vigie")
    async with on_telegram(api, chat="@Vigie") as one:
        await one.send(post())
    assert len(api.messages) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((429, "Too Many Requests: retry after 7", {"retry_after": 7}), (NotSent, 7.0)),
        ((429, "Too Many Requests", None), (NotSent, None)),
        ((403, "Forbidden: bot was kicked from the channel chat", None), (ChatClosed, None)),
        ((403, "Forbidden: bot was blocked by the user", None), (ChatClosed, None)),
        ((401, "Unauthorized", None), (DestinationRefused, None)),
        ((400, "Bad Request: chat not found", None), (ChatClosed, None)),
        ((400, "Bad Request: need administrator rights in the channel chat", None), (ChatClosed, None)),
        ((400, "Bad Request: message is too long", None), (Refused, None)),
        ((500, "Internal Server Error", None), (DeliveryUnknown, None)),
        ((502, "Bad Gateway", None), (DeliveryUnknown, None)),
        ((504, "Gateway Timeout", None), (DeliveryUnknown, None)),
        ((409, "Conflict: terminated by setWebhook request", None), (NotSent, None)),
    ],
)
async def test_what_an_answer_means(
    api: FakeBotApi,
    channel: TelegramChannel,
    answer: tuple[int, str, dict[str, Any] | None],
    expected: tuple[type[Exception], float | None],
) -> None:
    api.fail("sendMessage", *answer)
    with pytest.raises(expected[0]) as raised:
        await channel.send(post())
    assert (type(raised.value), getattr(raised.value, "retry_after", None)) == expected
    assert api.token not in str(raised.value)


async def test_nobody_listens(api: FakeBotApi, channel: TelegramChannel) -> None:
    api.stop()
    with pytest.raises(NotSent, match="ConnectError"):
        await channel.send(post())


async def test_an_answer_that_takes_too_long_is_unknown(api: FakeBotApi) -> None:
    api.add_channel(CHANNEL)
    gate = api.hold("sendMessage", stored=True)
    async with on_telegram(api, read_timeout=0.1) as one:
        with pytest.raises(DeliveryUnknown, match="ReadTimeout"):
            await one.send(post())
    gate.open()


async def test_html_that_telegram_cannot_read_goes_out_as_plain_text(
    api: FakeBotApi, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(dispatch: MessageInput) -> TelegramText:
        text = telegram_text(dispatch)
        return TelegramText("<b>" + text.html, text.plain, text.button)

    monkeypatch.setattr("bot.delivery.telegram.channel.telegram_text", broken)
    await channel.send(post())
    (message,) = api.messages
    assert message.html is None
    assert "#page=1" in message.text
    assert len(message.buttons) == 1
    assert len(api.calls_of("sendMessage")) == 2


async def test_the_new_id_of_a_group_is_known_after_a_restart(api: FakeBotApi) -> None:
    api.add_group(-5, supergroup=False)
    api.migrate(-5, -1005)
    moves = MemoryMoves()
    async with on_telegram(api, chat=-5, moves=moves) as one:
        with pytest.raises(Migrated):
            await one.send(post(1))
    assert moves.known == {-5: -1005}
    async with on_telegram(api, chat=-5, moves=moves) as restarted:
        await restarted.send(post(1))
    assert [call["chat_id"] for call in api.calls_of("sendMessage")] == ["-1005"]


async def test_a_group_that_moved_while_a_post_was_in_doubt(api: FakeBotApi) -> None:
    api.add_group(-5, supergroup=False)
    api.migrate(-5, -1005)
    moves = MemoryMoves()
    async with on_telegram(api, chat=-5, moves=moves) as one:
        with pytest.raises(Migrated):
            await one.find(post(1))
        with pytest.raises(DeliveryUnknown, match="channels only"):
            await one.find(post(1))
    assert moves.known == {-5: -1005}


@pytest.mark.parametrize(("mode", "expected"), [("hold", HoldForPerson), ("resend", SendAgain)])
async def test_where_looking_is_not_wanted_nothing_is_asked(api: FakeBotApi, mode: str, expected: type[Exception]) -> None:
    api.add_channel(CHANNEL)
    async with on_telegram(api, reconcile=mode) as one:
        api.drop("sendMessage", stored=True)
        with pytest.raises(DeliveryUnknown):
            await one.send(post(1))
        with pytest.raises(expected):
            await one.find(post(1))
        # What this process knows to have been sent needs no look.
        sent = await one.send(post(2))
        assert await one.find(post(2)) == sent
    assert api.calls_of("editMessageReplyMarkup") == []


def test_a_token_is_not_sent_in_clear_over_a_network() -> None:
    with pytest.raises(ValueError, match="https"):
        SendingBot("1:a", "http://api.example")


async def test_sends_from_several_loops_do_not_share_state(api: FakeBotApi) -> None:
    api.add_channel(CHANNEL)

    async def one_send() -> None:
        async with on_telegram(api) as one:
            await one.send(post())

    await asyncio.to_thread(asyncio.run, one_send())
    await one_send()
    assert len(api.messages) == 2
