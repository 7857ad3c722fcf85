"""Posts with a picture: still one message each, and never lost for the picture's sake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.delivery.channel import DeliveryUnknown, NotSent, StoppedBefore
from bot.delivery.mastodon.client import WAITS, upload
from bot.delivery.picture.album import encode
from bot.delivery.picture.wire import Picture
from bot.delivery.telegram.channel import TelegramChannel, is_photo
from bot.domain.posts import Post
from tests.bot.delivery.memory import on_mastodon, on_telegram, post
from tests.bot.messages.samples import PDF, decree
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

CHANNEL = -1001
PNG = encode(bytes(range(100)), 10, 10, 10_000)
PICTURE = Picture(PNG, 10, 10, "Page 1 d’un arrêté préfectoral.")


async def shown(_: Post) -> Picture | None:
    return PICTURE


async def nothing(_: Post) -> Picture | None:
    return None


async def faulty(_: Post) -> Picture | None:
    raise RuntimeError("a fault of ours")


@pytest.fixture
async def photos(api: FakeBotApi) -> AsyncIterator[TelegramChannel]:
    api.add_channel(CHANNEL)
    async with on_telegram(api, picture=shown) as channel:
        yield channel


async def test_telegram_gets_one_photo_with_the_whole_post_as_its_caption(api: FakeBotApi, photos: TelegramChannel) -> None:
    sent = await photos.send(post())
    (message,) = api.messages
    assert sent.reference == str(message.message_id)
    assert message.file == PNG
    assert message.text.startswith("📢 Autorisation")
    assert [button["url"] for button in message.buttons] == [f"{PDF}#page=1"]
    assert message.html is not None


async def test_a_long_post_is_shortened_to_a_caption(api: FakeBotApi, photos: TelegramChannel) -> None:
    await photos.send(replace(post(), decree=decree(title="Arrêté portant autorisation " * 100)))
    (message,) = api.messages
    assert message.file == PNG
    assert 700 < len(message.text) <= 1024
    assert "Quand : du 20 avril 2031" in message.text


async def test_a_post_whose_link_fills_a_caption_goes_out_as_text(api: FakeBotApi, photos: TelegramChannel) -> None:
    await photos.send(replace(post(), decree=decree(url=f"https://www.drome.example/{'r' * 1100}.pdf")))
    (message,) = api.messages
    assert message.file is None


@pytest.mark.parametrize("pictures", [None, nothing, faulty])
async def test_without_a_picture_the_text_goes_out(api: FakeBotApi, pictures: Callable[[Post], Awaitable[Picture | None]] | None) -> None:
    api.add_channel(CHANNEL)
    with capture_logs():
        async with on_telegram(api, picture=pictures) as channel:
            await channel.send(post())
    (message,) = api.messages
    assert message.file is None
    assert api.calls_of("sendPhoto") == []


@pytest.mark.parametrize(
    "refusal",
    ["PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED", "not enough rights to send photos to the chat", "message caption is too long"],
)
async def test_a_photo_that_telegram_refuses_costs_the_photo_only(api: FakeBotApi, photos: TelegramChannel, refusal: str) -> None:
    api.fail("sendPhoto", 400, f"Bad Request: {refusal}")
    with capture_logs() as logs:
        await photos.send(post())
    (message,) = api.messages
    assert message.file is None
    assert [refusal.lower() in line["error"].lower() for line in logs] == [True]
    assert api.token not in str(logs)


@pytest.mark.parametrize(
    ("code", "description", "expected"),
    [(429, "Too Many Requests: retry after 7", NotSent), (500, "Internal Server Error", DeliveryUnknown)],
)
async def test_what_is_not_certain_is_not_sent_again_as_text(
    api: FakeBotApi, photos: TelegramChannel, code: int, description: str, expected: type[Exception]
) -> None:
    api.fail("sendPhoto", code, description, {"retry_after": 7} if code == 429 else None)
    with pytest.raises(expected):
        await photos.send(post())
    assert api.messages == []


@pytest.mark.parametrize("stored", [False, True])
async def test_a_photo_whose_answer_was_lost_is_found_by_its_button(api: FakeBotApi, photos: TelegramChannel, stored: bool) -> None:
    api.drop("sendPhoto", stored=stored)
    with pytest.raises(DeliveryUnknown):
        await photos.send(post())
    api.person_posts(CHANNEL, "autre chose")
    found = await photos.find(post())
    assert (found is not None) == stored


async def test_a_photo_met_while_looking_for_another_keeps_its_own_button(api: FakeBotApi, photos: TelegramChannel) -> None:
    await photos.send(post(1))
    async with on_telegram(api, picture=shown) as another:
        assert await another.find(post(2)) is None
    (message,) = api.messages
    assert [button["url"] for button in message.buttons] == [f"{PDF}#page=1"]


@pytest.mark.parametrize(
    ("size", "sides", "taken"),
    [
        (100, (1280, 1810), True),
        (100, (5000, 5001), False),
        (100, (2100, 100), False),
        (100, (2000, 100), True),
        (10_000_001, (10, 10), False),
    ],
)
def test_what_telegram_takes_for_a_photo(size: int, sides: tuple[int, int], taken: bool) -> None:
    assert is_photo(Picture(bytes(size), *sides, alt="")) is taken


async def test_mastodon_gets_the_picture_with_its_words_and_one_status(mastodon: MastodonServer) -> None:
    async with on_mastodon(mastodon, picture=shown) as channel:
        await channel.send(post())
    (status,) = mastodon.statuses()
    (media,) = status["media_attachments"]
    assert (media["type"], media["description"]) == ("image", PICTURE.alt)
    (uploaded,) = [seen for seen in mastodon.requests if seen.path == "/api/v2/media"]
    assert 'filename="page.png"' in uploaded.body
    assert "image/png" in uploaded.body


@pytest.mark.parametrize(
    "answer", [*((code, None) for code in (401, 403, 404, 413, 422, 429, 500, 503)), (200, b"<html>"), (200, b"[]"), (200, b'{"id": ""}')]
)
async def test_a_picture_that_the_server_does_not_take_costs_the_picture_only(
    mastodon: MastodonServer, answer: tuple[int, bytes | None]
) -> None:
    mastodon.fail(*answer, path="/api/v2/media")
    with capture_logs() as logs:
        async with on_mastodon(mastodon, picture=shown) as channel:
            await channel.send(post())
    (status,) = mastodon.statuses()
    assert status["media_attachments"] == []
    assert len(logs) == 1
    assert mastodon.token not in str(logs)


async def test_a_status_that_is_refused_with_its_picture_goes_out_without(mastodon: MastodonServer) -> None:
    mastodon.fail(422, {"error": "Cannot attach files that have not finished processing. Try again in a moment!"})
    with capture_logs() as logs:
        async with on_mastodon(mastodon, picture=shown) as channel:
            await channel.send(post())
    (status,) = mastodon.statuses()
    assert status["media_attachments"] == []
    assert len(logs) == 1


async def test_a_status_whose_answer_was_lost_is_not_posted_again_without_its_picture(mastodon: MastodonServer) -> None:
    mastodon.drop(stored=True)
    async with on_mastodon(mastodon, picture=shown) as channel:
        with pytest.raises(DeliveryUnknown):
            await channel.send(post())
        assert await channel.find(post()) is not None
    assert len(mastodon.statuses()) == 1


class Server:
    """Answers an upload with the statuses given, one a request."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.waits: list[float] = []

    async def request(self, method: str, path: str, **options: Any) -> Any:
        import httpx  # noqa: PLC0415 - of this class only

        assert path in {"/api/v2/media", "/api/v1/media/7%2F"}
        assert (method == "POST") == ("files" in options)
        return httpx.Response(self.statuses.pop(0), json={"id": "7/"})

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.mark.parametrize(
    ("statuses", "expected", "waits"),
    [
        ([200], "7/", 0),
        ([202, 206, 206, 200], "7/", 3),
        ([202, *[206] * len(WAITS)], None, len(WAITS)),
        ([202, *[206] * (len(WAITS) - 1), 200], "7/", len(WAITS)),
    ],
)
async def test_a_picture_that_the_server_works_on_is_waited_for_but_not_for_ever(
    statuses: list[int], expected: str | None, waits: int
) -> None:
    server = Server(*statuses)
    with capture_logs():
        assert await upload(server.request, PICTURE, destination="essai", sleep=server.sleep) == expected
    assert server.waits == list(WAITS[:waits])
    assert server.statuses == []


async def test_who_is_stopped_while_a_picture_is_put_there_has_posted_nothing(mastodon: MastodonServer) -> None:
    gate = mastodon.hold(stored=True, path="/api/v2/media")
    async with on_mastodon(mastodon, picture=shown) as channel:
        sending = asyncio.create_task(channel.send(post()))
        await gate.reached()
        sending.cancel()
        with pytest.raises(StoppedBefore):
            await sending
    gate.open()
    assert mastodon.statuses() == []
