from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.delivery.channel import Channel, DeliveryUnknown, DestinationRefused, NotSent, PreparedPictures, Refused, Sent
from bot.delivery.deliverer import Delivered, Deliverer
from bot.delivery.picture.wire import Picture
from bot.delivery.telegram.channel import TelegramChannel
from bot.domain.acts import Facts, Kind, Reference
from bot.domain.posts import Post, PostCause, PostState
from bot.storage.outbox import SETTLE, Outbox
from bot.storage.store import Store, open_store
from tests.bot.delivery.memory import START, Clock, MemoryOutbox, ScriptedChannel, post, telegram_channel
from tests.bot.delivery.test_pictures import PICTURE
from tests.bot.storage.building import act, one_recueil, result_of, to
from tests.bot.storage.finding import found
from tests.servers.fake_bot_api import FakeBotApi

SENT, PENDING, REFUSED, UNKNOWN, SENDING = PostState.SENT, PostState.PENDING, PostState.REFUSED, PostState.UNKNOWN, PostState.SENDING


def deliverer_of(outbox: Outbox, channels: Sequence[Channel], clock: Clock) -> Deliverer:
    """Without chance in its waits."""
    return Deliverer(outbox, channels, clock, chance=lambda: 0.0)


def states(delivered: list[Delivered]) -> list[tuple[int, PostState]]:
    return [(one.post.id, one.state) for one in delivered]


