"""A program killed at any moment of a delivery, over the real store: nothing is lost, nothing is told twice, a digest stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.delivery.channel import Limiter, Sent
from bot.delivery.deliverer import Deliverer
from bot.domain.posts import Post, PostState
from bot.storage.outbox import Outbox
from bot.storage.store import open_store
from tests.bot.delivery.memory import Clock, ScriptedChannel
from tests.bot.storage.building import act, one_recueil, result_of, to
from tests.bot.storage.ready import NAME, ready_store
from tests.examples import by_day


class Kill(BaseException):
    """The end of a program: nothing that it would do after it happens."""


class Mortal:
    """An outbox whose program is killed at its n-th call, before or after the call did its work."""

    def __init__(self, outbox: Outbox, dies_at: int, *, after: bool) -> None:
        self._outbox = outbox
        self._dies_at = dies_at
        self._after = after
        self.calls = 0
        self.is_dead = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if self.is_dead:
                raise Kill
            self.calls += 1
            self.is_dead = self.calls == self._dies_at
            if self.is_dead and not self._after:
                raise Kill
            result = getattr(self._outbox, name)(*given, **named)
            if self.is_dead:
                raise Kill
            return result

        return call


class Platform(ScriptedChannel):
    """Keeps every message it was given, as sets of decrees."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple[str, frozenset[str]]] = []
        self.holds = 3

    async def send(self, post: Post) -> Sent:
        self.messages.append((post.key, frozenset(decree.title for decree in post.decrees)))
        return Sent(str(len(self.messages)))

    async def find(self, post: Post) -> Sent | None:
        found = (post.key, frozenset(decree.title for decree in post.decrees))
        return Sent(str(self.messages.index(found) + 1)) if found in self.messages else None


TITLES = [f"D{number}" for number in range(7)]


def recorded(folder: Path) -> bytes:
    """A database in which each decree waits to be posted."""
    with ready_store(folder) as store:
        for title in TITLES:
            store.recordings.record(result_of(one_recueil(store, title), act(title)), to("essai"), Clock()())
    return (folder / NAME).read_bytes()


async def deliver_and_die(database: Path, dies_at: int, *, after: bool) -> bool:
    """Whether the program lived to the end."""
    clock, platform = Clock(), Platform()
    with open_store(f"sqlite:///{database}") as store:
        mortal = Mortal(store.outbox, dies_at, after=after)
        try:
            await Deliverer(cast(Outbox, mortal), [platform], clock, limiter=Limiter(most_per_day={"essai": 5})).deliver_due()
        except* Kill:
            pass
    with open_store(f"sqlite:///{database}") as store:
        deliverer = Deliverer(store.outbox, [platform], clock, limiter=Limiter(most_per_day={"essai": 5}))
        for _ in range(20):
            await deliverer.deliver_due()
            due = await deliverer.next_due(clock())
            if due is None:
                break
            clock.now = max(due, clock.now) + timedelta(seconds=1)
        assert store.outbox.counts() == {"essai": {PostState.SENT: 7}}
        told = {post.decree.title: post.reference for post in store.posts.listed(states=[PostState.SENT])}
    assert Counter(title for _, titles in platform.messages for title in titles) == Counter(TITLES), dies_at
    for number, (_, decrees) in enumerate(platform.messages, start=1):
        assert {told[title] for title in decrees} == {str(number)}, "each decree is recorded with the message that told of it"
    return not mortal.is_dead


@pytest.mark.parametrize("after", by_day([False, True], 1))
async def test_killed_at_any_moment(tmp_path: Path, after: bool) -> None:
    database, as_recorded, dies_at = tmp_path / "copy.db", recorded(tmp_path), 0
    is_alive = False
    while not is_alive:
        dies_at += 1
        database.write_bytes(as_recorded)
        is_alive = await deliver_and_die(database, dies_at, after=after)
    assert dies_at > 15, "a delivery takes more steps than that"
