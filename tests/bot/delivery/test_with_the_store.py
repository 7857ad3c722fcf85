"""The deliverer on the real outbox: what it relies on is what the store gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.delivery import Deliverer, NotSent, Outbox, Unknown
from bot.model import PostState
from bot.storage import Store, open_store
from tests.bot.delivery.memory import Clock, ScriptedChannel
from tests.bot.storage.building import act, one_recueil, result_of, to


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'vigie.db'}") as one:
        for name in ("A", "B"):
            one.decrees.record(result_of(one_recueil(one, name), act(name)), to("essai", "autre"), clock())
        yield one


async def test_every_outcome_is_recorded(store: Store, clock: Clock) -> None:
    outbox: Outbox = store.outbox
    channel, other = ScriptedChannel("essai"), ScriptedChannel("autre")
    channel.send_errors = [NotSent("no connection"), Unknown("answer lost")]
    other.send_errors = [Unknown("answer lost")]
    other.find_errors = [Unknown("cannot tell")]
    deliverer = Deliverer(outbox, [channel, other], clock)
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
