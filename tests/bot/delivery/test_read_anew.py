"""A decree is read anew, with its number or on another page, between the send whose answer was lost and the look for it: told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest

from bot.delivery.channel import Limiter, PreparingChannel
from bot.delivery.deliverer import Deliverer
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.telegram.channel import TelegramChannel
from bot.domain.acts import Facts
from bot.domain.posts import PostState
from bot.storage.store import Store
from tests.bot.delivery.memory import Clock, mastodon_channel, telegram_channel
from tests.bot.storage.building import one_recueil, to
from tests.bot.storage.finding import reading_of
from tests.examples import by_day
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

CHAT = -1001
FIRST = Facts(signed=date(2031, 4, 17), operators=("SNCF",))


@pytest.fixture
async def on_telegram(api: FakeBotApi, clock: Clock) -> AsyncIterator[TelegramChannel]:
    api.add_channel(CHAT)
    api.person_posts(CHAT, "Bonjour")
    channel = telegram_channel(api, clock=clock)
    yield channel
    await channel.close()


@pytest.fixture
async def mastodon() -> AsyncIterator[MastodonServer]:
    """One that does not know a message by its key."""
    async with MastodonServer(ignores_idempotency=True) as server:
        yield server


@pytest.fixture
async def on_mastodon(mastodon: MastodonServer, clock: Clock) -> AsyncIterator[MastodonChannel]:
    channel = mastodon_channel(mastodon, clock=clock)
    yield channel
    await channel.close()


def record(store: Store, clock: Clock, facts: Facts, *, page: int = 1, key: str = "text:1", recueil: int = 1) -> None:
    store.recordings.record(reading_of(store.recueils.get(recueil), facts, keys=(key,), page=page), to("essai"), clock())


def read_anew(store: Store, clock: Clock, what: str) -> None:
    record(store, clock, replace(FIRST, number="2031-7") if what == "number" else FIRST, page=4 if what == "page" else 1)


async def deliver(store: Store, channel: TelegramChannel | MastodonChannel, clock: Clock, what: str, most: int) -> None:
    """The first answer is lost, and before it is looked for the decree is read anew."""
    deliverer = Deliverer(store.outbox, [channel], clock, limiter=Limiter(most_per_day={"essai": most}))
    await deliverer.deliver_due()
    assert PostState.UNKNOWN in store.outbox.counts()["essai"]
    read_anew(store, clock, what)
    for _ in range(4):
        clock.advance(seconds=30)
        await deliverer.deliver_due()
    assert set(store.outbox.counts()["essai"]) == {PostState.SENT}


@pytest.mark.parametrize("what", ["nothing", "number", "page"])
@pytest.mark.parametrize("decrees", by_day([1, 3], 1))
async def test_once_on_telegram(api: FakeBotApi, on_telegram: TelegramChannel, store: Store, clock: Clock, what: str, decrees: int) -> None:
    queue(store, clock, decrees)
    api.drop("sendMessage", stored=True)
    await deliver(store, on_telegram, clock, what, most=1 if decrees > 1 else 9)
    assert len(api.messages) == 1
    assert [button["url"].rpartition("#")[2] for button in api.messages[0].buttons] == [f"page={decrees}"]


@pytest.mark.parametrize("what", ["nothing", "number", "page"])
@pytest.mark.parametrize("decrees", by_day([1, 3], 1))
async def test_once_on_mastodon(
    mastodon: MastodonServer, on_mastodon: MastodonChannel, store: Store, clock: Clock, what: str, decrees: int
) -> None:
    queue(store, clock, decrees)
    mastodon.drop(stored=True)
    await deliver(store, on_mastodon, clock, what, most=1 if decrees > 1 else 9)
    assert len(mastodon.statuses()) == 1


def queue(store: Store, clock: Clock, decrees: int) -> None:
    """So many decrees, each on its own page: more than one is told in a digest."""
    for number in range(1, decrees + 1):
        recueil = one_recueil(store, f"recueil-{number}")
        record(store, clock, FIRST, page=number, key=f"text:{number}", recueil=recueil.id)


def test_pictures_are_made_ready_before_a_post_is_sent(on_telegram: TelegramChannel, on_mastodon: MastodonChannel) -> None:
    assert isinstance(on_telegram, PreparingChannel)
    assert isinstance(on_mastodon, PreparingChannel)
