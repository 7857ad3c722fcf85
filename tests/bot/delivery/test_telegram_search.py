"""Is a message there? Looked for in channels only, and never by touching what somebody else wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.delivery.channel import DeliveryUnknown, NotSent, Sent
from bot.delivery.telegram.channel import TelegramChannel
from bot.domain.acts import Facts
from bot.domain.posts import Post
from tests.bot.delivery.memory import MemoryMessages, post, telegram_channel
from tests.servers.fake_bot_api import FakeBotApi

CHAT = -1001


@pytest.fixture
def recorded() -> MemoryMessages:
    """What a store would tell, which at first knows nothing of the chat."""
    return MemoryMessages(decrees=[post(number).decree for number in range(1, 100)])


@pytest.fixture
async def channel(api: FakeBotApi, recorded: MemoryMessages) -> AsyncIterator[TelegramChannel]:
    api.add_channel(CHAT)
    one = telegram_channel(api, messages=recorded)
    yield one
    await one.close()


def digest_of(*numbers: int) -> Post:
    first, *others = (post(number) for number in numbers)
    key = f"bulletin-{first.id}"
    return replace(first, key=key, digest=key, also=tuple(one.decree for one in others))


async def lose(api: FakeBotApi, channel: TelegramChannel, one: Post, *, stored: bool) -> None:
    api.drop("sendMessage", stored=stored)
    with pytest.raises(DeliveryUnknown):
        await channel.send(one)


async def test_never_delivered(api: FakeBotApi, channel: TelegramChannel) -> None:
    await channel.send(post(1))
    await lose(api, channel, post(2), stored=False)
    assert await channel.find(post(2)) is None
    assert [call["message_id"] for call in api.calls_of("editMessageReplyMarkup")[-5:]] == ["3", "4", "5", "6", "7"]


async def test_whatever_telegram_checks_first_the_message_of_somebody_else_is_passed_over(
    api: FakeBotApi, channel: TelegramChannel
) -> None:
    await channel.send(post(1))
    api.person_posts(CHAT, "bonjour")
    await lose(api, channel, post(2), stored=True)
    for said in ("BUTTON_URL_INVALID", "message can't be edited"):
        api.fail("editMessageReplyMarkup", 400, f"Bad Request: {said}")
    assert await channel.find(post(2)) == Sent(str(api.messages[-1].message_id))


async def test_posts_recorded_as_sent_are_passed_over(api: FakeBotApi, channel: TelegramChannel, recorded: MemoryMessages) -> None:
    await lose(api, channel, post(1), stored=True)
    recorded.known = {int((await channel.send(post(n))).reference) for n in range(2, 60)}
    buttons = [message.reply_markup for message in api.messages]
    assert await channel.find(post(1)) == Sent("2")
    assert await channel.find(post(99)) is None
    assert [message.reply_markup for message in api.messages] == buttons


async def test_a_post_that_nobody_recorded_gets_its_button_back(
    api: FakeBotApi, channel: TelegramChannel, recorded: MemoryMessages
) -> None:
    await lose(api, channel, post(1), stored=True)
    await lose(api, channel, post(2), stored=True)
    assert await channel.find(post(2)) == Sent("3")
    first, second = api.messages
    assert [button["url"].rpartition("#")[2] for button in (*first.buttons, *second.buttons)] == ["page=1", "page=2"]
    assert await channel.find(post(1)) == Sent("2")


async def test_two_decrees_that_begin_on_one_page_are_told_apart(api: FakeBotApi, channel: TelegramChannel) -> None:
    first, second = post(1), post(2)
    twin = replace(second, decree=replace(first.decree, facts=second.decree.facts))
    await lose(api, channel, first, stored=True)
    assert await channel.find(twin) is None
    assert await channel.find(first) == Sent("2")


@pytest.mark.parametrize("one", [post(1), digest_of(1, 2, 3)])
async def test_the_same_decrees_in_another_language_are_another_message(
    api: FakeBotApi, channel: TelegramChannel, recorded: MemoryMessages, one: Post
) -> None:
    """One channel may be two destinations, one in each language, neither of which knows what the other has sent."""
    english = telegram_channel(api, name="english", messages=recorded, language="en")
    await channel.send(one)
    (french,) = api.messages
    button = french.reply_markup
    assert await english.find(one) is None
    assert french.reply_markup == button
    await lose(api, english, one, stored=True)
    assert await english.find(one) == Sent("3")
    await english.close()


async def looked(channel: TelegramChannel, one: Post, most: int = 200) -> Sent | None:
    """The outcome of as many looks as it takes."""
    for _ in range(most):
        try:
            return await channel.find(one)
        except NotSent as error:
            waits = str(error).endswith("goes on"), error.retry_after
        assert waits == (True, 15)
    pytest.fail("it never ends")


@pytest.mark.parametrize(("stored", "expected"), [(True, Sent("302")), (False, None)])
async def test_the_first_post_to_an_old_channel_is_found_or_known_to_be_absent(
    api: FakeBotApi, channel: TelegramChannel, stored: bool, expected: Sent | None
) -> None:
    people = [api.person_posts(CHAT, f"message {n}") for n in range(300)]
    for message in people[1::2]:
        api.remove(message)
    await lose(api, channel, post(1), stored=stored)
    assert await channel.find(post(1)) == expected
    assert len(api.calls_of("editMessageReplyMarkup")) < 80
    assert all(message.reply_markup is None for message in people)


async def test_an_old_channel_without_record_is_searched_look_after_look(
    api: FakeBotApi, channel: TelegramChannel, recorded: MemoryMessages
) -> None:
    """As after an earlier release, which noted nothing before it sent."""
    people = [api.person_posts(CHAT, f"message {n}") for n in range(100)]
    await lose(api, channel, post(1), stored=True)
    recorded.after.clear()
    with pytest.raises(NotSent, match="goes on"):
        await channel.find(post(1))
    assert recorded.up_to == {1: 40}
    api.fail("editMessageReplyMarkup", 429, "Too Many Requests: retry after 3", {"retry_after": 3})
    with pytest.raises(NotSent, match="Too Many"):
        await channel.find(post(1))
    assert await looked(channel, post(1)) == Sent("102")
    assert await looked(channel, post(2)) is None
    assert all(message.reply_markup is None for message in people)


async def test_nothing_is_absent_before_the_newest_message_known(
    api: FakeBotApi, channel: TelegramChannel, recorded: MemoryMessages
) -> None:
    """Somebody cleaned up: twelve messages after the last one known are gone, and the post comes after them."""
    recorded.newest = 1
    gone = [api.person_posts(CHAT, f"message {n}") for n in range(12)]
    await lose(api, channel, post(1), stored=True)
    for message in gone:
        api.remove(message)
    recorded.newest = 13
    assert await channel.find(post(1)) == Sent("14")


async def test_a_search_that_would_take_for_ever_is_left_to_a_person(
    api: FakeBotApi, channel: TelegramChannel, recorded: MemoryMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.telegram.client.MOST_IN_ALL", 100)
    recorded.newest = 50_000
    with pytest.raises(DeliveryUnknown, match="too many"):
        await looked(channel, post(1))
    assert 100 < recorded.up_to[1] < 200


async def test_a_channel_whose_beginning_is_gone_proves_nothing(api: FakeBotApi, channel: TelegramChannel) -> None:
    for message in api.messages_in(CHAT) + [api.person_posts(CHAT, "x") for _ in range(50)]:
        api.remove(message)
    with pytest.raises(DeliveryUnknown, match="too many"):
        await channel.find(post(1))


async def test_what_was_looked_for_leaves_every_other_message_as_it_was(api: FakeBotApi, channel: TelegramChannel) -> None:
    await lose(api, channel, digest_of(4, 5), stored=True)
    await lose(api, channel, post(1), stored=True)
    await lose(api, channel, post(2), stored=True)
    before = [message.reply_markup for message in api.messages]
    assert await looked(channel, post(3)) is None
    assert [message.reply_markup for message in api.messages] == before
    assert await looked(channel, post(2)) == Sent("4")
    assert [message.reply_markup for message in api.messages] == before


async def test_where_the_bot_could_edit_the_posts_of_others_nothing_is_touched(api: FakeBotApi, channel: TelegramChannel) -> None:
    api.add_channel(CHAT, can_edit=True)
    with pytest.raises(DeliveryUnknown, match="edit messages of others"):
        await channel.find(post(1))
    assert api.calls_of("editMessageReplyMarkup") == []


@pytest.mark.parametrize("kind", ["group", "private"])
async def test_groups_and_private_chats_are_not_searched(api: FakeBotApi, channel: TelegramChannel, kind: str) -> None:
    if kind == "group":
        api.add_group(CHAT)
    else:
        api.add_private(CHAT)
    with pytest.raises(DeliveryUnknown, match="channels only"):
        await channel.find(post(1))
    assert api.calls_of("editMessageReplyMarkup") == []


async def test_while_looking_a_lost_answer_only_means_to_ask_again(api: FakeBotApi, channel: TelegramChannel) -> None:
    api.drop("getChat", stored=True)
    with pytest.raises(NotSent):
        await channel.find(post(1))
    api.fail("editMessageReplyMarkup", 429, "Too Many Requests: retry after 3", {"retry_after": 3})
    with pytest.raises(NotSent) as raised:
        await channel.find(post(1))
    assert raised.value.retry_after == 3


async def test_a_chat_out_of_reach_cannot_be_told(api: FakeBotApi, channel: TelegramChannel) -> None:
    api.kick(CHAT)
    with pytest.raises(DeliveryUnknown, match="kicked"):
        await channel.find(post(1))


async def test_a_digest_that_arrived_is_found_by_another_process(api: FakeBotApi, channel: TelegramChannel) -> None:
    await lose(api, channel, digest_of(1, 2, 3), stored=True)
    api.person_posts(CHAT, "bonjour")
    await lose(api, channel, digest_of(4, 5), stored=True)
    await lose(api, channel, post(6), stored=True)
    assert await channel.find(post(6)) == Sent("5")
    assert await channel.find(digest_of(4, 5)) == Sent("4")
    assert await channel.find(digest_of(1, 2, 3)) == Sent("2")
    # Each of them leads again, or still, to the last decree that it tells of.
    assert [message.buttons[0]["url"].rpartition("=")[2] for message in api.messages] == ["3", "5", "6"]


async def test_a_digest_that_did_not_arrive_is_absent(api: FakeBotApi, channel: TelegramChannel) -> None:
    await channel.send(post(9))
    await lose(api, channel, digest_of(1, 2, 3), stored=False)
    assert await channel.find(digest_of(1, 2, 3)) is None
    await lose(api, channel, digest_of(1, 2, 3), stored=True)
    assert await channel.find(digest_of(1, 2, 4)) is None
    assert await channel.find(post(3)) is None, "that it is in a digest is no post of its own"


async def test_a_decree_without_a_number_is_not_taken_for_the_digest_that_tells_of_it(api: FakeBotApi, channel: TelegramChannel) -> None:
    """As two destinations in one channel may: one was told of it in a digest, the other waits for its own post."""
    unnumbered = replace(post(1), decree=replace(post(1).decree, facts=Facts()))
    await lose(api, channel, replace(digest_of(1, 2), decree=unnumbered.decree), stored=True)
    assert await channel.find(unnumbered) is None


async def test_a_decree_that_a_person_took_out_of_a_digest_does_not_hide_it(api: FakeBotApi, channel: TelegramChannel) -> None:
    await lose(api, channel, digest_of(1, 2, 3), stored=True)
    assert await channel.find(replace(digest_of(1, 2), key="bulletin-1", digest="bulletin-1")) == Sent("2")
