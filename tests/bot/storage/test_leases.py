from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.storage.leases import STALE, Lease
from bot.storage.schema import leases
from bot.storage.store import Store
from tests.bot.storage.building import NOW

SECOND = timedelta(seconds=1)


def lives(place: str) -> bool:
    return False


def let_pass(store: Store, time: timedelta) -> None:
    """As if the last sign of life were so much older: the clock of a PostgreSQL server is nobody's to set."""
    with store.database.writing() as connection:
        beat_at = connection.execute(select(leases.c.beat_at)).scalar_one()
        connection.execute(update(leases).values(beat_at=beat_at - time))


def test_one_at_a_time(opener: Callable[[], Store]) -> None:
    store, other = opener(), opener().leases
    one = store.leases
    assert one.take("run", "1", "host 12", NOW, is_gone=lives) is None
    let_pass(store, 30 * SECOND)
    found = other.take("run", "2", "host 13", NOW, is_gone=lives)
    assert found is not None
    assert (found.holder, found.place) == ("1", "host 12")
    assert 30 * SECOND <= found.silent < STALE
    assert one.take("run", "1", "host 12", NOW, is_gone=lives) is None, "a heartbeat"
    beaten = other.holder_of("run", NOW)
    assert beaten is not None
    assert (beaten.holder, beaten.since) == ("1", found.since)
    assert beaten.silent < 30 * SECOND
    one.release("run", "1")
    assert other.take("run", "2", "host 13", NOW, is_gone=lives) is None
    one.release("run", "1")
    assert other.holder_of("run", NOW) is not None, "nobody gives up what is another's"


@pytest.mark.parametrize("silence", [STALE, -STALE - 10 * SECOND, timedelta(days=-300)])
def test_without_a_heartbeat_it_may_be_taken_over(store: Store, silence: timedelta) -> None:
    store.leases.take("run", "1", "host 12", NOW, is_gone=lives)
    let_pass(store, silence)
    assert store.leases.take("run", "2", "host 13", NOW, is_gone=lives) is None
    taken = store.leases.take("run", "1", "host 12", NOW, is_gone=lives)
    assert taken is not None
    assert taken.holder == "2", "the first one learns of it at its next heartbeat"


def test_machines_whose_clocks_differ_leave_each_other_the_lease(opener: Callable[[], Store]) -> None:
    one, other = opener(), opener().leases
    assert one.leases.take("run", "1", "host 12", NOW, is_gone=lives) is None
    found = other.take("run", "2", "host 13", NOW + 2 * STALE, is_gone=lives)
    if one.database.engine.dialect.name == "sqlite":
        # A file is shared on one machine: its one clock was set, or it slept.
        assert found is None
        return
    assert found is not None
    assert found.holder == "1"
    assert abs(found.silent) < STALE, "by the clock of the server, whatever that of the machine says"
    assert one.leases.take("run", "1", "host 12", NOW, is_gone=lives) is None


def test_who_is_known_to_be_gone_need_not_be_waited_for(store: Store) -> None:
    store.leases.take("run", "1", "host 12", NOW, is_gone=lives)
    asked: list[str] = []

    def ask(place: str) -> bool:
        asked.append(place)
        return True

    assert store.leases.take("run", "2", "host 13", NOW + SECOND, is_gone=ask) is None
    assert asked == ["host 12"]


def test_of_many_that_begin_at_once_one_has_it(opener: Callable[[], Store]) -> None:
    stores = [opener() for _ in range(4)]
    start = threading.Barrier(4)
    had: list[Lease | None] = []

    def run(number: int) -> None:
        start.wait(timeout=60)
        had.append(stores[number].leases.take("run", str(number), f"host {number}", NOW, is_gone=lives))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(had) == 4
    assert len([one for one in had if one is None]) == 1


def test_chats_that_moved(store: Store) -> None:
    chats = store.moved_chats
    assert chats.now_at("@Groupe") == "@Groupe"
    chats.moved(-5, -1005, NOW)
    assert chats.now_at(-5) == -1005
    chats.moved(-1005, -1006, NOW)
    assert (chats.now_at(-5), chats.now_at(-1005)) == (-1006, -1006)
    chats.moved("@Groupe", -1007, NOW)
    assert chats.now_at("@groupe") == -1007
    # A platform that says the opposite of what it said before is believed, and never followed in a circle.
    chats.moved(-1006, -5, NOW)
    assert chats.now_at(-1006) == -5
    assert chats.now_at(-5) == -5
