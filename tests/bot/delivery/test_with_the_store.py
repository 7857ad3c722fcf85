"""The deliverer on the real outbox: what it relies on is what the store gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bot.delivery.channel import Channel, DeliveryUnknown, NotSent
from bot.delivery.deliverer import Deliverer
from bot.delivery.telegram.channel import TelegramChannel
from bot.domain.acts import Facts, Kind, Reference
from bot.domain.posts import PostCause, PostState
from bot.storage.store import Store, open_store
from tests.bot.delivery.memory import PLACES, Clock, ScriptedChannel, mastodon_channel, telegram_channel
from tests.bot.storage.building import act, one_recueil, result_of, to
from tests.bot.storage.finding import found
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

CHAT = -1001
END = Facts("2031-150", references=(Reference(Kind.ABROGATION, "2031-123"),))


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as one:
        for name in ("A", "B"):
            one.recordings.record(result_of(one_recueil(one, name), act(name)), to("essai", "autre"), clock())
        yield one


async def test_every_outcome_is_recorded(store: Store, clock: Clock) -> None:
    channel, other = ScriptedChannel("essai"), ScriptedChannel("autre")
    channel.send_errors = [NotSent("no connection"), DeliveryUnknown("answer lost")]
    other.send_errors = [DeliveryUnknown("answer lost")]
    other.find_errors = [DeliveryUnknown("cannot tell")]
    deliverer = Deliverer(store.outbox, [channel, other], clock)
    for _ in range(12):
        await deliverer.deliver_due()
        clock.now = await deliverer.next_due(clock()) or clock.now
    assert sorted(channel.received) == sorted(set(channel.received))
    assert store.outbox.counts() == {"essai": {PostState.SENT: 2}, "autre": {PostState.SENT: 2}}
    assert await deliverer.next_due(clock()) is None


async def test_posts_of_a_destination_that_is_gone_are_never_due(store: Store, clock: Clock) -> None:
    deliverer = Deliverer(store.outbox, [ScriptedChannel("essai")], clock)
    await deliverer.deliver_due()
    assert await deliverer.next_due(clock()) is None
    assert store.outbox.counts()["autre"] == {PostState.PENDING: 2}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as one:
        yield one


def telegram(store: Store, api: FakeBotApi, clock: Clock) -> TelegramChannel:
    return telegram_channel(name="t", chat=CHAT, token=api.token, places=PLACES, clock=clock, messages=store.chat_messages, api_url=api.url)


async def delivered(store: Store, clock: Clock, opened: Callable[[], Channel], passes: int = 30) -> None:
    """As programs do that are started again and again, on a clock that is put forward."""
    for _ in range(passes):
        channel = opened()
        deliverer = Deliverer(store.outbox, [channel], clock)
        await deliverer.deliver_due()
        due = await deliverer.next_due(clock())
        await channel.close()
        if due is None:
            return
        clock.now = max(due, clock.now)


async def test_in_an_old_channel_nothing_overtakes_the_post_that_it_replies_to(empty: Store, clock: Clock, api: FakeBotApi) -> None:
    api.add_channel(CHAT)
    for number in range(300):
        api.person_posts(CHAT, f"message {number}")
    found(empty, Facts("2031-123"), at=clock())
    found(empty, END, Kind.ABROGATION, at=clock())
    api.drop("sendMessage", stored=True)
    await delivered(empty, clock, partial(telegram, empty, api, clock))
    grant, end = api.messages
    assert [(message.message_id, message.reply_to) for message in (grant, end)] == [(302, None), (303, 302)]
    assert empty.outbox.counts() == {"t": {PostState.SENT: 2}}


async def test_in_a_group_what_follows_a_post_in_doubt_waits_for_a_person(empty: Store, clock: Clock, api: FakeBotApi) -> None:
    api.add_group(CHAT)
    found(empty, Facts("2031-123"), at=clock())
    found(empty, END, Kind.ABROGATION, at=clock())
    found(empty, Facts("2031-7"), at=clock())
    api.drop("sendMessage", stored=True)
    await delivered(empty, clock, partial(telegram, empty, api, clock))
    grant, other = api.messages
    assert "2031-123" in grant.text
    assert "2031-7" in other.text
    (doubtful,) = empty.posts.listed(states=[PostState.UNKNOWN])
    assert empty.posts.decide(doubtful, PostState.SENT, clock(), cause=PostCause.BY_PERSON, reference=str(grant.message_id))
    await delivered(empty, clock, partial(telegram, empty, api, clock))
    assert api.messages[-1].reply_to == grant.message_id
    assert len(api.messages) == 3


async def test_on_mastodon_nothing_overtakes_a_thread_that_was_broken_off(empty: Store, clock: Clock, mastodon: MastodonServer) -> None:
    def account() -> Channel:
        return mastodon_channel(name="t", instance=mastodon.url, token=mastodon.token, places=PLACES, clock=clock, thread=True)

    found(empty, Facts("2031-123", places=tuple(f"place du marché, commune {number}" for number in range(40))), at=clock())
    found(empty, END, Kind.ABROGATION, at=clock())
    mastodon.drop(stored=True)
    mastodon.fail(422, method="GET", path="/api/v1/accounts/verify_credentials")
    await delivered(empty, clock, account, passes=2)
    (broken,) = mastodon.statuses()
    (doubtful,) = empty.posts.listed(states=[PostState.UNKNOWN])
    assert doubtful.cause is PostCause.RECONCILE_UNCLEAR
    await delivered(empty, clock, account)
    *thread, end = sorted(mastodon.statuses(), key=lambda status: int(status["id"]))
    assert len(thread) > 1
    assert "2031-150" in end["content"]
    assert end["in_reply_to_id"] == broken["id"]
