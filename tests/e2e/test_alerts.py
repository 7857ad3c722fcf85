"""A site changes, and the operators know: through the real client, the real database and a Bot API on loopback."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from bot.app.demo.replay import Replay
from bot.app.service import Service
from bot.app.wiring import Parts
from bot.domain.posts import PostState
from bot.storage.schema import recueils
from tests.e2e.test_operations import Logs
from tests.e2e.world import CHANNEL, NOON, OPERATORS, World, keep_running, one_round
from tests.present import present
from tests.servers.fake_bot_api import FakeBotApi
from tests.small_france import published

QUARTER = timedelta(minutes=15)


async def look(world: World, parts: Parts, later: timedelta) -> list[str]:
    """What the operators have been told after a look so much later."""
    world.now += later
    await present(parts.notifier).notify()
    return [message.text for message in present(world.telegram).messages_in(OPERATORS)]


async def test_while_another_program_uses_the_token_nothing_is_posted_and_operators_are_notified(
    telegram: FakeBotApi, tmp_path: Path
) -> None:
    with Replay(published(NOON.date())) as replay:
        world = World(replay, tmp_path / "vigie.db", telegram, commands=True)
        telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
        async with world.bot(("26",)) as parts:
            with Logs() as logs:
                async with keep_running(present(parts.telegram).run):
                    await logs.until(lambda: logs.of("telegram.unreachable"))
                    done = await one_round(parts, ("26",))
                    await parts.checker.check()
                    assert {(one.post.destination, one.state) for one in done.delivered} == {("channel", PostState.PENDING)}
                    assert not any(message.from_bot for message in telegram.messages_in(CHANNEL))
                    assert await look(world, parts, timedelta(0)) == []
                    [told] = await look(world, parts, QUARTER)
                    assert "another program polls with the same token (409)" in told
        async with world.bot(("26",)) as parts:
            await parts.checker.check()
            await parts.deliverer.deliver_due()
    assert sum(message.from_bot for message in telegram.messages_in(CHANNEL)) == len(done.ingested.posts) > 0


async def test_the_running_bot_looks_by_itself(telegram: FakeBotApi, tmp_path: Path) -> None:
    with Replay(published(NOON.date())) as replay:
        world = World(replay, tmp_path / "vigie.db", telegram)
        async with world.bot(("26",)) as parts:
            await one_round(parts, ("26",))
            assert isinstance(replay.resources, dict)
            replay.resources.clear()
            for _ in range(2):
                world.now += QUARTER
                await one_round(parts, ("26",))
            with parts.store.database.writing() as connection:
                connection.execute(update(recueils).values(fetched_at=NOON - timedelta(days=500)))
            with Logs() as logs:
                async with keep_running(Service(parts).run):
                    await logs.until(lambda: logs.of("source.alert_opened") and logs.of("retention.applied"))
    assert [(entry["source"], entry["cause"]) for entry in logs.of("source.alert_opened")] == [("26:site", "moved")]


async def test_a_rehearsal_tells_nobody(telegram: FakeBotApi, tmp_path: Path) -> None:
    with Replay(published(NOON.date())) as replay:
        async with World(replay, tmp_path / "vigie.db", telegram).bot(("26",), rehearsal=True) as parts:
            assert parts.notifier is None
