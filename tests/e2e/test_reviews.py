"""A doubtful act from the site to the channel by an operator's button, and rules of another day: the real bot, end to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bot.app.config.model import Settings
from bot.app.demo.pdfs import ActSpec, RecueilSpec, build_recueil
from bot.app.demo.replay import Replay
from bot.app.demo.scenario import DROME, demo_text
from bot.app.wiring import Parts
from bot.domain.acts import Decree, Outcome
from bot.domain.posts import PostState
from bot.domain.records import RecueilState
from bot.ingest.renewal import Effect, Redetection
from bot.storage.schema import acts, decrees, posts, recueils
from tests.bot.real_acts import DOUBTFUL_TEXT
from tests.bot.storage.finding import posts_of
from tests.e2e.world import CHANNEL, NOON, OPERATORS, World, one_round, posts_in
from tests.present import present
from tests.servers.fake_bot_api import FakeBotApi
from tests.small_france import published

ANN = 7
TITLE = "Arrêté n° 2026-1104 portant autorisation de mise en œuvre d'un traitement algorithmique sur des images de vidéoprotection"


class Listening(World):
    """A world whose bot takes commands and buttons."""

    def settings(self) -> Settings:
        settings = super().settings()
        return settings.model_copy(update={"telegram": settings.telegram.model_copy(update={"commands": True})})


@pytest.fixture
def world(telegram: FakeBotApi, tmp_path: Path) -> Iterator[World]:
    """The Drôme, whose newest recueil holds what `publish` puts there."""
    pages = {url: resource for url, resource in published(NOON.date()).items() if url.startswith(DROME)}
    with Replay(dict(pages)) as replay:
        yield Listening(replay, tmp_path / "vigie.db", telegram)


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


@asynccontextmanager
async def listening(parts: Parts) -> AsyncIterator[None]:
    assert parts.telegram is not None
    stop = asyncio.Event()
    task = asyncio.create_task(parts.telegram.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


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
        assert parts.notifier is not None
        await parts.notifier.notify()
        [question] = posts_in(telegram, OPERATORS)
        assert "Arrêté relatif à la sécurité de la gare" in question.text
        assert "#page=" in question.text
        assert posts_in(telegram, CHANNEL) == []
        async with listening(parts):
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
        assert parts.notifier is not None
        await parts.notifier.notify()
        assert parts.store.decrees.recent(10).total == int(yes)
        assert parts.store.reviews.waiting(10) == []
    assert [message.text for message in telegram.messages] == before


def forget_the_decree(parts: Parts) -> int:
    """Play rules of another day, which passed over the decree. Gives the id of its recueil."""
    with parts.store.database.writing() as connection:
        connection.execute(delete(posts))
        connection.execute(delete(decrees))
        connection.execute(update(acts).values(outcome=Outcome.NOT_CONCERNED, kind=None))
        found = connection.execute(recueils.select().where(recueils.c.url.like("%302.pdf"))).one()
        return int(found.id)


def nowhere(_: Decree) -> Sequence[str]:
    return ()


@pytest.mark.parametrize("post", [False, True])
async def test_after_a_change_of_rules_what_was_missed_is_found_and_posted_only_when_told_to(
    world: World, telegram: FakeBotApi, post: bool
) -> None:
    publish(world, TITLE, demo_text("authorisation", NOON.date(), number="2026-1104"))
    async with world.bot(("26",)) as parts:
        [decree] = (await one_round(parts, ("26",))).ingested.decrees
        recueil = forget_the_decree(parts)
        before = len(posts_in(telegram, CHANNEL))

        again = Redetection(store=parts.store, clock=parts.clock)
        assert recueil in again.recueils(None)
        [one] = again.differences(recueil)
        assert (one.effect, one.judged.act.pages[0].number) == (Effect.FOUND, decree.page)
        assert parts.store.decrees.recent(10).total == 0
        done = present(again.apply(one, parts.route if post else nowhere))
        assert (done.is_new, len(done.posts)) == (True, int(post))
        delivered = await parts.deliverer.deliver_due()
        assert len(delivered) == len(posts_in(telegram, CHANNEL)) - before == int(post)
        assert again.differences(recueil) == []
        [found] = parts.store.decrees.recent(10).decrees
        assert (found.facts, found.page, found.act_id) == (decree.facts, decree.page, decree.act_id)


async def test_a_false_decree_is_withdrawn_before_it_is_posted(world: World, telegram: FakeBotApi) -> None:
    publish(world, TITLE, demo_text("authorisation", NOON.date(), number="2026-1104"))
    for method in ("sendMessage", "sendPhoto"):
        telegram.fail(method, 502, "Bad Gateway")
    async with world.bot(("26",)) as parts:
        [decree] = (await one_round(parts, ("26",))).ingested.decrees
        assert posts_in(telegram, CHANNEL) == []
        settled = parts.reviewer.withdraw(decree.id or 0, by="command")
        assert not settled.already
        read_again(parts)
        for _ in range(3):
            world.now += timedelta(hours=1)
            assert (await one_round(parts, ("26",))).ingested.decrees == ()
        assert parts.store.decrees.recent(10).total == 0
        assert [post.state for post in posts_of(parts.store, [decree.id or 0])] == [PostState.REFUSED]
    assert posts_in(telegram, CHANNEL) == []
