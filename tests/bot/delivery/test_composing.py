"""What goes wrong before anything was sent leaves nothing in doubt."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from bot.delivery import Channel, ConsoleChannel, Deliverer, History, MastodonChannel, NotSent, TelegramChannel
from bot.messages.places import hashtags
from bot.model import PostCause, PostState
from tests.bot.delivery.memory import PLACES, Clock, MemoryOutbox, post
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer


def channels(api: FakeBotApi, mastodon: MastodonServer, clock: Clock) -> list[Channel]:
    api.add_channel(-1001, username="vigie")
    return [
        ConsoleChannel(name="console", stream=io.StringIO(), places=PLACES, clock=clock),
        TelegramChannel(
            name="telegram", chat=-1001, token=api.token, api_url=api.url, places=PLACES, clock=clock, history=lambda _: History()
        ),
        MastodonChannel(name="mastodon", instance=mastodon.url, token=mastodon.token, places=PLACES, clock=clock),
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
        assert [line["event"] for line in logs] == ["fault of a channel"]
        await channel.close()


class Unreadable:
    """The store of moves, while its database is locked."""

    def now_at(self, chat: int | str) -> int | str:
        raise OSError("locked")

    def moved_at(self, chat: int | str) -> datetime | None:
        raise OSError("locked")

    def moved(self, chat: int | str, new: int, now: datetime) -> None:
        raise AssertionError("nothing moves")


async def test_a_chat_of_which_nobody_knows_where_it_is_leaves_no_post_in_doubt(api: FakeBotApi, clock: Clock) -> None:
    options = {"name": "t", "chat": -1001, "token": api.token, "api_url": api.url, "places": PLACES, "clock": clock}
    channel = TelegramChannel(**options, history=lambda _: History(), moves=Unreadable())  # type: ignore[arg-type]  # by name
    with pytest.raises(NotSent, match="where the chat is"):
        await channel.send(post(1))
    assert api.messages == []
    await channel.close()
