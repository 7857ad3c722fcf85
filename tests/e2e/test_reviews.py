"""A doubtful act from the site to the channel by an operator's button, and rules of another day: the real bot, end to end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import Replay
from bot.app.demo.scenario import DROME, demo_text
from bot.app.wiring import Parts
from bot.domain.records import RecueilState
from bot.storage.schema import recueils
from tests.bot.real_acts import DOUBTFUL_TEXT
from tests.e2e.world import CHANNEL, NOON, OPERATORS, World, keep_running, one_round, posts_in
from tests.present import present
from tests.servers.fake_bot_api import FakeBotApi
from tests.small_france import published

ANN = 7


@pytest.fixture
def world(telegram: FakeBotApi, tmp_path: Path) -> Iterator[World]:
    """The Drôme, whose newest recueil holds what `publish` puts there."""
    pages = {url: resource for url, resource in published(NOON.date()).items() if url.startswith(DROME)}
    with Replay(dict(pages)) as replay:
        yield World(replay, tmp_path / "vigie.db", telegram, commands=True)


def publish(world: World, title: str, text: str) -> None:
    day = NOON.date()
    specs = (
        ActSpec("Préfecture de la Drôme / Cabinet", f"26-{day}-00001", "Arrêté de voirie", (demo_text("road", day, number="2026-1103"),)),
        ActSpec("Préfecture de la Drôme / Cabinet", f"26-{day}-00002", title, (text,)),
    )
    assert isinstance(world.replay.resources, dict)
    url = next(url for url in world.replay.resources if url.endswith("302.pdf"))
    body = build_recueil(RecueilSpec("DRÔME", "26-2026-302", day, specs))
    world.replay.resources[url] = replace(world.replay.resources[url], body=body)


def read_again(parts: Parts) -> None:
    """Have every recueil read at the next poll, as after an update of the rules of reading."""
    with parts.store.database.writing() as connection:
        connection.execute(update(recueils).where(recueils.c.url.like("%302.pdf")).values(state=RecueilState.WAITING, next_try_at=None))


@pytest.mark.parametrize("button", [0, 1])
async def test_a_doubtful_act_is_asked_about_and_what_a_person_says_holds(world: World, telegram: FakeBotApi, button: int) -> None:
    publish(world, "Arrêté relatif à la sécurité de la gare", DOUBTFUL_TEXT)
    yes = button == 0
    async with world.bot(("26",)) as parts:
        done = await one_round(parts, ("26",))
        assert (done.ingested.decrees, len(done.ingested.uncertain)) == ((), 1)
        await present(parts.notifier).notify()
        [question] = posts_in(telegram, OPERATORS)
        assert "Arrêté relatif à la sécurité de la gare" in question.text
        assert "#page=" in question.text
        assert posts_in(telegram, CHANNEL) == []
        async with keep_running(present(parts.telegram).run):
            telegram.press(question, question.buttons[button]["callback_data"], ANN)
            await telegram.until(lambda: not posts_in(telegram, OPERATORS)[0].buttons)
        delivered = await parts.deliverer.deliver_due()
        assert len(delivered) == len(posts_in(telegram, CHANNEL)) == int(yes)
        before = [message.text for message in telegram.messages]

    # Another process, which reads all of it again.
    async with world.bot(("26",)) as parts:
        read_again(parts)
        again = await one_round(parts, ("26",))
        assert (again.ingested.decrees, again.delivered) == ((), [])
        with parts.store.database.reading() as connection:
            states = connection.execute(recueils.select().where(recueils.c.url.like("%302.pdf"))).all()
        assert [row.state for row in states] == [RecueilState.READ]
        await present(parts.notifier).notify()
        assert parts.store.decrees.recent(10).total == int(yes)
        assert parts.store.reviews.waiting(10) == []
    assert [message.text for message in telegram.messages] == before
