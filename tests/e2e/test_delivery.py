"""Delivery with the whole program around it: digests, and a database that is gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.app.demo.replay import Replay
from bot.domain.posts import PostState
from tests.bot.storage.building import act, one_recueil, result_of, to
from tests.bot.storage.ready import lay_out_when_new
from tests.e2e.world import CHANNEL, NOON, World, posts_in
from tests.servers.fake_bot_api import FakeBotApi
from tests.small_france import published


async def test_a_backlog_is_told_in_digests(telegram: FakeBotApi, tmp_path: Path) -> None:
    with Replay({}) as replay:
        world = World(replay, tmp_path / "vigie.db", telegram)
        async with world.bot(("26",)) as parts:
            for one in range(70):
                parts.store.recordings.record(
                    result_of(one_recueil(parts.store, f"D{one}"), act(f"Arrêté {one}")), to("channel"), world.now
                )
            await parts.deliverer.deliver_due()
    assert {message.text[:2] for message in posts_in(telegram, CHANNEL)} == {"📚 "}


async def test_beside_the_pdfs_of_a_database_that_is_gone_nothing_is_posted_again(
    telegram: FakeBotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out_when_new(monkeypatch)
    with Replay(published(NOON.date())) as replay:
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
