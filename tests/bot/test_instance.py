"""Only one `vigie run` at a time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.instance import RUN, AlreadyRunning, Place, alone, here, is_gone
from bot.storage import Store
from bot.storage.leases import STALE, Lease, Leases
from tests.bot.storage.building import NOW

LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def elsewhere() -> str:
    return str(replace(here(), host="other.example"))


async def test_the_second_one_is_told_where_the_first_is_and_since_when(store: Store) -> None:
    store.leases.take(RUN, "other", elsewhere(), NOW, is_gone=is_gone)
    with pytest.raises(AlreadyRunning, match=rf"since 2024-04-19T18:30:00\+00:00 \(host other.example, process {os.getpid()}; .* 8 s ago"):
        async with alone(store.leases, lambda: NOW + timedelta(seconds=8), asyncio.Event()):
            pytest.fail("two at once")
    lease = store.leases.holder_of(RUN, NOW)
    assert lease is not None
    assert lease.holder == "other"


async def test_the_place_is_free_again_at_the_end(store: Store) -> None:
    for _ in range(2):
        async with alone(store.leases, lambda: NOW, asyncio.Event()):
            assert store.leases.holder_of(RUN, NOW) is not None
        assert store.leases.holder_of(RUN, NOW) is None


class Watched:
    """The leases of a store; `beaten` is set each time that one is taken or renewed."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self.beaten = threading.Event()
        self.release = leases.release

    def take(self, name: str, holder: str, place: str, now: datetime, *, is_gone: Callable[[str], bool]) -> Lease | None:
        taken = self._leases.take(name, holder, place, now, is_gone=is_gone)
        self.beaten.set()
        return taken


async def test_a_sign_of_life_that_is_being_recorded_at_the_end_does_not_take_the_place_again(store: Store) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Watched):
        def take(self, *args: Any, **kwargs: Any) -> Lease | None:
            if self.beaten.is_set():
                begun.set()
                go_on.wait(60)
            return super().take(*args, **kwargs)

    async with alone(Slow(store.leases), lambda: NOW, asyncio.Event(), beat=0):
        await asyncio.to_thread(begun.wait, 10)
        threading.Timer(0.1, go_on.set).start()
    await asyncio.to_thread(go_on.wait, 10)
    await asyncio.get_running_loop().shutdown_default_executor()
    assert store.leases.holder_of(RUN, NOW) is None


async def test_signs_of_life_are_given_and_who_was_taken_over_ends(store: Store) -> None:
    now, stop = [NOW], asyncio.Event()
    leases = Watched(store.leases)
    async with alone(leases, lambda: now[0], stop, beat=0.001):
        now[0] += timedelta(seconds=30)
        leases.beaten.clear()
        assert await asyncio.to_thread(leases.beaten.wait, 20)
        assert not stop.is_set()
        # The machine slept meanwhile, as far as another one can tell.
        store.leases.take(RUN, "other", elsewhere(), now[0] + STALE, is_gone=is_gone)
        now[0] += STALE
        async with asyncio.timeout(60):
            await stop.wait()
    lease = store.leases.holder_of(RUN, NOW)
    assert lease is not None
    assert lease.holder == "other", "the place of another is not given up"


@LINUX
def test_one_that_was_killed_need_not_be_waited_for(store: Store) -> None:
    async def run() -> None:
        async with alone(store.leases, lambda: NOW, asyncio.Event()):
            pass

    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    place = str(replace(here(), pid=process.pid, started=_started(process.pid)))
    store.leases.take(RUN, "other", place, NOW, is_gone=is_gone)
    with pytest.raises(AlreadyRunning):
        asyncio.run(run())
    process.kill()
    process.communicate()
    asyncio.run(run())


def _started(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


@LINUX
def test_who_is_gone() -> None:
    own = here()
    assert Place.parse(str(own)) == own
    assert not is_gone(str(own), own)
    assert is_gone(str(replace(own, started="1")), own), "another process has the number now"
    assert not is_gone(str(replace(own, started="1", host="other.example")), own)
    assert not is_gone(str(replace(own, started="1", scope="another boot")), own)
    assert not is_gone(str(replace(own, started="1", scope="")), replace(own, scope=""))
    for text in ("", "host", "host|scope|x|1", "a|b|1|2|3"):
        assert not is_gone(text, own)
