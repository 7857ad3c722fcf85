"""One suite over every channel: what the outbox relies on."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.delivery.apprise import AppriseChannel
from bot.delivery.channel import Channel, DeliveryError, SendAgain, Sent
from bot.delivery.console import ConsoleChannel
from bot.domain.acts import Facts, Kind
from bot.domain.posts import Post
from tests.bot.delivery.memory import Clock, composer, mastodon_channel, post, telegram_channel
from tests.bot.messages.samples import decree
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer
from tests.servers.notified import Notified

CHAT = -1001


class World:
    """A channel and a way to see what it made visible, oldest first."""

    def __init__(self, channel: Channel, platform: FakeBotApi | MastodonServer | Notified | io.StringIO) -> None:
        self.channel = channel
        self._platform = platform

    async def find(self, post: Post) -> Sent | None:
        """None also where nobody can tell what is there, and a message is sent again instead."""
        try:
            return await self.channel.find(post)
        except SendAgain:
            assert isinstance(self._platform, Notified)
            return None

    def posts(self) -> list[str]:
        if isinstance(self._platform, FakeBotApi):
            return [message.text + "".join(button["url"] for button in message.buttons) for message in self._platform.messages]
        if isinstance(self._platform, MastodonServer):
            return [status["content"] for status in reversed(self._platform.statuses())]
        if isinstance(self._platform, Notified):
            return self._platform.texts
        return [text for text in self._platform.getvalue().replace("\n\n📢", "\f📢").split("\f") if text]


@pytest.fixture(params=["console", "telegram", "mastodon", "apprise"])
async def world(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[World]:
    channel: Channel
    match request.param:
        case "telegram":
            async with FakeBotApi() as api:
                api.add_channel(CHAT)
                channel = telegram_channel(api, clock=clock)
                yield World(channel, api)
                await channel.close()
        case "mastodon":
            async with MastodonServer() as server:
                channel = mastodon_channel(server, clock=clock)
                yield World(channel, server)
                await channel.close()
        case "apprise":
            async with Notified() as service:
                channel = AppriseChannel("essai", service.address, composer(clock))
                yield World(channel, service)
                await channel.close()
        case _:
            stream = io.StringIO()
            channel = ConsoleChannel("essai", stream, composer(clock))
            yield World(channel, stream)
            await channel.close()


async def test_sent_posts_are_visible_once_each_in_their_order(world: World) -> None:
    for number in (1, 2, 3):
        sent = await world.channel.send(post(number))
        assert isinstance(sent, Sent)
        assert sent.reference
    texts = world.posts()
    assert [f"n° 2031-0000{number}" in text and f"#page={number}" in text for number, text in enumerate(texts, start=1)] == [True] * 3
    assert "À venir" not in texts[0]  # this one has no date


async def test_what_was_sent_is_found_and_nothing_else_and_looking_changes_nothing(world: World) -> None:
    sent = [await world.channel.send(post(number)) for number in (1, 2)]
    before = world.posts()
    assert [await world.find(post(number)) for number in (1, 2, 9)] == [*sent, None]
    assert world.posts() == before


async def test_hostile_and_huge_decrees_go_out(world: World) -> None:
    title = '<b>"&\u202e\x1b[2J@moi@ailleurs.example #Tag https://a.example ' * 300
    hostile = replace(post(1), decree=decree(Kind.REFUSAL, title=title, id=1))
    try:
        await world.channel.send(hostile)
    except DeliveryError as error:
        pytest.fail(f"refused: {error}")
    (text,) = world.posts()
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "@moi" not in text


async def test_an_authority_that_left_the_catalogue_still_goes_out(world: World) -> None:
    gone = replace(post(1), decree=decree(authority="99"))
    await world.channel.send(gone)
    assert len(world.posts()) == 1


def digest_of(*numbers: int, key: str = "cle-du-bulletin") -> Post:
    """One message that tells of these decrees."""
    first, *others = (post(number) for number in numbers)
    return replace(first, key=key, digest=key, also=tuple(one.decree for one in others))


async def test_a_digest_is_one_message_with_every_decree(world: World) -> None:
    decrees = [post(number).decree for number in range(1, 41)]
    room = await world.channel.room(decrees)
    assert 3 <= room <= 40
    sent = await world.channel.send(digest_of(*range(1, room + 1)))
    assert sent.reference
    (text,) = world.posts()
    assert f"📚 {room} arrêtés" in text
    assert all(f"n° 2031-{number:05}" in text for number in range(1, room + 1))
    assert f"n° 2031-{room + 1:05}" not in text


async def test_the_room_is_never_none_and_never_more_than_there_are(world: World) -> None:
    huge = decree(title="Arrêté " * 400, url=f"https://www.drome.gouv.fr/{'a' * 3000}.pdf")
    assert await world.channel.room([huge]) == 1
    assert await world.channel.room([post(1).decree, post(2).decree]) == 2


async def test_a_digest_is_found_and_is_no_other_message(world: World) -> None:
    digest = digest_of(1, 2, 3)
    assert await world.find(digest) is None
    single = await world.channel.send(post(9))
    sent = await world.channel.send(digest)
    other = await world.channel.send(digest_of(4, 5, 6, key="autre-bulletin"))
    assert await world.find(digest) == sent
    assert await world.find(digest_of(4, 5, 6, key="autre-bulletin")) == other
    assert await world.find(post(9)) == single
    assert await world.find(digest_of(4, 5, 7, key="bulletin-perdu")) is None


async def test_a_decree_in_a_digest_is_not_a_post_of_its_own(world: World) -> None:
    unnumbered = replace(post(4), decree=replace(post(4).decree, facts=Facts()))
    digest = digest_of(1, 2, 3)
    await world.channel.send(replace(digest, also=(*digest.also, unnumbered.decree)))
    for one in (post(1), post(2), post(3), unnumbered):
        assert await world.find(one) is None
