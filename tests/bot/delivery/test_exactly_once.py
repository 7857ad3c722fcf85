"""Outbox, deliverer, a real channel and a server with a bad day: in the end every decree is there exactly once, in order."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.delivery.channel import Channel, DeliveryUnknown, DestinationRefused, Limiter, Migrated, NotSent, Refused, Sent
from bot.delivery.deliverer import Deliverer
from bot.domain.posts import Post, PostCause, PostState
from tests.bot.delivery.memory import (
    Clock,
    MemoryMessages,
    MemoryOutbox,
    ScriptedChannel,
    deliver_all,
    mastodon_channel,
    post,
    telegram_channel,
)
from tests.examples import examples
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

CHAT = -1001
BAD_DAYS = ("drop before", "drop after", "500 before", "500 after", "429", "garbled", "person")


def spoil_telegram(api: FakeBotApi, day: str) -> None:
    match day:
        case "drop before" | "drop after":
            api.drop("sendMessage", stored=day.endswith("after"))
        case "500 before" | "500 after":
            api.fail("sendMessage", 500, "Internal Server Error", stored=day.endswith("after"))
        case "429":
            api.fail("sendMessage", 429, "Too Many Requests: retry after 3", {"retry_after": 3})
        case "garbled":
            api.garble("sendMessage", b"<html>")
        case _:
            api.person_posts(CHAT, "bonjour")


def spoil_mastodon(server: MastodonServer, day: str) -> None:
    match day:
        case "drop before" | "drop after":
            server.drop(stored=day.endswith("after"))
        case "500 before" | "500 after":
            server.fail(500, stored=day.endswith("after"))
        case "429":
            server.fail(429)
        case "garbled":
            server.fail(200, b"<html>", stored=True)
        case _:
            server.post("bonjour")


async def deliver(outbox: MemoryOutbox, channel: Channel, clock: Clock, most: int = 60) -> None:
    await deliver_all(Deliverer(outbox, [channel], clock, limiter=Limiter(most_per_day={channel.name: most})), clock)


POSTS = 4


@given(st.lists(st.sampled_from(BAD_DAYS), max_size=6), st.sampled_from([(POSTS, 60), (30, 10)]))
@example(list(BAD_DAYS), (POSTS, 60))
@example([*reversed(BAD_DAYS)], (POSTS, 60))
@example(list(BAD_DAYS), (30, 10))
@settings(max_examples=examples(48), deadline=None)
async def test_telegram(days: list[str], amount: tuple[int, int]) -> None:
    """Each in a message of its own, or, where there are more than a day takes, in digests."""
    number, most = amount
    outbox, clock = MemoryOutbox(*map(post, range(1, number + 1))), Clock()
    async with FakeBotApi() as api:
        api.add_channel(CHAT)
        for day in days:
            spoil_telegram(api, day)
        channel = telegram_channel(api, clock=clock, messages=MemoryMessages(outbox))
        await deliver(outbox, channel, clock, most)
        await channel.close()
        told = [int(found) for message in api.messages for found in re.findall(r"n° 2031-(\d+)", message.text)]
        references = [str(message.message_id) for message in api.messages if "n° 2031-" in message.text]
    assert set(outbox.states) == {PostState.SENT}
    assert sorted(told) == list(range(1, number + 1))
    assert sorted(references) == sorted(str(one.reference) for one in outbox.posts.values())
    assert len(outbox.posts) == POSTS if number == POSTS else len(outbox.posts) < 5


@pytest.mark.parametrize(
    "days",
    [
        ["drop after", "drop after", "drop after"],
        ["drop before", "500 after", "garbled", "person"],
        ["429", "garbled", "drop after", "500 before", "drop before"],
        ["500 after", "500 after", "drop before", "429", "person", "person"],
    ],
)
async def test_mastodon_that_ignores_keys(days: list[str]) -> None:
    outbox, clock = MemoryOutbox(*map(post, range(1, POSTS + 1))), Clock()
    async with MastodonServer(ignores_idempotency=True) as server:
        for day in sorted(days, key=lambda day: day != "person"):  # the faults are for the bot
            spoil_mastodon(server, day)
        channel = mastodon_channel(server, clock=clock)
        await deliver(outbox, channel, clock)
        await channel.close()
        ours = [status["content"] for status in server.statuses() if "#page=" in status["content"]]
    assert outbox.states == [PostState.SENT] * POSTS
    assert sorted(number for number in range(1, POSTS + 1) for text in ours if f"n° 2031-0000{number}" in text) == [1, 2, 3, 4]
    assert len(ours) == POSTS


class Platform(ScriptedChannel):
    """Does what a script says, and knows the truth: what it stored, and how often."""

    def __init__(self, script: list[str]) -> None:
        super().__init__()
        self.script = script
        self.stored: Counter[str] = Counter()

    def _next(self) -> str:
        return self.script.pop(0) if self.script else "well"

    async def send(self, one: Post) -> Sent:
        day = self._next()
        if day in {"well", "lost after", "killed after"}:
            self.stored.update(decree.facts.number or "" for decree in one.decrees)
        match day:
            case "not sent":
                raise NotSent("no connection")
            case "limited":
                raise NotSent("429", 30.0)
            case "moved":
                raise Migrated("moved")
            case "closed":
                raise DestinationRefused("kicked")
            case "refused":
                raise Refused("too long")
            case "lost before" | "lost after":
                raise DeliveryUnknown("answer lost")
            case "fault":
                raise RuntimeError
            case "killed before" | "killed after":
                raise Kill
        return Sent(f"m{one.id}")

    async def find(self, one: Post) -> Sent | None:
        match self._next():
            case "not sent" | "limited":
                raise NotSent("down")
            case "refused" | "fault":
                raise DeliveryUnknown("cannot tell")
        return Sent(f"m{one.id}") if self.stored[one.decree.facts.number or ""] else None


class Kill(BaseException):
    """The end of a program in the middle of its work: nothing of it is recorded."""


DAYS = (
    "well", "not sent", "limited", "moved", "closed", "refused", "lost before", "lost after", "fault", "killed before", "killed after",
)  # fmt: skip


@given(st.lists(st.sampled_from(DAYS), max_size=25), st.integers(1, 8), st.integers(1, 8))
@settings(max_examples=examples(150), deadline=None)
async def test_whatever_happens_every_decree_is_there_once_or_a_person_knows(script: list[str], number: int, most: int) -> None:
    clock, platform = Clock(), Platform(list(script))
    outbox = MemoryOutbox(*(post(one) for one in range(1, number + 1)))
    for _ in range(200):
        # A new program each time, as after every kill.
        deliverer = Deliverer(outbox, [platform], clock, limiter=Limiter(most_per_day={"essai": most}), chance=lambda: 0.5)
        try:
            await deliverer.deliver_due()
        except* Kill:
            pass
        due = await deliverer.next_due(clock())
        if due is None:
            break
        clock.now = max(due, clock.now)
    else:
        pytest.fail(f"it never ends: {outbox.posts}")
    assert max(platform.stored.values(), default=0) <= 1
    for one in outbox.posts.values():
        there = {platform.stored[decree.facts.number or ""] for decree in one.decrees}
        if one.state is PostState.SENT:
            assert there == {1}
        else:
            # What operators are told of, as long as it stands in the outbox.
            assert (one.state, one.cause, there) == (PostState.REFUSED, PostCause.REFUSED_CONTENT, {0})
    assert sum(len(one.decrees) for one in outbox.posts.values()) == number, "none is lost"
