"""Many decrees at once: paced, or gathered into digests; each of them told exactly once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.delivery.channel import DeliveryUnknown, Limiter, NotSent
from bot.delivery.deliverer import Deliverer, split
from bot.domain.posts import Destination, Post, PostState
from tests.bot.delivery.memory import START, Clock, MemoryOutbox, ScriptedChannel, deliver_all, post

CHANNEL = [Destination("essai", "telegram", chat=-1001)]


class Time:
    """Both clocks of a program, moved together; nobody waits."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.clock.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds=seconds)


def deliverer(outbox: MemoryOutbox, channel: ScriptedChannel, time: Time, *, spacing: float = 20.0, most: int = 60) -> Deliverer:
    limiter = Limiter(CHANNEL, spacing=spacing, most_per_day={"essai": most}, monotonic=time.monotonic)
    return Deliverer(
        outbox, [channel], time.clock, limiter=limiter, chance=lambda: 0.0, sleep=time.sleep
    )  # fmt: skip


def waiting(number: int) -> list[Post]:
    return [post(one) for one in range(1, number + 1)]


async def test_sixty_arrive_one_by_one_and_no_pass_sleeps_for_them() -> None:
    outbox, channel, time = MemoryOutbox(*waiting(60)), ScriptedChannel(), Time()
    one = deliverer(outbox, channel, time)
    assert len(await one.deliver_due()) == 1
    assert await one.next_due(time.clock()) == START + timedelta(seconds=20)
    await deliver_all(one, time.clock)
    assert channel.received == list(range(1, 61))
    assert time.slept == []
    assert time.clock() - START == timedelta(seconds=20 * 59)


async def test_one_destination_is_paced_while_another_is_not() -> None:
    posts = [*waiting(30), *(post(number, "autre") for number in range(101, 131))]
    outbox, slow, quick, time = MemoryOutbox(*posts), ScriptedChannel(), ScriptedChannel("autre"), Time()
    limiter = Limiter(CHANNEL, spacing=20.0, monotonic=time.monotonic)
    await Deliverer(outbox, [slow, quick], time.clock, limiter=limiter, sleep=time.sleep).deliver_due()
    assert (len(slow.received), len(quick.received)) == (1, 30)


async def test_too_many_for_a_day_are_told_in_as_few_messages_as_hold_them() -> None:
    outbox, channel, time = MemoryOutbox(*waiting(61)), ScriptedChannel(), Time()
    channel.holds = 25
    one = deliverer(outbox, channel, time)
    await deliver_all(one, time.clock)
    assert channel.received == [1, 26, 51]
    assert [len(message.decrees) for message in outbox.posts.values()] == [25, 25, 11]
    assert outbox.states == [PostState.SENT] * 3
    assert time.clock() > START, "digests too come one by one"


async def test_what_was_sent_today_counts() -> None:
    outbox, channel, time = MemoryOutbox(*waiting(10)), ScriptedChannel(), Time()
    one = deliverer(outbox, channel, time, most=12)
    await deliver_all(one, time.clock)
    assert len(channel.received) == 10
    for number in range(11, 14):
        outbox.add(post(number))
    await deliver_all(one, time.clock)
    assert channel.received[10:] == [11]
    assert len(outbox.posts[11].decrees) == 3
    # A lone decree is not kept waiting for company.
    outbox.add(post(20))
    await deliver_all(one, time.clock)
    assert outbox.posts[20].digest is None
    # A day later all is well again.
    time.clock.advance(hours=25)
    for number in range(21, 26):
        outbox.add(post(number))
    await deliver_all(one, time.clock)
    assert channel.received[-5:] == [21, 22, 23, 24, 25]


async def test_a_digest_whose_answer_was_lost_is_looked_for_and_not_told_again() -> None:
    outbox, channel, time = MemoryOutbox(*waiting(8)), ScriptedChannel(), Time()
    channel.send_errors = [NotSent("no connection"), DeliveryUnknown("answer lost"), DeliveryUnknown("answer lost")]
    channel.before_answer = lambda one: channel.received.append(one.id) if len(channel.send_errors) == 1 else None
    await deliver_all(deliverer(outbox, channel, time, most=5), time.clock)
    # Not sent, lost before it arrived, lost after: one message in the end.
    assert channel.received == [1]
    assert outbox.states == [PostState.SENT]


async def test_when_the_room_cannot_be_known_nothing_is_told_yet() -> None:
    class Mute(ScriptedChannel):
        async def room(self, decrees: object) -> int:
            raise NotSent("no answer", 30.0)

    outbox, channel, time = MemoryOutbox(*waiting(8)), Mute(), Time()
    one = deliverer(outbox, channel, time, most=5)
    assert await one.deliver_due() == []
    assert await one.next_due(time.clock()) == START + timedelta(seconds=30)
    assert outbox.states == [PostState.PENDING] * 8


async def test_where_a_fault_keeps_the_room_from_being_known_each_goes_out_on_its_own() -> None:
    class Broken(ScriptedChannel):
        async def room(self, decrees: object) -> int:
            raise KeyError("a fault of ours")

    outbox, channel, time = MemoryOutbox(*waiting(4)), Broken(), Time()
    with capture_logs() as logs:
        await deliver_all(deliverer(outbox, channel, time, most=3), time.clock)
    assert [post.state for post in outbox.posts.values()] == [PostState.SENT] * 4
    assert {line["event"] for line in logs} == {"channel.crashed"}


async def test_a_platform_that_wants_a_rest_gets_it_before_it_refuses() -> None:
    outbox, channel, time = MemoryOutbox(*waiting(3)), ScriptedChannel(), Time()
    channel.rest = 90.0
    one = deliverer(outbox, channel, time)
    assert len(await one.deliver_due()) == 1
    assert await one.next_due(time.clock()) == START + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("number", "room", "sizes"), [(10, 4, [4, 4, 2]), (9, 4, [4, 3, 2]), (5, 4, [3, 2]), (4, 4, [4]), (3, 1, [1, 1, 1]), (3, 2, [2, 1])]
)
def test_split(number: int, room: int, sizes: list[int]) -> None:
    left, chunks = tuple(waiting(number)), []
    while left:
        chunk, left = split(left, room)
        chunks.append(len(chunk))
    assert chunks == sizes