async def test_everything_due_is_sent_in_order_and_once(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(post(1), post(2), post(3)), ScriptedChannel()
    deliverer = deliverer_of(outbox, [channel], clock)
    assert states(await deliverer.deliver_due()) == [(1, SENT), (2, SENT), (3, SENT)]
    assert await deliverer.deliver_due() == []
    assert channel.received == [1, 2, 3]
    assert [one.reference for one in outbox.posts.values()] == ["m1", "m2", "m3"]
    assert await deliverer.next_due(clock()) is None


async def test_not_sent_rests_the_destination_and_is_tried_again(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(post(1), post(2)), ScriptedChannel()
    channel.send_errors = [NotSent("no connection"), NotSent("no connection")]
    deliverer = deliverer_of(outbox, [channel], clock)
    (first,) = await deliverer.deliver_due()
    assert (first.state, first.error, first.alert) == (PENDING, "no connection", False)
    assert await deliverer.next_due(clock()) == START + timedelta(seconds=15)
    assert await deliverer.deliver_due() == []
    clock.advance(seconds=15)
    assert states(await deliverer.deliver_due()) == [(1, PENDING)]
    clock.advance(seconds=29)
    assert await deliverer.deliver_due() == []
    clock.advance(seconds=1)
    assert states(await deliverer.deliver_due()) == [(1, SENT), (2, SENT)]


async def test_what_comes_while_a_destination_hangs_goes_to_the_others(clock: Clock) -> None:
    hung, ended = asyncio.Event(), asyncio.Event()

    class Hanging(ScriptedChannel):
        async def send(self, post: Post) -> Sent:
            hung.set()
            await ended.wait()
            return await super().send(post)

    outbox = MemoryOutbox(post(1, "hanging"), post(2, "well"))
    deliverer = deliverer_of(outbox, [Hanging("hanging"), ScriptedChannel("well")], clock)
    assert deliverer.destinations == ("hanging", "well")
    hanging = asyncio.create_task(deliverer.deliver_due("hanging"))
    await hung.wait()
    assert states(await deliverer.deliver_due("well")) == [(2, SENT)]
    outbox.add(post(3, "well"))
    assert await deliverer.next_due(clock(), "well") == clock()
    assert states(await deliverer.deliver_due("well")) == [(3, SENT)]
    assert await deliverer.next_due(clock(), "well") is None
    ended.set()
    assert states(await hanging) == [(1, SENT)]


async def test_a_refused_post_alerts_and_lets_the_next_pass(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(post(1), post(2)), ScriptedChannel()
    channel.send_errors = [Refused("too long")]
    first, second = await deliverer_of(outbox, [channel], clock).deliver_due()
    assert (first.state, first.error, first.alert) == (REFUSED, "too long", True)
    assert second.state is SENT
    assert outbox.states == [REFUSED, SENT]


async def test_a_destination_that_refuses_everything_keeps_its_posts(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(post(1), post(2)), ScriptedChannel()
    channel.send_errors = [DestinationRefused("bot was kicked")]
    deliverer = deliverer_of(outbox, [channel], clock)
    (first,) = await deliverer.deliver_due()
    assert (first.post.id, first.state, first.alert) == (1, PENDING, True)
    assert outbox.states == [PENDING, PENDING]
    assert await deliverer.deliver_due() == []
    clock.advance(minutes=10)
    assert sorted(states(await deliverer.deliver_due())) == [(1, SENT), (2, SENT)]


async def test_what_cannot_be_told_is_never_sent_again_and_alerts_once(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(post(1), post(2)), ScriptedChannel()
    channel.send_errors = [DeliveryUnknown("answer lost")]
    channel.find_errors = [DeliveryUnknown("cannot tell")] * 3
    deliverer = deliverer_of(outbox, [channel], clock)
    await deliverer.deliver_due()
    clock.advance(seconds=10)
    doubt, other = await deliverer.deliver_due()
    assert (doubt.post.id, doubt.state, doubt.alert, doubt.error) == (1, UNKNOWN, True, "cannot tell")
    assert (other.post.id, other.state) == (2, SENT)
    assert outbox.posts[1].not_before == clock() + timedelta(minutes=1)
    clock.advance(minutes=1)
    (again,) = await deliverer.deliver_due()
    assert (again.state, again.alert) == (UNKNOWN, False)
    assert outbox.posts[1].not_before == clock() + timedelta(minutes=2)
    assert channel.received == [2]


async def test_when_the_platform_cannot_be_asked_nothing_overtakes_the_post_in_doubt(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(replace(post(1), state=UNKNOWN), replace(post(2), state=UNKNOWN), post(3)), ScriptedChannel()
    channel.find_errors = [NotSent("down"), NotSent("down")]
    deliverer = deliverer_of(outbox, [channel], clock)
    assert await deliverer.deliver_due() == []
    clock.advance(seconds=15)
    assert await deliverer.deliver_due() == []
    clock.advance(seconds=30)
    assert states(await deliverer.deliver_due()) == [(1, PENDING), (2, PENDING), (1, SENT), (2, SENT), (3, SENT)]


async def test_a_fault_of_one_channel_stops_neither_the_others_nor_shows_a_secret(clock: Clock) -> None:
    outbox, bad, good = MemoryOutbox(post(1, "casse"), post(2, "sain")), ScriptedChannel("casse"), ScriptedChannel("sain")
    bad.send_errors = [RuntimeError("https://api.example/bot1:secret/sendMessage")]
    bad.find_errors = [KeyError("1:secret")]
    deliverer = deliverer_of(outbox, [bad, good], clock)
    with capture_logs() as logs:
        delivered = {one.post.id: one for one in await deliverer.deliver_due()}
        clock.advance(seconds=10)
        (doubt,) = await deliverer.deliver_due()
    assert delivered[2].state is SENT
    assert delivered[1].state is UNKNOWN
    assert "RuntimeError" in (delivered[1].error or "")
    assert doubt.alert
    assert [(line["event"], line["destination"]) for line in logs] == [("channel.crashed", "casse")] * 2
    assert "secret" not in str(logs) + str(outbox.posts[1].error) + str(delivered[1].error) + str(doubt.error)


@pytest.mark.parametrize(("step", "expected"), [("prepare", PENDING), ("send", UNKNOWN)])
async def test_stopped_while_sending_a_post_is_in_doubt_and_before_it_was_not_sent(clock: Clock, step: str, expected: PostState) -> None:
    outbox, channel, begun = MemoryOutbox(post(1)), ScriptedChannel(), asyncio.Event()

    async def endless(_: Post) -> None:
        begun.set()
        await asyncio.Event().wait()

    setattr(channel, step, endless)
    task = asyncio.create_task(deliverer_of(outbox, [channel], clock).deliver_due())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (outbox.states, outbox.posts[1].cause) == ([expected], PostCause.STOPPED)


class SlowOutbox(MemoryOutbox):
    """Waits inside one of its methods until told to go on."""

    def __init__(self, slow: str, *posts: Post) -> None:
        super().__init__(*posts)
        self._slow = slow
        self.inside, self.go_on = threading.Event(), threading.Event()

    def _maybe_wait(self, method: str) -> None:
        if method == self._slow:
            self.inside.set()
            assert self.go_on.wait(60)

    def claim(self, destination: str, now: datetime) -> Post | None:
        claimed = super().claim(destination, now)
        self._maybe_wait("claim")
        return claimed

    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None) -> None:
        self._maybe_wait("sent")
        super().sent(post_id, reference, now)


@pytest.mark.parametrize(("slow", "expected", "received"), [("sent", SENT, [1]), ("claim", PENDING, [])])
async def test_cancelled_while_recording_nothing_is_lost(clock: Clock, slow: str, expected: PostState, received: list[int]) -> None:
    outbox, channel = SlowOutbox(slow, post(1)), ScriptedChannel()
    task = asyncio.create_task(deliverer_of(outbox, [channel], clock).deliver_due())
    await asyncio.to_thread(outbox.inside.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    outbox.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert outbox.states == [expected]
    assert channel.received == received


class BrokenOutbox(MemoryOutbox):
    def sent(self, post_id: int, reference: str, now: datetime, cause: PostCause | None = None) -> None:
        raise OSError("database is locked")


async def test_a_store_that_fails_is_told_and_leaves_the_post_to_be_found(clock: Clock) -> None:
    outbox, channel = BrokenOutbox(post(1), post(2)), ScriptedChannel()
    with capture_logs() as logs:
        assert await deliverer_of(outbox, [channel], clock).deliver_due() == []
    assert outbox.states == [SENDING, PENDING]
    [told] = logs
    assert (told["event"], told["destination"], told["exc_info"]) == ("outbox.failed", "essai", True)


async def test_a_store_that_goes_on_failing_is_not_asked_second_after_second(clock: Clock) -> None:
    class Full(MemoryOutbox):
        full = True

        def claim(self, destination: str, now: datetime) -> Post | None:
            if self.full:
                raise OSError("disk full")
            return super().claim(destination, now)

    outbox, channel = Full(post(1), post(2, "other")), ScriptedChannel()
    deliverer = deliverer_of(outbox, [channel, ScriptedChannel("other")], clock)
    for seconds in (15, 30):
        await deliverer.deliver_due(channel.name)
        assert await deliverer.next_due(clock(), channel.name) == clock() + timedelta(seconds=seconds)
    assert await deliverer.next_due(clock()) == clock(), "the other one was not met yet"
    outbox.full = False
    assert states(await deliverer.deliver_due(channel.name)) == [(1, SENT)]
    assert await deliverer.next_due(clock(), channel.name) is None


async def test_two_passes_at_once_send_nothing_twice(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(post(1), post(2)), ScriptedChannel()
    deliverer = deliverer_of(outbox, [channel], clock)
    await asyncio.gather(deliverer.deliver_due(), deliverer.deliver_due())
    assert channel.received == [1, 2]


async def test_close_closes_every_channel_even_after_a_failure(clock: Clock) -> None:
    bad, good = ScriptedChannel("a"), ScriptedChannel("b")

    async def cannot() -> None:
        raise OSError

    bad.close = cannot  # type: ignore[method-assign]  # a scripted channel
    await deliverer_of(MemoryOutbox(), [bad, good], clock).close()
    assert good.closed


# The deliverer on the real outbox: what it relies on is what the store gives.


CHAT = -1001
END = Facts("2031-150", references=(Reference(Kind.ABROGATION, "2031-123"),))


async def test_posts_of_a_destination_that_is_gone_are_never_due(clock: Clock) -> None:
    outbox = MemoryOutbox(post(1, "essai"), post(2, "autre"))
    deliverer = deliverer_of(outbox, [ScriptedChannel("essai")], clock)
    await deliverer.deliver_due()
    assert await deliverer.next_due(clock()) is None
    assert outbox.states == [SENT, PENDING]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as one:
        yield one


def telegram(store: Store, api: FakeBotApi, clock: Clock) -> TelegramChannel:
    return telegram_channel(api, name="t", clock=clock, messages=store.chat_messages)


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


# What goes with a message is made ready before it is sent, and it is not sent where it is somebody else's by then.


class Slow(ScriptedChannel):
    """Takes long over what goes with a post: `meanwhile` is what happens until it is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.ready: list[str] = []
        self.failure: BaseException | None = None

    async def meanwhile(self) -> None:
        """Nothing, unless a test says otherwise."""

    async def prepare(self, post: Post) -> None:
        await self.meanwhile()
        if self.failure is not None:
            raise self.failure
        self.ready.append(post.key)


@pytest.fixture
def stores(tmp_path: Path, clock: Clock) -> Iterator[tuple[Store, Store]]:
    """Two programs on one database, with one decree to post."""
    url = f"sqlite:///{tmp_path / 'vigie.db'}"
    with open_store(url) as one, open_store(url) as other:
        one.recordings.record(result_of(one_recueil(one, "A"), act("A")), to("essai"), clock())
        yield one, other


async def test_who_lost_its_lock_does_not_send_what_another_has_taken_over(stores: tuple[Store, Store], clock: Clock) -> None:
    """As when the connection of the lock is cut: for a moment two processes deliver."""
    slow, quick = Slow(), ScriptedChannel()
    second = Deliverer(stores[1].outbox, [quick], clock)

    async def another_takes_over() -> None:
        stores[1].outbox.recover(clock())
        for _ in range(2):
            clock.advance(seconds=SETTLE.total_seconds())
            await second.deliver_due()

    slow.meanwhile = another_takes_over  # type: ignore[method-assign]  # what happens in this test
    with capture_logs() as logs:
        (delivered,) = await Deliverer(stores[0].outbox, [slow], clock).deliver_due()
    assert (slow.ready != [], slow.received, quick.received) == (True, [], [1])
    assert (delivered.state, delivered.alert) == (PostState.SENDING, False)
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["post.taken_over"]
    assert stores[0].outbox.counts() == {"essai": {PostState.SENT: 1}}
    assert stores[0].outbox.held_until("essai", clock()) is None


async def test_a_fault_while_it_is_made_ready_leaves_nothing_in_doubt(clock: Clock) -> None:
    outbox, channel = MemoryOutbox(post(1)), Slow()
    channel.failure = RuntimeError("a fault of ours, with a secret in it")
    (delivered,) = await Deliverer(outbox, [channel], clock).deliver_due()
    assert (delivered.state, outbox.posts[1].cause) == (PostState.PENDING, PostCause.NOT_SENT)
    assert "secret" not in (delivered.error or "")


async def test_a_picture_is_drawn_once_and_only_for_its_post() -> None:
    drawn: list[int] = []

    async def draw(post: Post) -> Picture | None:
        drawn.append(post.id)
        return PICTURE

    pictured = PreparedPictures(draw)
    await pictured.prepare(post(1))
    assert await pictured.take(post(1)) is PICTURE
    assert drawn == [1]
    await pictured.prepare(post(1))
    assert await pictured.take(post(2)) is PICTURE
    assert await pictured.take(post(1)) is PICTURE
    assert drawn == [1, 1, 2, 1]
