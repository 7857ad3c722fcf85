"""After a restore: what was posted since the backup was made is there once, whatever the backup knows of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.delivery.channel import Channel, Limiter
from bot.delivery.deliverer import Deliverer
from bot.domain.acts import Decree, Facts, Kind
from bot.domain.posts import Follow, FollowKind, FollowTargets, PostCause, PostState, chat_destination, may_be_posted, operator_key
from bot.storage.backup import back_up
from bot.storage.locks import LockName
from bot.storage.store import Store, open_store
from bot.storage.transfer import restore
from tests.bot.delivery.memory import Clock, mastodon_channel, telegram_channel
from tests.bot.storage.building import new_recueil, to
from tests.bot.storage.finding import reading_of
from tests.clock import now
from tests.examples import by_day
from tests.servers.fake_bot_api import FakeBotApi
from tests.servers.mastodon import MastodonServer

CHAT = -1001
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Clock:
    """As the servers of the tests have it, which date what they get."""
    clock = Clock()
    clock.now = now()
    return clock


def find(store: Store, number: int, clock: Clock, published: date | None, *destinations: str) -> None:
    (recueil,) = store.recueils.add([replace(new_recueil(f"{number}"), published=published)], clock())
    store.recordings.record(reading_of(recueil, Facts(f"2031-{number}")), to(*destinations or ("t", "m")), clock())


def telegram(store: Store, api: FakeBotApi, clock: Clock) -> Channel:
    return telegram_channel(api, name="t", clock=clock, messages=store.chat_messages)


def mastodon(_store: Store, server: MastodonServer, clock: Clock) -> Channel:
    return mastodon_channel(server, name="m", clock=clock)


async def deliver(store: Store, clock: Clock, opened: Sequence[Callable[[], Channel]], most: int = 60) -> None:
    """As programs do that are started again and again, on a clock that is put forward."""
    for _ in range(60):
        channels = [open_one() for open_one in opened]
        limiter = Limiter(most_per_day={channel.name: most for channel in channels})
        deliverer = Deliverer(store.outbox, channels, clock, limiter=limiter)
        await deliverer.deliver_due()
        due = await deliverer.next_due(clock())
        for channel in channels:
            await channel.close()
        if due is None:
            return
        clock.now = max(due, clock.now)
    pytest.fail(f"not delivered: {store.outbox.counts()}")


@pytest.mark.parametrize("found_first", by_day([False, True], 1))
async def test_each_decree_is_there_once(
    tmp_path: Path, clock: Clock, api: FakeBotApi, found_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two waited when the backup was made and two were found after it: all four were sent. One is sent by the restored one."""
    monkeypatch.setattr("bot.delivery.telegram.client.MOST_LOOKED_AT", 24)
    monkeypatch.setattr("bot.delivery.mastodon.channel._PAGE", 12)
    api.add_channel(CHAT)
    async with MastodonServer(ignores_idempotency=True) as server:
        today = clock().date()
        with open_store(f"sqlite:///{tmp_path / 'lost.db'}") as lost:
            channels = [partial(telegram, lost, api, clock), partial(mastodon, lost, server, clock)]
            find(lost, 1, clock, today)
            await deliver(lost, clock, channels)
            find(lost, 2, clock, today)
            find(lost, 3, clock, today)
            backup = back_up(f"sqlite:///{tmp_path / 'lost.db'}", tmp_path / "copies", clock()).path
            await deliver(lost, clock, channels)
            find(lost, 4, clock, today)
            find(lost, 5, clock, None)
            await deliver(lost, clock, channels)
        for number in range(26):  # more than a page of the account, more ids than one look tries
            server.post(f"bonjour {number}")
            api.person_posts(CHAT, f"bonjour {number}")
        before = [message.buttons for message in api.messages]
        clock.now += DAY
        done = restore(backup, f"sqlite:///{tmp_path / 'restored.db'}", clock())
        assert (done.sought, done.held, done.aside) == (4, 0, None)
        with open_store(f"sqlite:///{tmp_path / 'restored.db'}") as store:
            channels = [partial(telegram, store, api, clock), partial(mastodon, store, server, clock)]
            if not found_first:
                await deliver(store, clock, channels)
            find(store, 4, clock, today)
            find(store, 5, clock, None)
            await deliver(store, clock, channels)
            clock.now += 2 * DAY
            find(store, 6, clock, clock().date())
            waits = {post.state for post in store.posts.listed()}
            await deliver(store, clock, channels)
            assert waits == {PostState.PENDING}, "what was published since is not in doubt"
            assert store.outbox.counts() == {"t": {PostState.SENT: 6}, "m": {PostState.SENT: 6}}
            sent = {post.destination: set() for post in store.posts.listed(states=[PostState.SENT])}  # type: ignore[var-annotated]
            for post in store.posts.listed(states=[PostState.SENT]):
                sent[post.destination].add(post.reference)
        ours = [message for message in api.messages if "n° 2031-" in message.text]
        assert numbers(message.text for message in ours) == [1, 2, 3, 4, 5, 6]
        assert [message.buttons for message in api.messages][: len(before)] == before, "each has its own button again"
        assert {str(message.message_id) for message in ours} == sent["t"]
        assert numbers(status["content"] for status in server.statuses()) == [1, 2, 3, 4, 5, 6]


