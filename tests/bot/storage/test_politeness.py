"""Politeness of all processes: one contract for the store in memory and for either database."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.storage.errors import Locked
from bot.storage.politeness import PAUSE, DatabasePoliteness, open_politeness
from bot.storage.store import Store, open_store
from sources.http.politeness import AddressState, MemoryPoliteness, PolitenessStore, RateLimit, RobotsCopy, reserved, start_of_next

NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
ADDRESS, HOST = "192.0.2.1", "www.var.gouv.fr"
LIMIT = RateLimit()
RESERVE = partial(reserved, limit=LIMIT, now=NOW, interval=3)


@pytest.fixture(params=["memory", "database"])
def politeness(request: pytest.FixtureRequest, url: str, store: Store) -> Iterator[PolitenessStore]:
    if request.param == "memory":
        yield MemoryPoliteness()
        return
    with open_politeness(url) as opened:
        assert isinstance(opened, DatabasePoliteness)
        yield opened


async def state_of(politeness: PolitenessStore) -> AddressState:
    return await politeness.update(ADDRESS, lambda state: state)


async def test_a_state_comes_back_as_it_was_written(politeness: PolitenessStore) -> None:
    later = NOW + timedelta(seconds=3)
    written = AddressState(NOW, later, later, 4, HOST, later, "the server asked to wait")
    assert await politeness.update(ADDRESS, lambda _: written) == AddressState()
    assert await state_of(politeness) == written
    assert await politeness.update("192.0.2.2", lambda state: state) == AddressState(), "each address has its own"


async def test_each_start_is_given_away_once(politeness: PolitenessStore) -> None:
    befores = await asyncio.gather(*(politeness.update(ADDRESS, RESERVE) for _ in range(20)))
    starts = sorted((start_of_next(before, NOW) - NOW).total_seconds() for before in befores)
    assert starts == [3 * number for number in range(20)]


@pytest.mark.postgresql
async def test_robots(politeness: PolitenessStore) -> None:
    assert await politeness.robots(HOST) is None
    for text in ("User-agent: *\nDisallow: /é", ""):
        await politeness.keep_robots(HOST, RobotsCopy(text, NOW))
        assert await politeness.robots(HOST) == RobotsCopy(text, NOW)


@pytest.mark.postgresql
async def test_processes_give_no_start_away_twice(url: str, store: Store) -> None:
    taken: list[float] = []

    def process() -> None:
        async def take() -> None:
            with open_politeness(url) as politeness:
                befores = [await politeness.update(ADDRESS, RESERVE) for _ in range(10)]
            taken.extend((start_of_next(before, NOW) - NOW).total_seconds() for before in befores)

        asyncio.run(take())

    threads = [threading.Thread(target=process) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert sorted(taken) == [3 * number for number in range(30)]


@pytest.fixture
def broken(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes the database fail, or work again."""
    works = store.database.writing

    def fail() -> None:
        raise Locked("the database is locked")

    return lambda is_broken: monkeypatch.setattr(store.database, "writing", fail if is_broken else works)


@pytest.mark.postgresql
async def test_a_database_that_fails_makes_nobody_impolite(store: Store, broken: Callable[[bool], None]) -> None:
    time = 0.0
    politeness = DatabasePoliteness(store.database, lambda: time)
    await politeness.update(ADDRESS, RESERVE)
    broken(True)
    with capture_logs() as logs:
        befores = [await politeness.update(ADDRESS, RESERVE) for _ in range(2)]
        time = PAUSE
        befores.append(await politeness.update(ADDRESS, RESERVE))
    assert [(start_of_next(before, NOW) - NOW).total_seconds() for before in befores] == [3, 6, 9]
    assert [line["log_level"] for line in logs] == ["warning"], "said once"
    broken(False)
    assert start_of_next(await politeness.update(ADDRESS, RESERVE), NOW) == NOW + timedelta(seconds=12), "not before its pause is over"
    time = 2 * PAUSE
    later = partial(reserved, limit=LIMIT, now=NOW + timedelta(seconds=1), interval=3)
    await politeness.update(ADDRESS, later)
    another = await DatabasePoliteness(store.database).update(ADDRESS, lambda state: state)
    assert another.next_start == NOW + timedelta(seconds=18), "what happened meanwhile is in the database too"


@pytest.mark.postgresql
async def test_what_another_process_wrote_meanwhile_counts_where_it_is_newer(store: Store, broken: Callable[[bool], None]) -> None:
    time = 0.0
    politeness = DatabasePoliteness(store.database, lambda: time)
    broken(True)
    await politeness.update(ADDRESS, RESERVE)
    broken(False)
    asked = AddressState(NOW + timedelta(minutes=1), asked_until=NOW + timedelta(hours=1))
    await DatabasePoliteness(store.database).update(ADDRESS, lambda _: asked)
    time = PAUSE
    assert await state_of(politeness) == asked


async def test_no_database_is_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    with open_politeness(f"sqlite:///{path}") as politeness:
        assert isinstance(politeness, MemoryPoliteness)
    assert list(os.scandir(tmp_path)) == []


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be looked at" * 100])
async def test_a_file_that_is_no_database_of_ours_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vigie.db"
    path.write_bytes(content)
    with capture_logs() as logs, open_politeness(f"sqlite:///{path}") as politeness:
        assert isinstance(politeness, MemoryPoliteness)
    assert [line["log_level"] for line in logs] == ["warning"]
    assert path.read_bytes() == content


async def test_an_address_of_a_database_that_cannot_be_used_stops_no_request() -> None:
    with capture_logs() as logs, open_politeness("mysql://vigie@localhost/vigie") as politeness:
        assert isinstance(politeness, MemoryPoliteness)
    assert [line["log_level"] for line in logs] == ["warning"]


async def test_a_database_that_may_only_be_read_stays_as_it_is(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'vigie.db'}").close()
    with open_politeness(f"sqlite:///{tmp_path / 'vigie.db'}") as opened:
        assert isinstance(opened, DatabasePoliteness)
        opened._database._read_only = True
        with capture_logs() as logs:
            befores = [await opened.update(ADDRESS, RESERVE) for _ in range(2)]
    assert [start_of_next(before, NOW) for before in befores] == [NOW, NOW + timedelta(seconds=3)]
    assert [line["log_level"] for line in logs] == ["warning"]
