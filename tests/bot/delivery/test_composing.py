"""What goes wrong before anything was sent leaves nothing in doubt."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from bot.delivery.channel import Channel, NotSent
from bot.delivery.console import ConsoleChannel
from bot.delivery.deliverer import Deliverer
from bot.domain.posts import PostCause, PostState
from bot.messages.lines import hashtags
from tests.bot.delivery.memory import (
    PLACES,
    Clock,
    MemoryMessages,
    MemoryMoves,
    MemoryOutbox,
    composer,
    mastodon_channel,
    post,
    telegram_channel,
)
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer


def channels(api: FakeBotApi, mastodon: MastodonServer, clock: Clock) -> list[Channel]:
    api.add_channel(-1001, username="vigie")
    return [
        ConsoleChannel("console", io.StringIO(), composer(clock)),
        telegram_channel(
            name="telegram", chat=-1001, token=api.token, api_url=api.url, places=PLACES, clock=clock, messages=MemoryMessages()
        ),
        mastodon_channel(name="mastodon", instance=mastodon.url, token=mastodon.token, places=PLACES, clock=clock),
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
    channel = telegram_channel(name="t", chat=-1001, token=api.token, api_url=api.url, clock=clock, moves=Unreadable())
    with pytest.raises(NotSent, match="what is known of the chat"):
        await channel.send(post(1))
    assert api.messages == []
    await channel.close()


async def test_a_move_that_cannot_be_noted_leaves_no_post_in_doubt(api: FakeBotApi, clock: Clock) -> None:
    api.add_group(-5, supergroup=False)
    api.migrate(-5, -1005)
    channel = telegram_channel(name="t", chat=-5, token=api.token, api_url=api.url, clock=clock, moves=Unwritable())
    for _ in range(2):
        with pytest.raises(NotSent, match="what is known of the chat"):
            await channel.send(post(1))
    assert api.messages == []
    await channel.close()