@pytest.mark.usefixtures("laid_out")
@pytest.mark.parametrize("evidence", ["lock files", "kept PDFs", "nothing"])
async def test_what_a_database_had_sent_that_is_gone_is_not_sent_again(
    tmp_path: Path, clock: Clock, api: FakeBotApi, evidence: str
) -> None:
    api.add_channel(CHAT)
    file = tmp_path / "vigie.db"
    async with MastodonServer(ignores_idempotency=True) as server:
        for life in range(2):
            with open_store(f"sqlite:///{file}", now=clock(), was_there=evidence == "kept PDFs" and life > 0) as store:
                if evidence == "lock files":
                    store.locks.take(LockName.RUN, "vigie run")
                find(store, 1, clock, clock().date())
                await deliver(store, clock, [partial(telegram, store, api, clock), partial(mastodon, store, server, clock)])
                clock.now += DAY
                find(store, 2 + life, clock, clock().date())
                await deliver(store, clock, [partial(telegram, store, api, clock), partial(mastodon, store, server, clock)])
                assert store.outbox.counts() == {"t": {PostState.SENT: 2}, "m": {PostState.SENT: 2}}
            file.unlink()
        expected = [1, 2, 3] if evidence != "nothing" else [1, 1, 2, 3]
        assert numbers(message.text for message in api.messages if "n° 2031-" in message.text) == expected
        assert numbers(status["content"] for status in server.statuses()) == expected


def numbers(texts: object) -> list[int]:
    return sorted(int(number) for text in texts for number in set(re.findall(r"n° 2031-(\d+)", text)))  # type: ignore[attr-defined]


async def test_what_was_sent_as_a_digest_is_left_to_a_person(tmp_path: Path, clock: Clock, api: FakeBotApi) -> None:
    api.add_channel(CHAT)
    async with MastodonServer(ignores_idempotency=True) as server:
        with open_store(f"sqlite:///{tmp_path / 'lost.db'}") as lost:
            for number in range(1, 6):
                find(lost, number, clock, clock().date())
            backup = back_up(f"sqlite:///{tmp_path / 'lost.db'}", tmp_path / "copies", clock()).path
            await deliver(lost, clock, [partial(telegram, lost, api, clock), partial(mastodon, lost, server, clock)], most=3)
        texts = [message.text for message in api.messages]
        assert len(texts) == 1
        restore(backup, f"sqlite:///{tmp_path / 'restored.db'}", clock())
        with open_store(f"sqlite:///{tmp_path / 'restored.db'}") as store:
            await deliver(store, clock, [partial(telegram, store, api, clock), partial(mastodon, store, server, clock)])
            assert store.outbox.counts() == {"t": {PostState.HELD: 5}, "m": {PostState.HELD: 5}}
            assert {post.cause for post in store.posts.listed()} == {PostCause.AWAITS_PERSON}
            assert all("digest" in (post.error or "") for post in store.posts.listed())
        assert [message.text for message in api.messages] == texts
        assert len(server.statuses()) == 1


