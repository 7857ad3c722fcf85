from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.storage.leases import STALE, Lease
from bot.storage.store import Store
from tests.bot.storage.building import NOW

SECOND = timedelta(seconds=1)


def lives(place: str) -> bool:
    return False


def test_one_at_a_time(opener: Callable[[], Store]) -> None:
    one, other = opener().leases, opener().leases
    assert one.take("run", "1", "host 12", NOW, is_gone=lives) is None
    assert other.take("run", "2", "host 13", NOW + SECOND, is_gone=lives) == Lease("1", "host 12", NOW, NOW)
    assert one.take("run", "1", "host 12", NOW + 2 * SECOND, is_gone=lives) is None, "a heartbeat"
    assert other.holder_of("run") == Lease("1", "host 12", NOW, NOW + 2 * SECOND)
    one.release("run", "1")
    assert other.take("run", "2", "host 13", NOW + 3 * SECOND, is_gone=lives) is None
    one.release("run", "1")
    assert other.holder_of("run") is not None, "nobody gives up what is another's"


@pytest.mark.parametrize("later", [STALE, -STALE, timedelta(days=-300)])
def test_without_a_heartbeat_it_may_be_taken_over(store: Store, later: timedelta) -> None:
    store.leases.take("run", "1", "host 12", NOW, is_gone=lives)
    assert store.leases.take("run", "2", "host 13", NOW + later, is_gone=lives) is None
    taken = store.leases.take("run", "1", "host 12", NOW + later, is_gone=lives)
    assert taken is not None
    assert (taken.holder, taken.since) == ("2", NOW + later), "the first one learns of it at its next heartbeat"


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
        start.wait(timeout=30)
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
