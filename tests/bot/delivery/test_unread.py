"""Chats that follow a department are notified once that its recueils cannot be read for days, and once that they can again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from bot.delivery.channel import Limiter
from bot.delivery.followers import UNREAD_AFTER, FollowerNotices, Geography
from bot.domain.acts import Place
from bot.domain.health import AuthorityHealth, Cause, Overview, SourceHealth, Status, unread_since
from bot.domain.posts import Follow, FollowKind
from bot.storage.alerts import FollowerNotice
from bot.storage.errors import StorageError
from tests.bot.delivery.memory import PLACES, Clock
from tests.bot.delivery.test_followers import DROME, GROUP, SNCF, World
from tests.bot.storage.ready import ready_store
from tests.servers.fake_bot_api import FakeBotApi

VALENCE = Follow(FollowKind.COMMUNE, "26362")
ISERE = Follow(FollowKind.DEPARTMENT, "38")


def overview(clock: Clock, *, days: float | None, cause: Cause = Cause.STRUCTURE, watched: bool = True) -> Overview:
    """The Drôme, which fails for so many days or is not watched, and the Isère, which never fails."""
    since = None if days is None else clock() - timedelta(days=days)
    drome = Status.OK if days is None else Status.FAILING
    one = SourceHealth("26:site", drome, cause if days is not None else None, since)
    other = SourceHealth("38:site", Status.OK)
    first = AuthorityHealth("26", drome, (one,)) if watched else AuthorityHealth("26", Status.UNWATCHED)
    return Overview(clock(), (first, AuthorityHealth("38", Status.OK, (other,))))


@pytest.mark.parametrize(("days", "unread"), [(None, False), (2.9, False), (3, True), (40, True)])
def test_how_long_it_takes(clock: Clock, days: float | None, unread: bool) -> None:
    assert (unread_since(overview(clock, days=days), UNREAD_AFTER) == {"26": clock() - timedelta(days=days or 0)}) is unread


def test_a_machine_without_network_says_nothing_of_sources(clock: Clock) -> None:
    failing = [SourceHealth(f"{code}:site", Status.FAILING, Cause.UNREACHABLE, clock() - timedelta(days=4)) for code in ("26", "38")]
    cut_off = Overview(clock(), tuple(AuthorityHealth(one.authority, Status.FAILING, (one,)) for one in failing))
    assert unread_since(cut_off) is None
    assert unread_since(replace(overview(clock, days=4), half_due=clock() - timedelta(hours=3))) is None, "the bot was stopped"


class Watched(World):
    """With sources of which one can fail."""

    days: float | None = None
    watched = True

    @cached_property
    def notices(self) -> FollowerNotices:
        places = PLACES | {"38": Place("38", "Préfecture de l'Isère", "Isère")}
        limiter = Limiter(monotonic=lambda: self.clock().timestamp())
        look = lambda: overview(self.clock, days=self.days, watched=self.watched)  # noqa: E731
        return FollowerNotices(
            self.store.notices, self.store.follows, self.channel, limiter, look, Geography(places, {"26": "84", "38": "84"}.get), self.clock
        )

    async def look(self, days: float | None) -> None:
        self.days = days
        try:
            await self.notices.notify()
        finally:
            self.clock.advance(minutes=10)


@pytest.fixture
async def world(tmp_path: Path, api: FakeBotApi, clock: Clock) -> AsyncIterator[Watched]:
    with ready_store(tmp_path) as store:
        one = Watched(store, api, clock)
        yield one
        await one.sending.close()


async def test_each_chat_is_notified_once_and_once_of_the_end(world: Watched) -> None:
    for chat, follow in ((7, DROME), (8, VALENCE), (9, ISERE), (10, SNCF)):
        world.follow(chat, follow)
    world.follow(7, VALENCE)
    await world.look(2)
    assert world.api.messages == []
    for _ in range(3):
        await world.look(3.5)
    assert [message.chat_id for message in world.api.messages] == [7, 8]
    assert world.sent_to(7)[0].text.startswith("⚠️ Drôme (26) : les recueils des actes administratifs n’ont pas pu être lus depuis le ")
    world.follow(11, DROME)
    await world.look(4)
    assert len(world.sent_to(11)) == 1, "who follows it since is notified too"
    for _ in range(3):
        await world.look(None)
    assert [message.chat_id for message in world.api.messages[3:]] == [7, 8, 11]
    assert world.sent_to(8)[1].text.startswith("✅ Drôme (26)")
    await world.look(5)
    assert len(world.sent_to(7)) == 3, "it began anew"


async def test_who_follows_a_decree_or_was_sent_it_is_notified_once_that_a_person_withdrew_it_and_once_that_it_stands_again(
    world: Watched,
) -> None:
    world.follow(7, Follow(FollowKind.DECREE, "1"))
    world.follow(8)
    world.follow(9, SNCF)
    world.found("2031-1")
    await world.work()
    world.follow(10)
    assert [message.chat_id for message in world.api.messages if message.from_bot] == [8]
    world.store.reviews.withdraw(1, world.clock(), "test")
    for days in (None, 4, None):
        await world.look(days)
    withdrawn = "⚠️ Drôme (26) : l’arrêté n° 2031-1 [1] est écarté. Après vérification, cet acte ne concerne pas la vidéosurveillance"
    assert [message.text.startswith(withdrawn) for message in world.sent_to(7)] == [True]
    assert [message.text.startswith(withdrawn) for message in world.sent_to(8)] == [False, True, False, False], "and of its department"
    assert world.sent_to(9) == []
    world.store.reviews.reinstate(1, world.clock(), "test")
    for _ in range(2):
        await world.look(None)
    assert [message.text[:1] for message in world.sent_to(7)] == ["⚠", "✅"]
    assert [message.text.startswith("⚠️ Drôme (26) : l’arrêté") for message in world.sent_to(10)] == [False, False], "it was not sent it"
    assert world.store.notices.due(9) == []


async def test_what_was_cut_short_is_not_sent_twice(world: Watched) -> None:
    world.follow(7)
    world.api.drop("sendMessage", stored=True)
    await world.look(4)
    await world.look(4)
    assert len(world.sent_to(7)) == 1
    await world.look(None)
    assert world.store.notices.due(9) == []
    assert len(world.sent_to(7)) == 2


async def test_where_telegram_wants_patience_it_is_sent_later(world: Watched) -> None:
    world.follow(7)
    world.api.fail("sendMessage", 429, "Too Many Requests: retry after 7", {"retry_after": 7})
    await world.look(4)
    assert world.sent_to(7) == []
    await world.look(4)
    assert len(world.sent_to(7)) == 1


async def test_a_process_that_was_killed_while_it_sent(world: Watched) -> None:
    world.follow(7)
    world.store.notices.update({"26": {"26"}}, (), world.clock())
    [notice] = world.store.notices.due(9)
    assert world.store.notices.claim(notice, world.clock())
    assert not world.store.notices.claim(notice, world.clock())
    world.store.notices.recover(world.clock())
    await world.look(4)
    assert world.sent_to(7) == [], "it may be there"
    await world.look(None)
    assert len(world.sent_to(7)) == 1


@pytest.mark.parametrize("fault", [(429, "Too Many Requests: retry after 3600", {"retry_after": 3600}), (500, "Internal Server Error")])
async def test_a_group_in_slow_mode_or_for_which_telegram_fails_delays_no_other(world: Watched, fault: tuple[Any, ...]) -> None:
    for chat in (GROUP, 7):  # in the order in which they are served
        world.follow(chat)
    world.api.fail("sendMessage", *fault)
    await world.look(4)
    assert [len(world.sent_to(chat)) for chat in (7, GROUP)] == [1, 0]


async def test_nobody_is_notified_of_an_end_that_is_none(world: Watched) -> None:
    world.follow(7)
    await world.look(4)
    await world.look(0.1)  # it fails in another way since: what is counted began anew
    world.watched = False
    await world.look(None)
    assert len(world.sent_to(7)) == 1, "it was not read again"
    world.watched = True
    await world.look(5)
    assert len(world.sent_to(7)) == 1
    await world.look(None)
    assert len(world.sent_to(7)) == 2


async def test_a_group_that_moves_is_notified_once_and_obeys_there(world: Watched) -> None:
    world.follow(-5)
    world.api.migrate(-5, GROUP)
    for _ in range(3):
        await world.look(4)
    assert len(world.sent_to(GROUP)) == 1
    assert world.store.follows.get(-5) is None
    assert world.store.follows.forget(GROUP), "by its new number it can be forgotten"


@pytest.mark.parametrize("fails", ["claim", "sent", "put_back"])
async def test_a_store_that_fails_leaves_no_notice_in_the_middle(world: Watched, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    world.follow(7)
    if fails == "put_back":
        world.api.fail("sendMessage", 429, "Too Many Requests: retry after 7", {"retry_after": 7})
    real, failed = getattr(world.store.notices, fails), list[FollowerNotice]()

    def full(notice: FollowerNotice, now: datetime) -> bool:
        if failed:
            return bool(real(notice, now))
        failed.append(notice)
        if fails == "claim":
            real(notice, now)  # recorded, and the answer is lost
        raise StorageError("the disk is full")

    monkeypatch.setattr(world.store.notices, fails, full)
    with pytest.raises(StorageError):
        await world.look(4)
    for _ in range(2):
        await world.look(4)
    assert len(world.sent_to(7)) == 1
    await world.look(None)
    assert len(world.sent_to(7)) == 2, "it was recorded as sent: its end is sent too"


async def test_a_refused_token_loses_no_notice(world: Watched) -> None:
    for chat in (7, 8):
        world.follow(chat)
    world.api.fail("sendMessage", 401, "Unauthorized")
    await world.look(4)
    await world.look(4)
    assert [len(world.sent_to(chat)) for chat in (7, 8)] == [1, 1]
