"""Delivery with the whole program around it: what operators are told, digests, and a platform that refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from bot.domain.posts import PostState
from bot.storage.store import Store
from tests.bot.storage.building import act, one_recueil, result_of, to
from tests.bot.storage.ready import lay_out_when_new
from tests.e2e.world import CHANNEL, NOON, OPERATORS, World, posts_in
from tests.servers.fake_bot_api import FakeBotApi
from tests.small_france import published


def found(store: Store, number: int, now: datetime) -> None:
    for one in range(number):
        store.recordings.record(result_of(one_recueil(store, f"D{one}"), act(f"Arrêté {one}")), to("channel"), now)


async def test_a_backlog_is_told_in_digests_and_the_operators_hear_of_a_destination_that_refuses(tmp_path: Path) -> None:
    with FakeBotApi() as telegram, Replay(published(NOON.date())) as replay:
        channel = telegram.add_channel(CHANNEL, "vsa")
        telegram.add_group(OPERATORS)
        telegram.kick(CHANNEL)
        world = World(replay, tmp_path / "vigie.db", telegram)
        async with world.bot(("26",)) as parts:
            assert parts.notifier is not None
            found(parts.store, 70, world.now)
            await parts.deliverer.deliver_due()
            await parts.notifier.notify(once=True)
        [told] = [message.text for message in telegram.messages_in(OPERATORS)]
        assert "channel: Telegram: Forbidden" in told
        # Invited again, and a new process: every decree is there once, in a few messages.
        channel.gone = None
        world.now += timedelta(minutes=11)
        counts: dict[str, dict[PostState, int]] = {}
        for _ in range(20):
            was_done = counts == {"channel": {PostState.SENT: 70}}
            async with world.bot(("26",)) as parts:
                await parts.deliverer.deliver_due()
                assert parts.notifier is not None
                await parts.notifier.notify(once=True)
                world.now = await parts.deliverer.next_due(world.now) or world.now
                counts = parts.store.outbox.counts()
            if was_done:
                break
        assert counts == {"channel": {PostState.SENT: 70}}
        messages = posts_in(telegram, CHANNEL)
        assert 2 <= len(messages) <= 8
        lines = [line for message in messages for line in message.text.splitlines() if line.startswith("• ")]
        assert len(lines) == 70
        assert len([text for text in (message.text for message in telegram.messages_in(OPERATORS)) if "settled" in text]) == 1


async def test_beside_the_pdfs_of_a_database_that_is_gone_nothing_is_posted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out_when_new(monkeypatch)
    with FakeBotApi() as telegram, Replay(published(NOON.date())) as replay:
        telegram.add_channel(CHANNEL, "vsa")
        telegram.add_group(OPERATORS)
        world = World(replay, tmp_path / "vigie.db", telegram)
        await world.round(("26",))
        before = [message.text for message in posts_in(telegram, CHANNEL)]
        assert before
        assert list((tmp_path / "vigie-archive").glob("*.pdf"))
        world.database.unlink()
        world.now += timedelta(minutes=10)
        done = await world.round(("26",))
        assert {item.state for item in done.delivered} == {PostState.SENT}
        assert [message.text for message in posts_in(telegram, CHANNEL)] == before
