"""Deliveries over the real store while the machine has a bad hour: a locked database, a clock that is set back."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.delivery.channel import DeliveryUnknown, NotSent
from bot.delivery.deliverer import Deliverer
from bot.domain.posts import Post, PostState
from bot.storage.store import Store, open_store
from tests.bot.delivery.memory import Clock, ScriptedChannel
from tests.bot.storage.building import act, one_recueil, result_of, to
from tests.examples import by_day

DECREES = 4


def filled(file: Path, clock: Clock, *, busy_timeout: float) -> Store:
    store = open_store(f"sqlite:///{file}", busy_timeout=busy_timeout)
    for number in range(1, DECREES + 1):
        name = f"D{number}"
        store.recordings.record(result_of(one_recueil(store, name), act(name)), to("essai"), clock())
    return store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vigie.db"


@pytest.fixture
def other(file: Path) -> Iterator[sqlite3.Connection]:
    """Another program that can lock the database."""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as connection:
        yield connection


async def all_sent(store: Store, deliverer: Deliverer, clock: Clock, *, within: timedelta) -> None:
    """Pass after pass, each when the last one says. Fails when that takes longer than `within`."""
    end = clock() + within
    while (due := await deliverer.next_due(clock())) is not None:
        assert due <= end, store.outbox.counts()
        clock.now = due
        await deliverer.deliver_due()
    assert store.outbox.counts() == {"essai": {PostState.SENT: DECREES}}


async def test_a_database_that_is_locked_for_a_while_when_a_post_was_just_sent(file: Path, clock: Clock, other: sqlite3.Connection) -> None:
    with filled(file, clock, busy_timeout=30.0) as store:
        channel = ScriptedChannel()
        timers: list[threading.Timer] = []

        def lock(post: Post) -> None:
            if not timers:
                other.execute("BEGIN IMMEDIATE")
                timers.append(threading.Timer(0.1, other.execute, ["ROLLBACK"]))
                timers[0].start()

        channel.before_answer = lock
        await Deliverer(store.outbox, [channel], clock).deliver_due()
        timers[0].join()
        assert channel.received == [1, 2, 3, 4]
        assert store.outbox.counts() == {"essai": {PostState.SENT: DECREES}}


async def test_a_database_that_stays_locked_longer_than_anybody_waits(file: Path, clock: Clock, other: sqlite3.Connection) -> None:
    with filled(file, clock, busy_timeout=0.05) as store:
        channel = ScriptedChannel()
        locked: list[int] = []

        def lock(post: Post) -> None:
            if not locked:
                locked.append(post.id)
                other.execute("BEGIN IMMEDIATE")

        channel.before_answer = lock
        deliverer = Deliverer(store.outbox, [channel], clock)
        await deliverer.deliver_due()
        # Sent, and not recorded: nothing overtakes it, nothing is sent again.
        await deliverer.deliver_due()
        other.execute("ROLLBACK")
        await deliverer.deliver_due()
        assert channel.received == locked == [1]
        await all_sent(store, deliverer, clock, within=timedelta(minutes=10))
        assert channel.received == [1, 2, 3, 4]
        assert channel.looked_for == [1]


@pytest.mark.parametrize("error", [None, NotSent("429", 600.0), NotSent("no connection"), DeliveryUnknown("answer lost")])
@pytest.mark.parametrize("back", by_day([timedelta(days=1), timedelta(hours=2)], 1))
async def test_a_clock_that_is_set_back_between_two_passes(file: Path, clock: Clock, error: Exception | None, back: timedelta) -> None:
    with filled(file, clock, busy_timeout=30.0) as store:
        channel = ScriptedChannel()
        channel.send_errors = [error]
        deliverer = Deliverer(store.outbox, [channel], clock)
        await deliverer.deliver_due()
        clock.now -= back
        await all_sent(store, deliverer, clock, within=timedelta(minutes=10))
        assert Counter(channel.received) == Counter(range(1, DECREES + 1))
        assert channel.received == sorted(channel.received)


async def test_a_clock_that_is_set_back_while_a_killed_program_has_a_post(file: Path, clock: Clock) -> None:
    with filled(file, clock, busy_timeout=30.0) as killed:
        assert killed.outbox.claim("essai", clock()) is not None
    clock.now -= timedelta(days=1)
    with open_store(f"sqlite:///{file}") as store:
        channel = ScriptedChannel()
        deliverer = Deliverer(store.outbox, [channel], clock)
        await deliverer.deliver_due()
        assert channel.received == []
        await all_sent(store, deliverer, clock, within=timedelta(minutes=10))
        assert channel.looked_for == [1]
        assert channel.received == [1, 2, 3, 4]