async def test_in_chats_a_person_decides(tmp_path: Path, clock: Clock) -> None:
    chat, drome = chat_destination(71), FollowTargets(Kind.AUTHORISATION, frozenset({"26"}))
    with open_store(f"sqlite:///{tmp_path / 'lost.db'}") as lost:
        lost.follows.add(71, Follow(FollowKind.DEPARTMENT, "26"), "fr", clock().date())
        find(lost, 1, clock, clock().date(), chat)
        backup = back_up(f"sqlite:///{tmp_path / 'lost.db'}", tmp_path / "copies", clock()).path
    done = restore(backup, f"sqlite:///{tmp_path / 'restored.db'}", clock())
    assert (done.sought, done.held) == (0, 1)
    with open_store(f"sqlite:///{tmp_path / 'restored.db'}") as store:
        for number, published in ((2, clock().date()), (3, (clock() + 2 * DAY).date())):
            (recueil,) = store.recueils.add([replace(new_recueil(f"{number}"), published=published)], clock())
            store.recordings.record(reading_of(recueil, Facts(f"2031-{number}")), lambda _: [drome], clock())
        states = Counter((post.state, post.cause) for post in store.posts.listed(chats=True))
        assert states == {(PostState.HELD, PostCause.RESTORED): 2, (PostState.PENDING, None): 1}
        assert {post.error for post in store.posts.in_trouble()} == {"perhaps posted before the database was restored from a backup"}


def test_what_a_later_reading_said_may_have_been_sent_too(tmp_path: Path, clock: Clock) -> None:
    def topics(decree: Decree) -> list[str | FollowTargets]:
        named = tuple(map(operator_key, decree.facts.operators))
        return [FollowTargets(Kind.AUTHORISATION, operators=named), *(["m"] if named else [])]

    with open_store(f"sqlite:///{tmp_path / 'lost.db'}") as lost:
        lost.follows.add(71, Follow(FollowKind.OPERATOR, "sncf"), "fr", clock().date())
        (recueil,) = lost.recueils.add([new_recueil("1")], clock())
        [decree] = lost.recordings.record(reading_of(recueil, Facts("2031-1")), topics, clock()).decrees
        backup = back_up(f"sqlite:///{tmp_path / 'lost.db'}", tmp_path / "copies", clock()).path
    clock.now += DAY
    restore(backup, f"sqlite:///{tmp_path / 'restored.db'}", clock())
    with open_store(f"sqlite:///{tmp_path / 'restored.db'}") as store:
        assert store.reviews.settle_fact(decree.id or 0, "operators", ("SNCF",), topics, clock(), "command")
        states = {post.destination: post.state for post in store.posts.listed(chats=True)}
        assert states == {chat_destination(71): PostState.HELD, "m": PostState.UNKNOWN}


async def test_nothing_is_sent_unseen_where_that_is_what_is_configured(tmp_path: Path, clock: Clock, api: FakeBotApi) -> None:
    api.add_channel(CHAT)
    with open_store(f"sqlite:///{tmp_path / 'lost.db'}") as lost:
        find(lost, 1, clock, clock().date(), "t")
        backup = back_up(f"sqlite:///{tmp_path / 'lost.db'}", tmp_path / "copies", clock()).path
        await deliver(lost, clock, [partial(telegram, lost, api, clock)])
    restore(backup, f"sqlite:///{tmp_path / 'restored.db'}", clock())
    with open_store(f"sqlite:///{tmp_path / 'restored.db'}") as store:

        def resending() -> Channel:
            return telegram_channel(api, name="t", clock=clock, messages=store.chat_messages, reconcile="resend")

        await deliver(store, clock, [resending])
        (post,) = store.posts.listed()
        assert post.state is PostState.HELD
        # A person looked: it is not there. From here on it is a post as any other.
        store.posts.decide(post, PostState.PENDING, clock(), cause=PostCause.BY_PERSON)
        assert store.posts.get(post.id).sought_since is None
    assert len(api.messages) == 1


@pytest.mark.parametrize(
    ("found", "published", "expected"),
    [
        (-1, None, True),
        (-1, date(2026, 12, 1), True),
        (1, date(2026, 8, 1), True),
        (400, date(2026, 8, 14), True),
        (1, date(2026, 8, 15), False),
        (47, None, True),
        (49, None, False),
    ],
)
def test_which_decrees_may_be_there(found: int, published: date | None, expected: bool) -> None:
    """`found` is in hours after the restore."""
    restored = datetime(2026, 8, 14, 9, 0, tzinfo=UTC)
    assert may_be_posted(restored, restored + timedelta(hours=found), published) is expected


def test_on_the_other_side_of_the_earth_the_next_day_has_begun() -> None:
    restored = datetime(2026, 8, 14, 13, 0, tzinfo=UTC)
    assert may_be_posted(restored, restored, date(2026, 8, 15), "988")
    assert not may_be_posted(restored, restored, date(2026, 8, 15), "26")
    assert not may_be_posted(restored, restored, date(2026, 8, 16), "988")
