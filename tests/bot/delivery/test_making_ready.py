"""What goes with a message is made ready before it is sent, and it is not sent where it is somebody else's by then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.delivery.channel import PreparedPictures, PreparingChannel
from bot.delivery.deliverer import Deliverer
from bot.delivery.picture.wire import Picture
from bot.domain.posts import Post, PostCause, PostState
from bot.storage.outbox import SETTLE
from bot.storage.store import Store, open_store
from tests.bot.delivery.memory import Clock, MemoryOutbox, ScriptedChannel, post
from tests.bot.delivery.test_pictures import PICTURE
from tests.bot.storage.building import act, one_recueil, result_of, to


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


async def test_stopped_while_it_is_made_ready_it_was_not_sent(clock: Clock) -> None:
    outbox, channel, begun = MemoryOutbox(post(1)), Slow(), asyncio.Event()

    async def for_ever() -> None:
        begun.set()
        await asyncio.Event().wait()

    channel.meanwhile = for_ever  # type: ignore[method-assign]  # what happens in this test
    running = asyncio.create_task(Deliverer(outbox, [channel], clock).deliver_due())
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (outbox.states, outbox.posts[1].cause) == ([PostState.PENDING], PostCause.STOPPED)


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


def test_what_counts_as_a_channel_that_prepares() -> None:
    assert isinstance(Slow(), PreparingChannel)
    assert not isinstance(ScriptedChannel(), PreparingChannel)
